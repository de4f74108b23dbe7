"""One transcript retold as the hook calls that its session would have made. Pure: records in, payloads out.

Facts about the host's records, checked with the real client: a fork rewrites session and prompt ids of what it copies
and keeps the times; errors in `<tool_use_error>` and refused calls fire no hook; the text of a Stop is the last text
block of the turn; a prompt given during a turn keeps that turn's id; an API error ends a turn without a Stop.
"""

from __future__ import annotations

import posixpath
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    Told = tuple[dict[str, Any], int]

_OPEN_CALLS = 64  # tool calls waited for at a time; older ones never got their result
_QUEUED = 16
_NOT_TYPED = ("<local-command-", "<command-name>", "<bash-", "<system-reminder>", "<ide_", "Caveat: The messages below")
_INTERRUPTED = "[Request interrupted by user"
_NO_HOOK = ("<tool_use_error>", "The user doesn't want to proceed with this tool use")  # the host fires none for these
_SLASH = re.compile(
    r"<command-name>(?P<name>.*?)</command-name>(?:\s*<command-args>(?P<args>.*?)</command-args>)?", re.DOTALL
)
_SUMMARY_TAIL = re.compile(
    r"\n+(?:If you need specific details from before compaction|Please continue the conversation).*", re.DOTALL
)
_PATHS = ("file_path", "notebook_path")


class _Turn:
    """One prompt and what followed it."""

    def __init__(self, prompt_id: str) -> None:
        self.prompt_id = prompt_id
        self.text = ""  # the newest text of the model
        self.told = ""  # what a Stop has told of it already
        self.answered = False  # the newest thing is a text, not a tool call
        self.cut_short = False  # interrupted, or broken off by an API error


