"""Search: every filter together with every kind of question, in the order asked for, whatever is typed."""

from __future__ import annotations

import math
import tempfile
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import claudemem_lib
from claudemem_lib import find, questions, when
from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.store import fulltext, sql
from tests.lib.stored import add_note, add_observation, add_summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host

DAY_MS = 86_400_000


def found(memory: Memory, query: str = "", **filters: Any) -> list[int]:
    return [hit.id for hit in memory.search(query, **filters)]


# ------------------------------------------------------------------------------------------------------- filters
def test_filters_by_kind(memory: Memory) -> None:
    seen = add_observation(memory, "Parser of dates")
    turn = add_summary(memory, "Parser of dates")
    note = add_note(memory, "Parser of dates")
    for query in ("parser", ""):
        assert found(memory, query, kind="observation") == [seen]
        assert found(memory, query, kind="summary") == [turn]
        assert found(memory, query, kind="note") == [note]
        assert set(found(memory, query, kind="note, summary")) == {note, turn}
        assert set(found(memory, query, kind=("note", "observation"))) == {note, seen}


def test_an_unknown_kind_is_refused_by_name(memory: Memory) -> None:
    with pytest.raises(BadRequest, match="kind must be one of observation, summary, note, prompt, not 'bugfix'"):
        memory.search(kind="bugfix")
    with pytest.raises(BadRequest, match="kind must be one of"):
        memory.count(kind="bugfix")


def test_a_kind_and_a_concept_are_the_same_in_capitals(memory: Memory) -> None:
    note = add_note(memory, "Parser of dates", concepts=["Gotcha", "gotcha"])
    seen = add_observation(memory, "Parser of dates", concepts=("what-changed",))
    for query in ("parser", ""):
        assert found(memory, query, kind="Note") == [note]
        assert found(memory, query, concepts="gotcha") == found(memory, query, concepts="GOTCHA") == [note]
        assert found(memory, query, concepts="What-Changed") == [seen]
    assert memory.get([note])[0].concepts == ("Gotcha",)
    assert find.changes(memory).hits[0].id == seen


@pytest.mark.parametrize(
    ("text", "length_ms"),
    [("2026-02-11", DAY_MS), ("2026-02-11T20", 3_600_000), ("2026-02-11T20:48", 60_000), ("2026-02-11 20:48", 60_000),
     ("20260211T2048", 60_000), ("2026-02-11T20:48Z", 60_000), ("2026-02-11T20:48+05:30", 60_000), ("2026-02-11T20:48:05", 0),
     ("2026-02-11T20:48:05+01:00", 0), ("2d", 0), ("1770842880000", 0)],
)  # fmt: skip
def test_the_end_of_what_was_written_is_where_it_is_over(text: str, length_ms: int) -> None:
    now_ms = 1_800_000_000_000
    assert when.moment(text, now_ms, end=True) - when.moment(text, now_ms) == length_ms


def test_filters_by_type(memory: Memory) -> None:
    bug = add_observation(memory, "Login", type="bugfix")
    choice = add_observation(memory, "Login", type="decision")
    add_observation(memory, "Login", type="change")
    for query in ("login", ""):
        assert found(memory, query, type="bugfix") == [bug]
        assert set(found(memory, query, type="bugfix, decision")) == {bug, choice}
        assert found(memory, query, type="no-such-type") == []


def test_filters_by_concept(memory: Memory) -> None:
    trap = add_observation(memory, "Cache", concepts=("gotcha", "pattern"))
    swap = add_observation(memory, "Cache", concepts=("trade-off",))
    add_observation(memory, "Cache")
    for query in ("cache", ""):
        assert found(memory, query, concepts="gotcha") == [trap]
        assert set(found(memory, query, concepts="gotcha,trade-off")) == {trap, swap}


def test_filters_by_part_of_a_file_read_or_modified(memory: Memory) -> None:
    changed = add_observation(memory, "Cache", files_modified=("src/auth/login.py",))
    looked = add_observation(memory, "Cache", files_read=("docs/login.md", "src/auth/token.py"))
    add_observation(memory, "Cache", files_read=("README.md",))
    for query in ("cache", ""):
        assert set(found(memory, query, files="src/auth")) == {changed, looked}
        assert found(memory, query, files="docs/login.md") == [looked]
        assert set(found(memory, query, files="docs/, LOGIN.py")) == {changed, looked}


