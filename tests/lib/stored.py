"""Memories put straight into the store, where a test is about finding or showing them and not about how they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib.models import Observation, Summary
from claudemem_lib.store import memories, sessions

if TYPE_CHECKING:
    import apsw

    from claudemem_lib.memory import Memory

ROOT = "/home/you/project"


def add_observation(memory: Memory, title: str = "Something", **facts: Any) -> int:
    """An observation of its own, whatever else says the same; *facts* are fields of it, and project, session, branch,
    created_ms, work_tokens of its origin."""
    with memory.database.write() as connection:
        origin = _origin(connection, memory, facts)
        made = Observation(type=facts.pop("type", "discovery"), title=title, **facts)
        connection.execute("UPDATE memories SET content_key = NULL")
        return memories.add_observation(connection, made, origin)


def add_summary(memory: Memory, request: str = "Do something", **facts: Any) -> int:
    """The summary of a turn; *facts* as for an observation."""
    with memory.database.write() as connection:
        origin = _origin(connection, memory, facts)
        return memories.add_summary(connection, Summary(request=request, **facts), origin)


def add_note(memory: Memory, text: str, **facts: Any) -> int:
    """A note of the project at ROOT, or of the one named."""
    return memory.remember(text, **{"project": ROOT, **facts})


def _origin(connection: apsw.Connection, memory: Memory, facts: dict[str, Any]) -> memories.Origin:
    at_ms = facts.pop("created_ms", memory.clock())
    root = facts.pop("project", ROOT)
    identity = (f"path:{root}", root.rpartition("/")[2], root)
    branch, host_session = facts.pop("branch", ""), facts.pop("session", "")
    where = {"identity": identity, "cwd": root, "branch": branch}
    return memories.Origin(
        project_id=sessions.project_id(connection, identity, at_ms),
        created_ms=at_ms,
        session_id=sessions.session_for(connection, host_session, at_ms, where) if host_session else None,
        prompt_number=facts.pop("prompt_number", 1),
        branch=branch,
        work_tokens=facts.pop("work_tokens", 0),
    )


def observed(memory: Memory) -> int:
    """Take in and observe what is ready; how many events that were."""
    memory.take_in()
    return memory.observe_pending().events
