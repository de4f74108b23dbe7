"""The server beside plain MCP SDK stdio servers: time to the first tools/list, latency of a call, memory of ten sessions.

python benchmarks/server.py [--runs 7] [--sessions 10]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import claudemem_lib
from claudemem_lib import link

ROOT = Path(__file__).parents[1]
RELAY = (sys.executable, "-I", "-S", str(ROOT / "mcp_server" / "claudemem_mcp" / "relay_run.py"))
BARE = (
    sys.executable,
    "-P",
    "-c",
    """
from mcp.server import MCPServer
server = MCPServer("bare", log_level="WARNING")
for number in range(8):
    def tool(query: str = "", limit: int = 20) -> str:
        "A tool."
        return query
    server.tool(f"tool{number}")(tool)
server.run("stdio")
""",
)
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Host:
    """One session's end of a stdio server."""

    def __init__(self, command: tuple[str, ...], home: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to one request."""
        assert self.process.stdin
        assert self.process.stdout
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "result" in answer, answer
        return answer

    def close(self) -> None:
        """End the session."""
        self.process.communicate()


def first_list(command: tuple[str, ...], home: str) -> float:
    """Milliseconds from starting a process to its answer to tools/list."""
    began = time.perf_counter()
    host = Host(command, home)
    host.ask("tools/list")
    took = (time.perf_counter() - began) * 1_000
    host.close()
    return took


def calls(host: Host, tool: str, count: int = 200) -> float:
    """Median milliseconds of a call."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        host.ask("tools/call", name=tool, arguments={"query": "deploy"})
        took.append((time.perf_counter() - began) * 1_000)
    return statistics.median(took)


def pss_mb(pids: list[int]) -> float:
    """Proportional set size of processes together: what they share counts once."""
    total = 0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1_024


def without_embedder(data: str) -> str:
    """A data folder whose server loads no embedding model: the model costs what it costs, once for all sessions."""
    Path(data).mkdir(mode=0o700)
    (Path(data) / "settings.json").write_text('{"CLAUDE_MEM_EMBEDDER": "none"}')
    return data


def starts(folder: str, runs: int) -> None:
    """Warm and cold starts beside the bare server, in turn."""
    bare, warm, cold = [], [], []
    lasting = without_embedder(f"{folder}/lasting")
    link.start(lasting)
    for number in range(runs):
        bare.append(first_list(BARE, folder))
        warm.append(first_list((*RELAY, lasting), folder))
        fresh = without_embedder(f"{folder}/cold{number}")
        cold.append(first_list((*RELAY, fresh), folder))
        link.stop(fresh)
    base = statistics.median(bare)
    print(f"{'first tools/list, ms':34}{'min':>8}{'median':>8}{'beside bare':>13}")
    for name, took in (
        ("bare SDK stdio server", bare),
        ("ours, server runs (warm)", warm),
        ("ours, no server (cold)", cold),
    ):
        print(f"{name:34}{min(took):8.0f}{statistics.median(took):8.0f}{statistics.median(took) / base:12.2f}x")


def latency(folder: str) -> None:
    """Calls through a relay, with a small memory, beside a tool of the bare server that does nothing."""
    lasting = f"{folder}/lasting"
    with claudemem_lib.open(lasting) as memory:
        for number in range(200):
            memory.remember(f"Deploy note {number}", project="shop")
    ours, bare = Host((*RELAY, lasting), folder), Host(BARE, folder)
    print(f"\n{'tools/call, ms':34}{'median':>8}")
    print(f"{'bare SDK stdio, nothing done':34}{calls(bare, 'tool0'):8.1f}")
    print(f"{'ours, search through the relay':34}{calls(ours, 'search'):8.1f}")
    ours.close()
    bare.close()


def memory_use(folder: str, sessions: int) -> None:
    """Server and relays beside as many bare servers."""
    data = f"{folder}/lasting"
    server = link.holder(data) or 0
    hosts = [Host((*RELAY, data), folder) for _ in range(sessions)]
    for host in hosts:
        host.ask("tools/list")
    many = pss_mb([server, *(host.process.pid for host in hosts)])
    for host in hosts[1:]:
        host.close()
    one = pss_mb([server, hosts[0].process.pid])
    hosts[0].close()
    bare = [Host(BARE, folder) for _ in range(sessions)]
    for host in bare:
        host.ask("tools/list")
    plain = pss_mb([host.process.pid for host in bare])
    for host in bare:
        host.close()
    print(f"\n{'proportional set size, MB':34}{'':>8}")
    print(f"{'server + 1 relay':34}{one:8.0f}")
    print(f"{f'server + {sessions} relays':34}{many:8.0f}{many / one:8.2f}x")
    print(f"{f'{sessions} bare SDK stdio servers':34}{plain:8.0f}{plain / one:8.2f}x")


def main() -> None:
    """Parse and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--sessions", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as folder:
        try:
            starts(folder, given.runs)
            latency(folder)
            memory_use(folder, given.sessions)
        finally:
            link.stop(f"{folder}/lasting")


if __name__ == "__main__":
    main()
