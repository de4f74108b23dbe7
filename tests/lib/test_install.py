"""Installing into Claude Code's settings and taking everything out again."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudemem_lib import install
from claudemem_lib.errors import HostFileError
from claudemem_lib.hosts import claude_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
THEIRS = {"type": "command", "command": "say", "args": ["done"]}


class Home:
    """A home folder with a host's settings in it, and our data folder."""

    def __init__(self, folder: Path, content: bytes | None = None) -> None:
        self.folder = folder
        self.config = folder / ".claude"
        self.data = folder / ".claude-mem"
        self.file = self.config / "settings.json"
        self.manifest = self.data / "install.json"
        if content is not None:
            self.config.mkdir()
            self.file.write_bytes(content)

    def plan(self, interpreter: str = sys.executable) -> install.Plan:
        return install.plan(self.config, self.data, interpreter)

    def install(self, interpreter: str = sys.executable) -> None:
        install.apply(self.plan(interpreter))

    def uninstall(self) -> tuple[str, ...]:
        return install.apply(install.uninstall_plan(self.config, self.data))

    def value(self) -> Any:
        return json.loads(self.file.read_bytes().decode("utf-8-sig"))

    def edit(self, change: Callable[[Any], None], **layout: Any) -> None:
        value = self.value()
        change(value)
        self.file.write_text(json.dumps(value, **layout), "utf-8")

    def ours(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (event, hook)
            for event, groups in self.value().get("hooks", {}).items()
            for group in groups
            for hook in group["hooks"]
            if any("claudemem_hooks" in arg for arg in hook.get("args", ()))
        ]


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def home(tmp_path: Path) -> Callable[..., Home]:
    return lambda content=None: Home(tmp_path, content)


# What installing writes


def test_every_hook_runs_an_absolute_interpreter_on_an_absolute_script_with_the_data_folder(home: Any) -> None:
    user = home(b"{}")
    user.install()
    for _, hook in user.ours():
        isolated, bare, script, _, data_dir = hook["args"]
        assert (isolated, bare) == ("-I", "-S")
        assert hook["command"] == sys.executable
        assert Path(script).is_file()
        assert data_dir == str(user.data)


def test_the_installed_hooks_are_those_of_the_plugin(home: Any) -> None:
    user = home(b"{}")
    user.install()
    plugin = json.loads((ROOT / "hooks/hooks.json").read_text("utf-8"))["hooks"]
    assert _shape(user.value()["hooks"]) == _shape(plugin)


def _shape(hooks: Any) -> dict[str, Any]:
    """Events, matchers, verbs and timeouts, without the paths."""
    return {
        event: [
            (
                group.get("matcher"),
                [(hook["type"], hook["args"][:2], hook["args"][3], hook["timeout"]) for hook in group["hooks"]],
            )
            for group in groups
        ]
        for event, groups in hooks.items()
    }


def test_the_installed_command_writes_an_event_without_environment_and_from_any_folder(home: Any) -> None:
    user = home(b"{}")
    user.install()
    hook = dict(user.ours())["UserPromptSubmit"]
    payload = {"hook_event_name": "UserPromptSubmit", "session_id": "s", "cwd": "/", "prompt": "remember the milk"}
    ran = subprocess.run(
        [hook["command"], *hook["args"]],
        input=json.dumps(payload).encode(),
        env={},
        cwd=user.folder,
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert (ran.stdout, ran.stderr) == (b"", b"")
    (event,) = (user.data / "inbox").glob("*.json")
    assert "remember the milk" in event.read_text("utf-8")


def test_hooks_of_others_stay_as_they_are_and_come_first(home: Any) -> None:
    before: dict[str, Any] = {
        "hooks": {"Stop": [{"hooks": [THEIRS]}], "Notification": [{"matcher": "x", "hooks": [THEIRS]}]}
    }
    user = home(json.dumps(before, indent=2).encode())
    user.install()
    hooks = user.value()["hooks"]
    assert hooks["Stop"][0] == before["hooks"]["Stop"][0]
    assert len(hooks["Stop"]) == 2
    assert hooks["Notification"] == before["hooks"]["Notification"]


def test_the_diff_only_adds_lines_behind_a_comma(home: Any) -> None:
    user = home('{\n    "théme": "dark",\n    "env": {"A": "1"}\n}\n'.encode())
    lines = user.plan().diff.splitlines()[2:]
    assert [line for line in lines if line.startswith("-")] == ['-    "env": {"A": "1"}']
    assert '+    "env": {"A": "1"},' in lines
    assert '     "théme": "dark",' in lines


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["  ", "    ", "\t"])
def test_indent_and_newlines_are_taken_over(home: Any, newline: str, indent: str) -> None:
    user = home(f'{{{newline}{indent}"a": 1{newline}}}{newline}'.encode())
    user.install()
    text = user.file.read_bytes().decode()
    assert f'{newline}{indent}"hooks": {{{newline}{indent * 2}"SessionStart": [{newline}{indent * 3}{{' in text
    assert text.count("\n") == text.count(newline)
    assert text.endswith("}" + newline)


