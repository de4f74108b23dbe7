"""One hook call from start to end: read the host's JSON, keep one event, print context where it is asked for.

Always ends with status 0, nothing on standard error, and nothing or one JSON object on standard output, whatever is
broken.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C module under signal, which would import enum

from claudemem_lib import capture, ids, lean, paths, rules
from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

DEADLINE_S = 1.5
_CHUNK_BYTES = 65_536
_TRIES = 30


def main(argv: Sequence[str]) -> NoReturn:
    """`run.py [context] [DATA_DIR]`: handle the call on standard input and leave the process."""
    try:
        _arm()
        _handle("context" in argv[1:2], (argv[2:3] or [""])[0] or paths.data_dir())
    except BaseException:  # noqa: BLE001, S110  # the promise "never blocks": whatever is broken, the host goes on
        pass
    system._exit(0)  # noqa: SLF001  # skips the interpreter's clean-up, a fifth of the whole process


def _handle(wants_context: bool, data_dir: str) -> None:  # noqa: FBT001  # read from the command line
    payload, size = read_value(0)
    if not isinstance(payload, dict):
        if size:
            _note_bad_input(size, data_dir)
        return
    in_force = rules.load(data_dir)
    event = None if paths.environment("CLAUDE_MEM_INTERNAL") else keep(payload, in_force, data_dir)
    if event is not None:
        write_event(event, f"{data_dir}/{paths.INBOX}")
    if wants_context and in_force["context_enabled"]:
        from claudemem_hooks.context import say  # noqa: PLC0415  # opens the database; only SessionStart needs it

        say(payload, in_force, data_dir)


def _note_bad_input(size: int, data_dir: str) -> None:
    """Leave word of input that was no event; its text may be private, so only its size."""
    reason = f"a hook was given {size} bytes that are not one JSON object"
    lean.write_whole(f"{data_dir}/{paths.BAD}", f"{ids.new_uid(ids.now_ms())}.reason", reason)


def keep(payload: dict[str, Any], in_force: dict[str, Any], data_dir: str) -> dict[str, Any] | None:
    """The event to write, after the memory of which turns are private was asked and brought up to date."""
    event = capture.event_from(payload, in_force, paths.environment("CLAUDE_PROJECT_DIR") or "")
    if event is None:
        return None
    marks = PrivateTurns(f"{data_dir}/{paths.PRIVATE}", event)
    if event["kind"] == "private" or marks.retells(event):
        marks.set()
        return None
    if event["kind"] == "prompt":
        marks.turn_is_public()
    return marks.filter(event)


def write_event(event: dict[str, Any], inbox: str) -> None:
    """One file in the inbox: on disk, whole and the owner's only, before this returns."""
    at_ms = ids.now_ms()
    uid = ids.new_uid(at_ms)
    lean.write_whole(inbox, uid + ".json", lean.dumps({"v": 1, "uid": uid, "at_ms": at_ms, **event}))


class PrivateTurns:
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
            if not self._has(mark):
                lean.write_whole(self.folder, mark, "")

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


def read_value(file: int) -> tuple[Any, int]:
    """The JSON value on an open file, None if there is no whole one, and how many bytes came.

    Waits for neither the end of a pipe that stays open, nor longer than the deadline.
    """
    given = bytearray()
    tries = 0
    try:
        while chunk := system.read(file, _CHUNK_BYTES):
            given += chunk
            if tries < _TRIES and chunk.rstrip().endswith(b"}"):
                tries += 1
                value = _value_of(given)
                if value is not None:
                    return value, len(given)
    except TimeoutError:
        pass
    return _value_of(given), len(given)


def _value_of(given: bytearray) -> Any:
    """The value the bytes hold, or None while they are no whole one."""
    try:
        return lean.loads(given.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _arm() -> None:
    """Give up waiting for standard input before the host notices."""
    if hasattr(_signal, "setitimer"):
        _signal.signal(_signal.SIGALRM, _on_alarm)
        _signal.setitimer(_signal.ITIMER_REAL, DEADLINE_S)


def _on_alarm(_number: int, _frame: object) -> None:
    message = "standard input stayed open without a whole JSON value"
    raise TimeoutError(message)
