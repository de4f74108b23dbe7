"""The ledger of what providers were paid: one row per call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    import apsw

    from claudemem_lib.models import Reply


def add(connection: apsw.Connection, provider: str, reply: Reply, session: int, now_ms: int) -> None:
    """Write one call down, in the transaction that stores its result. A provider without a model costs no row."""
    used = reply.usage
    tokens = (used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens)
    if any(tokens):
        run(connection, sql.ADD_USAGE, (now_ms, provider, reply.model, "observe", session, *tokens))