def test_wildcards_in_a_file_filter_are_literal(memory: Memory) -> None:
    percent = add_observation(memory, "Odd", files_modified=("a/100%_sure.txt",))
    back = add_observation(memory, "Odd", files_modified=("c:\\work\\x.py",))
    add_observation(memory, "Odd", files_modified=("a/100 sure.txt",))
    for query in ("odd", ""):
        assert found(memory, query, files="100%") == [percent]
        assert found(memory, query, files="%_sure") == [percent]
        assert found(memory, query, files="_") == [percent]
        assert found(memory, query, files="work\\x") == [back]


def test_filters_by_project_given_as_name_or_folder(memory: Memory) -> None:
    here = add_observation(memory, "Cache", project="/home/you/shop")
    add_observation(memory, "Cache", project="/home/you/blog")
    for query in ("cache", ""):
        for project in ("shop", "SHOP", "/home/you/shop", "/home/you/shop/"):
            assert found(memory, query, project=project) == [here]


def test_an_unknown_project_is_named_with_the_known_ones(memory: Memory) -> None:
    add_observation(memory, "Cache", project="/home/you/shop")
    with pytest.raises(NotFound, match="no project is called 'nope'; known projects: shop"):
        memory.search("cache", project="nope")


def test_filters_by_time_with_and_without_a_query(memory: Memory, clock: Clock) -> None:
    old, middle, new = (
        add_observation(memory, "Cache", created_ms=clock.now_ms + day * DAY_MS) for day in (-10, -5, 0)
    )
    for query in ("cache", ""):
        assert set(found(memory, query, since_ms=clock.now_ms - 5 * DAY_MS)) == {middle, new}
        assert set(found(memory, query, until_ms=clock.now_ms - 5 * DAY_MS)) == {old}
        assert found(memory, query, since_ms=clock.now_ms - 6 * DAY_MS, until_ms=clock.now_ms) == [middle]


def test_every_filter_works_alone_and_all_of_them_together(memory: Memory, clock: Clock) -> None:
    wanted = add_observation(
        memory, "Cache", type="bugfix", concepts=("gotcha",), files_read=("a/b.py",), project="/home/you/shop"
    )
    add_summary(memory, "Cache", project="/home/you/blog", created_ms=clock.now_ms - DAY_MS)
    filters = {
        "kind": "observation", "type": "bugfix", "concepts": "gotcha", "files": "b.py", "project": "shop",
        "since_ms": clock.now_ms,
    }  # fmt: skip
    for query in ("cache", ""):
        for name, value in filters.items():
            assert found(memory, query, **{name: value}) == [wanted], name
        assert found(memory, query, **filters) == [wanted]


