"""Modes are data files, and a broken one says what is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import modes
from claudemem_lib.errors import NotFound, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def small_mode(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Small",
        "observation_types": [{"id": "entity"}],
        "observation_concepts": [],
        "prompts": dict.fromkeys(modes.REQUIRED_PROMPTS, "text"),
    } | changes


def saved(folder: Path, mode: Any, name: str = "small") -> Path:
    (folder / f"{name}.json").write_text(mode if isinstance(mode, str) else json.dumps(mode), "utf-8")
    return folder


def test_the_code_mode_has_the_six_types_and_seven_concepts() -> None:
    code = modes.load("code")
    assert code.type_ids == ("bugfix", "feature", "refactor", "change", "discovery", "decision")
    assert len(code.concept_ids) == 7
    assert all(kind.emoji and kind.work_emoji and kind.label and kind.description for kind in code.types)


def test_every_prompt_text_a_mode_must_have_is_in_the_code_mode() -> None:
    code = modes.load("code")
    assert [key for key in modes.REQUIRED_PROMPTS if not code.text(key)] == []


def test_a_mode_cannot_be_changed_once_loaded() -> None:
    with pytest.raises(TypeError):
        modes.load("code").prompts["footer"] = "x"  # type: ignore[index]  # that is the point


def test_a_file_of_the_users_own_goes_before_ours(tmp_path: Path) -> None:
    found = modes.load("code", saved(tmp_path, small_mode(name="Mine"), "code"))
    assert found.label == "Mine"
    assert found.type_ids == ("entity",)


def test_a_type_without_label_is_called_by_its_id(tmp_path: Path) -> None:
    kind = modes.load("small", saved(tmp_path, small_mode())).types[0]
    assert (kind.label, kind.emoji) == ("entity", "📝")


def test_an_unknown_mode_is_refused_with_the_names_of_those_there_are(tmp_path: Path) -> None:
    saved(tmp_path, small_mode())
    with pytest.raises(NotFound, match=r"'nope'; known are code, small"):
        modes.load("nope", tmp_path)


@pytest.mark.parametrize("name", ["../code", "a/b", "", ".", "a b", "code.json"])
def test_a_name_cannot_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(NotFound, match="is no mode name"):
        modes.load(name)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "not a JSON object"),
        (small_mode(observation_types=[]), "no observation types"),
        (small_mode(observation_types=["x"]), "not an object with an id"),
        (small_mode(observation_types=[{"label": "x"}]), "'id' is missing"),
        (small_mode(observation_types=[{"id": 3}]), "3 is not text"),
        (small_mode(prompts={}), "'system_identity' is missing"),
        (small_mode(name=7), "7 is not text"),
        ({"name": "x"}, "'prompts' is missing"),
    ],
)
def test_a_broken_mode_says_what_is_wrong(tmp_path: Path, mode: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        modes.load("small", saved(tmp_path, mode))
