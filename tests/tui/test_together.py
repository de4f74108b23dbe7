"""Several processes on one file at once, for real but not for long; the benchmark does the same for two minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "together.py"


@pytest.mark.skipif(sys.platform == "win32", reason="it needs pseudo terminals")
def test_two_interfaces_a_server_and_backfills_share_a_file_and_every_live_row_is_shown() -> None:
    done = subprocess.run(
        [sys.executable, "-P", SCRIPT, "--seconds", "5"], capture_output=True, text=True, check=False, timeout=110
    )
    assert "all went well" in done.stdout, done.stdout + done.stderr