def test_a_filter_that_many_pass_and_one_that_few_pass_agree(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        add_observation(memory, f"n{number}", concepts=("gotcha",), files_read=(f"src/{number % 3}.py",))
    ways = [{"concepts": "gotcha"}, {"files": "1.py"}, {"concepts": "gotcha", "files": "1.py", "type": "discovery"}]
    few = [found(memory, **filters) for filters in ways]
    monkeypatch.setattr(fulltext, "FEW", 1)
    assert [found(memory, **filters) for filters in ways] == few
    assert [len(one) for one in few] == [20, 10, 10]


def test_the_project_is_applied_before_the_cut(memory: Memory) -> None:
    wanted = add_observation(memory, "A longer text in which the word cache stands once", project="/home/you/small")
    for _ in range(150):
        add_observation(memory, "Cache cache", project="/home/you/large")
    assert found(memory, "cache", project="small", limit=1) == [wanted]


# ------------------------------------------------------------------------------------------- order, limit and offset
def test_an_empty_query_gives_the_newest_first(memory: Memory, clock: Clock) -> None:
    ids = [add_observation(memory, f"n{number}", created_ms=clock.now_ms + number) for number in range(5)]
    for query in ("", "   ", "\n\t", "\u200b", "\x00"):
        assert found(memory, query) == ids[::-1]
    assert found(memory, order="date_asc") == ids
    assert found(memory, limit=2, offset=1) == [ids[3], ids[2]]


def test_a_query_without_letters_or_digits_finds_nothing(memory: Memory) -> None:
    add_observation(memory, "Something!")
    for query in ("!!!", '""', "()", "*", "- - -", "🟣"):
        assert found(memory, query) == []


def test_relevance_comes_before_age(memory: Memory, clock: Clock) -> None:
    best = add_observation(memory, "Redis cache", created_ms=clock.now_ms - 100 * DAY_MS)
    body = add_observation(memory, "Other", narrative="filler words here and redis somewhere in a cache of words")
    half = add_observation(memory, "Redis")
    assert found(memory, "redis cache") == [best, body, half]
    scores = [hit.score for hit in memory.search("redis cache")[:2]]
    assert scores == sorted(scores, reverse=True)


def test_orders_by_date_apply_to_a_query(memory: Memory, clock: Clock) -> None:
    ids = [add_observation(memory, "cache " * (5 - n), created_ms=clock.now_ms + n) for n in range(5)]
    assert found(memory, "cache", order="date_desc") == ids[::-1]
    assert found(memory, "cache", order="date_asc") == ids
    assert found(memory, "cache unheard", order="date_asc") == ids


@pytest.mark.parametrize("order", ["relevance", "date_desc", "date_asc"])
@pytest.mark.parametrize("query", ["", "cache", "cache redis", "cache AND redis", "cache unheard"])
def test_pages_put_together_are_the_whole(memory: Memory, clock: Clock, query: str, order: str) -> None:
    for number in range(40):
        text = "cache redis" if number % 3 else "cache"
        add_observation(memory, text, created_ms=clock.now_ms + number * 7 % 20)
    whole = found(memory, query, order=order, limit=1000)
    pages = [found(memory, query, order=order, limit=7, offset=offset) for offset in range(0, 49, 7)]
    assert len(whole) == len(set(whole)) >= 26
    assert [one for page in pages for one in page] == whole


@pytest.mark.parametrize("order", ["relevance", "date_desc", "date_asc"])
@pytest.mark.parametrize("query", ["", "cache", "cache redis", "cache AND redis", "cache unheard"])
def test_pages_after_a_hit_put_together_are_the_whole_whatever_comes_in_meanwhile(
    memory: Memory, clock: Clock, query: str, order: str
) -> None:
    for number in range(40):
        text = "cache redis" if number % 3 else "cache"
        add_observation(memory, text, created_ms=clock.now_ms + number * 7 % 20)
    whole = found(memory, query, order=order, limit=1000)
    pages: list[int] = []
    while page := found(memory, query, order=order, limit=7, after=pages[-1] if pages else None):
        pages += page
        add_observation(memory, "cache redis", created_ms=clock.now_ms + DAY_MS * (1 if order == "date_desc" else -1))
    assert [number for number in pages if number in whole] == whole
    assert len(pages) == len(set(pages))
    if order == "date_desc":
        assert pages == whole


def test_a_page_after_something_that_is_gone_or_was_never_there_says_so(memory: Memory) -> None:
    number = add_observation(memory, "cache")
    other = add_observation(memory, "something else")
    for query in ("cache", ""):
        with pytest.raises(NotFound, match="#99 is not among these hits any more; search again from the start"):
            memory.search(query, after=99)
    with pytest.raises(NotFound, match=f"#{other} is not among"):
        memory.search("cache", after=other)
    with pytest.raises(BadRequest, match="give offset or after, not both"):
        memory.search("cache", after=number, offset=1)
    for wrong in ("x", True, 1.5, "#", "-3", "P0"):
        with pytest.raises(BadRequest, match="is no id of a memory or prompt"):
            memory.search("cache", after=wrong)  # type: ignore[arg-type]  # what callers do


# -------------------------------------------------------------------------------------------------------- prompts
def named(memory: Memory, query: str = "", **filters: Any) -> list[tuple[str, str]]:
    return [(hit.kind, hit.title) for hit in memory.search(query, **filters)]


@pytest.fixture
def prompted(memory: Memory, host: Host) -> Memory:
    """Three turns nothing was made of, and a memory."""
    for text in ("Why does parseHTTPResponse fail on 全文検索?", "Paint the shed green", "Paint the fence green"):
        host.turn(text)
    memory.take_in()
    add_observation(memory, "The fence was painted green")
    return memory


def test_prompts_stand_beside_memories_where_all_words_match(prompted: Memory) -> None:
    assert named(prompted, "paint fence") == [
        ("observation", "The fence was painted green"),
        ("prompt", "Paint the fence green"),
    ]
    assert named(prompted, "shed") == [("prompt", "Paint the shed green")]


@pytest.mark.parametrize("query", ["http response", "parseHTTPResponse", "全文", "検索", "HTTP"])
def test_a_prompt_is_found_by_parts_of_identifiers_and_of_cjk_text(prompted: Memory, query: str) -> None:
    assert [kind for kind, _ in named(prompted, query)] == ["prompt"]


def test_prompts_alone_are_found_by_any_word_and_listed_by_date(prompted: Memory) -> None:
    titles = ["Why does parseHTTPResponse fail on 全文検索?", "Paint the shed green", "Paint the fence green"]
    assert sorted(named(prompted, "shed fence", kind="prompt")) == [("prompt", titles[2]), ("prompt", titles[1])]
    assert [title for _, title in named(prompted, kind="prompt")] == titles[::-1]
    assert [title for _, title in named(prompted, kind="prompt", order="date_asc")] == titles
    assert [title for _, title in named(prompted, "paint", kind="prompt", order="date_asc")] == titles[1:]
    first = prompted.search(kind="prompt", limit=1)[0]
    assert [hit.title for hit in prompted.search(kind="prompt", after=f"P{first.id}")] == titles[1::-1]
    assert {kind for kind, _ in named(prompted, kind="prompt, observation")} == {"prompt", "observation"}
    assert prompted.count(kind="prompt") == 3
    assert prompted.count() == 1


def test_filters_leave_prompts_out_that_do_not_pass(prompted: Memory, clock: Clock) -> None:
    assert named(prompted, "shed", type="bugfix") == named(prompted, "shed", files="shed") == []
    assert named(prompted, "shed", kind="observation") == named(prompted, "shed", until_ms=1) == []
    assert named(prompted, "shed", since_ms=clock.now_ms - DAY_MS)
    add_note(prompted, "elsewhere", project="other")
    assert named(prompted, "shed", project="other") == []


def test_a_turn_is_told_once_by_what_was_made_of_it(memory: Memory, host: Host) -> None:
    host.turn("Paint the fence green")
    memory.take_in()
    assert [kind for kind, _ in named(memory, "fence")] == ["prompt"]
    memory.observe_pending()
    assert [kind for kind, _ in named(memory, "fence")] == ["summary"]
    assert [kind for kind, _ in named(memory, "fence", kind="prompt")] == ["prompt"]


def test_an_offset_behind_the_end_gives_nothing(memory: Memory) -> None:
    add_observation(memory, "cache")
    assert found(memory, "cache", offset=5) == found(memory, offset=1_000_000) == []


@pytest.mark.parametrize("value", ["1 OR 1=1", math.nan, -1, 0, 1.5, None, 10**30, "5"])
def test_a_limit_that_is_no_sensible_number_is_refused(memory: Memory, value: Any) -> None:
    for call in (memory.search, memory.sessions, memory.queue):
        with pytest.raises(BadRequest, match="limit must be a whole number from 1"):
            call(limit=value)


@pytest.mark.parametrize("value", ["1; DROP TABLE memories", math.inf, -1, 10**30])
def test_an_offset_that_is_no_sensible_number_is_refused(memory: Memory, value: Any) -> None:
    with pytest.raises(BadRequest, match="offset must be a whole number from 0"):
        memory.search(offset=value)


@pytest.mark.parametrize("value", ["yesterday", math.nan, 1.5, 10**30])
def test_a_time_that_is_no_number_is_refused(memory: Memory, value: Any) -> None:
    for name in ("since_ms", "until_ms"):
        with pytest.raises(BadRequest, match=f"{name} must be a whole number"):
            memory.search("cache", **{name: value})


def test_an_unknown_order_is_refused(memory: Memory) -> None:
    with pytest.raises(BadRequest, match="order must be one of relevance, date_desc, date_asc"):
        memory.search(order="id; DROP TABLE memories")


# ---------------------------------------------------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("calls parseHTTPResponse twice", "parseHTTPResponse"),
        ("calls parseHTTPResponse twice", "parsehttpresponse"),
        ("calls parseHTTPResponse twice", "response"),
        ("calls parseHTTPResponse twice", "http parse"),
        ("calls parse_http_response twice", "parse_http_response"),
        ("calls parse_http_response twice", "http"),
        ("calls parse_http_response twice", "parseHTTPResponse"),
        ("calls parseHTTPResponse twice", "parse_http_response"),
        ("the read-only-mode flag", "read-only-mode"),
        ("the read-only-mode flag", "only"),
        ("in src/auth/login.py today", "src/auth/login.py"),
        ("in src/auth/login.py today", "login.py"),
        ("in src/auth/login.py today", "auth"),
        ("in src/auth/login.py today", "/home/you/app/src/auth/login.py"),
        ("uses os.path.join here", "os.path.join"),
        ("uses os.path.join here", "path.join"),
        ("upgraded to 1.2.3 finally", "1.2.3"),
        ("upgraded to v2.10.0-rc1 finally", "v2.10.0-rc1"),
        ("sha256sum of utf8Strings", "sha 256"),
        ("sha256sum of utf8Strings", "utf8strings"),
        ("TypeError: 'NoneType' object is not subscriptable", "TypeError: 'NoneType' object is not subscriptable"),
        ("TypeError: 'NoneType' object is not subscriptable", "NoneType"),
        ("[Errno 111] Connection refused (os error 2)", "[Errno 111] Connection refused"),
        ("fixed the naïve café code", "naive cafe"),
        ("fixed the naive cafe code", "naïve café"),
        (unicodedata.normalize("NFD", "Größe der Straße"), "Große straße"),
        ("the naïveBayesModel class", "naive"),
        ("running the tests", "run test"),
        ("全文検索を実装した", "全文検索を実装した"),
        ("全文検索を実装した", "検索"),
        ("全文検索を実装した", "索を"),
        ("全文検索を実装した", "索"),
        ("全文検索を実装した", "た"),
        ("修复了数据库连接", "数据库"),
        ("데이터베이스 연결", "베이스"),
        ("検索APIを呼ぶ", "検索API"),
        ("検索APIを呼ぶ", "API"),
        ("検索APIを呼ぶ", "APIを"),
        ("Python3で検索", "python3"),
        ("使用parseHTTPResponse函数", "parseHTTPResponse"),
        ("使用parseHTTPResponse函数", "response"),
        ("使用 redis 缓存", "redis缓存"),
        ("Ελληνικά και Русский текст", "русский"),
        ("C++ and c# code", "c#"),
        ("Caroline paints on Sundays", "Caroline's?"),
        ("Caroline paints on Sundays", "what\u2019s caroline\u2019s"),
    ],
)
def test_finds_a_text_by_what_stands_in_it(memory: Memory, text: str, query: str) -> None:
    wanted = add_observation(memory, "Title", narrative=text)
    for number in range(12):
        add_observation(memory, f"Something else, number {number}")
    assert found(memory, query)[:1] == [wanted]


