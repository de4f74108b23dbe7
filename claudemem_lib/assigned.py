"""Secrets known by the name they are assigned to: `PASSWORD=...`, `"apiKey": "..."`, `--token ...`, `<password>...</password>`.

Is what stands on the right a secret, or code, a type, a path, a message? Imported, with `re`, only where such a name was found.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LABEL = "[redacted:value]"
_NAME = (
    r"(?P<name>passw(?:or)?d|passwort|passphrase|pwd|secret|token|credential"
    r"|(?:db|user|smtp|mail|imap|ftp|admin|root|redis|mysql|mariadb|pg|postgres|mongo|rabbitmq|auth|ssh|login|http|proxy|account"
    r"|service|layer|platform|become|sudo)[_-]{0,2}pass(?![a-z])"
    r"|(?:api|access|private|secret|auth|encryption|signing|master|account|storage|app|application|service|admin|deploy|shared"
    r"|client|session|license|webhook|root|ssh|hmac|aes|jwt)[_ -]?key)(?P<rest>[A-Za-z0-9_-]{0,40})"
)
_QUOTED = (
    r"\"\"\"(?P<triple>[^\"\\]{1,8000})\"\"\"|"
    r"\\{1,3}\"(?P<escaped>[^\"\\\n]{1,8000})\\{1,3}\"|\"(?P<double>(?:[^\"\\\n]|\\[^\n]){1,8000})\""
    r"|'(?P<single>(?:[^'\\\n]|\\[^\n]){1,8000})'|`(?P<ticks>[^`\n]{1,8000})`"
    r"|[\"'](?P<open>[^\"'`\\\n]{4,8000})(?=\n|\Z)"
)
_BARE = r"(?P<bare>[^\s\"',;(){}\[\]<>$`\\][^\s\"',;(){}\[\]<>$`\\]{0,8000})"
_ASSIGNMENT = (
    _NAME
    + r"(?P<sign>\\{0,3}[\"']?\]?(?:\*\*)?[\s\xa0]{0,8}"
    + r"(?::=|=>|\?{0,2}=(?![=~])|[?!]?[:\uff1a](?![:=])(?:\*\*)?|\uff1d)[\s\xa0]{0,8})(?:"
    + _QUOTED
    + "|"
    + _BARE
    + ")"
)
# A name of any key in capitals, and `pass`: only what looks made by a machine.
_LOUD = (
    r"(?:(?P<name>(?<![A-Za-z0-9])pass|[A-Z]_?KEY))(?P<rest>)(?P<sign>\\{0,3}[\"']?[ \t]{0,3}[:=](?![:=>])[ \t]{0,3})(?:"
    + _QUOTED
    + "|"
    + _BARE
    + ")"
)
# `password: str = "..."`: a type between name and value.
_TYPED = _NAME + r"(?P<sign>\s?:\s?[A-Za-z][A-Za-z_.|\[\] ]{1,30}=(?![=>])\s?)(?:" + _QUOTED + ")"
# `getenv("DB_PASSWORD", "...")`, and `name: DB_PASSWORD` with `value: ...` on the next line.
_SECOND = (
    r"(?:getenv|environ\.get|define|env|setenv|setdefault)\(\s?\\{0,3}[\"'][A-Za-z0-9_]{0,40}?"
    + _NAME
    + r"(?P<sign>\\{0,3}[\"'],\s?)(?:"
    + _QUOTED
    + ")"
)
_BENEATH = (
    r"name[\"']?: ?[\"']?[A-Za-z0-9_]{0,40}?"
    + _NAME
    + r"(?P<sign>[\"']?,?\s{1,40}[\"']?value[\"']?: ?)(?:"
    + _QUOTED
    + "|"
    + _BARE
    + ")"
)
# The whole right side of a line of an environment file, where nothing of it can be code.
_ENVIRONMENT = (
    r"(?m)(?:^|(?<=\\n))[ \t]{0,8}(?:export |set |ENV |ARG |- )?(?:[A-Z][A-Z0-9_]{0,60}?)?"
    r"(?P<name>PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|TOKEN|[A-Z]_?KEY)(?P<rest>)(?P<sign>[ \t]{0,2}=[ \t]{0,2})"
    r"(?P<line>[^\s\"'$<{(`#\\/][^\s\"'`\\]{0,8000})"
)
_OPTION = (
    r"(?<![^\s\"'`(\[])--?[a-z0-9-]{0,30}?(?P<name>passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|auth)-?key)"
    r"(?P<rest>[a-z-]{0,12})"
    r"(?P<sign>[ \t]{1,3}|\\{0,3}[\"'],\s{0,3}(?=\\{0,3}[\"']))(?:"
    + _QUOTED
    + r"|(?P<bare>[^\s\"',;(){}\[\]<>$`\\|&-][^\s\"'`;|&]{0,2000}))"
)
_ELEMENT = r"<(?:[A-Za-z0-9]{1,20}:)?[A-Za-z0-9_.-]{0,40}?" + _NAME + r"(?P<sign>>)(?P<element>[^<>\n]{1,2000})</"
# `password: |` of YAML: the block of lines beneath that stand further in. Tools number the lines they show.
_SHOWN = r"(?:[ \t]{0,6}\d{1,6}(?:\u2192|\t))?"
_BLOCK = (
    r"(?m)^"
    + _SHOWN
    + r"(?P<outer>[ \t]{0,40})(?:- )?[\"']?[A-Za-z0-9_-]{0,40}?"
    + _NAME
    + r"(?P<sign>[\"']?[ \t]{0,4}: {1,4}[|>][+-]?[1-9]?[+-]?[ \t]{0,8}\r?\n"
    + _SHOWN
    + r"(?=(?P=outer)[ \t])(?P<inner>[ \t]{1,60}))(?P<block>[^\s][^\n]{0,2000}(?:\n"
    + _SHOWN
    + r"(?P=inner)[^\n]{0,2000}){0,200})"
)
# The row of a table of Markdown: `| password | ... |`.
_ROW = (
    r"(?m)^"
    + _SHOWN
    + r"[ \t]{0,8}\|[ \t]{0,40}[*_`]{0,3}(?:[A-Za-z0-9_-]{1,30} ){0,3}[A-Za-z0-9_-]{0,30}?"
    + _NAME
    + r"(?P<sign>(?: \([^()|\n]{1,40}\))?:?[*_`]{0,3}[ \t]{0,60}\|[ \t]{0,60}[*_`]{0,3})"
    r"(?P<cell>[^\s|*`<>()\[\]{}/\\][^\s|*`<>()\[\]{}/\\]{2,400})[*_`]{0,3}[ \t]{0,400}\|"
)
# `GITHUB_PAT=...`, and `Authorization: ...` without a word that says of which kind: only what looks made by a machine.
_PERSONAL = (
    r"(?P<name>(?<=[A-Za-z0-9][_-])(?:PAT|pat)|(?<![A-Za-z0-9_-])PAT)(?P<rest>)"
    r"(?P<sign>\\{0,3}[\"']?[ \t]{0,3}[:=](?![:=>])[ \t]{0,3})(?:" + _QUOTED + "|" + _BARE + ")"
)
_HEADER = (
    r"(?P<name>authorization)(?P<rest>)(?P<sign>\\{0,3}[\"']?[ \t]{0,4}[:=](?![:=>])[ \t]{0,4})(?:"
    + _QUOTED
    + "|"
    + _BARE
    + ")"
)
_OPAQUE = re.compile(r"[A-Za-z0-9_.~+/=:-]{12,}")
_OTHER_FIELD = re.compile(r"(?:(?:\A|[_-])pat|authorization)\Z", re.IGNORECASE)
_SURE = re.compile(
    r"(?:passw|passphrase|pwd|.*pass\Z)"
)  # names of nothing but secrets: short and simple values count too
_TELLS_ABOUT = (
    *("type", "name", "url", "uri", "count", "path", "file", "dir", "header", "label", "field", "length", "policy"),
    *("manager", "prompt", "placeholder", "title", "message", "error", "hint", "help", "regex", "pattern", "format"),
    *("usage", "limit", "budget", "expiry", "expires", "ttl", "version", "class", "env", "var", "variable", "ref"),
    *("arn", "stdin", "input", "form", "reset", "strength", "rule", "validator", "provider", "store", "storage"),
    *("service", "endpoint", "min", "max", "size", "kind", "status"),
)
_LONGEST_MARK = 40
_OPEN = ("public", "page", "next", "continuation", "cursor", "sync", "foreign", "primary", "sort", "partition", "cache")
_NO_VALUES = frozenset(
    {
        *("none", "null", "nil", "true", "false", "undefined", "str", "string", "int", "integer", "number", "bool"),
        *("boolean", "bytes", "any", "object", "required", "optional", "hidden", "password", "passwd", "passphrase"),
        *("pwd", "secret", "token", "credential", "credentials", "key", "value", "text", "varchar", "char", "void"),
        *("auto", "yes", "no", "on", "off", "redacted", "masked", "example", "placeholder", "type", "default", "self"),
        *("this", "empty", "missing", "invalid", "unset", "env", "prompt", "stdin", "file", "input"),
    }
)
_MESSAGE = re.compile(
    r"(?i)passw|passphrase|kennwort|contrase|mot de passe|secret|token|\b(?:your|must|please|enter|invalid|required|cannot|"
    r"incorrect|wrong|forgot|should|replaced)\b"
)
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")
_CELL = re.compile(
    r"\d[\d.,:%-]{0,8}[A-Za-z%]{0,4}|(?:[A-Za-z]{1,12}[-_]?\d{2,4}[A-Za-z]{0,3}|OAuth2?|argon2i?d?)\Z", re.IGNORECASE
)
_WORDLIKE = re.compile(r"(?:[A-Za-z]+\d{0,3}|\d{1,4}[A-Za-z]{0,2})?")
_VARIABLE = re.compile(r"[$%]\{?\(?[A-Za-z_][A-Za-z0-9_.]*[)}%]*|\{\{?[^{}]*\}?\}|<[^<>]*>|%[sdr]|\$\{\{.*\}\}")


# The forms, whether capitals are others, and what a text with one of them holds: compiled when the first such text comes.
_SOME = (":", "=", "\uff1a", "\uff1d")
_CALLS = ('("', "('", "(\\", "( ", "(\n", "(\t")
_PATTERNS = (
    (_BLOCK, re.IGNORECASE, (": |", ": >")),
    (_ENVIRONMENT, 0, ("=",)),
    (_TYPED, re.IGNORECASE, (":",)),
    (_ASSIGNMENT, re.IGNORECASE, _SOME),
    (_LOUD, 0, (":", "=")),
    (_OPTION, re.IGNORECASE, ("-",)),
    (_SECOND, re.IGNORECASE, _CALLS),
    (_BENEATH, re.IGNORECASE, ("value", "VALUE", "Value")),
    (_ELEMENT, re.IGNORECASE, ("</",)),
    (_ROW, re.IGNORECASE, ("|",)),
    (_PERSONAL, 0, ("PAT", "pat")),
    (_HEADER, re.IGNORECASE, ("uthorization", "UTHORIZATION")),
)


def mask(text: str, count: Callable[[str], object]) -> str:
    """*text* with the values of secret names masked; *count* is told each time."""

    def replaced(match: re.Match[str]) -> str:
        group = match.lastgroup or ""
        if not _is_secret(match, group):
            return match.group()
        count("value")
        start, end = match.span(group)
        whole, offset = match.group(), match.start()
        return whole[: start - offset] + LABEL + whole[end - offset :]

    for pattern, flags, held in _PATTERNS:
        if any(one in text for one in held):
            text = re.sub(pattern, replaced, text, flags=re.ASCII | flags)
    return text


def is_secret_field(name: str, value: str) -> bool:
    """Whether *value*, the whole text of a field called *name*, is a secret."""
    if _OTHER_FIELD.search(name):
        return _is_opaque(value, quoted=True)
    found = re.search(_NAME + r"\Z", name, re.ASCII | re.IGNORECASE)
    if not found or _goes_on(found["name"], found["rest"]):
        return False
    return _is_value(found["name"].lower(), found["rest"].lower(), value, "field")


def _is_secret(match: re.Match[str], group: str) -> bool:
    name, rest, value = match["name"].lower(), match["rest"].lower(), match[group]
    before = match.string[max(0, match.start("name") - 14) : match.end("name")].lower()
    mark = match.string.rfind("[redacted:", max(0, match.start("name") - _LONGEST_MARK), match.start("name"))
    if mark >= 0 and "]" not in match.string[mark : match.start("name")]:
        return False  # the name is part of a mark
    if _goes_on(match["name"], match["rest"]) or any(word in before for word in _OPEN):
        return False
    if group == "bare":
        follows = match.string[match.end() : match.end() + 1]
        sign = match["sign"]
        if "=>" in sign or (follows in "([.{<" and follows):
            return False
        is_word = value.isalpha() or value.replace("_", "").isalpha()
        if is_word:
            return bool(_SURE.match(name)) and _is_plain_word_a_secret(match, value)
    return _judge(name, rest, value, group)


def _judge(name: str, rest: str, value: str, group: str) -> bool:
    """Whether *value* is a secret, by the form it was found in."""
    if name in ("authorization", "pat"):
        return _is_opaque(value, quoted=group != "bare")
    if group == "block":
        return any(_is_value(name, rest, re.sub(_SHOWN, "", line).strip(), "block") for line in value.split("\n"))
    if group == "cell":
        return not _CELL.fullmatch(value) and _is_value(name, rest, value, "bare")
    return _is_value(name, rest, value, group)


def _is_opaque(value: str, *, quoted: bool) -> bool:
    """Whether a value is one that nothing but a machine reads: what stands behind a name that is not of secrets alone."""
    plain = value.strip()
    return (
        bool(_OPAQUE.fullmatch(plain))
        and sum(char.isdigit() for char in plain) > 1
        and not _is_no_value(plain, quoted=quoted)
        and not _is_dotted(plain)
        and _is_random(plain, quoted=quoted, name="")
    )


def _goes_on(name: str, rest: str) -> bool:
    """Whether the name is only the beginning of a longer word: a tokenizer is no token, but tokens are."""
    if rest[:1] in ("s", "S") and not rest[1:2].isalpha():
        return False
    return rest[:1].isalpha() and rest[0].islower() == name[-1].islower()


def _is_plain_word_a_secret(match: re.Match[str], value: str) -> bool:
    """Whether a bare word is a password: in a connection string or alone on a line of YAML, but not in code."""
    if value.lower() in _NO_VALUES or match["rest"]:
        return False
    name, sign, text = match["name"], match["sign"], match.string
    behind = text[match.end() : match.end() + 1]
    if sign == "=":
        before = text[max(0, match.start() - 1) : match.start()]
        return (behind == ";" and (before in ";\"'" or name[0].isupper())) or name.isupper()
    start = text.rfind("\n", 0, match.start()) + 1
    alone = text[start : match.start()].strip(" \t-").replace("_", "").isalnum() or not text[
        start : match.start()
    ].strip(" \t-")
    return sign == ": " and alone and behind in ("\n", "\r", "") and value.islower() and len(value) > 5  # noqa: PLR2004


def _is_value(name: str, rest: str, value: str, group: str) -> bool:
    """Whether *value*, assigned to something called *name* + *rest*, is a secret and not code, a type, a path or a template."""
    quoted = group != "bare"  # what no code can be in
    about = rest.strip("_-")
    if (
        value.startswith("[redacted:")
        or about.endswith(_TELLS_ABOUT)
        or about.removesuffix("s").endswith(_TELLS_ABOUT)
        or _is_no_value(value, quoted=quoted)
    ):
        return False
    if _SURE.match(name) and (name != "pass" or group == "line"):
        return _is_password(rest, value, group)
    if " " in value.strip():
        return quoted and name == "secret" and _is_phrase(value)
    if name == "secret" and _MESSAGE.search(value) and not any(c.isdigit() for c in value):
        return False
    return _is_random(value, quoted=quoted, name=name)


def _is_no_value(value: str, *, quoted: bool) -> bool:
    """Whether *value* is a stand-in: a word of code or documentation, a variable, a path, an address, one character repeated."""
    plain = value.strip().strip(".,:;!?*\"'").lower()
    if (
        not plain
        or plain in _NO_VALUES
        or len(set(plain)) == 1
        or plain.startswith(("your", "my_", "my-", "arn:", "example", "..."))
    ):
        return True
    if value[0] == "/" or "://" in value or value.startswith(("./", "../", "~/", "@/")) or _VARIABLE.fullmatch(value):
        return True
    if quoted:
        return value[0] in "{<" or "${" in value or bool(_COLOUR.fullmatch(value))
    return value[0] in "<{%*.&@$|" or "(" in value or "|" in value or _is_dotted(value)


def _is_dotted(value: str) -> bool:
    return "." in value and all(part.isidentifier() for part in value.split("."))


def _is_password(rest: str, value: str, group: str) -> bool:
    """Whether *value* may be a password."""
    if " " in value.strip():
        return group not in ("bare", "line") and _is_phrase(value)
    if group == "line":
        return True
    letters, digits, other = _made_of(value)
    if group == "bare":
        if rest.strip("_-0123456789") and value.isidentifier():
            return _is_random(value, quoted=False, name="")
        return len(value) > 2 and (bool(letters and digits) or other or (digits and not rest and len(value) > 3))  # noqa: PLR2004
    return not _MESSAGE.search(value) and (len(value) > 2 or digits or other)  # noqa: PLR2004


def _is_phrase(value: str) -> bool:
    """Whether a text of several words is a passphrase and not a sentence about one."""
    return not _MESSAGE.search(value) and len(value) < 200 and value.strip()[-1:] not in ".!?:"  # noqa: PLR2004


def _is_random(value: str, *, quoted: bool, name: str) -> bool:
    """Whether a value looks made by a machine, as keys and tokens do."""
    if len(value) < (6 if quoted else 8) or (quoted and value[0] in "*.&%@["):
        return False
    letters, digits, _other = _made_of(value)
    if letters and digits:
        parts = re.split(r"[-_.:/]", value)
        return not all(_WORDLIKE.fullmatch(part) for part in parts) or len(value) > 31 + 8 * len(parts)
    if letters and not digits:
        mixed = len(value) > 15 and len(_HUMP.findall(value)) > len(value) / 4  # noqa: PLR2004
        if value.isalpha():
            return quoted and (name == "secret" or mixed)
        return mixed and any(c in "!#$^&+=~" for c in value)
    return False


def _made_of(value: str) -> tuple[bool, bool, bool]:
    """Whether there are letters, digits and anything else in *value*."""
    return (
        any(c.isalpha() for c in value),
        any(c.isdigit() for c in value),
        any(not c.isalnum() and c not in "_.-" for c in value),
    )
