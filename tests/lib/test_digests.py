"""Ten turns of real sessions and what the digest makes of them, as files a person can read and judge (tests/corpus/digests).

CLAUDE_MEM_WRITE_DIGESTS=1 writes them anew; read the difference before it is kept. README.md there says what is still poor.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from claudemem_lib import modes, prompts, replies, transcripts
from claudemem_lib.providers.local import Local
from claudemem_lib.settings import Settings
from claudemem_lib.store import events
from claudemem_lib.store.events import Readiness
from tests.lib import replay

if TYPE_CHECKING:
    from pathlib import Path

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Batch, ParsedReply
    from tests.conftest import Memories

FOLDER = replay.ROOT / "tests" / "corpus" / "digests"
REAL = replay.SHARED / "data" / "transcripts"
TURNS = {
    "01-a-question-answered": ("test_session", 2),
    "02-a-web-search": ("491e126e", 1),
    "03-tasks-created": ("491e126e", 2),
    "04-a-bug-looked-into": ("d6e0bada", 2),
    "05-a-subagents-work": ("258c7280", 0),
    "06-a-feature-built": ("258c7280", 1),
    "07-a-second-look": ("258c7280", 3),
    "08-many-tasks-in-one-turn": ("258c7280", 4),
    "09-a-bead-worked-on": ("fa812bfe", 1),
    "10-until-all-are-done": ("fa812bfe", 3),
}
WRITING = bool(os.environ.get("CLAUDE_MEM_WRITE_DIGESTS"))
QUOTED = 120  # characters of any field; what is longer is the session's own words, and cut

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason=f"the real transcripts are not there: {REAL}")


@pytest.fixture
def made(memories: Memories) -> dict[tuple[str, int], str]:
    """Every turn's digest as text, by the beginning of its session's id and its number."""
    memory = memories(provider=Local(), settings=Settings())
    for path in transcripts.find(REAL):
        list(memory.backfill(path))
    return {(batch.host_id, batch.prompt_number): told(batch, digest(batch)) for batch in turns(memory)}


def turns(memory: Memory) -> list[Batch]:
    found: list[Batch] = []
    readiness = Readiness(enough=1, age_ms=0, most=500, lease_ms=1, flush=True)
    while batch := events.claim(memory.database, f"t{len(found)}", readiness, memory.clock()):
        found.append(batch)
        with memory.database.write() as connection:
            events.finish(connection, batch, memory.clock())
    return found


def digest(batch: Batch) -> ParsedReply:
    mode = modes.load("code")
    return replies.parse(Local().complete(prompts.build(mode, batch)).text, mode.type_ids)


def told(batch: Batch, reply: ParsedReply) -> str:
    """One digest as Markdown."""
    lines = [
        f"# {len(batch.events)} events, turn {batch.prompt_number}",
        "",
        f"Asked: {short(batch.request) or '(nothing)'}",
    ]
    for one in reply.observations:
        lines += [
            "",
            f"## {one.type}: {short(one.title)}",
            "",
            *filter(None, (short(one.subtitle), short(one.narrative))),
        ]
        lines += [f"- {short(fact)}" for fact in one.facts[:6]]
        lines += [f"Concepts: {', '.join(one.concepts)}"] if one.concepts else []
        for label, paths in (("Modified", one.files_modified), ("Read", one.files_read)):
            lines += (
                [f"{label}: {', '.join(paths[:6])}{f' and {len(paths) - 6} more' if len(paths) > 6 else ''}"]
                if paths
                else []
            )
    if reply.summary:
        lines += ["", "## Summary", ""]
        named = ("request", "investigated", "learned", "completed", "next_steps", "notes")
        lines += [f"{name}: {short(text)}" for name in named if (text := getattr(reply.summary, name))]
    return "\n".join(lines) + "\n"


def short(text: str) -> str:
    text = re.sub(r"/home/\w+", "~", re.sub(r"\s+", " ", text).strip())
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."


@pytest.mark.parametrize("name", TURNS)
def test_a_real_turn_is_digested_as_it_was_judged(name: str, made: dict[tuple[str, int], str]) -> None:
    session, number = TURNS[name]
    (text,) = [text for (host_id, prompt), text in made.items() if host_id.startswith(session) and prompt == number]
    path: Path = FOLDER / f"{name}.md"
    if WRITING:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")