def test_a_file_on_one_line_stays_on_one_line(home: Any) -> None:
    user = home(b'{"a":1}')
    user.install()
    assert user.file.read_bytes().startswith(b'{"a":1,"hooks":{"SessionStart":[{"matcher":')
    assert b"\n" not in user.file.read_bytes()


def test_a_byte_order_mark_stays(home: Any) -> None:
    user = home(b'\xef\xbb\xbf{"a": 1}\r\n')
    user.install()
    assert user.file.read_bytes().startswith(b'\xef\xbb\xbf{"a": 1, "hooks": ')
    assert user.ours()


def test_an_empty_file_counts_as_an_empty_object(home: Any) -> None:
    user = home(b"\n")
    user.install()
    assert len(user.ours()) == 9
    user.uninstall()
    assert user.file.read_bytes() == b"\n"


# Planning, twice, elsewhere


def test_planning_changes_nothing(home: Any) -> None:
    user = home(b"{}")
    plan = user.plan()
    assert [change.path for change in plan.files] == [user.file]
    assert plan.diff.startswith(f"--- {user.file}\n+++ {user.file}\n")
    assert user.file.read_bytes() == b"{}"
    assert not user.data.exists()


def test_installing_twice_changes_nothing(home: Any) -> None:
    user = home(b"{}")
    user.install()
    again = user.plan()
    assert again.empty
    assert again.diff == ""
    assert again.report == (f"{user.file} already has our entries; nothing was changed there.",)


def test_installing_after_the_user_put_a_hook_behind_ours_changes_nothing(home: Any) -> None:
    user = home(b"{}")
    user.install()
    user.edit(lambda value: value["hooks"]["Stop"].append({"hooks": [THEIRS]}))
    assert user.plan().empty


def test_installing_from_another_interpreter_replaces_our_entries(home: Any) -> None:
    user = home(b'{"a": 1}')
    user.install("/old/bin/python")
    user.install("/new/bin/python")
    assert {hook["command"] for _, hook in user.ours()} == {"/new/bin/python"}
    assert len(user.ours()) == 9
    user.uninstall()
    assert user.file.read_bytes() == b'{"a": 1}'


def test_reinstalling_after_an_edit_keeps_the_edit_through_uninstall(home: Any) -> None:
    user = home(b'{\n  "a": 1\n}\n')
    user.install("/old/bin/python")
    user.edit(lambda value: value.update(b=2))
    user.install("/new/bin/python")
    user.uninstall()
    assert user.value() == {"a": 1, "b": 2}


def test_two_host_folders_are_both_restored(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.json").write_text(f'{{"{name}": 1}}')
        install.apply(install.plan(tmp_path / name, data))
    install.apply(install.uninstall_plan(tmp_path / "two", data))
    for name in ("one", "two"):
        assert (tmp_path / name / "settings.json").read_text() == f'{{"{name}": 1}}'


# Taking it out


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_hooks = st.lists(
    st.fixed_dictionaries({"hooks": st.lists(st.just(THEIRS), max_size=2)}, optional={"matcher": st.text(max_size=4)}),
    max_size=2,
)
_events = st.sampled_from(["SessionStart", "Stop", "PreCompact", "PreToolUse", "Notification"])
_settings = st.builds(
    lambda others, hooks: others | hooks,
    st.dictionaries(
        st.text(max_size=6).filter(lambda key: key not in ("hooks", "enabledPlugins")), _values, max_size=4
    ),
    st.just({}) | st.fixed_dictionaries({"hooks": st.dictionaries(_events, _hooks, max_size=4)}),
)
_layouts = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 1, 2, 4, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",", ": ")]),
    }
)
_ends = st.sampled_from(["", "\n", "\n\n", " \n"])


