"""Files of every schema of ours open with this release, keep what they hold, and become exactly what a new file is.

tests/corpus/schemas holds one file of each schema as SQL text. CLAUDE_MEM_WRITE_SCHEMAS=1 writes the newest anew, which is allowed
only until its release: from then on RELEASED says so here, and a change of the schema needs a migration of its own.
docs/schema.md is written by the same variable.
"""

from __future__ import annotations

import io
import os
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import apsw.shell
import pytest

from claudemem_lib.store import sql
from claudemem_lib.store.connection import SCHEMA_VERSION
from claudemem_lib.store.database import Database
from claudemem_lib.store.migrations import MIGRATIONS

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from tests.conftest import Host, Memories

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "tests" / "corpus" / "schemas"
DOCUMENT = ROOT / "docs" / "schema.md"
RELEASED = 0  # the newest schema a release was made with: its file under SCHEMAS never changes again
WRITING = bool(os.environ.get("CLAUDE_MEM_WRITE_SCHEMAS"))
VERSIONS = sorted(int(path.stem) for path in SCHEMAS.glob("*.sql"))


def lived_in(memory: Memory, host: Host) -> None:
    """Something of everything."""
    host.start()
    host.turn("Fix the parser")
    host.end()
    memory.take_in()
    memory.observe_pending()
    note = memory.remember("Use tabs", project=host.cwd, files=("src/a.py",), concepts=("style",))
    memory.curate.supersede(1, note)


def rows_of(connection: apsw.Connection, text: str) -> list[Any]:
    return connection.execute(text).fetchall()


def dump(connection: apsw.Connection) -> str:
    """A file as SQL text, the same for the same content."""
    out = io.StringIO()
    shell: Any = apsw.shell.Shell(db=connection, stdout=out)
    shell.process_command(".dump")
    kept = [line for line in out.getvalue().splitlines() if not line.startswith("--")]
    head = f"PRAGMA application_id={sql.APPLICATION_ID};\nPRAGMA user_version={connection.execute(sql.VERSION).get};\n"
    return head + "\n".join(kept).strip() + "\n"


def restored(text: str, path: Path) -> Path:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(text).fetchall()
    return path


