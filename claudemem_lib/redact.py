"""What must not be remembered: marked text is cut, secrets are masked. Before anything reaches disk.

Needles first: a text that holds none of them costs a few substring searches and nothing is imported. Only then
come the rules, and with them `re`. Every needle is lower case and is looked for in the lower-cased text.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

PRIVATE_TAGS = ("private", "claude-mem-context")
HOST_TAGS = ("system-reminder",)

_EDGE = 600  # characters given up at a cut where no line or word ends: longer than any token below

# (name, needle, pattern). The group "secret" is masked; without it, the whole match.
_RULES = (
    ("anthropic-key", "sk-ant-", r"\bsk-ant-[A-Za-z0-9_-]{16,}"),
    ("openai-key", "sk-", r"\bsk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,}"),
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
    ("sendgrid-key", "sg.", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("npm-token", "npm_", r"\bnpm_[A-Za-z0-9]{30,}"),
    ("pypi-token", "pypi-", r"\bpypi-[A-Za-z0-9_-]{40,}"),
    ("huggingface-token", "hf_", r"\bhf_[A-Za-z0-9]{30,}"),
    ("jwt", "eyj", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    (
        "private-key",
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?P<secret>.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    ),
    ("url-password", "://", r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:(?P<secret>[^\s/@'\"]{3,})@"),
    ("bearer", "bearer ", r"\b[Bb]earer (?P<secret>[A-Za-z0-9._~+/-]{16,}=*)"),
)
_NAMES = "password passwd passphrase secret token api_key api-key apikey access_key private_key credential".split()
_ASSIGNMENT = (
    r"(?i)(?<![A-Za-z0-9])(?P<name>[A-Za-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key"
    r"|private[_-]?key|credential)[A-Za-z0-9_]*)(?P<join>[\"']?\s*(?:=|:(?!:))\s*)"
    r"(?:\"(?P<double>[^\"\n]{6,})\"|'(?P<single>[^'\n]{6,})'|(?P<bare>[^\s\"',;(){}\[\]<>$`\\]{8,}))"
)


def clean(text: str, limit: int = 0) -> str:
    """*text* without marked blocks, cut to about *limit* characters (0: not cut), and with secrets masked.

    In this order: blocks are cut from the whole text, and what is left out need not be searched for secrets. A cut falls
    between lines, or words, so that no half of a secret stays behind; a text with a private key is searched whole.
    """
    if "<" in text:
        text = cut_tags(text)
    if 0 < limit < len(text):
        if "-----BEGIN" in text:
            text = mask(text)
        text = shorten(text, limit)
    return mask(text) if suspicious(text) else text


def shorten(text: str, limit: int) -> str:
    """*text* in at most about *limit* characters: two thirds from its head, one third from its tail, whole lines."""
    if len(text) <= limit:
        return text
    head, tail = text[: limit - limit // 3], text[-(limit // 3) :]
    edge = max(head.rfind("\n"), 0) or max(head.rfind(" "), 0)
    head = head[:edge] if len(head) - edge < _EDGE else head[:-_EDGE]
    edge = tail.find("\n") + 1 or tail.find(" ") + 1
    tail = tail[edge:] if edge < _EDGE else tail[_EDGE:]
    return f"{head}\n[... {len(text) - len(head) - len(tail)} characters cut ...]\n{tail}"


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
        host = lowered[at + 3 : at + 300].split("/", 1)[0].split(None, 1)
        if host and ":" in host[0] and "@" in host[0]:
            return True
        at = lowered.find("://", at + 3)
    return False


def _assigned(lowered: str, name: str) -> bool:
    """Whether *name* stands somewhere as the left side of an assignment."""
    at = lowered.find(name)
    while at >= 0:
        after = lowered[at + len(name) : at + len(name) + 24]
        after = after.lstrip("abcdefghijklmnopqrstuvwxyz0123456789_").lstrip("\"' \t")
        if after[:1] in ("=", ":"):
            return True
        at = lowered.find(name, at + len(name))
    return False


def mask(text: str) -> str:
    """*text* with every secret the rules know replaced by `[redacted:kind]`."""
    import re  # noqa: PLC0415  # half an interpreter start, so only for a text that holds a needle

    lowered = text.lower()
    for name, needle, pattern in _RULES:
        if needle in lowered:
            text = re.sub(pattern, _masked(name), text, flags=re.DOTALL)
    return re.sub(_ASSIGNMENT, _masked_value, text)


def _masked(name: str) -> object:
    def replace(match: re.Match[str]) -> str:
        whole = match.group()
        if "secret" not in match.groupdict():
            return f"[redacted:{name}]"
        start, end = match.span("secret")
        offset = match.start()
        return f"{whole[: start - offset]}[redacted:{name}]{whole[end - offset :]}"

    return replace


def _masked_value(match: re.Match[str]) -> str:
    value = match["double"] or match["single"] or match["bare"]
    if value.startswith("[redacted:") or not _looks_secret(value, quoted=match["bare"] is None):
        return match.group()
    return match.group().replace(value, "[redacted:value]")


def _looks_secret(value: str, *, quoted: bool) -> bool:
    """Whether the right side of an assignment is a value and not code, a type, a path or a placeholder."""
    if value[0] in "/<{%*.&" or "(" in value or " " in value.strip():
        return False
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    other = any(not c.isalnum() and c not in "_.-" for c in value)
    return (letters and digits) or other or (quoted and letters and "." not in value and "_" not in value)


def cut_tags(text: str) -> str:
    """*text* without private blocks (an unclosed one runs to the end) and without the host's reminders."""
    lowered = text.lower()
    for tag in PRIVATE_TAGS + HOST_TAGS:
        if "<" + tag in lowered:
            text = _cut(text, tag, unclosed=tag in PRIVATE_TAGS)
    return text


def _cut(text: str, tag: str, *, unclosed: bool) -> str:
    """*text* without `<tag ...>...</tag>`, any case, nested ones included."""
    lowered = text.lower()
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


def _opening(lowered: str, tag: str, position: int) -> int:
    """Where the next opening tag stands, or -1."""
    at = lowered.find("<" + tag, position)
    while at >= 0:
        if lowered[at + len(tag) + 1 : at + len(tag) + 2] in (">", " ", "\t", "\n", "\r", "/", ""):
            return at
        at = lowered.find("<" + tag, at + 1)
    return -1


def _closing(lowered: str, tag: str, start: int) -> int:
    """The end of the tag that closes the one opened at *start*, nesting counted, or -1."""
    depth, at, close = 1, start + 1, "</" + tag
    while depth:
        closing = lowered.find(close, at)
        if closing < 0:
            return -1
        opening = _opening(lowered, tag, at)
        if 0 <= opening < closing:
            depth, at = depth + 1, opening + 1
        else:
            depth, at = depth - 1, closing + len(close)
    end = lowered.find(">", at)
    return end + 1 if end >= 0 else len(lowered)
