"""Turns that leave nothing behind: a wholly private prompt takes its tool uses, its answer and what retells it with it.

Which turns these are is kept as empty files, because every hook call is a process of its own.
"""

from __future__ import annotations

from claudemem_lib import lean
from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def held_back(event: dict[str, Any], folder: str) -> dict[str, Any] | None:
    """*event* as it may be kept, None if nothing of it may. *folder* holds the marks and is brought up to date."""
    marks = _Marks(folder, event)
    if event["kind"] == "private" or marks.retells(event):
        marks.set()
        return None
    if event["kind"] == "prompt":
        marks.turn_is_public()
    return marks.filter(event)


class _Marks:
    """Which turns of a session are private, kept as empty files because every hook call is its own process."""

    def __init__(self, folder: str, event: dict[str, Any]) -> None:
        """Marks for the session and, where the host names it, the turn of *event*."""
        self.folder = folder
        session = _file_name(event["session"])
        turn = event.get("prompt_id")
        self.session_mark = f"s-{session}"
        self.turn_mark = f"p-{_file_name(turn)}" if turn else f"t-{session}"

    def set(self) -> None:
        """From here on this turn is private."""
        for mark in (self.turn_mark, self.session_mark):
            lean.write_whole(self.folder, mark, "")  # again each time: marks are tidied by their age

    def retells(self, event: dict[str, Any]) -> bool:
        """Whether the host wakes the model with the result of a task that a private turn may have started."""
        return event.get("origin") == "host" and "<task-notification" in event["text"] and self._has(self.session_mark)

    def turn_is_public(self) -> None:
        """A prompt came that may be kept: an unnamed private turn is over."""
        if self.turn_mark.startswith("t-") and self._has(self.turn_mark):
            system.unlink(f"{self.folder}/{self.turn_mark}")

    def filter(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """*event*, None if it belongs to a private turn, without its text if it retells one."""
        if event["kind"] in ("start", "end"):
            return event
        if self._has(self.turn_mark):
            return None
        if event["kind"] in ("compact", "compacted") and self._has(self.session_mark):
            event["text"] = ""
        return event

    def _has(self, mark: str) -> bool:
        try:
            system.stat(f"{self.folder}/{mark}")
        except OSError:
            return False
        return True


def _file_name(text: str) -> str:
    """A file name for any id a host may use."""
    if len(text) <= 64 and text.replace("-", "").isalnum() and text.isascii():  # noqa: PLR2004
        return text
    return text.encode("utf-8", "replace").hex()[:200]
