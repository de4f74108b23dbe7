"""The command as a program of its own: `claude-mem`, and `python -m claudemem_lib.cli`."""

import atexit
import gc

gc.disable()  # nothing that is being imported is garbage: not to look for any is a seventh of a short command's time
from claudemem_lib.cli import main as commands  # noqa: E402

gc.enable()


def main() -> None:
    """Run the command that was asked for, and end."""
    atexit.register(gc.freeze)  # nor at the end, where everything goes anyway
    commands()


if __name__ == "__main__":
    main()
