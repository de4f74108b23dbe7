"""What we put into any host's file comes out again: JSON with and without comments, TOML, whole files."""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from claudemem_lib import install
from claudemem_lib.hosts import claude_code, codex, cursor, jsontext, mcp, units

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.hosts.entry import Entry

RELAY = {"command": "/opt/py", "args": ["-I", "/opt/claudemem_mcp/relay_run.py", "/home/me/.claude-mem"]}
LINE = "/opt/py -I -S /opt/claudemem_hooks/run.py cursor /home/me/.claude-mem"
THEIRS = {"command": "node", "args": ["server.js"]}

# ------------------------------------------------------------------------------------------------- JSON with comments
KINDS = ("leaf", "list", "object")
_words = st.text(st.sampled_from('ab "\\/*,{}[]:é\n'), max_size=6)
_comments = st.sampled_from(
    ["", "", "", " ", "  ", "\n", "\n  ", "// c, {\n", "/* x, } */", " /* a\n b */ ", " // é\n\t"]
)


@st.composite
def jsonc(draw: Callable[..., Any], depth: int = 2, kinds: tuple[str, ...] = KINDS) -> tuple[str, Any]:
    """A text in JSON with comments and trailing commas, and the value it holds."""
    kind = draw(st.sampled_from(kinds if depth else ("leaf",)))
    if kind == "leaf":
        value = draw(st.none() | st.booleans() | st.integers(-9, 99) | _words)
        return json.dumps(value, ensure_ascii=draw(st.booleans())), value

    def gap() -> str:
        return str(draw(_comments))

    parts, values = [], []
    for number in range(draw(st.integers(0, 3))):
        text, value = draw(jsonc(depth=depth - 1))
        key = f"{draw(_words)}{number}"
        label = f"{json.dumps(key)}{gap()}:{gap()}" if kind == "object" else ""
        parts.append(f"{gap()}{label}{text}{gap()}")
        values.append((key, value))
    inner = ",".join(parts) + ("," + gap() if parts and draw(st.booleans()) else "" if parts else gap())
    if kind == "list":
        return f"[{inner}]", [value for _, value in values]
    return f"{{{inner}}}", dict(values)


@st.composite
def documents(draw: Callable[..., Any]) -> tuple[str, dict[str, Any]]:
    """A configuration file as a host may have it: an object, with or without servers of others in it."""
    text, value = draw(jsonc(kinds=("object",)))
    if draw(st.booleans()):
        inner, servers = draw(jsonc(kinds=("object",)))
        comma = "," if value else ""
        text = f'{{{draw(_comments)}"mcpServers": {inner}{comma}' + text[1:]
        value = {"mcpServers": servers, **value}
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return draw(_comments) + text.replace("\n", newline) + draw(_comments), value


@settings(deadline=None)
@given(documents())
def test_a_server_goes_into_any_json_with_comments_and_leaves_every_comment(
    document: tuple[str, dict[str, Any]],
) -> None:
    text, value = document
    entry = mcp.Server("mcpServers", RELAY)
    after = entry.added(text)
    assert entry.is_installed(after)
    wanted = {**value, "mcpServers": {**value.get("mcpServers", {}), "claude-mem": RELAY}}
    assert jsontext.parse(after, comments=True) == wanted
    assert _comments_of(after) == _comments_of(text)
    left = entry.removed(after, text)
    assert jsontext.parse(left, comments=True) == value
    assert _comments_of(left) == _comments_of(text)


def _comments_of(text: str) -> list[str]:
    found = re.findall(r'"(?:\\.|[^"\\])*"|(//[^\r\n]*|/\*.*?\*/)', text, re.DOTALL)
    return [one for one in found if one]


@settings(deadline=None)
@given(documents(), _words)
def test_what_a_user_adds_behind_our_server_survives_its_removal(
    document: tuple[str, dict[str, Any]], word: str
) -> None:
    text, value = document
    entry = mcp.Server("mcpServers", RELAY)
    edited = jsontext.append(entry.added(text), ("mcpServers",), {"command": word}, key="theirs later")
    left = jsontext.parse(entry.removed(edited, text), comments=True)
    assert left == {**value, "mcpServers": {**value.get("mcpServers", {}), "theirs later": {"command": word}}}


