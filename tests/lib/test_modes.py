"""Modes are data files, and a broken one says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import modes, prompts, replies, settings
from claudemem_lib.errors import NotFound, SettingsError
from claudemem_lib.models import Outcome
from claudemem_lib.providers.fake import Fake
from claudemem_lib.settings import Settings
from tests.lib import turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Host, Memories


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
    with pytest.raises(NotFound, match=r"'nope'; known are code, code--ar, .*, small"):
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


LANGUAGES = "ar bn cs da de el es fi fr he hi hu id it ja ko nl no pl pt-br ro ru sv th tr uk ur vi zh"
ALL = ("code", "code--chill", "email-investigation", *(f"code--{language}" for language in LANGUAGES.split()))


def test_all_modes_of_the_original_are_there() -> None:
    assert sorted(modes.names()) == sorted(ALL)
    assert len(ALL) == 32


@pytest.mark.parametrize("name", ALL)
def test_every_mode_of_ours_can_be_asked_with(name: str) -> None:
    mode = modes.load(name)
    system = prompts.build(mode, turns.batch("x", turns.bash("make"), turns.stop("Done."))).system
    assert all(kind.id in system for kind in mode.types)
    assert all(concept.id in system for concept in mode.concepts)
    assert "<summary>" in system


@pytest.mark.parametrize("language", LANGUAGES.split())
def test_a_language_changes_words_and_nothing_else(language: str) -> None:
    mode, code = modes.load(f"code--{language}"), modes.load("code")
    assert (mode.types, mode.concepts) == (code.types, code.concepts)
    changed = {key for key, text in mode.prompts.items() if code.text(key) != text}
    assert changed > {"footer", "xml_title_placeholder", "xml_summary_request_placeholder"}
    assert set(mode.prompts) == set(code.prompts)
    assert all(mode.text(key)[0] == "[" and mode.text(key)[-1] == "]" for key in changed - {"footer"})


def test_the_template_of_every_language_is_known_when_it_is_echoed() -> None:
    for name in ALL:
        mode = modes.load(name)
        system = prompts.build(mode, turns.batch("x", turns.bash("make"), turns.stop("Done."))).system
        assert replies.parse(system, mode.type_ids).outcome is Outcome.NOT_UNDERSTOOD


def test_a_child_merges_objects_and_replaces_lists(tmp_path: Path) -> None:
    saved(tmp_path, small_mode(observation_types=[{"id": "one"}, {"id": "two"}]), "base")
    child = {"name": "Child", "prompts": {"footer": "Bye."}, "observation_types": [{"id": "three"}]}
    mode = modes.load("base--child", saved(tmp_path, child, "base--child"))
    assert (mode.label, mode.type_ids, mode.text("footer")) == ("Child", ("three",), "Bye.")
    assert mode.text("system_identity") == modes.load("base", tmp_path).text("system_identity")


def test_a_child_without_a_file_is_its_parent() -> None:
    assert modes.load("code--nowhere").types == modes.load("code").types


def test_a_child_without_a_parent_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'gone'"):
        modes.load("gone--child", saved(tmp_path, {"name": "x"}, "gone--child"))


def test_a_mode_inherits_once() -> None:
    with pytest.raises(NotFound, match="stands in it once"):
        modes.load("code--de--chill")


def test_a_parent_of_the_users_own_is_inherited_from(tmp_path: Path) -> None:
    assert modes.load("code--de", saved(tmp_path, small_mode(), "code")).type_ids == ("entity",)


def test_a_broken_child_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"code--de\.json"):
        modes.load("code--de", saved(tmp_path, "{", "code--de"))


# ------------------------------------------------------------------------------------------------------- in a memory
ENTITY = "<observation><type>entity</type><title>Ada Lovelace</title></observation>"


def test_any_modes_types_are_stored_and_filtered(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories(provider=Fake([ENTITY]), settings=Settings(mode="email-investigation"))
    hosts(memory).turn()
    memory.take_in()
    memory.observe_pending()
    assert [hit.title for hit in memory.search(type="entity")] == ["Ada Lovelace"]
    assert memory.search(type="relationship") == []


def test_row_11_a_changed_mode_is_used_from_the_next_batch_on(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories(provider=Fake([ENTITY, ENTITY, ENTITY]))
    host = hosts(memory)
    folder = Path(memory.data_dir) / "modes"
    folder.mkdir()
    kinds = []
    for change in ({}, {"mode": "mine"}, None):
        saved(folder, small_mode(observation_types=[{"id": "entity" if change else "being"}]), "mine")
        settings.save(memory.data_dir, change or {})
        memory.reload()
        host.turn()
        memory.take_in()
        memory.observe_pending()
        kinds.append(memory.search(order="date_desc", kind="observation")[0].type)
    assert kinds == ["discovery", "entity", "being"]


def test_row_16_a_mode_that_cannot_be_used_is_told_and_code_stands_in(
    memories: Memories, hosts: Callable[..., Host]
) -> None:
    memory = memories(settings=Settings(mode="nope"))
    hosts(memory).turn()
    memory.take_in()
    assert memory.observe_pending().events == 2
    assert "no mode 'nope'" in memory.stats()["problems"][0]
