"""What must not be remembered: marked text is cut, secrets are masked. Before anything reaches disk.

Needles first: a text that holds none of them costs a few substring searches and nothing is imported. Only then
come the rules, and with them `re`. Every needle is lower case and is looked for in the lower-cased text.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable

PRIVATE_TAGS = ("private", "claude-mem-context")
HOST_TAGS = ("system-reminder",)
_BEGIN = 7
_BEGINS = tuple(tag[:_BEGIN] for tag in PRIVATE_TAGS + HOST_TAGS)
_FEW = 2_000

_EDGE = 4_096  # what is given up on each side of a cut: longer than any secret but a private key
_KEY = 65_536  # longer than any private key
_WORD = 400  # how far back from a cut the end of a line, or of a word, is looked for

# (name, needle, pattern). The group "secret" is masked; without it, the whole match.
_RULES = (
    (
        "private-key",
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,6}-----(?P<secret>.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE|\Z)",
    ),
    ("anthropic-key", "sk-ant-", r"\bsk-ant-[A-Za-z0-9_-]{16,}"),
    ("openai-key", "sk-", r"\bsk-(?=[A-Za-z_-]{0,60}\d)(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,}"),
    ("google-key", "aiza", r"\bAIza[A-Za-z0-9_-]{30,}"),
    ("google-oauth", "ya29.", r"\bya29\.[A-Za-z0-9_-]{20,}"),
    ("github-token", "ghp_", r"\bghp_[A-Za-z0-9]{20,}"),
    ("github-token", "gho_", r"\bgho_[A-Za-z0-9]{20,}"),
    ("github-token", "ghu_", r"\bghu_[A-Za-z0-9]{20,}"),
    ("github-token", "ghs_", r"\bghs_[A-Za-z0-9]{20,}"),
    ("github-token", "ghr_", r"\bghr_[A-Za-z0-9]{20,}"),
    ("github-token", "github_pat_", r"\bgithub_pat_[A-Za-z0-9_]{20,}"),
    ("gitlab-token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{16,}"),
    ("slack-token", "xox", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("slack-webhook", "hooks.slack.com", r"hooks\.slack\.com/services/(?P<secret>[A-Za-z0-9/]{20,})"),
    ("aws-key-id", "akia", r"\bAKIA[A-Z0-9]{16}\b"),
    ("aws-key-id", "asia", r"\bASIA[A-Z0-9]{16}\b"),
    ("stripe-key", "k_live_", r"\b[srp]k_live_[A-Za-z0-9]{16,}"),
    ("sendgrid-key", "sg.", r"\bSG\.[A-Za-z0-9_-]{16,100}\.[A-Za-z0-9_-]{16,}"),
    ("npm-token", "npm_", r"\bnpm_[A-Za-z0-9]{30,}"),
    ("pypi-token", "pypi-", r"\bpypi-[A-Za-z0-9_-]{40,}"),
    ("huggingface-token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    ("jwt", "eyj", r"\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,}"),
    (
        "url-password",
        "://",
        r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@'\"\[]{0,100}:(?P<secret>(?!\[redacted)[^\s/'\"]{3,200})@",
    ),
    (
        "authorization",
        "authorization",
        r"(?i)\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:basic|token|digest|apikey)\s{1,4}(?P<secret>[A-Za-z0-9._~+/=-]{8,})",
    ),
    ("login", " -u", r"(?<!\S)-u\s{0,2}['\"]?[^\s:'\"/]{1,80}:(?P<secret>[^\s'\"]{3,200})"),
    ("login", "--user", r"(?<!\S)--user[= ]['\"]?[^\s:'\"/]{1,80}:(?P<secret>[^\s'\"]{3,200})"),
    ("cookie", "cookie:", r"(?i)\bcookie:\s{0,4}(?P<secret>[A-Za-z0-9_.%-]{1,80}=[^\s'\"]{8,4000})"),
    ("bearer", "bearer ", r"\b[Bb]earer (?P<secret>[A-Za-z0-9._~+/-]{16,}=*)"),
)
_NAMES = ("passw", "passphrase", "secret", "token", "credential", "key")  # parts of names that a secret is assigned to
_KEYS = ("api", "access", "private")  # what makes a key a secret one
_TELLS_ABOUT = ("type", "name", "url", "uri", "count", "path", "file", "dir", "header", "label", "field", "length")
_ASSIGNMENT = (
    r"(?i)(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
    r"(?P<rest>[A-Za-z0-9_]{0,40})\\{0,3}[\"']?\s{0,8}(?:=(?![=>])|:(?![:=]))\s{0,8}"
    r"(?:\\{1,3}\"(?P<escaped>[^\"\\\n]{6,4000})\\{1,3}\"|\"(?P<double>[^\"\n]{6,4000})\""
    r"|'(?P<single>[^'\n]{6,4000})'|(?P<bare>[^\s\"',;(){}\[\]<>$`\\]{8,4000}))"
)


def clean(text: str, limit: int = 0) -> str:
    """*text* without marked blocks, cut to about *limit* characters (0: not cut), and with secrets masked.

    In this order: blocks are cut from the whole text, and what is left out need not be searched for secrets. Around a
    cut more is searched than is kept, so that no half of a secret stays.
    """
    text = cut_tags(text)
    if not 0 < limit < len(text):
        return mask(text) if suspicious(text) else text
    head, tail = text[: _head(limit) + _EDGE], text[_head(limit) - limit - _EDGE :]
    if len(text) <= len(head) + len(tail):
        return shorten(mask(text) if suspicious(text) else text, limit)
    if "-----BEGIN" in (behind := text[-len(tail) - _KEY :]):
        tail = _mask_by(_RULES[:1], behind)[-len(tail) :]
    between = len(text) - len(head) - len(tail)
    head, tail = (mask(part) if suspicious(part) else part for part in (head, tail))
    return _joined(head[:-_EDGE], tail[_EDGE:], between + 2 * _EDGE)


def clean_field(name: str, text: str, limit: int = 0) -> str:
    """*text* cleaned as the value of a field: one whose name says that it is a secret is masked like an assignment."""
    cleaned = clean(text, limit)
    lowered = name.lower()
    if any(_is_secret_name(lowered, word) for word in _NAMES) and _is_value(lowered, cleaned, quoted=True):
        return "[redacted:value]"
    return cleaned


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
    lowered = text.lower()
    for _, needle, _ in _RULES:
        if needle in lowered and (needle != "://" or _has_login(lowered)):
            return True
    return any(_assigned(lowered, name) for name in _NAMES)


def _has_login(lowered: str) -> bool:
    """Whether some `://` is followed by an @ before the path begins."""
    at = lowered.find("://")
    while at >= 0:
        host = lowered[at + 3 : at + 320].split("/", 1)[0].split(None, 1)
        if host and ":" in host[0] and "@" in host[0]:
            return True
        at = lowered.find("://", at + 3)
    return False


def _assigned(lowered: str, name: str) -> bool:
    """Whether *name* stands somewhere as the left side of an assignment."""
    at = lowered.find(name)
    while at >= 0:
        after = lowered[at + len(name) : at + len(name) + 60]
        after = after.lstrip("abcdefghijklmnopqrstuvwxyz0123456789_").lstrip("\\\"' \t\r\n")
        if after[:1] in ("=", ":") and _is_secret_name(lowered[max(0, at - 8) : at + len(name)], name):
            return True
        at = lowered.find(name, at + len(name))
    return False


def _is_secret_name(lowered: str, name: str) -> bool:
    """Whether *name* in *lowered* means a secret: every password, but not every key."""
    before, found, _ = lowered.rpartition(name)
    return bool(found) and (name != "key" or before.rstrip("_-").endswith(_KEYS))


def mask(text: str) -> str:
    """*text* with every secret the rules know replaced by `[redacted:kind]`."""
    import re  # noqa: PLC0415  # half an interpreter start, so only for a text that holds a needle

    return re.sub(_ASSIGNMENT, _masked_value, _mask_by(_RULES, text))


def _mask_by(rules: tuple[tuple[str, str, str], ...], text: str) -> str:
    import re  # noqa: PLC0415  # as above

    lowered = text.lower()
    for name, needle, pattern in rules:
        if needle in lowered:
            text = re.sub(pattern, _masked(name), text, flags=re.DOTALL)
    return text


def _masked(name: str) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        group: int | str = "secret" if "secret" in match.groupdict() else 0
        return _replaced(match, group, f"[redacted:{name}]")

    return replace


def _replaced(match: re.Match[str], group: int | str, label: str) -> str:
    """The match with one of its groups replaced."""
    start, end = match.span(group)
    whole, offset = match.group(), match.start()
    return whole[: start - offset] + label + whole[end - offset :]


def _masked_value(match: re.Match[str]) -> str:
    group = match.lastgroup or "bare"
    if _is_value(match["rest"].lower(), match[group], quoted=group != "bare"):
        return _replaced(match, group, "[redacted:value]")
    return match.group()


def _is_value(name: str, value: str, *, quoted: bool) -> bool:
    """Whether *value*, assigned to something called *name*, is a secret and not code, a type, a path or a template."""
    if len(value) < 6 or value.startswith("[redacted:") or name.rstrip("s").endswith(_TELLS_ABOUT):  # noqa: PLR2004
        return False
    if value[0] in "/<{%*.&@" or "(" in value or "://" in value or " " in value.strip():
        return False
    if not quoted and ("|" in value or ("." in value and all(part.isidentifier() for part in value.split(".")))):
        return False
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    other = any(not c.isalnum() and c not in "_.-" for c in value)
    return (letters and digits) or other or (quoted and letters and "." not in value and "_" not in value)


def cut_tags(text: str) -> str:
    """*text* without private blocks (an unclosed one runs to the end) and without the host's reminders."""
    if not _has_tag(text):
        return text
    lowered = _lowered(text)
    for tag in PRIVATE_TAGS + HOST_TAGS:
        if "<" + tag in lowered:
            text = _cut(text, tag, unclosed=tag in PRIVATE_TAGS)
    return text


