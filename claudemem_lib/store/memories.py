"""Observations, summaries and notes: one id space, one way in, one way out."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, Any

import apsw
from attrs import evolve, frozen

from claudemem_lib.ids import digest_of, new_uid, uid_of
from claudemem_lib.models import StoredMemory
from claudemem_lib.store import sql, tombstones
from claudemem_lib.store.connection import run
from claudemem_lib.store.text import storable
from claudemem_lib.words import terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from claudemem_lib.models import Observation, Summary
    from claudemem_lib.store.database import Database

EMBEDDED = ("title", "subtitle", "narrative", "facts", "investigated", "learned", "completed", "next_steps", "notes")
TEXTS = (*EMBEDDED, "verbatim")
LONGEST_TEXT = 20_000


@frozen(kw_only=True)
class Origin:
    """Where a memory comes from: what the memories of one batch share, but for *verbatim*, which stands beside one of them."""

    project_id: int
    created_ms: int
    session_id: int | None = None
    prompt_number: int = 0
    batch: str | None = None
    branch: str = ""
    provider: str = ""
    model: str = ""
    work_tokens: int = 0
    verbatim: str = ""
    host_id: str = ""
    """The host's session; with one, what says the same of the same moment of it is one memory on every machine, by its uid."""


def add_observation(connection: apsw.Connection, made: Observation, origin: Origin) -> int:
    """Store an observation; gives its id, that of the memory of the project that says the same, or 0 if it was forgotten."""
    texts = {"title": made.title, "subtitle": made.subtitle, "narrative": made.narrative, "facts": _lines(made.facts)}
    texts["verbatim"] = origin.verbatim
    files = [("modified", path) for path in made.files_modified] + [("read", path) for path in made.files_read]
    return _add(connection, "observation", made.type, texts, origin, files, made.concepts)


def add_summary(connection: apsw.Connection, made: Summary, origin: Origin) -> int:
    """Store the summary of a turn, whose request is the title; gives its id, 0 if it was forgotten."""
    names = ("investigated", "learned", "completed", "next_steps", "notes")
    texts = {"title": made.request, "verbatim": origin.verbatim, **{name: getattr(made, name) for name in names}}
    return _add(connection, "summary", "", texts, origin, (), ())


def add_note(  # noqa: PLR0913, PLR0917  # one argument per fact a person gives
    connection: apsw.Connection, title: str, text: str, origin: Origin, files: Sequence[str], concepts: Sequence[str]
) -> int:
    """Store a note; gives its id, or that of the memory of the project that says the same."""
    texts = {"title": title, "narrative": text}
    return _add(connection, "note", "", texts, origin, [("modified", path) for path in files], concepts)


def _add(  # noqa: PLR0913, PLR0917  # the columns of one row
    connection: apsw.Connection,
    kind: str,
    type_: str,
    texts: Mapping[str, str],
    origin: Origin,
    files: Sequence[tuple[str, str]],
    concepts: Iterable[str],
) -> int:
    files, concepts = [(role, storable(path)) for role, path in files], [storable(concept) for concept in concepts]
    row = worded(kind, type_, texts, files, concepts)
    for name in ("project_id", "session_id", "prompt_number", "batch", "branch", "provider", "model", "work_tokens"):
        row[name] = getattr(origin, name)
    row.update(uid=_uid(row, origin, files), created_ms=origin.created_ms)
    if origin.host_id and tombstones.Tombstones(connection).memory(row["uid"]):
        return 0
    # It came in a bundle, from a machine where the same was observed.
    known = run(connection, sql.OBSERVED_HERE_TOO, row) if origin.host_id else []
    if known:
        return int(known[0][0])
    repeated = run(connection, sql.REPEAT, row) if row["content_key"] is not None else []
    memory = int((repeated or run(connection, sql.ADD_MEMORY, row))[0][0])
    if repeated and origin.batch:
        run(connection, sql.ADD_REPEAT, (memory, origin.batch, origin.session_id, origin.prompt_number))
    for position, (role, path) in enumerate(files):
        run(connection, sql.ADD_FILE, (memory, role, path, position))
    for concept in concepts:
        run(connection, sql.ADD_CONCEPT, (memory, concept))
    return memory


def _uid(row: Mapping[str, Any], origin: Origin, files: Iterable[tuple[str, str]]) -> str:
    """What was made of a session: the same for the same, wherever it is made; of anything else a new one."""
    if not origin.host_id:
        return new_uid(origin.created_ms)
    return uid_of(origin.created_ms, digest_of([origin.host_id, *_said(row, files)], 10))


def worded(
    kind: str, type_: str, texts: Mapping[str, str], files: Sequence[tuple[str, str]], concepts: Sequence[str]
) -> dict[str, Any]:
    """The columns of a memory that follow from what it says; files and concepts as the file can hold them."""
    row: dict[str, Any] = {name: storable(texts.get(name, "")[:LONGEST_TEXT]) for name in TEXTS}
    row["terms"] = terms_of(*row.values(), *(path for _, path in files), *concepts) + _names(files, concepts)
    row["read_tokens"] = read_tokens(*(row[name] for name in TEXTS))
    row |= {"kind": kind, "type": type_}
    return {**row, "content_key": content_key(row, files)}


