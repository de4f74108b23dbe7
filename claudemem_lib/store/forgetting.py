"""What is to be forgotten, chosen row by row, and how it goes: at once, or much of it in short transactions one after the other.

A session that is chosen whole goes with its prompts and events. Of others, prompts and events are blanked and stay as empty
rows: turns keep their numbers, and an event's key tells a transcript that it was there.

The first transaction sets every tombstone and writes down what is left beside its undo; each further one takes a portion and writes
down the rest. Whoever comes next goes on with what a killed process left (unfinished, go_on); undo brings back what went so far.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from claudemem_lib.store import choosing, fulltext, memories, sessions, sql, tombstones, undo
from claudemem_lib.store.choosing import Choice
from claudemem_lib.store.connection import run
from claudemem_lib.store.memories import id_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import apsw

    from claudemem_lib.store.database import Database
    from claudemem_lib.store.tombstones import Tombstone

    Texts = Iterable[tuple[int, str, int]]

ALWAYS_MS = 253_402_300_799_999
UNITS = 50  # in a transaction: as many memories, which take about a millisecond each, most of it for their full text
_UNITS_OF = {"events": 0.1, "titles": 0.1}
ORDER = (
    "events",
    "prompts",
    "memories",
    "sessions",
    "titles",
    "project",
)  # events first, so that nothing is made of them any more
QUIET_MS = 3_600_000  # a session that was silent for an hour is over, though it did not say so


@frozen(kw_only=True)
class Chosen:
    """Numbers of rows. *sessions* go whole, *project* too; prompts and events are those of other sessions, to be blanked."""

    memories: tuple[int, ...] = ()
    prompts: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    sessions: tuple[int, ...] = ()
    titles: tuple[int, ...] = ()
    project: int | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is there that could be forgotten."""
        return not (self.memories or self.prompts or self.events or self.sessions or self.titles or self.project)


def choose(connection: apsw.Connection, choice: Choice) -> Chosen:
    """The rows that are meant, as they are now."""
    filters, values = _where(choice)
    found = _memories(connection, choice, values)
    whole = _sessions(connection, choice, filters, values) if choice.whole else []
    found = {*found, *_ids(connection, sql.MEMORIES_OF_SESSIONS, (id_list(whole),))}
    prompts: set[int] = set()
    events: set[int] = set()
    titles: set[int] = set()
    if choice.ids is not None:
        prompts = _prompts(connection, choice, filters, values)
    else:
        text, spoken = ("q.text", "e.payload") if choice.words else ("''", "''")
        near = filters + _span(choice, "q.created_ms")
        prompts = choosing.said(choice, run(connection, sql.CHOSEN_PROMPTS.format(text=text, filters=near), values))
        near = filters + _span(choice, "e.occurred_ms")
        told = run(connection, sql.CHOSEN_EVENTS.format(text=spoken, filters=near), values)
        events = choosing.said(
            choice,
            ((row[0], "\n".join(choosing.spoken(row[1])), row[2]) for row in told if choosing.may_say(choice, row[1])),
        )
        if choice.words and not choice.span:
            titles = choosing.said(choice, run(connection, sql.CHOSEN_TITLES.format(filters=filters), values))
    events |= set(_ids(connection, sql.EVIDENCE_OF, {"ids": id_list(found), "more": id_list(found)}))
    events |= set(_ids(connection, sql.PROMPT_EVENTS, (id_list(prompts),)))
    gone = {
        table: set(_ids(connection, sql.ROWS_OF_SESSIONS.format(table=table), (id_list(whole),)))
        for table in ("prompts", "events")
    }
    return Chosen(
        memories=tuple(sorted(found)),
        prompts=tuple(sorted(prompts - gone["prompts"])),
        events=tuple(sorted(events - gone["events"])),
        sessions=tuple(whole),
        titles=tuple(sorted(titles)),
        project=choice.project_id if choice.whole and not choice.span and choice.session_id is None else None,
    )


