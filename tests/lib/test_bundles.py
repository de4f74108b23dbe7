"""Bundles: a memory taken to another machine is equal there, and two are one in either order."""

from __future__ import annotations

import io
import json
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import claudemem_lib
from claudemem_lib import bundle
from claudemem_lib.errors import BadRequest
from claudemem_lib.settings import Settings
from tests.lib.stored import add_observation, add_summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from claudemem_lib.tally import Tally
    from tests.conftest import Clock, Host, Memories

AT_MS = 1_769_413_090_000


def exported(memory: Memory, **which: str) -> bytes:
    """A bundle without its first line."""
    out = io.BytesIO()
    memory.transfer.export(out, **which)
    return out.getvalue().partition(b"\n")[2]


def whole(memory: Memory) -> bytes:
    out = io.BytesIO()
    memory.transfer.export(out)
    return out.getvalue()


def take(memory: Memory, data: bytes, *, dry_run: bool = False) -> Tally:
    run = memory.transfer.bundle(io.BytesIO(data), dry_run=dry_run)
    list(run)
    for name, table in run.tally.tables.items():
        assert table.rows == table.kept.total() + table.dropped.total(), name
    return run.tally


def records(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
def lived(memory: Memory, hosts: Callable[..., Host], clock: Clock) -> Memory:
    """A memory with everything in it a bundle can hold."""
    for number, folder in enumerate(("/home/you/app", "/home/you/tools", "/srv/app")):
        host = hosts(memory, f"s{number}", folder)
        host.start()
        host.turn(f"Fix the parser {number} — naïve 解析器")
        host.turn("Then the lexer", tools=3, answer="All of it works now, see the lexer.")
        host.end()
    memory.take_in()
    memory.observe_pending()
    clock.advance(days=1)
    first = add_observation(
        memory, "Parsers skip BOMs", facts=("One", "Two"), concepts=("gotcha",), files_read=("b.py", "a.py")
    )
    second = add_observation(memory, "They do not", session="s1")
    add_summary(memory, "Read about parsers", learned="A lot", session="s1")
    note = memory.remember("Use tabs", project="/home/you/app", concepts=("style",), files=("x.py",))
    memory.remember("Use tabs", project="/home/you/app", concepts=("style",), files=("x.py",))
    memory.curate.pin(note)
    memory.curate.supersede(first, second)
    memory.curate.edit(second, narrative="It depends")
    memory.curate.merge_projects("tools", "app")
    with memory.database.write() as connection:
        connection.execute(
            "INSERT INTO tombstones VALUES ('memory', 'gone', 5), ('session', 'gone', 5), ('project', 'gone', 5)"
        )
    return memory


# ---------------------------------------------------------------------------------------------------------- round trip
def test_a_round_trip_into_an_empty_memory_is_equal(lived: Memory, memories: Memories) -> None:
    bundle_ = whole(lived)
    kinds = {record["record"] for record in records(bundle_)[1:]}
    assert kinds == set(bundle.FIELDS)
    other = memories("other")
    tally = take(other, bundle_)
    assert tally.dropped == 0
    assert exported(other) == exported(lived)
    ours, theirs = ([one.uid for one in each.get(range(1, 99))] for each in (lived, other))
    assert sorted(ours) == sorted(theirs)
    assert other.search("parsers")[0].title == lived.search("parsers")[0].title
    assert other.stats()["counts"] == lived.stats()["counts"]
    again = take(other, bundle_)
    assert (again.total("new"), again.total("changed")) == (0, 0)
    assert exported(other) == exported(lived)


def test_the_first_line_says_what_it_is(lived: Memory) -> None:
    head = records(whole(lived))[0]
    assert (head["format"], head["version"]) == ("claude-mem-bundle", 1)
    assert head["claude_mem"] == claudemem_lib.__version__


def test_a_project_alone_travels_with_its_sessions_and_prompts(lived: Memory, memories: Memories) -> None:
    other = memories("other")
    take(other, b'{"format":"claude-mem-bundle","version":1}\n' + exported(lived, project="srv/app"))
    assert [project.name for project in other.projects()] == ["srv/app"]
    assert [session.host_id for session in other.sessions()] == ["s2"]
    assert other.stats()["counts"]["prompts"] == 2
    assert other.search("BOMs") == []


def test_what_a_query_finds_travels_with_the_sessions_it_is_of(lived: Memory, memories: Memories) -> None:
    other = memories("other")
    found = exported(lived, query="learned a lot about parsers")
    take(other, b'{"format":"claude-mem-bundle","version":1}\n' + found)
    titles = {one.title for one in other.get(range(1, 99))}
    assert "Read about parsers" in titles
    assert titles == {hit.title for hit in lived.search("learned a lot about parsers", limit=1000)}
    assert exported(lived, query="zebra") == b""


# --------------------------------------------------------------------------------------------------------------- merge
def _record(record: str, **values: Any) -> dict[str, Any]:
    return {"record": record, **bundle.FIELDS[record], **values}


def _fixed(uid: Any) -> dict[str, Any]:
    """What is the same of a memory on all machines."""
    return {"project": _of(uid), "created_ms": AT_MS + int(uid[1])}


def _of(key: Any) -> str:
    return "path:/b/app" if key in {"m3", "s2"} else "path:/a/app"


_SESSION: dict[Any, str] = {"m1": "", "m2": "s1", "m3": "s2"}
_times = st.integers(AT_MS, AT_MS + 5)
_words = st.sampled_from(["parser", "lexer", "naïve", ""])
_memories = st.fixed_dictionaries({
    "uid": st.sampled_from(["m1", "m2", "m3"]),
    "kind": st.sampled_from(["observation", "summary", "note"]),
    "title": st.sampled_from(["One", "Two"]),
    "narrative": _words,
    "changed_ms": st.integers(0, 2),
    "pinned": st.integers(0, 1),
    "repeats": st.integers(0, 2),
    "files": st.lists(st.sampled_from([["read", "a.py"], ["modified", "b.py"]]), max_size=2, unique_by=str),
    "concepts": st.lists(st.sampled_from(["gotcha", "pattern"]), max_size=2, unique=True),
}).map(lambda values: _record("memory", **_fixed(values["uid"]), session=_SESSION[values["uid"]], **values))  # fmt: skip
_sessions = st.fixed_dictionaries({
    "id": st.sampled_from(["s1", "s2"]),
    "title": _words,
    "status": st.sampled_from(["active", "completed"]),
    "last_ms": st.integers(AT_MS + 5, AT_MS + 9),
}).map(lambda values: _record("session", project=_of(values["id"]), started_ms=AT_MS, **values))  # fmt: skip
_prompts = st.fixed_dictionaries({
    "session": st.sampled_from(["s1", "s2"]),
    "number": st.integers(1, 2),
    "text": _words,
    "created_ms": _times,
}).map(lambda values: _record("prompt", **values))  # fmt: skip
_links = st.fixed_dictionaries({
    "from": st.sampled_from(["m1", "m2"]),
    "to": st.sampled_from(["m2", "m3"]),
    "kind": st.sampled_from(["supersedes", "similar"]),
    "created_ms": _times,
}).map(lambda values: _record("link", **values))  # fmt: skip
_tombstones = st.one_of(
    st.sampled_from(["m1", "m3"]).map(lambda uid: _record("tombstone", kind="memory", key=uid, at_ms=AT_MS)),
    st.just(_record("tombstone", kind="session", key="s2", at_ms=AT_MS)),
    _times.map(lambda at_ms: _record("tombstone", kind="project", key="path:/b/app", at_ms=at_ms)),
)
_PROJECTS = [
    _record("project", key="path:/a/app", name="app", root="/nowhere/a/app", created_ms=AT_MS),
    _record("project", key="path:/b/app", name="app", root="/nowhere/b/app", created_ms=AT_MS - 1),
]


@st.composite
def _machines(draw: Any) -> bytes:
    """What one machine may export: its records of one key are one, and links and prompts have what they are about."""
    found: dict[Any, dict[str, Any]] = {}
    for record in draw(st.lists(_memories, max_size=4)):
        found.setdefault(record["uid"], record)
    sessions = {record["id"]: record for record in draw(st.lists(_sessions, min_size=2, max_size=6))}
    for name in ("s1", "s2"):
        default = _record("session", id=name, project=_of(name), started_ms=AT_MS, last_ms=AT_MS + 9)
        sessions.setdefault(name, default)
    prompts = {(record["session"], record["number"]): record for record in draw(st.lists(_prompts, max_size=3))}
    links = [one for one in draw(st.lists(_links, max_size=2)) if one["from"] in found and one["to"] in found]
    gone = draw(st.lists(_tombstones, max_size=2))
    lines = [*gone, *_PROJECTS, *sessions.values(), *prompts.values(), *found.values(), *links]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


@settings(max_examples=60)
@given(one=_machines(), other=_machines())
def test_two_machines_bundles_are_one_memory_in_either_order(one: bytes, other: bytes) -> None:
    head = b'{"format":"claude-mem-bundle","version":1}\n'
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for name, parts in (("ab", (one, other)), ("ba", (other, one)), ("aab", (one, one, other, one))):
            with claudemem_lib.open(Path(folder) / name) as memory:
                for part in parts:
                    take(memory, head + part)
                made.append(exported(memory))
        assert made[0] == made[1] == made[2]


def test_the_last_edit_wins_whichever_comes_first(memories: Memories, clock: Clock) -> None:
    one, other = memories("one"), memories("other")
    add_observation(one, "Old words")
    take(other, whole(one))
    clock.advance(minutes=1)
    one.curate.edit(1, title="Newer words")
    clock.advance(minutes=1)
    other.curate.edit(1, title="Newest words")
    other.curate.pin(1)
    before = whole(one)
    take(one, whole(other))
    take(other, before)
    assert exported(one) == exported(other)
    assert [hit.title for hit in one.search("newest")] == ["Newest words"]
    assert one.search("old") == []


def test_forgetting_travels_and_wins(memories: Memories) -> None:
    one, other = memories("one"), memories("other")
    add_observation(one, "A secret plan", session="s1")
    add_observation(one, "A plan", session="s2")
    take(other, whole(one))
    (gone,) = [memory for memory in one.get([1, 2]) if memory.title == "A secret plan"]
    dead = [{"record": "tombstone", "kind": "session", "key": "s1", "at_ms": 1}]
    data = b'{"format":"claude-mem-bundle","version":1}\n' + "\n".join(map(json.dumps, dead)).encode()
    tally = take(other, data)
    assert tally.tables["tombstone"].notes == {"rows forgotten here too": 2}
    assert [session.host_id for session in other.sessions()] == ["s2"]
    assert other.search("secret") == []
    assert take(other, whole(one)).tables["memory"].dropped == {"forgotten": 1}
    assert gone.uid not in exported(other).decode()
    data = json.dumps(
        {"record": "tombstone", "kind": "project", "key": "path:/home/you/project", "at_ms": 1 << 50}
    ).encode()
    take(other, b'{"format":"claude-mem-bundle","version":1}\n' + data)
    assert (other.sessions(), other.search()) == ([], [])


def test_of_a_project_that_is_a_folder_here_the_name_stays(memories: Memories, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    memory = memories()
    memory.remember("x", project=str(folder))
    key = memory.projects()[0].key
    lines = [
        {"format": "claude-mem-bundle", "version": 1},
        {"record": "project", "key": key, "name": "theirs", "root": "/far/away", "created_ms": 1},
        {"record": "memory", "uid": "u1", "kind": "note", "project": key, "title": "y", "created_ms": 5},
    ]
    take(memory, "\n".join(map(json.dumps, lines)).encode())
    assert [(project.name, project.root, project.memories) for project in memory.projects()] == [
        ("mine", str(folder), 2)
    ]


# ------------------------------------------------------------------------------------------------------- broken bundles
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", ""),
        (b"garbage\n", "no bundle"),
        (b"[1]\n", "no bundle"),
        (b'{"record":"memory"}\n', "no bundle"),
        (b'{"format":"claude-mem-bundle","version":2}\n', "has version 2.*Update claude-mem"),
        (b'{"format":"claude-mem-bundle","version":"1"}\n', "has version 1"),
        (b'{"format":"claude-mem-bundle","version":1}\n{"format":"claude-mem-bundle","version":9}\n', "has version 9"),
    ],
)
def test_what_is_no_bundle_or_a_newer_one_is_refused_whole(memory: Memory, data: bytes, reason: str) -> None:
    if reason:
        with pytest.raises(BadRequest, match=reason):
            take(memory, data)
    else:
        take(memory, data)
    assert memory.stats()["counts"]["projects"] == 0