def test_finds_a_memory_by_its_files_and_concepts(memory: Memory) -> None:
    wanted = add_observation(memory, "Title", files_modified=("src/billing/invoiceTotals.ts",), concepts=("trade-off",))
    for query in ("invoiceTotals.ts", "totals", "billing", "src/billing/invoiceTotals.ts", "trade-off"):
        assert found(memory, query) == [wanted]


def test_a_question_is_read_without_its_filling_words(memory: Memory) -> None:
    wanted = add_observation(memory, "Login redirects twice")
    add_observation(memory, "What is this? How does it do that?")
    assert found(memory, "What did we do about the login?")[0] == wanted
    assert found(memory, "what is this") != []


def test_memories_with_all_the_words_come_first_then_those_with_some(memory: Memory) -> None:
    one = add_observation(memory, "redis redis redis")
    both = add_observation(memory, "a much longer title that has redis and also timeouts in it")
    assert found(memory, "redis timeouts") == [both, one]


# ------------------------------------------------------------------------------------------------------- operators
@pytest.fixture
def fruit(memory: Memory) -> Memory:
    for title in ("apple", "apple pear", "pear", "pear plum", "apple plum tart"):
        add_observation(memory, title)
    return memory


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("apple AND pear", {"apple pear"}),
        ("apple OR plum", {"apple", "apple pear", "pear plum", "apple plum tart"}),
        ("apple NOT pear", {"apple", "apple plum tart"}),
        ("apple AND NOT pear", {"apple", "apple plum tart"}),
        ("pear OR apple NOT plum", {"apple", "apple pear", "pear", "pear plum"}),
        ("(pear OR apple) NOT plum", {"apple", "apple pear", "pear"}),
        ("(pear OR apple) AND plum", {"pear plum", "apple plum tart"}),
        ('"apple plum"', {"apple plum tart"}),
        ('"apple plum" OR "pear plum"', {"apple plum tart", "pear plum"}),
        ('"plum apple"', set()),
        ("app* AND plu*", {"apple plum tart"}),
        ("ta*", {"apple plum tart"}),
        ("apple tart OR pear plum", {"apple plum tart", "pear plum"}),
    ],
)
def test_operators_do_what_they_say(fruit: Memory, query: str, titles: set[str]) -> None:
    assert {hit.title for hit in fruit.search(query)} == titles


