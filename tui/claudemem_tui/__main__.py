"""`claude-mem-tui [DIR]`: open the interface on a data folder, in the terminal or, with `--web`, in a browser."""

from __future__ import annotations

import gc
import sys

RARELY = (200_000, 20, 100)  # 200,000 new objects before one look for garbage


def collect_rarely() -> None:
    """Look for garbage seldom: imports and frames make next to none, and looking would take a seventh of the start."""
    gc.set_threshold(*RARELY)


def main() -> None:
    """Do what the command line says."""
    collect_rarely()
    from claudemem_tui.start import begin  # noqa: PLC0415  # its imports are most of what is made so

    begin(sys.argv[1:])


if __name__ == "__main__":
    main()