def _file_of(value: Any, layout: dict[str, Any], newline: str, end: str, bom: bytes) -> bytes:
    text = json.dumps(value, **layout) + end
    return bom + text.replace("\n", newline).encode()


_files = st.builds(
    _file_of, _settings, _layouts, st.sampled_from(["\n", "\r\n"]), _ends, st.sampled_from([b"", b"\xef\xbb\xbf"])
)


def _temporary_home(content: bytes | None) -> Iterator[Home]:
    with tempfile.TemporaryDirectory() as folder:
        yield Home(Path(folder).resolve(), content)


@settings(deadline=None)
@given(_files)
def test_install_then_uninstall_gives_every_byte_back(content: bytes) -> None:
    for user in _temporary_home(content):
        before = json.loads(content.decode("utf-8-sig"))
        user.install()
        after = user.value()
        assert len(user.ours()) == 9
        for event, groups in before.get("hooks", {}).items():
            assert after["hooks"][event][: len(groups)] == groups
        assert {k: v for k, v in after.items() if k != "hooks"} == {k: v for k, v in before.items() if k != "hooks"}
        user.uninstall()
        assert user.file.read_bytes() == content
        assert not user.manifest.exists()


def _set_theme(value: Any) -> None:
    value["theme"] = "light"


def _drop_all_but_hooks(value: Any) -> None:
    for key in [key for key in value if key != "hooks"]:
        del value[key]


def _add_hook(value: Any) -> None:
    value.setdefault("hooks", {}).setdefault("Stop", []).append({"hooks": [THEIRS]})


def _add_first(value: Any) -> None:
    hooks = value.setdefault("hooks", {})
    hooks["PostToolUse"] = [{"matcher": "Bash", "hooks": [THEIRS]}, *hooks.get("PostToolUse", [])]


def _sort_keys(value: Any) -> None:
    items = sorted(value.items())
    value.clear()
    value.update(items)


@settings(deadline=None)
@given(
    _files,
    st.lists(
        st.sampled_from([_set_theme, _drop_all_but_hooks, _add_hook, _add_first, _sort_keys]), min_size=1, max_size=3
    ),
    _layouts,
)
def test_edits_made_meanwhile_survive_as_if_we_had_never_been_there(
    content: bytes, edits: list[Callable[[Any], None]], layout: dict[str, Any]
) -> None:
    for user in _temporary_home(content):
        alone = json.loads(content.decode("utf-8-sig"))
        user.install()
        for edit in edits:
            edit(alone)
            user.edit(edit, **(layout | {"ensure_ascii": True}))
        user.uninstall()
        assert user.value() == alone
        assert not user.manifest.exists()


def test_an_edit_as_text_is_the_only_thing_left_of_the_meantime(home: Any) -> None:
    user = home(b'{\r\n\t"a": 1\r\n}\r\n')
    user.install()
    user.file.write_bytes(user.file.read_bytes().replace(b'"a": 1', b'"a": [1,\r\n2]'))
    report = user.uninstall()
    assert user.file.read_bytes() == b'{\r\n\t"a": [1,\r\n2]\r\n}\r\n'
    assert report[0] == f"Our entries were taken out of {user.file}; everything else in it stays."


def test_a_hook_the_user_put_into_our_group_stays(home: Any) -> None:
    user = home(b"{}")
    user.install()
    user.edit(lambda value: value["hooks"]["Stop"][0]["hooks"].append(THEIRS))
    user.uninstall()
    assert user.value() == {"hooks": {"Stop": [{"hooks": [THEIRS]}]}}


def test_a_file_and_folder_we_made_are_removed(home: Any) -> None:
    user = home()
    user.install()
    assert user.file.stat().st_mode & 0o777 == 0o600
    assert user.uninstall()[0] == f"{user.file} was removed; installing had made it."
    assert _names(user.folder) == [".claude-mem"]


def test_a_folder_we_made_stays_if_others_use_it(home: Any) -> None:
    user = home()
    user.install()
    (user.config / "history.jsonl").write_text("")
    user.uninstall()
    assert _names(user.config) == ["history.jsonl"]