@pytest.mark.parametrize(
    "query",
    [
        "AND tart", "tart AND", "tart OR", "(tart", "tart)", "((tart) AND", "tart AND AND x", '"tart', "tart*)",
        "NEAR(tart plum, 2)", "title:tart", "{title}: tart", "^tart", "--tart", "+tart", "tart; --", "tart''", "() AND tart",
        "tart OR NOT x", "NOT x OR tart", "tart AND ()", "tart OR \ud800",
    ],
)  # fmt: skip
def test_what_makes_no_sense_as_an_expression_is_read_as_words(fruit: Memory, query: str) -> None:
    assert fruit.search(query)[0].title == "apple plum tart"


@pytest.mark.parametrize(
    "query",
    ["NOT tart", "-tart", "AND OR NOT", "NOT", "AND OR NOT tart", "NOT tart NOT pear", "NOT (tart OR pear)", "-tart -pear",
     "NOT tart AND NOT pear", "NOT *", "NOT (", "NOT tart -pear"],
)  # fmt: skip
def test_what_only_takes_away_finds_nothing_and_a_sentence_says_what_to_do(fruit: Memory, query: str) -> None:
    for order in ("relevance", "date_desc"):
        page = fruit.found(query, order=order)
        assert (page.hits, page.total, page.after) == ((), 0, "")
    assert "NOT only takes away" in questions.nothing_in(query)
    assert not any(
        questions.nothing_in(good) for good in ("", " ", "tart", "tart NOT pear", "--tart", "x -tart", "not", '"NOT"')
    )


