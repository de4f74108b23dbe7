"""What one event says, read so that nothing can surprise: any field may be missing, of another type, or cut short."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from claudemem_lib.models import Event

WRITERS = ("Write", "Edit", "MultiEdit", "NotebookEdit")
READERS = ("Read", "NotebookRead")
SHELLS = ("Bash", "PowerShell")
_OUTPUT_KEYS = ("stdout", "stderr", "result", "text", "output", "content", "error", "message", "file", "task")
_DEPTH = 6


@frozen(kw_only=True)
class Hunk:
    """One changed place: *lines* are marked " ", "-" or "+" as in a unified diff; *line_number* is 0 where unknown."""

    lines: tuple[str, ...]
    line_number: int = 0

    @property
    def added(self) -> int:
        """How many lines came in."""
        return sum(line.startswith("+") for line in self.lines)

    @property
    def removed(self) -> int:
        """How many lines went out."""
        return sum(line.startswith("-") for line in self.lines)


def field(value: Any, *names: str) -> str:
    """The first of *names* in *value* that is text, or ""."""
    if isinstance(value, dict):
        for name in names:
            if isinstance(value.get(name), str):
                return str(value[name])
    return ""


def given(event: Event, *names: str) -> str:
    """A text of the tool's input."""
    return field(event.payload.get("input"), *names)


def path(event: Event) -> str:
    """The file a file tool worked on, as it was written there, or ""."""
    return given(event, "file_path", "notebook_path", "path")


def relative(name: str, root: str) -> str:
    """*name* as seen from *root* if it lies inside, with forward slashes."""
    name, root = name.replace("\\", "/"), root.replace("\\", "/").rstrip("/")
    return name[len(root) + 1 :] if root and name.startswith(root + "/") else name


def command(event: Event) -> str:
    """The shell command, or ""."""
    return given(event, "command") if event.tool in SHELLS else ""


def failed(event: Event) -> bool:
    """Whether the host itself calls the use a failure."""
    return event.kind == "failure"


def interrupted(event: Event) -> bool:
    """Whether a person stopped or refused the use: this says nothing about the work."""
    payload = event.payload
    said = said_text(payload.get("error"))
    stopped = isinstance(payload.get("output"), dict) and payload["output"].get("interrupted") is True
    return (
        stopped
        or payload.get("interrupted") is True
        or "doesn't want to proceed" in said
        or "was rejected" in said[:200]
    )


def output(event: Event) -> str:
    """What came back, as text: the error of a failure, else the output."""
    if failed(event):
        return said_text(event.payload.get("error")) or said_text(event.payload.get("output"))
    return said_text(event.payload.get("output"))


def said_text(value: Any, depth: int = 0) -> str:
    """The words in a host's answer, whichever of its many shapes it has."""
    if isinstance(value, str):
        return value
    if depth > _DEPTH:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, (said_text(item, depth + 1) for item in value)))
    if isinstance(value, dict):
        return "\n".join(filter(None, (said_text(value.get(key), depth + 1) for key in _OUTPUT_KEYS)))
    return ""


def created(event: Event) -> bool:
    """Whether a write made a new file."""
    answer = event.payload.get("output")
    if isinstance(answer, dict) and isinstance(answer.get("type"), str):
        return bool(answer["type"] == "create")
    if event.tool == "Write":
        return not isinstance(answer, str) or "has been updated" not in answer
    return event.tool == "Edit" and not given(event, "old_string") and bool(given(event, "new_string"))


def hunks(event: Event) -> tuple[Hunk, ...]:
    """What an edit or write changed, from the host's patch, else from the strings it was given."""
    answer = event.payload.get("output")
    patch = answer.get("structuredPatch") if isinstance(answer, dict) else None
    found = tuple(_from_patch(patch)) if isinstance(patch, list) else ()
    if found:
        return found
    return tuple(hunk for old, new in _replacements(event) if (hunk := _from_strings(old, new)).lines)


def _from_patch(patch: list[Any]) -> Iterator[Hunk]:
    for part in patch:
        lines = part.get("lines") if isinstance(part, dict) else None
        if isinstance(lines, list):
            texts = tuple(line for line in lines if isinstance(line, str) and line[:1] in ("+", "-", " "))
            start = part.get("newStart")
            yield Hunk(lines=texts, line_number=start if isinstance(start, int) else 0)


def _replacements(event: Event) -> Iterator[tuple[str, str]]:
    """Each (old text, new text) of a file tool's input."""
    entry: Mapping[str, Any] | Any = event.payload.get("input")
    if event.tool == "MultiEdit" and isinstance(entry, dict) and isinstance(entry.get("edits"), list):
        for edit in entry["edits"]:
            yield field(edit, "old_string"), field(edit, "new_string")
    elif event.tool in WRITERS:
        yield field(entry, "old_string"), field(entry, "new_string", "content", "new_source")


def _from_strings(old: str, new: str) -> Hunk:
    before, after = old.splitlines(), new.splitlines()
    if not before:
        return Hunk(lines=tuple(f"+{line}" for line in after))
    if len(before) * len(after) > 250_000:  # noqa: PLR2004  # a quarter of a second of comparing; beyond it, all out and all in
        return Hunk(lines=(*(f"-{line}" for line in before), *(f"+{line}" for line in after)))
    compared = difflib.ndiff(before, after, linejunk=None, charjunk=None)
    return Hunk(lines=tuple(line[0] + line[2:] for line in compared if line[:1] in ("+", "-", " ")))
