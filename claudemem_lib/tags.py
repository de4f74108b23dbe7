r"""Marked text: `<private>` blocks in every spelling, and blocks that hosts put in. Cut from the whole text before anything else.

A tag may be in any case, have spaces and attributes, be nested, and be escaped as HTML or JSON does it (`&lt;private&gt;`,
`&#60;private&#62;`, `\u003cprivate\u003e`).

A private block that is not closed runs to the end; so does one whose nested block is not closed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE_TAGS = ("private", "claude-mem-context")
HOST_TAGS = ("system-reminder",)
_WORDS = PRIVATE_TAGS + HOST_TAGS
_BEGIN = 7
_BEGINS = tuple(word[:_BEGIN] for word in _WORDS)
_FEW = 2_000
_SPACE = " \t\r\n\f\v"
_SPACE_OR_BACKSLASH = _SPACE + "/\\"
_NEAR = 40  # how far a tag's word may stand from its bracket
_ESCAPED_SPACE = ("\\n", "\\r", "\\t")  # as in JSON within a text
_SLASHES = ("/", "&#47;", "&#x2f;", "&sol;")
_ZEROS = ("", "0", "00", "000", "0000", "00000")
_OPENERS = (
    "<",
    "&lt;",
    "\\u003c",
    "\\x3c",
    *(f"&#{zeros}60;" for zeros in _ZEROS),
    *(f"&#x{zeros}3c;" for zeros in _ZEROS),
)
_ENDS = (
    ">",
    "&gt;",
    "\\u003e",
    "\\x3e",
    *(f"&#{zeros}62;" for zeros in _ZEROS),
    *(f"&#x{zeros}3e;" for zeros in _ZEROS),
)
_BEHIND = (*_ENDS, *_SLASHES, *_SPACE, *_ESCAPED_SPACE)  # what may follow a tag's word


def cut(text: str) -> tuple[str, int]:
    """*text* without marked blocks, and how many of them the user had marked as private."""
    if not _may_have(text):
        return text, 0
    count = 0
    for word in _WORDS:
        lowered = _lowered(text)
        if word in lowered:
            text, blocks = _without(text, lowered, word)
            count += blocks if word == PRIVATE_TAGS[0] else 0
    return text, count


def _may_have(text: str) -> bool:
    """Whether a tag may stand in *text*: one look at each of the first few `<`, then one search through all the rest.

    That way a megabyte with few of them costs nothing, and one with many no more than searching it (benchmarks/hooks.py).
    """
    if ("&" in text and ("&lt;" in text or "&LT;" in text or "&#" in text)) or (
        "\\" in text and ("\\u003" in text or "\\x3" in text)
    ):  # one character is found at once, four are not
        return _has_word(text)
    at = text.find("<")
    for _ in range(_FEW):
        if at < 0:
            return False
        behind = text[at + 1 : at + 1 + _BEGIN].lower()
        if behind in _BEGINS:
            return True
        if behind[:1] in _SPACE_OR_BACKSLASH:
            behind = text[at + 1 : at + 1 + _NEAR].lstrip(_SPACE_OR_BACKSLASH + "nrt")[:_BEGIN].lower()
            if behind in _BEGINS:
                return True
        at = text.find("<", at + 1)
    return _has_word(text)


def _has_word(text: str) -> bool:
    if text.isascii():
        lowered = text.lower()
        return any(word in lowered for word in _WORDS)
    raw = text.encode("utf-8", "surrogatepass").lower()  # lower case of other letters is slow, and the tags have none
    return any(word.encode() in raw for word in _WORDS)


def _without(text: str, lowered: str, word: str) -> tuple[str, int]:
    """*text* without the blocks of one tag, nested ones included, and how many there were."""
    kept: list[str] = []
    position = opened = depth = 0
    for start, end, closes in _tags(lowered, word):
        if not depth and (closes or start < position):
            continue
        if not depth:
            opened = start
        depth += -1 if closes else 1
        if not depth:
            kept.append(text[position:opened])
            position = _end_of_tag(lowered, end)
    if depth and word in PRIVATE_TAGS:
        kept.append(text[position:opened])
        position = len(text)
    count = len(kept)
    kept.append(text[position:])
    return "".join(kept), count


def _tags(lowered: str, word: str) -> Iterator[tuple[int, int, bool]]:
    """Where the tags of *word* begin, where its word ends, and whether they close; a longer word is none."""
    at = lowered.find(word)
    while at >= 0:
        end = at + len(word)
        begin = _begin_of_tag(lowered, at, end)
        if begin is not None:
            yield begin[0], end, begin[1]
        at = lowered.find(word, end)


def _begin_of_tag(lowered: str, at: int, end: int) -> tuple[int, bool] | None:
    """Where the tag begins whose word stands at *at*, and whether it closes; None if that is no tag."""
    if end < len(lowered) and not lowered.startswith(_BEHIND, end):
        return None
    before = lowered[max(0, at - _NEAR) : at]
    rest = _without_space(before)
    spaced = len(rest) < len(before)
    slash = next((one for one in _SLASHES if rest.endswith(one)), "")
    closes = bool(slash)
    if closes:
        rest = _without_space(rest[: -len(slash)])
    for opener in _OPENERS:
        if rest.endswith(opener):
            break
    else:
        return None
    if spaced and not closes and not lowered[end : end + _NEAR].lstrip(_SPACE).startswith(_ENDS):
        return None  # `a < private b` compares
    return at - len(before) + len(rest) - len(opener), closes


def _without_space(text: str) -> str:
    """*text* without the space at its end, also where that is escaped."""
    text = text.rstrip(_SPACE)
    while text.endswith(_ESCAPED_SPACE):
        text = text[:-2].rstrip(_SPACE)
    return text


def _end_of_tag(lowered: str, end: int) -> int:
    """Behind the bracket that ends a closing tag; where there is none, the end."""
    found = [(at, len(one)) for one in _ENDS if (at := lowered.find(one, end, end + _NEAR)) >= 0]
    if not found:
        at = lowered.find(">", end)
        return at + 1 if at >= 0 else len(lowered)
    return sum(min(found))


def _lowered(text: str) -> str:
    """Lower case of the same length, so that positions in it are positions in *text*."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower()[0] for c in text)
