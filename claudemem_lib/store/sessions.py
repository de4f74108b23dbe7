"""Projects, sessions and prompts: rows that say who, where and when."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from attrs import evolve

from claudemem_lib.models import Session
from claudemem_lib.store import sql
from claudemem_lib.store.connection import run
from claudemem_lib.store.memories import id_list
from claudemem_lib.words import terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from claudemem_lib.store.database import Database

TITLE_CHARACTERS = 100
NAMED = "name:"  # how the key of a project begins of which no folder is known


def project_id(connection: apsw.Connection, identity: tuple[str, str, str], at_ms: int) -> int:
    """The id of the project with this (key, name, root); a new one gets a name nobody has."""
    key, name, root = identity
    known = run(connection, sql.PROJECT_BY_KEY, (key,))
    if known:
        return int(known[0][0])
    named = run(connection, sql.PROJECT_BY_KEY, (f"{NAMED}{name}",)) if root else []
    if named and not named[0][3]:  # what is known of it by name only belongs to the first folder of that name
        run(connection, sql.ADOPT_PROJECT, (key, root, named[0][0]))
        run(connection, sql.ADD_ALIAS, (f"{NAMED}{name}", named[0][0]))
        return int(named[0][0])
    return int(run(connection, sql.ADD_PROJECT, (key, free_name(connection, name, root), root, at_ms))[0][0])


def free_name(connection: apsw.Connection, name: str, root: str) -> str:
    """What a project in the folder *root* can be called that no other is."""
    return next(other for other in _names(name, root) if not run(connection, sql.PROJECT_BY_NAME, (other,)))


def _names(name: str, root: str) -> Iterator[str]:
    """What a project may be called: *name*, then with more and more of its parent folders before it, then numbered."""
    yield name
    parts = [part for part in root.split("/") if part]
    yield from ("/".join(parts[-length:]) for length in range(2, len(parts) + 1))
    yield from (f"{name} {number}" for number in count(2))


def session_for(connection: apsw.Connection, host_id: str, at_ms: int, where: dict[str, Any]) -> int:
    """The id of the host's session, made if new. *where* has `identity`, `cwd` and `branch`."""
    known = run(connection, sql.SESSION_BY_HOST, (host_id,))
    if known:
        session, project, _, cwd = known[0]
        run(connection, sql.TOUCH_SESSION, {"id": session, "at": at_ms, "branch": where["branch"]})
        if where["cwd"] and not cwd:
            _adopt(connection, (session, project), where, at_ms)
        return int(session)
    project = project_id(connection, where["identity"], at_ms)
    values = (host_id, project, where["cwd"], where["branch"], at_ms, at_ms)
    return int(run(connection, sql.ADD_SESSION, values)[0][0])


def _adopt(connection: apsw.Connection, known: tuple[int, int], where: dict[str, Any], at_ms: int) -> None:
    """The session's folder became known later than the session: it and what is stored of it move to that project."""
    session, before = known
    project = project_id(connection, where["identity"], at_ms)
    run(connection, sql.ADOPT_SESSION, (project, where["cwd"], session))
    run(connection, sql.ADOPT_MEMORIES, (project, session))
    run(connection, sql.DROP_EMPTY_PROJECT, {"id": before})


def project_of(connection: apsw.Connection, session: int) -> int:
    """The id of the session's project as it is known now."""
    return int(run(connection, sql.PROJECT_OF, (session,))[0][0])


def start(connection: apsw.Connection, session: int, source: str, at_ms: int) -> None:
    """The session began, or goes on: it is active, and it was told its context now."""
    run(connection, sql.START_SESSION, {"id": session, "source": source, "at": at_ms})


def ended_by(connection: apsw.Connection, host_id: str, at_ms: int) -> bool:
    """Whether the host's session is known to have ended at *at_ms* or later."""
    return bool(run(connection, sql.ENDED_BY, (host_id, at_ms)))


def end(connection: apsw.Connection, session: int, at_ms: int) -> None:
    """The session is over."""
    run(connection, sql.END_SESSION, {"id": session, "at": at_ms})


def add_prompt(connection: apsw.Connection, session: int, event: dict[str, Any], at_ms: int) -> int:
    """Store a prompt; gives its number within the session, from 1. The first of the user's names the session.

    A session that ended before goes on with it: a host may resume without saying so.
    """
    run(connection, sql.CONTINUE_SESSION, (session, at_ms))
    number = int(run(connection, sql.LAST_PROMPT, (session,))[0][0]) + 1
    origin, text = event.get("origin", "user"), event.get("text", "")
    run(connection, sql.ADD_PROMPT, (session, number, event.get("prompt_id", ""), origin, text, terms_of(text), at_ms))
    if origin == "user":
        run(connection, sql.TITLE_SESSION, (title_of(text), session))
    return number


def title_of(text: str) -> str:
    """The first line of a prompt that says something, short enough for a list."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


def prompt_number(connection: apsw.Connection, session: int, event: dict[str, Any], at_ms: int) -> int:
    """The number of the prompt an event belongs to: the one the host names, else the newest before it; 0 before any."""
    named = run(connection, sql.PROMPT_NUMBER, (session, event.get("prompt_id", "")))[0][0]
    if named is not None:
        return int(named)
    before = run(connection, sql.PROMPT_AT, (session, at_ms))
    return int(before[0][0]) if before else 0


def sessions(
    database: Database, project: int | None, limit: int, offset: int, host: str | None = None
) -> list[Session]:
    """Sessions, most recently active first, with the tokens spent on observing them."""
    values = {"project": project, "host": host, "limit": limit, "offset": offset}
    found = [_session(row) for row in database.rows(sql.SESSIONS, values)]
    spent = dict(database.rows(sql.SESSION_TOKENS, (id_list(one.id for one in found),))) if found else {}
    return [evolve(one, tokens=spent.get(one.id, 0)) for one in found]


def _session(row: tuple[Any, ...]) -> Session:
    names = ("id", "host_id", "project_id", "project", "title", "status", "branch", "cwd", "started_ms", "ended_ms")
    return Session(**dict(zip((*names, "last_ms", "prompts", "memories", "pending"), row, strict=True)))
