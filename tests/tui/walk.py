"""The main way through the interface in a real terminal: `python -m tests.tui.walk FOLDER` writes what each step showed.

tmux is the terminal: keys go in as a person's would, panes are captured as they are seen.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib.memory import Memory
from tests.tui import lifelike

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_S, LOOK_S = 60.0, 0.1
WIDTH, HEIGHT = 100, 30

# What is pressed (a text is typed where it is longer than a key's name), all that must be seen then, the step's name.
STEPS: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    ((), ("24 entries", "Deploys go through the staging", "!2"), "open"),
    (("/", "checkout"), ("3 found by words", "\nenter To what was found"), "search"),
    (("Enter", "Enter"), ("Investigated", "Made by   claude"), "read"),
    (("Escape", "Escape"), ("24 entries",), "back"),
    (("j",), ("Prompt 1 of session",), "prompt"),
    (("j",), ("#17 · summary",), "down"),
    (("p",), ("#17 is told to every new session", "★ pinned"), "pin"),
    (("d",), ("Forget #17",), "ask"),
    (("y",), ("#17 is forgotten", "23 entries", "#16 · change"), "forget"),
    (("u",), ("Undone: ", "24 entries"), "undo"),
    (("3",), ("Notes about the past", "12 memories", "Token budget"), "context"),
    (("Tab", "Tab"), ("\n^s Save",), "field"),  # the keys of a field are fewer
    (("300",), ("changed, not saved", " 4 memories"), "change"),
    (("C-s",), ("Saved. Takes effect with the next session", "    file"), "save"),  # where the value comes from now
    (("Escape",), ("\nw Text/why",), "leave"),
    (("w",), ("how the last turn of the project ended", "pinned: always told"), "why"),
)


class Terminal:
    """A tmux server of its own with one pane."""

    def __init__(self, folder: Path) -> None:
        self._base = ["tmux", "-u", "-S", str(folder / "tmux"), "-f", os.devnull]

    def tmux(self, *arguments: str) -> str:
        """Have tmux do something; gives what it prints."""
        # Where these two are set, programs take them for the size of the terminal.
        around = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        done = subprocess.run([*self._base, *arguments], capture_output=True, text=True, check=False, env=around)
        return done.stdout

    def start(self, command: str) -> None:
        """Run a command in the pane."""
        self.tmux("new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), command)

    def seen(self) -> str:
        """The pane as text."""
        return self.tmux("capture-pane", "-p")

    def until(self, true: Callable[[str], object]) -> str:
        """The pane, as soon as it is as wanted; AssertionError with the last look if that never comes."""
        waited, text = threading.Event(), ""
        for _ in range(int(LONGEST_S / LOOK_S)):
            text = self.seen()
            if true(text):
                return text
            waited.wait(LOOK_S)
        raise AssertionError(text)

    def press(self, *keys: str) -> None:
        """Keys by tmux's names; longer words of small letters and digits are typed."""
        for key in keys:
            typed = key.isdigit() or (key.isalnum() and key.islower())
            self.tmux("send-keys", *(["-l"] if typed else []), key)

    def end(self) -> None:
        """Whatever runs in it."""
        self.tmux("kill-server")


def _has(wanted: tuple[str, ...], text: str) -> bool:
    return all(part in text for part in wanted)


def walk(data_dir: str, terminal: Terminal, keep: Callable[[str, str], None]) -> None:
    """All steps, each handed to *keep* with its name as it was seen; ends with the interface left."""
    terminal.start(f"TERM=screen-256color {sys.executable} -m claudemem_tui {data_dir}")
    for keys, wanted, name in STEPS:
        terminal.press(*keys)
        keep(name, terminal.until(partial(_has, wanted)))
    terminal.press("q")
    terminal.until(lambda text: not text.strip())


def main() -> None:
    """Walk through a sample memory."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)

    def keep(name: str, text: str) -> None:
        folder.joinpath(f"{name}.txt").write_text(text, "utf-8")

    with tempfile.TemporaryDirectory() as made:
        data_dir = f"{made}/claude-mem"
        with Memory(data_dir) as memory:
            lifelike.live(memory)
            lifelike.busy(memory)
        terminal = Terminal(Path(made))
        try:
            walk(data_dir, terminal, keep)
        finally:
            terminal.end()


if __name__ == "__main__":
    main()
