"""A block in somebody else's file: put in, renewed and taken out, with every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import render, tagged

BLOCK = render.fenced("# Recent activity\n\n- #1 one")
OTHER = render.fenced("# Recent activity\n\n- #2 two\n- #1 one")
OWN = (
    b"# Rules\n",
    b"# Rules",
    b"# Rules\n\n",
    b"a\r\nb\r\n",
    b"a\r\nb",
    b"\n",
    b"\xff\xfe not utf-8\n",
    b"\xef\xbb\xbfwith a mark\n",
)


@pytest.mark.parametrize("own", OWN)
def test_what_was_put_in_can_be_taken_out_to_the_byte(own: bytes) -> None:
    with_it = tagged.with_block(own, BLOCK)
    assert with_it.startswith(own)
    assert tagged.holds_block(with_it)
    renewed = tagged.with_block(with_it, OTHER)
    assert renewed.count(b"<claude-mem-context>") == 1
    assert tagged.without_blocks(renewed) == own


@given(own=st.binary(min_size=1, max_size=60).filter(lambda data: b"claude-mem" not in data))
def test_any_bytes_come_back(own: bytes) -> None:
    assert tagged.without_blocks(tagged.with_block(own, BLOCK)) == own


@given(
    parts=st.lists(
        st.sampled_from([b"<claude-mem-context>", b"</claude-mem-context>", b"\n", b"\r\n", b"text", b" "]), max_size=12
    )
)
def test_whatever_tags_a_file_has_the_block_is_renewed_in_place_and_nothing_else_is(parts: list[bytes]) -> None:
    own = b"".join(parts)
    once = tagged.with_block(own, BLOCK)
    assert tagged.with_block(once, BLOCK) == once
    if own and not tagged.holds_block(own):
        assert tagged.without_blocks(once) == own


def test_a_file_that_holds_nothing_else_was_made_for_the_block() -> None:
    made = tagged.with_block(None, BLOCK)
    assert made == BLOCK.encode() + b"\n"
    assert tagged.without_blocks(made) is None
    assert tagged.without_blocks(BLOCK.encode()) is None
    assert tagged.without_blocks(b"") == b""


def test_what_a_person_writes_around_the_block_stays() -> None:
    made = tagged.with_block(b"# Rules\n", BLOCK)
    edited = b"Above.\n" + made + b"Below.\r\n"
    renewed = tagged.with_block(edited, OTHER)
    assert renewed == b"Above.\n# Rules\n\n" + OTHER.encode() + b"\nBelow.\r\n"
    assert tagged.without_blocks(renewed) == b"Above.\n# Rules\nBelow.\r\n"


def test_the_files_own_ends_of_line_are_used() -> None:
    made = tagged.with_block(b"one\r\ntwo\r\n", BLOCK)
    assert made.count(b"\n") == made.count(b"\r\n")


@pytest.mark.parametrize(
    "own",
    [
        b"The tag <claude-mem-context> is cut, and so is </claude-mem-context>.\n", b"<claude-mem-context>\nnever closed\n",
        b"</claude-mem-context>\n<claude-mem-context>\n", b"> <claude-mem-context>\n> x\n> </claude-mem-context>\n",
    ],
)  # fmt: skip
def test_a_tag_in_a_sentence_or_alone_is_no_block(own: bytes) -> None:
    assert not tagged.holds_block(own)
    assert tagged.without_blocks(own) == own
    made = tagged.with_block(own, BLOCK)
    assert made.startswith(own)
    assert tagged.with_block(made, BLOCK) == made
    assert tagged.without_blocks(made) == own


def test_several_blocks_become_one_and_then_none() -> None:
    own = b"a\n\n" + BLOCK.encode() + b"\nb\n\n" + BLOCK.encode() + b"\nc\n"
    renewed = tagged.with_block(own, OTHER)
    assert renewed.count(b"<claude-mem-context>") == 1
    assert tagged.without_blocks(renewed) == tagged.without_blocks(own) == b"a\nb\nc\n"