def _where(choice: Choice) -> tuple[str, dict[str, Any]]:
    """Whose rows are meant, as conditions on `s`, and the values all conditions bind."""
    since_ms, until_ms = choice.span or (0, 0)
    values: dict[str, Any] = {"since": since_ms, "until": until_ms, "quiet": choice.now_ms - QUIET_MS}
    values |= {"project": choice.project_id, "session": choice.session_id, "match": choice.match}
    filters = sql.CHOSEN_PROJECT if choice.project_id is not None else ""
    return filters + (sql.CHOSEN_SESSION if choice.session_id is not None else ""), values


def _span(choice: Choice, column: str) -> str:
    return sql.SPAN.format(column=column) if choice.span else ""


def _memories(connection: apsw.Connection, choice: Choice, values: dict[str, Any]) -> set[int]:
    """The memories that are meant. A file is meant by those that list it and by those that name it."""
    filters = _memory_filters(choice, values)
    if not choice.files:
        return set(_ids(connection, sql.CHOSEN_MEMORIES.format(text="''", filters=filters), values))
    listing = filters + _file_filters(choice, values)
    found = set(_ids(connection, sql.CHOSEN_MEMORIES.format(text="''", filters=listing), values))
    texts = run(connection, sql.CHOSEN_MEMORIES.format(text=sql.ALL_TEXT, filters=filters), values)
    return found | choosing.naming(choice, texts)


def _memory_filters(choice: Choice, values: dict[str, Any]) -> str:
    text = sql.FILTER_IS.format(column="project_id", name="project") if choice.project_id is not None else ""
    text += sql.CHOSEN_SESSION_MEMORIES if choice.session_id is not None else ""
    text += _span(choice, "m.created_ms") + (sql.CHOSEN_MATCH if choice.match else "")
    if choice.ids is not None:
        values["ids"] = id_list(choice.ids)
        text += sql.FILTER_IDS
    return text


def _file_filters(choice: Choice, values: dict[str, Any]) -> str:
    paths = []
    for number, path in enumerate(choice.files):
        folder = path.endswith("/")
        paths.append((sql.CHOSEN_FOLDER if folder else sql.CHOSEN_FILE).format(number))
        values |= {f"path{number}": path, f"end{number}": f"%/{fulltext.literal(path)}{'%' if folder else ''}"}
    return sql.CHOSEN_FILES.format(paths=" OR ".join(paths))


def _prompts(connection: apsw.Connection, choice: Choice, filters: str, values: dict[str, Any]) -> set[int]:
    """The prompts among the ids: what has a negative one."""
    near = filters + _span(choice, "q.created_ms") + sql.CHOSEN_PROMPT_IDS
    values["ids"] = id_list([-one for one in choice.ids or () if one < 0])
    return choosing.said(choice, run(connection, sql.CHOSEN_PROMPTS.format(text="q.text", filters=near), values))


def _sessions(connection: apsw.Connection, choice: Choice, filters: str, values: dict[str, Any]) -> list[int]:
    within = sql.SESSION_WITHIN if choice.span else ""
    return _ids(connection, sql.CHOSEN_SESSIONS.format(filters=filters + within), values)


def _ids(connection: apsw.Connection, text: str, values: Any) -> list[int]:
    return [row[0] for row in run(connection, text, values)]


def oldest_ms(connection: apsw.Connection, chosen: Chosen) -> int:
    """When the oldest of it was said: a copy of the file from before does not hold it."""
    names = ("memories", "prompts", "events", "sessions")
    values = {name: id_list(getattr(chosen, name)) for name in names}
    return int(run(connection, sql.OLDEST_OF, values)[0][0] or 0)


def within(connection: apsw.Connection, path: str) -> list[tuple[int, str]]:
    """What an absolute path is called within the projects that it lies in."""
    found = run(connection, sql.PROJECT_ROOTS)
    return [
        (number, path[len(root) + 1 :]) for number, root in found if path.startswith(f"{root}/") and path > f"{root}/"
    ]


def project(connection: apsw.Connection, number: int | None) -> tuple[str, str]:
    """Name and root of a project, "" where there is none."""
    found = run(connection, sql.PROJECT_NAME, (number,))
    return (found[0][0], found[0][1]) if found else ("", "")


