"""The server's log: one line per outcome, rotated and capped. Never payload text, never keys."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib import lean, paths

if TYPE_CHECKING:
    from io import TextIOWrapper

MAX_BYTES = 1_000_000
KEPT = 3


class _OwnersFile(logging.handlers.RotatingFileHandler):
    """A log only its owner can read, also after it was begun anew."""

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        return os.fdopen(os.open(self.baseFilename, flags, lean.OWNER_FILE), "a", encoding="utf-8", errors="replace")


def configure(data_dir: str) -> None:
    """Send this process's log to `logs/server.log`, and nothing of it to other libraries' handlers."""
    folder = f"{data_dir}/{paths.LOGS}"
    lean.make_folder(folder)
    handler = _OwnersFile(Path(folder) / paths.LOG, maxBytes=MAX_BYTES, backupCount=KEPT)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("claudemem").setLevel(logging.INFO)
