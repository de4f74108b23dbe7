"""What the user asked for, in one line, out of a prompt that may be a wish, a command or a pasted log."""

from __future__ import annotations

import re

from claudemem_lib.providers.digest.markdown import cut, plain, split

_LIMIT = 200
_TEXT_LIMIT = 8_000
_COMMAND = re.compile(r"<command-name>\s*/?(?P<name>[^<]{1,80}?)\s*</command-name>", re.DOTALL)
_ARGUMENTS = re.compile(r"<command-args>(?P<said>.*?)</command-args>", re.DOTALL)
_BLOCK = re.compile(r"<(?P<tag>[a-z][\w-]*)[^<>]{0,200}>.*?</(?P=tag)>", re.DOTALL | re.IGNORECASE)
_MARKS = re.compile(
    r"\[(?:Image #\d+|Pasted text #\d+[^\]]*|Request interrupted by user[^\]]*|media prompt)\]", re.IGNORECASE
)
_FENCED = re.compile(r"^(```|~~~).*?(?:^\1\s*$|\Z)", re.DOTALL | re.MULTILINE)
_LOG_LINE = re.compile(
    r"^\s*(?:\[?\d{4}-\d\d-\d\d|\[?\d\d:\d\d:\d\d|at \S+ ?\(|File \"|Traceback|\S+:\d+:\d+|\$ |> |# |\*\*\* "
    r"|[{}\[\]|+=<]|\d+ \||E  |--- |\+\+\+ |@@"
    r"|npm (?:ERR|error|warn)|(?:INFO|DEBUG|WARN|WARNING|TRACE)\b)"
)
_GREETING = re.compile(
    r"^(?:hello|hi|hey|good (?:morning|afternoon|evening)|thanks|thank you|thx|great|perfect|nice|ok|okay|cool"
    r"|awesome|excellent|good job"
    r"|well done|this is (?:really |very )?helpful)\b[^.!?\n]{0,40}[.!,]+\s*",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"^(?:please|pls|can you(?: please)?(?: also)?|could you(?: please)?(?: also)?|would you(?: please)?"
    r"|i want you to|i need you to"
    r"|i'd like you to|now|also|then|and|so)[, ]+(?=\w)",
    re.IGNORECASE,
)
_IS_WISH = re.compile(
    r"^(?:add|allow|apply|audit|bump|build|change|check|clean|configure|convert|create|debug|delete|deploy"
    r"|document|drop|enable|disable"
    r"|ensure|explain|expose|extend|extract|find|fix|generate|handle|hide|implement|improve|install|integrate"
    r"|introduce|investigate"
    r"|make|merge|migrate|move|optimi[sz]e|port|prevent|refactor|release|remove|rename|replace|restore|resolve"
    r"|review|revert|rewrite"
    r"|separate|set up|show|simplify|split|stop|store|support|switch|test|translate|turn|update|upgrade|use|validate|wire"
    r"|wrap|write)\b",
    re.IGNORECASE,
)
_TOO_SHORT = 12


def request_of(prompt: str) -> str:
    """The request in at most 200 characters; "" where the prompt says nothing in words."""
    prompt = prompt[:_TEXT_LIMIT]
    command = _COMMAND.search(prompt)
    if command:
        arguments = _ARGUMENTS.search(prompt)
        return cut(" ".join(f"/{command['name']} {arguments['said'] if arguments else ''}".split()), _LIMIT)
    bare = _MARKS.sub(" ", _FENCED.sub("\n", _BLOCK.sub("\n", prompt)))
    said = [line for line in bare.split("\n") if line.strip()]
    words = [line for line in said if not _LOG_LINE.match(line)]
    text = _first_sentence(words)
    if text:
        return text
    return cut("Pasted: " + " ".join(said[0].split()), _LIMIT) if said else ""


def _first_sentence(lines: list[str]) -> str:
    """The first sentence that says something, with the next one where it is very short."""
    for at, line in enumerate(lines):
        clean = plain(re.sub(r"^\s*(?:[-*+]|\d+[.)]|#+)\s+", "", line))
        rest = _GREETING.sub("", clean) if len(clean) > _TOO_SHORT else clean
        if not rest or not re.search(r"\w", rest):
            continue
        parts = split(rest)
        text = parts[0]
        if len(text) < _TOO_SHORT and len(parts) > 1:
            text = " ".join(parts[:2])
        elif len(text) < _TOO_SHORT and len(parts) == 1 and at + 1 < len(lines):
            text = f"{text} {plain(lines[at + 1])}"
        return cut(text, _LIMIT)
    return ""


def rules_in(prompt: str) -> tuple[str, ...]:
    """What the user laid down for more than this turn ("always ...", "let's use ..."), in the user's words."""
    bare = _MARKS.sub(" ", _FENCED.sub("\n", _BLOCK.sub("\n", prompt[:_TEXT_LIMIT])))
    lines = [line for line in bare.split("\n") if line.strip() and not _LOG_LINE.match(line)]
    parts = (part for line in lines for part in split(plain(line)))
    return tuple(cut(part, _LIMIT) for part in parts if _RULE.search(part) and not part.endswith("?"))[:_MOST_RULES]


_RULE = re.compile(
    r"(?:^|[,;:] |\b(?:and|but|please|so) )(?:(?:from now on|always|never|in (?:the )?future|remember (?:that|to)"
    r"|as a rule)\b|"
    r"let'?s (?:use|go with|keep|stick|not)\b)|\bwe (?:have )?(?:decided|agreed) (?:to|on|that|not|against)\b",
    re.IGNORECASE,
)
_MOST_RULES = 3


def is_wish(request: str) -> bool:
    """Whether the request reads as what a commit would say: an imperative with an object."""
    bare = _POLITE.sub("", request)
    return bool(_IS_WISH.match(bare)) and len(bare.split()) > 1 and not bare.endswith("?")


def as_title(request: str) -> str:
    """The request without politeness, as a title."""
    bare = request
    for _ in range(3):
        bare = _POLITE.sub("", bare)
    bare = _ASIDE.sub("", bare)
    question = _HOW.match(bare)
    if question:
        return f"How {question['what']} {question['verb']}s"
    bare = _EXPLAIN.sub("", bare)
    return bare[:1].upper() + bare[1:].rstrip(" .!?")


_EXPLAIN = re.compile(
    r"^(?:explain|describe|show me|tell me|help me understand)(?: to me)?(?: about)? (?=\w)", re.IGNORECASE
)


def asks(request: str) -> bool:
    """Whether the request wants an explanation more than a cause."""
    return bool(
        re.match(
            r"(?:how|what|where|which|when|who|explain|describe|understand|help me understand|show me)\b",
            _POLITE.sub("", request),
            re.IGNORECASE,
        )
    )


_HOW = re.compile(
    r"how (?:do|does|did|is|are) (?P<what>.{3,60}?) (?P<verb>work|function|behave|run|start|look|happen)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r",\s+(?:it|they|this|that|because|since|please|so that|as it)\b.*$", re.IGNORECASE | re.DOTALL)
