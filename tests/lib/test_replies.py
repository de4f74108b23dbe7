"""What a provider's text is taken for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import modes, replies
from claudemem_lib.models import Outcome

TYPES = modes.load("code").type_ids
CORPUS = Path(__file__).parents[1] / "corpus" / "replies"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text("utf-8"))


def told(name: str) -> dict[str, Any]:
    """What the corpus file *name* was taken for, in the words of expected.json."""
    parsed = replies.parse((CORPUS / f"{name}.txt").read_text("utf-8"), TYPES)
    first = parsed.observations[0] if parsed.observations else None
    return {
        "outcome": str(parsed.outcome),
        "titles": [observation.title for observation in parsed.observations],
        "types": [observation.type for observation in parsed.observations],
        "request": parsed.summary.request if parsed.summary else "",
        "facts": list(first.facts) if first else [],
        "concepts": list(first.concepts) if first else [],
        "narrative": first.narrative if first else "",
        "modified": list(first.files_modified) if first else [],
        "reason": parsed.reason,
        "corrections": parsed.corrections,
    }


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_rank_3_each_form_a_model_answers_in_is_taken_for_what_it_is(name: str) -> None:
    found = told(name)
    assert {key: found[key] for key in EXPECTED[name]} == EXPECTED[name]


def test_every_file_of_the_corpus_has_an_expectation() -> None:
    assert {path.stem for path in CORPUS.glob("*.txt")} == set(EXPECTED)


def test_every_outcome_is_in_the_corpus() -> None:
    assert {case["outcome"] for case in EXPECTED.values()} == {str(outcome) for outcome in Outcome}


def test_a_type_of_another_mode_is_kept_where_the_mode_knows_it() -> None:
    text = "<observation><type>entity</type><title>Ada</title></observation>"
    parsed = replies.parse(text, ("entity", "relationship"))
    assert parsed.observations[0].type == "entity"
    assert parsed.corrections == 0


def test_a_type_nobody_knows_becomes_the_modes_first_where_nothing_is_nearer() -> None:
    text = "<observation><type>bugfix</type><title>Ada</title></observation>"
    parsed = replies.parse(text, ("entity", "who"))
    assert parsed.observations[0].type == "entity"
    assert parsed.corrections == 1


def test_control_characters_do_not_get_through() -> None:
    parsed = replies.parse("<observation><title>a\x00b\x1b[31mc&#7;</title></observation>", TYPES)
    assert parsed.observations[0].title == "ab[31mc"


def test_a_reply_without_end_is_cut() -> None:
    parsed = replies.parse(f"<observation><title>{'x' * 5_000}</title><narrative>{'y ' * 9_000}</narrative>", TYPES)
    assert len(parsed.observations[0].title) <= 300
    assert len(parsed.observations[0].narrative) <= 8_000


def test_a_reply_of_nothing_but_openings_is_read_in_reasonable_time() -> None:
    parsed = replies.parse("<observation>\n<title>" * 2_000 + "\n" * 50_000, TYPES)
    assert parsed.outcome in (Outcome.NOTHING, Outcome.NOT_UNDERSTOOD)


_TAGS = [
    "<observation>",
    "</observation>",
    "<title>",
    "</title>",
    "<facts>",
    "<fact>",
    "</fact>",
    "<summary>",
    "<request>",
    "<type>",
]
_REST = [
    "bugfix",
    "text",
    " ",
    "\n",
    "&lt;",
    "&",
    "<",
    ">",
    "[x]",
    "```",
    "<skip_summary reason='",
    "<nothing/>",
    "<![CDATA[",
]
_PIECES = st.sampled_from([*_TAGS, *_REST])


@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_no_text_whatever_raises(text: str) -> None:
    parsed = replies.parse(text, TYPES)
    assert parsed.outcome in Outcome
    assert bool(parsed.observations) == (parsed.outcome is Outcome.OBSERVATIONS)
    assert all(observation.type in TYPES and observation.title for observation in parsed.observations)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80))
def test_what_is_escaped_comes_back_as_it_was(text: str) -> None:
    parsed = replies.parse(f"<observation><title>T</title><narrative>{escape(text)}</narrative></observation>", TYPES)
    assert parsed.observations[0].narrative == text.strip()
