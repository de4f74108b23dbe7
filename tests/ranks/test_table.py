"""Every pain has its tests, and the page names them."""

from __future__ import annotations

from tests.ranks import table


def test_every_rank_has_a_test_and_every_such_test_a_rank() -> None:
    assert sorted(table.tests_by_rank()) == list(range(1, len(table.PAINS) + 1))


def test_the_page_names_the_tests_there_are() -> None:
    assert table.PAGE.read_text("utf-8") == table.page(), "python -m tests.ranks.table"