@pytest.mark.parametrize("query", ["OR", "*", '"', '""', "()", "(", "!", "\U0001f389"])
def test_where_nothing_is_taken_away_it_says_only_that_there_is_no_word(fruit: Memory, query: str) -> None:
    assert fruit.found(query).hits == ()
    assert questions.nothing_in(query) == "There is no word to look for."


def test_what_is_taken_away_may_come_first(fruit: Memory) -> None:
    assert {hit.title for hit in fruit.search("NOT pear apple")} == {"apple", "apple plum tart"}
    assert {hit.title for hit in fruit.search("NOT pear AND (apple OR plum)")} == {"apple", "apple plum tart"}
    assert {hit.title for hit in fruit.search('"NOT" pear')} == {"apple pear", "pear", "pear plum"}


# ------------------------------------------------------------------------------------------------ whatever is typed
_SYNTAX = st.lists(
    st.sampled_from(
        [
            '"',
            "'",
            "*",
            "(",
            ")",
            ":",
            "^",
            "-",
            "+",
            "{",
            "}",
            "AND",
            "OR",
            "NOT",
            "NEAR",
            "a",
            "tart",
            " ",
            "\x00",
            "検索",
            "%",
            "\\",
        ]
    ),
    max_size=30,
).map("".join)
_ONCE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    with claudemem_lib.open(tmp_path_factory.mktemp("shelf")) as memory:
        add_observation(memory, "apple plum tart 検索")
        yield memory


