"""The MCP tools, resources and prompts: thin over the library's verbs, with the original's names and parameters.

Every call runs the library in a worker thread, each with its own connection to the file.
"""

from __future__ import annotations

import functools
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ToolAnnotations  # noqa: TC002  # the SDK reads annotations at run time
from pydantic import Field

from claudemem_lib import __version__, questions, render, search, when
from claudemem_lib import given as checked
from claudemem_lib.errors import BadRequest, ClaudeMemError
from claudemem_mcp import answers, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

T = TypeVar("T")
FOLDER: ContextVar[str] = ContextVar("FOLDER", default="")
"""The working directory of the host at the other end of a connection, as its relay said; "" if unknown."""
READERS = 4
KINDS = {
    "observations": "observation",
    "observation": "observation",
    "sessions": "summary",
    "session": "summary",
    "summaries": "summary",
    "summary": "summary",
    "notes": "note",
    "note": "note",
    "prompts": "prompt",
    "prompt": "prompt",
}
ORDERS = {"relevance": "relevance", "date_desc": "date_desc", "date_asc": "date_asc"}
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_DELETES = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)
_AT_ONCE = {"anthropic/alwaysLoad": True}

_List = list[Annotated[str, Field(max_length=1_000)]]
Text = Annotated[str, Field(max_length=4_000)]
MANY = 1_000

Words = Annotated[
    Annotated[_List, Field(max_length=MANY)] | Text | None, Field(description="A list, or one text with commas.")
]
Query = Annotated[str, Field(description="Words to look for; empty for the newest.", max_length=4_000)]
Limit = Annotated[int, Field(description="How many at most.", ge=1, le=1_000)]
Offset = Annotated[int, Field(description="How many to leave out first.", ge=0, le=1_000_000)]
After = Annotated[
    Annotated[int, Field(strict=True, ge=1, le=1 << 53)] | Annotated[str, Field(max_length=20)] | None,
    Field(description="For the next page: the last ID of the one before. What comes in meanwhile moves nothing."),
]
ProjectName = Annotated[Text | None, Field(description="A project's name or folder; default: all projects.")]
Milliseconds = Annotated[int, Field(ge=0, le=1 << 53)]
Time = Annotated[
    Milliseconds | Text | None,
    Field(description="2026-11-22, 2026-11-22T15:48, 7d for that long ago, or milliseconds."),
]
Type = Annotated[
    Annotated[_List, Field(max_length=MANY)] | Text | None,
    Field(description="observations, summaries, notes, prompts; or observation types such as bugfix."),
]
ObsType = Annotated[
    Annotated[_List, Field(max_length=MANY)] | Text | None,
    Field(description="bugfix, feature, refactor, change, discovery, decision; several with commas."),
]
Files = Annotated[
    Annotated[_List, Field(max_length=MANY)] | Text | None,
    Field(description="Parts of file paths, read or modified; src/* is what lies directly in a folder."),
]
IsFolder = Annotated[bool, Field(description="files and filePath are folders: only what lies directly in them.")]
Order = Annotated[
    str,
    Field(description="relevance, date_desc or date_asc.", pattern="^(relevance|date_desc|date_asc)$", max_length=9),
]
Depth = Annotated[int, Field(description="How many items at most on this side.", ge=0, le=500)]
Number = Annotated[int, Field(strict=True, ge=1, le=1 << 53)]
Anchor = Annotated[Number | Text | None, Field(description="A memory's ID (12 or #12), a prompt's (P10), or a time.")]
Ids = Annotated[
    Annotated[list[Number | Annotated[str, Field(max_length=20)]], Field(max_length=100_000)] | Number | Text,
    Field(description="IDs as search shows them: [12, 15]."),
]


