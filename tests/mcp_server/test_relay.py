"""The relay between a host and the server: starts it, outlives it, and gives every request one answer."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from claudemem_lib import link, paths
from claudemem_lib.store.connection import open_writer
from claudemem_mcp import relay as relay_module
from tests.mcp_server.conftest import INITIALIZE, RELAY, ROOT, legacy, request, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mcp_server.conftest import Relay, Serving

LOST = -32_001


def _tools(answer: dict[str, object]) -> bool:
    return "tools" in (answer.get("result") or {})  # type: ignore[operator]


def test_a_relay_starts_the_server_and_both_answer_and_end(serving: Serving) -> None:
    relay = serving.relay()
    assert _tools(relay.ask("tools/list"))
    assert relay.end() == 0
    assert serving.pid() == link.holder(serving.path)
    assert not (serving.data / link.STARTING).exists()


def test_rank_7_fifty_relays_on_a_cold_folder_start_one_server_and_are_all_answered(serving: Serving) -> None:
    relays = [serving.relay() for _ in range(50)]
    try:
        for number, relay in enumerate(relays):
            relay.send(request("tools/list", number))
        assert all(_tools(relay.receive()) for relay in relays)
    finally:
        for relay in relays:
            relay.close()
    assert serving.log().count("serving") == 1


def test_what_the_host_says_while_the_server_starts_is_answered_in_full(serving: Serving) -> None:
    relay = serving.relay()
    for number in range(20):
        relay.send(request("tools/list", f"n{number}"))
    assert {relay.receive()["id"] for _ in range(20)} == {f"n{number}" for number in range(20)}
    relay.close()


def test_a_host_that_closes_its_end_at_once_still_gets_its_answer(serving: Serving) -> None:
    relay = serving.relay()
    out, error = relay.process.communicate(json.dumps(request("tools/list", 7)).encode(), timeout=20)
    assert json.loads(out)["id"] == 7
    assert error == b""
    assert relay.process.returncode == 0


def test_a_request_is_waited_for_until_its_answer_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = relay_module.Relay(str(tmp_path))
    ours, server = socket.socketpair()
    relay._socket, relay._sent = ours, {"1": 1, "2": 2}
    owed = []
    monkeypatch.setattr(relay, "_to_host", lambda _: owed.append(len(relay._sent) + relay._refusing))
    server.sendall(b'{"id":1,"result":{}}\n')
    server.close()
    relay._from_server(ours)
    assert owed == [2, 1]
    assert (relay._sent, relay._refusing) == ({}, 0)


def test_a_call_after_the_server_was_killed_works(serving: Serving) -> None:
    relay = serving.relay()
    relay.ask("tools/list")
    first = serving.pid()
    assert first
    os.kill(first, signal.SIGKILL)
    assert _tools(relay.ask("tools/list", 2))
    assert serving.pid() != first
    assert relay.end() == 0


def test_a_session_that_stays_open_does_not_bring_the_server_back_after_uninstalling(serving: Serving) -> None:
    serving.data.mkdir(exist_ok=True)
    (serving.data / paths.INSTALLED).write_text("{}")
    relay = serving.relay()
    assert _tools(relay.ask("tools/list"))
    (serving.data / paths.INSTALLED).unlink()
    assert link.stop(serving.path)
    error = relay.ask("tools/list", 2)["error"]
    assert "uninstalled while this session was open" in error["message"]
    assert link.holder(serving.path) is None
    assert relay.end() == 0


def test_a_handshake_is_repeated_to_the_next_server_unseen_by_the_host(serving: Serving) -> None:
    relay = serving.relay()
    relay.send(legacy("initialize", 1, **INITIALIZE))
    assert relay.receive()["id"] == 1
    relay.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    relay.send(legacy("tools/list", 2))
    assert relay.receive()["id"] == 2
    assert link.stop(serving.path)
    relay.send(legacy("tools/list", 3))
    assert _tools(answer := relay.receive())
    assert answer["id"] == 3
    assert relay.end() == 0


def test_a_subscription_is_repeated_to_the_next_server_and_does_not_delay_the_end(serving: Serving) -> None:
    relay = serving.relay()
    relay.send(request("subscriptions/listen", "sub", notifications={"toolsListChanged": True}))
    assert relay.receive()["method"] == "notifications/subscriptions/acknowledged"
    assert link.stop(serving.path)
    relay.send(request("tools/list", 2))
    said = [relay.receive(), relay.receive()]
    assert {one.get("id", one.get("method")) for one in said} == {2, "notifications/subscriptions/acknowledged"}
    began = time.monotonic()
    assert relay.end() == 0
    assert time.monotonic() - began < 3


def test_a_request_whose_answer_is_lost_with_the_server_gets_an_error(serving: Serving) -> None:
    server = serving.start()
    relay = serving.relay()
    relay.ask("tools/list")
    other = serving.connect()
    with _locked(serving):
        relay.send(request("tools/call", "lost", name="save_memory", arguments={"text": "once"}))
        until(lambda: _taken(relay), "request on its way")
        for number in range(3):  # the server has seen what came before
            other.ask("tools/list", number)
        server.kill()
        answer = relay.receive()
    other.close()
    assert answer["id"] == "lost"
    assert answer["error"]["code"] == LOST
    assert "ask again" in answer["error"]["message"]
    assert _tools(relay.ask("tools/list", "again"))
    relay.close()


@contextmanager
def _locked(serving: Serving) -> Iterator[None]:
    """While another process would write, so that the server has to wait with a note."""
    connection = open_writer(str(serving.data / paths.DATABASE))
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


def _taken(relay: Relay) -> bool:
    """Whether the relay has read all its host said."""
    assert relay.process.stdin
    waiting = fcntl.ioctl(relay.process.stdin.fileno(), termios.FIONREAD, b"\0\0\0\0")
    return int.from_bytes(waiting, sys.byteorder) == 0


def test_a_request_that_no_server_has_read_goes_to_the_next_one(serving: Serving) -> None:
    server = serving.start()
    relay = serving.relay()
    relay.ask("tools/list")
    os.kill(server.pid, signal.SIGSTOP)
    relay.send(request("tools/call", "kept", name="save_memory", arguments={"text": "once"}))
    until(lambda: _taken(relay), "request on its way")
    time.sleep(0.1)  # from its hands into the socket; nothing tells of that
    server.kill()
    answer = relay.receive()
    assert answer["id"] == "kept"
    assert answer["result"]["structuredContent"]["id"] == 1
    hits = relay.ask("tools/call", 2, name="search", arguments={"query": "once"})
    assert len(hits["result"]["structuredContent"]["hits"]) == 1
    relay.close()


def test_a_cancelled_request_does_not_hold_up_the_end(serving: Serving) -> None:
    server = serving.start()
    relay = serving.relay()
    relay.ask("tools/list")
    os.kill(server.pid, signal.SIGSTOP)
    relay.send(request("tools/list", "slow"))
    relay.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "slow"}})
    began = time.monotonic()
    assert relay.end() == 0
    assert time.monotonic() - began < 3
    os.kill(server.pid, signal.SIGCONT)


def test_a_server_that_cannot_start_is_told_to_the_host_in_one_sentence_within_seconds(serving: Serving) -> None:
    serving.data.mkdir()
    (serving.data / paths.DATABASE).write_bytes(b"no database at all" * 100)
    relay = serving.relay()
    began = time.monotonic()
    answer = relay.ask("tools/list", 5)
    assert time.monotonic() - began < 8
    assert answer["error"]["code"] == LOST
    assert "is not a claude-mem memory file" in answer["error"]["message"]
    (serving.data / paths.DATABASE).unlink()
    assert _tools(relay.ask("tools/list", 6))
    relay.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_relay_ends_on_a_signal_and_the_server_stays(serving: Serving, number: signal.Signals) -> None:
    relay = serving.relay()
    relay.ask("tools/list")
    relay.process.send_signal(number)
    _, error = relay.process.communicate(timeout=5)
    assert error == b""
    assert serving.pid()


def test_rank_4_a_relay_whose_host_was_killed_ends(serving: Serving, tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen({[*RELAY, serving.path]!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "print(child.pid, flush=True); time.sleep(100)"
    )
    serving.start()
    host = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=serving.environment)
    assert host.stdout
    relay = int(host.stdout.readline())
    host.kill()
    host.communicate()
    until(lambda: not _runs(relay), "end of the relay")
    assert tmp_path


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123  # a kernel file
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_message_of_five_megabytes_passes_in_both_directions(serving: Serving) -> None:
    relay = serving.relay()
    long = "word " * 1_000_000
    answers = []
    reader = threading.Thread(target=lambda: answers.append(relay.receive()))
    reader.start()
    relay.send(request("tools/call", 1, name="search", arguments={"query": long}))
    reader.join(30)
    assert answers[0]["id"] == 1
    reader = threading.Thread(target=lambda: answers.append(relay.receive()))
    reader.start()
    relay.send(request(long, 2))
    reader.join(30)
    assert answers[1]["error"]["data"] == long
    assert relay.end() == 0


def test_lines_may_arrive_in_pieces_and_together(serving: Serving) -> None:
    relay = serving.relay()
    data = b"".join(json.dumps(request("tools/list", number)).encode() + b"\n" for number in range(3))
    for start in range(0, len(data), 97):
        relay.send_bytes(data[start : start + 97])
        time.sleep(0.001)
    assert sorted(relay.receive()["id"] for _ in range(3)) == [0, 1, 2]
    relay.send_bytes(data)
    assert sorted(relay.receive()["id"] for _ in range(3)) == [0, 1, 2]
    assert relay.end() == 0


def test_a_note_saved_through_a_relay_belongs_to_the_host_folder(serving: Serving) -> None:
    relay = serving.relay()
    answer = relay.ask("tools/call", 1, name="save_memory", arguments={"text": "Deploy on Fridays"})
    assert answer["result"]["structuredContent"]["project"] == "project"
    relay.close()


_SPY = """
import sys
before = set(sys.modules)
sys.argv = [{run!r}, {data!r}]
import posix
def leave(_status):
    posix.write(2, " ".join(sorted(set(sys.modules) - before)).encode())
    really(0)
posix._exit, really = leave, posix._exit
exec(compile(open({run!r}).read(), {run!r}, "exec"), {{"__file__": {run!r}, "__name__": "__main__"}})
"""
LOADED = {"__future__", "_json", "_socket", "claudemem_mcp", "claudemem_mcp.relay", "claudemem_lib"}
LOADED |= {f"claudemem_lib.{name}" for name in ("lean", "link", "paths")}


def test_a_relay_to_a_running_server_loads_its_own_few_modules(serving: Serving) -> None:
    serving.start()
    run = str(ROOT / "mcp_server" / "claudemem_mcp" / "relay_run.py")
    command = [sys.executable, "-I", "-S", "-c", _SPY.format(run=run, data=serving.path)]
    given = json.dumps(request("tools/list")) + "\n"
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, env=serving.environment)
    assert _tools(json.loads(done.stdout))
    assert set(done.stderr.split()) - set(sys.builtin_module_names) == LOADED