def _has_tag(text: str) -> bool:
    """Whether a tag may stand in *text*: one look at each of the first few `<`, then one search through all the rest.

    That way a megabyte with few of them costs nothing, and one with many no more than searching it (benchmarks/hooks.py).
    """
    at = text.find("<")
    for _ in range(_FEW):
        if at < 0:
            return False
        if text[at + 1 : at + 1 + _BEGIN].lower() in _BEGINS:
            return True
        at = text.find("<", at + 1)
    tags = ["<" + tag for tag in PRIVATE_TAGS + HOST_TAGS]
    if text.isascii():
        lowered = text.lower()
        return any(tag in lowered for tag in tags)
    raw = text.encode("utf-8", "surrogatepass").lower()  # lower case of other letters is slow, and the tags have none
    return any(tag.encode() in raw for tag in tags)


def _cut(text: str, tag: str, *, unclosed: bool) -> str:
    """*text* without `<tag ...>...</tag>`, any case, nested ones included."""
    lowered = _lowered(text)
    kept, position = [], 0
    while (start := _opening(lowered, tag, position)) >= 0:
        end = _closing(lowered, tag, start)
        if end < 0 and not unclosed:
            break
        kept.append(text[position:start])
        if end < 0:
            position = len(text)
            break
        position = end
    if not position and not kept:
        return text
    kept.append(text[position:])
    return "".join(kept)


def _lowered(text: str) -> str:
    """Lower case of the same length, so that positions in it are positions in *text*."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(c.lower()[0] for c in text)


def _opening(lowered: str, tag: str, position: int) -> int:
    """Where the next opening tag stands, or -1."""
    return _tag(lowered, "<" + tag, position)


def _tag(lowered: str, begin: str, position: int) -> int:
    """Where the next *begin* stands that no longer word begins with, or -1."""
    at = lowered.find(begin, position)
    while at >= 0:
        if lowered[at + len(begin) : at + len(begin) + 1] in (">", " ", "\t", "\n", "\r", "/", ""):
            return at
        at = lowered.find(begin, at + 1)
    return -1


def _closing(lowered: str, tag: str, start: int) -> int:
    """The end of the tag that closes the one opened at *start*, nesting counted, or -1."""
    depth, at, close = 1, start + 1, "</" + tag
    while depth:
        closing = _tag(lowered, close, at)
        if closing < 0:
            return -1
        opening = _opening(lowered, tag, at)
        if 0 <= opening < closing:
            depth, at = depth + 1, opening + 1
        else:
            depth, at = depth - 1, closing + len(close)
    end = lowered.find(">", at)
    return end + 1 if end >= 0 else len(lowered)
