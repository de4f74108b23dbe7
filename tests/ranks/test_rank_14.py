"""Rank 14, "duplicates": one event however often a hook fires; what says the same is one; what is alike is linked, not merged."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from claudemem_lib.embedders.fake import Fake
from tests.conftest import Host

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Memories

FACTS = [
    ("The parser fails on dates before 1970", "Dates before 1970 make the parser fail"),
    ("Login tokens expire after one hour", "After one hour login tokens expire"),
    ("The cache is filled by the first request", "The first request fills the cache"),
    ("Deploys go through the staging branch", "Deploys go through the branch called staging"),
    ("Prices are stored as integer cents", "Prices are stored as cents, integers"),
]
APART = [
    ("The parser fails on dates before 1970", "The parser works on dates before 1970"),
    ("Login tokens expire after one hour", "Login tokens expire after one day"),
    ("Deploys go through the staging branch", "Deploys go through the main branch"),
]


def test_rank_14_an_event_that_fires_ten_times_in_any_order_is_there_once(memory: Memory, clock: Clock) -> None:
    told = [("prompt", "Fix the parser"), ("tool", "u1"), ("tool", "u2"), ("failure", "u3"), ("stop", "Done.")]
    host = Host(memory, clock)
    chance = random.Random(14)
    host.prompt("Fix the parser", "p1")
    for kind, what in chance.sample(told * 10, len(told) * 10):
        if kind == "prompt":
            host.prompt(what, "p1")
        elif kind == "stop":
            host.stop(what)
        else:
            getattr(host, kind)(use=what, command=f"make {what}")
    memory.take_in()
    kinds = [row[0] for row in memory.database.rows("SELECT kind FROM events ORDER BY kind")]
    assert kinds == ["failure", "prompt", "stop", "tool", "tool"]


def test_rank_14_repeats_are_one_and_paraphrases_are_linked_but_never_merged(memories: Memories) -> None:
    memory = memories(embedder=Fake())
    for first, second in FACTS + APART:
        for text in (first, second, first.upper(), f"  {second} "):
            memory.remember(text, project="/x/app")
    memory.embedding.embed_pending()
    texts = {text for pair in FACTS + APART for text in pair}
    stored = [hit.title for hit in memory.search(limit=100)]
    assert sorted(stored) == sorted(texts)
    assert memory.database.row("SELECT count(*) FROM memory_links WHERE kind = 'supersedes'")[0] == 0
    linked = memory.database.row("SELECT count(*) FROM memory_links WHERE kind = 'similar'")[0]
    assert linked >= len(FACTS) - 2
