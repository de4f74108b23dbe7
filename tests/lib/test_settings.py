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
from claudemem_lib import rules, settings
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
    assert "Mend the file or delete it" in problem
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
    assert rules.load(folder)["context_tokens"] == 2_000


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
