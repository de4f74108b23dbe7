"""The server's log: one line per outcome, rotated and capped. Never payload text, never keys."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from claudemem_lib import lean, paths

MAX_BYTES = 1_000_000
KEPT = 3


def configure(data_dir: str) -> None:
    """Send this process's log to `logs/server.log`, and nothing of it to other libraries' handlers."""
    folder = f"{data_dir}/{paths.LOGS}"
    lean.make_folder(folder)
    handler = logging.handlers.RotatingFileHandler(Path(folder) / paths.LOG, maxBytes=MAX_BYTES, backupCount=KEPT)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    (Path(folder) / paths.LOG).chmod(0o600)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("claudemem").setLevel(logging.INFO)
