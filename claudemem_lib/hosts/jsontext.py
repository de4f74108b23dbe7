"""Change JSON text without rewriting it: what is not touched keeps its indent, newlines, order, comments and spelling.

Works on text that holds one JSON value, with or without comments and trailing commas; positions are character offsets.
*Keys* lead from the root to a value: member names and item numbers. Imports nothing else of ours.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from attrs import frozen

Keys = tuple[str | int, ...]
_SPACE = re.compile(r"[ \t\r\n]*")
_NEWLINE = re.compile(r"\r\n|\n|\r")
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_COMMENT = re.compile(r"//|/\*")
_STRING_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_STRING_OR_LAST_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)


@frozen
class Part:
    """One member of an object or item of an array, and where it stands."""

    key: str | int
    start: int
    value_start: int
    end: int


@frozen
class Style:
    """How a text is laid out. *unit* is one step of indent, None where everything stands on one line."""

    newline: str
    unit: str | None
    tight: bool

    def render(self, value: Any, indent: str | None) -> str:
        """*value* as text whose further lines start at *indent*; on one line if that is None."""
        colon = ":" if self.tight else ": "
        if indent is None:
            return json.dumps(value, ensure_ascii=False, separators=("," if self.tight else ", ", colon))
        unit = "  " if self.unit is None else self.unit
        text = json.dumps(value, ensure_ascii=False, indent=unit, separators=(",", colon))
        return text.replace("\n", self.newline + indent)


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON"
    raise ValueError(message)


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def parse(text: str, *, comments: bool = False) -> Any:
    """The value *text* holds. ValueError says in a few words what is wrong; comments only pass where the host reads them."""
    try:
        return _decoder.decode(_without_last_commas(_without_comments(text)) if comments else text)
    except json.JSONDecodeError as error:
        if not comments and _COMMENT.search(_STRING.sub("", text)):
            message = f"it has comments (line {error.lineno}), which JSON does not allow"
            raise ValueError(message) from None
        message = f"it is not valid JSON (line {error.lineno}: {error.msg})"
        raise ValueError(message) from None
    except RecursionError:
        message = "it is nested too deeply"
        raise ValueError(message) from None


def _without_comments(text: str) -> str:
    """*text* with spaces in place of comments, every other character where it was."""
    return _STRING_OR_COMMENT.sub(lambda found: _spaces(found.group(), "/"), text)


def _without_last_commas(bare: str) -> str:
    """*bare*, which has no comments, with a space in place of each comma before a closing bracket."""
    return _STRING_OR_LAST_COMMA.sub(lambda found: _spaces(found.group(), ","), bare)


def _spaces(found: str, first: str) -> str:
    return " " * len(found) if found.startswith(first) else found


def append(text: str, keys: Keys, value: Any, key: str | None = None) -> str:
    """*text* with *value* as last item of the array at *keys*, or under *key* as last member of the object there."""
    bare = _without_comments(text)
    plain = _without_last_commas(bare)
    opened = _find(plain, keys).value_start
    found, closed = _parts(plain, opened)
    style = _style(text, plain)
    label = "" if key is None else style.render(key, None) + (":" if style.tight else ": ")
    if found:
        last = found[-1].end
        indent = _indent_of_line(text, found[0].start) if _NEWLINE.search(plain, opened, found[0].start) else None
        gap = ("" if style.tight else " ") if indent is None else style.newline + indent
        comma = _comma(bare, last)
        end = (comma or last) if indent is None else _end_of_line(text, bare, comma or last)
        before = text[:last] + ("" if comma else ",") + text[last:end] + gap
        return before + label + style.render(value, indent) + ("," if comma else "") + text[end:]
    if style.unit is None:
        return text[:closed].rstrip(" ") + label + style.render(value, None) + text[closed:]
    outer = _indent_of_line(text, opened)
    inner = outer + style.unit
    content = style.newline + inner + label + style.render(value, inner) + style.newline + outer
    return text[: opened + 1] + text[opened + 1 : closed].rstrip() + content + text[closed:]


def remove(text: str, keys: Keys) -> str:
    """*text* without the member or item at *keys* and the comma that set it off; comments stay."""
    bare = _without_comments(text)
    plain = _without_last_commas(bare)
    opened = _find(plain, keys[:-1]).value_start
    found, closed = _parts(plain, opened)
    at = _index(found, keys[-1])
    start, end = found[at].start, found[at].end
    comma = _comma(bare, end)
    if at < len(found) - 1:
        after = (
            found[at + 1].start if text[end : found[at + 1].start] == bare[end : found[at + 1].start] else comma or end
        )
        return text[:start] + text[after:].lstrip()
    before = found[at - 1].end if at else opened + 1
    if text[before:start] == bare[before:start] and not comma:
        return text[:before] + text[end if at else closed if not text[end:closed].strip() else end :]
    left = text[:start].rstrip()
    if text[len(left) - 1] != bare[len(left) - 1] and not _NEWLINE.match(text[comma or end :].lstrip(" \t")):
        left = text[:start]  # a comment to the end of its line must not swallow what follows
    if not comma and at:
        separator = _comma(bare, before) or before + 1
        left = left[: separator - 1] + left[separator:]
    return left + text[comma or end :]


def _comma(bare: str, at: int) -> int | None:
    """The place behind the comma that follows *at*, if one does."""
    place = _skip(bare, at)
    return place + 1 if bare[place : place + 1] == "," else None


def _end_of_line(text: str, bare: str, at: int) -> int:
    """The end of the comments that follow *at* on its line; *at* if there are none or something else comes."""
    newline = _NEWLINE.search(bare, at)
    end = newline.start() if newline else at
    return end if text[at:end].strip() and not bare[at:end].strip() else at


def _find(text: str, keys: Keys) -> Part:
    """Where the value at *keys* stands."""
    start = _skip(text, 0)
    here = Part("", start, start, len(text))
    for key in keys:
        found, _ = _parts(text, here.value_start)
        here = found[_index(found, key)]
    return here


def _index(found: list[Part], key: str | int) -> int:
    """Which of *found* has *key*; ValueError if it stands there twice, for then nobody can say which one counts."""
    places = [place for place, part in enumerate(found) if part.key == key]
    if len(places) != 1:
        message = f"the key {key!r} stands {len(places)} times in one object"
        raise ValueError(message)
    return places[0]


def _parts(text: str, opened: int) -> tuple[list[Part], int]:
    """What the container opening at *opened* holds, and where it closes."""
    closer = "}" if text[opened] == "{" else "]"
    found: list[Part] = []
    here = _skip(text, opened + 1)
    while text[here] != closer:
        start = here
        key: str | int = len(found)
        if closer == "}":
            key, here = _decoder.raw_decode(text, here)
            here = _skip(text, _skip(text, here) + 1)
        _, end = _decoder.raw_decode(text, here)
        found.append(Part(key, start, here, end))
        here = _skip(text, end)
        if text[here] == ",":
            here = _skip(text, here + 1)
    return found, here


def _skip(text: str, at: int) -> int:
    """The first place from *at* on that is no white space."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _style(text: str, plain: str) -> Style:
    """How *text* is laid out, judged by its outermost container."""
    newline = _NEWLINE.search(text)
    opened = _skip(plain, 0)
    found, _ = _parts(plain, opened)
    unit: str | None = "  "
    tight = False
    if found:
        first = found[0]
        spread = _NEWLINE.search(text, opened, first.start)
        unit = _indent_of_line(text, first.start).removeprefix(_indent_of_line(text, opened)) if spread else None
        tight = text[first.value_start - 1] == ":"
    return Style(newline.group() if newline else "\n", unit, tight)


def _indent_of_line(text: str, at: int) -> str:
    """The white space that begins the line on which *at* stands."""
    line = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    end = line
    while end < at and text[end] in " \t":
        end += 1
    return text[line:end]