def test_broken_lines_are_named_and_the_rest_goes_in(lived: Memory, memories: Memories) -> None:
    lines = whole(lived).splitlines()
    memory_lines = [number for number, line in enumerate(lines) if b'"record":"memory"' in line]
    lines[memory_lines[0]] = lines[memory_lines[0]][:-20]
    broken = [
        b'{"record":"what"}',
        b'{"record":"memory","uid":5}',
        b"\xff\xfe",
        b"[" * 5000,
        b'{"record":"prompt","session":"s1"}',
    ]
    other = memories("other")
    tally = take(other, b"\n".join([*lines, *broken]))
    assert tally.tables["broken lines"].rows == 6
    assert tally.said[0] == f"line {memory_lines[0] + 1} was left out: not JSON, or cut off"
    assert len(tally.said) == 6
    assert tally.tables["memory"].kept["new"] == len(memory_lines) - 1


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("memory", {"uid": "u", "kind": "secret", "project": "p", "created_ms": 1}),
        ("memory", {"uid": "u", "kind": "note", "project": "p", "created_ms": 0}),
        ("memory", {"uid": "u", "kind": "note", "project": "p", "created_ms": True}),
        ("memory", {"uid": "u", "kind": "note", "project": "p", "created_ms": 1, "pinned": 2}),
        ("memory", {"uid": "u", "kind": "note", "project": "p", "created_ms": 1, "files": [["write", "x"]]}),
        ("memory", {"uid": "u", "kind": "note", "project": "p", "created_ms": 1, "files": "x"}),
        ("memory", {"uid": "u", "kind": "note", "project": "p", "created_ms": 1, "concepts": [1]}),
        ("memory", {"uid": "", "kind": "note", "project": "p", "created_ms": 1}),
        ("session", {"id": "s", "project": "p", "started_ms": 1}),
        ("session", {"id": "s", "project": "p", "started_ms": 1, "last_ms": 1 << 60}),
        ("tombstone", {"kind": "all", "key": "x", "at_ms": 1}),
    ],
)
def test_a_record_with_a_value_it_cannot_have_is_a_broken_line(kind: str, values: dict[str, Any]) -> None:
    with pytest.raises(bundle.BadLine, match=kind):
        bundle.record({"record": kind, **values})


