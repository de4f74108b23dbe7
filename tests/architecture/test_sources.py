"""Rules every source file keeps: sizes, names, where SQL stands, who may swallow everything."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDERS = ("claudemem_lib", "hooks", "mcp_server", "tui")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
LONGEST_MODULE = 350
LONGEST_FUNCTION = 40
LONG_WITH_REASON = {"claudemem_lib/store/sql.py": "every SQL text stands in one place"}
BANNED_NAMES = re.compile(r"(Manager|Service|Handler|Helper|Utils|Processor|Orchestrator)s?$")
SQL = re.compile(
    r"\b(SELECT\s+[\w*(].*\bFROM\b|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET\s+\w+\s*=|DELETE\s+FROM|CREATE\s+(TABLE|INDEX|TRIGGER))",
    re.IGNORECASE | re.DOTALL,
)

each_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text("utf-8")))


def _docstrings(path: Path) -> set[int]:
    """The lines on which docstrings begin."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].lineno
        for node in _nodes(path)
        if isinstance(node, documented) and node.body and ast.get_docstring(node) is not None
    }


@each_source
def test_a_module_fits_into_one_look(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in LONG_WITH_REASON:
        assert len(path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


@each_source
def test_a_function_fits_on_one_screen(path: Path) -> None:
    functions = [node for node in _nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@each_source
def test_a_class_is_named_for_what_it_is(path: Path) -> None:
    names = [node.name for node in _nodes(path) if isinstance(node, ast.ClassDef)]
    assert [name for name in names if BANNED_NAMES.search(name)] == []


@each_source
def test_sql_stands_in_one_place(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() == "claudemem_lib/store/sql.py":
        return
    docstrings = _docstrings(path)
    texts = [
        (node.lineno, node.value)
        for node in _nodes(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno not in docstrings
    ]
    assert [(line, text) for line, text in texts if SQL.search(text)] == []


def test_only_the_hook_swallows_everything() -> None:
    swallowing = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in _nodes(path)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises(node)
    ]
    assert swallowing == ["hooks/claudemem_hooks/main.py"]


def _catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or "BaseException" in ast.unparse(handler.type)


def _raises(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def test_the_median_module_is_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in SOURCES)
    assert lengths[len(lengths) // 2] <= LONGEST_MODULE // 2


@pytest.mark.parametrize(
    "text", ["select id from t", "INSERT OR IGNORE INTO t", "update t set a = 1", "delete\nfrom t"]
)
def test_the_sql_rule_sees_sql(text: str) -> None:
    assert SQL.search(text)


@pytest.mark.parametrize("text", ["Select one of the modes", "Update the settings", "deleted from disk", "an insert"])
def test_the_sql_rule_lets_prose_pass(text: str) -> None:
    assert not SQL.search(text)
