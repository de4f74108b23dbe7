"""What a cold start costs beside Python alone, at 50,000 memories: the context hook, `claude-mem search`, `import claudemem_lib`.

Each is run in turn with `python -c pass` of the same interpreter; the ratio is the median over the pairs. Goals: hook at most
2, search at most 10, import at most 1.3. The modules are compiled beforehand, as an installation does.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from _corpus import Corpus, build

import claudemem_lib

COUNT = 50_000
HOOK = Path(__file__).parent.parent / "hooks" / "claudemem_hooks" / "run.py"
IMPORTED = "import claudemem_lib"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--folder", help="keep the data here and use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as temporary:
        report(Path(os.path.realpath(options.folder or temporary)), options.pairs)


def report(folder: Path, pairs: int) -> None:
    """The table."""
    work, data = folder / "work", folder / "data"
    if not data.exists():
        build(str(data), COUNT, folder=str(work))
    for place in (work / "project-0", work / "project-18"):
        (place / ".git").mkdir(parents=True, exist_ok=True)
        (place / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    python = [sys.executable, "-c"]
    compileall.compile_dir(Path(claudemem_lib.__file__).parent, quiet=1)
    compileall.compile_dir(Path(sysconfig.get_path("purelib")), quiet=2)
    print(f"{'':42}{'ms p50':>8}{'bare ms':>9}{'ratio':>7}")
    for name, command, payload in (
        ("context, large project", hook(data), started(work / "project-0", "startup")),
        ("context, small project", hook(data), started(work / "project-18", "startup")),
        ("context, unknown project", hook(data), started(folder, "startup")),
        ("context, resumed session", hook(data), started(work / "project-0", "resume")),
        ("context, after compaction", hook(data), started(work / "project-0", "compact")),
        ("context, no data folder", hook(folder / "none"), started(work / "project-0", "startup")),
        ("search, one word", search(data, 1), b""),
        ("search, five words", search(data, 5), b""),
        (IMPORTED, [*python, IMPORTED], b""),
    ):
        mine, bare = in_turn(command, [*python, "pass"], payload, pairs, data / "inbox")
        ratio = statistics.median(one / other for one, other in zip(mine, bare, strict=True))
        print(f"{name:42}{statistics.median(mine):8.1f}{statistics.median(bare):9.1f}{ratio:7.2f}")


def hook(data: Path) -> list[str]:
    """The context hook as `claude-mem install` writes it."""
    return [sys.executable, "-I", "-S", str(HOOK), "context", str(data)]


def search(data: Path, words: int) -> list[str]:
    """The command a person types, from nothing: no server runs."""
    program = Path(sysconfig.get_path("scripts")) / "claude-mem"
    return [str(program), "--data-dir", str(data), "search", Corpus(2).question(words)]


def started(cwd: Path, source: str) -> bytes:
    """What the host says at the start of a session."""
    payload = {"session_id": "session-0-249", "cwd": str(cwd), "hook_event_name": "SessionStart", "source": source}
    return json.dumps(payload).encode()


def in_turn(
    command: list[str], bare: list[str], payload: bytes, pairs: int, inbox: Path
) -> tuple[list[float], list[float]]:
    """Milliseconds of each, run alternately; what the hook leaves in the inbox is taken away again."""
    mine, others = [], []
    for _ in range(pairs):
        mine.append(clocked(command, payload))
        others.append(clocked(bare, b""))
        for left in inbox.glob("*.json"):
            left.unlink()
    return mine, others


def clocked(command: list[str], payload: bytes) -> float:
    start = time.perf_counter()
    subprocess.run(command, input=payload, capture_output=True, check=True)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
