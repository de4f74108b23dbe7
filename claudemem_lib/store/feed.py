"""Everything remembered in one line of time, newest first, read page by page from any place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from claudemem_lib.store import fulltext, sql
from claudemem_lib.store.fulltext import Filters
from claudemem_lib.store.memories import id_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.store.database import Database

PROMPT, MEMORY = 0, 1
FIRST = (1 << 62, 2, 0)
LAST = (-1, 0, 0)


@frozen(kw_only=True)
class Wanted:
    """What the feed shows: empty means any. *kinds* may name `prompt` too; *session_id* and *project_id* are rows' ids."""

    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    project_id: int | None = None
    session_id: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    @property
    def prompts(self) -> bool:
        """Whether prompts can pass: they have no type, concepts or files."""
        return (not self.kinds or "prompt" in self.kinds) and not (self.types or self.concepts or self.files)

    @property
    def memories(self) -> bool:
        """Whether memories can pass."""
        return self.kinds != ("prompt",)


@frozen(kw_only=True)
class Entry:
    """One line of the feed: a memory, or a prompt (kind `prompt`, *id* is the prompt's own)."""

    id: int
    kind: str
    type: str
    title: str
    project: str
    session: str
    created_ms: int
    read_tokens: int
    pinned: bool = False
    superseded: bool = False
    engines: tuple[str, ...] = ()
    similar: tuple[int, ...] = ()

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands in the line of time; newer is greater."""
        return (self.created_ms, PROMPT if self.kind == "prompt" else MEMORY, self.id)


def page(  # noqa: PLR0913  # a place, and how far from it
    database: Database, wanted: Wanted, after: tuple[int, int, int], *, skip: int, limit: int, backward: bool
) -> list[Entry]:
    """*limit* entries beyond the place *after*, leaving out the *skip* nearest; newest first whichever way it was read."""
    at_ms, rank, number = after
    clauses, values = _memory_clauses(wanted)
    arms = []
    for is_there, text, filters in (
        (wanted.memories, sql.FEED_MEMORIES, clauses),
        (wanted.prompts, sql.FEED_PROMPTS, _prompt_clauses(wanted)),
    ):
        arms += [text.format(filters=filters, than=">" if backward else "<")] if is_there else []
    text = sql.FEED.format(arms=" UNION ALL ".join(arms), way="" if backward else "DESC")
    bound = {**values, "at": at_ms, "rank": rank, "id": number, "limit": limit, "skip": skip}
    keys = database.rows(text, {**bound, "project": wanted.project_id, "session": wanted.session_id})
    return entries(database, reversed(keys) if backward else keys)


def entries(database: Database, keys: Iterable[tuple[int, int, int]]) -> list[Entry]:
    """The entries at some places, in the order of *keys*; what is gone meanwhile is left out."""
    wanted = [tuple(key) for key in keys]
    found: dict[tuple[int, int], Entry] = {}
    for rank, text in ((MEMORY, sql.FEED_OF_MEMORIES), (PROMPT, sql.FEED_OF_PROMPTS)):
        ids = [key[2] for key in wanted if key[1] == rank]
        for row in database.rows(text, (id_list(ids),)) if ids else ():
            found[rank, row[0]] = _entry(row)
    return [found[key[1], key[2]] for key in wanted if (key[1], key[2]) in found]


def _entry(row: tuple[Any, ...]) -> Entry:
    names = ("id", "kind", "type", "title", "project", "session", "created_ms", "read_tokens")
    pinned, superseded = row[8:]
    return Entry(**dict(zip(names, row[:8], strict=True)), pinned=bool(pinned), superseded=bool(superseded))


def total(database: Database, wanted: Wanted) -> int:
    """How many entries the feed has."""
    clauses, values = _memory_clauses(wanted)
    bound = {**values, "project": wanted.project_id, "session": wanted.session_id}
    count = 0
    if wanted.memories:
        count += database.row(sql.SEARCH_COUNT.format(filters=clauses), bound)[0]
    if wanted.prompts:
        count += database.row(sql.FEED_PROMPT_COUNT.format(filters=_prompt_clauses(wanted)), bound)[0]
    return int(count)


def _memory_clauses(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    kinds = tuple(kind for kind in wanted.kinds if kind != "prompt")
    filters = Filters(
        kinds=kinds, types=wanted.types, concepts=wanted.concepts, files=wanted.files,
        since_ms=wanted.since_ms, until_ms=wanted.until_ms,
    )  # fmt: skip
    if wanted.project_id is not None:
        filters = evolve(filters, projects=(wanted.project_id,))
    text, values = fulltext.clauses(filters)
    return text + (sql.FEED_SESSION_MEMORIES if wanted.session_id is not None else ""), values


def _prompt_clauses(wanted: Wanted) -> str:
    chosen = (
        (wanted.project_id is not None, sql.FEED_PROJECT_PROMPTS),
        (wanted.session_id is not None, sql.FEED_SESSION_PROMPTS),
        (wanted.since_ms is not None, sql.FEED_PROMPTS_SINCE),
        (wanted.until_ms is not None, sql.FEED_PROMPTS_UNTIL),
    )
    return "".join(text for is_there, text in chosen if is_there)
