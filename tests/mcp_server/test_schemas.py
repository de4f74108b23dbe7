"""What the model reads before it calls anything: every parameter explained and bounded, texts within the host's limits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp.client import Client

from claudemem_mcp import docs, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mcp_server.conftest import Toolbox

ROOT = Path(__file__).parents[2]
READ = {"search", "timeline", "get_observations", "session_context", "recent", "memory_status"}


def _listed(tools: Toolbox) -> dict[str, Any]:
    async def listed() -> dict[str, Any]:
        async with Client(tools.server) as client:
            return {tool.name: tool for tool in (await client.list_tools()).tools}

    return anyio.run(listed)


def _leaves(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas of single values within a schema."""
    for part in schema.get("anyOf", ()):
        yield from _leaves(part)
    if "anyOf" not in schema:
        yield schema
    if "items" in schema:
        yield from _leaves(schema["items"])


def test_every_parameter_has_a_type_a_description_and_bounds(tools: Toolbox) -> None:
    for tool in _listed(tools).values():
        for name, schema in tool.input_schema["properties"].items():
            assert schema["description"].endswith("."), name
            for leaf in _leaves(schema):
                bounds = {"string": {"maxLength"}, "integer": {"minimum", "maximum"}, "array": {"maxItems"}}
                assert bounds.get(leaf["type"], set()) <= set(leaf), (tool.name, name, leaf)


def test_the_original_s_parameters_are_all_there(tools: Toolbox) -> None:
    found = {name: set(tool.input_schema["properties"]) for name, tool in _listed(tools).items()}
    assert found["search"] >= {
        "query",
        "limit",
        "project",
        "type",
        "obs_type",
        "dateStart",
        "dateEnd",
        "offset",
        "orderBy",
    }
    assert found["search"] >= {"concepts", "files", "filePath", "isFolder"}
    assert found["timeline"] == {"anchor", "query", "depth_before", "depth_after", "project"}
    assert found["save_memory"] == {"text", "title", "project"}


def test_only_what_has_to_be_given_is_required(tools: Toolbox) -> None:
    required = {name: tool.input_schema.get("required", []) for name, tool in _listed(tools).items()}
    assert {name: given for name, given in required.items() if given} == {
        "get_observations": ["ids"],
        "save_memory": ["text"],
        "forget": ["ids"],
    }


def test_every_tool_says_what_it_does_to_the_memory_and_what_it_gives(tools: Toolbox) -> None:
    found = _listed(tools)
    assert {name for name, tool in found.items() if tool.annotations.read_only_hint} == READ
    assert [name for name, tool in found.items() if tool.annotations.destructive_hint] == ["forget"]
    assert all(tool.output_schema["properties"] for tool in found.values())
    assert all(tool.description and tool.title for tool in found.values())


def test_search_is_there_at_once_and_the_rest_on_demand(tools: Toolbox) -> None:
    at_once = {name for name, tool in _listed(tools).items() if (tool.meta or {}).get("anthropic/alwaysLoad")}
    assert at_once == {"search"}


def test_instructions_teach_the_three_layers_within_the_limit() -> None:
    assert len(texts.INSTRUCTIONS) <= 2_000
    places = [
        texts.INSTRUCTIONS.index(f"{n}. {name}") for n, name in enumerate(("search", "timeline", "get_observations"), 1)
    ]
    assert places == sorted(places)


def test_the_documentation_of_the_tools_is_what_the_server_says(tools: Toolbox) -> None:
    assert (ROOT / "docs" / "tools.md").read_text("utf-8") == docs.page(tools.server), (
        "python -m claudemem_mcp.docs > docs/tools.md"
    )


@pytest.mark.parametrize("name", ["recall", "remember", "forget", "mem-status"])
def test_a_command_of_the_plugin_uses_tools_that_there_are(name: str) -> None:
    text = (ROOT / "commands" / f"{name}.md").read_text("utf-8")
    assert text.startswith("---\ndescription: ")
    assert any(tool in text for tool in ("search", "save_memory", "forget", "memory_status"))
