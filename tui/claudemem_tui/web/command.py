"""The options of `claude-mem-tui`: all of them are about the browser."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from contextlib import suppress

from claudemem_lib import paths
from claudemem_lib.memory import Memory

EPILOG = """examples:
  claude-mem-tui                          in this terminal, on your own memory
  claude-mem-tui --web                    in a browser on this machine; prints the address to open
  claude-mem-tui --web --port 8123 DIR    at a port of your choice, on the memory in DIR

The address holds a secret made anew at every start: whoever opens it can read and change the memory. Ctrl-C ends it."""


def parser() -> argparse.ArgumentParser:
    """What can be said."""
    found = argparse.ArgumentParser(
        prog="claude-mem-tui",
        description="Browse, correct, configure and watch the memory.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("data_dir", nargs="?", metavar="DATA_DIR", help="the data folder (default: your own)")
    found.add_argument("--web", action="store_true", help="serve it to a browser on this machine")
    found.add_argument("--host", default="127.0.0.1", help="127.0.0.1 (default), localhost or ::1")
    found.add_argument("--port", type=int, default=0, help="default: one that is free")
    found.add_argument("--json", action="store_true", help="print the address as JSON")
    return found


def run(arguments: list[str]) -> None:
    """Serve until Ctrl-C. BadRequest for an address that cannot be served; whatever opening a memory raises."""
    given = parser().parse_args(arguments)
    if not given.web:
        parser().error("--host, --port and --json go with --web")
    try:
        from claudemem_tui.web.server import serve  # noqa: PLC0415  # an extra, and --help works without
    except ModuleNotFoundError as missing:
        sys.exit(f"The interface in a browser needs the package {missing.name}: pip install 'claudemem[web]'")
    with Memory(given.data_dir or paths.data_dir()) as memory:
        data_dir = memory.data_dir

    def tell(url: str) -> None:
        said = json.dumps({"url": url, "pid": os.getpid()}) if given.json else f"Open {url}\nCtrl-C ends it."
        sys.stdout.write(said + "\n")
        sys.stdout.flush()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve(data_dir, given.host, given.port, tell))