class Story:
    """What one file has told so far."""

    def __init__(self, session: str, at_ms: int, counts: Counter[str]) -> None:
        self.session = session
        self.at_ms = at_ms
        self.counts = counts
        self.agent, self.agent_type = "", ""
        self.cwd, self.branch, self.project_dir = "", "", ""
        self.own_from_ms: int | None = None
        self.started: list[str] = []
        self.turn = _Turn("")
        self.calls: dict[str, tuple[str, Any]] = {}
        self.queued: list[str] = []
        self.trigger = ""
        self.tellers: dict[str, Callable[[dict[str, Any]], Iterator[Told]]] = {
            "user": self._user,
            "assistant": self._assistant,
            "system": self._system,
            "attachment": self._attachment,
            "queue-operation": self._queue,
        }

    def tell(self, record: dict[str, Any]) -> Iterator[Told]:
        """What *record* adds."""
        tell = self.tellers.get(text_of(record.get("type")))
        if tell is not None and not self._is_copy(record):
            yield from self._move(record)
            yield from tell(record)

    def end(self) -> Iterator[Told]:
        """The end of the file as the end of its session."""
        yield from self._end_turn()
        for session in self.started:
            yield self._call("SessionEnd", session_id=session, reason="other")

    def _is_copy(self, record: dict[str, Any]) -> bool:
        """Whether a fork brought this record along: it was told in the session it comes from."""
        at_ms = _time_ms(record.get("timestamp"))
        if self.own_from_ms is None and at_ms is not None:
            self.own_from_ms = at_ms if record.get("type") == "queue-operation" else 0
        asked_in = record.get("requestSessionId")
        copied = at_ms is not None and self.own_from_ms is not None and at_ms < self.own_from_ms
        if copied or (asked_in is not None and asked_in != record.get("sessionId")):
            self.counts["copied"] += 1
            return True
        return False

    def _move(self, record: dict[str, Any]) -> Iterator[Told]:
        """Note when, where and in which session we are."""
        at_ms = _time_ms(record.get("timestamp"))
        session = text_of(record.get("sessionId")) or self.session
        if session != self.session:
            yield from self._end_turn()
            self.session, self.turn = session, _Turn("")
            self.project_dir = self.project_dir if self.agent else ""
        self.at_ms = self.at_ms if at_ms is None else at_ms
        self.cwd = text_of(record.get("cwd")) or self.cwd
        branch = text_of(record.get("gitBranch"))
        self.branch = branch if branch not in ("", "HEAD") else self.branch
        self.project_dir = self.project_dir or self.cwd
        if not self.agent and session not in self.started and (self.cwd or record["type"] in ("user", "assistant")):
            self.started.append(session)
            yield self._call("SessionStart", source="startup")

    def _call(self, name: str, **fields: Any) -> Told:
        """One hook call with the fields that all have."""
        base = {
            "session_id": self.session,
            "prompt_id": self.turn.prompt_id,
            "cwd": self.cwd,
            "project_dir": self.project_dir,
            "git_branch": self.branch,
            "agent_id": self.agent,
            "agent_type": self.agent_type,
        }
        return {"hook_event_name": name, **{k: v for k, v in base.items() if v}, **fields}, self.at_ms

    def _user(self, record: dict[str, Any]) -> Iterator[Told]:
        content = mapping_of(record.get("message")).get("content")
        if record.get("isCompactSummary"):
            yield self._compacted(record, _flat(content))
        elif not record.get("isMeta") and not record.get("isVisibleInTranscriptOnly"):
            results = [block for block in _blocks(content) if block.get("type") == "tool_result"]
            for block in results:
                yield from self._result(record, block, record.get("toolUseResult") if len(results) == 1 else None)
            if not results and not self._is_sidechain(record):
                yield from self._prompt(record, content)

    def _prompt(self, record: dict[str, Any], content: Any) -> Iterator[Told]:
        text = _typed(content)
        if text is None:
            self.turn.cut_short |= _flat(content).startswith(_INTERRUPTED)
            return
        yield from self._end_turn()
        self.turn = _Turn(text_of(record.get("promptId")) or ("" if self.agent else text_of(record.get("uuid"))))
        if text in self.queued:
            self.queued.remove(text)
        if not self.agent:
            yield self._call("UserPromptSubmit", prompt=text)

    def _result(self, record: dict[str, Any], block: dict[str, Any], result: Any) -> Iterator[Told]:
        tool, given = self.calls.pop(text_of(block.get("tool_use_id")), ("", None))
        said = _flat(block.get("content"))
        if not tool or (block.get("is_error") and said.startswith(_NO_HOOK)):
            return
        fields: dict[str, Any] = {"tool_name": tool, "tool_input": given, "tool_use_id": block["tool_use_id"]}
        if record.get("promptId"):
            fields["prompt_id"] = text_of(record["promptId"])
        if self._is_sidechain(record):
            fields["agent_id"] = text_of(record.get("agentId")) or "sidechain"
        if block.get("is_error"):
            yield self._call("PostToolUseFailure", **fields, error=said)
        else:
            yield self._call("PostToolUse", **fields, tool_response=block.get("content") if result is None else result)

    def _assistant(self, record: dict[str, Any]) -> Iterator[Told]:
        message = mapping_of(record.get("message"))
        aside = self._is_sidechain(record)
        if record.get("isApiErrorMessage") or message.get("model") == "<synthetic>":
            self.turn.cut_short |= bool(record.get("isApiErrorMessage")) and not aside
            return
        for block in _blocks(message.get("content")):
            if block.get("type") == "tool_use":
                self._remember_call(block)
                self.turn.answered &= aside
            elif block.get("type") == "text" and not aside and text_of(block.get("text")).strip():
                self.turn.text = block["text"].strip()
                self.turn.answered, self.turn.cut_short = True, False
        yield from ()

    def _remember_call(self, block: dict[str, Any]) -> None:
        given = block.get("input")
        if isinstance(given, dict):
            paths = {name: given[name] for name in _PATHS if isinstance(given.get(name), str)}
            given = given | {name: _absolute(path, self.cwd) for name, path in paths.items()}
        self.calls[text_of(block.get("id"))] = (text_of(block.get("name")), given)
        while len(self.calls) > _OPEN_CALLS:
            del self.calls[next(iter(self.calls))]

    def _system(self, record: dict[str, Any]) -> Iterator[Told]:
        if record.get("subtype") == "compact_boundary":
            self.trigger = text_of(mapping_of(record.get("compactMetadata")).get("trigger"))
        elif record.get("subtype") == "stop_hook_summary" and not self._is_sidechain(record):
            yield self._stop()

    def _attachment(self, record: dict[str, Any]) -> Iterator[Told]:
        """A prompt given while a turn ran belongs to that turn."""
        attached = mapping_of(record.get("attachment"))
        if attached.get("type") == "queued_command" and attached.get("commandMode", "prompt") == "prompt":
            text = _typed(attached.get("prompt"))
            if text is not None and not self.agent:
                yield self._call("UserPromptSubmit", prompt=text)

    def _queue(self, record: dict[str, Any]) -> Iterator[Told]:
        """Older clients tell of such a prompt only by taking it out of their queue, without repeating it."""
        content = record.get("content")
        if record.get("operation") == "enqueue" and _typed(content) and not text_of(content).startswith(("<", "/")):
            self.queued = [*self.queued, text_of(content)][-_QUEUED:]
        elif record.get("operation") == "remove" and content is None and self.queued:
            yield self._call("UserPromptSubmit", prompt=self.queued.pop(0))

    def _compacted(self, record: dict[str, Any], said: str) -> Told:
        summary = said.partition("\nSummary:\n")[2] or said.partition("\n\n")[2] or said
        ids = {"prompt_id": text_of(record["promptId"])} if record.get("promptId") else {}
        summary = _SUMMARY_TAIL.sub("", summary).strip()
        return self._call("PostCompact", **ids, trigger=self.trigger or "auto", compact_summary=summary)

    def _end_turn(self) -> Iterator[Told]:
        turn = self.turn
        if turn.answered and not turn.cut_short and turn.text != turn.told:
            yield self._stop()

    def _stop(self) -> Told:
        self.turn.told = self.turn.text
        return self._call("SubagentStop" if self.agent else "Stop", last_assistant_message=self.turn.text)

    def _is_sidechain(self, record: dict[str, Any]) -> bool:
        """Whether a subagent's record stands in the session's own file, as older clients wrote it."""
        return record.get("isSidechain") is True and not self.agent