@_ONCE
@given(
    query=st.one_of(st.text(max_size=80), _SYNTAX, st.text(st.characters(categories=["Cs", "Cc", "Mn", "So", "Nl"])))
)
def test_no_text_makes_a_search_fail(shelf: Memory, query: str) -> None:
    for order in ("relevance", "date_desc"):
        assert len(shelf.search(query, order=order)) <= 1
    assert len(shelf.search("tart", concepts=query, files=query, type=query)) <= 1


@_ONCE
@given(query=st.one_of(st.text(max_size=60), _SYNTAX))
def test_nothing_typed_reaches_match_outside_quotes(query: str) -> None:
    question = questions.read(query)
    expression = question.expression or questions.every(question.words)
    outside = "".join(expression.split('"')[::2])
    assert set(outside) <= set("ANDORT ()*"), expression


_LETTERS = st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F)
_WORD = st.text(_LETTERS, min_size=3, max_size=14).filter(lambda word: word.lower() not in questions.STOP_WORDS)
_CJK = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x4E40), min_size=2, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rank_8_any_word_and_any_two_cjk_characters_of_a_memory_find_it(memories: Any, data: st.DataObject) -> None:
    with claudemem_lib.open(tempfile.mkdtemp(dir=memories.folder)) as memory:
        texts = data.draw(st.lists(st.lists(st.one_of(_WORD, _CJK), min_size=1, max_size=8), min_size=1, max_size=9))
        for words in texts:
            wanted = add_observation(
                memory, words[0], narrative=data.draw(st.sampled_from([" ", ", ", "/"])).join(words)
            )
            word = data.draw(st.sampled_from(words))
            if "\u4e00" <= word[0] <= "\u4e40":
                at = data.draw(st.integers(0, len(word) - 2))
                word = word[at : at + 2]
            assert wanted in found(memory, word, limit=10), word


def test_long_cjk_text_is_found_to_its_end(memory: Memory) -> None:
    text = "".join(chr(0x4E00 + number % 5_000) for number in range(19_990)) + "終末尾端"
    wanted = add_note(memory, text)
    assert found(memory, "末尾") == [wanted]


def test_reading_the_terms_of_one_endless_word_takes_no_time(memory: Memory) -> None:
    wanted = add_note(memory, "a" * 19_000 + " needle")
    assert found(memory, "needle") == [wanted]


# ---------------------------------------------------------------------------------------------------- get by ids
def test_get_keeps_the_order_and_leaves_out_what_is_unknown(memory: Memory) -> None:
    one, two = add_observation(memory, "one"), add_observation(memory, "two")
    assert [found.id for found in memory.get([two, 999, one, two, -5, 0, 2**80])] == [two, one]
    assert memory.get([]) == []


def test_get_takes_more_ids_than_sqlite_takes_parameters(memory: Memory) -> None:
    one = add_observation(memory, "one")
    assert [found.id for found in memory.get(range(1, 50_000))] == [one]


@pytest.mark.parametrize("value", ["1 OR 1=1", math.nan, 1.0, None, [1]])
def test_an_id_that_is_no_number_is_refused(memory: Memory, value: Any) -> None:
    add_observation(memory, "one")
    with pytest.raises(BadRequest, match="an id is a whole number"):
        memory.get([value])