def test_a_file_we_made_stays_with_what_the_user_added(home: Any) -> None:
    user = home()
    user.install()
    user.edit(lambda value: value.update(theme="dark"))
    user.uninstall()
    assert user.value() == {"theme": "dark"}


def test_a_file_we_made_and_another_program_only_laid_out_anew_is_removed(home: Any) -> None:
    user = home()
    user.install()
    user.edit(lambda _value: None, indent=4)
    user.uninstall()
    assert not user.config.exists()


def test_a_file_that_is_gone_is_no_problem(home: Any) -> None:
    user = home(b"{}")
    user.install()
    user.file.unlink()
    assert user.uninstall()[0] == f"{user.file} is not there."
    assert not user.manifest.exists()


def test_uninstalling_without_a_manifest_recognises_our_entries(home: Any) -> None:
    before = b'{\n  "a": 1,\n  "hooks": {\n    "Stop": [\n      {"hooks": []}\n    ]\n  }\n}\n'
    user = home(before)
    user.install()
    user.manifest.unlink()
    user.uninstall()
    assert user.file.read_bytes() == before


def test_uninstalling_with_a_broken_manifest_says_so_and_recognises_our_entries(home: Any) -> None:
    user = home(b'{"a": 1}')
    user.install()
    user.manifest.write_text('{"files": {"x": {"original": 1}}}')
    plan = install.uninstall_plan(user.config, user.data)
    assert plan.warnings[0].startswith(f"{user.manifest} cannot be read")
    install.apply(plan)
    assert user.file.read_bytes() == b'{"a": 1}'
    assert not user.manifest.exists()


def test_uninstalling_what_was_never_installed_touches_nothing(home: Any) -> None:
    user = home(b"not even json")
    plan = install.uninstall_plan(user.config, user.data)
    assert plan.empty
    assert plan.report[0] == f"{user.file} has nothing of ours."
    assert user.file.read_bytes() == b"not even json"


def test_uninstalling_names_the_data_folder_and_leaves_all_in_it(home: Any) -> None:
    user = home(b"{}")
    user.data.mkdir()
    (user.data / "claude-mem.db").write_bytes(b"memory")
    user.install()
    assert str(user.data) in user.uninstall()[-1]
    assert _names(user.data) == ["claude-mem.db"]


def test_the_manifest_is_for_the_owner_only(home: Any) -> None:
    user = home(b'{"env": {"ANTHROPIC_API_KEY": "secret"}}')
    user.install()
    assert user.manifest.stat().st_mode & 0o777 == 0o600
    assert user.data.stat().st_mode & 0o777 == 0o700


def test_the_mode_of_the_file_stays(home: Any) -> None:
    user = home(b"{}")
    user.file.chmod(0o640)
    user.install()
    assert user.file.stat().st_mode & 0o777 == 0o640


# Links


def test_a_linked_settings_file_is_followed_and_stays_a_link(home: Any) -> None:
    user = home(b"{}")
    real = user.folder / "dotfiles.json"
    user.file.rename(real)
    user.file.symlink_to(real)
    user.install()
    assert user.file.is_symlink()
    assert b"claudemem_hooks" in real.read_bytes()
    user.uninstall()
    assert real.read_bytes() == b"{}"


def test_a_link_to_nothing_yet_is_followed(home: Any) -> None:
    user = home(b"{}")
    user.file.unlink()
    user.file.symlink_to(user.folder / "dotfiles.json")
    user.install()
    assert len(user.ours()) == 9
    user.uninstall()
    assert user.file.is_symlink()
    assert not user.file.exists()


def test_a_loop_of_links_is_refused(home: Any) -> None:
    user = home(b"{}")
    user.file.unlink()
    user.file.symlink_to(user.file)
    with pytest.raises(HostFileError, match=r"was left as it is: Too many levels of symbolic links\. Mend"):
        user.plan()