class Tools:
    """The tools over one memory. Deletions of several memories wait here for their confirmation."""

    def __init__(self, memory: Memory, observe_soon: Callable[[], None], facts: Callable[[], dict[str, Any]]) -> None:
        """*observe_soon* wakes the worker; *facts* gives what the server knows of itself."""
        self._memory, self._observe_soon, self._facts = memory, observe_soon, facts
        self._limiter = anyio.CapacityLimiter(READERS)
        self._waiting: dict[str, list[int]] = {}

    def server(self) -> MCPServer[Any]:
        """An MCP server object with everything registered."""
        server: MCPServer[Any] = MCPServer(
            "claude-mem", title="claude-mem", instructions=texts.INSTRUCTIONS, version=__version__, log_level="WARNING"
        )
        server.tool("search", "Search memory", texts.SEARCH, _READS, meta=_AT_ONCE)(self.search)
        server.tool("timeline", "Timeline", texts.TIMELINE, _READS)(self.timeline)
        server.tool("get_observations", "Get memories", texts.GET, _READS)(self.get_observations)
        server.tool("save_memory", "Save a note", texts.SAVE, _WRITES)(self.save_memory)
        server.tool("session_context", "Session context", texts.CONTEXT, _READS)(self.session_context)
        server.tool("recent", "Recent memories", texts.RECENT, _READS)(self.recent)
        server.tool("forget", "Forget memories", texts.FORGET, _DELETES)(self.forget)
        server.tool("memory_status", "Memory status", texts.STATUS, _READS)(self.memory_status)
        server.resource("memory://{memory_id}", mime_type="text/markdown")(self.one_memory)
        server.resource("memory://project/{name}/recent", mime_type="text/markdown")(self.project_recent)
        server.prompt("recall", description="Find out what is remembered about something.")(recall)
        server.prompt("handoff", description="Pick up earlier work.")(handoff)
        return server

    async def _run(self, function: Callable[[], T]) -> T:
        """Run a library verb in a thread; its errors become the tool's answer."""

        def told() -> T:
            try:
                return function()
            except ClaudeMemError as error:
                raise ToolError(str(error)) from error

        return await anyio.to_thread.run_sync(told, limiter=self._limiter, abandon_on_cancel=True)

    async def search(  # noqa: PLR0913, PLR0917  # the original's parameters
        self,
        query: Query = "",
        limit: Limit = 20,
        offset: Offset = 0,
        project: ProjectName = None,
        type: Type = None,  # noqa: A002  # the original's name
        obs_type: ObsType = None,
        concepts: Words = None,
        files: Files = None,
        filePath: Files = None,  # noqa: N803  # the original's spelling
        isFolder: IsFolder = False,  # noqa: N803, FBT002
        dateStart: Time = None,  # noqa: N803
        dateEnd: Time = None,  # noqa: N803
        orderBy: Order = "relevance",  # noqa: N803
        after: After = None,
    ) -> Annotated[CallToolResult, answers.SearchAnswer]:
        """See texts.SEARCH."""
        kinds, types = _kinds_and_types(_words(type))
        wanted: dict[str, Any] = {
            "kind": kinds,
            "type": [*types, *_words(obs_type)],
            "concepts": _words(concepts),
            "files": [_folder(path) if isFolder else path for path in (*_words(files), *_words(filePath))],
            "project": project,
            "since_ms": self._time(dateStart),
            "until_ms": self._time(dateEnd, end=True),
        }
        page: dict[str, Any] = {"limit": limit, "offset": offset, "order": ORDERS[orderBy], "after": after}
        answer = await self._run(lambda: self._memory.found(query, **wanted, **page))
        eligible = await self._run(lambda: self._memory.count(**wanted))
        meant = self._memory.embedding.ready and orderBy == "relevance" and not questions.read(query).expression
        engines = ["text", *(["vectors"] if meant else [])] if query.strip() else ["recent"]
        hits = [answers.hit(one) for one in answer.hits]
        likely = "" if hits or not query.strip() else await self._run(lambda: self._memory.suggestion(query))
        hint = questions.nothing_in(query)
        more = {"after": answer.after, "next": hint or texts.DETAILS * bool(hits), "suggestion": likely}
        value = answers.SearchAnswer(hits=hits, engines=engines, total=answer.total, eligible=eligible, **more)
        index = render.hits(answer.hits, likely, hint)
        return answers.answer(f"{texts.head(answer, eligible, engines)}\n{index}", value)

    async def timeline(  # the original's parameters
        self,
        anchor: Anchor = None,
        query: Annotated[Text | None, Field(description="Around the best hit of this search.")] = None,
        depth_before: Depth = 10,
        depth_after: Depth = 10,
        project: ProjectName = None,
    ) -> Annotated[CallToolResult, answers.TimelineAnswer]:
        """See texts.TIMELINE."""
        where: dict[str, Any] = {"query": query or None}
        where["at_ms" if _is_time(anchor) else "anchor"] = self._time(anchor) if _is_time(anchor) else anchor
        found = await self._run(
            lambda: self._memory.timeline(before=depth_before, after=depth_after, project=project, **where)
        )
        return answers.answer(
            render.timeline(found), answers.TimelineAnswer(items=[answers.moment(one) for one in found])
        )

    async def get_observations(self, ids: Ids) -> Annotated[CallToolResult, answers.MemoriesAnswer]:
        """See texts.GET."""
        wanted = _ids(ids)
        found = await self._run(lambda: self._memory.get(one for one in wanted if one > 0))
        asked = await self._run(lambda: self._memory.browse.prompts(-one for one in wanted if one < 0))
        known = {one.id for one in found} | {-number for number in asked}
        missing = sorted(set(wanted) - known)
        parts = [render.memory(one) for one in found] + [render.prompt(number, one) for number, one in asked.items()]
        text = "\n\n---\n\n".join(parts)
        if missing:
            text += f"\n\nNothing is stored under {', '.join(search.name(one) for one in missing)}."
        value = answers.MemoriesAnswer(
            memories=[answers.memory(one) for one in found],
            prompts=[answers.prompt(number, one) for number, one in asked.items()],
            missing=[answers.named(one) for one in missing],
        )
        return answers.answer(text.strip(), value)

    async def save_memory(
        self,
        text: Annotated[str, Field(description="What to remember.", min_length=1, max_length=20_000)],
        title: Annotated[
            Annotated[str, Field(max_length=300)] | None, Field(description="A short name; default: the first line.")
        ] = None,
        project: Annotated[
            Text | None, Field(description="A project's name or folder; default: this session's.")
        ] = None,
    ) -> Annotated[CallToolResult, answers.SavedAnswer]:
        """See texts.SAVE."""
        where = project or FOLDER.get() or "claude-mem"
        number = await self._run(lambda: self._memory.remember(text, title=title, project=where))
        (saved,) = await self._run(lambda: self._memory.get([number]))
        value = answers.SavedAnswer(id=number, title=saved.title, project=saved.project)
        return answers.answer(f"Saved as #{number} in {saved.project}: {saved.title}", value)

    async def session_context(
        self, cwd: Annotated[str, Field(description="The folder; default: this session's.", max_length=4_000)] = ""
    ) -> Annotated[CallToolResult, answers.ContextAnswer]:
        """See texts.CONTEXT."""
        text = await self._run(lambda: self._memory.context(cwd or FOLDER.get() or None))
        return answers.answer(
            text or "Nothing is remembered of this project yet.",
            answers.ContextAnswer(text=text, tokens=-(-len(text) // 4)),
        )

    async def recent(
        self, project: ProjectName = None, limit: Limit = 20, after: After = None
    ) -> Annotated[CallToolResult, answers.SearchAnswer]:
        """See texts.RECENT."""
        return await self.search(limit=limit, project=project, after=after)

    async def forget(
        self, ids: Ids, confirmation: Annotated[Text | None, Field(description="The token of the first call.")] = None
    ) -> Annotated[CallToolResult, answers.ForgottenAnswer]:
        """See texts.FORGET."""
        wanted = sorted(set(_ids(ids)))
        if len(wanted) > 1 and (confirmation is None or self._waiting.pop(confirmation, None) != wanted):
            token = secrets.token_hex(4)
            self._waiting = {token: wanted}
            text = f"This would delete {len(wanted)} memories. To do it, repeat the call with confirmation={token!r}."
            return answers.answer(
                text,
                answers.ForgottenAnswer(pending=[answers.named(one) for one in wanted], confirmation=token, next=text),
            )
        gone = await self._run(lambda: self._memory.forget(wanted))
        deleted = [*gone.memories, *(-prompt for prompt in gone.prompts)]
        named = ", ".join(map(search.name, deleted))
        text = f"Deleted {named}. For ten minutes the user can take it back with `claude-mem undo`."
        text = text if deleted else "Nothing is stored under these IDs."
        return answers.answer(text, answers.ForgottenAnswer(deleted=[answers.named(one) for one in deleted]))

    async def memory_status(self) -> Annotated[CallToolResult, answers.StatusAnswer]:
        """See texts.STATUS."""
        facts = {**await self._run(self._memory.stats), "server": self._facts()}
        counts, queue = facts["counts"], facts["queue"]
        text = (
            f"{counts['observations']} observations, {counts['summaries']} summaries and {counts['notes']} notes of "
            f"{counts['sessions']} sessions in {counts['projects']} projects. Queue: {queue['pending']} pending, "
            f"{queue['claimed']} being observed, {queue['parked']} parked. Provider: {facts['provider']}."
        )
        text += "".join(f" Switched off: {off}." for off in facts["switched_off"])
        if queue["last_error"]:
            text += f" Last error: {queue['last_error']}"
        return answers.answer(text, answers.StatusAnswer(facts=facts))

    async def one_memory(self, memory_id: str) -> str:
        """A memory in full, as Markdown."""
        found = await self._run(lambda: self._memory.get(_ids(memory_id)))
        return render.memory(found[0]) if found else f"Nothing is stored under #{memory_id}."

    async def project_recent(self, name: str) -> str:
        """The newest memories of a project, as an index."""
        return render.hits(await self._run(lambda: self._memory.search(project=name, limit=30)))

    def _time(self, given: str | int | None, *, end: bool = False) -> int | None:
        if given is None or given == "":
            return None
        try:
            return given if isinstance(given, int) else when.moment(given, self._memory.clock(), end=end)
        except BadRequest as error:
            raise ToolError(str(error)) from error


def recall(topic: Annotated[str, Field(description="What to look for.")]) -> str:
    """See texts.RECALL."""
    return texts.RECALL.format(topic=topic)


def handoff(project: Annotated[str, Field(description="A project's name; default: the current one.")] = "") -> str:
    """See texts.HANDOFF."""
    return texts.HANDOFF.format(where=f" in {project}" if project else "")


def _words(given: list[str] | str | None) -> list[str]:
    """A list, or one text with commas."""
    parts = given.split(",") if isinstance(given, str) else given or []
    return [part.strip() for part in parts if part.strip()]


def _folder(path: str) -> str:
    """A folder as the filter for what lies directly in it."""
    return path.rstrip("/*") + "/*"


def _kinds_and_types(given: list[str]) -> tuple[list[str], list[str]]:
    """The original's `type` names a kind of record or an observation type; told apart here."""
    kinds = [KINDS[word.lower()] for word in given if word.lower() in KINDS]
    return kinds, [word for word in given if word.lower() not in KINDS and word.lower() != "all"]


@functools.singledispatch
def _ids(given: Any) -> list[int]:
    """IDs as a list, a number, or text such as `12, #15`; a prompt's (P10) negated."""
    return [given]


@_ids.register
def _(given: str) -> list[int]:
    parts = [part.strip().lstrip("#").removeprefix("S") for part in given.strip("[] ").split(",")]
    try:
        return [checked.reference(part) for part in parts]
    except BadRequest as error:
        message = f"{given!r} is no list of memory IDs; give for example [12, 15]"
        raise ToolError(message) from error


@_ids.register
def _(given: list) -> list[int]:  # type: ignore[type-arg]  # dispatched on the bare class
    return [number for one in given for number in _ids(one)]


def _is_time(anchor: int | str | None) -> bool:
    """Whether an anchor is a time: a date, or a number too large for an ID."""
    if isinstance(anchor, int):
        return anchor >= 10**11
    return isinstance(anchor, str) and ("-" in anchor or ":" in anchor or anchor.strip()[-1:] in ("d", "h", "m", "w"))