def test_comments_keep_their_lines() -> None:
    before = '{\n  // servers\n  "servers": {\n    "a": {"command": "x"}, // the first\n    /* none yet */\n  },\n}\n'
    entry = mcp.Server("servers", RELAY)
    lines = entry.added(before).splitlines()
    assert lines[:4] == before.splitlines()[:4]
    assert lines[4].startswith('    "claude-mem": {')
    assert entry.removed(entry.added(before), before) == before


@pytest.mark.parametrize(
    "text", ['{"a": 1 // c\n}', '{"a": 1,}', "{/* unfinished", '{"a": 1,,}', "[1]", '"x"', '{"mcpServers": 3}']
)
def test_json_that_the_host_would_not_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|comments|object"):
        mcp.Server("mcpServers", RELAY, comments=False).check(text)


def test_a_server_of_another_program_under_our_name_is_refused() -> None:
    text = json.dumps({"mcpServers": {"claude-mem": THEIRS}})
    with pytest.raises(ValueError, match="a claude-mem already that is not ours"):
        mcp.Server("mcpServers", RELAY).check(text)
    assert mcp.Server("mcpServers").removed(text, "") == text


def test_our_server_of_another_installation_is_known_by_what_it_runs() -> None:
    old = {"command": "C:\\py.exe", "args": ["C:\\old\\claudemem_mcp\\relay_run.py"]}
    text = json.dumps({"mcpServers": {"claude-mem": old}})
    entry = mcp.Server("mcpServers", RELAY)
    assert not entry.is_installed(text)
    assert jsontext.parse(entry.removed(text, '{"mcpServers": {}}')) == {"mcpServers": {}}


# ------------------------------------------------------------------------------------------------------------ Cursor
_edits = st.sampled_from(["sessionStart", "stop", "beforeReadFile"])
_cursor_files = st.fixed_dictionaries(
    {},
    optional={
        "version": st.just(1),
        "hooks": st.dictionaries(_edits, st.lists(st.just(THEIRS), max_size=2), max_size=3),
    },
)


@settings(deadline=None)
@given(_cursor_files, st.sampled_from([None, 2, "\t"]))
def test_cursor_hooks_go_in_behind_those_of_others_and_come_out(
    value: dict[str, Any], indent: int | str | None
) -> None:
    text = json.dumps(value, indent=indent)
    entry = cursor.Hooks(cursor.hooks(LINE))
    after = jsontext.parse(entry.added(text))
    assert after["version"] == 1
    for event, hooks in value.get("hooks", {}).items():
        assert after["hooks"][event][: len(hooks)] == hooks
    assert entry.is_installed(entry.added(text))
    assert jsontext.parse(entry.removed(entry.added(text), text)) == value


def test_cursor_keeps_its_version_as_long_as_other_hooks_need_it() -> None:
    entry = cursor.Hooks(cursor.hooks(LINE))
    edited = jsontext.append(entry.added("{}"), ("hooks", "stop"), THEIRS)
    assert jsontext.parse(entry.removed(edited, "")) == {"version": 1, "hooks": {"stop": [THEIRS]}}


@pytest.mark.parametrize(
    "text", ['{"version": 2}', "[]", '{"hooks": []}', '{"hooks": {"stop": {}}}', "{", '{"a": 1} //']
)
def test_a_hooks_file_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"version|JSON|shape|comments"):
        cursor.Hooks(cursor.hooks(LINE)).check(text)


def test_hooks_of_another_claude_mem_are_a_warning() -> None:
    text = json.dumps(
        {"version": 1, "hooks": {"stop": [{"command": "bun /x/claude-mem/worker.cjs hook cursor summarize"}]}}
    )
    entry = cursor.Hooks(cursor.hooks(LINE))
    assert "another claude-mem" in entry.warnings(text)[0]
    assert entry.warnings(entry.added("{}")) == ()


