"""Installing into the hosts of a machine, taking everything out again, and leaving for good."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import claudemem_lib
from claudemem_lib import cli, link, paths
from claudemem_lib.hosts import catalog, files, manifest, quoting, units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

NAMES = [host.name for host in catalog.HOSTS]
UNITS = [unit.name for unit in catalog.UNITS]
THEIRS = {
    ".claude/settings.json": '{\r\n\t"model": "opus"\r\n}',
    ".codex/config.toml": '# mine\nmodel = "m" # why\n\n[mcp_servers.other]\ncommand = "x"',
    ".codex/hooks.json": '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}',
    ".cursor/hooks.json": '{"version": 1, "hooks": {"stop": [{"command": "./x.sh"}]}}\n',
    ".cursor/mcp.json": '{ // mine\n  "mcpServers": {\n    "other": {"url": "http://x"}, // why\n  },\n}\n',
    ".gemini/settings.json": '\ufeff{\n    "theme": "dark"\n}\n',
    ".config/opencode/opencode.jsonc": '{\n  // mine\n  "model": "m",\n}\n',
    ".config/Code/User/mcp.json": '{\n  "servers": {},\n  "inputs": [] // none\n}\n',
    ".config/zed/settings.json": "// Zed settings\n{\n}\n",
}


class Machine:
    """A user's home with the configuration of several hosts in it."""

    def __init__(self, folder: Path, files: dict[str, str] | None = None) -> None:
        self.home = folder / "home of mine"
        self.data = self.home / ".claude-mem"
        for name, text in (THEIRS if files is None else files).items():
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.before = self.files()

    def files(self) -> dict[str, bytes]:
        found = sorted(path for path in self.home.rglob("*") if self.data not in (path, *path.parents))
        return {str(path.relative_to(self.home)): path.read_bytes() if path.is_file() else b"" for path in found}

    def run(self, *arguments: str, text: str | None = None) -> Result:
        cleared = dict.fromkeys(("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "CLAUDE_MEM_DATA_DIR"))
        environment = {**cleared, "HOME": str(self.home), "PATH": str(self.home)}
        return CliRunner().invoke(cli.main, ["--data-dir", str(self.data), *arguments], input=text, env=environment)

    def says(self, *arguments: str) -> Any:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def json(self, name: str) -> Any:
        return json.loads((self.home / name).read_text("utf-8"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# ----------------------------------------------------------------------------------------------- install, uninstall
@pytest.mark.parametrize("name", NAMES)
def test_rank_19_install_and_uninstall_of_each_host_leave_every_byte(machine: Machine, name: str) -> None:
    dry = machine.says("install", name, "--dry-run")
    assert "+" in dry["diff"]
    assert machine.files() == machine.before
    done = machine.says("install", name)
    assert done["applied"]
    assert done["diff"] == dry["diff"]
    assert machine.files() != machine.before
    again = machine.says("install", name)
    assert again["diff"] == ""
    assert machine.says("uninstall", name, "--dry-run")["diff"]
    machine.says("uninstall", name)
    assert machine.files() == machine.before
    assert not (machine.data / manifest.FILE).exists()


def test_a_home_without_any_host_gets_folders_and_loses_them_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path, {})
    machine.says("install", *NAMES)
    assert (machine.home / ".codex" / "config.toml").exists()
    machine.says("uninstall")
    assert machine.files() == {}


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_written_and_taken_away_like_a_host(machine: Machine, unit: str) -> None:
    assert "claudemem_mcp" in machine.says("install", "--unit", unit, "--dry-run")["diff"]
    assert machine.files() == machine.before
    assert "Start it with" in machine.run("install", "--unit", unit).stdout
    assert any("claude-mem" in name for name in machine.files())
    report = machine.says("uninstall")["report"]
    assert machine.files() == machine.before
    assert any(line in units.GONE.values() for line in report)


def test_a_unit_that_was_enabled_leaves_no_link_behind(machine: Machine) -> None:
    machine.says("install", "--unit", "systemd")
    unit = machine.home / ".config/systemd/user/claude-mem.service"
    wants = unit.parent / "default.target.wants"
    wants.mkdir()
    (wants / unit.name).symlink_to(unit)
    machine.says("uninstall")
    assert machine.files() == machine.before


def test_several_hosts_are_installed_at_once_and_uninstalled_one_by_one_or_together(machine: Machine) -> None:
    machine.says("install", *NAMES)
    machine.says("uninstall", "cursor", "codex")
    left = machine.files()
    assert left[".cursor/mcp.json"] == machine.before[".cursor/mcp.json"]
    assert left[".codex/config.toml"] == machine.before[".codex/config.toml"]
    assert left[".gemini/settings.json"] != machine.before[".gemini/settings.json"]
    machine.says("uninstall")
    assert machine.files() == machine.before


def test_one_host_that_is_refused_keeps_all_that_were_named_as_they_are(machine: Machine) -> None:
    (machine.home / ".codex" / "config.toml").write_text("[broken")
    before = machine.files()
    result = machine.run("install", "claude-code", "codex")
    assert result.exit_code == 1
    assert "config.toml was left as it is" in result.stderr
    assert "Nothing was changed for any host." in result.stderr
    assert machine.files() == before


def test_a_disk_that_fails_at_the_second_host_hides_not_what_was_done(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = files.carry_out

    def failing(change: files.Change) -> None:
        if ".codex" in str(change.path):
            raise files.refusal(change.path, "the disk is full", "Make room.")
        carry_out(change)

    monkeypatch.setattr(files, "carry_out", failing)
    result = machine.run("install", "claude-code", "codex", "cursor", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert any(".claude/settings.json" in line for line in told["report"])
    assert "the disk is full" in told["error"]
    assert "Not connected: codex, cursor." in result.stderr


def test_what_a_user_changed_meanwhile_stays(machine: Machine) -> None:
    machine.says("install", "codex", "cursor")
    config, hooks = machine.home / ".codex/config.toml", machine.home / ".cursor/hooks.json"
    config.write_text(config.read_text().replace('"m" # why', '"n" # better') + "\n# the end\n[tui]\nx = 1\n")
    hooks.write_text(hooks.read_text().replace("./x.sh", "./y.sh"))
    machine.says("uninstall")
    assert tomllib.loads(config.read_text()) == {
        "model": "n",
        "mcp_servers": {"other": {"command": "x"}},
        "tui": {"x": 1},
    }
    assert config.read_text().startswith('# mine\nmodel = "n" # better\n')
    assert "# the end" in config.read_text()
    assert machine.json(".cursor/hooks.json") == {"version": 1, "hooks": {"stop": [{"command": "./y.sh"}]}}


def test_without_the_manifest_our_entries_are_still_known_everywhere(machine: Machine) -> None:
    machine.says("install", *NAMES)
    machine.says("install", "--unit", "systemd")
    (machine.data / manifest.FILE).unlink()
    machine.says("uninstall")
    left = machine.files()
    assert not any(b"claudemem" in data for data in left.values())
    empty_before = (
        ".config/Code/User/mcp.json",
        ".config/zed/settings.json",
    )  # nobody knows any more who made what is empty
    changed = [name for name, data in machine.before.items() if left[name] != data and name not in empty_before]
    assert changed == [".codex/config.toml"]
    assert left[changed[0]].rstrip() == machine.before[changed[0]]
    assert not any(name.endswith("claude-mem.service") for name in left)


def test_what_claude_code_was_told_itself_is_named_with_the_command_that_takes_it_out(machine: Machine) -> None:
    machine.says("install")
    (machine.home / ".claude.json").write_text('{"mcpServers": {"claude-mem": {"command": "/x/claude-mem-mcp"}}}')
    settings = machine.home / ".claude/settings.json"
    settings.write_text(
        settings.read_text().replace('"model": "opus"', '"enabledPlugins": {"claudemem@claudemem": true}')
    )
    warnings = " ".join(machine.says("uninstall")["warnings"])
    assert "`claude mcp remove --scope user claude-mem`" in warnings
    assert "`claude plugin uninstall claudemem@claudemem`" in warnings


def test_a_file_of_another_host_that_cannot_be_read_keeps_nobody_from_uninstalling(machine: Machine) -> None:
    machine.says("install")
    broken = machine.home / ".gemini/settings.json"
    broken.write_text('{"claudemem_mcp": ')
    done = machine.says("uninstall")
    assert "is not valid JSON" in done["warnings"][0]
    assert machine.files()[".claude/settings.json"] == machine.before[".claude/settings.json"]
    assert broken.read_text() == '{"claudemem_mcp": '


def test_a_server_of_another_tool_under_our_name_is_refused_and_named(machine: Machine) -> None:
    path = machine.home / ".gemini/settings.json"
    path.write_text('{"mcpServers": {"claude-mem": {"command": "node"}}}')
    result = machine.run("install", "gemini")
    assert result.exit_code == 1
    assert f"{path} was left as it is" in result.stderr
    assert "take it out or give it another name" in result.stderr
    assert machine.says("install", "--list")[3]["state"] == "refused"


def test_a_manifest_of_a_newer_release_is_left_to_it(machine: Machine) -> None:
    machine.says("install", "gemini")
    stored = machine.data / manifest.FILE
    stored.write_text(stored.read_text().replace("mcp:mcpServers", "something-new"))
    result = machine.run("uninstall")
    assert result.exit_code == 1
    assert "written by a newer release" in result.stderr


def test_the_manifest_of_the_first_release_is_understood(machine: Machine) -> None:
    machine.says("install")
    stored = machine.data / manifest.FILE
    value = json.loads(stored.read_text())
    old = {
        path: {k: v for k, v in record.items() if k not in ("host", "kind")} for path, record in value["files"].items()
    }
    stored.write_text(json.dumps({"version": 1, "files": old}))
    machine.says("uninstall")
    assert machine.files() == machine.before


def test_the_commands_that_were_installed_run_as_the_hosts_start_them(machine: Machine) -> None:
    machine.says("install", "cursor", "codex")
    line = machine.json(".cursor/hooks.json")["hooks"]["beforeSubmitPrompt"][0]["command"]
    payload = {"hook_event_name": "beforeSubmitPrompt", "conversation_id": "c", "prompt": "remember the milk"}
    ran = subprocess.run(
        ["sh", "-c", line], input=json.dumps(payload).encode(), env={}, capture_output=True, check=True
    )
    assert json.loads(ran.stdout) == {"continue": True}
    line = machine.json(".codex/hooks.json")["hooks"]["UserPromptSubmit"][0]["hooks"][0]["command"]
    payload = {"hook_event_name": "UserPromptSubmit", "session_id": "t", "turn_id": "u", "prompt": "and the bread"}
    ran = subprocess.run(
        ["sh", "-lc", line], input=json.dumps(payload).encode(), env={}, capture_output=True, check=True
    )
    assert (ran.stdout, ran.stderr) == (b"", b"")
    kept = [json.loads(path.read_text())["text"] for path in sorted((machine.data / paths.INBOX).glob("*.json"))]
    assert kept == ["remember the milk", "and the bread"]


def test_the_list_says_what_is_here_and_how_it_stands(machine: Machine) -> None:
    (machine.home / "codex").write_text("#!/bin/sh\n")
    (machine.home / "codex").chmod(0o700)
    machine.says("install", "codex")
    states = {state["host"]: state for state in machine.says("install", "--list")}
    assert list(states) == [*NAMES, *UNITS]
    assert (states["codex"]["found"], states["codex"]["state"]) == (True, "installed")
    assert (states["windsurf"]["found"], states["windsurf"]["state"]) == (False, "absent")
    assert states["cursor"]["files"] == [str(machine.home / ".cursor" / name) for name in ("hooks.json", "mcp.json")]
    (machine.home / ".codex/hooks.json").write_text("{}")
    assert {s["host"]: s["state"] for s in machine.says("install", "--list")}["codex"] == "outdated"
    text = machine.run("install", "--list").stdout
    assert "connected by another installation; install it again" in text
    assert "not found  not connected (search)" in text


def test_a_missing_server_package_is_a_warning_for_hosts_that_start_the_server(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mcp" else real(name))
    assert "pip install 'claudemem[server]'" in machine.says("install", "gemini", "--dry-run")["warnings"][0]
    assert machine.says("install", "--dry-run")["warnings"] == []


def test_a_host_that_is_not_here_is_a_warning(machine: Machine) -> None:
    assert "Windsurf was not found on this machine" in machine.says("install", "windsurf", "--dry-run")["warnings"][0]
    assert "launchd was not found" in machine.says("install", "--unit", "launchd", "--dry-run")["warnings"][0]
    assert machine.says("install", "cursor", "--dry-run")["warnings"] == []


@pytest.mark.parametrize("arguments", [["--unit", "systemd", "codex"], ["emacs"], ["--unit", "cron"]])
def test_what_does_not_go_together_is_wrong_usage(machine: Machine, arguments: list[str]) -> None:
    assert machine.run("install", *arguments).exit_code == 2
    assert machine.files() == machine.before


# ------------------------------------------------------------------------------------------------------------- purge
@pytest.fixture
def remembering(machine: Machine) -> Machine:
    machine.says("install")
    with claudemem_lib.open(machine.data) as memory:
        memory.remember("The milk is in the fridge.")
    return machine


def test_uninstalling_keeps_the_memory_and_names_its_folder(remembering: Machine) -> None:
    said = remembering.says("uninstall")["report"]
    assert f"Your memory stays in {remembering.data}" in " ".join(said)
    assert (remembering.data / paths.DATABASE).exists()


def test_a_dry_purge_lists_what_would_go_and_how_big(remembering: Machine) -> None:
    found = remembering.says("uninstall", "--purge", "--dry-run")["data_folder"]
    sizes = {entry["name"]: entry["bytes"] for entry in found["entries"]}
    assert sizes[paths.DATABASE] == (remembering.data / paths.DATABASE).stat().st_size
    assert found["bytes"] == sum(sizes.values())
    text = remembering.run("uninstall", "--purge", "--dry-run").stdout
    assert f"{remembering.data} would be deleted" in text
    assert (remembering.data / paths.DATABASE).exists()


def test_a_purge_asks_first(remembering: Machine) -> None:
    refused = remembering.run("uninstall", "--purge", text="n\n")
    assert refused.exit_code == 1
    assert (remembering.data / paths.DATABASE).exists()
    assert remembering.files() != remembering.before
    assert remembering.run("uninstall", "--purge", "--json").exit_code == 2
    done = remembering.run("uninstall", "--purge", text="y\n")
    assert done.exit_code == 0, done.output
    assert not remembering.data.exists()
    assert remembering.files() == remembering.before


def test_a_purge_with_yes_leaves_nothing(remembering: Machine) -> None:
    done = remembering.says("uninstall", "--purge", "--yes")
    assert done["report"][-1] == f"{remembering.data} was deleted, with everything remembered in it."
    assert "Your memory stays" not in " ".join(done["report"])
    assert not remembering.data.exists()


def test_a_linked_data_folder_goes_with_its_link_and_nothing_beside_it(remembering: Machine, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "memory"
    real.parent.mkdir()
    (real.parent / "other").write_text("stays")
    remembering.data.rename(real)
    remembering.data.symlink_to(real)
    (real / "backups").mkdir(exist_ok=True)
    (real / "backups" / "out").symlink_to(real.parent / "other")
    remembering.says("uninstall", "--purge", "--yes")
    assert not remembering.data.is_symlink()
    assert [path.name for path in real.parent.iterdir()] == ["other"]


@pytest.mark.parametrize("other", [".git", ".hg"])
def test_a_folder_that_is_more_than_a_memory_is_not_deleted(remembering: Machine, other: str) -> None:
    (remembering.data / other).mkdir()
    result = remembering.run("uninstall", "--purge", "--yes")
    assert result.exit_code == 1
    assert "more than a data folder" in result.stderr
    assert (remembering.data / paths.DATABASE).exists()


def test_a_folder_without_a_memory_is_not_deleted(machine: Machine) -> None:
    machine.data.mkdir()
    (machine.data / "thesis.txt").write_text("dear")
    result = machine.run("uninstall", "--purge", "--yes")
    assert result.exit_code == 1
    assert "does not look like a data folder" in result.stderr
    assert (machine.data / "thesis.txt").exists()


def test_files_that_list_recent_work_are_named_and_a_purge_cleans_them(remembering: Machine, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    mine = root / "CLAUDE.md"
    mine.write_bytes(b"# Mine\n")
    with claudemem_lib.open(remembering.data) as memory:
        memory.remember("The tests run with make.", project=str(root))
    assert remembering.says("folder-context", "generate", str(root))["files"][0]["state"] == "updated"
    said = " ".join(remembering.says("uninstall")["report"])
    assert str(mine) in said
    assert "claude-mem folder-context clean --all" in said
    assert f"taken out of {mine}" in " ".join(remembering.says("uninstall", "--purge", "--dry-run")["report"])
    assert mine.read_bytes() != b"# Mine\n"
    assert f"taken out of {mine}" in " ".join(remembering.says("uninstall", "--purge", "--yes")["report"])
    assert mine.read_bytes() == b"# Mine\n"
    assert not remembering.data.exists()


def test_the_home_folder_is_not_deleted(machine: Machine) -> None:
    (machine.home / "inbox").mkdir()
    environment = {"HOME": str(machine.home), "CLAUDE_CONFIG_DIR": str(machine.home / ".claude")}
    result = CliRunner().invoke(
        cli.main, ["--data-dir", str(machine.home), "uninstall", "--purge", "--yes"], env=environment
    )
    assert result.exit_code == 1
    assert "more than a data folder" in result.stderr
    assert machine.home.exists()


def test_a_purge_is_for_all_hosts(machine: Machine) -> None:
    assert machine.run("uninstall", "codex", "--purge").exit_code == 2


def test_purging_nothing_is_no_problem(machine: Machine) -> None:
    assert "is not there" in machine.run("uninstall", "--purge", "--yes").stdout


def test_rank_19_after_uninstalling_no_server_runs_and_nothing_says_that_one_does(remembering: Machine) -> None:
    holding = "import sys, time; from claudemem_lib import link; link.lock(sys.argv[1]); print('x', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(remembering.data)], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        server.stdout.readline()
        socket = remembering.data / paths.SOCKET
        socket.touch()
        (remembering.data / paths.SERVER).write_text(json.dumps({"socket": str(socket), "pid": server.pid}))
        assert f"(pid {server.pid}) would be stopped" in remembering.run("uninstall", "--dry-run").stdout
        assert server.poll() is None
        assert "The server was stopped." in remembering.says("uninstall")["report"]
        assert server.wait(10) is not None
    left = {path.name for path in remembering.data.iterdir()}
    assert left.isdisjoint({paths.SERVER, paths.SOCKET, paths.LOCK, link.STARTING, manifest.FILE})


def test_the_server_stays_while_another_host_uses_it(remembering: Machine) -> None:
    remembering.says("install", "gemini")
    (remembering.data / paths.SERVER).write_text("{}")
    remembering.says("uninstall", "claude-code")
    assert (remembering.data / paths.SERVER).exists()


# ----------------------------------------------------------------------------------------------------------- Windows
WINDOWS = catalog.Places({"USERPROFILE": "C:\\Users\\Ana Ñ", "APPDATA": "C:\\Users\\Ana Ñ\\AppData\\Roaming"}, "win32")
COMMANDS = catalog.Commands(
    "C:\\Users\\Ana Ñ\\pipx\\venvs\\claudemem\\Scripts\\python.exe",
    "C:\\Users\\Ana Ñ\\pipx\\claudemem_hooks\\run.py",
    "C:\\Users\\Ana Ñ\\pipx\\claudemem_mcp\\relay_run.py",
    "C:\\Users\\Ana Ñ\\.claude-mem",
    "win32",
)


@pytest.mark.parametrize("host", catalog.HOSTS, ids=lambda host: host.name)
def test_rank_11_on_windows_every_file_lies_in_the_profile_and_names_our_programs_by_absolute_path(
    host: catalog.Host,
) -> None:
    for file in host.files(WINDOWS, COMMANDS):
        for path in file.paths:
            assert isinstance(path, PureWindowsPath)
            assert path.is_relative_to("C:\\Users\\Ana Ñ")
        text = file.entry.added(file.entry.empty)
        assert file.entry.is_installed(text)
        value = tomllib.loads(text) if file.paths[0].suffix == ".toml" else json.loads(text)
        assert any(_is_ours(words) for words in _commands_in(value))


def _commands_in(value: Any) -> list[list[str]]:
    """Every command in a configuration, as the words that reach the program."""
    if isinstance(value, list):
        return [words for item in value for words in _commands_in(item)]
    if not isinstance(value, dict):
        return []
    command = value.get("command")
    if isinstance(command, list):
        return [command]
    if isinstance(command, str):
        return [[command, *value["args"]] if "args" in value else windows_words(through_cmd(command))]
    return [words for item in value.values() for words in _commands_in(item)]


def _is_ours(words: list[str]) -> bool:
    script = COMMANDS.relay if "relay" in " ".join(words) else COMMANDS.hook
    return words[:4] == [COMMANDS.interpreter, "-I", "-S", script] and words[-1] == COMMANDS.data_dir


def windows_words(line: str) -> list[str]:
    """A command line in words as Windows programs split it (CommandLineToArgvW)."""
    words: list[str] = []
    word, quoted, begun, at = "", False, False, 0
    while at < len(line):
        slashes = len(line[at:]) - len(line[at:].lstrip("\\"))
        at += slashes
        if line[at : at + 1] == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            else:
                quoted, begun = not quoted, True
            at += 1
            continue
        word += "\\" * slashes
        begun = begun or slashes > 0
        if at < len(line):
            if line[at] in " \t" and not quoted:
                words += [word] if begun else []
                word, begun = "", False
            else:
                word, begun = word + line[at], True
            at += 1
    return words + ([word] if begun else [])


def through_cmd(line: str) -> str:
    """What `cmd /d /c call LINE` starts: everything behind `call`, if nothing in it is cmd's own."""
    head, _, rest = line.partition(" call ")
    assert head == "cmd /d /c"
    assert not set(rest) & set("&|<>^%!\r\n")
    return rest


def through_powershell(line: str) -> str:
    """What PowerShell hands on: quotes are taken off, and put on again around words with a space."""
    assert line[0] not in "\"'"
    assert not set(line) & set("$`;")
    return " ".join(f'"{word}"' if " " in word else word for word in windows_words(line))


_windows_paths = st.builds(
    lambda drive, parts: f"{drive}:\\" + "\\".join(parts),
    st.sampled_from("CD"),
    st.lists(
        st.text("abc éñ日 ()[]{}'#@~+-_.", min_size=1, max_size=8).map(lambda part: f"x{part}x"), min_size=1, max_size=4
    ),
)


@given(st.lists(_windows_paths, min_size=1, max_size=4))
def test_rank_11_a_line_for_windows_means_the_same_to_cmd_and_to_powershell(command: list[str]) -> None:
    line = quoting.windows(command)
    assert windows_words(through_cmd(line)) == command
    assert windows_words(through_cmd(through_powershell(line))) == command


@pytest.mark.parametrize("char", '"%!^&|<>$`;,=\n')
def test_a_path_that_the_two_shells_read_differently_is_refused(char: str) -> None:
    with pytest.raises(ValueError, match="cmd and PowerShell read differently"):
        quoting.windows(["C:\\py.exe", f"C:\\a{char}b"])


def test_a_folder_that_ends_in_a_backslash_does_not_eat_its_quote() -> None:
    line = quoting.windows(["C:\\my py.exe", "C:\\my data\\"])
    assert windows_words(through_cmd(line)) == ["C:\\my py.exe", "C:\\my data\\"]


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1), min_size=1))
def test_a_line_for_other_systems_is_split_into_the_same_words(command: list[str]) -> None:
    assert shlex.split(quoting.line(command, "linux")) == command


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/h"}, "/h/.config/Code/User/mcp.json"),
        ("linux", {"HOME": "/h", "XDG_CONFIG_HOME": "/c"}, "/c/Code/User/mcp.json"),
        ("darwin", {"HOME": "/h", "XDG_CONFIG_HOME": "/c"}, "/h/Library/Application Support/Code/User/mcp.json"),
        ("win32", {"USERPROFILE": "C:\\h"}, "C:\\h\\AppData\\Roaming\\Code\\User\\mcp.json"),
    ],
)
def test_a_desktop_programs_configuration_is_where_the_system_keeps_it(
    platform: str, environment: dict[str, str], expected: str
) -> None:
    (file,) = catalog.named("vscode").files(catalog.Places(environment, platform), COMMANDS)
    assert str(file.paths[0]) == expected


@pytest.mark.parametrize(
    ("name", "variable", "expected"),
    [("claude-code", "CLAUDE_CONFIG_DIR", "/x/settings.json"), ("codex", "CODEX_HOME", "/x/hooks.json")],
)
def test_a_folder_named_by_the_host_s_own_variable_is_used(name: str, variable: str, expected: str) -> None:
    places = catalog.Places({"HOME": "/h", variable: "/x"}, "linux")
    assert catalog.named(name).files(places, COMMANDS)[0].paths[0] == PurePosixPath(expected)


def test_every_host_and_kind_is_known_by_its_name(environment: Callable[[str, str], None]) -> None:
    environment("HOME", "/h")
    places = catalog.Places(os.environ, "linux")
    for host in (*catalog.HOSTS, *catalog.UNITS):
        assert catalog.named(host.name) is host
        for file in host.files(places, COMMANDS):
            assert catalog.undoing(file.entry.kind).kind == file.entry.kind


# ------------------------------------------------------------------------------------------------------------- crash
class _TheEnd(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("done", range(5))
@pytest.mark.parametrize("what", ["install", "uninstall"])
def test_a_crash_between_two_files_is_undone_by_uninstalling(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, what: str, done: int
) -> None:
    carry_out, left = files.carry_out, iter(range(done))

    def until_the_end(change: files.Change) -> None:
        if next(left, None) is None:
            raise _TheEnd
        carry_out(change)

    if what == "uninstall":
        machine.says("install", "codex", "cursor")
    with monkeypatch.context() as patch:
        patch.setattr(files, "carry_out", until_the_end)
        with pytest.raises(_TheEnd):
            machine.run(what, "cursor", "codex")
    machine.says("uninstall")
    assert machine.files() == machine.before
    assert not (machine.data / manifest.FILE).exists()
