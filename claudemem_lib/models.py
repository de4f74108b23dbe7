"""The values that travel: all frozen, all plain. What they mean is in docs/architecture.md; times are milliseconds UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


def handle(number: int, kind: str) -> str:
    """What a memory or prompt is called wherever it is shown: #12, P10."""
    return f"P{number}" if kind == "prompt" else f"#{number}"


@frozen(kw_only=True)
class Project:
    """What a session worked on. *key* is stable and unique, *name* is for people and unique as well."""

    id: int
    key: str
    name: str
    root: str


@frozen(kw_only=True)
class Session:
    """One session of a host. *host_id* is the host's own id; *ended_ms* is None while it runs."""

    id: int
    host_id: str
    project_id: int
    project: str
    title: str
    status: str
    branch: str
    cwd: str
    started_ms: int
    ended_ms: int | None
    last_ms: int
    prompts: int = 0
    memories: int = 0
    pending: int = 0
    tokens: int = 0


@frozen(kw_only=True)
class Event:
    """Something that happened in a turn, waiting to be observed. *payload* is what capture.event_from gave."""

    id: int
    uid: str
    kind: str
    tool: str
    payload: Mapping[str, Any]
    occurred_ms: int


@frozen(kw_only=True)
class Batch:
    """Events of one turn, claimed by one worker under *token*; what has to be known to observe them.

    *request* is the user's prompt ("" if unknown), *earlier* the turn's events that were observed before, *recap* the titles
    already stored for the session, oldest first, *finished* whether the turn's Stop was seen, *attempts* how often it failed.
    """

    token: str
    session_id: int
    host_id: str
    project_id: int
    project: str
    root: str
    branch: str
    prompt_number: int
    request: str
    events: tuple[Event, ...]
    earlier: tuple[Event, ...] = ()
    recap: tuple[str, ...] = ()
    finished: bool = False
    attempts: int = 0


@frozen(kw_only=True)
class Observation:
    """What was learned or done, as a provider tells it and before it is stored."""

    type: str
    title: str
    subtitle: str = ""
    narrative: str = ""
    facts: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    files_read: tuple[str, ...] = ()
    files_modified: tuple[str, ...] = ()


@frozen(kw_only=True)
class Summary:
    """What a turn came to."""

    request: str = ""
    investigated: str = ""
    learned: str = ""
    completed: str = ""
    next_steps: str = ""
    notes: str = ""


@frozen(kw_only=True)
class Usage:
    """Tokens of one provider call, as the provider counted them; none is counted twice.

    *cost_micros* is what it cost in millionths of a US dollar where the provider says so, else None.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_micros: int | None = None

    @property
    def prompt_tokens(self) -> int:
        """The size of the request, cached or not."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens


@frozen(kw_only=True)
class Prompt:
    """One request to a provider: instructions, the batch as fenced text, and the batch itself for providers without a model."""

    system: str
    user: str
    batch: Batch
    types: tuple[str, ...]
    concepts: tuple[str, ...]


@frozen(kw_only=True)
class Reply:
    """A provider's answer: *stop* is why it ended ("end", "length", "refusal")."""

    text: str
    model: str = ""
    usage: Usage = field(factory=Usage)
    stop: str = "end"


class Outcome(StrEnum):
    """What a reply turned out to be."""

    OBSERVATIONS = "observations"
    SUMMARY = "summary"
    SKIPPED = "skipped"
    NOTHING = "nothing"
    REFUSED = "refused"
    NOT_UNDERSTOOD = "not understood"


@frozen(kw_only=True)
class ParsedReply:
    """A reply as values. *corrections* counts what had to be mended (unknown types and the like)."""

    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    summary: Summary | None = None
    reason: str = ""
    corrections: int = 0


@frozen(kw_only=True)
class StoredMemory:
    """One remembered thing: an observation, the summary of a turn, or a note a person or agent saved.

    *verbatim* is what was said and run, word for word. *repeats* is how often the same was told again, last at *repeated_ms*.
    """

    id: int
    uid: str
    kind: str
    type: str
    title: str
    subtitle: str
    narrative: str
    facts: tuple[str, ...]
    investigated: str
    learned: str
    completed: str
    next_steps: str
    notes: str
    verbatim: str
    concepts: tuple[str, ...]
    files_read: tuple[str, ...]
    files_modified: tuple[str, ...]
    project: str
    session: str
    prompt_number: int
    branch: str
    provider: str
    model: str
    work_tokens: int
    read_tokens: int
    created_ms: int
    repeats: int = 0
    repeated_ms: int | None = None
    pinned: bool = False
    superseded_by: tuple[int, ...] = ()
    similar: tuple[int, ...] = ()


@frozen(kw_only=True)
class Hit:
    """One line of a search result; *score* is higher for better, *engines* names what found it.

    A prompt (kind "prompt") has an id of its own kind and no uid. *similar* are memories that say nearly the same: in an order
    by relevance those that were found too and have no line of their own, by date all there are.
    """

    id: int
    uid: str
    kind: str
    type: str
    title: str
    score: float
    engines: tuple[str, ...]
    project: str
    created_ms: int
    read_tokens: int
    file: str = ""
    pinned: bool = False
    superseded_by: tuple[int, ...] = ()
    similar: tuple[int, ...] = ()

    @property
    def handle(self) -> str:
        """What it is called: #12, or P10 for a prompt."""
        return handle(self.id, self.kind)


@frozen(kw_only=True)
class Found:
    """A page of hits, how many memories and prompts there are in all, and what the next page comes *after* ("" for the last)."""

    hits: tuple[Hit, ...]
    total: int
    after: str = ""


@frozen(kw_only=True)
class Moment:
    """One item of a timeline: a memory, or a prompt (kind "prompt", *id* is the prompt's own)."""

    id: int
    kind: str
    type: str
    title: str
    project: str
    session: str
    created_ms: int
    read_tokens: int
    file: str = ""
    anchor: bool = False
    pinned: bool = False
    superseded_by: tuple[int, ...] = ()
    similar: tuple[int, ...] = ()

    @property
    def handle(self) -> str:
        """What it is called: #12, or P10 for a prompt."""
        return handle(self.id, self.kind)


@frozen(kw_only=True)
class Observed:
    """What one run over the queue did."""

    batches: int = 0
    events: int = 0
    memories: int = 0
    failed: int = 0
    parked: int = 0

    def __add__(self, other: Observed) -> Observed:
        """Two runs as one."""
        names = [attribute.name for attribute in Observed.__attrs_attrs__]
        return Observed(**{name: getattr(self, name) + getattr(other, name) for name in names})


@frozen(kw_only=True)
class TakenIn:
    """What one run over the inbox did."""

    events: int = 0
    repeated: int = 0
    bad: int = 0
