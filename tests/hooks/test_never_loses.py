"""Promise "never loses": what a hook was handed lies in the inbox, whole and the owner's only, before the hook ends."""

from __future__ import annotations

import json
import signal
import stat
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.conftest import Hook


def prompt(text: str, **fields: object) -> bytes:
    return json.dumps({"hook_event_name": "UserPromptSubmit", "session_id": "s1", "prompt": text, **fields}).encode()


def test_fifty_hooks_at_once_lose_nothing(hook: Hook) -> None:
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda number: hook.feed(prompt(f"prompt {number}")), range(50)))
    assert sorted(event["text"] for event in hook.events()) == sorted(f"prompt {number}" for number in range(50))


def test_an_event_has_a_name_that_sorts_by_time_and_says_when(hook: Hook) -> None:
    for number in range(3):
        hook.feed(prompt(f"prompt {number}"))
    assert [event["text"] for event in hook.events()] == ["prompt 0", "prompt 1", "prompt 2"]
    for path, event in zip(sorted(hook.inbox.iterdir()), hook.events(), strict=True):
        assert path.name == f"{event['uid']}.json"
        assert uuid.UUID(event["uid"]).int >> 80 == event["at_ms"]


def test_only_the_owner_can_read_what_was_kept(hook: Hook) -> None:
    hook.feed(prompt("<private>all of it</private>"))
    hook.feed(prompt("hello", session_id="s2"))
    hook.feed(b"garbage")
    paths = [hook.data, *hook.data.rglob("*")]
    assert len(paths) == 8
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("size", [10, 65_536 - 60, 200_000])
def test_a_value_that_comes_in_pieces_is_put_together(hook: Hook, size: int) -> None:
    given = prompt("{}" * (size // 2))
    with hook.start() as process:
        assert process.stdin
        for start in range(0, len(given), max(1, len(given) // 7)):
            process.stdin.write(given[start : start + max(1, len(given) // 7)])
            process.stdin.flush()
    assert len(hook.events()) == 1


def test_a_piece_that_ends_like_a_value_is_not_taken_for_one(hook: Hook) -> None:
    given = prompt('{"a": {}}' * 30, nested={"a": {"b": 1}, "c": 2})
    with hook.start() as process:
        assert process.stdin
        for piece in given.replace(b"}", b"}\0").split(b"\0"):
            process.stdin.write(piece)
            process.stdin.flush()
    assert hook.kinds() == ["prompt"]


def test_a_hook_killed_while_it_reads_leaves_nothing_behind(hook: Hook) -> None:
    with hook.start() as process:
        assert process.stdin
        process.stdin.write(prompt("hello")[:-1])
        process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    assert not hook.inbox.exists()


def test_a_file_left_by_a_crash_is_in_nobodys_way(hook: Hook) -> None:
    hook.inbox.mkdir(parents=True)
    (hook.inbox / ".0-0-0.json.1.tmp").write_text("half an ev")
    assert [event["kind"] for event in hook.tell("Stop", last_assistant_message="Done.")] == ["stop"]


def test_a_data_folder_below_missing_folders_is_made(tmp_path: Path, hook: Hook) -> None:
    deep = tmp_path / "a" / "b" / "c"
    hook.feed(prompt("hello"), CLAUDE_MEM_DATA_DIR=str(deep))
    assert len(list((deep / "inbox").iterdir())) == 1


def test_the_users_home_stands_for_a_tilde(tmp_path: Path, hook: Hook) -> None:
    hook.feed(prompt("hello"), CLAUDE_MEM_DATA_DIR="~/memory", HOME=str(tmp_path))
    assert len(list((tmp_path / "memory" / "inbox").iterdir())) == 1


def test_without_a_chosen_folder_it_is_in_the_users_home(tmp_path: Path, hook: Hook) -> None:
    hook.feed(prompt("hello"), CLAUDE_MEM_DATA_DIR="", HOME=str(tmp_path))
    assert len(list((tmp_path / ".claude-mem" / "inbox").iterdir())) == 1
