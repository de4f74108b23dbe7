"""The leak test: secrets of every shape and private text come in by every way there is, and are nowhere afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from claudemem_lib import cli, settings
from claudemem_lib.providers.fake import Fake
from tests.hooks.conftest import Hook
from tests.mcp_server.conftest import Toolbox
from tests.planted import SECRETS, of_every_shape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host, Memories

PRIVATE = "Zugspitze5412"
OWN = "ACME-481516"
KEY = "sk-ant-api03-" + "q9Wz" * 12
SHORTEST = 6
ALL = [*SECRETS, *of_every_shape(41)]
MARKERS = sorted(
    {secret.strip().splitlines()[0] for _, _, secret in ALL if len(secret.strip()) >= SHORTEST} - {"hunter"}
)


def texts() -> Iterator[str]:
    """Texts that hold everything, a few secrets each: one that runs to its end must not hide the next."""
    lines = [around.format(secret) for _, around, secret in ALL]
    for start in range(0, len(lines), 6):
        for line in lines[start : start + 6]:
            if "BEGIN" in line:
                yield f"{line}"
        rest = [line for line in lines[start : start + 6] if "BEGIN" not in line]
        yield "\n".join([f"<private>{PRIVATE}</private> {OWN}", *rest, f"< PRIVATE >{PRIVATE}"])


def transcript(folder: Path) -> Path:
    """A session the host kept, with everything in it."""
    records: list[dict[str, Any]] = []
    for number, text in enumerate(texts()):
        use = {"type": "tool_use", "id": f"told-{number}", "name": "Bash", "input": {"command": text}}
        result = {"type": "tool_result", "tool_use_id": f"told-{number}", "content": text}
        for kind, content in (
            ("user", text),
            ("assistant", [use]),
            ("user", [result]),
            ("assistant", [{"type": "text", "text": text}]),
        ):
            time = f"2026-11-21T{number // 60:02}:{number % 60:02}:{len(records) % 60:02}.000Z"
            about = {"uuid": f"u{len(records)}", "sessionId": "told", "cwd": "/home/you/app", "timestamp": time}
            records.append({"type": kind, **about, "message": {"role": kind, "content": content}})
    file = folder / "projects" / "-home-you-app" / "told.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def come_in(memory: Memory, host: Host, hook: Hook, tools: Toolbox, folder: Path) -> None:
    """Every way in, every text."""
    note = memory.remember("a note")
    for number, text in enumerate(texts()):
        host.prompt(text, f"p{number}")
        host.tool("Bash", {"stdout": text, "list": [text]}, command=text, description=text)
        host.failure("Edit", text, file_path="/a.py", old_string=text, new_string=text)
        host.say("SubagentStop", agent_type="Explore", agent_id="a1", last_assistant_message=text)
        host.stop(text)
        host.say("PreCompact", trigger="manual", custom_instructions=text)
        host.say("PostCompact", trigger="auto", compact_summary=text)
        memory.remember(f"words {text}", title=text, files=[text], concepts=[text])
        memory.curate.edit(note, narrative=f"words {text}", facts=[text])
        tools.call("save_memory", text=f"words {text}", title=text)
        if number % 12 == 0:
            hook.tell("UserPromptSubmit", prompt=f"words {text}")
            hook.tell("PostToolUse", tool_name="Bash", tool_input={"command": text}, tool_response=text)
    list(memory.backfill(transcript(folder)))


def test_rank_15_no_secret_and_no_private_text_is_anywhere_afterwards(
    tmp_path: Path, memories: Memories, clock: Clock
) -> None:
    from tests.conftest import Host  # noqa: PLC0415  # a class, not a fixture

    data = tmp_path / "data"
    settings.save(str(data), {"redact_patterns": ("ACME-[0-9]{6}",), "claude_api_key": KEY})
    provider = Fake()
    memory = memories(provider=provider)
    tools = Toolbox(memory, "/home/you/app")
    come_in(memory, Host(memory, clock), Hook(data), tools, tmp_path)
    told = list(outside(data))
    memory.take_in()
    memory.observe_pending()
    memory.curate.undo()
    memory.prune()
    told += [repr(row) for row in rows(memory)]
    told += [f"{prompt.system}\n{prompt.user}" for prompt in provider.prompts]
    told += [json.dumps(memory.stats()), memory.context("/home/you/app")]
    told += [tools.text("search", query=word) for word in ("words", "password", "secret", "key")]
    told += [tools.text("get_observations", ids=list(range(1, 40)))]
    told += list(outside(data))
    for command in (["status"], ["search", "words"], ["settings"], ["context"], ["queue", "list"], ["sessions"]):
        told.append(CliRunner().invoke(cli.main, ["--data-dir", str(data), *command, "--json"]).output)
    memory.close()
    told += list(outside(data))
    assert len(provider.prompts) > 10
    assert leaked("\n".join(told)) == []
    counts = json.loads(CliRunner().invoke(cli.main, ["--data-dir", str(data), "status", "--json"]).stdout)["masked"]
    assert counts["private"] > 100
    assert counts["own"] > 100
    assert len(counts) > 100


def outside(data: Path) -> Iterator[str]:
    """Every byte of the data folder, names included, but for the settings, which hold the user's own key."""
    for path in sorted(data.rglob("*")):
        yield str(path)
        if path.is_file() and path.name != "settings.json":
            yield path.read_bytes().decode("latin-1")


def rows(memory: Memory) -> Iterator[tuple[Any, ...]]:
    """Every row of every table: in the file a text may be cut in two by the end of a page."""
    names = memory.database.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
    for (name,) in list(names):
        yield from memory.database.rows(f'SELECT * FROM "{name}"')


def leaked(text: str) -> list[tuple[str, str]]:
    """The markers that are in *text*, as they are or as JSON writes them, each with what stands around it."""
    markers = [*MARKERS, PRIVATE, OWN, KEY]
    found = [one for one in markers if one in text or json.dumps(one)[1:-1] in text]
    return [(one, text[max(0, text.find(one) - 60) : text.find(one) + 60]) for one in found]


def test_the_leak_test_would_see_a_leak() -> None:
    assert {MARKERS[0], PRIVATE} <= {one for one, _ in leaked(f"x {MARKERS[0]} {PRIVATE}")}
    assert len(MARKERS) > 200
