"""What the tools give back as structured values. pydantic lives here and at no other place of the product.

A host may show the model these values instead of the text beside them (Claude Code does), so they are as sparing as the text:
what is empty is left out, and times are what a person writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from claudemem_lib import render, search

if TYPE_CHECKING:
    from claudemem_lib.models import Hit, Moment, StoredMemory

TITLE_CHARACTERS = 160
FILE_CHARACTERS = 120


class HitAnswer(BaseModel):
    """One line of an index; *type* is an observation's type, else the kind (summary, note, prompt)."""

    id: int | str = Field(description="A memory's ID, or a prompt's (P10).")
    type: str
    title: str
    project: str
    when: str
    tokens: int = Field(description="What reading it in full costs.")
    file: str = ""
    engines: str = Field(description="What found it: text, vectors, text+vectors, or recent.")
    pinned: bool = False
    superseded_by: list[int] = Field(default=[], description="IDs of what is true now instead.")
    similar: list[int] = Field(
        default=[], description="IDs that say nearly the same; by relevance found too, without lines of their own."
    )


class SearchAnswer(BaseModel):
    """Hits, which engines looked, how many were found in all, how many memories passed the filters, and how to go on."""

    hits: list[HitAnswer]
    engines: list[str]
    total: int = Field(description="How many were found in all, similar ones included.")
    eligible: int
    after: str = Field(default="", description="For the next page, where there is one.")
    next: str = ""
    suggestion: str = Field(default="", description="What may have been meant, where nothing was found.")


class MomentAnswer(BaseModel):
    """One item of a timeline."""

    type: str
    title: str
    when: str
    id: int | str = Field(description="A memory's ID, or a prompt's (P10).")
    project: str = ""
    tokens: int = 0
    file: str = ""
    anchor: bool = False
    pinned: bool = False
    superseded_by: list[int] = []
    similar: list[int] = []


class TimelineAnswer(BaseModel):
    """Items of a timeline, oldest first."""

    items: list[MomentAnswer]


class MemoryAnswer(BaseModel):
    """A memory in full; see claudemem_lib.models.StoredMemory."""

    id: int
    type: str
    title: str
    when: str
    project: str = ""
    subtitle: str = ""
    narrative: str = ""
    facts: list[str] = []
    investigated: str = ""
    learned: str = ""
    completed: str = ""
    next_steps: str = ""
    notes: str = ""
    verbatim: str = ""
    concepts: list[str] = []
    files_read: list[str] = []
    files_modified: list[str] = []
    session: str = ""
    branch: str = ""
    pinned: bool = False
    superseded_by: list[int] = []
    similar: list[int] = []


class PromptAnswer(BaseModel):
    """A prompt in full."""

    id: str
    text: str
    project: str
    session: str
    when: str


class MemoriesAnswer(BaseModel):
    """Memories in full, prompts likewise, and the ids nothing is stored under."""

    memories: list[MemoryAnswer]
    prompts: list[PromptAnswer] = []
    missing: list[int | str] = []


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

    deleted: list[int | str] = []
    pending: list[int | str] = []
    confirmation: str = ""
    next: str = ""


class StatusAnswer(BaseModel):
    """The facts of `claude-mem status`."""

    facts: dict[str, Any]


def named(hit: int) -> int | str:
    """An ID as an agent is given it: a memory's number, or P10 for a prompt."""
    return hit if hit > 0 else search.name(hit)


def answer(text: str, value: BaseModel) -> CallToolResult:
    """A tool's result: compact text for the model, the same as values for programs."""
    values = value.model_dump(mode="json", exclude_defaults=True)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=values)


def hit(one: Hit) -> HitAnswer:
    """A hit as an answer."""
    return HitAnswer(
        id=_id(one),
        type=render.label(one.kind, one.type),
        title=render.line(one.title, TITLE_CHARACTERS),
        project=one.project,
        when=_when(one.created_ms),
        tokens=one.read_tokens,
        file=render.cut(one.file, FILE_CHARACTERS),
        engines="+".join(one.engines),
        **_standing(one),
    )


def moment(one: Moment) -> MomentAnswer:
    """An item of a timeline as an answer."""
    return MomentAnswer(
        id=_id(one),
        type=render.label(one.kind, one.type),
        title=render.line(one.title, TITLE_CHARACTERS),
        project=one.project,
        when=_when(one.created_ms),
        tokens=one.read_tokens,
        file=render.cut(one.file, FILE_CHARACTERS),
        anchor=one.anchor,
        **_standing(one),
    )


def _id(one: Hit | Moment) -> int | str:
    return one.handle if one.kind == "prompt" else one.id


def _standing(one: Hit | Moment) -> dict[str, Any]:
    return {"pinned": one.pinned, "superseded_by": list(one.superseded_by), "similar": list(one.similar)}


def memory(one: StoredMemory) -> MemoryAnswer:
    """A memory as an answer."""
    known = {name: value for name, value in attrs.asdict(one).items() if name in MemoryAnswer.model_fields}
    known |= {name: list(value) for name, value in known.items() if isinstance(value, tuple)}
    return MemoryAnswer(**{**known, "type": render.label(one.kind, one.type), "when": _when(one.created_ms)})


def prompt(number: int, found: dict[str, Any]) -> PromptAnswer:
    """A prompt as an answer; *found* as Browse.prompt gives it."""
    known = {name: found[name] for name in ("text", "project", "session")}
    return PromptAnswer(id=f"P{number}", when=_when(found["created_ms"]), **known)


def _when(at_ms: int) -> str:
    return f"{render.day(at_ms)} {render.clock(at_ms)}"