def shape(connection: apsw.Connection) -> list[tuple[Any, ...]]:
    """Every table, index and trigger, whatever the order and layout they were made in."""
    rows = rows_of(connection, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
    return [(kind, name, " ".join(text.replace('"', "").split())) for kind, name, text in rows]


@pytest.mark.skipif(not WRITING, reason="only with CLAUDE_MEM_WRITE_SCHEMAS=1")
def test_write_the_newest_schema(memory: Memory, host: Host) -> None:
    assert RELEASED < SCHEMA_VERSION, "a released schema does not change: add a migration"
    lived_in(memory, host)
    (SCHEMAS / f"{SCHEMA_VERSION}.sql").write_text(dump(memory.database.connection()), "utf-8")
    DOCUMENT.write_text(documented(memory.database.connection()), "utf-8")


def test_every_schema_has_its_file() -> None:
    assert list(range(1, SCHEMA_VERSION + 1)) == VERSIONS
    assert [step.version for step in MIGRATIONS] == VERSIONS
    assert RELEASED <= SCHEMA_VERSION


@pytest.mark.parametrize("version", VERSIONS)
def test_rank_13_a_file_of_an_older_schema_becomes_one_of_this_and_keeps_what_it_holds(
    memories: Memories, tmp_path: Path, version: int
) -> None:
    (tmp_path / "old").mkdir()
    path = restored((SCHEMAS / f"{version}.sql").read_text("utf-8"), tmp_path / "old" / "claude-mem.db")
    old = memories("old")
    new = memories("new")
    assert old.database.row(sql.VERSION) == (SCHEMA_VERSION,)
    assert shape(old.database.connection()) == shape(new.database.connection())
    assert old.database.row(sql.INTEGRITY) == ("ok",)
    assert [hit.title for hit in old.search("tabs")] == ["Use tabs"]
    assert [(session.host_id, session.status) for session in old.sessions()] == [("s1", "completed")]
    assert [prompt.title for prompt in old.timeline(at_ms=0, after=50) if prompt.kind == "prompt"] == ["Fix the parser"]
    note = old.search("tabs")[0]
    assert old.get([note.id])[0].files_modified == ("src/a.py",)
    assert old.database.rows("SELECT count(*) FROM memory_links") == [(1,)]
    old.remember("And no spaces", project="/home/you/project")
    assert len(old.search("spaces")) == 1
    assert path.exists()


def test_the_schema_does_not_change_without_a_new_version(tmp_path: Path) -> None:
    """Until its release the newest one is written anew; afterwards this is what fails, and a migration what is needed."""
    newest = restored((SCHEMAS / f"{SCHEMA_VERSION}.sql").read_text("utf-8"), tmp_path / "old.db")
    database = Database(str(tmp_path / "new.db"))
    with closing(apsw.Connection(str(newest))) as old:
        remedy = (
            "a released schema changed: put it back and add a migration"
            if RELEASED >= SCHEMA_VERSION
            else "write it anew: CLAUDE_MEM_WRITE_SCHEMAS=1 pytest tests/lib/test_schemas.py"
        )
        assert shape(database.connection()) == shape(old), remedy
    database.close()


def test_the_schema_page_is_of_this_schema(memory: Memory) -> None:
    assert DOCUMENT.read_text("utf-8") == documented(memory.database.connection()), (
        "CLAUDE_MEM_WRITE_SCHEMAS=1 writes it"
    )


# ------------------------------------------------------------------------------------------------------------- the page
_TOLD = {
    "migrations": "The schema's history in this file.",
    "projects": "One row a project; `key` says what makes it this one: `remote:` a repository's address, `path:` a folder, "
    "`name:` only a name.",
    "sessions": "One row a session of the host, by the host's id.",
    "prompts": "What the user asked, and what the host put in; numbered within the session.",
    "events": "What hooks reported, waiting or done: the queue is a state of this table. Its `payload` leaves after a while.",
    "memories": "Observations, summaries and notes in one id space. `uid` is the same on every machine, `changed_ms` when a person "
    "last edited it.",
    "memory_files": "Files a memory is about.",
    "memory_concepts": "Words a memory is tagged with.",
    "memory_links": "What supersedes what, and what is alike.",
    "memory_repeats": "The turns in which the same was told again.",
    "spaces": "The model, dimension and scale of all vectors; one row.",
    "vectors": "One vector a memory, in eight bits a dimension.",
    "vector_changes": "The last changes of vectors, so that a process that holds the signs reads only what is new.",
    "vector_signs": "The signs of the vectors, by project: what candidates are chosen with.",
    "project_aliases": "Further keys of a project: of those that were merged into it.",
    "tombstones": "What was forgotten, so that nothing brings it back. It never says what that was.",
    "undo": "What can still be undone, for a few minutes.",
    "undo_rows": "The rows an undo puts back.",
    "transcripts": "Which transcripts were read to their end.",
    "usage": "One row for each call of a model: tokens and, where known, its price.",
    "provider_health": "What is known of providers that failed, and how long to leave them alone.",
    "masked": "How often which kind of secret was masked; never what it was.",
}


def documented(connection: apsw.Connection) -> str:
    """The page about the schema, from the schema itself."""
    lines = [
        "# The memory file",
        "",
        "<!-- Written by CLAUDE_MEM_WRITE_SCHEMAS=1 pytest tests/lib/test_schemas.py, and checked by the same file. -->",
        "",
        f"One SQLite file, `claude-mem.db` in the data folder, schema {SCHEMA_VERSION}. Read it with any SQLite client while",
        "claude-mem runs; write to it only with claude-mem, and take data out with `claude-mem export` ([import.md](import.md)),",
        "whose format outlives the schema. Times are milliseconds UTC. A release that needs another schema migrates the file when",
        "it first opens it, after a copy into `backups/`; an older release opens a newer file for reading only.",
    ]
    tables = rows_of(
        connection,
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL AND name NOT GLOB 'sqlite_*' ORDER BY rowid",
    )
    for name, text in tables:
        if text.startswith("CREATE VIRTUAL TABLE"):
            columns = re.findall(r"\(([^)]*?), content=", " ".join(text.split()))[0]
            lines += [
                "",
                f"## {name}",
                "",
                f"Full text (FTS5) of `{name.removesuffix('_fts')}`, kept by triggers: {columns}.",
            ]
        elif not re.search(r"_fts_\w+$", name):
            lines += ["", f"## {name}", "", _TOLD[name], "", "| column | type | |", "| --- | --- | --- |"]
            lines += [
                f"| `{column[1]}` | {column[2]} | {_about(connection, name, column)} |"
                for column in _columns(connection, name)
            ]
    return "\n".join(lines) + "\n"


def _columns(connection: apsw.Connection, table: str) -> list[tuple[Any, ...]]:
    return rows_of(connection, f"PRAGMA table_info({table})")


def _about(connection: apsw.Connection, table: str, column: tuple[Any, ...]) -> str:
    _, name, _, needed, default, key = column
    rows = rows_of(connection, f"PRAGMA foreign_key_list({table})")
    parts = ["key"] * bool(key)
    parts += [f"of `{row[2]}`" for row in rows if row[3] == name]
    if not needed and not key:
        parts.append("may be missing")
    if default not in {None, "''", "0"}:
        parts.append(f"{str(default).strip(chr(39))} unless said")
    return ", ".join(parts)
