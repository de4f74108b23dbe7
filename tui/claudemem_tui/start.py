"""What `claude-mem-tui` was asked for: the interface on a data folder, in the terminal or, with `--web`, in a browser."""

from __future__ import annotations

import sys
from importlib import import_module

from claudemem_lib import paths
from claudemem_lib.errors import ClaudeMemError


def begin(arguments: list[str]) -> None:
    """Run on the folder given (default: the user's own) until the person leaves. Only what is needed for it is imported."""
    try:
        if any(one.startswith("-") for one in arguments):
            import_module("claudemem_tui.web.command").run(arguments)
        elif len(arguments) > 1:
            sys.exit("usage: claude-mem-tui [DATA_DIR]; claude-mem-tui --help tells more")
        else:
            import_module("claudemem_tui.terminal").run(arguments[0] if arguments else paths.data_dir())
    except ModuleNotFoundError as missing:
        sys.exit(f"The terminal interface needs the package {missing.name}: pip install 'claudemem[tui]'")
    except ClaudeMemError as error:
        sys.exit(f"Error: {error}")
