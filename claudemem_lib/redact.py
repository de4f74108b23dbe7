"""What must not be remembered: marked text is cut, secrets are masked. Before anything reaches disk.

Needles first: a text that holds none of them costs some substring searches and nothing is imported. Only then come the
patterns, and with them `re`. The table of shapes is shapes.py; names that secrets are assigned to are judged in assigned.py.
"""

from __future__ import annotations

from claudemem_lib import shapes, tags

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

_EDGE = 4_096  # what is given up on each side of a cut: longer than any secret but a private key
_KEY = 65_536  # longer than any private key
_WORD = 400  # how far back from a cut the end of a line, or of a word, is looked for

_SHORTEST = 5  # a text shorter than this holds no secret, unless it is the value of a field
_PLAIN = shapes.RUN[:64] + "@#:/ "  # characters that stand for themselves in a pattern
_PASSES = 8  # a mask ends a word, so behind it another secret may begin that did not before
_ANYWHERE = 4  # a beginning of so many characters is one within a word too, a shorter one only where a word begins
_ESCAPE = 6  # how long an escaped character is: `\\u003d`
_BOUNDARY = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
_NAMES = ("pass", "pwd", "secret", "token", "credential", "key", "authorization")  # parts of names of secrets
_PERSONAL = ("pat=", "pat:", "pat =", "pat :", 'pat"', "pat'", "pat\\")  # the ends of names of personal tokens
# What makes a key a secret one.
_KEYS = (
    *(
        "api",
        "access",
        "private",
        "secret",
        "auth",
        "encryption",
        "signing",
        "master",
        "account",
        "storage",
        "app",
        "root",
    ),
    *("application", "service", "admin", "deploy", "shared", "client", "session", "license", "webhook", "ssh", "hmac"),
    *("aes", "jwt"),
)


class Redaction:
    """One event's worth of redaction: the user's *own* patterns, and in `counts` what was taken out, by kind."""

    def __init__(self, own: tuple[str, ...] = ()) -> None:
        """Nothing was taken out yet."""
        self.counts: dict[str, int] = {}
        self._own = tuple((needle_of(pattern), pattern) for pattern in own)
        self._left_s: float | None = None

    def clean(self, text: str, limit: int = 0) -> str:
        """*text* without marked blocks, cut to about *limit* characters (0: not cut), and with secrets masked.

        In this order: blocks are cut from the whole text, and what is left out need not be searched for secrets. Around a
        cut more is searched than is kept, so that no half of a secret stays.
        """
        text, private = tags.cut(text)
        if private:
            self.count("private", private)
        if not 0 < limit < len(text):
            return self._masked(text)
        head, tail = text[: _head(limit) + _EDGE], text[_head(limit) - limit - _EDGE :]
        if len(text) <= len(head) + len(tail):
            return shorten(self._masked(text), limit)
        if "-----BEGIN" in (behind := text[-len(tail) - _KEY :]):
            tail = _mask_keys(behind)[-len(tail) :]
        between = len(text) - len(head) - len(tail)
        head, tail = self._masked(head), self._masked(tail)
        return _joined(head[:-_EDGE], tail[_EDGE:], between + 2 * _EDGE)

    def clean_field(self, name: str, text: str, limit: int = 0) -> str:
        """*text* cleaned as the value of a field: one whose name says that it is a secret is masked like an assignment."""
        cleaned = self.clean(text, limit)
        lowered = name.lower()
        if cleaned and (lowered.endswith("pat") or any(_is_secret_name(lowered, word) for word in _NAMES)):
            from claudemem_lib import assigned  # noqa: PLC0415  # with `re`, half an interpreter start

            if assigned.is_secret_field(name, cleaned):
                self.count("value")
                return assigned.LABEL
        return cleaned

    def count(self, kind: str, number: int = 1) -> None:
        """Something of this kind was taken out."""
        self.counts[kind] = self.counts.get(kind, 0) + number

    def _masked(self, text: str) -> str:
        for _ in range(_PASSES):
            if not suspicious(text) or (masked := mask(text, self.count)) == text:
                break
            text = masked
        for needle, _ in self._own:
            if needle in text.lower():
                return self._mask_own(text)
        return text

    def _mask_own(self, text: str) -> str:
        from claudemem_lib import ownpatterns  # noqa: PLC0415  # with `re`, as above

        left_s = ownpatterns.TIME_S if self._left_s is None else self._left_s
        wanted = [pattern for needle, pattern in self._own if needle in text.lower()]
        text, self._left_s = ownpatterns.mask(text, wanted, self.count, left_s)
        return text


def clean(text: str, limit: int = 0, own: tuple[str, ...] = ()) -> str:
    """*text* as Redaction.clean gives it, where nobody counts."""
    return Redaction(own).clean(text, limit)


