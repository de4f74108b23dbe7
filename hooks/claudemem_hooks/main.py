"""One hook call from start to end: read the host's JSON, keep one event, print context where it is asked for.

Always ends with status 0, nothing on standard error, and nothing or one JSON object on standard output, whatever is
broken.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C module under signal, which would import enum

from claudemem_lib import capture, ids, lean, paths, private, rules
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
    _disarm()
    if not isinstance(payload, dict):
        if size:
            _note_bad_input(size, data_dir)
        return
    in_force = rules.load(data_dir)
    event = None if paths.environment("CLAUDE_MEM_INTERNAL") else keep(payload, in_force, data_dir)
    if event is not None:
        capture.write(event, f"{data_dir}/{paths.INBOX}")
    if wants_context:
        from claudemem_hooks.context import say  # noqa: PLC0415  # may open the database; only SessionStart needs it

        say(payload, in_force, data_dir)


def _note_bad_input(size: int, data_dir: str) -> None:
    """Leave word of input that was no event; its text may be private, so only its size."""
    reason = f"a hook was given {size} bytes that are not one JSON object"
    lean.write_whole(f"{data_dir}/{paths.BAD}", f"{ids.new_uid(ids.now_ms())}.reason", reason)


def keep(payload: dict[str, Any], in_force: dict[str, Any], data_dir: str) -> dict[str, Any] | None:
    """The event to write: what may be kept, and for the beginning of a session or turn, where it takes place."""
    event = capture.event_from(payload, in_force, paths.environment("CLAUDE_PROJECT_DIR") or "")
    event = None if event is None else private.held_back(event, f"{data_dir}/{paths.PRIVATE}")
    folder = "" if event is None else event.get("project_dir") or event.get("cwd") or ""
    if event is not None and folder and event["kind"] in ("start", "prompt"):
        from claudemem_lib import projects  # noqa: PLC0415  # the branch may be another when the event is taken in

        event["place"] = projects.identify(folder)
        event["branch"] = event.get("branch") or projects.branch_of(folder)
    return event


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


def _disarm() -> None:
    """The wait is over; what comes now has bounds of its own."""
    if hasattr(_signal, "setitimer"):
        _signal.setitimer(_signal.ITIMER_REAL, 0)


def _on_alarm(_number: int, _frame: object) -> None:
    message = "standard input stayed open without a whole JSON value"
    raise TimeoutError(message)
