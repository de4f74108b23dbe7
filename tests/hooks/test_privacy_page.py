"""docs/privacy.md says what is masked, no more and no less."""

from __future__ import annotations

from pathlib import Path

from claudemem_lib import ownpatterns, redact, shapes

PAGE = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"


def table() -> str:
    """The rows of the table of shapes: a kind, and everything it stands for."""
    kinds: dict[str, list[str]] = {}
    rows = [(row[0], row[1]) for row in (*shapes.KEYS, *shapes.AROUND)] + [(row[0], row[1]) for row in shapes.PREFIXED]
    for kind, what in rows:
        if what not in kinds.setdefault(kind, []):
            kinds[kind].append(what)
    return "\n".join(f"| {kind} | {'; '.join(what)} |" for kind, what in sorted(kinds.items()))


def test_the_page_lists_every_shape() -> None:
    assert table() in PAGE.read_text("utf-8"), f"docs/privacy.md should hold:\n{table()}"


def test_the_page_tells_the_limits_in_force() -> None:
    page = PAGE.read_text("utf-8")
    for said in (
        f"at most {ownpatterns.MOST_PATTERNS} of at most {ownpatterns.LONGEST} characters",
        f"longer than {ownpatterns.STEP} characters",
        f"use up {ownpatterns.TIME_S} seconds",
        ownpatterns.TOO_SLOW,
        ownpatterns.LABEL,
    ):
        assert said in page


def test_what_the_page_says_is_not_promised_is_left() -> None:
    for text in ("password=pw", "the word is swordfish", "cGFzc3dvcmQ9aHVudGVyMg=="):
        assert redact.clean(text) == text
