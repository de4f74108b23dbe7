"""Memory: the facade. Every verb is a few lines over the modules that do the work.

Thread-safe: threads share a Memory, each works on its own connection. Close it, or use it in a `with` block.

What a search does not need is imported by the verb that does: a command that starts from nothing starts in half the time.
"""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from claudemem_lib import given, ids, intake, lean, located, paths, search, settings
from claudemem_lib.embedding import Embedding
from claudemem_lib.errors import BadRequest, NotFound, StoreBusy
from claudemem_lib.models import TakenIn
from claudemem_lib.observing import Observing
from claudemem_lib.store import events, fulltext, memories, sessions, status, undo
from claudemem_lib.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from claudemem_lib.backfill import Backfill
    from claudemem_lib.browse import Browse
    from claudemem_lib.embedders import Embedder
    from claudemem_lib.forget import Forgetting
    from claudemem_lib.models import Found, Hit, Moment, Session, StoredMemory
    from claudemem_lib.pauses import Pauses
    from claudemem_lib.providers import Provider
    from claudemem_lib.reasons import Told
    from claudemem_lib.retention import Pruned
    from claudemem_lib.search import Finder
    from claudemem_lib.settings import Settings
    from claudemem_lib.transfer import Transfer


def open(  # noqa: A001  # `claudemem_lib.open()` is the public name
    path: str | os.PathLike[str] | None = None,
    *,
    settings: Settings | None = None,
    provider: Provider | None = None,
    embedder: Embedder | None = None,
    clock: Callable[[], int] | None = None,
) -> Memory:
    """Open the memory in the data folder *path* (default `CLAUDE_MEM_DATA_DIR`, else `~/.claude-mem`) and take in its inbox.

    ForeignDatabase if the file there is another program's, NewerSchema if a newer release wrote it, StoreUnreadable if it is
    corrupt. *settings*, *provider*, *embedder* and *clock* (milliseconds UTC) replace what the data folder says. Without an
    embedder given or started (`memory.embedding.start`), search is by full text alone: loading one takes time and memory.
    """
    where = os.fspath(path) if path is not None else paths.data_dir()
    memory = Memory(where, settings, provider, clock, embedder=embedder)
    with contextlib.suppress(StoreBusy):  # what waits goes on waiting; reading needs no lock
        memory.take_in()
        if not memory.database.read_only and undo.kept(memory.database):  # else nothing is imported for it
            memory.curate.lapse()
    return memory


