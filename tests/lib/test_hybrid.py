"""Full text and vectors together: fused, filtered, confident or silent, and never less than the full text alone has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import ranking, search
from claudemem_lib.embedders.fake import Fake
from claudemem_lib.ranking import Place, Ranked
from claudemem_lib.store import memories as stored
from claudemem_lib.store import vectors
from claudemem_lib.store.fulltext import Filters, Page
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Hit
    from tests.conftest import Clock, Memories

pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")
DAY_MS = 86_400_000
CLOSE = {"cosine": 0.9}


@pytest.fixture
def memory(memories: Memories) -> Memory:
    return memories(embedder=Fake())


def found(memory: Memory, query: str, near: dict[int, float], **page: Any) -> list[tuple[int, tuple[str, ...]]]:
    """A search with made-up cosines."""
    ranked = sorted(near.items(), key=lambda pair: -pair[1])
    finder = search.Finder(database=memory.database, now_ms=memory.clock(), near=lambda *_: ranked)
    hits = finder.search(query, Filters(), Page(**{"order": "relevance", "limit": 20, **page}))
    return [(hit.id, hit.engines) for hit in hits]


def test_each_hit_names_the_engines_that_found_it(memory: Memory) -> None:
    words = add_observation(memory, "flaky login test")
    meaning = add_observation(memory, "sporadic sign-in failure")
    both = add_observation(memory, "login test that fails now and then")
    got = dict(found(memory, "flaky login test", {meaning: 0.7, both: 0.6}))
    assert got == {words: ("text",), both: ("text", "vectors"), meaning: ("vectors",)}


def test_a_memory_without_any_word_of_the_question_is_found_by_its_meaning(memory: Memory) -> None:
    add_observation(memory, "login")
    meaning = add_observation(memory, "sporadic sign-in failure")
    assert meaning in [number for number, _ in found(memory, "authentication breaks sometimes today", {meaning: 0.6})]


@pytest.mark.parametrize("query", ['"flaky login"', "flaky AND login", "flak*"])
def test_phrases_operators_and_beginnings_are_for_the_full_text_alone(memory: Memory, query: str) -> None:
    words = add_observation(memory, "flaky login test")
    other = add_observation(memory, "something else")
    assert found(memory, query, {other: 0.9}) == [(words, ("text",))]


def test_orders_by_date_are_for_the_full_text_alone(memory: Memory) -> None:
    words = add_observation(memory, "login")
    other = add_observation(memory, "else")
    assert found(memory, "login", {other: 0.9}, order="date_desc") == [(words, ("text",))]


# ------------------------------------------------------------------------------------------------------ nothing relevant
def test_an_unrelated_question_gets_no_answer_rather_than_noise(memory: Memory) -> None:
    numbers = [add_observation(memory, f"database pool setting {number} of the server") for number in range(12)]
    assert found(memory, "How does the billing server handle payments?", dict.fromkeys(numbers, 0.2)) == []


def test_what_is_near_enough_is_an_answer_without_a_word_in_common(memory: Memory) -> None:
    (one, *_) = [add_observation(memory, f"database pool setting {number}") for number in range(12)]
    assert found(memory, "How does the billing component handle payments?", {one: 0.5})


@pytest.mark.parametrize("name", ["GHA", "retry_on", "v1.2", "src/login.py", "SQLite"])
def test_a_rare_name_from_a_program_is_an_answer(memory: Memory, name: str) -> None:
    for number in range(12):
        add_observation(memory, f"server setting {number}")
    one = add_observation(memory, f"{name} runs on every push")
    assert found(memory, f"{name} secrets config please", {one: 0.1})[0][0] == one


@pytest.mark.parametrize("query", ["0xDEADBEEF", "v9.99.1", "1.2.3", "xyzzy_function_name", "ENOENT_9931"])
def test_a_name_that_no_memory_has_is_not_answered_by_what_lies_near_or_has_a_small_part_of_it(
    memory: Memory, query: str
) -> None:
    for number in range(20):
        add_observation(memory, f"The function {number} has a name in 1.9.{number}")
    assert found(memory, query, {1: 0.5, 2: 0.45}) == []


@pytest.mark.parametrize("query", ["src/login/session_store.py", "SessionSto", "session_store", "sessionsto"])
def test_a_name_is_found_by_most_of_its_parts_or_by_its_beginning(memory: Memory, query: str) -> None:
    for number in range(20):
        add_observation(memory, f"Nothing of it {number} py")
    wanted = add_observation(memory, "SessionStore keeps the login in session_store.py")
    assert [one for one, _ in found(memory, query, {})][:1] == [wanted]


def test_a_word_that_one_memory_alone_has_is_an_answer_where_it_is_somewhat_near(memory: Memory) -> None:
    numbers = [add_observation(memory, f"server setting {number}") for number in range(30)]
    one = add_observation(memory, "gardens on every push")
    question = "when should gardens be watered in dry summers"
    assert found(memory, question, {one: 0.3, **dict.fromkeys(numbers, 0.1)})[0][0] == one
    assert found(memory, question, {one: 0.2, **dict.fromkeys(numbers, 0.1)}) == []


def test_what_is_asked_for_has_to_be_held_by_the_memory_that_is_near(memory: Memory) -> None:
    near = add_observation(memory, "server setting", narrative="cold winters")
    numbers = [add_observation(memory, f"server setting {number}") for number in range(30)]
    add_observation(memory, "settings for summers")
    add_observation(memory, "watered summers")
    question = "watered lawns gardens summers flowers"
    cosines = {near: 0.34, **dict.fromkeys(numbers, 0.1)}
    assert found(memory, question, cosines) == []
    add_observation(memory, "summers")
    both = add_observation(memory, "watered summers gardens again")
    assert found(memory, question, {**cosines, both: 0.3})[0][0] == both


def test_words_that_say_when_need_not_be_found(memory: Memory) -> None:
    numbers = [add_observation(memory, f"server setting {number}") for number in range(12)]
    shipped = [add_observation(memory, f"the login fix was shipped, part {number}") for number in range(2)]
    answer = found(memory, "What was shipped on April 8th 2026?", dict.fromkeys([*numbers, *shipped], 0.1))
    assert {number for number, _ in answer[:2]} == set(shipped)


EASTERN = (
    ("登录接口返回500是因为令牌过期后没有刷新", "登录接口为什么会返回500错误"),
    ("内存泄漏已经修复 缓存改用最近最少使用策略", "内存泄漏是怎么修复的"),
    ("検索が遅い原因は索引がなかったこと", "検索が遅かった原因は何でしたか"),
    ("メール送信はキューに入れて再試行は三回まで", "メール送信の再試行は何回ですか"),
    ("사용자 권한 검사는 미들웨어에서 처리한다", "권한 검사는 어디에서 처리하나요"),
    ("로그인 버튼이 두 번 눌리는 버그를 고쳤다", "로그인 버튼 버그는 어떻게 됐나요"),
)


@pytest.mark.parametrize("embedder", [Fake("all-MiniLM-L6-v2"), None])
def test_questions_in_chinese_japanese_and_korean_are_answered_by_pairs_of_characters(
    memories: Memories, embedder: Fake | None
) -> None:
    memory = memories(embedder=embedder)
    numbers = [add_observation(memory, told) for told, _ in EASTERN]
    if embedder:
        memory.embedding.embed_pending()
    assert [memory.search(asked)[0].id for _, asked in EASTERN] == numbers
    for unrelated in ("如何制作酸面包", "子犬に必要なワクチンは何ですか", "서울에서 부산까지 기차로 얼마나 걸려요"):
        assert memory.search(unrelated) == []


def test_a_model_of_english_alone_is_not_asked_about_other_scripts(memories: Memories) -> None:
    memory = memories(embedder=Fake("all-MiniLM-L6-v2"))
    number = add_note(memory, "数据库连接池的上限改为二十个连接")
    memory.embedding.embed_pending()
    assert [hit.engines for hit in memory.search("数据库连接")] == [("text",)]
    english = add_note(memory, "pool of connections")
    memory.embedding.embed_pending()
    assert {hit.id: hit.engines for hit in memory.search("pool of connections")}[english] == ("text", "vectors")
    assert number != english


def test_one_or_two_words_always_get_what_the_full_text_has(memory: Memory) -> None:
    numbers = [add_observation(memory, f"server setting {number}") for number in range(12)]
    assert len(found(memory, "server settings", dict.fromkeys(numbers[:1], 0.0))) == 12
    assert len(found(memory, "server penicillin", dict.fromkeys(numbers[:1], 0.0))) == 12
    assert found(memory, "Which server discovered penicillin?", dict.fromkeys(numbers[:1], 0.0)) == []


# ----------------------------------------------------------------------------------------------- never less than the full text
def break_by_deleting(memory: Memory) -> None:
    memory.database.rows("DELETE FROM vectors")


def break_by_halves(memory: Memory) -> None:
    memory.database.rows("DELETE FROM vector_signs WHERE memory_id % 2")


def break_by_rubbish(memory: Memory) -> None:
    memory.database.rows("UPDATE vectors SET v = x'0102'")


def break_by_other_signs(memory: Memory) -> None:
    memory.database.rows("UPDATE vector_signs SET b = x'01'")


def break_by_dropping(memory: Memory) -> None:
    memory.database.rows("DROP TABLE vector_signs")


@pytest.mark.parametrize(
    "damage", [break_by_deleting, break_by_halves, break_by_rubbish, break_by_other_signs, break_by_dropping]
)
def test_whatever_happens_to_the_vectors_the_full_text_answers(
    memory: Memory, damage: Callable[[Memory], None]
) -> None:
    numbers = [add_observation(memory, f"login token number {number}") for number in range(6)]
    memory.embedding.embed_pending()
    damage(memory)
    assert {hit.id for hit in memory.search("login token number")} == set(numbers)
    memory.stats()


def test_without_the_extension_it_says_so_and_the_full_text_answers(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = add_observation(memory, "login token")
    monkeypatch.setattr(vectors, "unavailable", lambda _: "sqlite-vec cannot be loaded here: no")
    assert [(hit.id, hit.engines) for hit in memory.search("login token")] == [(number, ("text",))]
    assert "cannot be loaded" in memory.stats()["semantic"]["problem"]


@given(st.text(alphabet="abcdefghij ", min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_fusing_loses_no_candidate(text: str, cosine: float) -> None:
    words = [(number, float(len(text) - number)) for number in range(len(text))]
    near = [(number + 5, cosine) for number in range(3)]
    fused = ranking.fuse(words, near)
    assert {one.id for one in fused} == {number for number, _ in [*words, *near]}
    assert fused == sorted(fused, key=lambda one: (-one.score, -one.id))


# ---------------------------------------------------------------------------------------------------------------- standing
def test_a_newer_one_of_two_equals_comes_first_but_age_hides_no_better_match(memory: Memory, clock: Clock) -> None:
    old = add_observation(memory, "parser fails on dates", created_ms=clock.now_ms - 900 * DAY_MS)
    new = add_observation(memory, "parser fails on dates")
    vague = add_observation(memory, "some parser of something entirely different")
    assert [hit.id for hit in memory.search("parser fails on dates")] == [new, old, vague]


def test_a_short_memory_is_raised_by_what_was_made_right_beside_it_in_its_session(memory: Memory, clock: Clock) -> None:
    answer = add_observation(memory, "Yes, the cluster took it", session="one")
    add_observation(memory, "The checkout page times out under heavy load", session="one")
    away = add_observation(memory, "Yes, the cluster took it", session="two")
    clock.advance(days=1)
    later = add_observation(memory, "Yes, the cluster took it", session="two")
    order = [hit.id for hit in memory.search("Why did the checkout page time out on the cluster?")]
    assert order.index(answer) < min(order.index(away), order.index(later))


@pytest.mark.parametrize(("tokens", "least", "most"), [(20, 0.75, 0.8), (2_000, 0.5, 0.55)])
def test_a_long_memory_brings_its_own_context(tokens: int, least: float, most: float) -> None:
    ranked = [Ranked(1, 1.0, ()), Ranked(2, 0.5, ()), Ranked(9, 0.5, ())]
    places = dict.fromkeys((1, 2, 9), Place(project=1, session=1, made_ms=0, tokens=tokens))
    raised = {one.id: one.score for one in ranking.in_context(ranked, places)}
    assert least < raised[2] < most
    assert raised[9] == pytest.approx(0.5)


def test_a_superseded_memory_ranks_below_what_replaced_it(memory: Memory) -> None:
    new = add_observation(memory, "deploys run on Fridays now, approved")
    old = add_observation(memory, "deploys run on Fridays")
    assert stored.link(memory.database, new, old, "supersedes", 1)
    assert [hit.id for hit in memory.search("deploys run Fridays")] == [new, old]
    assert stored.links(memory.database, old) == [(new, "supersedes", False)]


def test_close_paraphrases_are_linked_and_folded_but_both_stay(memory: Memory) -> None:
    one = add_note(memory, "The staging database is read-only on Sundays because of the weekly backup job")
    two = add_note(memory, "The staging database is read only on Sundays because of the weekly backup job!")
    other = add_note(memory, "Sundays: the staging database backup")
    memory.embedding.embed_pending()
    assert stored.links(memory.database, two) == [(one, "similar", True)]
    for query in ("staging Sundays", "staging AND Sundays", "stag* Sundays", "staging database Sundays backup"):
        hits = {hit.id: hit.similar for hit in memory.search(query)}
        assert hits in ({one: (two,), other: ()}, {two: (one,), other: ()}), query
    assert [(hit.id, hit.similar) for hit in memory.search()] == [(other, ()), (two, (one,)), (one, (two,))]
    assert {one, two} <= {memory.id for memory in memory.get([one, two])}


@pytest.mark.parametrize(("word", "opposite"), [("always", "never"), ("Monday", "Friday"), ("before", "after")])
def test_the_opposite_of_a_memory_is_a_hit_of_its_own(memory: Memory, word: str, opposite: str) -> None:
    said = "The shop is deployed {} the weekly backup job of the staging database on the old cluster has run"
    one, two = (add_note(memory, said.format(each)) for each in (word, opposite))
    memory.embedding.embed_pending()
    assert {hit.id: hit.similar for hit in memory.search("shop deployed weekly backup")} == {one: (), two: ()}


def test_unlike_texts_are_not_linked(memory: Memory) -> None:
    one = add_note(memory, "The staging database is read-only on Sundays")
    two = add_note(memory, "The billing service restarts every night at two")
    memory.embedding.embed_pending()
    assert stored.links(memory.database, one) == stored.links(memory.database, two) == []


# ------------------------------------------------------------------------------------------------------------ did you mean
def test_an_unknown_word_is_answered_with_a_known_one_like_it(memory: Memory) -> None:
    add_observation(memory, "Kubernetes deployment")
    assert memory.search("kubrnetes") == []
    assert memory.suggestion("kubrnetes") == "kubernetes"
    assert memory.suggestion("kubrnetes qqqqqq") == ""
    assert memory.suggestion("kubernetic") == memory.suggestion("kub") == ""
    assert memory.search(memory.suggestion("kubrnetes"))
    assert memory.suggestion("kubernetes") == ""
    assert memory.suggestion("qqqqqq") == ""


def test_a_stressed_not_in_a_sentence_is_no_operator(memory: Memory) -> None:
    number = add_observation(memory, "Uses Fastify and not Express")
    add_observation(memory, "something else")
    assert [hit.id for hit in memory.search("I do NOT want to use Express, what should I use instead?")] == [number]


def told(hits: list[Hit]) -> list[int]:
    """Every memory of some hits: each hit, and what is folded into it."""
    return [one for hit in hits for one in (hit.id, *hit.similar)]


def test_pages_of_a_fused_search_put_together_are_the_whole(memory: Memory) -> None:
    numbers = [add_observation(memory, f"login token number {number} {'x ' * (number % 7)}") for number in range(60)]
    memory.embedding.embed_pending()
    whole = told(memory.search("login token number", limit=100))
    pages = [one for at in range(0, 60, 7) for one in told(memory.search("login token number", limit=7, offset=at))]
    assert pages == whole
    assert set(whole) == set(numbers)


def test_an_error_of_another_kind_is_not_swallowed(memory: Memory) -> None:
    def broken(*_: object) -> list[tuple[int, float]]:
        raise apsw.MisuseError

    add_observation(memory, "login")
    finder = search.Finder(database=memory.database, now_ms=0, near=broken)
    with pytest.raises(apsw.MisuseError):
        finder.search("login", Filters(), Page(order="relevance", limit=5))
