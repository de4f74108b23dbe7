"""What is shipped agrees with itself: versions, settings, texts for people."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import fields

import claudemem_lib
from claudemem_lib.settings import GROUPS, Settings

ROOT = Path(__file__).parents[2]
READERS = "\n".join(
    path.read_text("utf-8")
    for folder in ("claudemem_lib", "hooks", "mcp_server", "tui")
    for path in (ROOT / folder).rglob("*.py")
    if path.name not in ("settings.py", "rules.py")
)
each_setting = pytest.mark.parametrize("field", fields(Settings), ids=lambda field: field.name)


def _read_json(name: str) -> Any:
    return json.loads((ROOT / name).read_text("utf-8"))


def test_one_version_stands_everywhere() -> None:
    (entry,) = _read_json(".claude-plugin/marketplace.json")["plugins"]
    plugin = _read_json(".claude-plugin/plugin.json")
    assert plugin["version"] == entry["version"] == claudemem_lib.__version__
    assert plugin["name"] == entry["name"]


def test_the_changelog_tells_of_this_version() -> None:
    assert claudemem_lib.__version__ in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_the_licence_is_the_one_declared() -> None:
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text("utf-8")
    assert _read_json(".claude-plugin/plugin.json")["license"] == "AGPL-3.0-or-later"


@each_setting
def test_a_setting_explains_itself(field: Any) -> None:
    assert field.metadata["label"]
    assert field.metadata["help"].endswith(".")
    assert field.metadata["group"] in GROUPS


@each_setting
def test_a_setting_is_read_somewhere(field: Any) -> None:
    assert re.search(rf"""\.{field.name}\b|["']{field.name}["']""", READERS)