# --------------------------------------------------------------------------------------------------------- bounded
@pytest.fixture
def counted(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A memory where "common" stands everywhere, "mid" in half, and the search may score 60 matches."""
    for number in range(100):
        rare = " rare" if number == 7 else ""
        add_observation(memory, f"common usual{' mid' if number % 2 else ''}{rare}")
    monkeypatch.setattr(fulltext, "MATCHES_SCORED", 60)
    return memory


def expressions(memory: Memory, monkeypatch: pytest.MonkeyPatch, query: str, **filters: Any) -> list[str]:
    """The MATCH expressions that were scored for a query."""
    asked: list[str] = []
    really = fulltext.scored

    def scored(database: Any, match: str, *more: Any) -> Any:
        asked.append(match)
        return really(database, match, *more)

    monkeypatch.setattr(fulltext, "scored", scored)
    memory.search(query, **filters)
    return asked[:2]  # then come the pairs of neighbouring words


def test_a_long_question_is_asked_by_its_rarest_words(counted: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    every, some = expressions(counted, monkeypatch, "common mid rare")
    assert every.count("AND") == 2
    assert some == '("rare") OR ("mid")'


def test_at_least_one_word_is_asked_however_common(counted: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    every, some = expressions(counted, monkeypatch, "common usual", limit=100)
    assert every == '("common") AND ("usual")'
    assert some in {'("common")', '("usual")'}
    assert len(found(counted, "common", limit=100)) == 60


def test_of_a_word_in_too_many_memories_only_the_newest_are_scored(counted: Memory) -> None:
    assert sorted(found(counted, "common", limit=100)) == list(range(41, 101))
    assert len(found(counted, "common", limit=100, kind="observation")) == 100


def test_a_question_of_two_hundred_words_has_bounded_parts(memory: Memory) -> None:
    words = [f"word{number}" for number in range(200)]
    wanted = add_observation(memory, words[3])
    assert len(questions.read(" ".join(words)).words) == questions.MOST_WORDS
    assert found(memory, " ".join(words)) == [wanted]
    run = "".join(chr(0x4E00 + number) for number in range(500))
    assert len(questions.pairs(questions.read(run).words)) == questions.MOST_WORDS
    assert len(questions.loosened(questions.read(run).words)) <= questions.MOST_WORDS * 2


# ------------------------------------------------------------------------------------------------------------ plan
def plan(memory: Memory, text: str) -> str:
    names = dict.fromkeys(("match", "most", "limit", "offset", "project_id", "kind", "since"))
    return "\n".join(row[3] for row in memory.database.rows(f"EXPLAIN QUERY PLAN {text}", names))


FILTERS = " AND m.project_id = :project_id AND m.kind = :kind AND m.created_ms >= :since" + sql.FILTER_FILES.format(
    paths="f.path LIKE '%x%'"
)


@pytest.mark.parametrize("text", [sql.SCORED_FILTERED, sql.SEARCH_DATED])
@pytest.mark.parametrize("filters", ["", FILTERS])
def test_the_full_text_index_drives_and_memories_are_fetched_by_rowid(memory: Memory, text: str, filters: str) -> None:
    steps = plan(memory, text.format(filters=filters, order=sql.DATE_ORDERS["date_desc"]))
    assert "SCAN memories_fts VIRTUAL TABLE INDEX" in steps
    assert "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert "SCAN m" not in steps.replace("SCAN memories_fts", "")
    assert "SCAN f" not in steps


def test_the_newest_are_read_in_order_from_an_index(memory: Memory) -> None:
    for filters, index in (
        ("", "memories_by_time"),
        (" AND m.project_id = :project_id", "memories_by_project"),
        (" AND m.kind = :kind", "memories_of_kind"),
        (" AND m.project_id = :project_id AND m.kind = :kind", "memories_by_kind"),
        (" AND +m.type IN carray(:kind)", "memories_by_time"),
    ):
        steps = plan(memory, sql.SEARCH_NEWEST.format(filters=filters, order=sql.DATE_ORDERS["date_desc"]))
        assert f"USING INDEX {index}" in steps, steps
        assert "TEMP B-TREE FOR ORDER BY" not in steps, steps
