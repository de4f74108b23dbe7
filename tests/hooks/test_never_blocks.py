"""Promise "never blocks": whatever is broken, a hook ends at once, with status 0 and without a word."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.hooks.conftest import limit_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.hooks.conftest import Hook, Outcome

TIMES = 100
THREADS = 4
PAYLOAD = {"hook_event_name": "UserPromptSubmit", "session_id": "s1", "prompt_id": "p1", "prompt": "x" * 2000}
VALUE = json.dumps(PAYLOAD).encode() + b"\n"
NO_ROOM = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")


def many(run: Callable[[], Outcome], times: int = TIMES) -> None:
    """Run a hook *times* times, a few at once, and hold each to the promise."""
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = [future.result() for future in [pool.submit(run) for _ in range(times)]]
    limit = limit_s()
    for outcome in outcomes:
        assert outcome.status == 0
        assert outcome.stderr == b""
        assert outcome.stdout == b"" or isinstance(json.loads(outcome.stdout), dict)
        assert outcome.seconds < limit


@contextmanager
def file_system(folder: Path, options: str) -> Iterator[bool]:
    """A file system of its own at *folder*, where the system lets us have one; tells whether it does."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def fill(file: Path) -> None:
    """Write into *file* until nothing more fits on the disk."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 4096):
            pass


def test_without_a_data_folder_it_is_made(hook: Hook) -> None:
    many(lambda: hook.feed(VALUE))
    assert len(hook.events()) == TIMES


def test_a_read_only_data_folder(hook: Hook) -> None:
    with file_system(hook.data, "ro") as mounted:
        if not mounted:
            hook.data.chmod(0o500)
        if not mounted and os.access(hook.data, os.W_OK):
            pytest.skip("this user may write everywhere and may not mount a read-only file system")
        many(lambda: hook.feed(VALUE))
        assert list(hook.data.iterdir()) == []


def test_a_full_disk_keeps_no_half_of_an_event(hook: Hook) -> None:
    with file_system(hook.data, "size=64k") as mounted:
        hook.inbox.mkdir()
        if mounted:
            fill(hook.data / "filler")
        prefix = () if mounted else NO_ROOM
        many(lambda: hook.feed(VALUE, *prefix))
        assert list(hook.inbox.iterdir()) == []


def test_an_inbox_that_is_a_file(hook: Hook) -> None:
    hook.data.mkdir()
    hook.inbox.write_text("not a folder")
    many(lambda: hook.feed(VALUE))
    assert hook.inbox.read_text() == "not a folder"


@pytest.mark.parametrize(
    "garbage",
    [
        b"not json",
        b'{"hook_event_name": "Stop", "session_id"',
        b'"a text"',
        b"[" * 100_000,
        VALUE + VALUE,
        b"\x00\xff\xfe\x80" * 500,
        json.dumps({"hook_event_name": ["Stop"], "session_id": 7}).encode(),
    ],
    ids=["words", "cut off", "no object", "deep", "two values", "bytes that are no UTF-8", "wrong types"],
)
def test_garbage_on_standard_input(hook: Hook, garbage: bytes) -> None:
    many(lambda: hook.feed(garbage))
    assert hook.events() == []


def test_garbage_is_counted_without_its_text(hook: Hook) -> None:
    hook.feed(b"not json, but perhaps private")
    (reason,) = (hook.inbox / "bad").iterdir()
    assert reason.read_text() == "a hook was given 29 bytes that are not one JSON object"


def test_empty_standard_input(hook: Hook) -> None:
    many(lambda: hook.feed(b""))
    assert not hook.data.exists()


def test_closed_standard_input(hook: Hook) -> None:
    many(lambda: hook.feed(b"", "sh", "-c", 'exec "$@" <&-', "sh"))
    assert hook.events() == []


def test_standard_input_that_stays_open_after_the_value(hook: Hook) -> None:
    many(lambda: hook.feed_open(VALUE))
    assert len(hook.events()) == TIMES


@pytest.mark.parametrize("given", [b"", b'{"hook_event_name": "Stop", '])
def test_standard_input_that_stays_open_without_a_value(hook: Hook, given: bytes) -> None:
    many(lambda: hook.feed_open(given), times=THREADS)
    assert hook.events() == []


def test_ten_megabytes_on_standard_input(hook: Hook) -> None:
    given = json.dumps({**PAYLOAD, "prompt": "many words <b>here</b> " * 450_000}).encode()
    assert len(given) > 10_000_000
    many(lambda: hook.feed(given))
    assert len(hook.events()) == TIMES


def test_bytes_that_are_no_utf_8_inside_a_value(hook: Hook) -> None:
    many(lambda: hook.feed(VALUE.replace(b"xxx", b"\xff\xfe", 1)))
    assert len(hook.events()) == TIMES


@pytest.mark.parametrize(
    "rules",
    [
        "{broken",
        "",
        "[1, 2]",
        json.dumps(
            {"max_event_bytes": "many", "skip_tools": 7, "excluded_projects": [1, None], "capture_enabled": "no"}
        ),
        json.dumps({"max_event_bytes": None, "context_tokens": [], "unheard_of": {}}),
    ],
    ids=["broken", "empty", "a list", "wrong types", "more wrong types"],
)
def test_broken_rules_mean_the_default_ones(hook: Hook, rules: str) -> None:
    hook.data.mkdir()
    (hook.data / "hook.json").write_text(rules)
    many(lambda: hook.feed(VALUE))
    assert len(hook.events()) == TIMES


def test_rules_that_are_a_folder(hook: Hook) -> None:
    (hook.data / "hook.json").mkdir(parents=True)
    many(lambda: hook.feed(VALUE), times=THREADS)
    assert len(hook.events()) == THREADS


def test_a_text_made_to_keep_the_rules_busy(hook: Hook) -> None:
    busy = "password=" * 20_000 + "eyJ-" * 20_000 + "a.b-://" * 20_000 + "<private " * 20_000 + "-----BEGIN " * 20_000
    given = json.dumps({**PAYLOAD, "prompt": busy}).encode()
    many(lambda: hook.feed(given), times=THREADS)
