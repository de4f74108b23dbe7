"""Markdown as plain sentences: headings kept as context, decoration, code and small talk gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT_LIMIT = 40_000
_LINE_LIMIT = 2_000
_SENTENCE_LIMIT = 400
_LEAD_LIMIT = 70

_FENCE = re.compile(r"^\s*(?:```|~~~)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<said>.+?)\s*#*\s*$")
_BOLD_LINE = re.compile(r"^\s*(?:\*\*|__)(?P<said>[^*_]{2,80}?):?(?:\*\*|__):?\s*$")
_BULLET = re.compile(r"^(?P<indent>\s*)(?:[-*+•–]|\d{1,3}[.)])\s+(?:\[(?P<done>[ xX])\]\s+)?(?P<said>.+)$")
_TABLE = re.compile(r"^\s*\|(?P<cells>.+)\|\s*$")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*\|?[\s:|-]+\|[\s:|-]*$")
_END = re.compile(r"(?<=[.!?])[\"')\]]?\s+(?=[\"'(\[`*]*[A-Z0-9`])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp|No|Fig|ca|al)\.$")
_LINK = re.compile(r"!?\[(?P<text>[^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
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
    r"^(?:(?:perfect|great|excellent|done|good|awesome|sure|ok|okay|absolutely|yes|yep|no problem|alright|nice|wonderful|fantastic|got it"
    r"|understood|you're (?:absolutely )?right|good (?:news|question|catch)|of course|certainly|all done|indeed|thanks|thank you)\b"
    r"[!.,:;—–-]*\s*)+(?=\S)",
    re.IGNORECASE,
)


@frozen(kw_only=True)
class Sentence:
    """One plain sentence or bullet and the *heading* it stands under (lower case)."""

    text: str
    heading: str = ""
    bullet: bool = False
    open: bool = False


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences and bullets of a message, in order; code blocks, rules and table frames are left out."""
    return tuple(sentence for sentence in _read(text[:_TEXT_LIMIT]) if len(sentence.text) > 1)


def _read(text: str) -> Iterator[Sentence]:
    heading, paragraph, fenced = "", [], False
    for raw in (*text.split("\n"), ""):
        line = raw[:_LINE_LIMIT]
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or _FENCE.match(line):
            continue
        line = re.sub(r"^\s*>+\s?", "", line)
        title = _HEADING.match(line) or _BOLD_LINE.match(line)
        item = None if title else _BULLET.match(line) or _TABLE.match(line)
        if (title or item or not line.strip() or _RULE.match(line)) and paragraph:
            heading = yield from _paragraph(" ".join(paragraph), heading)
            paragraph = []
        if title:
            heading = plain(title["said"]).rstrip(":").lower()
        elif _RULE.match(line):
            continue
        elif item:
            yield from _item(item, heading)
        elif line.strip():
            paragraph.append(line.strip())


def _paragraph(text: str, heading: str) -> Iterator[Sentence]:
    """The sentences of one paragraph; gives back the heading for what follows: a last sentence that ends in a colon leads on."""
    parts = split(plain(text))
    for part in parts:
        if part.endswith(":"):
            lead = part.rstrip(":").strip()
            heading = lead.lower() if len(lead) <= _LEAD_LIMIT else heading
            if not _LEAD_IN.match(lead):
                yield Sentence(text=lead + ".", heading=heading)
        else:
            yield Sentence(text=part, heading=heading)
    return heading  # the caller reads it from `yield from`


_LEAD_IN = re.compile(
    r"(?:here|the following|this|these|those|below|what|how|when|where|why|example|summary|changes|files|notes?|for example|usage"
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
    text = _LINK.sub(lambda match: match["text"], text)
    text = _CODE.sub(lambda match: match[2], text)
    for _ in range(2):
        text = _EMPHASIS.sub(lambda match: match[2] or match[4], text)
    text = " ".join(_TAGS.sub(" ", text).split())
    text = _ICONS.sub("", text)
    return _capital(_FILLER.sub("", text)) if _FILLER.match(text) else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if not re.match(r"[a-z]+[A-Z_./(]|\S*[/_.(]\S", text) else text


def _short(text: str) -> str:
    return cut(text, _SENTENCE_LIMIT)


def cut(text: str, limit: int) -> str:
    """*text* in at most *limit* characters, cut between words, with a mark where it was cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    edge = head.rfind(" ")
    return (head[:edge] if edge > limit // 2 else head).rstrip(" ,;:-—(") + "…"
