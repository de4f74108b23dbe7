"""Where capture and context are switched off: folders that are excluded, and pauses that a person began. Lean: hooks read it.

A pause says what is off (`capture`, `context`), where (a `session`, or a project by its `keys` and its `root`, or everywhere) and
from when to when (`until_ms` is None while nobody ended it). Pauses stay in `switches.json` when they are over: what happened
meanwhile must not be learned from a transcript later. hook.json has those in force, which is all that a hook reads.
"""

from __future__ import annotations

from time import localtime, strftime

from claudemem_lib import lean, paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Pause = dict[str, Any]

DAY_MS = 86_400_000
BOTH = ("capture", "context")
OFF = {"capture": "nothing is recorded", "context": "sessions are told nothing"}


def load(data_dir: str) -> list[Pause]:
    """Every pause there was, oldest first. ValueError if the file cannot be understood."""
    try:
        text = lean.read_file(f"{data_dir}/{paths.SWITCHES}")
    except FileNotFoundError:
        return []
    try:
        found = lean.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(map(_is_pause, found)):
        message = f"{data_dir}/{paths.SWITCHES} holds no list of pauses"
        raise ValueError(message)
    return found


def _is_pause(found: Any) -> bool:
    """Whether a value of the file is a pause, with all that is read of one."""
    if (
        not isinstance(found, dict)
        or type(found.get("from_ms")) is not int
        or not {"capture", "context"} <= found.keys()
    ):
        return False
    return found.get("until_ms", "") is None or type(found.get("until_ms")) is int


def save(data_dir: str, pauses: list[Pause]) -> None:
    """Keep *pauses*."""
    lean.write_whole(data_dir, paths.SWITCHES, lean.dumps(pauses))


def lasting(pauses: Iterable[Pause], now_ms: int) -> list[Pause]:
    """Those a hook has to know: not over, or not for long, since clocks differ. A setting speaks for itself."""
    return [one for one in pauses if not one.get("setting") and (one["until_ms"] or now_ms) > now_ms - DAY_MS]


def in_force(pause: Pause, at_ms: int) -> bool:
    """Whether a pause lasts at a time."""
    until_ms = pause.get("until_ms")
    return bool(pause["from_ms"] <= at_ms and (type(until_ms) is not int or at_ms < until_ms))


def paused(pauses: Iterable[Pause], what: str, session: str, folders: tuple[str, ...], at_ms: int) -> Pause | None:
    """The pause because of which *what* ("capture", "context") is off for a session in *folders* at a time; None if it is on."""
    for one in pauses:
        if one.get(what) and in_force(one, at_ms) and _covers(one, session, folders):
            return one
    return None


def _covers(pause: Pause, session: str, folders: tuple[str, ...]) -> bool:
    if pause.get("session"):
        return bool(pause["session"] == session)
    if not pause.get("keys"):
        return True
    if pause.get("root") and excluded(folders, (str(pause["root"]),)):
        return True
    from claudemem_lib import projects  # noqa: PLC0415  # only while a project is paused

    return any(projects.identify(folder)[0] in list(pause["keys"]) for folder in folders if folder)


def follow_setting(data_dir: str, *, capture: bool, now_ms: int) -> None:
    """Keep when the setting switched capture off and on again, as for a pause. ValueError as from load."""
    pauses = load(data_dir)
    lasts = [one for one in pauses if one.get("setting") and one["until_ms"] is None]
    if capture == bool(lasts):
        for one in lasts:
            one["until_ms"] = now_ms
        made = {"capture": True, "context": False, "setting": True, "from_ms": now_ms, "until_ms": None}
        save(data_dir, pauses if lasts else [*pauses, made])


def line(rules: dict[str, Any], session: str, folders: tuple[str, ...], at_ms: int) -> str:
    """What a person is told when a session starts where something is off, "" where nothing is."""
    why = {what: _why(rules, what, session, folders, at_ms) for what in BOTH}
    reasons = {what: reason for what, (reason, _) in why.items() if reason}
    same = len(set(reasons.values())) < len(reasons)  # one pause of both
    said = [OFF[what] + ("" if same else f" ({reason})") for what, reason in reasons.items()]
    hint = "; `claude-mem resume` ends the pause" if any(ends for _, ends in why.values()) else ""
    both = f" ({reasons['context']})" if same else ""
    return f"claude-mem: {' and '.join(said)}{both}{hint}" if said else ""


def _why(rules: dict[str, Any], what: str, session: str, folders: tuple[str, ...], at_ms: int) -> tuple[str, bool]:
    """Why *what* is off here, "" if it is on; and whether it is a pause that could be ended."""
    if not rules[f"{what}_enabled"]:
        return f"CLAUDE_MEM_{what.upper()}_ENABLED is false", False
    if what == "capture" and excluded(folders, rules["excluded_projects"]):
        return "this folder is excluded", False
    found = paused(rules.get("pauses", ()), what, session, folders, at_ms)
    return (f"{where(found)} paused{until(found)}", True) if found else ("", False)


def where(pause: Pause) -> str:
    """What a pause is about, for people."""
    if pause.get("session"):
        return f"session {pause['session']} is"
    return f"project {pause.get('name', '')} is" if pause.get("keys") else "everything is"


def until(pause: Pause) -> str:
    """Until when a pause lasts, for people; "" if until somebody ends it."""
    end_ms = pause.get("until_ms")
    return "" if type(end_ms) is not int else strftime(" until %Y-%m-%d %H:%M", localtime(end_ms / 1000))


def excluded(folders: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    """Whether a folder, or one above it, matches one of the globs (`*`, `**`, `?`, `~`)."""
    return any(
        folder and _matches_here_or_above(folder.replace("\\", "/").rstrip("/"), pattern)
        for pattern in patterns
        for folder in folders
    )


def _matches_here_or_above(folder: str, pattern: str) -> bool:
    if pattern.startswith("~"):
        pattern = paths.home() + pattern[1:]
    pattern = pattern.replace("\\", "/").rstrip("/")
    while folder:
        if _glob(pattern, folder):
            return True
        folder = folder.rpartition("/")[0]
    return False


def _glob(pattern: str, text: str) -> bool:
    """Whether the whole *text* matches: `**` any characters, `*` none of them a slash, `?` one that is no slash."""
    states = {0}
    for char in text:
        states = {after for at in _closure(pattern, states) for after in _step(pattern, at, char)}
        if not states:
            return False
    return len(pattern) in _closure(pattern, states)


def _closure(pattern: str, states: set[int]) -> set[int]:
    """*states* and those reached by letting a star match nothing."""
    reached = set(states)
    todo = list(states)
    while todo:
        at = todo.pop()
        if pattern[at : at + 1] == "*" and at + 1 not in reached:
            reached.add(at + 1)
            todo.append(at + 1)
    return reached


def _step(pattern: str, at: int, char: str) -> tuple[int, ...]:
    """The positions after matching *char* at one position."""
    wanted = pattern[at : at + 1]
    if wanted == "*":
        crosses = pattern[at + 1 : at + 2] == "*" or (at and pattern[at - 1] == "*")
        return (at,) if char != "/" or crosses else ()
    if wanted == char or (wanted == "?" and char != "/"):
        return (at + 1,)
    return ()
