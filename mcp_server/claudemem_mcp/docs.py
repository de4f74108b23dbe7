"""`python -m claudemem_mcp.docs`: docs/tools.md, made from the server object itself."""

from __future__ import annotations

import sys
import tempfile
from typing import TYPE_CHECKING, Any

import anyio

from claudemem_lib.memory import Memory
from claudemem_mcp import texts
from claudemem_mcp.tools import Tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp.server import MCPServer

HEAD = """\
# Tools

What an agent can call, read and be prompted with. This page is made from the server itself (`python -m claudemem_mcp.docs`).

Lists may be given as lists or as one text with commas, numbers as text, times as `2026-11-22`, `2026-11-22T15:48`, `7d` (that
long ago) or milliseconds. Unknown parameters are ignored. Every tool answers with compact text and the same as structured values.
"""


def page(server: MCPServer[Any]) -> str:
    """The page for one server."""
    return "\n".join([HEAD, *anyio.run(_parts, server)]) + "\n"


async def _parts(server: MCPServer[Any]) -> list[str]:
    parts = []
    for tool in await server.list_tools():
        hints = tool.annotations
        effect = (
            "reads" if hints and hints.read_only_hint else "deletes" if hints and hints.destructive_hint else "adds"
        )
        shown = ", shown to the model at once" if (tool.meta or {}).get("anthropic/alwaysLoad") else ""
        parts += [f"## {tool.name}\n", f"{tool.description} ({effect}{shown})\n", *_table(tool.input_schema)]
    parts += ["## Resources\n", "| URI | what |", "|---|---|"]
    parts += [f"| `{one.uri_template}` | {one.description} |" for one in await server.list_resource_templates()]
    parts += ["", "## Prompts\n", "| prompt | arguments | what |", "|---|---|---|"]
    for prompt in await server.list_prompts():
        given = ", ".join(f"`{one.name}`" for one in prompt.arguments or ())
        parts.append(f"| {prompt.name} | {given} | {prompt.description} |")
    return [*parts, "", "## Instructions\n", *(f"> {line}".rstrip() for line in texts.INSTRUCTIONS.splitlines())]


def _table(schema: dict[str, Any]) -> Iterator[str]:
    if not schema["properties"]:
        yield "No parameters.\n"
        return
    yield "| parameter | type | default | what |"
    yield "|---|---|---|---|"
    for name, about in schema["properties"].items():
        default = "needed" if name in schema.get("required", ()) else _default(about.get("default"))
        yield f"| `{name}` | {_type(about)} | {default} | {about['description']} |"
    yield ""


def _default(value: Any) -> str:
    return "" if value in (None, "") else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words, with its bounds."""
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"] if part.get("type") != "null")
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    least, most = schema.get("minimum"), schema.get("maximum")
    if schema["type"] == "integer" and most is not None and most < 1 << 53:
        return f"number {least}-{most}"
    return {"integer": "number", "string": "text", "boolean": "true or false"}[schema["type"]]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Memory(folder) as memory:
        sys.stdout.write(page(Tools(memory, lambda: None, dict).server()))
