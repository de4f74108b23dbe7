"""What a person wants forgotten, and which texts it means: prompts, raw events and titles are read word by word."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.store import fulltext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Texts = Iterable[tuple[int, str, int]]


@frozen(kw_only=True)
class Choice:
    """What is to be forgotten; everything given narrows it.

    Among *ids* a prompt is its own, negated. *match* is an FTS5 expression, *beginnings* are letters that nothing it finds
    can lack, *until_ms* is exclusive. *files_within*: what some files are called within a project: its number, and the path
    from its root.
    """

    now_ms: int
    ids: tuple[int, ...] | None = None
    match: str = ""
    beginnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    files_within: tuple[tuple[int, str], ...] = ()
    session_id: int | None = None
    project_id: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    @property
    def words(self) -> bool:
        """Whether it is chosen by what was said, not by where and when."""
        return bool(self.match or self.files)

    @property
    def span(self) -> tuple[int, int] | None:
        """The span of time that is meant, up to now if no end is given."""
        if self.since_ms is None and self.until_ms is None:
            return None
        return self.since_ms or 0, self.now_ms + 1 if self.until_ms is None else self.until_ms

    @property
    def whole(self) -> bool:
        """Whether sessions are forgotten as they are."""
        return self.ids is None and not self.words


def said(choice: Choice, rows: Texts) -> set[int]:
    """Those of some texts that are meant: all, where nothing is chosen by words."""
    if not choice.words:
        return {row[0] for row in rows}
    return speaking_of(choice, list(rows))


def speaking_of(choice: Choice, texts: Sequence[tuple[int, str, int]]) -> set[int]:
    """Those of some texts (number, text, project) that the choice's words and files mean."""
    if choice.files:
        named = naming(choice, texts)
        texts = [row for row in texts if row[0] in named]
    if not choice.match:
        return {row[0] for row in texts}
    return fulltext.matching(choice.match, (row[:2] for row in texts if may_say(choice, row[1])))


def may_say(choice: Choice, text: str) -> bool:
    """Whether it is worth reading a text word by word: most are not, and reading all takes long."""
    if not choice.beginnings:
        return True
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text)
    plain = plain.casefold() if text.isascii() else "".join(filter(_is_letter, plain)).casefold()
    return all(one in plain for one in choice.beginnings)


def _is_letter(char: str) -> bool:
    return not unicodedata.combining(char)


def naming(choice: Choice, texts: Texts) -> set[int]:
    """Those of some texts that name one of the choice's files."""
    anywhere = [_mention(path) for path in choice.files]
    within = [(project, _mention(path)) for project, path in choice.files_within]
    return {
        number
        for number, text, where in texts
        if any(one.search(text) for one in anywhere)
        or any(project == where and one.search(text) for project, one in within)
    }


def _mention(path: str) -> re.Pattern[str]:
    """A path where a text names it, also as the end of a longer path; of a folder whatever lies in it."""
    end = "" if path.endswith("/") else r"(?![\w-]|\.\w)"
    return re.compile(rf"(?<![\w.-]){re.escape(path)}{end}")


def spoken(payload: str) -> Iterator[str]:
    """Every text in an event's payload."""
    waiting = [json.loads(payload)] if payload else []
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            waiting.extend(value.values() if isinstance(value, dict) else value)
