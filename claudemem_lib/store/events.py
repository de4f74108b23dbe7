"""The queue is a state of the events table. A batch is claimed with a token and a lease, and finished only by that token.

pending --claim--> claimed --finish--> finished        (in the transaction that stores what was made of it)
   ^                  |
   |<--release--------+   failure: attempts + 1, not before later; a lease that ran out counts as released
   +--> parked            too many failures, or too many workers that never came back; waits for a person
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib.errors import LeaseLost
from claudemem_lib.models import Batch, Event
from claudemem_lib.store import sql
from claudemem_lib.store.connection import run
from claudemem_lib.store.memories import id_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from claudemem_lib.store.database import Database

QUEUED = frozenset({"tool", "failure", "stop", "subagent", "compact", "compacted"})
CLAIM_LIMIT = 20
EXPIRED_AT_ONCE = 500
BACKOFF_MS = (3_000, 5_000, 10_000, 30_000, 60_000)


@frozen(kw_only=True)
class Readiness:
    """When a turn may be claimed, and how much of it at once."""

    enough: int
    age_ms: int
    most: int
    lease_ms: int
    flush: bool = False
    session: str = ""


@frozen(kw_only=True)
class QueueRow:
    """One waiting or parked event, for people; *lease_until_ms* is 0 but for one that is being observed."""

    id: int
    kind: str
    tool: str
    state: str
    attempts: int
    occurred_ms: int
    taken_ms: int
    not_before_ms: int
    error: str
    session: str
    project: str
    prompt_number: int
    lease_until_ms: int


def known(connection: apsw.Connection, key: str, uid: str) -> bool:
    """Whether this event was taken in before."""
    return bool(run(connection, sql.KNOWN_EVENT, (key, uid)))


def add(connection: apsw.Connection, event: dict[str, Any], key: str, where: tuple[int, int], now_ms: int) -> None:
    """Store one event of (session, prompt number): pending if something can be made of it, else finished at once."""
    state, finished = ("pending", None) if event["kind"] in QUEUED else ("finished", now_ms)
    payload = json.dumps({name: value for name, value in event.items() if name not in _COLUMNS}, ensure_ascii=False)
    about = (event["kind"], event.get("tool", ""))
    run(
        connection, sql.ADD_EVENT, (event["uid"], key, *where, *about, payload, event["at_ms"], state, now_ms, finished)
    )


_COLUMNS = frozenset({"place", "masked", "v", "uid", "at_ms", "kind", "tool", "session"})


def claim(database: Database, token: str, readiness: Readiness, now_ms: int) -> Batch | None:
    """The next batch, leased to *token*, or None. One statement decides, so that two workers never get the same."""
    values = {"now": now_ms, "token": token, "until": now_ms + readiness.lease_ms, "flush": readiness.flush}
    limits = {"enough": readiness.enough, "age": readiness.age_ms, "most": readiness.most}
    with database.write() as connection:
        rows = run(connection, sql.CLAIM, {**values, **limits, "session": readiness.session})
        if not rows:
            return None
        return _batch(connection, token, sorted(rows, key=lambda row: (row[5], row[0])))


def _batch(connection: apsw.Connection, token: str, rows: list[Any]) -> Batch:
    session, number = rows[0][6:8]
    host_id, project_id, project, root, branch = run(connection, sql.BATCH_SESSION, (session,))[0]
    request = run(connection, sql.REQUEST, (session, number))
    over = run(connection, sql.IS_OVER, {"id": session, "n": number, "token": token})[0][0]
    summarised = run(connection, sql.SUMMARISED, (session, number))
    return Batch(
        token=token,
        session_id=session,
        host_id=host_id,
        project_id=project_id,
        project=project,
        root=root,
        branch=branch,
        prompt_number=number,
        request=_request(request, number),
        events=_events(rows),
        earlier=_events(run(connection, sql.EARLIER, (session, number))),
        recap=tuple(row[0] for row in reversed(run(connection, sql.RECAP, (session,)))),
        finished=bool(over) and not summarised,
        attempts=max(row[8] for row in rows),
    )


def _request(found: list[Any], number: int) -> str:
    """What the user asked for; a turn that the host began goes on with what was asked before."""
    if not found:
        return ""
    text, asked = found[0]
    return str(text) if asked == number else f"Continued: {text}"


def _events(rows: Iterable[Any]) -> tuple[Event, ...]:
    return tuple(
        Event(id=row[0], uid=row[1], kind=row[2], tool=row[3], payload=json.loads(row[4]), occurred_ms=row[5])
        for row in rows
    )


def finish(connection: apsw.Connection, batch: Batch, now_ms: int) -> None:
    """Mark the batch's events finished, inside the caller's transaction; LeaseLost if they are not all this token's."""
    run(connection, sql.FINISH, (now_ms, batch.token))
    if connection.changes() != len(batch.events):
        message = "the batch was given to another worker; what was made of it here is dropped"
        raise LeaseLost(message)


