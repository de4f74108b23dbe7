"""Search by meaning through a real server with a real model: one for all sessions, and a note found by what it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mcp_server.conftest import until

if TYPE_CHECKING:
    from tests.mcp_server.conftest import Serving, Wire

pytest.importorskip("onnxruntime", reason="pip install '.[semantic-lite]'")
pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")

NOTE = "Nobody ships to production on Fridays"
QUESTION = "which weekday is bad for a deployment"  # no word of it is in the note
MOST_GROWTH_KB = 40_000
CLIENTS = 10


def call(wire: Wire, tool: str, **arguments: Any) -> dict[str, Any]:
    """The values of an answer that is no error."""
    result: dict[str, Any] = wire.ask("tools/call", tool, name=tool, arguments=arguments)["result"]
    assert not result["isError"], result
    values: dict[str, Any] = result["structuredContent"]
    return values


def meant(wire: Wire) -> list[int]:
    """What is found by meaning."""
    return [hit["id"] for hit in call(wire, "search", query=QUESTION)["hits"] if hit["engines"] == "vectors"]


def noted(serving: Serving) -> tuple[int, Wire, int]:
    """A server with a note that has its vector: the server's process, a connection to it and the note."""
    process = serving.start()
    wire = serving.connect()
    note = call(wire, "save_memory", text=NOTE)["id"]
    until(lambda: meant(wire) == [note], "hit by meaning", 60)
    return process.pid, wire, note


def test_row_23_a_saved_note_is_found_by_text_and_meaning_and_told_to_the_next_session(serving: Serving) -> None:
    _, wire, note = noted(serving)
    assert [hit["id"] for hit in call(wire, "search", query="production")["hits"]] == [note]
    assert meant(wire) == [note]
    assert NOTE in str(call(wire, "get_observations", ids=[note]))
    assert call(wire, "timeline", anchor=note)["items"][0]["id"] == note
    assert NOTE in call(wire, "session_context")["text"]
    assert call(wire, "save_memory", text="Another")["project"] == "project"
    for text in ("", "  ", "\n"):
        assert wire.ask("tools/call", "blank", name="save_memory", arguments={"text": text})["result"]["isError"]
    wire.close()


def test_an_answer_says_by_what_it_was_looked_for_whatever_its_page_holds(serving: Serving) -> None:
    """The command goes on asking the server by it: pages of two rankings would repeat and lose hits."""
    _, wire, _ = noted(serving)
    for query, engines in ((QUESTION, ["text", "vectors"]), ("production AND ships", ["text"]), ("", ["recent"])):
        answers = [call(wire, "search", query=query, limit=1, offset=offset)["engines"] for offset in (0, 40)]
        assert answers == [engines, engines]
    wire.close()


def resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory of another process is read from /proc")
def test_row_20_ten_sessions_share_one_process_one_model_and_one_file(serving: Serving) -> None:
    pid, wire, note = noted(serving)
    alone = resident_kb(pid)
    wires = [wire, *(serving.connect() for _ in range(CLIENTS - 1))]
    for _ in range(3):
        assert [meant(one) for one in wires] == [[note]] * CLIENTS
    facts = call(wire, "memory_status")["facts"]
    assert facts["server"]["connections"] == CLIENTS
    assert facts["semantic"]["embedded"] == 1
    assert resident_kb(pid) - alone < MOST_GROWTH_KB
    files = [file.name for file in serving.data.iterdir() if file.is_file()]
    assert [name for name in files if name.endswith((".db", ".bin", ".npy", ".faiss", ".sqlite3"))] == ["claude-mem.db"]
    for one in wires:
        one.close()
