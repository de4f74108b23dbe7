"""The commands about the server, as a person types them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from claudemem_lib import link, paths
from tests.mcp_server.conftest import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mcp_server.conftest import Serving

COMMAND = (sys.executable, "-m", "claudemem_lib.cli")


def _run(serving: Serving, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--data-dir", serving.path, *arguments]
    return subprocess.run(command, env=serving.environment, capture_output=True, text=True, check=False, timeout=30)


def _json(serving: Serving, *arguments: str) -> dict[str, Any]:
    done = _run(serving, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_server_is_started_seen_restarted_and_stopped(serving: Serving) -> None:
    assert _json(serving, "status")["server"] == {"running": False}
    started = _json(serving, "start")
    assert (started["started"], started["running"], started["pid"]) == (True, True, serving.pid())
    assert _json(serving, "start")["started"] is False
    server = _json(serving, "status")["server"]
    assert server["pid"] == started["pid"]
    assert {"since_ms", "version", "socket"} <= set(server)
    assert "token" not in server
    assert f"pid {started['pid']}" in _run(serving, "status").stdout
    assert "was started" in _run(serving, "restart").stdout
    assert serving.pid() not in (None, started["pid"])
    assert _json(serving, "stop") == {"stopped": True}
    assert _json(serving, "stop") == {"stopped": False}
    assert serving.pid() is None


def test_serve_runs_until_ctrl_c(serving: Serving) -> None:
    command = [*COMMAND, "--data-dir", serving.path, "serve"]
    process = subprocess.Popen(command, env=serving.environment, stderr=subprocess.PIPE, text=True)
    serving.processes.append(process)
    until(lambda: serving.pid() == process.pid, "server")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=5)[1] == ""
    assert process.returncode == 0


def test_a_start_that_fails_says_why_in_one_sentence(serving: Serving) -> None:
    serving.set(mode="nowhere")
    done = _run(serving, "start")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "nowhere" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_status_names_a_server_s_trouble(serving: Serving) -> None:
    process = serving.start()
    facts = link.facts(serving.path)
    (serving.data / paths.SERVER).write_text(json.dumps({**facts, "trouble": "the disk is full"}))
    assert "Trouble: the disk is full" in _run(serving, "status").stdout
    assert process.poll() is None


def test_the_log_is_printed_from_its_end_and_followed(serving: Serving) -> None:
    assert "no log yet" in _run(serving, "logs").stderr
    serving.start()
    log = serving.data / paths.LOGS / paths.LOG
    log.with_name(log.name + ".1").write_text("".join(f"old {n}\n" for n in range(5)))
    until(lambda: "serving" in serving.log(), "first line")
    assert _run(serving, "logs", "--lines", "2").stdout.startswith("old 4\n")
    command = [*COMMAND, "--data-dir", serving.path, "logs", "--follow", "--lines", "0"]
    said = serving.data / "said"
    with said.open("w") as out:
        follower = subprocess.Popen(command, env={**serving.environment, "PYTHONUNBUFFERED": "1"}, stdout=out)
    try:
        until(lambda: _append(log, "a new line\n") and "a new line" in said.read_text(), "new line")
        log.write_text("begun anew\n")
        until(lambda: "begun anew" in said.read_text(), "line of the new log")
    finally:
        follower.send_signal(signal.SIGINT)
        follower.wait(60)  # on a machine that is busy
    assert "old" not in said.read_text()


def _append(path: Path, text: str) -> int:
    with path.open("a") as file:
        return file.write(text)
