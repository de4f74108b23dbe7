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
_NEUTRAL = {"cursor": '{"continue":true}'}  # said whatever is broken: Cursor waits for it before it sends a prompt


def main(argv: Sequence[str]) -> NoReturn:
    """`run.py [context|codex|cursor] [DATA_DIR]`: handle the call on standard input and leave the process."""
    verb = (argv[1:2] or [""])[0]
    answer = _NEUTRAL.get(verb, "")
    try:
        _arm()
        try:
            answer = _handle(verb, (argv[2:3] or [""])[0] or paths.data_dir()) or answer
        finally:
            _say(answer)
    except BaseException:  # noqa: BLE001, S110  # the promise "never blocks": whatever is broken, the host goes on
        pass
    system._exit(0)  # noqa: SLF001  # skips the interpreter's clean-up, a fifth of the whole process


def _handle(verb: str, data_dir: str) -> str:
    """Keep what happened, and give what the host is to be told, "" for nothing."""
    payload, size = read_value(0)
    _disarm()
    if not isinstance(payload, dict):
        if size:
            _note_bad_input(size, data_dir)
        return ""
    in_force = rules.load(data_dir)
    if verb == "codex":
        from claudemem_hooks import codex  # noqa: PLC0415  # a host's own, and one more file for the others

        return _of_another_host(codex.translated(payload), in_force, data_dir, None)
    if verb == "cursor":
        from claudemem_hooks import cursor  # noqa: PLC0415  # as above

        return _of_another_host(cursor.translated(payload), in_force, data_dir, cursor)
    if "cursor_version" in payload:
        return ""  # Cursor runs Claude Code's hooks too if told to; it has entries of its own
    _write(keep(payload, in_force, data_dir, paths.environment("CLAUDE_PROJECT_DIR") or ""), data_dir)
    return claude_answer(*_context(payload, in_force, data_dir)) if verb == "context" else ""


def _of_another_host(calls: list[dict[str, Any]], in_force: dict[str, Any], data_dir: str, cursor: Any) -> str:
    """The same for calls put into Claude Code's words; *cursor* is its module where the host is Cursor."""
    said, at_ms = ("", ""), ids.now_ms()
    for number, call in enumerate(calls):
        event = keep(call, in_force, data_dir, "")
        if event is not None and cursor is not None:
            event = cursor.settled(event, call, data_dir)
        _write(event, data_dir, at_ms + number)
        if call.get("hook_event_name") == "SessionStart":
            said = _context(call, in_force, data_dir)
    return str(cursor.answer(*said)) if cursor is not None else claude_answer(*said)


def _write(event: dict[str, Any] | None, data_dir: str, at_ms: int | None = None) -> None:
    if event is not None:
        capture.write(event, f"{data_dir}/{paths.INBOX}", at_ms)


def _context(payload: dict[str, Any], in_force: dict[str, Any], data_dir: str) -> tuple[str, str]:
    from claudemem_hooks.context import told  # noqa: PLC0415  # may open the database; only SessionStart needs it

    return told(payload, in_force, data_dir)


def claude_answer(text: str, line: str) -> str:
    """What Claude Code and Codex are told at the start of a session: *text* for the model, *line* for the person."""
    answer: dict[str, Any] = {"systemMessage": line} if line else {}
    if text:
        answer["hookSpecificOutput"] = {"hookEventName": "SessionStart", "additionalContext": text}
    return lean.dumps(answer) if answer else ""


def _say(answer: str) -> None:
    data = memoryview(answer.encode())
    while data:
        data = data[system.write(1, data) :]


def _note_bad_input(size: int, data_dir: str) -> None:
    """Leave word of input that was no event; its text may be private, so only its size."""
    reason = f"a hook was given {size} bytes that are not one JSON object"
    lean.write_whole(f"{data_dir}/{paths.BAD}", f"{ids.new_uid(ids.now_ms())}.reason", reason)


def keep(payload: dict[str, Any], in_force: dict[str, Any], data_dir: str, project_dir: str) -> dict[str, Any] | None:
    """The event to write: what may be kept, and for the beginning of a session or turn, where it takes place."""
    if paths.environment("CLAUDE_MEM_INTERNAL"):
        return None
    event = capture.event_from(payload, in_force, project_dir)
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
