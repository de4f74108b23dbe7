"""Events from parallel sessions while the server is killed at random moments and the provider fails: nothing lost, nothing twice.

    python benchmarks/chaos.py [--events 10000] [--sessions 20] [--kills 200] [--fail 30] [--seed 1]

Prints what happened; ends with status 1 if an event was lost or observed twice. Also prints the throughput with a provider that
answers at once and never fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import claudemem_lib
from claudemem_lib import link

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory

TOOLS_PER_TURN = 9
START_S = 20.0
DRAIN_S = 1_800.0
START = (sys.executable, "-P", "-m", "claudemem_mcp")


def payloads(session: str, events: int) -> list[dict[str, Any]]:
    """What the hooks of one session are given: turns of TOOLS_PER_TURN uses and an answer, until there are *events* of these."""
    said: list[dict[str, Any]] = []
    base = {"session_id": session, "cwd": f"/home/you/{session}"}
    made = turn = 0
    while made < events:
        turn += 1
        given = {**base, "prompt_id": f"{session}-{turn}"}
        said.append({**given, "hook_event_name": "UserPromptSubmit", "prompt": f"Turn {turn} of {session}"})
        tools = min(TOOLS_PER_TURN, events - made - 1)
        for number in range(tools):
            use = {
                "tool_name": "Bash",
                "tool_use_id": f"{session}-{turn}-{number}",
                "tool_input": {"command": f"make {number}"},
            }
            said.append({**given, **use, "hook_event_name": "PostToolUse", "tool_response": {"stdout": "ok"}})
        said.append({**given, "hook_event_name": "Stop", "last_assistant_message": f"Turn {turn} is done."})
        made += tools + 1
    return said


class Killed:
    """A server that is started again whenever it is gone."""

    def __init__(self, data_dir: str, environment: dict[str, str]) -> None:
        self._data_dir, self._environment = data_dir, environment
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def ensure(self) -> None:
        """Have a server process, answering or not yet."""
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen([*START, self._data_dir], env=self._environment, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        """End it without a chance to do anything about it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.kills += 1

    def stop(self) -> int:
        """End it in order once it serves (before, it knows no order); gives its status."""
        if self.process is None:
            return 0
        end = time.monotonic() + START_S
        while (found := link.try_connect(self._data_dir)) is None and time.monotonic() < end:
            time.sleep(0.05)
        if found is not None:
            found[0].close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def capture(memory: Memory, session: str, events: int, pause_s: float) -> None:
    """Say everything of one session, with pauses, as its hooks would."""
    at_ms = memory.clock()
    for said in payloads(session, events):
        at_ms = max(at_ms + 1, memory.clock() if pause_s else 0)  # hooks of one session never share a millisecond
        memory.capture(said, at_ms=at_ms)
        if pause_s:
            time.sleep(pause_s)


def run(*, events: int, sessions: int, kills: int, fail: int, seed: int) -> dict[str, Any]:
    """One run; gives what was found in the file afterwards. *fail*: percent of the provider's calls."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="claude-mem-chaos-") as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "CLAUDE_MEM_PROVIDER": "fake"}
        environment |= {
            "CLAUDE_MEM_FAKE_FAIL_PERCENT": str(fail),
            "CLAUDE_MEM_FAKE_DELAY_MS": "2" if kills else "0",
        }
        environment |= {"CLAUDE_MEM_CLAUDE_FALLBACK": ""}
        with claudemem_lib.open(folder) as memory:
            server = Killed(folder, environment)
            server.ensure()
            share = [events // sessions + (number < events % sessions) for number in range(sessions)]
            expected = sum(share)
            pause_s = 0.4 * kills / max(1, expected // sessions) if kills else 0.0
            threads = [
                threading.Thread(target=capture, args=(memory, f"s{number}", share[number], pause_s))
                for number in range(sessions)
            ]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            while server.kills < kills:
                time.sleep(chance.uniform(0.0, 1.2))
                server.kill()
                server.ensure()
            for thread in threads:
                thread.join()
            server.ensure()
            retries = _drain(memory, expected)
            seconds = time.monotonic() - began
            found = {**_found(memory, expected), "kills": server.kills, "retries": retries, "seconds": seconds}
            found["status"] = server.stop()
            return found


def _drain(memory: Memory, expected: int) -> int:
    """Wait until everything is observed; parked events are put back as a person would. Gives how many those were."""
    retried, end = 0, time.monotonic() + DRAIN_S
    while time.monotonic() < end:
        queue = memory.stats()["queue"]
        if queue["finished"] >= expected and not any(queue[state] for state in ("pending", "claimed", "parked")):
            inbox = memory.stats()["inbox"]
            if not inbox["waiting"]:
                return retried
        retried += memory.retry() if queue["parked"] else 0
        time.sleep(0.05 if expected > 2_000 else 0.02)
    return retried


def _found(memory: Memory, expected: int) -> dict[str, Any]:
    """Lost and doubled events, from the file itself: each finished event names its batch, each batch its memories."""
    rows = memory.database.rows
    queued = rows("SELECT count(*) FROM events WHERE kind IN ('tool', 'stop') AND state = 'finished'")[0][0]
    doubled = rows(
        "SELECT count(*) FROM (SELECT batch FROM memories WHERE kind = 'observation' GROUP BY batch HAVING count(*) > 1)"
    )[0][0]
    orphans = rows(
        "SELECT count(*) FROM memories WHERE batch NOT IN (SELECT batch FROM events WHERE batch IS NOT NULL)"
    )[0][0]
    unobserved = rows(
        "SELECT count(*) FROM events WHERE kind IN ('tool', 'stop') AND (batch IS NULL OR batch NOT IN "
        "(SELECT batch FROM memories WHERE batch IS NOT NULL))"
    )[0][0]
    told = sum(int(row[0].split()[2]) for row in rows("SELECT title FROM memories WHERE kind = 'observation'"))
    return {
        "events": queued,
        "lost": expected - queued + unobserved,
        "doubled": doubled + orphans + max(0, told - expected),
        "told": told,
        "observations": rows("SELECT count(*) FROM memories WHERE kind = 'observation'")[0][0],
        "summaries": rows("SELECT count(*) FROM memories WHERE kind = 'summary'")[0][0],
        "integrity": rows("PRAGMA integrity_check")[0][0],
    }


def throughput(events: int, sessions: int) -> float:
    """Events per second from the inbox to memories, with a provider that answers at once."""
    with tempfile.TemporaryDirectory(prefix="claude-mem-chaos-") as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "CLAUDE_MEM_PROVIDER": "fake"}
        with claudemem_lib.open(folder) as memory:
            for number in range(sessions):
                capture(memory, f"s{number}", events // sessions, 0.0)
            began = time.monotonic()
            server = Killed(folder, environment)
            server.ensure()
            _drain(memory, events // sessions * sessions)
            seconds = time.monotonic() - began
            server.stop()
            assert not link.holder(folder)
            return events / seconds


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("events", 10_000), ("sessions", 20), ("kills", 200), ("fail", 30), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    found = run(**vars(given))
    print(json.dumps(found, indent=2))
    print(
        f"throughput without delay and failures: {throughput(given.events, given.sessions):.0f} events/s, server start included"
    )
    return 1 if found["lost"] or found["doubled"] or found["integrity"] != "ok" else 0


if __name__ == "__main__":
    Path(tempfile.gettempdir()).mkdir(exist_ok=True)
    sys.exit(main())
