"""`claude-mem-tui [DIR]`: open the interface on a data folder."""

from __future__ import annotations

import sys

from claudemem_lib import paths
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.memory import Memory

try:
    from claudemem_tui.app import MemoryApp
except ModuleNotFoundError as _missing:
    sys.exit(f"The terminal interface needs the package {_missing.name}: pip install 'claudemem[tui]'")


def main() -> None:
    """Open the memory in the folder given (default: the user's own) and run until the person leaves."""
    arguments = sys.argv[1:]
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        sys.exit("usage: claude-mem-tui [DATA_DIR]")
    try:
        with Memory(arguments[0] if arguments else paths.data_dir()) as memory:
            MemoryApp(memory).run()
    except ClaudeMemError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
