"""Which folders the original's sessions were in. It kept only a folder's last name, so this is asked of what else there is.

The host's transcripts say it of sessions of the last weeks, waiting work of a few, and files with whole paths of a project.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import original, projects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.store.original import Original

_LINES = 40
_LINE_BYTES = 1_000_000


class Folders:
    """Folders of sessions and, by what most of its sessions say, of projects."""

    def __init__(self, source: Original, transcripts: Path) -> None:
        """Look where sessions were; of projects no session tells of, look through the files that are named."""
        self._cwd: dict[str, str] = {}
        self._identities: dict[str, tuple[str, str, str]] = {}
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        waiting = {row.get("content_session_id"): row.get("cwd") for row in source.rows("pending_messages")}
        told = {path.stem: path for path in transcripts.glob("*/*.jsonl")} if transcripts.is_dir() else {}
        names = set()
        for session, name in _sessions(source):
            names.add(name)
            folder = str(waiting.get(session) or "") or (_first_folder(told[session]) if session in told else "")
            if folder:
                self._cwd[session] = folder
                votes[name][folder] += 1
        self._of = {name: folders.most_common(1)[0][0] for name, folders in votes.items() if name}
        self._of |= _named_in_files(source, names - set(self._of) - {""})

    def of(self, session: str) -> str:
        """The folder a session was in, "" if nobody knows."""
        return self._cwd.get(session, "")

    def identity(self, session: str, name: str) -> tuple[str, str, str] | None:
        """Key, name and root of the project of a session, or of the one the original called *name*; None if nobody knows."""
        folder = self._cwd.get(session) or self._of.get(name)
        if not folder:
            return None
        if folder not in self._identities:
            self._identities[folder] = projects.identify(folder)
        return self._identities[folder]


def _sessions(source: Original) -> Iterator[tuple[str, str]]:
    for table in original.SESSIONS:
        for row in source.rows(table):
            try:
                found = original.session_of(row)
            except original.Unusable:
                continue
            yield found["id"], found["project"]


def _first_folder(transcript: Path) -> str:
    """The first folder a transcript names."""
    try:
        with transcript.open("rb") as file:
            for _ in range(_LINES):
                try:
                    said: Any = json.loads(file.readline(_LINE_BYTES) or b"0")
                except ValueError:
                    continue
                if isinstance(said, dict) and isinstance(said.get("cwd"), str) and said["cwd"]:
                    return str(said["cwd"])
    except OSError:
        pass
    return ""


def _named_in_files(source: Original, names: set[str]) -> dict[str, str]:
    """Folders of these names that exist and hold a file that an observation names by its whole path."""
    found: dict[str, str] = {}
    for row in source.rows("observations") if names else ():
        name = str(row.get("project") or "")
        if name not in names or name in found:
            continue
        for column in ("files_modified", "files_read"):
            for path in original.texts(row, column):
                before, inside, _ = path.partition(f"/{name}/")
                folder = f"{before}/{name}"
                if inside and path.startswith("/") and Path(folder).is_dir():
                    found[name] = folder
    return found
