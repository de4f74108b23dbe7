"""One server per data folder: how it starts, fails, stops, and what it leaves."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
import apsw
import pytest

from claudemem_lib import link, paths
from claudemem_lib.memory import Memory
from claudemem_mcp import server as server_module
from claudemem_mcp import worker as worker_module
from claudemem_mcp.server import Server
from tests.mcp_server.conftest import SERVE, Serving, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Host, Memories

CYCLES = int(os.environ.get("CLAUDE_MEM_TEST_CYCLES", "25"))


def _leftovers(serving: Serving) -> list[str]:
    return [name for name in (paths.SOCKET, paths.SERVER, link.STARTING) if (serving.data / name).exists()]


def _listening(pid: int) -> list[str]:
    """The TCP addresses a process listens on, from the kernel's tables."""
    sockets = set()
    for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  # a kernel folder
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{name}"))  # noqa: PTH115
        except FileNotFoundError:
            continue
    found = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as file:  # noqa: PTH123
            rows = [line.split() for line in file.readlines()[1:]]
        found += [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    return found


def test_a_server_says_who_it_is_and_a_second_one_says_who_holds_the_lock(serving: Serving) -> None:
    first = serving.start()
    assert link.facts(serving.path)["pid"] == first.pid == link.holder(serving.path)
    second = subprocess.run(
        [*SERVE, serving.path], env=serving.environment, capture_output=True, text=True, check=False, timeout=10
    )
    assert second.returncode == 0
    assert f"another server (pid {first.pid})" in second.stdout
    assert second.stderr == ""


def test_rank_7_a_second_server_takes_over_when_the_first_is_killed_while_it_asks(serving: Serving) -> None:
    first = serving.start()
    os.kill(first.pid, signal.SIGSTOP)
    (serving.data / paths.SERVER).unlink()
    second = serving.run()
    first.kill()
    first.wait()
    until(lambda: serving.pid() == second.pid, "second server")


def test_rank_15_what_is_in_the_folder_is_the_owner_s_alone(serving: Serving) -> None:
    serving.start()
    assert stat.S_IMODE(serving.data.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in serving.data.iterdir() if not path.is_dir()}
    assert set(modes.values()) == {0o600}
    assert {paths.SOCKET, paths.SERVER, paths.LOCK} <= set(modes)
    assert stat.S_IMODE((serving.data / paths.LOGS / paths.LOG).stat().st_mode) == 0o600


def test_rank_7_nothing_listens_on_the_network_by_default(serving: Serving) -> None:
    assert _listening(serving.start().pid) == []


def test_the_port_scan_sees_a_port(serving: Serving) -> None:
    assert len(_listening(serving.start(CLAUDE_MEM_SERVER_SOCKET="loopback").pid)) == 1


def test_a_loopback_connection_without_the_token_is_closed_unanswered(serving: Serving) -> None:
    serving.start(CLAUDE_MEM_SERVER_SOCKET="loopback")
    for hello in (b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', b'{"claude-mem":{"token":"\xc3\xbc"}}\n', b"\n"):
        with socket.create_connection(("127.0.0.1", link.facts(serving.path)["port"])) as connection:
            connection.settimeout(5)
            connection.sendall(hello)
            with suppress(ConnectionResetError):
                assert connection.recv(100) == b""


def _corrupt(serving: Serving, _port: int) -> None:
    Memory(serving.path).close()
    data = bytearray((serving.data / paths.DATABASE).read_bytes())
    data[100:4_000] = b"\xff" * 3_900
    (serving.data / paths.DATABASE).write_bytes(data)


def _foreign(serving: Serving, _port: int) -> None:
    serving.data.mkdir()
    with apsw.Connection(str(serving.data / paths.DATABASE)) as connection:
        connection.execute("CREATE TABLE t(x)")


def _no_mode(serving: Serving, _port: int) -> None:
    serving.set(mode="nowhere")


def _a_file(serving: Serving, _port: int) -> None:
    serving.data.write_text("no folder")


def _a_taken_port(serving: Serving, port: int) -> None:
    serving.set(http_enabled=True, http_port=port)


def _an_open_address(serving: Serving, _port: int) -> None:
    serving.set(http_enabled=True, http_host="0.0.0.0")


def _an_unwritable_log(serving: Serving, _port: int) -> None:
    (serving.data / paths.LOGS / paths.LOG).mkdir(parents=True)


FAILURES = [
    (_corrupt, "claude-mem recover"),
    (_foreign, "is not a claude-mem memory file"),
    (_no_mode, "nowhere"),
    (_a_file, "cannot be used"),
    (_a_taken_port, "cannot listen on"),
    (_an_open_address, "put a token of your own"),
    (_an_unwritable_log, "could not start"),
]


@pytest.mark.parametrize(("spoil", "reason"), FAILURES, ids=[row[0].__name__.strip("_") for row in FAILURES])
def test_a_server_that_cannot_work_ends_within_seconds_with_one_sentence(
    serving: Serving, spoil: Callable[[Serving, int], None], reason: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        spoil(serving, taken.getsockname()[1])
        began = time.monotonic()
        status, said = serving.failed()
    assert time.monotonic() - began < 8
    assert status == 1
    assert reason in said
    assert len(said.strip().splitlines()) == 1
    if serving.data.is_dir():
        assert _leftovers(serving) == []
    assert link.holder(serving.path) is None


def test_a_folder_too_deep_for_a_socket_is_served_from_another_place_of_the_user(tmp_path: Path) -> None:
    serving = Serving(tmp_path / ("deep" * 20) / ("er" * 20))
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        serving.start(XDG_RUNTIME_DIR=short)
        where = link.facts(serving.path)["socket"]
        assert where.startswith(short)
        assert stat.S_IMODE(os.stat(where).st_mode) == 0o600  # noqa: PTH116
        assert stat.S_IMODE(os.stat(os.path.dirname(where)).st_mode) == 0o700  # noqa: PTH116, PTH120
        assert link.stop(serving.path)
        assert not os.path.exists(where)  # noqa: PTH110
    serving.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order_and_at_once(serving: Serving, number: signal.Signals) -> None:
    process = serving.start()
    wire = serving.connect()
    began = time.monotonic()
    process.send_signal(number)
    process.send_signal(number)
    _, said = process.communicate(timeout=3)
    assert time.monotonic() - began < 3
    assert process.returncode == 0
    assert said == ""
    assert _leftovers(serving) == []
    wire.close()


def test_a_signal_while_a_provider_hangs_hands_the_batch_back_within_three_seconds(
    serving: Serving, memories: Memories, hosts: Callable[..., Host]
) -> None:
    memory = memories("data")
    hosts(memory).turn()
    serving.set(provider="fake")
    process = serving.start(CLAUDE_MEM_FAKE_DELAY_MS="60000")
    until(lambda: memory.stats()["queue"]["claimed"], "claimed batch")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert process.returncode == 0
    queue = memory.stats()["queue"]
    assert (queue["claimed"], queue["pending"]) == (0, 2)
    assert memory.queue()[0].attempts == 0


def test_a_signal_lets_a_batch_that_is_nearly_done_be_finished(
    serving: Serving, memories: Memories, hosts: Callable[..., Host]
) -> None:
    memory = memories("data")
    hosts(memory).turn()
    serving.set(provider="fake")
    process = serving.start(CLAUDE_MEM_FAKE_DELAY_MS="700")
    until(lambda: memory.stats()["queue"]["claimed"], "claimed batch")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert memory.stats()["queue"]["finished"] == 4 - 1
    assert memory.stats()["counts"]["observations"] == 1


def test_a_database_that_stays_locked_does_not_keep_the_server_from_ending(
    serving: Serving, memories: Memories
) -> None:
    process = serving.start()
    memory = memories("data")
    connection = memory.database.connection()
    connection.execute("BEGIN IMMEDIATE")
    wire = serving.connect()
    wire.send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    wire.receive()
    wire.close()
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.communicate(timeout=10)
    connection.execute("ROLLBACK")
    assert time.monotonic() - began < 3
    assert process.returncode == 0


def test_rank_4_starting_and_stopping_again_and_again_leaves_nothing(serving: Serving) -> None:
    for _ in range(CYCLES):
        assert link.start(serving.path)
        pid = serving.pid()
        assert pid
        assert link.stop(serving.path)
        assert _leftovers(serving) == []
        os.waitpid(pid, 0)
        assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110
    with apsw.Connection(str(serving.data / paths.DATABASE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert sorted(path.name for path in serving.data.iterdir()) == sorted(
        {"claude-mem.db", "hook.json", "inbox", "logs", "server.lock"} | _wal(serving)
    )


def _wal(serving: Serving) -> set[str]:
    """The log a connection of this test may have left."""
    return {path.name for path in serving.data.glob("claude-mem.db-*")}


def test_stopping_where_nothing_runs_says_so(serving: Serving) -> None:
    assert not link.stop(serving.path)
    process = serving.start()
    process.kill()
    process.wait()
    assert (serving.data / paths.SERVER).exists()
    assert not link.stop(serving.path)
    assert serving.start().poll() is None


def test_a_server_that_just_starts_can_be_stopped(serving: Serving) -> None:
    process = serving.run()
    until(lambda: link.holder(serving.path), "lock")
    assert link.stop(serving.path)
    process.communicate(timeout=5)
    assert _leftovers(serving) == []


def test_rank_4_a_server_nobody_needs_ends_by_itself_and_one_with_a_client_does_not(memories: Memories) -> None:
    memory = memories()

    async def served() -> float:
        server = Server(memory, minute_s=0.01)
        server.connections.open = 1
        began = time.monotonic()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(server.run)
                await anyio.sleep(0.8)
                server.connections.open = 0
        return time.monotonic() - began

    assert anyio.run(served) >= 0.8


def test_a_verb_that_fails_is_told_once_and_tried_again_while_answering_goes_on(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = memories()
    calls: list[int] = []

    def broken() -> None:
        calls.append(1)
        if len(calls) < 3:
            message = "a mistake of ours"
            raise LookupError(message)
        servers[0].stop("seen enough")

    monkeypatch.setattr(memory, "take_in", broken)
    monkeypatch.setattr(worker_module, "AFTER_TROUBLE_S", 0.01)
    monkeypatch.setattr(worker_module, "POLL_S", 0.05)
    told: list[str] = []
    servers: list[Server] = []

    async def served() -> None:
        servers.append(Server(memory))
        monkeypatch.setattr(servers[0].worker, "_troubled", lambda: told.append(servers[0].worker.trouble))
        with anyio.fail_after(10):
            await servers[0].run()

    anyio.run(served)
    assert len(calls) == 3
    assert told == ["broken: LookupError, see the log", ""]


def test_a_file_that_is_damaged_is_found_by_the_server_and_the_inbox_waits(
    memories: Memories, hosts: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = memories()
    root = memory.database.row("SELECT rootpage FROM sqlite_schema WHERE name = 'usage'")[0]
    memory.close()
    with open(memory.database.path, "r+b") as file:  # noqa: PTH123
        file.seek((root - 1) * 4096)
        file.write(bytes(4096))
    memory = memories()
    monkeypatch.setattr(worker_module, "EXAMINED_AFTER_S", 0.0)
    monkeypatch.setattr(worker_module, "POLL_S", 0.05)
    told: list[str] = []

    async def served() -> None:
        server = Server(memory)

        def troubled() -> None:
            told.append(server.worker.trouble)
            if len(told) == 1:
                hosts(memory).prompt("said meanwhile")
            elif "take_in" in str(server.worker._troubles):
                server.stop("seen enough")

        monkeypatch.setattr(server.worker, "_troubled", troubled)
        with anyio.fail_after(10):
            await server.run()

    anyio.run(served)
    assert "claude-mem recover" in told[0]
    assert memory.stats()["inbox"]["waiting"] == 1


def test_an_error_in_a_loop_itself_ends_the_whole_server(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = memories()

    async def broken(_self: object) -> None:
        message = "a mistake of ours"
        raise LookupError(message)

    monkeypatch.setattr(worker_module.Worker, "look_again", broken)

    async def served() -> None:
        with anyio.fail_after(10):
            await Server(memory).run()

    with pytest.raises(ExceptionGroup) as caught:
        anyio.run(served)
    assert caught.group_contains(LookupError)
    assert server_module._failed(caught.value) == 1
    assert not os.path.exists(f"{memory.data_dir}/{paths.SOCKET}")  # noqa: PTH110


def test_a_missing_package_is_named_with_the_way_to_get_it(serving: Serving, tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("raise ImportError('no mcp here', name='mcp')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['serve', {serving.path!r}]\n"
    code += "from claudemem_mcp.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1
    assert "pip install 'claudemem[server]'" in done.stderr
    assert _leftovers(serving) == []
