"""What `claude-mem-tui` was asked for: the interface on a data folder, in the terminal or, with `--web`, in a browser."""

from __future__ import annotations

import sys

from claudemem_lib import paths
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.memory import Memory
from claudemem_tui.web import command


def begin(arguments: list[str]) -> None:
    """Open the memory in the folder given (default: the user's own) and run until the person leaves."""
    try:
        if any(one.startswith("-") for one in arguments):
            command.run(arguments)
        elif len(arguments) > 1:
            sys.exit("usage: claude-mem-tui [DATA_DIR]; claude-mem-tui --help tells more")
        else:
            in_terminal(arguments[0] if arguments else paths.data_dir())
    except ModuleNotFoundError as missing:
        sys.exit(f"The terminal interface needs the package {missing.name}: pip install 'claudemem[tui]'")
    except ClaudeMemError as error:
        sys.exit(f"Error: {error}")


def in_terminal(data_dir: str) -> None:
    """Draw on the terminal we are in."""
    from claudemem_tui.app import MemoryApp  # noqa: PLC0415  # where its toolkit is missing, a sentence says so

    with Memory(data_dir) as memory:
        MemoryApp(memory).run()
