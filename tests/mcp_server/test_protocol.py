"""The protocol over every transport, in both of its eras, and with a client that makes mistakes."""

from __future__ import annotations

import json
import random
import string
import threading
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from claudemem_lib import link
from tests.mcp_server.conftest import INITIALIZE, RELAY, Serving, legacy, over_socket, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.mcp_server.conftest import Relay, Wire

NAMES = [
    "search",
    "timeline",
    "get_observations",
    "save_memory",
    "session_context",
    "recent",
    "forget",
    "memory_status",
]
SEED = 20_261_122
MESSAGES = 200


async def _use(client: Client) -> None:
    """What every client can do with the server."""
    assert [tool.name for tool in (await client.list_tools()).tools] == NAMES
    saved = await client.call_tool("save_memory", {"text": "Deploy on Fridays", "project": "shop"})
    assert saved.structured_content is not None
    number = saved.structured_content["id"]
    found = await client.call_tool("search", {"query": "fridays", "project": "shop"})
    assert not found.is_error
    assert f"#{number}" in found.content[0].text  # type: ignore[union-attr]
    one = await client.read_resource(f"memory://{number}")
    assert "Deploy on Fridays" in one.contents[0].text  # type: ignore[union-attr]
    recent = await client.read_resource("memory://project/shop/recent")
    assert f"#{number}" in recent.contents[0].text  # type: ignore[union-attr]
    assert {prompt.name for prompt in (await client.list_prompts()).prompts} == {"recall", "handoff"}
    asked = await client.get_prompt("recall", {"topic": "deploys"})
    assert "deploys" in asked.messages[0].content.text  # type: ignore[union-attr]
    assert (await client.call_tool("no_such_tool", {})).is_error


each_era = pytest.mark.parametrize("mode", ["auto", "legacy"])


@each_era
@pytest.mark.parametrize("way", ["auto", "loopback"])
def test_the_sdk_client_works_over_the_socket(serving: Serving, mode: Any, way: str) -> None:
    serving.start(CLAUDE_MEM_SERVER_SOCKET=way)
    assert ("port" in link.facts(serving.path)) == (way == "loopback")
    hello = {"token": link.facts(serving.path).get("token", "")}

    async def session() -> None:
        async with Client(over_socket(serving.path, hello), mode=mode) as client:
            await _use(client)

    anyio.run(session)


@each_era
def test_a_client_that_does_not_say_who_it_is_works_over_the_socket(serving: Serving, mode: Any) -> None:
    serving.start()

    async def session() -> None:
        async with Client(over_socket(serving.path), mode=mode) as client:
            await _use(client)

    anyio.run(session)


@each_era
@pytest.mark.parametrize("way", ["auto", "loopback"])
def test_the_sdk_client_works_through_the_relay(serving: Serving, mode: Any, way: str) -> None:
    environment = {**serving.environment, "CLAUDE_MEM_SERVER_SOCKET": way}
    relay = StdioServerParameters(command=RELAY[0], args=[*RELAY[1:], serving.path], env=environment)

    async def session() -> None:
        async with Client(relay, mode=mode) as client:
            await _use(client)

    anyio.run(session)


@each_era
def test_the_sdk_client_works_over_http_with_the_token(serving: Serving, mode: Any, free_port: int) -> None:
    serving.set(http_enabled=True, http_port=free_port)
    serving.start()
    headers = {"Authorization": f"Bearer {(serving.data / 'http-token').read_text().strip()}"}

    async def session() -> None:
        async with httpx2.AsyncClient(headers=headers) as http:
            transport = streamable_http_client(link.facts(serving.path)["http"], http_client=http)
            async with Client(transport, mode=mode) as client:
                await _use(client)

    anyio.run(session)


def test_two_connections_are_sessions_of_their_own(serving: Serving) -> None:
    serving.start()
    old, new = serving.connect(), serving.connect()
    old.send(legacy("initialize", 1, **INITIALIZE))
    assert old.receive()["result"]["protocolVersion"] == "2025-11-25"
    assert len(new.ask("tools/list")["result"]["tools"]) == len(NAMES)
    old.send(legacy("tools/list", 2))
    assert len(old.receive()["result"]["tools"]) == len(NAMES)
    old.close()
    new.close()


