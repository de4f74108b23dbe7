"""The worker: takes in, observes in a fair order, uses changed settings from the next batch on, and says what it did."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

from claudemem_lib import lean, paths
from claudemem_lib.errors import BadReply
from claudemem_lib.providers.fake import Fake
from claudemem_lib.settings import Settings
from claudemem_mcp import logs
from claudemem_mcp import worker as worker_module
from claudemem_mcp.worker import Worker
from tests.mcp_server.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Prompt, Reply
    from tests.conftest import Clock, Host, Memories

FAKE = Settings(provider="fake")


@contextmanager
def working(memory: Memory) -> Iterator[Worker]:
    """A worker's loops in a thread of their own."""
    with start_blocking_portal() as portal:
        worker = portal.call(Worker, memory)

        async def work() -> None:
            async with anyio.create_task_group() as group:
                for loop in worker.loops():
                    group.start_soon(loop)
                await worker._over.wait()
                await worker.rest()
                group.cancel_scope.cancel()

        running = portal.start_task_soon(work)
        try:
            yield worker
        finally:
            portal.call(worker.stop)
            running.result(20)


def _write_settings(memory: Memory, text: str) -> None:
    lean.write_whole(memory.data_dir, paths.SETTINGS, text)


def _done(memory: Memory, memories_made: int) -> Callable[[], bool]:
    return lambda: sum(memory.stats()["counts"][kind] for kind in ("observations", "summaries")) >= memories_made


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks happen often."""
    monkeypatch.setattr(worker_module, "POLL_S", 0.05)
    monkeypatch.setattr(worker_module, "AFTER_TROUBLE_S", 0.05)


class Gate(Fake):
    """A provider that holds every call until it is let through."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.open = threading.Event(), threading.Event()

    def complete(self, prompt: Prompt) -> Reply:
        self.asked.set()
        assert self.open.wait(20)
        return super().complete(prompt)


def test_a_finished_turn_is_observed_without_anybody_asking(memory: Memory, host: Host) -> None:
    with working(memory):
        host.turn()
        until(_done(memory, 2), "observation and summary")
    assert memory.queue() == []


@pytest.mark.parametrize("order", ["stop end", "end stop", "stop", "end"])
def test_a_session_s_end_drains_its_queue_in_whatever_order_its_hooks_arrive(
    memory: Memory, host: Host, order: str
) -> None:
    with working(memory):
        host.prompt("Fix the parser")
        host.tool("Edit", file_path="/home/you/project/a.py", old_string="a", new_string="b")
        for name in order.split():
            getattr(host, name)()
        until(lambda: memory.stats()["queue"]["finished"] == 2 + len(order.split()), "drained queue")
    assert memory.stats()["counts"]["observations"] >= 1
    assert memory.stats()["counts"]["summaries"] == 1


def test_sessions_take_turns(memories: Memories, hosts: Callable[..., Host]) -> None:
    provider = Fake()
    memory = memories(settings=FAKE, provider=provider)
    first, second = hosts(memory, "s1"), hosts(memory, "s2")
    for _ in range(3):
        first.turn()
        second.turn()
    memory.take_in()
    with working(memory):
        until(_done(memory, 12), "all memories")
    assert [prompt.batch.host_id for prompt in provider.prompts] == ["s1", "s2"] * 3


def test_a_batch_that_fails_does_not_hold_up_another_session(
    memories: Memories, hosts: Callable[..., Host], clock: Clock, fast: None
) -> None:
    assert fast is None
    provider = Fake([BadReply("not now")])
    memory = memories(settings=FAKE, provider=provider)
    hosts(memory, "s1").turn()
    hosts(memory, "s2").turn()
    memory.take_in()
    with working(memory):
        until(_done(memory, 2), "memories of the second session")
        assert {row.session for row in memory.queue()} == {"s1"}
        clock.advance(seconds=60)
        until(_done(memory, 4), "memories of the first session")


def test_three_real_failures_park_a_batch_and_a_retry_by_another_process_is_noticed(
    memories: Memories, hosts: Callable[..., Host], clock: Clock, fast: None
) -> None:
    memory = memories(settings=FAKE, provider=Fake([BadReply("no")] * 3))
    hosts(memory).turn()
    with working(memory):
        for _ in range(3):
            until(lambda: clock.advance(seconds=61) and memory.stats()["queue"]["last_error"], "failure")
        until(lambda: clock.advance(seconds=61) and memory.stats()["queue"]["parked"] == 2, "parked batch")
        assert all(row.attempts == 3 and row.error for row in memory.queue())
        other = memories(settings=FAKE)
        assert other.retry() == 2
        until(_done(memory, 2), "memories")
    assert fast is None


def test_an_event_that_nobody_told_of_is_found_by_looking(
    memories: Memories, hosts: Callable[..., Host], monkeypatch: pytest.MonkeyPatch, fast: None
) -> None:
    def no_watch(*_: Any, **__: Any) -> Any:
        message = "no space left for a watch"
        raise OSError(message)

    monkeypatch.setattr(worker_module, "awatch", no_watch)
    memory = memories()
    with working(memory):
        time.sleep(0.1)
        hosts(memory).turn()
        until(_done(memory, 2), "memories")
    assert fast is None


