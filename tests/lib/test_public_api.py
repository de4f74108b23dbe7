"""What users of the library rely on: the names, the verbs and their signatures, and an import that costs nothing."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

import claudemem_lib
from claudemem_lib.memory import Memory
from tests.lib.stored import add_observation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERBS = {
    "capture": "payload, *, at_ms",
    "take_in": "until",
    "observe_pending": "*, flush, most, session, until",
    "remember": "text, *, title, project, created_ms, files, concepts",
    "search": "query, *, kind, type, concepts, files, project, since_ms, until_ms, limit, offset, after, order",
    "found": "query, *, limit, offset, after, order, **filters",
    "timeline": "anchor, *, at_ms, query, before, after, project",
    "get": "ids_wanted",
    "context": "cwd, *, source, session, given",
    "sessions": "project, *, limit, offset",
    "projects": "",
    "stats": "",
    "backfill": "path, *, dry_run",
    "queue": "*, limit, offset",
    "retry": "event_id",
    "discard": "event_id",
    "close": "",
}


def loaded_by(code: str) -> set[str]:
    """The modules a fresh interpreter has after running *code*, beyond those of Python itself."""
    script = f"import sys; before = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_importing_the_package_loads_nothing_else() -> None:
    assert loaded_by("import claudemem_lib; claudemem_lib.__version__; dir(claudemem_lib)") <= {
        "__future__",
        "claudemem_lib",
    }


def test_a_public_name_loads_on_first_use() -> None:
    loaded = loaded_by("import claudemem_lib; claudemem_lib.open")
    assert "claudemem_lib.memory" in loaded
    assert not {"click", "claudemem_lib.cli", "anthropic", "openai", "google", "mcp", "numpy"} & loaded


def test_the_public_names_are_sorted_and_all_there() -> None:
    names = claudemem_lib.__all__
    assert names == sorted(names)
    assert names == ["Hit", "Memory", "StoredMemory", "__version__", "open"]
    assert all(getattr(claudemem_lib, name) is not None for name in names)
    assert dir(claudemem_lib) == names


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'claudemem_lib' has no attribute 'nonsense'"):
        claudemem_lib.nonsense  # noqa: B018  # the access is the test


def test_open_takes_a_path_and_everything_else_by_name() -> None:
    parameters = inspect.signature(claudemem_lib.open).parameters
    assert next(iter(parameters)) == "path"
    assert {"settings", "provider", "clock"} <= set(parameters)
    assert all(given.kind is given.KEYWORD_ONLY for name, given in parameters.items() if name != "path")
    assert all(given.default is None for given in parameters.values())


@pytest.mark.parametrize("verb", VERBS)
def test_the_verbs_have_the_promised_signatures(verb: str) -> None:
    text = str(
        inspect.Signature(
            [
                given.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
                for name, given in inspect.signature(getattr(Memory, verb)).parameters.items()
                if name != "self"
            ]
        )
    )
    assert text == f"({VERBS[verb]})"


@pytest.mark.parametrize("verb", [name for name in dir(Memory) if not name.startswith("_")])
def test_every_public_verb_says_what_it_does(verb: str) -> None:
    assert inspect.getdoc(getattr(Memory, verb))


def test_the_path_may_be_text_a_path_or_left_out(tmp_path: Path, environment: Callable[[str, str], None]) -> None:
    for path in (tmp_path / "a", str(tmp_path / "b")):
        with claudemem_lib.open(path) as memory:
            assert memory.data_dir == str(path)
    environment("CLAUDE_MEM_DATA_DIR", str(tmp_path / "c"))
    with claudemem_lib.open() as memory:
        assert memory.data_dir == str(tmp_path / "c")


def test_a_memory_closes_with_its_block_and_closing_again_is_no_error(tmp_path: Path) -> None:
    with claudemem_lib.open(tmp_path) as memory:
        memory.remember("kept", project=str(tmp_path))
    memory.close()
    with claudemem_lib.open(tmp_path) as again:
        assert [hit.title for hit in again.search("kept")] == ["kept"]


def test_threads_share_a_memory(memory: Memory) -> None:
    seen: list[int] = []
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                add_observation(memory, f"thread {number} turn {turn}")
                seen.append(len(memory.search(f"thread {number}", limit=50)))
        except BaseException as error:  # noqa: BLE001  # shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(seen) == 40
    assert memory.stats()["counts"]["observations"] == 40


def test_values_are_frozen_and_plain(memory: Memory) -> None:
    add_observation(memory, "one")
    hit = memory.search()[0]
    with pytest.raises(AttributeError):
        hit.title = "another"  # type: ignore[misc]  # what must not work
    assert isinstance(hit, claudemem_lib.Hit)
    assert isinstance(memory.get([hit.id])[0], claudemem_lib.StoredMemory)