# Refusals


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[]", "it is not a JSON object"),
        (b"null", "it is not a JSON object"),
        (b'{"a": 1,}', "it is not valid JSON (line 1: "),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{\n  // mine\n  "a": 1\n}', "it has comments (line 2)"),
        (b'{"a": 1 /* mine */}', "it has comments (line 1)"),
        (b'{"a": "\xff"}', "it is not UTF-8 text"),
        ('{"a": 1}'.encode("utf-16"), "it is not UTF-8 text"),
        (b'{"hooks": []}', 'its "hooks" have a shape'),
        (b'{"hooks": null}', 'its "hooks" have a shape'),
        (b'{"hooks": {"Stop": {}}}', 'its "hooks" have a shape'),
        (b'{"hooks": {"Stop": ["run.sh"]}}', 'its "hooks" have a shape'),
        (b'{"hooks": {"Stop": [{"matcher": ""}]}}', 'its "hooks" have a shape'),
        (b'{"hooks": {}, "hooks": {}}', "the key 'hooks' stands 2 times"),
        (b'{"hooks": {"Stop": [], "Stop": []}}', "the key 'Stop' stands 2 times"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "it is nested too deeply"),
    ],
)
def test_what_we_do_not_understand_is_refused_and_left_alone(home: Any, content: bytes, why: str) -> None:
    user = home(content)
    with pytest.raises(HostFileError) as refused:
        user.plan()
    assert f"{user.file} was left as it is: {why}" in str(refused.value)
    assert "docs/install.md" in str(refused.value)
    assert user.file.read_bytes() == content
    assert not user.data.exists()


def test_text_that_looks_like_a_comment_inside_a_string_is_none(home: Any) -> None:
    user = home(b'{"url": "https://x/*", }')
    with pytest.raises(HostFileError, match="it is not valid JSON"):
        user.plan()


def test_events_we_do_not_use_may_have_any_shape(home: Any) -> None:
    user = home(b'{"hooks": {"modules": ["./row.tsx"]}}')
    user.install()
    assert user.value()["hooks"]["modules"] == ["./row.tsx"]
    user.edit(_set_theme)
    user.uninstall()
    assert user.value() == {"hooks": {"modules": ["./row.tsx"]}, "theme": "light"}


def test_a_folder_in_the_place_of_the_file_is_refused(home: Any) -> None:
    user = home()
    user.file.mkdir(parents=True)
    with pytest.raises(HostFileError, match="it is not a file"):
        user.plan()


def test_a_file_in_the_place_of_the_folder_is_refused(home: Any) -> None:
    user = home()
    user.config.write_text("")
    with pytest.raises(HostFileError, match=r"was left as it is: Not a directory\."):
        user.plan()


