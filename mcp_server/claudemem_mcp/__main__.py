"""`python -m claudemem_mcp [DATA_DIR]`: take the lock first, then import what costs time.

So that of fifty processes started at once, forty-nine end within milliseconds.
"""

from __future__ import annotations

import sys
import time

from claudemem_lib import lean, link, paths, render

HELD = "claude-mem serve: another server (pid {pid}) has served {data_dir} since {since}; nothing to do.\n"
SILENT = "claude-mem serve: another process holds the lock of {data_dir} but does not answer; `claude-mem logs` may say why.\n"
TRIES, PAUSE_S = 60, 0.05


def main() -> int:
    """Take the lock and serve; 0 if another healthy server has it."""
    data_dir = (sys.argv[1:2] or [""])[0] or paths.data_dir()
    lean.make_folder(data_dir)
    lock = _lock(f"{data_dir}/{paths.LOCK}")
    if lock is None:
        return _told(data_dir)
    from claudemem_mcp import server  # noqa: PLC0415  # 0.7 s of imports, for the one that serves

    return server.main(data_dir)


def _lock(path: str) -> object | None:
    """The lock, held as long as what this gives lives; None if another process has it."""
    file = lean.system.open(path, lean.system.O_RDWR | lean.system.O_CREAT, lean.OWNER_FILE)
    try:
        import fcntl  # noqa: PLC0415  # not on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        import msvcrt  # noqa: PLC0415

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return None
    except OSError:
        return None
    return file


def _told(data_dir: str) -> int:
    """Say who serves; 0 if it answers."""
    for _ in range(TRIES):
        found = link.try_connect(data_dir)
        if found is not None:
            found[0].close()
            who = link.facts(data_dir)
            since = f"{render.day(who.get('since_ms', 0))} {render.clock(who.get('since_ms', 0))}"
            sys.stderr.write(HELD.format(pid=who.get("pid"), data_dir=data_dir, since=since))
            return 0
        time.sleep(PAUSE_S)
    sys.stderr.write(SILENT.format(data_dir=data_dir))
    return 1


if __name__ == "__main__":
    sys.exit(main())