def content_key(row: Mapping[str, Any], files: Iterable[tuple[str, str]]) -> int | None:
    """The same for what says the same of the same files, but for case and spaces; None for a summary, which is of one turn."""
    if row["kind"] == "summary":
        return None
    return int.from_bytes(digest_of(_said(row, files), 8), "big", signed=True)


def _said(row: Mapping[str, Any], files: Iterable[tuple[str, str]]) -> list[str]:
    texts = (" ".join(row[name].casefold().split()) for name in EMBEDDED)
    return [row["kind"], row["type"], *texts, *sorted(path for _, path in files)]


def _names(files: Sequence[tuple[str, str]], concepts: Iterable[str]) -> str:
    """File paths and concepts as words, so that a search finds a memory by them too."""
    return "".join(f"\n{name}" for name in (*(path for _, path in files), *concepts))[:LONGEST_TEXT]


def _lines(facts: Iterable[str]) -> str:
    return "\n".join(" ".join(fact.split()) for fact in facts)


def read_tokens(*texts: str) -> int:
    """What reading these texts costs: four characters a token, rounded up (the original's estimate)."""
    return -(-sum(map(len, texts)) // 4)


def get(database: Database, ids: Iterable[int]) -> list[StoredMemory]:
    """The memories with these ids, in the order asked for; unknown ids are left out."""
    wanted = list(dict.fromkeys(ids))
    bound = (id_list(wanted),)
    files = _grouped(database.rows(sql.FILES, bound))
    concepts = _grouped(database.rows(sql.CONCEPTS, bound))
    standing = marks(database, wanted)
    found = {
        row[0]: evolve(_memory(row, files.get(row[0], ()), concepts.get(row[0], ())), **standing.get(row[0], {}))
        for row in database.rows(sql.MEMORIES, bound)
    }
    return [found[memory] for memory in wanted if memory in found]


def forget(connection: apsw.Connection, ids: Iterable[int]) -> list[int]:
    """Delete memories with their text, files and concepts; gives the ids that were there."""
    return sorted(row[0] for row in run(connection, sql.FORGET, (id_list(ids),)))


def link(database: Database, memory: int, other: int, kind: str, at_ms: int) -> bool:
    """Say that *memory* supersedes *other*, or is similar to it; whether both are there and it was not said before."""
    with database.write() as connection:
        return bool(run(connection, sql.LINK, {"memory": memory, "other": other, "kind": kind, "at": at_ms}))


def links(database: Database, memory: int) -> list[tuple[int, str, bool]]:
    """The memories linked to this one: id, kind, and whether the link goes out from it (else it comes in)."""
    return [(row[0], row[1], bool(row[2])) for row in database.rows(sql.LINKS, {"id": memory})]


def similar(database: Database, ids: Sequence[int]) -> dict[int, list[int]]:
    """What is linked with some memories as saying nearly the same, of those that have any; the newest first."""
    found: dict[int, list[int]] = {}
    for memory, other in database.rows(sql.SIMILAR, {"ids": id_list(ids)}) if ids else ():
        found.setdefault(memory, []).append(other)
    return found


def marks(database: Database, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """How some memories stand, where there is anything to say: pinned, superseded_by and similar, as fields of what shows them."""
    found: dict[int, dict[str, Any]] = {}
    for memory, other, name in database.rows(sql.MARKS, {"ids": id_list(ids)}) if ids else ():
        one = found.setdefault(memory, {})
        one[name] = name == "pinned" or (*one.get(name, ()), other)
    return found


def project_of(database: Database, memory: int) -> int:
    """The project of a memory, 0 if it is gone."""
    row = database.row(sql.MEMORY_PROJECT, (memory,))
    return row[0] if row else 0


def texts_of(one: StoredMemory) -> list[str]:
    """The texts of a memory as they are embedded, its concepts last (of a note only)."""
    texts = [_lines(one.facts) if name == "facts" else getattr(one, name) for name in EMBEDDED]
    return [*texts, " ".join(one.concepts) if one.kind == "note" else ""]


def id_list(ids: Iterable[int]) -> Any:
    """Ids as one bound value."""
    return apsw.carray(array.array("q", [one for one in ids if -(1 << 63) <= one < 1 << 63] or [-1]))


def text_list(texts: Iterable[str]) -> Any:
    """Texts as one bound value."""
    return apsw.carray(tuple(texts) or ("",))


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[int, list[tuple[Any, ...]]]:
    grouped: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row[1:])
    return grouped


def _memory(
    row: tuple[Any, ...], files: Iterable[tuple[Any, ...]], concepts: Iterable[tuple[Any, ...]]
) -> StoredMemory:
    names = (
        "id",
        "uid",
        "kind",
        "type",
        "title",
        "subtitle",
        "narrative",
        "facts",
        "investigated",
        "learned",
        "completed",
    )
    more = (
        "next_steps",
        "notes",
        "verbatim",
        "project",
        "session",
        "prompt_number",
        "branch",
        "provider",
        "model",
        "work_tokens",
    )
    values = dict(zip((*names, *more, "read_tokens", "created_ms", "repeats", "repeated_ms"), row, strict=True))
    values["facts"] = tuple(values["facts"].splitlines())
    paths = {role: tuple(path for kind, path in files if kind == role) for role in ("modified", "read")}
    concepts_found = tuple(concept for (concept,) in concepts)
    return StoredMemory(**values, concepts=concepts_found, files_modified=paths["modified"], files_read=paths["read"])
