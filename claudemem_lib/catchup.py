"""Doing the server's work where none runs, for a moment: so that what was done last is not what is missing.

Only without a model: nobody who asks a question, or starts a session, should wait for a network or pay for it unasked.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from claudemem_lib import link
from claudemem_lib.models import Observed
from claudemem_lib.store import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory


def catch_up(memory: Memory, seconds: float, session: str = "") -> Observed:
    """Take in and observe what is ready, for at most about *seconds*; nothing where a server or a model does that.

    *session* names a host's session whose turn is observed although it has not ended, as before its compaction.
    """
    until = deadline(seconds)
    memory.take_in(until=until)
    if not events.waits(memory.database):  # asking what could observe it means importing that
        return Observed()
    if memory.costs.chain.names[0] != "local" or link.holder(memory.data_dir) is not None:
        return Observed()
    own = memory.observe_pending(session=session, until=until) if session else Observed()
    return own + memory.observe_pending(flush=False, until=until)


def deadline(seconds: float) -> Callable[[], bool]:
    """A function that says whether *seconds* have gone by since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end