# ------------------------------------------------------------------------------------------------------------- TOML
_keys = st.text("abc-_", min_size=1, max_size=4) | st.sampled_from(['"a b"', '"é"', "'q.r'"])
_values = st.sampled_from(
    ["1", "-1.5", "nan", "true", '"x # y"', "'C:\\p'", "1979-05-27T07:32:00Z", "[1, 2]", "{ a = 1 }",
     '[\n  "a", # one\n  "b",\n]', '"""\n[mcp_servers.claude-mem]\ntext"""', "[]"]
)  # fmt: skip
_lines = st.one_of(
    st.just(""),
    st.sampled_from(["# note", "  # [mcp_servers.claude-mem]", "\t"]),
    st.builds("{} = {}".format, _keys, _values),
    st.builds("  {}.x={}  # why".format, _keys, _values),
    st.builds("[{}]".format, _keys),
    st.builds("[ mcp_servers . {} ]".format, _keys),
    st.builds("[[many.{}]]".format, _keys),
    st.just("[mcp_servers]"),
)


@st.composite
def toml(draw: Callable[..., Any]) -> str:
    """A file that TOML's own parser takes."""
    lines = draw(st.lists(_lines, max_size=8))
    text: str = draw(st.sampled_from(["\n", "\r\n"])).join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)  # noqa: FBT003  # hypothesis's own way
    return text


@settings(deadline=None, max_examples=300)
@given(toml())
def test_a_table_goes_behind_any_toml_and_comes_out_again(text: str) -> None:
    entry = codex.Server(RELAY)
    after = entry.added(text)
    assert after.startswith(text)
    assert tomllib.loads(after)["mcp_servers"]["claude-mem"] == RELAY
    assert entry.is_installed(after)
    left = entry.removed(after, text)
    assert left.rstrip("\r\n") == text.rstrip("\r\n")
    assert repr(tomllib.loads(left)) == repr(tomllib.loads(text))


@settings(deadline=None, max_examples=300)
@given(toml(), st.lists(st.sampled_from(["# mine", "", "[later]", "[other.x]", 'k = "v"']), max_size=4))
def test_what_a_user_writes_below_our_table_survives(text: str, below: list[str]) -> None:
    entry = codex.Server(RELAY)
    newline = "\r\n" if "\r\n" in text else "\n"
    after = entry.added(text)
    edited = after + "".join(line + newline for line in below)
    try:
        tomllib.loads(edited)
    except tomllib.TOMLDecodeError:
        assume(False)  # noqa: FBT003  # as above
    left = entry.removed(edited, text)
    head = list(below)
    if "[later]" in head or "[other.x]" in head:
        head = head[min(head.index(name) for name in ("[later]", "[other.x]") if name in head) :]
        assert left.endswith("".join(line + newline for line in head))
    assert left.count("# mine") == text.count("# mine") + below.count("# mine") - _inside_ours(below)


def _inside_ours(below: list[str]) -> int:
    """Comments above a setting that the user added to our table: they go with the table."""
    ends = [below.index(name) for name in ("[later]", "[other.x]") if name in below]
    own = below[: min(ends, default=len(below))]
    last = max((place for place, line in enumerate(own) if line.startswith("k")), default=-1)
    return own[: last + 1].count("# mine")


def test_what_codex_keeps_below_our_table_goes_with_it() -> None:
    entry = codex.Server(RELAY)
    text = entry.added('model = "m"\n')
    text += '\n[mcp_servers.claude-mem.tools.search]\napproval_mode = "approve"\n\n[tui]\ntheme = "x"\n'
    assert entry.is_installed(text)
    assert entry.removed(text, "") == 'model = "m"\n\n\n\n[tui]\ntheme = "x"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a = ", "not valid TOML"),
        ("a = 1\na = 2", "not valid TOML"),
        ("mcp_servers = { x = { command = 'y' } }", "no room for a table of ours"),
        ("mcp_servers = 3", "not a table"),
        ("[mcp_servers.claude-mem]\ncommand = 'node'", "already that is not ours"),
    ],
)
def test_toml_that_we_cannot_add_to_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        codex.Server(RELAY).added(text)


