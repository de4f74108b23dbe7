"""Commands that switch capture and context off and on: pause, resume."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import switches, when
from claudemem_lib.cli.base import example, json_option, show, with_memory
from claudemem_lib.pauses import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

CURRENT = "current"


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What both commands take."""
    for option in (
        json_option,
        click.option("--context", is_flag=True, help="Only what sessions are told."),
        click.option("--capture", is_flag=True, help="Only what is recorded."),
        click.option("--session", metavar="ID", help="Only this session: its id, the beginning of it, or `current`."),
        click.option("--project", metavar="NAME", help="Only this project: its name, or a folder of it."),
    ):
        function = option(function)
    return function


@click.command(epilog=example("pause", "pause --project . --for 2h", "pause --session current", "pause --context"))
@click.option("--for", "length", metavar="TIME", help="For 30m, 2h, 3d; default: until `claude-mem resume`.")
@_options
@with_memory
def pause(memory: Memory, length: str | None, *, as_json: bool, **options: Any) -> None:
    """Record nothing and tell sessions nothing: everywhere, or in a project or session. What happens meanwhile is never learned."""
    for_ms = when.span_ms(length) if length else None
    made = memory.pauses.begin(for_ms=for_ms, **_meant(**options))
    scope = _scope(made)
    show(made, f"From now on {sentence(made)}. `claude-mem resume{scope}` ends it.", as_json=as_json)


@click.command(epilog=example("resume", "resume --project shop", "resume --capture"))
@_options
@with_memory
def resume(memory: Memory, *, as_json: bool, **options: Any) -> None:
    """End pauses: all of them, or that of a project or session."""
    ended = memory.pauses.end(**_meant(**options))
    lines = [f"Ended: {sentence(one)}." for one in ended] or ["Nothing of this was paused."]
    off = memory.pauses.told(memory.settings)
    lines += [f"Still off: {one}." for one in off]
    show({"ended": ended, "still_off": off}, "\n".join(lines), as_json=as_json)


def _meant(*, project: str | None, session: str | None, capture: bool, context: bool) -> dict[str, Any]:
    """The options as the verbs take them."""
    if project and session:
        message = "give --project or --session, not both"
        raise click.UsageError(message)
    if session == CURRENT:
        session = os.environ.get("CLAUDE_CODE_SESSION_ID")
        if not session:
            message = (
                "CLAUDE_CODE_SESSION_ID is not set, so this is no session's shell; `claude-mem sessions` lists the ids"
            )
            raise click.UsageError(message)
    chosen = tuple(name for name, given in (("capture", capture), ("context", context)) if given)
    return {"project": project, "session": session, "what": chosen or switches.BOTH}


def _scope(made: dict[str, Any]) -> str:
    """The option that names where a pause is."""
    if made["session"]:
        return f" --session {made['session']}"
    return f" --project {made['name']}" if made["keys"] else ""
