"""Settings from file and environment: whatever is in them, something usable comes out, and what is wrong is named."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve, fields
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import claudemem_lib
from claudemem_lib import rules, settings, settings_form
from claudemem_lib.errors import SettingsError
from claudemem_lib.settings import GROUPS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = [attribute.name for attribute in fields(Settings) if attribute.metadata["secret"]]
KEY = "CLAUDE_MEM_CONTEXT_TOKENS"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path)


def write(folder: str, content: str | bytes | dict[str, Any] | list[Any]) -> Path:
    path = Path(folder) / "settings.json"
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def stored(folder: str) -> Any:
    return json.loads((Path(folder) / "settings.json").read_text())


def hook(folder: str) -> Any:
    return json.loads((Path(folder) / "hook.json").read_text())


# --------------------------------------------------------------------------------------------------------- the file
def test_without_a_file_the_defaults_are_in_force(folder: str) -> None:
    assert settings.load(folder, {}) == (Settings(), ())


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"x"', "null", "7", b"\xff\xfe\x00", "{" * 5, '{"a":' * 100_000, "9" * 5_000],
)
def test_a_file_that_is_none_is_named_and_the_defaults_are_in_force(folder: str, content: str | bytes) -> None:
    path = write(folder, content)
    before = path.read_bytes()
    found, (problem,) = settings.load(folder, {})
    assert found == Settings()
    assert "settings.json" in problem
    assert "Mend the file, or let `claude-mem settings KEY VALUE` set it aside" in problem
    with pytest.raises(SettingsError, match=r"settings\.json"):
        settings.save(folder, {"context_tokens": 500})
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_named(folder: str) -> None:
    (Path(folder) / "settings.json").mkdir()
    found, (problem,) = settings.load(folder, {})
    assert (found, "cannot be read" in problem) == (Settings(), True)


def test_a_memory_opens_whatever_its_settings_file_holds(folder: str) -> None:
    write(folder, "{")
    with claudemem_lib.open(folder) as memory:
        assert memory.stats()["problems"][0].startswith("settings.json cannot be read")


def test_a_file_that_cannot_be_read_leaves_on_what_keeps_things_private(folder: str) -> None:
    changes = {"excluded_projects": ("/secret",), "redact_patterns": ("ACME-[0-9]+",), "capture_enabled": False}
    settings.save(folder, changes)
    before = hook(folder)
    path = Path(folder) / "settings.json"
    path.write_text(path.read_text() + ",\n")
    for _ in range(2):
        with claudemem_lib.open(folder) as memory:
            memory.reload()
            found = memory.settings
        assert hook(folder) == before
        assert {name: getattr(found, name) for name in changes} == changes


@pytest.mark.parametrize("content", ['{"CLAUDE_MEM_REDACT_PATTERNS": ["x"],}', "[]", None])
def test_a_file_that_cannot_be_read_is_set_aside_when_a_value_is_given(folder: str, content: str | None) -> None:
    settings.save(folder, {"excluded_projects": ("/secret",), "redact_patterns": ("ACME-[0-9]+",)})
    path = Path(folder) / "settings.json"
    if content is None:
        path.unlink()
        path.mkdir()
    else:
        path.write_text(content)
    with pytest.raises(SettingsError):
        settings_form.save_anyway(folder, "context_tokens", "many")
    assert not list(Path(folder).glob("settings.json.broken-*"))
    told = settings_form.save_anyway(folder, "context_tokens", "500")
    (aside,) = Path(folder).glob("settings.json.broken-*")
    assert aside.name in told
    assert content is None or aside.read_text() == content
    assert stored(folder) == {
        "CLAUDE_MEM_EXCLUDED_PROJECTS": ["/secret"], "CLAUDE_MEM_REDACT_PATTERNS": ["ACME-[0-9]+"], KEY: 500,
    }  # fmt: skip
    assert settings.load(folder, {})[1] == ()
    assert settings_form.save_anyway(folder, "context_tokens", "600") == ""


def test_a_misspelt_key_is_named_with_the_one_that_is_meant(folder: str) -> None:
    write(folder, {"CLAUDE_MEM_EXCLUDE_PROJECTS": ["/x"], "CLAUDE_MEM_WORKER_PORT": "37777", "EXCLUDED_PROJECTS": "y"})
    (told,) = settings.misspelt(folder)
    assert "CLAUDE_MEM_EXCLUDE_PROJECTS is no setting" in told
    assert "CLAUDE_MEM_EXCLUDED_PROJECTS is meant" in told


def test_a_file_with_a_byte_order_mark_is_read(folder: str) -> None:
    write(folder, b"\xef\xbb\xbf" + json.dumps({KEY: 500}).encode())
    assert settings.load(folder, {})[0].context_tokens == 500


@pytest.mark.parametrize("value", [500, "500", " 500 "])
def test_values_may_be_text_as_the_original_wrote_them(folder: str, value: object) -> None:
    write(folder, {KEY: value, "CLAUDE_MEM_CONTEXT_ENABLED": "false", "CLAUDE_MEM_SKIP_TOOLS": "Bash, Read,,"})
    found, problems = settings.load(folder, {})
    assert (found.context_tokens, found.context_enabled, found.skip_tools) == (500, False, ("Bash", "Read"))
    assert problems == ()


def test_the_originals_nested_form_is_read_and_loses_nothing(folder: str) -> None:
    write(folder, {"env": {KEY: "500", "CLAUDE_MEM_OLD": "kept"}, "theme": "dark"})
    assert settings.load(folder, {})[0].context_tokens == 500
    settings.save(folder, {"context_observations": 7})
    assert stored(folder) == {
        KEY: "500",
        "CLAUDE_MEM_OLD": "kept",
        "theme": "dark",
        "CLAUDE_MEM_CONTEXT_OBSERVATIONS": 7,
    }


@pytest.mark.parametrize("value", ["many", "", "-5", "²", "9" * 5_000, 99, 10**30, 1.5, True, None, {"a": 1}, ["500"]])
def test_an_invalid_value_keeps_the_default_and_is_named(folder: str, value: object) -> None:
    write(folder, {KEY: value, "CLAUDE_MEM_MODE": "code"})
    found, (problem,) = settings.load(folder, {})
    assert found == Settings()
    assert problem.startswith(f"settings.json: {KEY} must be")
    assert "2000 is used" in problem


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("excluded_projects", ("/secret",), 7),
        ("excluded_projects", ("/secret",), {"0": "/secret"}),
        ("excluded_projects", ("/secret",), [{"path": "/secret"}]),
        ("redact_patterns", ("ACME-[0-9]+",), None),
        ("redact_patterns", ("ACME-[0-9]+",), ["(a+)+"]),
        ("skip_tools", ("Bash", "Read"), False),
        ("capture_enabled", False, "nope"),
        ("capture_enabled", False, []),
        ("max_event_bytes", 4_096, "4 KB"),
        ("context_enabled", False, None),
    ],
)
def test_a_value_that_cannot_be_used_leaves_in_force_what_hooks_went_by(
    folder: str, name: str, good: object, bad: object
) -> None:
    settings.save(folder, {name: good})
    before = hook(folder)
    write(folder, {**stored(folder), f"CLAUDE_MEM_{name.upper()}": bad})
    for _ in range(2):
        with claudemem_lib.open(folder) as memory:
            memory.reload()
            (problem,) = memory.stats()["problems"]
            assert getattr(memory.settings, name) == good
        assert f"CLAUDE_MEM_{name.upper()}" in problem
        assert f"{good!r} is used" in problem
        assert hook(folder) == before


@pytest.mark.parametrize("name", ["excluded_projects", "skip_tools", "redact_patterns"])
def test_of_a_list_with_a_mistake_the_rest_is_used_and_what_was_in_force_stays(folder: str, name: str) -> None:
    settings.save(folder, {name: ("/old",)})
    write(folder, {f"CLAUDE_MEM_{name.upper()}": ["/new", {"x": 1}, 7]})
    found, (problem,) = settings.load(folder, {})
    assert getattr(found, name) == ("/old", "/new", "7")
    assert "must be a list with commas" in problem


def test_what_plainly_is_meant_is_understood(folder: str) -> None:
    write(folder, {"CLAUDE_MEM_EXCLUDED_PROJECTS": ["/a", 7], "CLAUDE_MEM_CAPTURE_ENABLED": "off", KEY: "500"})
    found, problems = settings.load(folder, {})
    assert (found.excluded_projects, found.capture_enabled, problems) == (("/a", "7"), False, ())


def test_hooks_go_by_the_file_itself_before_it_was_read_for_the_first_time(folder: str) -> None:
    written: dict[str, Any] = {"EXCLUDED_PROJECTS": "/secret, /other", "REDACT_PATTERNS": ["ACME-[0-9]+", 7]}
    path = write(folder, {f"CLAUDE_MEM_{name}": value for name, value in written.items()})
    expected = (("/secret", "/other"), ("ACME-[0-9]+",))
    for content in (path.read_text(), "\ufeff" + path.read_text(), json.dumps({"env": stored(folder)})):
        path.write_text(content)
        found = rules.load(folder)
        assert (found["excluded_projects"], found["redact_patterns"]) == expected
    (Path(folder) / "hook.json").write_text("{")
    assert rules.load(folder)["excluded_projects"] == expected[0]


# -------------------------------------------------------------------------------------------------- the environment
def test_the_environment_wins_over_the_file(folder: str, environment: Callable[[str, str], None]) -> None:
    write(folder, {KEY: 500})
    environment(KEY, "700")
    assert settings.load(folder)[0].context_tokens == 700


@pytest.mark.parametrize("value", ["much", "²", "٣" * 30, "9" * 5_000, "-1", ""])
def test_an_invalid_variable_leaves_what_the_file_says(
    folder: str, environment: Callable[[str, str], None], value: str
) -> None:
    write(folder, {KEY: 500})
    environment(KEY, value)
    found, (problem,) = settings.load(folder)
    assert found.context_tokens == 500
    assert problem.startswith(f"environment: {KEY} must be")
    assert rules.load(folder)["context_tokens"] == 500


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_not_read_from_the_environment_and_never_shown(folder: str, name: str) -> None:
    key = settings.key_of(name)
    assert getattr(settings.load(folder, {key: "sk-secret"})[0], name) == ""
    write(folder, {key: ["sk-secret"]})
    found, (problem,) = settings.load(folder, {})
    assert getattr(found, name) == ""
    assert "sk-secret" not in problem


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.dictionaries(
        st.sampled_from([settings.key_of(attribute.name) for attribute in fields(Settings)]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.text(max_size=5)),
        max_size=4,
    )
)
def test_no_value_stops_settings_from_being_loaded(folder: str, values: dict[str, Any]) -> None:
    write(folder, json.dumps(values))
    found, problems = settings.load(folder, {})
    assert isinstance(found, Settings)
    assert all(problem.startswith("settings.json: CLAUDE_MEM_") for problem in problems)


# ------------------------------------------------------------------------------------------------------------- saving
def test_saving_keeps_every_other_key(folder: str) -> None:
    write(folder, {"CLAUDE_MEM_UNKNOWN": 1, "other": {"deep": [1]}, KEY: "700"})
    found = settings.save(folder, {"context_observations": 7, "skip_tools": ("Bash",)})
    assert (found.context_observations, found.skip_tools, found.context_tokens) == (7, ("Bash",), 700)
    assert stored(folder) == {
        "CLAUDE_MEM_UNKNOWN": 1,
        "other": {"deep": [1]},
        KEY: "700",
        "CLAUDE_MEM_CONTEXT_OBSERVATIONS": 7,
        "CLAUDE_MEM_SKIP_TOOLS": ["Bash"],
    }


def test_the_file_is_the_owners_alone(folder: str) -> None:
    settings.save(folder, {"context_tokens": 500})
    assert stat.S_IMODE((Path(folder) / "settings.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"context_tokens": 7}, "CLAUDE_MEM_CONTEXT_TOKENS must be at least 100, not 7"),
        ({"context_tokens": 10**9}, "at most 2375"),
        ({"context_tokens": "500"}, "must be a whole number"),
        ({"context_enabled": 1}, "must be true or false"),
        ({"context_full_field": "title"}, "must be one of narrative, facts"),
        ({"no_such_setting": 1}, "is no setting"),
    ],
)
def test_what_cannot_be_saved_is_named_and_changes_nothing(folder: str, changes: dict[str, Any], told: str) -> None:
    write(folder, {KEY: 700})
    with pytest.raises(SettingsError, match=told):
        settings.save(folder, {"context_observations": 7, **changes})
    assert stored(folder) == {KEY: 700}


@pytest.mark.parametrize("key", ["CLAUDE_MEM_CONTEXT_TOKENS", "context_tokens", " Context_Tokens "])
def test_a_key_may_be_written_in_short(key: str) -> None:
    assert settings.field_of(key) == "context_tokens"
    assert settings.value_of(key, "500") == 500


def test_every_value_survives_being_written_as_text() -> None:
    changed = evolve(Settings(), skip_tools=("Bash", "Read"), context_enabled=False, context_tokens=500)
    for attribute in fields(Settings):
        value = getattr(changed, attribute.name)
        assert settings.value_of(attribute.name, settings.as_text(value)) == value


# ----------------------------------------------------------------------------------------------------- what hooks read
def test_hooks_read_what_the_file_says_and_their_own_environment(
    folder: str, environment: Callable[[str, str], None]
) -> None:
    environment(KEY, "900")
    settings.save(folder, {"context_tokens": 500, "excluded_projects": ("~/secret",)})
    assert (hook(folder)["context_tokens"], hook(folder)["excluded_projects"]) == (500, ["~/secret"])
    assert rules.load(folder)["context_tokens"] == 900
    assert rules.load(folder)["excluded_projects"] == ("~/secret",)


def test_hooks_are_told_nothing_but_what_they_need(folder: str) -> None:
    settings.save(folder, dict.fromkeys(SECRETS, "sk-secret"))
    assert set(hook(folder)) == {*rules.DEFAULTS, "pauses"}
    assert "sk-secret" not in (Path(folder) / "hook.json").read_text()


def test_opening_a_memory_brings_the_hooks_rules_up_to_date(folder: str) -> None:
    write(folder, {"CLAUDE_MEM_SKIP_TOOLS": "Bash"})
    claudemem_lib.open(folder).close()
    assert rules.load(folder)["skip_tools"] == ("Bash",)
    before = (Path(folder) / "hook.json").stat().st_mtime_ns
    claudemem_lib.open(folder).close()
    assert (Path(folder) / "hook.json").stat().st_mtime_ns == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"context_tokens": "x", "skip_tools": [1], "nonsense": 1}'])
def test_broken_rules_leave_hooks_with_the_defaults(folder: str, content: str) -> None:
    (Path(folder) / "hook.json").write_text(content)
    found = rules.load(folder)
    assert {name: found[name] for name in rules.DEFAULTS} == rules.DEFAULTS


# -------------------------------------------------------------------------------------------------------- declarations
def test_every_setting_says_what_it_is() -> None:
    described = list(settings.described())
    assert len(described) == len(fields(Settings))
    for key, default, about in described:
        assert key.startswith("CLAUDE_MEM_")
        assert about["group"] in GROUPS
        assert about["label"]
        assert about["help"].endswith(".")
        assert not about["secret"] or default == ""


# ---------------------------------------------------------------------------------------------------------- own patterns
@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[a-z", "which is no regular expression: unterminated character set"),
        ("a**", "which is no regular expression"),
        ("x*", "which matches an empty text"),
        ("(?=a)", "which matches an empty text"),
        ("(a+)+$", "which can take too long"),
        ("(?:a?){40}a{40}", "which can take too long"),
        ("(ab|a)*x", "which can take too long"),
        ("(.*)(.*)(.*)x", "which can take too long"),
        ("(?>a+b+c+)+d", "which can take too long"),
        ("(a)(?(1)b+|c+)*d", "which can take too long"),
        ("a" * 501, "longer than 500 characters"),
        ("[[a]", "which is no regular expression"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_with_the_key_and_the_reason(
    folder: str, pattern: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=r"CLAUDE_MEM_REDACT_PATTERNS holds ") as refused:
        settings.save(folder, {"redact_patterns": ("ACME-[0-9]{6}", pattern)})
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "pattern",
    [
        "ACME-[0-9]{6}",
        r"\d{1,3}(?:\.\d{1,3}){3}",
        r"\b[A-Z]+-\d+\b",
        "(?i)secret project",
        "foo|bar",
        "(?<=x)y+",
        "a(?!b)c",
    ],
)
def test_patterns_as_people_write_them_are_taken(folder: str, pattern: str) -> None:
    assert settings.save(folder, {"redact_patterns": (pattern,)}).redact_patterns == (pattern,)


def test_too_many_patterns_are_refused(folder: str) -> None:
    with pytest.raises(SettingsError, match="holds 51; at most 50 can be used"):
        settings.save(folder, {"redact_patterns": tuple(f"A{number}" for number in range(51))})


def test_one_bad_pattern_in_the_file_does_not_switch_off_the_others(folder: str) -> None:
    write(folder, {"CLAUDE_MEM_REDACT_PATTERNS": ["ACME-[0-9]{6}", "(a+)+", "INT-[A-Z]+"]})
    current, problems = settings.load(folder)
    assert current.redact_patterns == ("ACME-[0-9]{6}", "INT-[A-Z]+")
    assert "CLAUDE_MEM_REDACT_PATTERNS" in problems[0]
    settings.write_rules(folder)
    assert hook(folder)["redact_patterns"] == ["ACME-[0-9]{6}", "INT-[A-Z]+"]


def test_the_environment_has_no_say_about_patterns(folder: str, environment: Callable[[str, str], None]) -> None:
    settings.save(folder, {"redact_patterns": ("ACME-[0-9]{6}",)})
    environment("CLAUDE_MEM_REDACT_PATTERNS", "")
    assert settings.load(folder)[0].redact_patterns == ("ACME-[0-9]{6}",)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ACME-[0-9]{6,8},INT-[A-Z,a]", ("ACME-[0-9]{6,8}", "INT-[A-Z,a]")),
        (r"a\,b", (r"a\,b",)),
        ("(a,b),c", ("(a,b)", "c")),
        ('["a,b", "c"]', ("a,b", "c")),
        ("[a-z]+,x", ("[a-z]+", "x")),
        ("a(,b", ("a(", "b")),
        ("a)b,c", ("a)b", "c")),
        (" a , ,b ", ("a", "b")),
        ("", ()),
    ],
)
def test_a_comma_between_brackets_belongs_to_the_part(text: str, parts: tuple[str, ...]) -> None:
    assert settings.value_of("redact_patterns", text) == parts


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), max_size=4))
def test_any_list_survives_being_written_as_text_once_stripped(parts: list[str]) -> None:
    value = tuple(part.strip() for part in parts if part.strip())
    assert settings.value_of("redact_patterns", settings.as_text(value)) == value