def test_a_changed_provider_is_used_from_the_next_batch_on(memories: Memories, hosts: Callable[..., Host]) -> None:
    gate = Gate()
    memory = memories()
    _write_settings(memory, json.dumps({"CLAUDE_MEM_PROVIDER": "fake"}))
    memory.reload()
    memory.observer  # noqa: B018  # made with the fake
    object.__setattr__(memory.observer.asker.chain, "given", gate)
    host = hosts(memory)
    with working(memory) as worker:
        host.turn()
        assert gate.asked.wait(20)
        _write_settings(memory, json.dumps({"CLAUDE_MEM_PROVIDER": "local"}))
        host.turn("Write the docs")
        until(lambda: memory.stats()["queue"]["pending"] == 2, "second turn in the queue")
        until(lambda: worker._observing.statistics().tasks_waiting, "changed settings seen")
        gate.open.set()
        until(_done(memory, 4), "memories of both turns")
    by_turn = {one.prompt_number: one.provider for one in memory.get(range(1, 5))}
    assert by_turn == {1: "fake", 2: "local"}
    assert memory.queue() == []


def test_half_written_settings_are_ignored_with_one_warning_and_nothing_is_lost(
    memories: Memories, hosts: Callable[..., Host], caplog: pytest.LogCaptureFixture, fast: None
) -> None:
    memory = memories()
    host = hosts(memory)
    _write_settings(memory, json.dumps({"CLAUDE_MEM_BATCH_MAX_SIZE": 7}))
    with working(memory):
        until(lambda: memory.settings.batch_max_size == 7, "setting")
        for part in ('{"CLAUDE_MEM_BATCH', '{"CLAUDE_MEM_BATCH_MAX_SIZE":', '{"CLAUDE_MEM_BATCH_MAX_SIZE":'):
            _write_settings(memory, part)
            time.sleep(0.2)
        host.turn()
        until(_done(memory, 2), "memories")
        assert memory.settings.batch_max_size == 7
        _write_settings(memory, json.dumps({"CLAUDE_MEM_BATCH_MAX_SIZE": 9}))
        until(lambda: memory.settings.batch_max_size == 9, "mended setting")
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [text.partition(" (")[0] for text in warned] == ["settings.json cannot be read"]
    assert fast is None


def test_a_project_filled_in_later_reaches_what_was_stored_before(memory: Memory, hosts: Callable[..., Host]) -> None:
    host = hosts(memory, cwd="")
    with working(memory):
        host.turn()
        until(_done(memory, 2), "memories")
        host.cwd = "/home/you/project"
        host.turn("Now with a folder", prompt_id="p2")
        until(_done(memory, 3), "memories of the second turn")
    assert {one.project for one in memory.get(range(1, 4))} == {"project"}


def test_each_outcome_is_one_line_with_session_and_events_and_no_word_of_theirs(
    memories: Memories, hosts: Callable[..., Host], clock: Clock, fast: None
) -> None:
    assert fast is None
    memory = memories(settings=FAKE, provider=Fake([BadReply("the answer quotes SESAME")]))
    with _logging(memory):
        hosts(memory).turn("the word is SESAME", answer="SESAME opened")
        with working(memory):
            until(lambda: memory.stats()["queue"]["last_error"], "failure")
            clock.advance(seconds=60)
            until(_done(memory, 2), "memories")
    text = (memories.folder / "data" / paths.LOGS / paths.LOG).read_text()
    lines = [line for line in text.splitlines() if "session s1" in line]
    assert [line.partition("session ")[2] for line in lines] == [
        "s1 prompt 1 events 2,3: failed (BadReply), to be tried again",
        "s1 prompt 1 events 2,3: 2 memories by fake",
    ]
    assert "SESAME" not in text


@contextmanager
def _logging(memory: Memory) -> Iterator[None]:
    """The server's own log for a while."""
    import logging  # noqa: PLC0415  # its state is put back

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure(memory.data_dir)
    yield
    root.handlers[0].close()
    root.handlers[:] = before
    root.setLevel(level)


def test_a_log_never_grows_beyond_its_bounds(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    import logging  # noqa: PLC0415  # as the server does

    monkeypatch.setattr(logs, "MAX_BYTES", 10_000)
    with _logging(memory):
        for number in range(2_000):
            logging.getLogger("claudemem.worker").info("line %d of many", number)
    folder = list((Path(memory.data_dir) / paths.LOGS).iterdir())
    assert len(folder) == 1 + logs.KEPT
    assert sum(path.stat().st_size for path in folder) <= 10_000 * (1 + logs.KEPT)
    assert {path.stat().st_mode & 0o777 for path in folder} == {0o600}


def test_what_a_worker_that_was_killed_had_claimed_is_observed_again(
    memories: Memories, hosts: Callable[..., Host]
) -> None:
    memory = memories(settings=FAKE)
    hosts(memory).turn()
    memory.take_in()
    assert memory.observer.claim() is not None
    assert memory.stats()["queue"]["claimed"] == 2
    assert memory.release() == 2
    with working(memory):
        until(_done(memory, 2), "memories")


def test_threads_that_come_and_go_leave_no_open_files(memory: Memory) -> None:
    for _ in range(30):
        thread = threading.Thread(target=memory.search)
        thread.start()
        thread.join()
    names = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)]  # noqa: PTH115, PTH208
    assert sum(name == memory.database.path for name in names) <= 3


def _is_open(name: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{name}")
