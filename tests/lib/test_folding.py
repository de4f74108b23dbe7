"""What says nearly the same takes one line of a ranking: the best names the others; nothing is lost or told twice."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib.embedders.fake import Fake
from claudemem_lib.errors import NotFound
from claudemem_lib.store import memories as stored
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Hit
    from tests.conftest import Host, Memories

WORDS = ("login", "token", "cache", "redis", "parser")


@pytest.fixture(params=["text", "both"])
def memory(request: pytest.FixtureRequest, memories: Memories) -> Memory:
    """By full text alone, and with vectors."""
    if request.param == "text":
        return memories()
    pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")
    return memories(embedder=Fake())


def alike(memory: Memory, one: int, other: int) -> None:
    """Link two memories as saying nearly the same."""
    assert stored.link(memory.database, max(one, other), min(one, other), "similar", 1)


def embed(memory: Memory) -> None:
    """Make the vectors, where there is an embedder; links are made by hand here."""
    if memory.embedding.ready:
        memory.embedding.embed_pending()


def lines(hits: list[Hit]) -> dict[int, set[int]]:
    return {hit.id: set(hit.similar) for hit in hits}


def told(hits: list[Hit]) -> list[int]:
    """Every memory of some hits, and every prompt by its handle."""
    return [one for hit in hits for one in (hit.id if hit.kind != "prompt" else -hit.id, *hit.similar)]


def pages(memory: Memory, query: str, limit: int, **filters: Any) -> list[Hit]:
    """All pages, each after the last hit of the one before; each says what is true of all."""
    found: list[Hit] = []
    after: str | None = None
    while True:
        page = memory.found(query, limit=limit, after=after, **filters)
        found += page.hits
        assert len(page.hits) == limit or not page.after
        if not page.after:
            assert len(told(found)) == page.total
            return found
        after = page.after


def test_of_several_alike_the_best_is_the_hit_and_names_the_others(memory: Memory) -> None:
    ids = [add_observation(memory, f"login token {'of the app ' * number}") for number in range(3)]
    other = add_observation(memory, "login")
    for one, two in ((0, 1), (1, 2), (0, 2)):
        alike(memory, ids[one], ids[two])
    embed(memory)
    for query in ("login token", "login AND token", "logi* token"):
        (best, *rest) = memory.search(query, limit=2)
        assert {best.id, *best.similar} == set(ids)
        assert [hit.id for hit in rest] == ([] if " AND " in query else [other])


def test_what_the_best_is_not_linked_to_keeps_its_line(memory: Memory) -> None:
    one, two, three = (add_observation(memory, f"login token {text}") for text in ("", "a b", "a b c d e f g h i"))
    alike(memory, one, two)
    alike(memory, two, three)
    embed(memory)
    found = lines(memory.search("login token"))
    assert sorted(memory for one, others in found.items() for memory in (one, *others)) == [one, two, three]
    assert len(found) == (1 if two in found else 2)


@pytest.mark.parametrize("only", [{"type": "bugfix"}, {"files": "a.py"}, {"concepts": "gotcha"}, {"project": "/w/b"}])
def test_a_filter_the_best_does_not_pass_hides_the_other_never(memory: Memory, only: dict[str, Any]) -> None:
    best = add_observation(memory, "login token", project="/w/a")
    facts = {"type": "bugfix", "files_read": ("a.py",), "concepts": ("gotcha",), "project": "/w/b"}
    other = add_observation(memory, "login token and whatever else was said", **facts)
    alike(memory, best, other)
    embed(memory)
    assert lines(memory.search("login token")) in ({best: {other}}, {other: {best}})
    assert lines(memory.search("login token", **only)) == {other: set()}
    assert lines(memory.search("login AND token", **only)) == {other: set()}


def test_the_one_that_has_a_word_more_of_the_question_is_the_hit(memory: Memory) -> None:
    short = add_observation(memory, "login token cache")
    long = add_observation(memory, "login token cache " + "and then a number of other things " * 9 + "zebra")
    alike(memory, short, long)
    for number in range(20):
        add_observation(memory, f"login token cache number {number}")
    embed(memory)
    for query in ("login token cache zebra", "zebra", "cache zebra"):
        first = memory.search(query)[0]
        assert (first.id, set(first.similar) <= {short}) == (long, True), query


def test_no_links_no_folding_by_date_and_all_links_are_named(memory: Memory) -> None:
    one, two = add_observation(memory, "login token"), add_observation(memory, "login token!")
    alike(memory, one, two)
    for query in ("", "login"):
        assert lines(memory.search(query, order="date_desc")) == {two: {one}, one: {two}}
        assert memory.found(query, order="date_asc").total == 2


def filled(memory: Memory, seed: int) -> None:
    """130 memories of a few words and links between some of them."""
    chance = random.Random(seed)
    ids = []
    for number in range(130):
        text = " ".join(chance.choices(WORDS, k=chance.randint(1, 6)))
        facts = {"type": chance.choice(("bugfix", "feature")), "project": chance.choice(("/w/a", "/w/b"))}
        ids.append(add_observation(memory, f"{text} n{number}", **facts))
    embed(memory)
    memory.database.rows("DELETE FROM memory_links")
    for _ in range(90):
        alike_ones = chance.sample(ids, 2)
        stored.link(memory.database, max(alike_ones), min(alike_ones), "similar", 1)


@pytest.mark.parametrize("seed", range(3))
def test_pages_neither_repeat_nor_lose_a_memory(memory: Memory, host: Host, seed: int) -> None:
    for text in ("Look at the login token", "And now the redis cache"):
        host.turn(text)
    memory.take_in()
    filled(memory, seed)
    for query in (
        "login",
        "login token",
        "login token cache",
        "login OR redis",
        "log* token",
        '"login"',
        "redis n7 n8",
    ):
        chosen: tuple[dict[str, Any], ...] = ({}, {"type": "bugfix"}, {"project": "/w/a", "kind": "observation"})
        for filters in chosen:
            whole = memory.search(query, limit=1000, **filters)
            assert len(told(whole)) == len(set(told(whole))) == memory.found(query, limit=1, **filters).total
            for limit in (3, 10, 40):
                paged = pages(memory, query, limit, **filters)
                assert [hit.id for hit in paged] == [hit.id for hit in whole]
                assert sorted(told(paged)) == sorted(told(whole))
            offsets = [hit for at in range(0, 140, 35) for hit in memory.search(query, limit=35, offset=at, **filters)]
            assert told(offsets) == told(whole)


@pytest.mark.parametrize("seed", range(2))
def test_links_change_what_has_a_line_but_not_what_is_found(memory: Memory, seed: int) -> None:
    filled(memory, seed)
    folded = {query: set(told(memory.search(query, limit=1000))) for query in (*WORDS, "login token", "a OR cache")}
    memory.database.rows("DELETE FROM memory_links")
    for query, found in folded.items():
        assert found == set(told(memory.search(query, limit=1000))), query


@pytest.mark.parametrize("seed", range(2))
def test_any_word_of_a_stored_memory_finds_it_as_a_hit_or_named_by_one(memory: Memory, seed: int) -> None:
    chance = random.Random(seed)
    text = "The staging database is read-only on Sundays because of the backup"
    ids = {}
    for number in range(25):
        words = [*text.split(), f"word{chr(97 + number)}own"]
        chance.shuffle(words)
        ids[number] = add_note(memory, " ".join(words))
    embed(memory)
    for one in range(24):
        stored.link(memory.database, ids[one + 1], ids[one], "similar", 1)
    for number, memory_id in ids.items():
        (first, *_) = memory.search(f"word{chr(97 + number)}own")
        assert first.id == memory_id
        (first, *_) = memory.search(f"staging word{chr(97 + number)}own")
        assert first.id == memory_id


def test_a_page_comes_after_what_is_folded_meanwhile(memory: Memory) -> None:
    for text in ("login token", "login token of the app", "login and more words of it", "login " + "x " * 30):
        add_observation(memory, text)
    embed(memory)
    memory.database.rows("DELETE FROM memory_links")
    hits = memory.search("login token")
    alike(memory, hits[0].id, hits[1].id)
    assert [hit.id for hit in memory.search("login token", after=hits[1].id)] == [hit.id for hit in hits[2:]]
    with pytest.raises(NotFound, match="is not among these hits"):
        memory.search("login token", after=99)


def test_an_edited_memory_is_alike_no_more(memory: Memory) -> None:
    one, two = add_note(memory, "Deploys run on Fridays"), add_note(memory, "Deploys run on Fridays!")
    alike(memory, one, two)
    memory.curate.edit(two, title="Deploys never run on Fridays", narrative="Deploys never run on Fridays")
    assert lines(memory.search("deploys Fridays")) == {one: set(), two: set()}


def test_an_export_of_what_a_query_finds_has_the_folded_ones_too_and_no_memory_for_a_prompt(
    memory: Memory, host: Host
) -> None:
    numbers = [add_observation(memory, f"Something else {number}") for number in range(3)]
    one, two = add_observation(memory, "login token"), add_observation(memory, "login token!")
    alike(memory, one, two)
    host.turn("login token")
    memory.take_in()
    assert {hit.kind for hit in memory.search("login token")} == {"observation", "prompt"}
    assert numbers[0] == 1
    found = memory.transfer._found("login token", None)  # what is chosen, not how it is written
    assert sorted(found) == [one, two]
