"""Rank 20, "noise, wrong facts, no way to correct": little of it is empty talk, all has its evidence, all can be taken back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lib.stored import observed

if TYPE_CHECKING:
    from tests.conftest import Host, Memories

REAL = Path(__file__).parents[3] / "shared" / "data" / "transcripts"


@pytest.mark.skipif(not REAL.is_dir(), reason="the transcripts of the test data are not here")
def test_rank_20_few_rows_of_real_sessions_say_nothing_and_all_have_their_evidence(memories: Memories) -> None:
    memory = memories()
    list(memory.backfill(REAL))
    memory.observe_pending()
    stored = memory.get(hit.id for hit in memory.search(limit=1_000))
    assert len(stored) > 20
    for one in stored:
        assert one.session, one.id
        assert memory.browse.origin(one.id)["events"], one.id
    told = [
        one
        for one in stored
        if one.kind == "observation" and not (one.files_modified or one.files_read or one.facts or one.narrative)
    ]
    empty = [one for one in stored if one.kind == "summary" and not (one.completed or one.learned or one.investigated)]
    assert len(told) + len(empty) <= len(stored) // 10


def test_rank_20_what_is_superseded_or_forgotten_is_not_told_again(memories: Memories, host: Host) -> None:
    memory = memories()
    host.turn("Find out why the wombat is slow", answer="The wombat is slow because of the cache.")
    observed(memory)
    wrong = [hit.id for hit in memory.search("wombat")]
    assert wrong
    right = memory.remember("The wombat is slow because of the disk.", project=host.cwd)
    for one in wrong:
        if one != right:
            memory.curate.supersede(one, right)
    assert "because of the cache" not in memory.context(host.cwd)
    assert "because of the disk" in memory.context(host.cwd)
    memory.forget([right])
    assert "because of the disk" not in memory.context(host.cwd)
    assert right not in [hit.id for hit in memory.search("wombat")]
