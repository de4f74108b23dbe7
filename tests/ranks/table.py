"""The twenty worst pains of memory tools' users, each with the tests that prove this one free of it: docs/promises.md.

`python -m tests.ranks.table` writes the page; `--run` runs the tests and prints the table with their results.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "promises.md"
PAINS = (
    "The memory tool blocks the user's prompts",
    "Observations are lost or stuck",
    "A model's answer is not understood, and nothing is remembered, silently",
    "Processes and memory leak",
    "Tokens and money run away",
    "The disk fills: database, index, logs",
    "The worker does not start, its port is taken, two fight for it",
    "Search finds nothing though it is there",
    "Files are written into repositories",
    "An agent acts for the user; memory is poisoned",
    "Windows: hooks through shells, windows that flash",
    "Versions restart each other in a loop",
    "Locks, faulty migrations, corruption",
    "Duplicates",
    "Secrets on disk; an open local interface",
    "The host's own list of sessions fills with the observer's",
    "Memory lands in the wrong project",
    "A provider refuses or fails, and the user never learns why",
    "It cannot be uninstalled; the host's settings are changed behind the user's back",
    "Noise, wrong facts, and no way to correct them",
)
_NAMED = re.compile(r"^(?:async )?def (test_rank_(\d+)_\w+)", re.MULTILINE)


def tests_by_rank() -> dict[int, list[tuple[str, str]]]:
    """For each rank its tests as (file, name), in the order of the files."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, rank in _NAMED.findall(file.read_text("utf-8")):
            found[int(rank)].append((file.relative_to(ROOT).as_posix(), name))
    return found


def page() -> str:
    """The page as Markdown."""
    known = tests_by_rank()
    lines = [
        "# What users of memory tools suffer from, and the tests that say not here",
        "",
        "Ranked by how often it is reported and how much harm it does. `make ranks` runs these tests and prints their results.",
        "Those in `tests/host` need the real client and are skipped where there is none.",
        "",
        "| rank | pain | tests |",
        "|--:|---|---|",
    ]
    for rank, pain in enumerate(PAINS, 1):
        tests = "<br>".join(f"`{file}`: {_words(name)}" for file, name in known[rank])
        lines.append(f"| {rank} | {pain} | {tests} |")
    return "\n".join(lines) + "\n"


def _words(name: str) -> str:
    return re.sub(r"^test_rank_\d+_", "", name).replace("_", " ")


def run() -> int:
    """Run them and print, rank by rank, how many passed, failed and were skipped; gives 1 if any failed."""
    command = [sys.executable, "-m", "pytest", "-k", "rank_", "-q", "-rA", "-n", "auto", "tests"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout  # our own
    counted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for outcome, rank in re.findall(r"^(PASSED|FAILED|ERROR) \S*test_rank_(\d+)_", said, re.MULTILINE):
        counted[int(rank)][outcome.lower()] += 1
    lines = [
        f"{rank:3} {pain:82} {', '.join(f'{count} {what}' for what, count in counted[rank].items()) or 'not run'}"
        for rank, pain in enumerate(PAINS, 1)
    ]
    sys.stdout.write("\n".join([*lines, *said.strip().splitlines()[-1:]]) + "\n")
    return int(any(set(outcomes) - {"passed"} for outcomes in counted.values()))


if __name__ == "__main__":
    if "--run" in sys.argv:
        sys.exit(run())
    PAGE.write_text(page(), "utf-8")