def test_secrets_and_private_text_are_masked_on_the_way_in(memories: Memories) -> None:
    key = "sk-ant-" + "a1b2c3d4" * 4
    lines = [
        {"format": "claude-mem-bundle", "version": 1},
        {"record": "session", "id": "s1", "project": "p", "title": f"Use {key}", "started_ms": 1, "last_ms": 1},
        {"record": "prompt", "session": "s1", "number": 1, "text": f"Use {key}", "created_ms": 1},
        {
            "record": "memory",
            "uid": "u1",
            "kind": "note",
            "project": "p",
            "title": "A",
            "narrative": key,
            "created_ms": 1,
        },
        {
            "record": "memory",
            "uid": "u2",
            "kind": "note",
            "project": "p",
            "title": "<private>B</private>",
            "created_ms": 1,
        },
        {
            "record": "memory",
            "uid": "u3",
            "kind": "note",
            "project": "p",
            "title": "HUSH-77",
            "verbatim": key,
            "created_ms": 1,
        },
    ]
    memory = memories(settings=Settings(redact_patterns=("HUSH-[0-9]+",)))
    tally = take(memory, "\n".join(map(json.dumps, lines)).encode())
    data = b"".join(file.read_bytes() for file in Path(memory.data_dir).rglob("*") if file.is_file())
    assert key.encode() not in data
    assert b"HUSH-77" not in data
    assert tally.said == ["line 5 was left out: private as a whole"]
    assert len(memory.get([1, 2])) == 2