def host_ids(connection: apsw.Connection, chosen: Chosen) -> list[str]:
    """The host's ids of the sessions that go."""
    return [row[0] for row in run(connection, sql.HOST_IDS, (id_list(chosen.sessions),))]


def bury(database: Database, kind: str, key: str, now_ms: int) -> int:
    """Forget what a tombstone from elsewhere (a memory, an event, a prompt, a span) is about, for good; gives how many rows."""
    with database.write() as connection:
        event = tombstones.event_of(key) if kind == "memory" else ""
        if event:
            found = _ids(connection, sql.EVENT_BY_KEY, (event,))
            run(connection, sql.BLANK_EVENTS, {"now": now_ms, "ids": id_list(found)})
            return 0
        choice = _meant(connection, kind, key, now_ms)
        chosen = choose(connection, choice) if choice else Chosen()
        if choice:
            _let_go(connection, chosen, now_ms)
    return len(chosen.memories) + len(chosen.prompts) + len(chosen.sessions)


def _meant(connection: apsw.Connection, kind: str, key: str, now_ms: int) -> Choice | None:
    """What a tombstone is about, None if nothing of it is here."""
    if kind in ("memory", "prompt"):
        text = sql.ID_OF_MEMORY if kind == "memory" else sql.ID_OF_PROMPT
        found = run(connection, text, (key,) if kind == "memory" else tombstones.prompt_of(key))
        return Choice(now_ms=now_ms, ids=(found[0][0],)) if found else None
    since_ms, until_ms, scope = tombstones.span_of(key)
    choice = Choice(now_ms=now_ms, since_ms=since_ms, until_ms=until_ms)
    if not scope:
        return choice
    field, _, whose = scope.partition(":")
    found = run(connection, sql.SESSION_BY_HOST if field == "session" else sql.PROJECT_BY_KEY, (whose,))
    return evolve(choice, **{f"{field}_id": found[0][0]}) if found else None


def forget(connection: apsw.Connection, choice: Choice, chosen: Chosen, number: int) -> None:
    """Delete and blank what was chosen, keeping it under the undo *number*; tombstones stand in its place.

    Of much only the first portion goes; the rest does with go_on().
    """
    made = list(_tombstones(connection, choice, chosen))
    for kind, key, _ in made:
        undo.keep_tombstone(connection, number, kind, key)
    tombstones.add(connection, made)
    left: dict[str, list[int]] = {name: list(getattr(chosen, name)) for name in ORDER[:-1]}
    left["project"] = [] if chosen.project is None else [chosen.project]
    _portion(connection, number, left, choice.now_ms)


def unfinished(database: Database) -> list[int]:
    """The undo numbers of what was begun to be forgotten and is not all gone."""
    return [row[0] for row in database.rows(sql.UNDO_LEFT)]


def go_on(database: Database, number: int) -> None:
    """Let everything go that is left of a forgetting, in short transactions; whoever else does so or undoes it meanwhile."""
    more = True
    while more:
        with database.write() as connection:
            found = [(json.loads(row[0]), row[1]) for row in run(connection, sql.UNDO_PAYLOAD, (number,))]
            more = any(
                _portion(connection, number, about["left"], now_ms) for about, now_ms in found if "left" in about
            )


def _portion(connection: apsw.Connection, number: int, left: dict[str, list[int]], now_ms: int) -> bool:
    """Let a transaction's worth go, and write down what is *left*; whether anything is."""
    room = float(UNITS)
    while room > 0 and (name := next((one for one in ORDER if left[one]), "")):
        most = 1 if name == "sessions" else max(1, int(room / _UNITS_OF.get(name, 1)))
        part, left[name] = tuple(left[name][:most]), left[name][most:]
        if name == "project":
            portion = Chosen(project=part[0])
        elif name == "sessions":  # what a worker made of it since it was chosen goes too
            portion = Chosen(
                sessions=part, memories=tuple(_ids(connection, sql.MEMORIES_OF_SESSIONS, (id_list(part),)))
            )
            room -= float(run(connection, sql.UNITS_OF_SESSION, (part[0], part[0]))[0][0]) + len(portion.memories)
        else:
            about: Any = {name: part}
            portion = Chosen(**about)
        room -= len(part) * _UNITS_OF.get(name, 1)
        _keep(connection, portion, number)
        _let_go(connection, portion, now_ms)
    more = any(left.values())
    run(connection, sql.SET_LEFT if more else sql.NONE_LEFT, {"undo": number, "left": json.dumps(left)})
    return more


