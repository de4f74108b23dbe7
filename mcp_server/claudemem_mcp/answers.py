"""What the tools give back as structured values. pydantic lives here and at no other place of the product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel

if TYPE_CHECKING:
    from claudemem_lib.models import Hit, Moment, StoredMemory


class HitAnswer(BaseModel):
    """One line of an index; see claudemem_lib.models.Hit."""

    id: int
    uid: str
    kind: str
    type: str
    title: str
    score: float
    engines: list[str]
    project: str
    created_ms: int
    read_tokens: int
    file: str


class SearchAnswer(BaseModel):
    """Hits, which engines looked, and how many memories passed the filters."""

    hits: list[HitAnswer]
    engines: list[str]
    eligible: int


class MomentAnswer(BaseModel):
    """One item of a timeline; see claudemem_lib.models.Moment."""

    id: int
    kind: str
    type: str
    title: str
    project: str
    session: str
    created_ms: int
    read_tokens: int
    file: str
    anchor: bool


class TimelineAnswer(BaseModel):
    """Items of a timeline, oldest first."""

    items: list[MomentAnswer]


class MemoryAnswer(BaseModel):
    """A memory in full; see claudemem_lib.models.StoredMemory."""

    id: int
    uid: str
    kind: str
    type: str
    title: str
    subtitle: str
    narrative: str
    facts: list[str]
    investigated: str
    learned: str
    completed: str
    next_steps: str
    notes: str
    concepts: list[str]
    files_read: list[str]
    files_modified: list[str]
    project: str
    session: str
    prompt_number: int
    branch: str
    provider: str
    model: str
    work_tokens: int
    read_tokens: int
    created_ms: int


class MemoriesAnswer(BaseModel):
    """Memories in full, and the ids nothing is stored under."""

    memories: list[MemoryAnswer]
    missing: list[int]


class SavedAnswer(BaseModel):
    """A saved note."""

    id: int
    title: str
    project: str


class ContextAnswer(BaseModel):
    """The text a session start is told."""

    text: str
    tokens: int


class ForgottenAnswer(BaseModel):
    """What was deleted, or what a confirmation would delete."""

    deleted: list[int]
    pending: list[int]
    confirmation: str


class StatusAnswer(BaseModel):
    """The facts of `claude-mem status`."""

    facts: dict[str, Any]


def answer(text: str, value: BaseModel) -> CallToolResult:
    """A tool's result: compact text for the model, the same as values for programs."""
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=value.model_dump(mode="json")
    )


def hit(one: Hit) -> HitAnswer:
    """A hit as an answer."""
    return HitAnswer(**_plain(one))


def moment(one: Moment) -> MomentAnswer:
    """An item of a timeline as an answer."""
    return MomentAnswer(**_plain(one))


def memory(one: StoredMemory) -> MemoryAnswer:
    """A memory as an answer."""
    return MemoryAnswer(**_plain(one))


def _plain(value: Any) -> dict[str, Any]:
    return {name: list(one) if isinstance(one, tuple) else one for name, one in attrs.asdict(value).items()}
