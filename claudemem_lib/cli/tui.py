"""The command that opens the terminal interface. The library does not know its package: it is started as a program."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from claudemem_lib.cli.base import example

NEEDED = ("claudemem_tui", "textual")


@click.command(epilog=example("tui"))
@click.pass_obj
def tui(data_dir: str) -> None:
    """Browse, correct, configure and watch the memory in the terminal."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        message = f"this needs packages that are not installed ({', '.join(missing)}): pip install 'claudemem[tui]'"
        raise click.ClickException(message)
    sys.stdout.flush()
    folder = str(Path(data_dir).expanduser().absolute())
    os.execv(sys.executable, [sys.executable, "-P", "-m", "claudemem_tui", folder])  # noqa: S606  # our own interpreter
