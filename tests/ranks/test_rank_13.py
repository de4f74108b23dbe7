"""Rank 13, "locks, faulty migrations, corruption": many writers at once lose nothing and see no lock.

CLAUDE_MEM_WRITER_SECONDS=600 lets them write for ten minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import claudemem_lib

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = 20
SECONDS = float(os.environ.get("CLAUDE_MEM_WRITER_SECONDS", "2"))
WRITER = """
import sys, time, claudemem_lib
folder, name, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
end, written = time.monotonic() + seconds, 0
with claudemem_lib.open(folder) as memory:
    while not written or time.monotonic() < end:
        memory.remember(f"note {written} of writer {name}", project="app")
        written += 1
print(written)
"""


def test_rank_13_twenty_writers_at_once_lose_nothing_and_see_no_lock(tmp_path: Path) -> None:
    claudemem_lib.open(tmp_path).close()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(number), str(SECONDS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    said = [process.communicate(timeout=SECONDS + 100) for process in started]
    assert [error for _, error in said] == [""] * WRITERS
    with claudemem_lib.open(tmp_path) as memory:
        assert memory.count() == sum(int(written) for written, _ in said)
        assert memory.database.row("PRAGMA integrity_check")[0] == "ok"
