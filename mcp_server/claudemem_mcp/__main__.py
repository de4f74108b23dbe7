"""`python -m claudemem_mcp [DATA_DIR]`: take the lock first, then import what costs time.

So that of fifty processes started at once, forty-nine end within milliseconds.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from pathlib import Path

from claudemem_lib import lean, link, paths

HELD = "another server (pid {pid}) has served {data_dir} since {since}; nothing to do"
SILENT = "another process (pid {pid}) holds the lock of {data_dir} but does not answer; `claude-mem logs` may say why"
MISSING = "the server needs packages that are not installed ({error}): pip install 'claudemem[server]'"
TRIES, PAUSE_S = 100, 0.05


def main() -> int:
    """Take the lock and serve, for as long as it takes; 0 at once if another healthy server has it."""
    data_dir = str(Path((sys.argv[1:2] or [""])[0] or paths.data_dir()).expanduser().absolute())
    try:
        lean.make_folder(data_dir)
        for _ in range(TRIES):
            held = link.lock(data_dir)
            if held is not None:
                return _serve(data_dir, held)
            found = link.try_connect(data_dir)
            if found is not None:
                found[0].close()
                return _say(HELD.format(data_dir=data_dir, **_who(data_dir)), 0)
            time.sleep(PAUSE_S)
    except OSError as error:
        return _say(f"the data folder {data_dir} cannot be used: {error.strerror or error}", 1)
    return _say(SILENT.format(pid=link.holder(data_dir), data_dir=data_dir), 1)


def _serve(data_dir: str, held: int) -> int:
    """Serve under the lock; whatever happens, nothing says afterwards that a server is there."""
    try:
        gc.disable()  # half a million objects that stay are not worth looking at: a tenth of the start
        from claudemem_mcp import server  # noqa: PLC0415  # 0.6 s of imports, for the one that serves

        gc.freeze()
        gc.enable()
        return server.main(data_dir)
    except ImportError as error:
        return _say(MISSING.format(error=error), 1)
    finally:
        for name in (paths.SERVER, link.STARTING):
            with contextlib.suppress(OSError):
                (Path(data_dir) / name).unlink()
        os.ftruncate(held, 0)


def _who(data_dir: str) -> dict[str, str]:
    from claudemem_lib import render  # noqa: PLC0415  # only for this sentence

    who = link.facts(data_dir)
    since_ms = who.get("since_ms", 0)
    return {"pid": str(who.get("pid")), "since": f"{render.day(since_ms)} {render.clock(since_ms)}"}


def _say(sentence: str, status: int) -> int:
    (sys.stderr if status else sys.stdout).write(f"claude-mem serve: {sentence}\n")
    return status


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a provider that hangs in its thread must not keep the process
