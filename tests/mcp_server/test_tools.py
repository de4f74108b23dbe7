"""The tools, with the original's names and spellings and without its faults."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib.models import Observation
from claudemem_lib.store import memories as store
from claudemem_lib.store import sessions

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host
    from tests.mcp_server.conftest import Toolbox

DAY_MS = 86_400_000
Add = Any


@pytest.fixture
def add(memory: Memory, clock: Clock) -> Add:
    """A function that stores an observation and gives its id; each a minute after the last."""

    def added(title: str, *, type: str = "discovery", project: str = "shop", **more: Any) -> int:  # noqa: A002
        clock.advance(minutes=1)
        fields = {
            "narrative": "",
            "facts": (),
            "concepts": (),
            "files_read": (),
            "files_modified": (),
            "subtitle": "",
            **more,
        }
        at_ms = fields.pop("at_ms", clock())
        with memory.database.write() as connection:
            identity = (f"name:{project}", project, "")
            origin = store.Origin(project_id=sessions.project_id(connection, identity, at_ms), created_ms=at_ms)
            return int(store.add_observation(connection, Observation(type=type, title=title, **fields), origin))

    return added


# ------------------------------------------------------------------------------------- the original's faults (C 3 to 10)
def test_a_memory_of_any_type_is_stored_and_found(tools: Toolbox, add: Add) -> None:
    number = add("A finding", type="hypothesis")
    assert tools.ids(query="finding") == [number]
    assert tools.ids(obs_type="hypothesis") == [number]


def test_a_query_finds_text_without_vectors(tools: Toolbox, add: Add) -> None:
    number = add("Flaky login", narrative="the session cookie expires early")
    answer = tools.value("search", query="cookie")
    assert [hit["id"] for hit in answer["hits"]] == [number]
    assert answer["engines"]
    assert answer["eligible"] == 1


@pytest.mark.parametrize(
    "only", [{"obs_type": "bugfix"}, {"concepts": "gotcha"}, {"files": "auth.py"}, {"filePath": "auth.py"}]
)
def test_one_filter_alone_is_no_error(tools: Toolbox, add: Add, only: dict[str, str]) -> None:
    number = add("Wrong salt", type="bugfix", concepts=("gotcha",), files_modified=("src/auth.py",))
    add("Something else")
    assert tools.ids(**only) == [number]


def test_an_observation_and_a_summary_and_a_note_never_share_an_id(tools: Toolbox, memory: Memory, host: Host) -> None:
    host.turn()
    memory.take_in()
    memory.observe_pending()
    tools.call("save_memory", text="A note")
    found = tools.value("search")["hits"]
    assert {hit["type"] for hit in found} == {"bugfix", "summary", "note"}
    assert len({hit["id"] for hit in found}) == 3


@pytest.mark.parametrize("form", ["{}", "#{}", " {} ", "number"])
def test_an_anchor_may_be_a_number_or_the_same_as_text(tools: Toolbox, add: Add, form: str) -> None:
    numbers = [add(f"Step {n}") for n in range(5)]
    anchor: object = numbers[2] if form == "number" else form.format(numbers[2])
    items = tools.value("timeline", anchor=anchor, depth_before=1, depth_after=1)["items"]
    assert [item["id"] for item in items] == numbers[1:4]
    assert [item.get("anchor", False) for item in items] == [False, True, False]


def test_depths_given_as_text_are_numbers(tools: Toolbox, add: Add) -> None:
    numbers = [add(f"Step {n}") for n in range(30)]
    items = tools.value("timeline", anchor=str(numbers[15]), depth_before="2", depth_after="3")["items"]
    assert [item["id"] for item in items] == numbers[13:19]


def test_an_anchor_may_be_a_time(tools: Toolbox, add: Add, clock: Clock) -> None:
    numbers = [add(f"Step {n}") for n in range(3)]
    for anchor in (clock() - 1_000, "2026-11-22", "1h"):
        items = tools.value("timeline", anchor=anchor, depth_before=50, depth_after=50)["items"]
        assert [item["id"] for item in items] == numbers


@pytest.mark.parametrize("given", [{}, {"anchor": 1, "query": "x"}])
def test_a_timeline_wants_exactly_one_place(tools: Toolbox, add: Add, given: dict[str, Any]) -> None:
    add("x")
    assert "exactly one" in tools.refusal("timeline", **given)


def test_a_timeline_around_a_query_is_around_its_best_hit_not_its_newest(tools: Toolbox, add: Add) -> None:
    best = add("Parser rewrite of the parser", narrative="parser parser")
    for n in range(5):
        add(f"Other {n}")
    add("A word on the parser in a long text", narrative="much else " * 50)
    items = tools.value("timeline", query="parser", depth_before=0, depth_after=0)["items"]
    assert [item["id"] for item in items] == [best]


def test_candidates_of_a_filter_are_never_dropped_by_a_ranking(tools: Toolbox, add: Add) -> None:
    decisions = [add(f"Decided {n}", type="decision") for n in range(30)]
    for n in range(150):
        add(f"Noise decided {n}", project="other")
    assert sorted(tools.ids(obs_type="decision", limit=100)) == decisions
    assert sorted(tools.ids(query="decided", obs_type="decision", limit=100)) == decisions


def test_a_query_keeps_dates_and_offset(tools: Toolbox, add: Add, clock: Clock) -> None:
    old = add("Deploy script", at_ms=clock() - 10 * DAY_MS)
    new = [add(f"Deploy script {n}") for n in range(4)]
    assert old not in tools.ids(query="deploy", dateStart="2026-11-20")
    assert tools.ids(query="deploy", dateEnd="2026-11-15") == [old]
    first, rest = tools.ids(query="deploy", limit=2), tools.ids(query="deploy", limit=2, offset=2)
    assert not set(first) & set(rest)
    assert set(first + rest + tools.ids(query="deploy", offset=4)) == {old, *new}


def test_a_date_includes_its_day(tools: Toolbox, add: Add) -> None:
    number = add("Today")
    assert tools.ids(dateStart="2026-11-22", dateEnd="2026-11-22") == [number]


def test_a_small_project_is_not_crowded_out_by_others(tools: Toolbox, add: Add) -> None:
    number = add("Deploy", project="small")
    for n in range(200):
        add(f"Deploy deploy {n}", project="large")
    assert tools.ids(query="deploy", project="small", limit=1) == [number]


def test_the_best_comes_first_unless_an_order_by_date_is_asked_for(tools: Toolbox, add: Add) -> None:
    best = add("Cache invalidation", narrative="cache cache cache")
    newer = add("A long text that names it once", narrative="word " * 80 + "cache")
    assert tools.ids(query="cache") == [best, newer]
    assert tools.ids(query="cache", orderBy="date_desc") == [newer, best]
    assert tools.ids(query="cache", orderBy="date_asc") == [best, newer]


def test_a_saved_note_comes_up_in_the_next_session_of_its_project(tools: Toolbox) -> None:
    tools.call("save_memory", text="Deploys go through the staging branch")
    assert "Deploys go through the staging branch" in tools.text("session_context")
    assert "staging" not in tools.text("session_context", cwd="/home/you/elsewhere")


def test_an_observation_without_concepts_is_told_too(tools: Toolbox, memory: Memory, host: Host) -> None:
    host.turn("Fix the parser")
    memory.take_in()
    memory.observe_pending()
    assert "part0.py" in tools.text("session_context")


# ------------------------------------------------------------------------------------------------ the original's spellings
def test_type_names_kinds_of_records_or_types_of_observations(tools: Toolbox, add: Add) -> None:
    bug, note = add("Wrong salt", type="bugfix"), tools.value("save_memory", text="A note")["id"]
    choice = add("Salt for all", type="decision")
    assert tools.ids(type="bugfix") == [bug]
    assert set(tools.ids(type="bugfix,decision")) == {bug, choice}
    assert set(tools.ids(type="observations")) == {bug, choice}
    assert tools.ids(type="notes") == [note]
    assert tools.ids(type="sessions") == []
    assert tools.ids(type="observations", obs_type="bugfix") == [bug]
    assert set(tools.ids(type="all")) == {bug, note, choice}


@pytest.mark.parametrize("given", ["gotcha, trade-off", ["gotcha", "trade-off"], '["gotcha", "trade-off"]'])
def test_a_list_may_be_text_with_commas(tools: Toolbox, add: Add, given: Any) -> None:
    wanted = {add("One", concepts=("gotcha",)), add("Two", concepts=("trade-off",))}
    add("Three", concepts=("pattern",))
    assert set(tools.ids(concepts=given)) == wanted


def test_numbers_may_be_text(tools: Toolbox, add: Add, clock: Clock) -> None:
    numbers = [add(f"Step {n}") for n in range(5)]
    assert tools.ids(limit="2", offset="1") == [numbers[3], numbers[2]]
    assert tools.ids(dateStart=str(clock() - 61_000)) == tools.ids(dateStart=clock() - 61_000) == numbers[:2:-1]
    assert [one["id"] for one in tools.value("get_observations", ids=str(numbers[0]))["memories"]] == [numbers[0]]


@pytest.mark.parametrize("form", [["{}", "{}"], "{}, {}", "[{}, {}]", ["#{}", "#{}"], "#{},#{}"])
def test_ids_may_be_written_in_several_ways(tools: Toolbox, add: Add, form: Any) -> None:
    one, two = add("One"), add("Two")
    pair = iter((one, two))
    given = form.format(one, two) if isinstance(form, str) else [part.format(next(pair)) for part in form]
    assert [found["id"] for found in tools.value("get_observations", ids=given)["memories"]] == [one, two]


@pytest.mark.parametrize("folder", ["src", "src/", "src/*", "/home/you/shop/src", "./src".removeprefix("./")])
@pytest.mark.parametrize("flag", [True, "true"])
def test_a_folder_means_its_direct_children(tools: Toolbox, add: Add, folder: str, flag: Any) -> None:
    inside = add("In it", files_modified=("src/a.py",))
    add("Deeper", files_modified=("src/deep/b.py",))
    add("Beside", files_modified=("other_src/c.py", "src.py"))
    assert tools.ids(filePath=folder, isFolder=flag) == [inside]


def test_a_folder_of_absolute_paths_means_its_direct_children(tools: Toolbox, add: Add) -> None:
    inside = add("In it", files_read=("/home/you/shop/src/a.py",))
    add("Deeper", files_read=("/home/you/shop/src/deep/b.py",))
    assert tools.ids(files="/home/you/shop/src", isFolder=True) == tools.ids(files="src", isFolder=True) == [inside]


def test_a_file_without_the_flag_is_part_of_a_path(tools: Toolbox, add: Add) -> None:
    numbers = {add("One", files_modified=("src/a.py",)), add("Two", files_modified=("src/deep/b.py",))}
    assert set(tools.ids(filePath="src/")) == numbers
    assert set(tools.ids(filePath="src/", isFolder="false")) == numbers


def test_arguments_nobody_knows_are_ignored(tools: Toolbox, add: Add) -> None:
    number = add("One")
    assert tools.ids(_=True, format="json", whatever={"a": 1}) == [number]
    assert len(tools.value("get_observations", ids=[number], orderBy="date_desc", limit=5)["memories"]) == 1


# ------------------------------------------------------------------------------------------------------ what tools answer
def test_a_search_without_anything_gives_the_newest(tools: Toolbox, add: Add) -> None:
    assert "Nothing found" in tools.text("search")
    numbers = [add(f"Step {n}") for n in range(25)]
    assert tools.ids() == numbers[:4:-1]
    assert tools.ids() == [hit["id"] for hit in tools.value("recent")["hits"]]


def test_an_index_costs_fifty_to_a_hundred_tokens_a_hit_at_most(tools: Toolbox, add: Add) -> None:
    for n in range(20):
        add(
            f"Step {n} of a rather long title " + "that goes on " * 20,
            narrative="long " * 500,
            files_modified=(f"src/a{n}.py",),
        )
    text, values = tools.text("search", query="step"), json.dumps(tools.value("search", query="step"))
    assert len(text) / 4 / 20 <= 100
    assert len(values) / 4 / 20 <= 100  # what Claude Code shows the model
    assert "get_observations" in text
    assert "20 of 20" in text


def test_a_prompt_on_a_timeline_has_no_id_that_could_be_taken_for_a_memory_s(
    tools: Toolbox, memory: Memory, host: Host
) -> None:
    host.turn("Fix the parser")
    memory.take_in()
    memory.observe_pending()
    items = tools.value("timeline", query="parser")["items"]
    assert [item["title"] for item in items if item["type"] == "prompt"] == ["Fix the parser"]
    assert {item["id"] for item in items if item["type"] == "prompt"} == {"P1"}
    assert all(isinstance(item["id"], int) for item in items if item["type"] != "prompt")


def test_a_prompt_is_found_and_read_by_its_own_id(tools: Toolbox, memory: Memory, host: Host) -> None:
    host.turn("Paint the shed green")
    memory.take_in()
    found = tools.value("search", query="shed")
    assert [(hit["id"], hit["type"], hit["engines"]) for hit in found["hits"]] == [("P1", "prompt", "text")]
    assert "P1 " in tools.text("search", query="shed")
    got = tools.value("get_observations", ids=["P1", "P9"])
    assert [(one["id"], one["text"]) for one in got["prompts"]] == [("P1", "Paint the shed green")]
    assert got["missing"] == ["P9"]
    assert [hit["id"] for hit in tools.value("search", type="prompts")["hits"]] == ["P1"]


def test_the_next_page_is_asked_for_by_the_last_id(tools: Toolbox, add: Add) -> None:
    for number in range(5):
        add(f"cache {number}")
    first = [hit["id"] for hit in tools.value("search", query="cache", limit=2)["hits"]]
    add("cache meanwhile")
    second = [hit["id"] for hit in tools.value("search", query="cache", limit=9, after=first[-1])["hits"]]
    assert len(first) == 2
    assert len({*first, *second}) in {5, 6}
    assert not {*first} & {*second}


def test_nothing_found_says_what_may_have_been_meant(tools: Toolbox, add: Add) -> None:
    add("The parser fails on dates")
    assert tools.value("search", query="parsre")["suggestion"] == "parser"
    assert tools.text("search", query="parsre").endswith("Did you mean: parser")


def test_details_say_which_ids_are_not_there(tools: Toolbox, add: Add) -> None:
    number = add("One", narrative="All of it")
    answer = tools.value("get_observations", ids=[number, 999])
    assert answer["missing"] == [999]
    assert "All of it" in tools.text("get_observations", ids=[number, 999])
    assert "#999" in tools.text("get_observations", ids=[number, 999])


def test_forty_thousand_ids_are_no_error(tools: Toolbox, add: Add) -> None:
    number = add("One")
    assert len(tools.value("get_observations", ids=list(range(1, 40_001)))["memories"]) == number


@pytest.mark.parametrize(
    "ids", ["1 OR 1=1", "1; DROP TABLE memories", "one", [True], [1.5], ["NaN"], [-1], [2**70], "'"]
)
def test_what_is_no_id_is_refused_and_harms_nothing(tools: Toolbox, add: Add, ids: Any) -> None:
    add("One")
    assert (
        tools.call("get_observations", ids=ids).is_error or tools.value("get_observations", ids=ids)["memories"] == []
    )
    assert tools.call("forget", ids=ids).is_error
    assert len(tools.ids()) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": "many"},
        {"offset": -1},
        {"orderBy": "best"},
        {"dateStart": "soon"},
        {"limit": 10**9},
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(tools: Toolbox, given: dict[str, Any]) -> None:
    said = tools.refusal("search", **given)
    assert next(iter(given)) in said or str(next(iter(given.values()))) in said


def test_a_project_nobody_knows_is_named_with_those_there_are(tools: Toolbox, add: Add) -> None:
    add("One", project="shop")
    assert "shop" in tools.refusal("search", project="ship")


@pytest.mark.parametrize("text", ["", "   ", "<private>all of it</private>"])
def test_a_note_without_text_is_refused(tools: Toolbox, text: str) -> None:
    tools.refusal("save_memory", text=text)
    assert tools.ids() == []


def test_a_note_is_masked_named_and_found_by_text(tools: Toolbox) -> None:
    saved = tools.value("save_memory", text="password=hunter2hunter2 is the staging login", title="Staging")
    assert saved["title"] == "Staging"
    assert saved["project"] == "project"
    assert "hunter2" not in tools.text("get_observations", ids=saved["id"])
    assert tools.ids(query="staging login") == [saved["id"]]
    assert tools.value("timeline", anchor=saved["id"])["items"][0]["id"] == saved["id"]


def test_a_note_of_a_client_without_a_folder_has_a_project_all_the_same(tools: Toolbox) -> None:
    tools.folder = ""
    assert tools.value("save_memory", text="A note")["project"] == "claude-mem"
    assert tools.value("save_memory", text="A note", project="shop")["project"] == "shop"


def test_one_memory_is_forgotten_at_once_and_everywhere(tools: Toolbox) -> None:
    number = tools.value("save_memory", text="Deploy on Fridays")["id"]
    assert tools.value("forget", ids=[number])["deleted"] == [number]
    assert tools.ids(query="deploy") == tools.ids() == []
    assert "Fridays" not in tools.text("session_context")
    assert "Nothing is stored" in tools.text("forget", ids=[number])


def test_several_memories_are_forgotten_only_with_the_confirmation_of_the_same_ids(tools: Toolbox, add: Add) -> None:
    one, two, three = add("One"), add("Two"), add("Three")
    asked = tools.value("forget", ids=[one, two])
    assert asked["pending"] == [one, two]
    assert asked["confirmation"] in asked["next"]
    assert "deleted" not in tools.value("forget", ids=[one, three], confirmation=asked["confirmation"])
    assert "deleted" not in tools.value("forget", ids=[one, two], confirmation=asked["confirmation"])
    assert set(tools.ids()) == {one, two, three}
    again = tools.value("forget", ids=[two, one])
    assert tools.value("forget", ids=[one, two], confirmation=again["confirmation"])["deleted"] == [one, two]
    assert tools.ids() == [three]


def test_the_status_says_what_waits_and_what_went_wrong(tools: Toolbox, memory: Memory, host: Host) -> None:
    host.turn()
    memory.take_in()
    facts = tools.value("memory_status")["facts"]
    assert facts["queue"]["pending"] == 2
    assert facts["server"] == {"pid": 1}
    assert "2 pending" in tools.text("memory_status")


def test_an_error_of_ours_is_told_and_a_mistake_is_not(
    tools: Toolbox, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "SESAME"
        raise LookupError(message)

    monkeypatch.setattr(memory, "stats", broken)
    assert "SESAME" not in tools.refusal("memory_status")


def test_text_with_half_a_character_is_answered(tools: Toolbox, add: Add) -> None:
    add("One")
    assert tools.call("search", query="\ud800").content


def test_a_question_wakes_nobody_and_reading_changes_nothing(tools: Toolbox, memory: Memory, add: Add) -> None:
    add("One")
    before = memory.database.data_version()
    for name, given in (
        ("search", {}),
        ("timeline", {"anchor": 1}),
        ("get_observations", {"ids": [1]}),
        ("recent", {}),
    ):
        tools.text(name, **given)
    assert memory.database.data_version() == before
    assert tools.woken == 0


def test_recent_goes_on_where_its_page_ended(tools: Toolbox, add: Add) -> None:
    numbers = [add(f"Login {number}") for number in range(3)]
    first = tools.value("recent", limit=2)
    assert f'Next page: after="{first["after"]}"' in tools.text("recent", limit=2)
    rest = tools.value("recent", limit=2, after=first["after"])
    assert [hit["id"] for hit in (*first["hits"], *rest["hits"])] == numbers[::-1]
    assert rest.get("after", "") == ""


def test_a_minute_until_which_to_search_is_included(tools: Toolbox, add: Add) -> None:
    add("Login")
    (hit,) = tools.value("search")["hits"]
    minute = hit["when"].replace(" ", "T")
    assert len(minute) == len("2026-11-22T15:48")
    assert [one["id"] for one in tools.value("search", dateEnd=minute)["hits"]] == [hit["id"]]
    assert tools.value("search", type="Observations")["total"] == 1


def test_a_query_of_operators_alone_says_what_to_do(tools: Toolbox, add: Add) -> None:
    add("Login")
    for query in ("NOT login", "-login", "OR", "*", '"'):
        assert "There is no word to look for" in tools.text("search", query=query)
        value = tools.value("search", query=query)
        assert (value["hits"], "NOT only takes away" in value["next"]) == ([], "login" in query)


def test_a_hit_says_how_it_stands_and_the_page_how_to_go_on(
    tools: Toolbox, memory: Memory, add: Add, host: Host
) -> None:
    host.turn("Where does the parser fail?")
    memory.take_in()
    one, other, old = (
        add("The parser fails on dates"),
        add("The parser fails on dates!"),
        add("The parser works on dates"),
    )
    store.link(memory.database, other, one, "similar", 1)
    memory.curate.pin(one)
    memory.curate.pin(other)
    memory.curate.supersede(old, one)
    value = tools.value("search", query="parser fails dates", type="observations")
    best, last = value["hits"]
    assert {best["id"], *best["similar"]} == {one, other}
    assert best["pinned"] is True
    assert (last["id"], last["superseded_by"], "similar" in last, "pinned" in last) == (old, [one], False, False)
    assert (value["total"], value["eligible"], "after" in value) == (3, 3, False)
    text = tools.text("search", query="parser fails dates", type="observations")
    assert "2 of 3 found among 3 eligible memories" in text
    assert f"pinned · and 1 like it: #{best['similar'][0]}" in text
    assert f"superseded by #{one}" in text
    assert tools.value("get_observations", ids=[old])["memories"][0]["superseded_by"] == [one]
    assert f"superseded by #{one}" in tools.text("timeline", anchor=old)
    page, found = tools.value("search", query="parser", limit=1), []
    while page.get("after"):
        found += page["hits"]
        page = tools.value("search", query="parser", limit=1, after=page["after"])
    ids = [hit["id"] for hit in (*found, *page["hits"])]
    assert set(ids) == {best["id"], old, "P1"} or set(ids) == {best["similar"][0], old, "P1"}
    assert len(ids) == 3
    assert tools.value("get_observations", ids=["P1"])["prompts"][0]["id"] == "P1"
