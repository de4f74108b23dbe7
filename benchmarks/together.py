"""Two interfaces in terminals of their own, a server and backfills at once on one file, while rows are written live.

    python benchmarks/together.py [--seconds 120]

Prints how soon each live row stood on both screens. Ends with status 1 if a row never did or anything reported an error.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from claudemem_lib.memory import Memory
from claudemem_lib.settings import Settings

LINES, COLUMNS = 40, 120
BETWEEN_ROWS_S = 1.0
PATIENCE_S = 15.0
SESSIONS, TURNS = 10, 40
WORDS = re.compile(r"live row (\d+) is here")
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BROKEN = ("Something broke", "Traceback")
PYTHON = (sys.executable, "-P", "-m")
CLI = (sys.executable, "-P", "-c", "from claudemem_lib.cli import main; main()")


class Terminal:
    """An interface in a terminal: what it draws is read all the time, and live rows are timed when they come by."""

    def __init__(self, data_dir: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [*PYTHON, "claudemem_tui", data_dir],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self.seen: dict[int, float] = {}
        self.broken: set[str] = set()
        self.ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        raw = ""
        while True:
            try:
                raw = raw[-4_000:] + os.read(self._ours, 65_536).decode(errors="replace")
            except OSError:  # the other end is closed
                return
            text = SEQUENCE.sub("", raw)
            for found in WORDS.finditer(text):
                self.seen.setdefault(int(found[1]), time.monotonic())
            self.broken.update(word for word in BROKEN if word in text)
            if "entries" in text:
                self.ready.set()

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def leave(self) -> int:
        """Press q; the status it ends with."""
        self.press("q")
        return self.process.wait(PATIENCE_S)


def transcripts(folder: Path, turn: int) -> Path:
    """Another few sessions that nobody has seen."""
    folder = folder / str(turn) / "-home-you-shop"
    folder.mkdir(parents=True)
    for number in range(SESSIONS):
        session, lines = f"s{turn}-{number}", []
        for at in range(TURNS):
            base = {
                "sessionId": session,
                "cwd": "/home/you/shop",
                "timestamp": f"2026-01-{number + 1:02}T{at // 60:02}:{at % 60:02}:00.000Z",
            }
            use = {"type": "tool_use", "id": f"{session}-{at}", "name": "Bash", "input": {"command": f"make part{at}"}}
            result = {"type": "tool_result", "tool_use_id": use["id"], "content": "ok"}
            parts: tuple[tuple[str, Any], ...] = (
                ("user", f"Mend part {at} of {session}"),
                ("assistant", [use]),
                ("user", [result]),
                ("assistant", [{"type": "text", "text": f"Part {at} works again."}]),
            )
            for place, (role, content) in enumerate(parts):
                about = {"type": role, "uuid": f"{session}-{at}-{place}", "message": {"role": role, "content": content}}
                lines.append(json.dumps(base | about))
        file = folder / f"{session}.jsonl"
        file.write_text("\n".join(lines) + "\n")
        os.utime(file, (1_768_000_000, 1_768_000_000))
    return folder


class Backfills:
    """One backfill after the other until told to end."""

    def __init__(self, data_dir: str, folder: Path) -> None:
        self.statuses: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(data_dir, folder))
        self._thread.start()

    def _run(self, data_dir: str, folder: Path) -> None:
        while not self._over.is_set():
            told = transcripts(folder, len(self.statuses))
            done = subprocess.run(
                [*CLI, "--data-dir", data_dir, "backfill", str(told)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(done.stdout, done.stderr)
            self.statuses.append(done.returncode)

    def end(self) -> None:
        """Let the one that runs end."""
        self._over.set()
        self._thread.join()


def live(memory: Memory, seconds: float, screens: list[Terminal]) -> dict[int, float]:
    """Write a row a second and move about a little; when each was written."""
    written: dict[int, float] = {}
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        number = len(written)
        memory.remember(f"live row {number} is here", title=f"live row {number} is here", project="live")
        written[number] = time.monotonic()
        time.sleep(BETWEEN_ROWS_S / 2)
        screens[number % 2].press("jjk" if number % 3 else "G")
        screens[number % 2].press("g")
        time.sleep(BETWEEN_ROWS_S / 2)
    waited = time.monotonic()
    while time.monotonic() - waited < PATIENCE_S and any(set(written) - set(screen.seen) for screen in screens):
        time.sleep(0.05)
    return written


def together(data_dir: str, folder: Path, seconds: float) -> bool:
    """Run them all; print what was seen; whether all went well."""
    with Memory(data_dir, Settings(provider="local")) as memory:
        memory.remember("The first note", project="live")
        server = subprocess.Popen([*PYTHON, "claudemem_mcp", data_dir], stderr=subprocess.PIPE, text=True)
        screens = [Terminal(data_dir), Terminal(data_dir)]
        for screen in screens:
            screen.ready.wait(PATIENCE_S)
        backfills = Backfills(data_dir, folder)
        written = live(memory, seconds, screens)
        backfills.end()
        server_status = server.poll()
        statuses = [screen.leave() for screen in screens]
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=PATIENCE_S)[1]
        memory.check()
        stats = memory.stats()
    log = [line for file in Path(data_dir, "logs").glob("*.log") for line in file.read_text().splitlines()]
    errors = [line for line in log if " ERROR " in line or " CRITICAL " in line]
    well = server_status is None and not any(statuses) and not any(backfills.statuses) and not errors
    for number, screen in enumerate(screens, 1):
        waits = sorted(screen.seen[row] - written[row] for row in written if row in screen.seen)
        missing = sorted(set(written) - set(screen.seen))
        well = well and not missing and not screen.broken
        late = sum(wait > 1 for wait in waits)
        print(
            f"interface {number}: {len(waits)} of {len(written)} live rows, median {median(waits):.2f} s, "
            f"p95 {waits[int(len(waits) * 0.95)]:.2f} s, most {waits[-1]:.2f} s, {late} after more than 1 s"
            f"{f', never: {missing}' if missing else ''}{f', showed {screen.broken}' if screen.broken else ''}"
        )
    print(
        f"{len(backfills.statuses)} backfills of {SESSIONS * TURNS} turns; {stats['counts']}; queue {stats['queue']}; "
        f"server {'lived' if server_status is None else f'ended with {server_status}: {said}'}; "
        f"errors in the log: {len(errors)}; the file is sound"
    )
    for line in errors[:5]:
        print(line)
    return well


def main() -> None:
    """Make the folders, run, say how it went."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=120)
    with tempfile.TemporaryDirectory() as data_dir, tempfile.TemporaryDirectory() as folder:
        Path(data_dir, "settings.json").write_text(json.dumps({"CLAUDE_MEM_PROVIDER": "local"}))
        well = together(data_dir, Path(folder), parser.parse_args().seconds)
    print("all went well" if well else "something went wrong")
    sys.exit(not well)


if __name__ == "__main__":
    main()
