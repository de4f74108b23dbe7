"""Markdown as plain sentences: headings kept as context, decoration, code and small talk gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_TEXT_LIMIT = 40_000
_LINE_LIMIT = 2_000
_SENTENCE_LIMIT = 400
_LEAD_LIMIT = 70

_FENCE = re.compile(r"^\s*(?:```|~~~)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<said>.+?)\s*#*\s*$")
_BOLD_LINE = re.compile(r"^\s*(?:\*\*|__)(?P<said>[^*_]{2,80}?):?(?:\*\*|__):?\s*$")
_BULLET = re.compile(r"^(?P<indent>\s*)(?:[-*+•\u2013]|\d{1,3}[.)])\s+(?:\[(?P<done>[ xX])\]\s+)?(?P<said>.+)$")
_TABLE = re.compile(r"^\s*\|(?P<cells>.+)\|\s*$")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*\|?[\s:|-]+\|[\s:|-]*$")
_END = re.compile(r"(?<=[.!?])[\"')\]]?\s+(?=[\"'(\[`*]*[A-Z0-9`\0])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp|No|Fig|ca|al)\.$")
_LINK = re.compile(r"!?\[(?P<text>[^\]\[]{0,300})\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(
    r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]{1,400}?)(?<=\S)\1(?![\w*])|(?<![\w_])(__?)(?=\S)([^_\n]{1,400}?)(?<=\S)\3(?![\w_])"
)
_CODE = re.compile(r"(`{1,3})([^`\n]{1,400}?)\1")
_TAGS = re.compile(
    r"</?(?:b|i|em|strong|code|br|p|div|span|details|summary|sub|sup|kbd|thinking|result|analysis)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_ICONS = re.compile("^(?:[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0f\u200d]+\\s*)+")
_FILLER = re.compile(
    r"^(?:(?:perfect|great|excellent|done|good|awesome|sure|ok|okay|absolutely|yes|yep|no problem|alright|nice"
    r"|wonderful|fantastic|got it"
    r"|understood|you're (?:absolutely )?right|good (?:news|question|catch)|of course|certainly|all done|indeed"
    r"|thanks|thank you)\b"
    r"\s*[!.,:;—\u2013-]*\s*)+(?=\S)",
    re.IGNORECASE,
)


@frozen(kw_only=True)
class Sentence:
    """One plain sentence or bullet and the *heading* it stands under."""

    text: str
    heading: str = ""
    bullet: bool = False
    open: bool = False


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences and bullets of a message, in order; code blocks, rules and table frames are left out."""
    return tuple(sentence for sentence in _read(text[:_TEXT_LIMIT]) if len(sentence.text) > 1)


def _read(text: str) -> Iterator[Sentence]:
    heading, lead, fenced = "", "", False
    paragraph: list[str] = []
    lines = _joined(text)
    for raw, after in zip((*lines, ""), (*lines[1:], "", ""), strict=True):
        line = raw
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or _FENCE.match(line):
            continue
        line = re.sub(r"^\s*>+\s?", "", line)
        title = _HEADING.match(line) or _BOLD_LINE.match(line)
        item = None if title else _BULLET.match(line) or _TABLE.match(line)
        if (title or item or not line.strip() or _RULE.match(line)) and paragraph:
            lead = yield from _paragraph(" ".join(paragraph), heading)
            paragraph = []
        if title:
            heading, lead = plain(title["said"]).rstrip(":"), ""
        elif _RULE.match(line) or (item and line.lstrip().startswith("|") and _RULE.match(after)):
            continue
        elif item:
            yield from _item(item, lead or heading)
        elif line.strip():
            paragraph.append(line.strip())


def _joined(text: str) -> list[str]:
    """The lines of *text*, an indented line joined to the bullet it continues."""
    lines: list[str] = []
    fenced = in_item = False
    for line in text.split("\n"):
        fenced = fenced != bool(_FENCE.match(line))
        if in_item and not fenced and re.match(r"\s{2,}\S", line) and not (_BULLET.match(line) or _FENCE.match(line)):
            lines[-1] += " " + line.strip()
        else:
            in_item = not fenced and bool(_BULLET.match(line))
            lines.append(line)
    return [line[:_LINE_LIMIT] for line in lines]


def _paragraph(text: str, heading: str) -> Generator[Sentence, None, str]:
    """The sentences of one paragraph; gives back what leads on to a list, if its last sentence does."""
    lead_in = ""
    bare, codes = _without_code(text)
    left = iter(codes)
    for piece in split(bare):
        part = _with_code(_undecorated(piece), left)
        if part.endswith(":"):
            lead = part.rstrip(":").strip()
            lead_in = lead if len(lead) <= _LEAD_LIMIT else ""
            if not _LEAD_IN.match(lead):
                yield Sentence(text=lead + ".", heading=heading)
        else:
            yield Sentence(text=part, heading=heading)
            lead_in = ""
    return lead_in  # the caller reads it from `yield from`


_LEAD_IN = re.compile(
    r"(?:here|the following|this|these|those|below|what|how|when|where|why|example|summary|changes|files|notes?"
    r"|for example|usage"
    r"|there are|two|three|four|several|key|main|current|you can|it|in short|specifically|now)\b",
    re.IGNORECASE,
)


def _item(item: re.Match[str], heading: str) -> Iterator[Sentence]:
    groups = item.groupdict()
    if "cells" in groups:
        cells = [plain(cell) for cell in item["cells"].split("|")]
        said = " - ".join(cell for cell in cells if cell and cell not in ("-", "—"))
    else:
        said = plain(item["said"])
    if said.endswith(":") and len(said) <= _LEAD_LIMIT:
        return
    yield Sentence(text=_short(said), heading=heading, bullet=True, open=groups.get("done") == " ")


def split(text: str) -> list[str]:
    """*text* as sentences; abbreviations and file names do not end one."""
    found: list[str] = []
    for part in _END.split(text):
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += " " + part
        else:
            found.append(part)
    return [_short(part.strip()) for part in found if part.strip()]


def plain(text: str) -> str:
    """*text* on one line without markdown, leading icons and small talk."""
    bare, codes = _without_code(text)
    return _with_code(_undecorated(bare), iter(codes))


def _without_code(text: str) -> tuple[str, list[str]]:
    """*text* with a mark for each piece of inline code, and the pieces: nothing in them is markdown or ends a sentence."""
    text = _LINK.sub(lambda match: match["text"], text).replace("\0", "")
    return _CODE.sub("\0", text), [match[2] for match in _CODE.finditer(text)]


def _with_code(text: str, codes: Iterator[str]) -> str:
    return re.sub("\0", lambda _: " ".join(next(codes, "").split()), text)


def _undecorated(text: str) -> str:
    for _ in range(2):
        text = _EMPHASIS.sub(lambda match: match[2] or match[4], text)
    text = _ICONS.sub("", " ".join(_TAGS.sub(" ", text).split()))
    return capital(_FILLER.sub("", text)) if _FILLER.match(text) else text


def capital(text: str) -> str:
    """*text* with a capital first letter, unless it begins with a name from code."""
    return text if re.match(r"[a-z]+[A-Z]|\S*[/_.(:=]\S|\S+:", text) else text[:1].upper() + text[1:]


def _short(text: str) -> str:
    return cut(text, _SENTENCE_LIMIT)


def cut(text: str, limit: int) -> str:
    """*text* in at most *limit* characters, cut between words, with a mark where it was cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    edge = head.rfind(" ")
    return (head[:edge] if edge > limit // 2 else head).rstrip(" ,;:-—(") + "…"