class Memory(Observing):
    """An open memory. Times are milliseconds UTC; ids are the small numbers agents and people see."""

    def __init__(  # noqa: PLR0913, PLR0917  # what the data folder says can be replaced piece by piece
        self,
        data_dir: str,
        settings_given: Settings | None = None,
        provider: Provider | None = None,
        clock: Callable[[], int] | None = None,
        busy_ms: int = 5_000,
        embedder: Embedder | None = None,
    ) -> None:
        """Open the file; see open()."""
        self.data_dir = str(Path(data_dir).expanduser().absolute())
        lean.make_folder(self.data_dir)
        self.database, told = open_database(f"{self.data_dir}/{paths.DATABASE}", busy_ms)
        self.clock = clock or ids.now_ms
        self.settings, problems = (settings_given, ()) if settings_given else settings.load(self.data_dir)
        self.problems = (*told, *problems)
        if not self.database.read_only:
            settings.write_rules(self.data_dir)
        self._provider = provider
        self.embedding = Embedding(self.database, self.data_dir, lambda: self.settings, self.clock, embedder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        self.database.close()

    # ---------------------------------------------------------------------------------------------- its parts
    @functools.cached_property
    def browse(self) -> Browse:
        """Reading verbs for front ends with lists."""
        from claudemem_lib.browse import Browse  # noqa: PLC0415

        return Browse(self.database)

    @functools.cached_property
    def forget(self) -> Forgetting:
        """Forgetting: `memory.forget([42])`, `memory.forget(project="shop", dry_run=True)`."""
        from claudemem_lib.forget import Forgetting  # noqa: PLC0415

        return Forgetting(self)

    @functools.cached_property
    def pauses(self) -> Pauses:
        """Switching capture and context off and on."""
        from claudemem_lib.pauses import Pauses  # noqa: PLC0415

        return Pauses(self.database, self.data_dir, self.clock)

    @functools.cached_property
    def transfer(self) -> Transfer:
        """Import and export."""
        from claudemem_lib.transfer import Transfer  # noqa: PLC0415

        return Transfer(self)

    # ---------------------------------------------------------------------------------------------- what comes in
    def capture(self, payload: dict[str, Any], *, at_ms: int | None = None) -> str | None:
        """Keep one hook payload as a hook would; gives the event's uid, or None if nothing of it may be kept."""
        from claudemem_lib import capture as edge  # noqa: PLC0415
        from claudemem_lib import private, rules  # noqa: PLC0415

        at_ms = self.clock() if at_ms is None else at_ms
        event = edge.event_from(payload, rules.load(self.data_dir), at_ms=at_ms)
        event = None if event is None else private.held_back(event, f"{self.data_dir}/{paths.PRIVATE}")
        if event is None:
            return None
        return edge.write(event, f"{self.data_dir}/{paths.INBOX}", at_ms)

    def take_in(self, until: Callable[[], bool] = lambda: False) -> TakenIn:
        """Move what hooks left in the inbox into the queue."""
        if self.database.read_only:
            return TakenIn()
        return intake.take_in(self.database, self.data_dir, self.clock, until)

    def backfill(self, path: str | os.PathLike[str] | None = None, *, dry_run: bool = False) -> Backfill:
        """A run over Claude Code transcripts (a file, a folder, or the host's own); iterate over it to do the work."""
        from claudemem_lib.backfill import Backfill  # noqa: PLC0415

        return Backfill(self.database, self.data_dir, path, dry_run=dry_run, clock=self.clock)

    def remember(  # noqa: PLR0913  # what a note can carry
        self,
        text: str,
        *,
        title: str | None = None,
        project: str | None = None,
        created_ms: int | None = None,
        files: Iterable[str] = (),
        concepts: Iterable[str] = (),
    ) -> int:
        """Save a note; gives its id. *project* is a project's name or a folder (default: the working directory)."""
        from claudemem_lib import notes  # noqa: PLC0415

        at_ms = self.clock() if created_ms is None else created_ms
        about: Any = {"title": title, "project": project, "files": files, "concepts": concepts}
        return notes.add(self.database, text, at_ms=at_ms, own=self.settings.redact_patterns, **about)

    # ---------------------------------------------------------------------------------------------- what is made of it
    def prune(self, *, dry_run: bool = False) -> Pruned:
        """Let leave what is over its time or beyond the cap, and shrink the file; gives rows and bytes. Context files follow."""
        from claudemem_lib import folder_context, retention  # noqa: PLC0415

        if not dry_run:
            self.curate.lapse()
            folder_context.refresh(self.database, self.settings)
        return (retention.survey if dry_run else retention.prune)(self.database, self.settings, self.clock())

    def reload(self) -> tuple[str, ...]:
        """Use changed settings from the next batch on; gives what could not be used, one sentence each."""
        current, self.problems = settings.reload(self.data_dir, self.settings)
        if current != self.settings:
            self.settings = current
            settings.write_rules(self.data_dir)
        if "observer" in self.__dict__ and self._made_of != self._assembly.state(current):
            del self.__dict__["observer"]
            events.hurry(self.database)
        return (*self.problems, *self._assembly.problems(current))

    def check(self) -> None:
        """Read every page of the file; StoreCorrupt if it is damaged, and nothing is written from then on."""
        from claudemem_lib.store import checkup  # noqa: PLC0415

        checkup.check(self.database)

    # ---------------------------------------------------------------------------------------------- what goes out
    def search(  # noqa: PLR0913  # the filters of the original
        self,
        query: str = "",
        *,
        kind: str | Sequence[str] = (),
        type: str | Sequence[str] = (),  # noqa: A002  # the word every front end uses
        concepts: str | Sequence[str] = (),
        files: str | Sequence[str] = (),
        project: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = 20,
        offset: int = 0,
        after: int | str | None = None,
        order: str = "relevance",
    ) -> list[Hit]:
        """Hits, best first. Without a query: the newest. Lists may be given as one text with commas.

        *kind* is observation, summary, note or prompt; *type* an observation type; *files* parts of paths; *until_ms* is
        exclusive. The next page: *after* the last hit (its id; P10 for a prompt), which nothing that comes in meanwhile moves.
        """
        filters = search.filters(located.ids(self.database, project), kind, type, concepts, files, since_ms, until_ms)
        return self._finder().search(query, filters, search.page(order, limit, offset, after))

    def found(  # the arguments of search
        self,
        query: str = "",
        *,
        limit: int = 20,
        offset: int = 0,
        after: int | str | None = None,
        order: str = "relevance",
        **filters: Any,
    ) -> Found:
        """What search() gives, with how many there are in all and what the next page comes after."""
        page = search.page(order, limit, offset, after)
        only, type_ = located.ids(self.database, filters.pop("project", None)), filters.pop("type", ())
        return self._finder().found(query, search.filters(only, type_=type_, **filters), page)

    def _finder(self) -> Finder:
        return search.Finder(database=self.database, now_ms=self.clock(), near=self.embedding.near)

    def suggestion(self, query: str) -> str:
        """The query with unknown words replaced by known ones like them: "did you mean"; "" if there is nothing to suggest."""
        return search.suggestion(self.database, query)

    def count(  # noqa: PLR0913  # the filters of search
        self,
        *,
        kind: str | Sequence[str] = (),
        type: str | Sequence[str] = (),  # noqa: A002  # as in search
        concepts: str | Sequence[str] = (),
        files: str | Sequence[str] = (),
        project: str | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> int:
        """How many memories pass the filters of a search: those that could be found at all."""
        filters = search.filters(located.ids(self.database, project), kind, type, concepts, files, since_ms, until_ms)
        return fulltext.count(self.database, filters)

    def timeline(  # noqa: PLR0913  # an anchor can be given in three ways
        self,
        anchor: int | str | None = None,
        *,
        at_ms: int | None = None,
        query: str | None = None,
        before: int = 10,
        after: int = 10,
        project: str | None = None,
    ) -> list[Moment]:
        """What happened around an *anchor* (12, "#12", a prompt as "P10"), a time, or the best hit of a query; oldest first."""
        from claudemem_lib import timeline  # noqa: PLC0415

        if sum(given is not None for given in (anchor, at_ms, query)) != 1:
            message = "give exactly one of anchor, at_ms and query"
            raise BadRequest(message)
        if query is not None:
            hits = self.search(query, project=project, limit=1)
            if not hits:
                message = f"nothing found for {query!r}, so there is no place in time to show"
                raise NotFound(message)
            anchor = hits[0].handle
        only = (located.ids(self.database, project) or (None,))[0]
        span = (given.bounded("before", before, 0), given.bounded("after", after, 0))
        return timeline.around(self.database, timeline.place_of(anchor), given.moment("at_ms", at_ms), span, only)

    def get(self, ids_wanted: Iterable[int]) -> list[StoredMemory]:
        """Memories in full, in the order of the ids; unknown ids are left out."""
        return memories.get(self.database, given.ids(ids_wanted))

    def context(
        self, cwd: str | None = None, *, source: str = "startup", session: str = "", given: Settings | None = None
    ) -> str:
        """What a session starting in *cwd* would be told ("" for nothing); *source* as the host's SessionStart says it.

        *given* shows it with other settings than those in force.
        """
        return self.told(cwd, source=source, session=session, given=given).text

    def told(self, cwd: str | None = None, *, source: str = "startup", session: str = "", given: Any = None) -> Told:
        """As context(), with why each memory is in it."""
        from claudemem_lib import reasons  # noqa: PLC0415

        where = (located.folder(cwd), source, session)
        return reasons.told(self.database.connection(), given or self.settings, where, self.clock())

    def sessions(self, project: str | None = None, *, limit: int = 50, offset: int = 0) -> list[Session]:
        """Sessions, most recently active first."""
        only = (located.ids(self.database, project) or (None,))[0]
        return sessions.sessions(
            self.database, only, given.bounded("limit", limit, 1), given.bounded("offset", offset, 0)
        )

    def projects(self) -> list[status.ProjectRow]:
        """Projects, most recently active first, with how much is known of each."""
        return status.projects(self.database)

    def stats(self) -> dict[str, Any]:
        """Counts, queue, sizes and problems, as plain values."""
        inbox = {"waiting": len(intake.waiting(self.data_dir)), "bad": len(intake.bad(self.data_dir))}
        chosen = self._assembly.told(self.settings)
        chosen |= {"semantic": self.embedding.status(), "switched_off": self.pauses.told(self.settings)}
        return {
            "data_dir": self.data_dir,
            **status.stats(self.database, self.clock()),
            "inbox": inbox,
            **chosen,
            "problems": [*self.problems, *chosen["problems"]],
        }