BROKEN: list[tuple[str, bytes, Any, int]] = [
    ("no JSON", b"hello", None, -32_700),
    ("half an object", b'{"jsonrpc":"2.0","id":1,', None, -32_700),
    ("NUL bytes", b"\0\0\0", None, -32_700),
    ("bytes that are no text", b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', 1, -32_601),
    ("deep nesting", b"[" * 100_000, None, -32_700),
    ("a number", b"17", None, -32_600),
    ("an empty batch", b"[]", None, -32_600),
    ("a batch", b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', None, -32_600),
    ("no version", b'{"id":"a","method":"ping"}', "a", -32_600),
    ("another version", b'{"jsonrpc":"1.0","id":3,"method":"ping"}', 3, -32_600),
    ("parameters as a list", b'{"jsonrpc":"2.0","id":4,"method":"ping","params":[1]}', 4, -32_600),
    ("a method that is a number", b'{"jsonrpc":"2.0","id":5,"method":5}', 5, -32_600),
    ("an id with a fraction", b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', None, -32_600),
    ("an id that is true", b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, -32_600),
    ("an id that is null", b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, -32_600),
    ("an id that is a list", b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', None, -32_600),
]


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for many tests that do not change it."""
    made = Serving(tmp_path_factory.mktemp("lasting") / "data")
    made.start()
    yield made
    made.close()


@pytest.mark.parametrize(("line", "number", "code"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_line_that_is_no_message_is_answered_with_an_error(
    lasting: Serving, line: bytes, number: Any, code: int
) -> None:
    wire = lasting.connect()
    wire.ask("tools/list", "first")
    wire.send_bytes(line + b"\n")
    answer = wire.receive()
    assert answer["id"] == number
    if code != -32_601:  # bytes that are no text may be a method nobody knows, or no message
        assert answer["error"]["code"] == code
    assert "result" in wire.ask("tools/list", "after")
    wire.close()


def test_a_line_that_is_no_message_may_come_first(lasting: Serving) -> None:
    wire = lasting.connect(hello=False)
    wire.send_bytes(b"GET / HTTP/1.1\n")
    assert wire.receive()["error"]["code"] == -32_700
    assert "result" in wire.ask("tools/list")
    wire.close()


@pytest.mark.parametrize("number", ["text", "", "ü" * 1_000, 0, -1, 10**30, "10"])
def test_an_id_comes_back_as_it_was(lasting: Serving, number: Any) -> None:
    wire = lasting.connect()
    answer = wire.ask("tools/list", number)
    assert answer["id"] == number
    assert type(answer["id"]) is type(number)
    wire.close()


def test_an_unknown_method_is_an_error_and_no_end(lasting: Serving) -> None:
    wire = lasting.connect()
    assert wire.ask("server/explode")["error"]["code"] == -32_601
    assert "result" in wire.ask("tools/list", 2)
    wire.close()


def _message(chance: random.Random, number: str) -> Any:
    """A request, in order or not, with an id that no other has."""
    word = "".join(chance.choices(string.printable, k=chance.randrange(1, 12)))
    value = chance.choice([None, True, -1, 2**70, 1.5, word, [word], {word: word}, "", "\0", "\ud800", "x" * 10_000])
    tool = chance.choice([*NAMES, word])
    key = chance.choice(["query", "ids", "limit", "anchor", "project", "text", "type", "dateStart", word])
    made = request("tools/call", number, name=tool, arguments={key: value})
    match chance.randrange(6):
        case 0:
            made["method"] = chance.choice(["ping", "tools/list", "resources/read", "prompts/get", "initialize", word])
        case 1:
            made["params"] = value
        case 2:
            made.pop(chance.choice(["jsonrpc", "method", "params"]))
        case 3:
            made["params"].pop("_meta")
        case 4:
            made[word] = value
        case _:
            pass
    return made


def _fuzz(end: Wire | Relay, prefix: str) -> None:
    """Send good and bad messages and wait until every request among them is answered."""
    chance = random.Random(SEED)
    end.ask("tools/list", "first")
    waiting: set[str] = {"last"}
    answers: set[Any] = set()
    lines = []
    for count in range(MESSAGES):
        message = _message(chance, f"{prefix}{count}")
        waiting |= {message["id"]} if "method" in message or "result" not in message else set()
        line = json.dumps(message).encode()
        junk = line[: chance.randrange(1, len(line))] + b"\n" if chance.random() < 0.2 else b""
        lines.append(line + b"\n" + junk)

    def read() -> None:
        while waiting - answers:
            answer = end.receive()
            assert ("result" in answer) != ("error" in answer) or "method" in answer
            answers.add(answer.get("id"))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for line in lines:
        end.send_bytes(line)
    end.send(request("tools/list", "last"))
    reader.join(60)
    assert waiting - answers == set()


def test_two_hundred_random_messages_are_each_answered_and_the_server_stays_up(lasting: Serving) -> None:
    before = lasting.pid()
    wire = lasting.connect()
    _fuzz(wire, "w")
    wire.close()
    assert lasting.pid() == before


def test_two_hundred_random_messages_through_a_relay_are_each_answered_and_both_stay_up(lasting: Serving) -> None:
    before = lasting.pid()
    relay = lasting.relay()
    _fuzz(relay, "r")
    assert relay.process.poll() is None
    relay.close()
    assert lasting.pid() == before
