"""The parts a hook is made of, one by one and in this process: files, rules, places, standard input, private turns."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_hooks import main
from claudemem_lib import ids, lean, paths, rules, tags
from claudemem_lib.lean import system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    SetVariable = Callable[[str, str], None]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a" / "b"
    lean.write_whole(str(folder), "x.json", "é")
    assert lean.read_file(str(folder / "x.json")) == "é"

    def full(_file: int, _data: object) -> int:
        message = "No space left on device"
        raise OSError(message)

    monkeypatch.setattr(lean, "system", _Changed(write=full))
    with pytest.raises(OSError, match="No space"):
        lean.write_whole(str(folder), "y.json", "text")
    assert [path.name for path in folder.iterdir()] == ["x.json"]


class _Changed:
    """The system calls, some of them replaced."""

    def __init__(self, **calls: object) -> None:
        self.calls = calls

    def __getattr__(self, name: str) -> Any:
        return self.calls.get(name) or getattr(system, name)


def test_a_folder_that_is_there_may_be_made_again(tmp_path: Path) -> None:
    lean.make_folder(str(tmp_path))
    lean.make_folder(f"{tmp_path}/a/b/")
    assert (tmp_path / "a" / "b").is_dir()
    with pytest.raises(FileNotFoundError):
        lean.make_folder("")


def test_a_value_may_stand_between_spaces() -> None:
    assert lean.loads(' \n{"a": [1, 2.5, null]}\n') == {"a": [1, 2.5, None]}


def test_an_id_tells_the_millisecond_it_was_made() -> None:
    assert ids.time_of(ids.new_uid(1_795_327_200_123)) == 1_795_327_200_123
    assert ids.new_uid(1) < ids.new_uid(2)
    assert len({ids.new_uid(1) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("false", "capture_enabled", False),
        ("1", "capture_enabled", True),
        ("perhaps", "capture_enabled", True),
        ("1000", "max_event_bytes", 1000),
        ("-1", "max_event_bytes", 65_536),
        ("a, b,,", "skip_tools", ("a", "b")),
        ("facts", "context_full_field", "facts"),
    ],
)
def test_a_rule_from_the_environment_has_the_type_of_its_default(
    tmp_path: Path, environment: SetVariable, text: str, name: str, expected: object
) -> None:
    environment(f"CLAUDE_MEM_{name.upper()}", text)
    assert rules.load(str(tmp_path))[name] == expected


def test_only_values_of_the_right_type_are_taken_from_the_rules_file(tmp_path: Path) -> None:
    stored = {"max_event_bytes": True, "capture_enabled": False, "skip_tools": ["A"], "excluded_projects": [1], "x": 1}
    stored["redact_patterns"] = ["ACME", 1]
    (tmp_path / "hook.json").write_text(lean.dumps(stored))
    expected = rules.DEFAULTS | {
        "capture_enabled": False,
        "skip_tools": ("A",),
        "redact_patterns": ("ACME",),
        "pauses": (),
    }
    assert rules.load(str(tmp_path)) == expected


def test_the_data_folder_is_the_chosen_one_or_in_the_home(environment: SetVariable) -> None:
    environment("HOME", "/home/you")
    environment("CLAUDE_MEM_DATA_DIR", "")
    assert paths.data_dir() == "/home/you/.claude-mem"
    environment("CLAUDE_MEM_DATA_DIR", "~/m")
    assert paths.data_dir() == "/home/you/m"
    environment("CLAUDE_MEM_DATA_DIR", "/m")
    assert paths.data_dir() == "/m"


def test_a_system_that_keeps_its_environment_as_text_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "system", _Changed(environ={"USERPROFILE": "C:/Users/you"}))
    assert paths.home() == "C:/Users/you"


@pytest.fixture
def standard_input() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; the writing one may be closed by the test."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    with suppress(OSError):
        os.close(writing)


def test_a_value_is_taken_without_waiting_for_the_end(standard_input: tuple[int, int]) -> None:
    reading, writing = standard_input
    os.write(writing, b'{"a": {"b": 1}}\n')
    assert main.read_value(reading) == ({"a": {"b": 1}}, 16)


def test_reading_ends_at_the_deadline(standard_input: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = standard_input
    monkeypatch.setattr(main, "DEADLINE_S", 0.02)
    os.write(writing, b'{"a": {}')
    before = signal.getsignal(signal.SIGALRM)
    main._arm()
    assert main.read_value(reading) == (None, 8)
    signal.signal(signal.SIGALRM, before)


def test_what_is_no_value_is_counted(standard_input: tuple[int, int]) -> None:
    reading, writing = standard_input
    os.write(writing, b"}}" + b"[" * 20_000)
    os.close(writing)
    assert main.read_value(reading) == (None, 20_002)


def keep(data: Path, name: str, **fields: object) -> dict[str, Any] | None:
    payload = {"hook_event_name": name, "session_id": "s1", **fields}
    return main.keep(payload, dict(rules.DEFAULTS), str(data), "")


def test_an_unnamed_private_turn_ends_with_the_next_public_prompt(tmp_path: Path) -> None:
    assert keep(tmp_path, "UserPromptSubmit", prompt="<private>x</private>") is None
    assert keep(tmp_path, "Stop") is None
    assert keep(tmp_path, "SessionEnd") == {"kind": "end", "session": "s1", "source": ""}
    assert keep(tmp_path, "UserPromptSubmit", prompt="public") is not None
    assert keep(tmp_path, "Stop") is not None
    assert keep(tmp_path, "Notification") is None


def test_a_summary_of_a_session_with_a_private_turn_loses_its_text(tmp_path: Path) -> None:
    for _ in range(2):
        keep(tmp_path, "UserPromptSubmit", prompt="<private>x</private>", prompt_id="p" * 300)
    event = keep(tmp_path, "PostCompact", compact_summary="of x", prompt_id="p2")
    assert event is not None
    assert event["text"] == ""


def handle(monkeypatch: pytest.MonkeyPatch, data: Path, payload: object, size: int = 1, *words: str) -> None:
    """A whole call of a hook that was given *payload* in *size* bytes."""

    def leave(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(main, "system", _Changed(_exit=leave))
    monkeypatch.setattr(main, "read_value", lambda _file: (payload, size))
    monkeypatch.setattr(main, "_arm", lambda: None)
    with pytest.raises(SystemExit) as left:
        main.main(["run.py", *(words or ("event",)), str(data)])
    assert left.value.code == 0


STOP = {"hook_event_name": "Stop", "session_id": "s1"}


def test_a_call_ends_with_its_event_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handle(monkeypatch, tmp_path, STOP)
    (file,) = (tmp_path / "inbox").iterdir()
    assert lean.loads(file.read_text())["kind"] == "stop"


def test_a_call_without_a_value_leaves_word_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handle(monkeypatch, tmp_path, None, 0)
    assert list(tmp_path.iterdir()) == []
    handle(monkeypatch, tmp_path, [], 2)
    assert "2 bytes" in next((tmp_path / "inbox" / "bad").iterdir()).read_text()


def test_a_call_ends_well_whatever_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for trouble in (MemoryError, KeyboardInterrupt, RecursionError, ZeroDivisionError):
        monkeypatch.setattr("claudemem_lib.capture.write", _raiser(trouble))
        handle(monkeypatch, tmp_path, STOP)


def _raiser(trouble: type[BaseException]) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise trouble

    return fail


def test_only_a_call_for_context_asks_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[object] = []

    def told(payload: object, *_: object) -> tuple[str, str]:
        asked.append(payload)
        return "", ""

    monkeypatch.setattr("claudemem_hooks.context.told", told)
    handle(monkeypatch, tmp_path, STOP)
    assert asked == []
    handle(monkeypatch, tmp_path, STOP, 1, "context")
    assert asked == [STOP]


def test_calls_of_our_own_sessions_are_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environment: SetVariable
) -> None:
    environment("CLAUDE_MEM_INTERNAL", "1")
    handle(monkeypatch, tmp_path, STOP)
    assert list(tmp_path.iterdir()) == []


def test_every_text_inside_a_value_is_cleaned(tmp_path: Path) -> None:
    given = {"list": ["<private>x</private>y", {"z": 1}], "password": "hunter2", "file": {"base64": "x"}}
    event = keep(tmp_path, "PostToolUse", tool_name="T", tool_input=given, git_branch="main", agent_id="a1")
    assert event is not None
    assert event["input"] == {"list": ["y", {"z": 1}], "password": "[redacted:value]", "file": {}}
    assert (event["branch"], event["agent"], event["output"]) == ("main", "a1", None)


def test_a_word_that_only_begins_like_a_mark_is_passed_over() -> None:
    assert tags.cut("<privately> <private>x</private>y") == ("<privately> y", 1)


@pytest.mark.parametrize("filler", ["<b>", "<é>"])
@pytest.mark.parametrize("tag", tags.PRIVATE_TAGS + tags.HOST_TAGS)
def test_a_mark_among_thousands_of_other_tags_is_found(filler: str, tag: str) -> None:
    noise = filler * 5_000
    assert tags.cut(f"{noise}<{tag.upper()}>hidden</{tag}>{noise}") == (noise + noise, int(tag == "private"))
    assert tags.cut(noise) == (noise, 0)