def test_a_folder_closed_to_us_is_refused_before_anything_is_written(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = home(b"{}")
    monkeypatch.setattr(os, "access", lambda place, _mode: place != user.config)
    with pytest.raises(HostFileError, match=f"{user.config} is not writable"):
        user.plan()


def test_a_file_we_may_not_read_is_refused(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    user = home(b"{}")

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(HostFileError, match=r"it cannot be read \(Permission denied\)"):
        user.plan()


def test_a_file_that_changed_after_planning_is_refused(home: Any) -> None:
    user = home(b"{}")
    plan = user.plan()
    user.file.write_bytes(b'{"a": 1}')
    with pytest.raises(HostFileError, match="another program changed it just now"):
        install.apply(plan)
    assert user.file.read_bytes() == b'{"a": 1}'
    assert not user.manifest.exists()


def test_a_broken_file_with_our_entries_is_not_guessed_at(home: Any) -> None:
    user = home(b"{}")
    user.install()
    user.file.write_bytes(user.file.read_bytes()[:-5])
    broken = user.file.read_bytes()
    with pytest.raises(HostFileError, match="take out the entries that name claudemem_hooks or claudemem_mcp by hand"):
        user.uninstall()
    assert user.file.read_bytes() == broken
    assert user.manifest.exists()


def test_a_path_that_json_cannot_hold_is_refused(home: Any) -> None:
    user = home(b"{}")
    with pytest.raises(HostFileError, match="not UTF-8"):
        user.plan("/opt/\udcff/python")


def test_a_missing_hooks_package_is_named(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(HostFileError, match="claudemem_hooks is not installed"):
        home(b"{}").plan()


# Crashes


class Crash(BaseException):
    """The process ends here."""


def _crash_at(monkeypatch: pytest.MonkeyPatch, call: str, number: int) -> None:
    """Let the *number*-th use of a system call end the process, or fail the disk."""
    real = getattr(os, call)
    left = [number]

    def crashing(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Crash
        return real(*args, **named)

    monkeypatch.setattr(os, call, crashing)


CALLS = [("open", n) for n in range(1, 9)] + [("fsync", n) for n in range(1, 5)] + [("replace", 1), ("replace", 2)]


@pytest.mark.parametrize(("call", "number"), CALLS)
@pytest.mark.parametrize("content", [b'{ "a":1 }', b"{ }", None])
def test_a_crash_while_installing_still_uninstalls_to_the_last_byte(
    home: Any, content: bytes | None, call: str, number: int
) -> None:
    user = home(content)
    with pytest.MonkeyPatch.context() as patch:
        _crash_at(patch, call, number)
        patch.setattr(Path, "unlink", _unless_crashed(Path.unlink))
        _run(user.install)
    user.uninstall()
    assert user.config.exists() == (content is not None)
    if content is not None:
        assert user.file.read_bytes() == content
        assert _names(user.config) == ["settings.json"]
    assert not user.manifest.exists()


@pytest.mark.parametrize(("call", "number"), [*CALLS, ("unlink", 1), ("unlink", 2), ("unlink", 3), ("unlink", 4)])
@pytest.mark.parametrize("content", [b'{ "a":1 }', b"{ }", None])
def test_a_crash_while_reinstalling_or_uninstalling_can_be_repeated(
    home: Any, content: bytes | None, call: str, number: int
) -> None:
    user = home(content)
    user.install("/old/bin/python")
    for step in (lambda: user.install("/new/bin/python"), user.uninstall):
        with pytest.MonkeyPatch.context() as patch:
            _crash_at(patch, call, number)
            _run(step)
    user.uninstall()
    assert (user.file.read_bytes() if user.file.exists() else None) == content
    assert not user.manifest.exists()


def _unless_crashed(real: Callable[..., None]) -> Callable[..., None]:
    """A process that ended cleans nothing up: the temporary file it was writing stays."""

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        if not isinstance(sys.exc_info()[1], Crash):
            real(path, missing_ok=missing_ok)

    return unlink


def _run(step: Callable[[], object]) -> None:
    try:
        step()
    except Crash:
        return


@pytest.mark.parametrize("reason", [28, 30])
def test_a_disk_that_refuses_leaves_the_file_and_says_why(
    home: Any, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    user = home(b'{"a": 1}')
    real = os.open

    def refusing(path: Any, *args: Any) -> int:
        if Path(path).parent == user.config:
            raise OSError(reason, os.strerror(reason))
        return real(path, *args)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(HostFileError) as refused:
        user.install()
    assert str(refused.value) == (
        f"{user.file} was left as it is: it cannot be written ({os.strerror(reason)}). "
        "Mend that, then run the command again."
    )
    monkeypatch.undo()
    assert user.file.read_bytes() == b'{"a": 1}'
    assert _names(user.config) == ["settings.json"]
    user.install()
    assert len(user.ours()) == 9


# Warnings


def test_an_enabled_plugin_of_ours_is_one_warning(home: Any) -> None:
    user = home(b'{"enabledPlugins": {"claudemem@market": true, "other@market": true, "claude-mem@old": false}}')
    (warning,) = user.plan().warnings
    assert "claudemem@market" in warning
    assert "claude plugin disable claudemem@market" in warning


def test_switched_off_hooks_are_a_warning(home: Any) -> None:
    (warning,) = home(b'{"disableAllHooks": true}').plan().warnings
    assert "disableAllHooks" in warning


def test_an_interpreter_in_a_cache_is_a_warning(home: Any) -> None:
    (warning,) = home(b"{}").plan("/home/me/.cache/uv/archive-v0/x/bin/python").warnings
    assert "lies in a cache" in warning


def test_an_ordinary_file_gives_no_warning(home: Any) -> None:
    assert home(b'{"enabledPlugins": ["odd"]}').plan().warnings == ()


def test_the_host_folder_is_the_configured_one_or_the_default() -> None:
    assert install.host_config_dir({"CLAUDE_CONFIG_DIR": "/c"}) == Path("/c")
    assert install.host_config_dir({}) == Path.home() / ".claude"


def test_entries_with_windows_paths_are_recognised() -> None:
    groups = claude_code.groups("C:\\py\\python.exe", "C:\\py\\claudemem_hooks\\run.py", "C:\\Users\\me\\.claude-mem")
    text = claude_code.with_hooks('{\r\n  "a": "\\\\"\r\n}', groups)
    assert claude_code.is_installed(text, groups)
    assert claude_code.without_hooks(text, "") == '{\r\n  "a": "\\\\"\r\n}'