def test_a_servers_table_on_one_line_is_not_taken_apart() -> None:
    text = f"mcp_servers = {{ claude-mem = {{ command = 'py', args = ['{RELAY['args'][1]}'] }} }}\n"
    with pytest.raises(ValueError, match="no room"):
        codex.Server().removed(text, "")


def test_strings_of_any_kind_reach_toml_as_they_are() -> None:
    odd = {"command": 'C:\\Program Files\\py "x"\x7f\té', "args": ["a\\", "claudemem_mcp/relay_run.py"]}
    assert tomllib.loads(codex.Server(odd).added(""))["mcp_servers"]["claude-mem"] == odd


@pytest.mark.parametrize(
    ("text", "said"),
    [("[features]\nhooks = false", "switches hooks off"), ("[features]\ncodex_hooks = false", "switches hooks off"),
     ("[[hooks.Stop]]\nhooks = []", "[hooks] of its own"), ("[hooks.state]\nx = 1", ""), ("[features]\nhooks = true", "")],
)  # fmt: skip
def test_what_keeps_hooks_from_running_in_codex_is_a_warning(text: str, said: str) -> None:
    found = codex.Server(RELAY).warnings(text)
    assert said in " ".join(found)
    assert bool(found) == bool(said)


def test_hooks_of_codex_are_groups_with_one_line_each() -> None:
    entry = claude_code.Hooks(codex.groups(LINE))
    text = entry.added("{}\n")
    found = json.loads(text)["hooks"]
    assert found["Stop"] == [{"hooks": [{"type": "command", "command": LINE, "timeout": 5}]}]
    assert entry.is_installed(text)
    assert entry.removed(text, "{}\n") == "{}\n"


# ------------------------------------------------------------------------------------------------------- whole files
def test_a_unit_is_ours_altogether() -> None:
    entry = units.Whole(units.systemd(["/opt/my py", "-m", "claudemem_mcp", '/home/me/100% "$x"']))
    assert 'ExecStart="/opt/my py" "-m" "claudemem_mcp" "/home/me/100%% \\"$$x\\""' in entry.content
    assert entry.added("") == entry.content
    assert entry.removed(entry.content, "") == ""
    with pytest.raises(ValueError, match="not written by us"):
        entry.check("[Unit]\n")


def test_a_launchd_agent_is_a_property_list_that_the_system_reads() -> None:
    import plistlib  # noqa: PLC0415  # only here

    found = plistlib.loads(units.launchd(["/opt/a & b", "<x>"]).encode())
    assert found["ProgramArguments"] == ["/opt/a & b", "<x>"]
    assert (found["RunAtLoad"], found["KeepAlive"]) == (True, {"SuccessfulExit": False})


def every_entry() -> list[Entry]:
    return [claude_code.Hooks(), codex.Server(), cursor.Hooks(), mcp.Server("servers"), units.Whole()]


@pytest.mark.parametrize("entry", every_entry(), ids=lambda entry: entry.kind)
def test_a_file_without_anything_of_ours_is_given_back_as_it_is(entry: Entry) -> None:
    text = "" if entry.kind in ("codex-server", "whole") else '{\n  "a": [1 , 2]\n}\n'
    assert entry.removed(text, "") == text
    assert not entry.is_mentioned(text)


# ------------------------------------------------------------------------------------------- through the whole installer
@settings(deadline=None, max_examples=60)
@given(documents(), toml(), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_installing_and_uninstalling_gives_every_byte_back_whatever_the_files_are(
    document: tuple[str, dict[str, Any]], config: str, bom: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve()
        environment = {"HOME": str(home), "PATH": ""}
        before = {
            home / ".config/Code/User/mcp.json": bom + document[0].replace('"mcpServers"', '"servers"', 1).encode(),
            home / ".gemini/settings.json": bom + document[0].encode(),
            home / ".codex/config.toml": bom + config.encode(),
        }
        for path, data in before.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for host in ("vscode", "gemini", "codex"):
            install.apply(install.plan_host(host, home / "data", environment))
        assert all(path.read_bytes() != data for path, data in before.items())
        install.apply(install.uninstall_plan(home / ".claude", home / "data", environment))
        assert {path: path.read_bytes() for path in before} == before
        assert not (home / ".codex/hooks.json").exists()
