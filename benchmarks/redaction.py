"""What redaction masks in real sessions, and how much of that is no secret. Also: what an independent scanner sees in what is left.

Every text of every event goes through what a hook does. Each masked span is printed with its kind and surroundings, so that a
person can judge it; REAL holds the digests of those judged to be secrets, all others count as false. Nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import capture, redact, rules, transcripts

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = re.compile(r"\[redacted:([a-z0-9-]+)\]")
REAL: frozenset[str] = frozenset()
FIELDS = ("prompt", "tool_input", "tool_response", "error", "last_assistant_message", "compact_summary")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", help="transcripts (default: those Claude Code keeps)")
    parser.add_argument(
        "--files", metavar="GLOB", help="instead: every file of the folder that matches, as if read by a tool"
    )
    parser.add_argument("--show", type=int, default=40, help="at most so many masked spans are printed")
    options = parser.parse_args()
    folder = Path(options.folder) if options.folder else Path.home() / ".claude" / "projects"
    events, texts, characters, imports = 0, 0, 0, 0
    false: Counter[str] = Counter()
    real: Counter[str] = Counter()
    took_s = 0.0
    for payload in reads(folder, options.files) if options.files else payloads(folder):
        events += 1
        slow = False
        for name, text in strings(payload):
            texts += 1
            characters += len(text)
            began = time.perf_counter()
            cleaned = redact.clean_field(name, text)
            took_s += time.perf_counter() - began
            slow = slow or redact.suspicious(text)
            for kind, span, around in spans(text, cleaned):
                told = real if digest(span) in REAL else false
                told[kind] += 1
                if told is false and false.total() <= options.show:
                    print(f"{kind:20} {span[:80]!r}\n{'':20} in {around!r}")
        imports += slow
    print(
        f"\n{events} events, {texts} texts, {characters:,} characters, {took_s * 1e3 / max(1, events):.2f} ms an event"
    )
    print(
        f"{imports} events ({100 * imports / max(1, events):.1f} %) held a needle, so that a hook imports the patterns"
    )
    print(f"{real.total()} secrets masked {dict(real)}")
    rate = 1000 * false.total() / max(1, events)
    print(f"{false.total()} masked spans that are no secrets {dict(false)}: {rate:.2f} per 1000 events")


def payloads(folder: Path) -> Iterator[dict[str, Any]]:
    """The hook calls of all transcripts of which something would be kept."""
    for file in transcripts.find(folder):
        for payload, _ in transcripts.read(file):
            if capture.event_from(payload, rules.DEFAULTS) is not None:
                yield payload


def reads(folder: Path, glob: str) -> Iterator[dict[str, Any]]:
    """Each file as the output of a tool that read it."""
    for file in sorted(folder.rglob(glob)):
        if file.is_file():
            yield {"tool_response": file.read_text("utf-8", "replace")[:200_000]}


def strings(payload: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that is kept of a payload, with the name of its field."""
    for field in FIELDS:
        yield from inside(field, payload.get(field))


def inside(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from inside(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from inside("", item)


def spans(text: str, cleaned: str) -> Iterator[tuple[str, str, str]]:
    """(kind, what was masked, what stands around it)."""
    at = 0
    marks = list(MARK.finditer(cleaned))
    for number, mark in enumerate(marks):
        before = cleaned[marks[number - 1].end() if number else 0 : mark.start()]
        behind = cleaned[mark.end() : marks[number + 1].start() if number + 1 < len(marks) else len(cleaned)]
        start = text.find(before, at) + len(before)
        if text.startswith(mark.group(), start):
            at = start + len(mark.group())
            continue
        end = text.find(behind, start) if behind else len(text)
        yield mark.group(1), text[start:end], text[max(0, start - 60) : end + 30]
        at = end


def digest(span: str) -> str:
    return hashlib.sha256(span.encode("utf-8", "replace")).hexdigest()[:16]


if __name__ == "__main__":
    main()
