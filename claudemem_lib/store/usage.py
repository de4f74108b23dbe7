"""The ledger of what providers were paid: one row per call, written when the call was made, whatever became of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    import apsw

    from claudemem_lib.models import Reply
    from claudemem_lib.store.database import Database


@frozen(kw_only=True)
class Call:
    """One call: who answered, how many characters it was given, what it cost in millionths of a dollar (None: not known)."""

    provider: str
    reply: Reply
    session_id: int | None
    characters: int = 0
    cost_micros: int | None = None
    purpose: str = "observe"


@frozen(kw_only=True)
class Spent:
    """What a span of time cost."""

    calls: int
    tokens: int
    cost_micros: int


@frozen(kw_only=True)
class UsageRow:
    """A day of one provider, model and purpose; *unpriced* calls have no known price and count nothing in *cost_micros*."""

    day: str
    provider: str
    model: str
    purpose: str
    calls: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_micros: int
    unpriced: int


def add(connection: apsw.Connection, call: Call, now_ms: int) -> None:
    """Write one call down, in the caller's transaction. A provider without a model costs no row."""
    used = call.reply.usage
    tokens = (used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens)
    if any(tokens):
        about = (now_ms, call.provider, call.reply.model, call.purpose, call.session_id)
        run(connection, sql.ADD_USAGE, (*about, *tokens, call.characters, call.cost_micros))


def spent(database: Database, since_ms: int) -> Spent:
    """Everything since *since_ms*."""
    calls, tokens, cost = database.row(sql.SPENT, (since_ms,))
    return Spent(calls=calls, tokens=tokens, cost_micros=cost)


def measured(database: Database, provider: str) -> float | None:
    """Characters per token of the provider's last requests, as it counted them; None before the first."""
    characters, tokens = database.row(sql.MEASURED, (provider,))
    return characters / tokens if tokens else None


def by_day(database: Database, since_ms: int) -> list[UsageRow]:
    """The ledger since *since_ms*, newest day first, days by local time."""
    names = [attribute.name for attribute in UsageRow.__attrs_attrs__]
    return [UsageRow(**dict(zip(names, row, strict=True))) for row in database.rows(sql.USAGE_BY_DAY, (since_ms,))]