def test_a_dry_run_changes_nothing(lived: Memory, memories: Memories) -> None:
    other = memories("other")
    before = other.database.own_changes()
    tally = take(other, whole(lived), dry_run=True)
    assert other.database.own_changes() == before
    assert tally.tables["memory"].kept["new"] == len(lived.search(limit=1000))
    assert take(lived, whole(lived), dry_run=True).total("new") == 0


# ------------------------------------------------------------------------------------------------------------ the file
def test_the_file_is_the_owners_and_appears_when_it_is_complete(
    lived: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.jsonl"
    counts = lived.transfer.export(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sum(counts.values()) == len(target.read_bytes().splitlines()) - 1
    before = target.read_bytes()
    lived.transfer.export(tmp_path / "strange.jsonl", query="parser \ud800")
    monkeypatch.setattr(bundle, "line", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lived.transfer.export(target)
    assert target.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir() if file.is_file()) == ["out.jsonl", "strange.jsonl"]


def test_a_long_line_is_broken_and_costs_no_memory(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LONGEST_LINE", 300)
    good = {"record": "memory", "uid": "u1", "kind": "note", "project": "p", "title": "A", "created_ms": 1}
    lines = [{"format": "claude-mem-bundle", "version": 1}, {"record": "x" * 1000}, good]
    tally = take(memory, "\n".join(map(json.dumps, lines)).encode())
    assert tally.said == ["line 2 was left out: longer than 300 bytes"]
    assert [hit.title for hit in memory.search()] == ["A"]
