"""Promise "never blocks": whatever is broken, a hook ends at once, with status 0 and without a word."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Hook, Outcome

TIMES = 100
LIMIT_S = 2.0
THREADS = 4
PAYLOAD = {"hook_event_name": "UserPromptSubmit", "session_id": "s1", "prompt_id": "p1", "prompt": "x" * 2000}
VALUE = json.dumps(PAYLOAD).encode() + b"\n"


def many(run: Callable[[], Outcome], times: int = TIMES) -> None:
    """Run a hook *times* times, a few at once, and hold each to the promise."""
    with ThreadPoolExecutor(THREADS) as pool:
        for outcome in [future.result() for future in [pool.submit(run) for _ in range(times)]]:
            assert outcome.status == 0
            assert outcome.stderr == b""
            assert outcome.stdout == b"" or isinstance(json.loads(outcome.stdout), dict)
            assert outcome.seconds < LIMIT_S


@contextmanager
def small_disk(folder: Path, *options: str) -> Iterator[bool]:
    """A file system of 64 KB at *folder*, where the system lets us; tells whether it does."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(("size=64k", *options)), "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def test_without_a_data_folder_it_is_made(hook: Hook) -> None:
    many(partial(hook.feed, VALUE))
    assert len(hook.events()) == TIMES


def test_a_read_only_data_folder(hook: Hook) -> None:
    with small_disk(hook.data, "ro") as mounted:
        if not mounted:
            hook.data.chmod(0o500)
            if os.access(hook.data, os.W_OK):
                pytest.skip("this user may write everywhere, and no read-only file system can be mounted")
        many(partial(hook.feed, VALUE))
        assert list(hook.data.iterdir()) == []
        hook.data.chmod(0o700) if not mounted else None


def test_a_full_disk_leaves_no_half_written_event(hook: Hook) -> None:
    with small_disk(hook.data) as mounted:
        if mounted:
            hook.inbox.mkdir()
            with (hook.data / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
                while True:
                    filler.write(b"x" * 4096)
            many(partial(hook.feed, VALUE))
        else:
            hook.inbox.mkdir()
            many(partial(feed_without_room, hook))
        assert list(hook.inbox.iterdir()) == []


def feed_without_room(hook: Hook) -> Outcome:
    """Run a hook that may not write a byte into any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    script = f"ulimit -f 0; exec {' '.join(map(str, COMMAND_LINE(hook)))}"
    assert soft <= hard or hard == resource.RLIM_INFINITY
    began = time.monotonic()
    done = subprocess.run(["sh", "-c", script], input=VALUE, capture_output=True, env=hook.environment(), check=False)
    return OUTCOME(hook)(done.returncode, done.stdout, done.stderr, time.monotonic() - began)
