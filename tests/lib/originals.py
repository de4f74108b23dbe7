"""Databases as the original claude-mem made them, of any generation of its schema (the numbers are those of its migrations)."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    from pathlib import Path

GENERATIONS = (4, 5, 6, 8, 9, 10, 11, 16, 17, 20, 21)
AT_MS = 1_769_413_090_000
_FIELDS = ("title", "subtitle", "facts", "narrative", "concepts", "files_read", "files_modified")
_SUMMARY = ("request", "investigated", "learned", "completed", "next_steps", "files_read", "files_edited", "notes")
_TIMES = ("created_at", "created_at_epoch")


def columns(generation: int) -> dict[str, tuple[str, ...]]:
    """The columns each table has in a generation."""
    inner, host = (
        ("memory_session_id", "content_session_id") if generation >= 17 else ("sdk_session_id", "claude_session_id")
    )
    numbered = ("prompt_number",) * (generation >= 6)
    tokens = ("discovery_tokens",) * (generation >= 11)
    tables: dict[str, tuple[str, ...]] = {
        "schema_versions": ("version", "applied_at"),
        "sdk_sessions": (
            host, inner, "project", "user_prompt", "started_at", "started_at_epoch", "completed_at", "completed_at_epoch", "status",
            *("worker_port",) * (generation >= 5), *("prompt_counter",) * (generation >= 6),
            *("claude_resume_session_id", "last_input_tokens") * (generation >= 21),
        ),
        "observations": (
            inner, "project", "text", "type", *numbered, *_FIELDS * (generation >= 8), *tokens, *_TIMES,
        ),
        "session_summaries": (inner, "project", *_SUMMARY, *numbered, *tokens, *_TIMES),
    }  # fmt: skip
    if generation >= 10:
        tables["user_prompts"] = (host, "prompt_number", "prompt_text", *_TIMES)
    if generation >= 16:
        tables["pending_messages"] = (
            "session_db_id",
            host,
            "message_type",
            "tool_name",
            "cwd",
            "status",
            "created_at_epoch",
        )
    return tables


class Made:
    """One such file; rows are given by the newest names, and what a generation has no column for is left out."""

    def __init__(self, path: Path, generation: int = 21) -> None:
        self.path, self.generation = path, generation
        self._columns = columns(generation)
        with closing(apsw.Connection(str(path))) as connection:
            for table, names in self._columns.items():
                connection.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(names)})")
            for number in GENERATIONS[: GENERATIONS.index(generation) + 1]:
                connection.execute("INSERT INTO schema_versions(version, applied_at) VALUES (?, 'then')", (number,))

    def add(self, table: str, **values: Any) -> None:
        """Add one row."""
        old = (
            {"content_session_id": "claude_session_id", "memory_session_id": "sdk_session_id"}
            if self.generation < 17
            else {}
        )
        named = {old.get(name, name): value for name, value in values.items()}
        row = {name: value for name, value in named.items() if name in self._columns.get(table, ())}
        if row:
            with closing(apsw.Connection(str(self.path))) as connection:
                marks = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table}({', '.join(row)}) VALUES ({marks})", tuple(row.values()))

    def session(self, name: str = "s1", **values: Any) -> None:
        """A session called *name*, its inner id mem-*name*."""
        known = {
            "content_session_id": name,
            "memory_session_id": f"mem-{name}",
            "project": "app",
            "user_prompt": "Fix it",
        }
        times = {"started_at": "2026-01-26T07:38:10.000Z", "started_at_epoch": AT_MS, "status": "completed"}
        self.add("sdk_sessions", **{**known, **times, **values})

    def prompt(self, name: str = "s1", **values: Any) -> None:
        known = {"content_session_id": name, "prompt_number": 1, "prompt_text": "Fix it", "created_at_epoch": AT_MS}
        self.add("user_prompts", **{**known, **values})

    def observation(self, title: str | None = "Fixed it", name: str = "s1", **values: Any) -> None:
        known: dict[str, Any] = {"memory_session_id": f"mem-{name}", "project": "app", "type": "bugfix", "title": title}
        known |= {"text": f"{title}: as text" if self.generation < 8 else None, "created_at_epoch": AT_MS + 5_000}
        said = {
            "facts": '["One", "Two"]',
            "concepts": '["gotcha"]',
            "files_modified": '["src/a.py"]',
            "prompt_number": 1,
        }
        self.add("observations", **{**known, **said, "narrative": "It was broken.", **values})

    def summary(self, request: str = "Fix it", name: str = "s1", **values: Any) -> None:
        known = {"memory_session_id": f"mem-{name}", "project": "app", "request": request, "completed": "It works"}
        self.add("session_summaries", **{**known, "prompt_number": 1, "created_at_epoch": AT_MS + 9_000, **values})


def many(path: Path, sessions: int, observations: int) -> Made:
    """A file with that many sessions of that many observations each."""
    made = Made(path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("BEGIN")
        for one in range(sessions):
            row = (f"s{one}", f"mem-s{one}", f"project{one % 3}", AT_MS + one * 1_000_000)
            connection.execute(
                "INSERT INTO sdk_sessions(content_session_id, memory_session_id, project, started_at_epoch) VALUES (?, ?, ?, ?)",
                row,
            )
            connection.execute(
                "INSERT INTO user_prompts(content_session_id, prompt_number, prompt_text, created_at_epoch) VALUES (?, 1, ?, ?)",
                (f"s{one}", f"prompt {one}", row[3]),
            )
            for number in range(observations):
                connection.execute(
                    "INSERT INTO observations(memory_session_id, project, type, title, narrative, facts, created_at_epoch) "
                    "VALUES (?, ?, 'change', ?, ?, ?, ?)",
                    (
                        row[1], row[2], f"Change {number} of {one}", "words of it " * 20,
                        json.dumps(["a fact"]), row[3] + number,
                    ),
                )  # fmt: skip
        connection.execute("COMMIT")
    return made