def clean_field(name: str, text: str, limit: int = 0) -> str:
    """*text* as Redaction.clean_field gives it, where nobody counts."""
    return Redaction().clean_field(name, text, limit)


def needle_of(pattern: str) -> str:
    """What every match of *pattern* holds, in lower case; "" if that cannot be seen at a glance."""
    if "|" in pattern or "(?" in pattern:
        return ""
    plain = pattern.removeprefix("\\b")
    length = 0
    while length < len(plain) and plain[length] in _PLAIN:
        length += 1
    if plain[length : length + 1] in ("?", "*", "{"):
        length -= 1  # the last one may be missing
    return plain[: max(0, length)].lower()


def shorten(text: str, limit: int) -> str:
    """*text* in at most about *limit* characters: two thirds from its head, one third from its tail, whole lines."""
    if len(text) <= limit:
        return text
    return _joined(text[: _head(limit)], text[len(text) - limit + _head(limit) :], len(text) - limit)


def _head(limit: int) -> int:
    return limit - limit // 3


def _joined(head: str, tail: str, cut: int) -> str:
    """Head and tail with a mark between them, both cut back to the nearest end of a line or word."""
    start = max(0, len(head) - _WORD)
    edge = head.rfind("\n", start)
    edge = edge if edge > 0 else head.rfind(" ", start)
    if edge > 0:
        cut += len(head) - edge
        head = head[:edge]
    edge = tail.find("\n", 0, _WORD) + 1 or tail.find(" ", 0, _WORD) + 1
    return f"{head}\n[... {cut + edge} characters cut ...]\n{tail[edge:]}"


def suspicious(text: str) -> bool:
    """Whether *text* holds anything a rule could match; False is certain, True is not."""
    if len(text) < _SHORTEST:
        return False
    runs = _runs(text)
    return any(True for _ in _candidates(text, runs)) or _names_secret(text, runs)


def _runs(text: str) -> set[bytes]:
    """The different words of *text*, a word being a run of what tokens are made of: far less to search than all of it."""
    return set(text.encode("utf-8", "replace").translate(_TABLE).split())


def _table() -> bytes:
    """A translation of every byte that no token is made of to a space."""
    table = bytearray(b" " * 256)
    for char in shapes.RUN.encode():
        table[char] = char
    return bytes(table)


_TABLE = _table()
_SHORTEST_TOKEN = min(len(begin) + least for _, _, begin, least, _ in shapes.PREFIXED)


def _spaced(runs: Iterable[bytes]) -> str:
    """Words as one text, each between spaces."""
    return (b" " + b" ".join(runs) + b" ").decode("ascii")


def _candidates(text: str, runs: set[bytes]) -> Iterator[tuple[str, str]]:
    """The kinds and patterns that may match: private keys, what is known by its beginning, what by what stands around it."""
    words, lowered = _spaced(runs).lower(), text.lower()
    for kind, _, needle, pattern in shapes.KEYS:
        if needle in lowered:
            yield kind, pattern
    long = _spaced(run for run in runs if len(run) >= _SHORTEST_TOKEN)
    escaped = bool(long) and ("\\" in text or "%" in text)
    for kind, _, begin, least, rest in shapes.PREFIXED if long else ():
        if begin in long and _begins_token(long, begin, least, escaped=escaped):
            yield kind, ("" if len(begin) >= _ANYWHERE else _BOUNDARY) + begin.replace(".", r"\.") + rest
    for kind, _, needle, pattern in shapes.AROUND:  # words have a space on either side
        if needle in (lowered if needle.strip(" ").strip(shapes.RUN) else words):
            closer = shapes.CLOSER.get(needle)
            if closer is None or closer(lowered):
                yield kind, pattern


def _begins_token(words: str, begin: str, least: int, *, escaped: bool) -> bool:
    """Whether *begin* stands in a word, with at least *least* of its characters behind; a short one where a word may begin."""
    at = words.find(begin)
    while at >= 0:
        end = at + len(begin)
        behind = words[end : end + least]
        if (
            len(behind) == least
            and " " not in behind
            and (len(begin) >= _ANYWHERE or _begins_word(words, at, escaped=escaped))
        ):
            return True
        at = words.find(begin, at + 1)
    return False


def _begins_word(words: str, at: int, *, escaped: bool) -> bool:
    """Whether a word may begin at *at*, perhaps behind an escaped character such as `%3D`."""
    before = words[max(0, at - _ESCAPE) : at]
    return not before[-1:].isalnum() or (escaped and (at < _ESCAPE or " " in before))


def _names_secret(text: str, runs: set[bytes]) -> bool:
    """Whether something is assigned to the name of a secret."""
    words = _spaced(runs).lower()
    names = [name for name in _NAMES if name in words]
    personal = "pat " in words
    if not names and not personal:
        return False
    lowered = text.lower()
    if personal and any(end in lowered for end in _PERSONAL):
        return True
    return any(_is_assigned(text, lowered, name) for name in names)


