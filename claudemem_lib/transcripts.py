"""Claude Code transcripts (`*.jsonl`) read back as the hook calls that a session would have made.

The format is not promised: unknown types, wrong shapes and bad lines are counted and skipped. What is yielded has the
host's own field names, so that capture.event_from makes the same event from it as from a live hook, with the same ids.
One pass, one line in memory at a time.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib.retell import Story, mapping_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.retell import Told

MAX_LINE_BYTES = 8 << 20  # longer lines hold whole requests or images, never a conversation
_NOT_FOLDERS = {"tool-results", "memory"}


def find(folder: str | Path) -> list[Path]:
    """Every transcript at or below *folder*, newest first; without the files of the client's own compactions."""
    top = Path(folder)
    if top.is_file():
        return [top]
    found = []
    for here, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in _NOT_FOLDERS]
        found += [Path(here, name) for name in names if name.endswith(".jsonl") and not _is_clients_own(name)]
    return sorted(found, key=lambda path: (-_modified_ms(path), path))


def read(path: str | Path, *, ended_before_ms: int | None = None, counts: Counter[str] | None = None) -> Iterator[Told]:
    """The hook calls of one transcript in order, each with its time in milliseconds.

    A last turn, and the session, count as ended if the last record is older than *ended_before_ms* (None: they do).
    *counts* gets what was read: `lines`, and those skipped as `bad`, `long` or `copied` (into a fork, from its origin).
    """
    path = Path(path)
    if _is_clients_own(path.name):
        return
    told = Counter[str]() if counts is None else counts
    story = _begin(path, told)
    for record in _records(path, told):
        yield from story.tell(record)
    if ended_before_ms is None or story.at_ms < ended_before_ms:
        yield from story.end()


def _begin(path: Path, counts: Counter[str]) -> Story:
    """Start the story of a session, or of the subagent whose file this is."""
    story = Story(path.stem, _modified_ms(path), counts)
    if path.name.startswith("agent-"):
        story.agent = path.stem.removeprefix("agent-")
        story.agent_type = _agent_type(path)
        story.project_dir = _first_folder(path.parents[1].with_suffix(".jsonl"))
    return story


def _records(path: Path, counts: Counter[str]) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, one line at a time."""
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE_BYTES):
            counts["lines"] += 1
            if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                counts["long"] += 1
                while (rest := file.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
                    pass
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None if line.strip() else {}
            if isinstance(record, dict):
                yield record
            else:
                counts["bad"] += 1


def _modified_ms(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


def _is_clients_own(name: str) -> bool:
    return name.startswith("agent-acompact-")


def _agent_type(path: Path) -> str:
    """The kind of subagent, from the file beside its transcript."""
    try:
        about = mapping_of(json.loads(path.with_suffix(".meta.json").read_bytes()))
    except (OSError, ValueError, RecursionError):
        about = {}
    return text_of(about.get("agentType", "subagent"))


def _first_folder(session_file: Path) -> str:
    """Where a session began, which its subagents need not have stayed in."""
    try:
        records = _records(session_file, Counter())
        return next((text_of(record["cwd"]) for record in records if text_of(record.get("cwd"))), "")
    except OSError:
        return ""
