"""What a person looks at page by page: the feed, a session's story, where a memory comes from."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import evolve

from claudemem_lib import render
from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.store import feed, memories, sessions, sql, status
from claudemem_lib.store.feed import Entry, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.models import Hit, Session
    from claudemem_lib.store.database import Database

__all__ = ["Browse", "Entry", "Wanted"]
MOST_STORY = 5_000
NEWEST, OLDEST = feed.FIRST, feed.LAST


class Browse:
    """Reading verbs of a memory that show rows as they are, for front ends with lists."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        self._database = database

    def feed(
        self,
        wanted: Wanted,
        after: tuple[int, int, int] | None = None,
        *,
        skip: int = 0,
        limit: int = 200,
        backward: bool = False,
    ) -> list[Entry]:
        """A page of memories and prompts, newest first, beyond *after* (an entry's `place`; None: an end of the feed).

        *backward* reads towards newer entries. What is added at the top never moves a page that is read by its place.
        """
        start = after or (OLDEST if backward else NEWEST)
        return feed.page(self._database, wanted, start, skip=skip, limit=limit, backward=backward)

    def total(self, wanted: Wanted) -> int:
        """How many entries the feed has."""
        return feed.total(self._database, wanted)

    def hits(self, found: Iterable[Hit]) -> list[Entry]:
        """Search results as entries of the feed, in their order, with the engines that found them and what is folded into them."""
        ordered = list(found)
        keys = {(hit.created_ms, feed.PROMPT if hit.kind == "prompt" else feed.MEMORY, hit.id): hit for hit in ordered}
        found_as = ((keys[entry.place], entry) for entry in feed.entries(self._database, list(keys)))
        return [evolve(entry, engines=hit.engines, similar=hit.similar) for hit, entry in found_as]

    def prompts(self, prompt_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Prompts in full by their ids, those that are there."""
        found = {}
        for one in dict.fromkeys(prompt_ids):
            with suppress(NotFound):
                found[one] = self.prompt(one)
        return found

    def prompt(self, prompt_id: int) -> dict[str, Any]:
        """One prompt in full: text, project, session, number, created_ms."""
        row = self._database.row(sql.PROMPT, (prompt_id,))
        if row is None:
            message = f"there is no prompt P{prompt_id}"
            raise NotFound(message)
        return dict(zip(("text", "project", "session", "number", "created_ms"), row, strict=True))

    def origin(self, memory_id: int) -> dict[str, Any]:
        """Where a memory comes from and how it stands: raw events still there, pinned, what replaced it and what it replaced."""
        row = self._database.row(sql.PROVENANCE, (memory_id,))
        if row is None:
            message = f"there is no memory #{memory_id}"
            raise NotFound(message)
        links = self._database.rows(sql.SUPERSEDING, {"id": memory_id})
        return {
            "pinned": bool(row[0]),
            "root": row[1],
            "events": [f"{kind} {tool}".strip() for kind, tool in self._database.rows(sql.EVIDENCE, (memory_id,))],
            "superseded_by": [other for other, replaced in links if replaced],
            "supersedes": [other for other, replaced in links if not replaced],
        }

    def known(self) -> dict[str, list[str]]:
        """The types and concepts there are, most frequent first: what a filter can offer."""
        return {
            "types": [row[0] for row in self._database.rows(sql.KNOWN_TYPES)],
            "concepts": [row[0] for row in self._database.rows(sql.KNOWN_CONCEPTS)],
        }

    def growth(self, since_ms: int) -> dict[str, int]:
        """How many memories were made on each day since, by local time."""
        return dict(self._database.rows(sql.GROWTH, (since_ms,)))

    def session_days(self, project: str | None = None) -> list[tuple[str, int]]:
        """The days sessions were active last, newest first, by local time, with how many they were; none of a project not known."""
        known = status.project_named(self._database, project) if project is not None else None
        if known is None and project is not None:
            return []
        return self._database.rows(sql.SESSION_DAYS, {"project": known.id if known else None})

    def session_id(self, beginning: str) -> str:
        """The host's id of the session whose id is, or alone begins with, *beginning*; NotFound or BadRequest say what is wrong."""
        found = [row[0] for row in self._database.rows(sql.SESSIONS_BEGINNING, (beginning,))] if beginning else []
        if not found:
            message = f"there is no session {beginning!r}; `claude-mem sessions` lists them"
            raise NotFound(message)
        if len(found) > 1 and found[0] != beginning:
            message = f"{beginning!r} could be the session {' or '.join(found)}; write more of it"
            raise BadRequest(message)
        return str(found[0])

    def story(self, host_id: str) -> tuple[Session, list[Entry]]:
        """A session (the beginning of its id is enough), its prompts and memories, oldest first (the last MOST_STORY)."""
        found = sessions.sessions(self._database, None, 1, 0, self.session_id(host_id))
        entries = self.feed(Wanted(session_id=found[0].id), limit=MOST_STORY)
        return found[0], sorted(entries, key=lambda entry: entry.place)

    def story_markdown(self, host_id: str) -> str:
        """A session as a Markdown document: prompts, observations and summaries in full."""
        session, entries = self.story(host_id)
        full = {one.id: one for one in memories.get(self._database, (e.id for e in entries if e.kind != "prompt"))}
        when = f"{render.day(session.started_ms)} {render.clock(session.started_ms)}"
        parts = [f"# {render.line(session.title) or 'Session'}", f"{session.project} · {when} · {session.host_id}"]
        for entry in entries:
            if entry.kind == "prompt":
                parts.append(
                    f"## Prompt · {render.clock(entry.created_ms)}\n\n{render.safe(self.prompt(entry.id)['text'])}"
                )
            elif entry.id in full:
                parts.append("### " + render.memory(full[entry.id]))
        return "\n\n".join(parts) + "\n"
