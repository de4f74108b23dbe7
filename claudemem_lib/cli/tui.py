"""The command that opens the terminal interface. The library does not know its package: it is started as a program."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from claudemem_lib.cli.base import example

NEEDED = {"tui": ("claudemem_tui", "textual"), "web": ("claudemem_tui", "textual", "textual_serve")}


@click.command(epilog=example("tui", "tui --web", "tui --web --port 8123"))
@click.option(
    "--web", is_flag=True, help="Serve it to a browser on this machine; prints the address to open. Ctrl-C ends it."
)
@click.option("--port", type=click.IntRange(0, 65_535), help="With --web; default: one that is free.")
@click.option("--host", help="With --web: 127.0.0.1 (default), localhost or ::1.")
@click.option("--json", "as_json", is_flag=True, help="With --web: print the address as JSON.")
@click.pass_obj
def tui(data_dir: str, port: int | None, host: str | None, *, web: bool, as_json: bool) -> None:
    """Browse, correct, configure and watch the memory in the terminal or, with --web, in a browser."""
    if not web and (port is not None or host is not None or as_json):
        message = "--port, --host and --json go with --web"
        raise click.UsageError(message)
    extra = "web" if web else "tui"
    missing = [name for name in NEEDED[extra] if find_spec(name) is None]
    if missing:
        message = f"this needs packages that are not installed ({', '.join(missing)}): pip install 'claudemem[{extra}]'"
        raise click.ClickException(message)
    options = [*(["--web"] if web else []), *(["--json"] if as_json else [])]
    options += [] if port is None else [f"--port={port}"]
    options += [] if host is None else [f"--host={host}"]
    sys.stdout.flush()
    folder = str(Path(data_dir).expanduser().absolute())
    os.execv(sys.executable, [sys.executable, "-P", "-m", "claudemem_tui", *options, folder])  # noqa: S606  # our own interpreter
