"""Replies of models that answer in JSON although they were asked for XML: brought into the form that was asked for. Pure."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTS = {"facts": "fact", "concepts": "concept", "files_read": "file", "files_modified": "file"}
_TEXTS = ("type", "title", "subtitle", "narrative")
_SUMMARY = ("request", "investigated", "learned", "completed", "next_steps", "notes")
_FENCED = re.compile(r"```\w*\s*(.*?)```", re.DOTALL)


def as_blocks(text: str) -> str:
    """The observations and the summary in *text* as XML, `<nothing/>` for an empty list of them, "" if it is no such JSON."""
    found = _json(text)
    if isinstance(found, dict) and "observations" not in found and "observation" in found:
        found = {**found, "observations": found["observation"]}
    rows = found.get("observations", found) if isinstance(found, dict) else found
    rows = rows if isinstance(rows, list) else [rows]
    summary = found.get("summary") if isinstance(found, dict) else None
    blocks = [*(_observation(row) for row in rows if _is_observation(row)), *_summary(summary)]
    empty = isinstance(found, dict) and found.get("observations") == []
    return "\n".join(blocks) or ("<nothing/>" if empty else "")


def _json(text: str) -> Any:
    fenced = _FENCED.search(text)
    inner = (fenced[1] if fenced else text).strip()
    if inner[:1] not in ("{", "["):
        return None
    try:
        return json.loads(inner)
    except (ValueError, RecursionError):
        return None


def _is_observation(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("title"), str) and bool(row["title"].strip())


def _observation(row: dict[str, Any]) -> str:
    parts = [f"<{name}>{escape(row[name], quote=False)}</{name}>" for name in _TEXTS if isinstance(row.get(name), str)]
    for name, tag in _LISTS.items():
        items = "".join(f"<{tag}>{escape(item, quote=False)}</{tag}>" for item in _texts(row.get(name)))
        parts += [f"<{name}>{items}</{name}>"] if items else []
    return f"<observation>{''.join(parts)}</observation>"


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item.strip():
            yield item


def _summary(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        told = ((name, value.get(name)) for name in _SUMMARY)
        parts = [
            f"<{name}>{escape(text, quote=False)}</{name}>"
            for name, text in told
            if isinstance(text, str) and text.strip()
        ]
        if parts:
            yield f"<summary>{''.join(parts)}</summary>"