def renew(database: Database, token: str, until_ms: int) -> None:
    """Keep the batch until *until_ms*; LeaseLost if another worker has it."""
    with database.write() as connection:
        run(connection, sql.RENEW, (until_ms, token))
        if not connection.changes():
            message = "the batch was given to another worker; this one asks no further"
            raise LeaseLost(message)


def hurry(database: Database) -> None:
    """End every wait: something was changed that may help."""
    with database.write() as connection:
        run(connection, sql.RETRY_WAITING)
        run(connection, sql.RETRY_PROVIDERS)


def release(database: Database, token: str, error: str = "", not_before_ms: int = 0, *, failed: bool = False) -> None:
    """Give the batch back to the queue. With an *error* the next wait is longer; *failed* counts towards being parked."""
    values = {"token": token, "error": error, "not_before": not_before_ms, "tried": bool(error), "failed": failed}
    with database.write() as connection:
        run(connection, sql.RELEASE, values)


def release_all(database: Database, *, counted: bool = True) -> int:
    """Give back every claimed batch; gives how many events.

    Those of a worker that is gone keep their count, and after CLAIM_LIMIT such workers are parked; of one that ends in good order
    the claim is not *counted*. A worker that still works on one notices when it wants to finish, and stores nothing.
    """
    with database.write() as connection:
        run(connection, sql.RELEASE_ALL, {"back": not counted})
        return connection.changes()


def backoff_ms(attempts: int) -> int:
    """The wait after a failure that *attempts* others came before."""
    return BACKOFF_MS[min(attempts, len(BACKOFF_MS) - 1)]


def park_tired(database: Database, limit: int, now_ms: int) -> int:
    """Park events that failed *limit* times, or that keep killing the worker; gives how many."""
    with database.write() as connection:
        cause = f"{CLAIM_LIMIT} workers that took this on did not come back"
        run(connection, sql.PARK_TIRED, {"limit": limit, "claims": CLAIM_LIMIT, "now": now_ms, "cause": cause})
        return connection.changes()


def retry(database: Database, event_id: int | None = None) -> int:
    """Put parked events (all, or one) back into the queue and end every wait; gives how many were parked."""
    with database.write() as connection:
        run(connection, sql.RETRY_PARKED, {"id": event_id})
        changed = connection.changes()
        run(connection, sql.RETRY_WAITING)
        run(connection, sql.RETRY_PROVIDERS)
        return changed


def discard(database: Database, event_id: int | None = None) -> int:
    """Delete parked events (all, or one); gives how many."""
    with database.write() as connection:
        run(connection, sql.DISCARD_PARKED, {"id": event_id})
        return connection.changes()


def expiring(database: Database, before_ms: int) -> tuple[int, int]:
    """How many events expire() would empty, and their bytes."""
    row = database.row(sql.EXPIRING, (before_ms,))
    return int(row[0]), int(row[1])


def expire(database: Database, before_ms: int) -> int:
    """Empty at most EXPIRED_AT_ONCE finished events from before *before_ms*; gives how many.

    Their keys stay, lest something be learned twice.
    """
    with database.write() as connection:
        rows = run(connection, sql.EXPIRED, (before_ms, EXPIRED_AT_ONCE))
        run(connection, sql.TAKE_EVENTS_OUT, (id_list([row[0] for row in rows]),))
        for row in rows:
            run(connection, sql.PUT_EVENT_BACK, row)
        return len(rows)


def counts(database: Database) -> dict[str, int]:
    """How many events are in each state."""
    found = dict(database.rows(sql.QUEUE_COUNTS))
    return {state: found.get(state, 0) for state in ("pending", "claimed", "parked", "finished")}


def waits(database: Database) -> bool:
    """Whether any event is still to be observed."""
    return bool(database.row(sql.QUEUE_WAITS)[0])


def queue(database: Database, limit: int, offset: int) -> list[QueueRow]:
    """Waiting and parked events, parked first, then oldest first."""
    names = ("id", "kind", "tool", "state", "attempts", "occurred_ms", "taken_ms", "not_before_ms", "error", "session")
    rows = database.rows(sql.QUEUE, (limit, offset))
    return [
        QueueRow(**dict(zip((*names, "project", "prompt_number", "lease_until_ms"), row, strict=True))) for row in rows
    ]