def _let_go(connection: apsw.Connection, chosen: Chosen, now_ms: int) -> None:
    memories.forget(connection, chosen.memories)
    retitled = _titled_by(connection, chosen)
    run(connection, sql.BLANK_EVENTS, {"now": now_ms, "ids": id_list(chosen.events)})
    run(connection, sql.BLANK_PROMPTS, (id_list(chosen.prompts),))
    for session in retitled:
        first = run(connection, sql.FIRST_REQUEST, (session,))
        run(connection, sql.RETITLE, (sessions.title_of(first[0][0]) if first else "", session))
    run(connection, sql.DROP_SESSIONS, (id_list(chosen.sessions),))
    if chosen.project is not None:
        run(connection, sql.DROP_PROJECT, (chosen.project,))


def _keep(connection: apsw.Connection, chosen: Chosen, number: int) -> None:
    project = [] if chosen.project is None else [chosen.project]
    undo.keep(connection, number, "projects", "id", project)
    undo.keep(connection, number, "project_aliases", "project_id", project)
    undo.keep(connection, number, "sessions", "id", sorted({*chosen.sessions, *_titled_by(connection, chosen)}))
    for table in ("prompts", "events", "usage"):
        undo.keep(connection, number, table, "session_id", chosen.sessions)
    undo.keep(connection, number, "prompts", "id", chosen.prompts)
    undo.keep(connection, number, "events", "id", chosen.events)
    undo.keep_memories(connection, number, chosen.memories)


def _titled_by(connection: apsw.Connection, chosen: Chosen) -> set[int]:
    """The sessions whose title goes: it says what is forgotten, or is the beginning of a prompt that is."""
    rows = run(connection, sql.TITLES_OF, (id_list(chosen.prompts),))
    return {*chosen.titles, *(session for session, text, title in rows if title and title == sessions.title_of(text))}


def _tombstones(connection: apsw.Connection, choice: Choice, chosen: Chosen) -> Iterator[Tombstone]:
    """What keeps it from coming back."""
    now_ms = choice.now_ms
    for key in _memory_keys(connection, chosen):
        yield "memory", key, now_ms
    sessions_gone = host_ids(connection, chosen)
    for host_id in sessions_gone:
        yield "session", host_id, ALWAYS_MS
    for host_id, prompt in run(connection, sql.PROMPT_NUMBERS, (id_list(chosen.prompts),)):
        yield "prompt", tombstones.prompt_key(host_id, prompt), now_ms
    for (host_id,) in run(connection, sql.HOST_IDS, (id_list(chosen.titles),)):
        yield "prompt", tombstones.prompt_key(host_id, 0), now_ms
    keys = [row[0] for row in run(connection, sql.PROJECT_KEYS, {"id": choice.project_id})]
    for key in keys if chosen.project is not None else ():
        yield "project", key, now_ms
    if choice.span and choice.whole:
        since_ms, until_ms = choice.span
        if choice.session_id is not None:
            for (host_id,) in run(connection, sql.HOST_IDS, (id_list([choice.session_id]),)):
                yield "span", tombstones.span_key(since_ms, until_ms, host_id=host_id), now_ms
        else:
            for key in keys or [""]:
                yield "span", tombstones.span_key(since_ms, until_ms, project_key=key), now_ms


def _memory_keys(connection: apsw.Connection, chosen: Chosen) -> Iterator[str]:
    """What memories are known by elsewhere: their uids, and the events of which they would be made again."""
    for (uid,) in run(connection, sql.UIDS, (id_list(chosen.memories),)):
        yield uid
    values = {"memories": id_list(chosen.memories), "more": id_list(chosen.memories), "events": id_list(chosen.events)}
    for (key,) in run(connection, sql.EVENT_KEYS, values):
        yield tombstones.event_key(key)
