"""The product in ten seconds, in a folder that is gone afterwards: remember some real sessions, search, show the context."""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict

from claudemem_lib import transcripts
from claudemem_lib.backfill import host_folder
from claudemem_lib.memory import Memory
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from claudemem_lib.models import Hit

NEWEST = 5
MOST_BYTES = 20_000_000


def run() -> dict[str, Any]:
    """Everything the demo shows, as plain values; the user's own memory and transcripts are not touched."""
    found = _tried(str(host_folder()), own_transcripts())
    return found if found["memories"] else _tried("the sample that comes with claude-mem", _sample())


def _tried(source: str, read: Iterable[Path]) -> dict[str, Any]:
    """What becomes of some transcripts, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="claude-mem-demo-") as folder:
        copies = Path(folder, "transcripts")
        copies.mkdir()
        for number, file in enumerate(read):
            shutil.copyfile(file, copies / f"{number:02}-{file.name}")
        with Memory(str(Path(folder, "memory")), Settings(provider="local")) as memory:
            return {"source": source, **_shown(memory, copies)}


def own_transcripts() -> list[Path]:
    """The user's newest transcripts, as many as a demo can read at once."""
    folder = host_folder()
    chosen: list[Path] = []
    size = 0
    for file in transcripts.find(folder) if folder.is_dir() else []:
        if len(chosen) == NEWEST:
            break
        if not file.name.startswith("agent-") and size + file.stat().st_size <= MOST_BYTES:
            size += file.stat().st_size
            chosen.append(file)
    return chosen


def _sample() -> Iterator[Path]:
    """The transcripts the package ships, recorded from the real client."""
    with as_file(files("claudemem_lib") / "sample") as folder:
        yield from sorted(folder.glob("*.jsonl"))


def _shown(memory: Memory, source: Path) -> dict[str, Any]:
    for _ in memory.backfill(source):
        pass
    observed = memory.observe_pending()
    newest = memory.search(limit=8)
    query = _question(newest)
    project = max(memory.projects(), key=lambda row: (row.last_ms, row.memories), default=None)
    return {
        "counts": memory.stats()["counts"],
        "events": observed.events,
        "memories": newest,
        "query": query,
        "hits": memory.search(query, limit=5) if query else [],
        "project": project.name if project else "",
        "context": memory.context(project.root) if project else "",
    }


def _question(newest: list[Hit]) -> str:
    """A search worth showing: the telling words of an observation's title."""
    title = next((hit.title for hit in newest if hit.kind == "observation"), newest[0].title if newest else "")
    words = sorted((word.strip(".,:;()'\"`") for word in title.split()), key=len, reverse=True)
    return " ".join(word for word in words[:2] if word)


def as_json(found: dict[str, Any]) -> dict[str, Any]:
    """The same with hits as plain objects, a prompt's id as it is called everywhere."""
    plain = {name: value for name, value in found.items() if not isinstance(value, list)}
    return plain | {
        name: [{**asdict(hit), "id": hit.handle if hit.kind == "prompt" else hit.id} for hit in value]
        for name, value in found.items()
        if isinstance(value, list)
    }