def _is_assigned(text: str, lowered: str, name: str) -> bool:
    """Whether *name* stands somewhere as the left side of an assignment, an option or an element."""
    same = len(text) == len(lowered)  # some letters are two in lower case
    at = -len(name)
    while (at := lowered.find(name, at + len(name))) >= 0:
        if name == "pass" and lowered.startswith("ed", at + 4):
            continue  # there are thousands in the output of tests
        rest = lowered[at + len(name) : at + len(name) + 60].lstrip("abcdefghijklmnopqrstuvwxyz0123456789_-")
        after = rest.lstrip("\\\"'] \t\r\n?!*,\xa0")
        if after[:1] in ("=", ":", "\uff1a", "\uff1d") or rest[:1] == ">" or after.startswith("value"):
            loud = not same or text[at : at + len(name)].isupper()
            if _is_telling(lowered[max(0, at - 61) : at], name, after, loud=loud):
                return True
        if "|" in rest and _is_row(lowered[max(0, at - 121) : at], name, rest):
            return True
        if rest[:1] in (" ", "\t") and _is_option(lowered[max(0, at - 32) : at]):
            return True
        if rest.lstrip("\\")[:2] in ('",', "',") and _is_first(lowered[max(0, at - 61) : at]):
            return True
    return False


def _is_first(before: str) -> bool:
    """Whether a quoted word that is followed by another is an option of a list, or a name given to getenv() and its kin."""
    quoted = before.replace("'", '"').rpartition('"')
    return quoted[2].startswith("-") or quoted[0].rstrip("\\ ").endswith("(")


def _is_row(before: str, name: str, rest: str) -> bool:
    """Whether a name ends the first cell of a table's row (a tool may have numbered the line) and a value may be its second."""
    line = before.rpartition("\n")[2].lstrip(" \t0123456789\u2192")
    value = rest.split("|", 2)[1].strip(" \t*_`")
    told = value and not any(char.isspace() for char in value) and not value.replace("_", "").replace("-", "").isalpha()
    return (
        bool(told) and line[:1] == "|" and "|" not in line[1:] and (name != "key" or _is_secret_name(line + name, name))
    )


def _is_option(before: str) -> bool:
    """Whether the word that ends with *before* begins with a dash."""
    return before[-1:] == "-" or (before[-1:] > " " and "-" in before.rsplit(maxsplit=1)[-1])


def _is_telling(before: str, name: str, after: str, *, loud: bool) -> bool:
    """Whether an assignment may be of a secret: not of just any key (but any KEY), nor of a plain number of tokens."""
    if name == "key":
        return _is_secret_name(before + name, name) or (loud and after.startswith(("=", ":")))
    if name == "token":
        value = after[1:40].lstrip(" :=")
        number = value.lstrip("0123456789_")
        return len(number) == len(value) or (number[:1] not in ("", ",", "}", ")", "]", "\n", " ", ";"))
    return True


def _is_secret_name(lowered: str, name: str) -> bool:
    """Whether *name* in *lowered* means a secret: every password, but not every key."""
    before = lowered.rpartition(name)[0]
    return name in lowered and (name != "key" or before.rstrip("_- ").endswith(_KEYS))


def _no_count(_kind: str) -> None:
    """Nobody counts."""


def mask(text: str, count: Callable[[str], object] = _no_count) -> str:
    """*text* with every secret the rules know replaced by `[redacted:kind]`; *count* is told each kind."""
    import re  # noqa: PLC0415  # half an interpreter start, so only for a text that holds a needle

    runs = _runs(text)
    names_secret = _names_secret(text, runs)
    for kind, pattern in _candidates(text, runs):
        text = re.sub(pattern, _replaced_by(kind, count), text, flags=re.ASCII)
    if not names_secret:
        return text
    from claudemem_lib import assigned  # noqa: PLC0415  # as above

    return assigned.mask(text, count)


def _mask_keys(text: str) -> str:
    """*text* with private keys masked."""
    import re  # noqa: PLC0415  # as above

    for kind, _, _, pattern in shapes.KEYS:
        text = re.sub(pattern, _replaced_by(kind, _no_count), text, flags=re.ASCII)
    return text


def _replaced_by(kind: str, count: Callable[[str], object]) -> Callable[[re.Match[str]], str]:
    """What replaces a match: its group "secret", or all of it, by a label."""

    def replace(match: re.Match[str]) -> str:
        count(kind)
        start, end = match.span("secret" if "secret" in match.groupdict() else 0)
        whole, offset = match.group(), match.start()
        return f"{whole[: start - offset]}[redacted:{kind}]{whole[end - offset :]}"

    return replace
