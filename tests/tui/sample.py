"""A memory with something of everything in it, and the app while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib.models import Observation, Summary
from claudemem_lib.store import memories as store
from claudemem_lib.store import sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from claudemem_lib.memory import Memory
    from claudemem_tui.app import MemoryApp

HOSTILE = "[/] <script>alert(1)</script> \x1b[31mred [bold]x[/bold] [@click=app.quit]q[/]"
MINUTE = 60_000
CALM = 3  # a message may begin a worker, a worker may post a message


def fill(memory: Memory, count: int = 12, project: str = "shop", title: str = "Parser handles part {}") -> None:
    """*count* observations, a summary and a prompt in one session of a project, a minute apart, the last now."""
    now = memory.clock()
    root = f"/home/you/{project}"
    where = {"identity": (f"path:{root}", project, root), "cwd": root, "branch": "main"}
    with memory.database.write() as connection:
        begun = now - (count + 2) * MINUTE
        session = sessions.session_for(connection, f"{project}-s1", begun, where)
        sessions.add_prompt(connection, session, {"text": f"Mend the parser of {project}"}, begun)
        project_id = sessions.project_of(connection, session)
        about: dict[str, Any] = {"project_id": project_id, "session_id": session, "prompt_number": 1, "branch": "main"}
        about |= {"provider": "claude", "model": "haiku", "work_tokens": 4_200}
        kinds = ("bugfix", "feature", "discovery", "decision", "refactor", "change")
        for number in range(count):
            made = Observation(
                type=kinds[number % len(kinds)],
                title=title.format(number),
                subtitle="Quotes in headers no longer end the value",
                narrative='The tokenizer stopped at the **first** quote. It now keeps a stack, so `a "b" c` is one value.',
                facts=("The stack is bounded at 64", "Two tests cover nesting"),
                concepts=("how-it-works", "gotcha"),
                files_modified=(f"src/part{number}.py",),
                files_read=("src/tokens.py",),
            )
            at_ms = begun + (number + 1) * MINUTE
            store.add_observation(connection, made, store.Origin(created_ms=at_ms, **about))
        ended = Summary(
            request=f"Mend the parser of {project}", learned="The grammar allows quotes anywhere.",
            completed="Values may hold quotes; 14 tests pass.", next_steps="Measure long headers.",
        )  # fmt: skip
        store.add_summary(connection, ended, store.Origin(created_ms=now, **about))


class Running:
    """The app while it runs: press keys, wait until it is quiet, read what it shows."""

    def __init__(self, app: MemoryApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    async def press(self, *keys: str) -> None:
        """Press keys, then wait until everything they began has ended."""
        await self.pilot.press(*keys)
        await self.quiet()

    async def type(self, text: str) -> None:
        """Type a text and wait."""
        for char in text:
            await self.pilot.press(_KEYS.get(char, char))
        await self.quiet()

    async def quiet(self) -> None:
        """Until no worker but the watching one is left."""
        calm = 0
        for _ in range(500):
            await self.pilot.pause()
            busy = [one for one in self.app.workers if one.name != "watch_file" and not one.is_finished]
            opening = not hasattr(self.app, "memory")
            calm = 0 if busy or opening else calm + 1
            if calm == CALM:
                return
            await self.pilot.pause(0.01 if busy or opening else 0)
        message = f"still busy: {busy}"
        raise AssertionError(message)

    async def until(self, true: Callable[[], object]) -> None:
        """Until something from another thread has come."""
        for _ in range(300):
            if true():
                return
            await self.pilot.pause(0.02)
        message = "it did not come"
        raise AssertionError(message)

    @property
    def said(self) -> str:
        """What notifications said."""
        return "\n".join(one.message for one in self.app._notifications)

    @property
    def text(self) -> str:
        """The screen as text, a line a line."""
        lines = self.app.screen._compositor.render_strips(self.app.size)
        return "\n".join(line.text.rstrip() for line in lines)


_KEYS = {
    " ": "space",
    "#": "number_sign",
    "/": "slash",
    ".": "full_stop",
    "-": "minus",
    '"': "quotation_mark",
    ",": "comma",
}