def _typed(content: Any) -> str | None:
    """What the user typed, None where nothing was: host's texts, command output, reminders."""
    texts = [text_of(block.get("text")) for block in _blocks(content) if block.get("type") == "text"]
    texts = [text for text in texts if text.strip() and not text.lstrip().startswith(_NOT_TYPED)]
    text = "\n".join(texts)
    if text.startswith("<command-message>"):
        found = _SLASH.search(text)
        return f"{found['name']} {found['args'] or ''}".strip() if found else None
    if not texts and not any(block.get("type") in ("image", "document") for block in _blocks(content)):
        return None
    return None if text.startswith(_INTERRUPTED) else text


def _flat(content: Any) -> str:
    return "\n".join(text_of(block.get("text")) for block in _blocks(content))


def _blocks(content: Any) -> list[dict[str, Any]]:
    """Message content in its one shape: a list of blocks."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def text_of(value: Any) -> str:
    """*value* if it is text, else no text."""
    return value if isinstance(value, str) else ""


def mapping_of(value: Any) -> dict[str, Any]:
    """*value* if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _absolute(path: str, cwd: str) -> str:
    """*path* as the host's hooks give it."""
    if not cwd.startswith("/") or path.startswith("/"):
        return path
    return posixpath.normpath(posixpath.join(cwd, path))


def _time_ms(value: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(value).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return None
