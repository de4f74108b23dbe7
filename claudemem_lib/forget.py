"""Forgetting: what is meant by a person's words, what would go, and letting it go.

Everything that is remembered of it goes at once: rows, full text, vectors, raw events, titles. For a few minutes it is kept apart
so that it can be brought back; then that goes too (curate.lapse), with the bad files of the inbox that held it and, if asked
for, the copies of the memory file from before. Tombstones keep transcripts, bundles and late events from bringing it back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from attrs import evolve, frozen

from claudemem_lib import folder_context, given, intake, located, paths, questions, render, words
from claudemem_lib.browse import Browse
from claudemem_lib.errors import BadRequest
from claudemem_lib.store import choosing, feed, forgetting, fulltext, sessions, undo
from claudemem_lib.store.choosing import Choice
from claudemem_lib.store.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Unpack

    from claudemem_lib.memory import Memory
    from claudemem_lib.store.database import Database
    from claudemem_lib.store.forgetting import Chosen

LINES = 50
DAMAGED = "damaged"


class Narrowing(TypedDict, total=False):
    """What narrows a forgetting; all of it has to be true of what goes.

    *query*: words that are all in it, operators and phrases as in a search. *files*: paths, the ends of paths, or folders with a
    final slash. *session*: the host's id or its beginning. *project*: a name or folder. *until_ms* is exclusive.
    """

    query: str
    files: str | Iterable[str]
    session: str
    project: str
    since_ms: int
    until_ms: int


@frozen(kw_only=True)
class Forgotten:
    """What went, or with *dry_run* would go; *lines* show it to a person, *more* counts what they leave out.

    *copies* are files from before that may still hold it; *removed* those that go with it when it can no longer be undone.
    *lingers*: another process reads an older state, so the bytes stay in the file until it ends and the memory is opened again.
    """

    memories: tuple[int, ...] = ()
    prompts: tuple[int, ...] = ()
    sessions: tuple[str, ...] = ()
    events: int = 0
    project: str = ""
    bad_files: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    more: int = 0
    dry_run: bool = False
    lingers: bool = False

    @property
    def empty(self) -> bool:
        """Whether there was nothing of the kind."""
        return not (self.memories or self.prompts or self.sessions or self.events or self.project or self.bad_files)

    def counted(self) -> str:
        """How much it is, for people."""
        parts = (
            _counted(len(self.memories), "memory", "memories"), _counted(len(self.prompts), "prompt"),
            _counted(self.events, "raw event"), _counted(len(self.sessions), "session"),
            _counted(len(self.bad_files), "unreadable file of the inbox", "unreadable files of the inbox"),
            f"the project {self.project}" if self.project else "",
        )  # fmt: skip
        told = [part for part in parts if part]
        return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told) or "nothing"


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}" if number else ""


class Forgetting:
    """The verb `forget` of a memory: `memory.forget([42])`, `memory.forget(project="shop", dry_run=True)`."""

    def __init__(self, memory: Memory) -> None:
        """Nothing is chosen or changed yet."""
        self._memory = memory

    def __call__(
        self, ids_wanted: Iterable[int] | None = None, *, dry_run: bool = False, now: bool = False,
        backups: bool = False, **wanted: Unpack[Narrowing],
    ) -> Forgotten:  # fmt: skip
        """Forget what all that is given means, until `curate.undo` within ten minutes, or for good *now*.

        *backups*: the copies of the file that may hold it, too. *dry_run* only tells.
        """
        self._memory.take_in()  # lest something meant be still on its way
        database, now_ms = self._memory.database, self._memory.clock()
        choice = choice_of(database, now_ms, ids_wanted, wanted)
        look = Look(database, self._memory.data_dir, choice)
        if dry_run:
            return look.told(forgetting.choose(database.connection(), choice), backups=backups, dry_run=True)
        with database.write() as connection:
            chosen = forgetting.choose(connection, choice)
            told = look.told(chosen, backups=backups)
            if not (told.empty and chosen.empty and not told.removed):
                what = f"forgetting {told.counted()}"
                number = undo.begin(connection, now_ms, what, "put_back", {"remove": told.removed})
                forgetting.forget(connection, choice, chosen, number)
        gone = self._memory.curate.lapse(at_once=now)
        folder_context.refresh(database, self._memory.settings)
        return evolve(told, lingers=now and not gone)


def choice_of(database: Database, now_ms: int, ids: Iterable[int] | None, wanted: Narrowing) -> Choice:
    """What a caller means, checked; BadRequest or NotFound say what is wrong with it."""
    wanted = {name: value for name, value in wanted.items() if value is not None}  # type: ignore[assignment]  # fewer keys
    if ids is None and not wanted:
        message = "say what to forget: ids, a query, files, a session, a project, or a time"
        raise BadRequest(message)
    files = tuple(_path(path) for path in given.texts("files", wanted.get("files", ())))
    for name, value in {**wanted, **({"files": files} if "files" in wanted else {})}.items():
        if not value and name not in ("since_ms", "until_ms"):  # it would narrow nothing, and everything would go
            message = f"{name} is empty; leave it out, or say what it should be"
            raise BadRequest(message)
    since_ms, until_ms = (given.moment(name, wanted.get(name)) for name in ("since_ms", "until_ms"))
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        message = "the time ends before it begins; give the earlier moment as since and the later as until"
        raise BadRequest(message)
    match, beginnings = _match(wanted["query"]) if "query" in wanted else ("", ())
    host_id = Browse(database).session_id(given.text("session", wanted["session"])) if "session" in wanted else ""
    return Choice(
        now_ms=now_ms,
        ids=None if ids is None else tuple(given.ids(ids)),
        match=match,
        beginnings=beginnings,
        files=files,
        files_within=tuple(one for path in files for one in forgetting.within(database.connection(), path)),
        session_id=sessions.sessions(database, None, 1, 0, host_id)[0].id if host_id else None,
        project_id=next(iter(located.ids(database, wanted.get("project"))), None),
        since_ms=since_ms,
        until_ms=until_ms,
    )


def _match(query: str) -> tuple[str, tuple[str, ...]]:
    """The expression for a query, and what every text it finds must hold, letter by letter."""
    question = questions.read(given.text("a query", query))
    if question.empty:
        message = f"{query!r} holds no word to look for"
        raise BadRequest(message)
    if question.expression:
        return question.expression, ()
    plain = (part.strip(questions.PUNCTUATION) for word in question.words for part in word.text.split())
    beginnings = (fulltext.beginning(word) for word in plain if word.isalpha() and not words.parts_of(word))
    return questions.every(question.words), tuple(filter(None, beginnings))


def _path(path: str) -> str:
    """A path as it may end others; a folder ends with a slash."""
    found = str(storable(path)).removesuffix("*").removeprefix("./")
    if not found.strip("./"):
        message = f"{path!r} names no file; give a path, the end of one, or a folder with a final slash"
        raise BadRequest(message)
    return found


class Look:
    """What a person is told of what is chosen: counts, lines, and which files speak of it."""

    def __init__(self, database: Database, data_dir: str, choice: Choice) -> None:
        """Nothing is looked at yet."""
        self._database, self._data_dir, self._choice = database, Path(data_dir), choice

    def told(self, chosen: Chosen, *, backups: bool, dry_run: bool = False) -> Forgotten:
        """Everything there is to tell."""
        connection = self._database.connection()
        gone = forgetting.host_ids(connection, chosen)
        project = "" if chosen.project is None else self._project()[0]
        lines = list(self._lines(chosen, gone))
        bad = tuple(self._bad(gone))
        copies = tuple(self._copies(forgetting.oldest_ms(connection, chosen)))
        removed = [f"{paths.BAD}/{name}{end}" for name in bad for end in ("", ".reason")]
        return Forgotten(
            memories=chosen.memories,
            prompts=chosen.prompts,
            sessions=tuple(gone),
            events=len(chosen.events),
            project=project,
            bad_files=bad,
            copies=() if backups else copies,
            removed=(*removed, *(copies if backups else ())),
            lines=tuple(lines),
            more=max(0, len(chosen.memories) + len(chosen.prompts) + len(gone) - len(lines)),
            dry_run=dry_run,
        )

    def _lines(self, chosen: Chosen, gone: list[str]) -> Iterator[str]:
        """What a person is shown of it, the newest first."""
        some = [(0, feed.MEMORY, one) for one in reversed(chosen.memories[-LINES:])]
        some += [(0, feed.PROMPT, one) for one in reversed(chosen.prompts[-LINES:])]
        for entry in feed.entries(self._database, some[:LINES]):
            sign = "P" if entry.kind == "prompt" else "#"
            yield f"{sign}{entry.id} {render.label(entry.kind, entry.type)}: {render.line(entry.title, 80)}"
        for host_id in gone[: max(0, LINES - len(some))]:
            (one,) = sessions.sessions(self._database, None, 1, 0, host_id)
            yield f"session {host_id}: {render.line(one.title, 80) or 'untitled'}"

    def _project(self) -> tuple[str, str]:
        """Name and root of the project that is meant, "" for none."""
        return forgetting.project(self._database.connection(), self._choice.project_id)

    def _bad(self, gone: list[str]) -> Iterator[str]:
        """The inbox's unreadable files that speak of it. What they are about can only be seen from their text."""
        if self._choice.ids is not None:
            return
        about = [*gone, *filter(None, [self._project()[1]])]
        for name, _ in intake.bad(str(self._data_dir)):
            file = self._data_dir / paths.BAD / name
            text = file.read_text("utf-8", "replace") if file.is_file() else ""
            if self._speaks(text, about, file):
                yield name

    def _speaks(self, text: str, about: list[str], file: Path) -> bool:
        choice = self._choice
        if choice.words and not choosing.speaking_of(choice, [(0, text, 0)]):
            return False
        if choice.span and not (file.is_file() and choice.span[0] <= file.stat().st_mtime * 1000 < choice.span[1]):
            return False
        scoped = choice.session_id is not None or choice.project_id is not None
        return any(one in text for one in about) if scoped else bool(text)

    def _copies(self, oldest_ms: int) -> Iterator[str]:
        """Copies of the memory file that may hold it: those made after the oldest of it was said."""
        folders = [*self._data_dir.glob(f"{paths.BACKUPS}/*"), *self._data_dir.glob(f"{DAMAGED}/*/*")]
        for file in sorted(folders):
            if oldest_ms and file.is_file() and file.stat().st_mtime * 1000 >= oldest_ms:
                yield str(file.relative_to(self._data_dir))
