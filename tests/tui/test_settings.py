"""The settings form and the live context: checked while typing, saved, undone, reset; nothing secret shown, nothing lost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widgets import Checkbox, Input, Select

from claudemem_lib import settings
from claudemem_lib.errors import AuthFailed
from claudemem_lib.memory import Memory
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers.fake import Fake
from claudemem_tui.forms import SettingRow

if TYPE_CHECKING:
    from collections.abc import Callable


def stored(memory: Memory) -> dict[str, Any]:
    path = Path(memory.data_dir) / "settings.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(memory: Memory, text: str) -> None:
    Path(memory.data_dir, "settings.json").write_text(text)


def raw(memory: Memory) -> str:
    return Path(memory.data_dir, "settings.json").read_text()


def row(tui: Any, name: str) -> SettingRow:
    found: SettingRow = tui.app.screen.query_one(f"#set-{name}", SettingRow)
    return found


async def group(tui: Any, name: str) -> None:
    tui.app.screen.query_one("Tabs").active = name
    await tui.quiet()


async def test_every_setting_of_a_group_has_a_row_with_help_and_source(
    memory: Memory, running: Callable[..., Any]
) -> None:
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        assert "Events per batch" in tui.text
        assert "An unfinished turn is observed once this many of its events wait." in tui.text
        assert "Default: 20." in tui.text
        assert len(tui.app.screen.query(SettingRow)) == 6


async def test_a_value_is_checked_while_it_is_typed_and_not_saved_wrong(
    memory: Memory, running: Callable[..., Any]
) -> None:
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        row(tui, "retry_limit").query_one(Input).value = "0"
        await tui.quiet()
        assert "must be at least 1, not 0" in tui.text
        await tui.press("ctrl+s")
        assert "must be at least 1" in tui.said
        assert stored(memory) == {}


async def test_a_change_waits_is_saved_is_in_force_and_is_undone(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        row(tui, "batch_max_size").query_one(Input).value = "30"
        await tui.quiet()
        assert "1 changed and not saved" in tui.text
        await group(tui, "capture")
        await group(tui, "queue")
        assert row(tui, "batch_max_size").query_one(Input).value == "30"
        await tui.press("ctrl+s")
        assert stored(memory)["CLAUDE_MEM_BATCH_MAX_SIZE"] == 30
        assert memory.settings.batch_max_size == 30
        assert "next batch" in tui.said
        await tui.press("ctrl+z")
        assert "CLAUDE_MEM_BATCH_MAX_SIZE" not in stored(memory)
        assert memory.settings.batch_max_size == 20


async def test_reset_takes_the_key_out_of_the_file(memory: Memory, running: Callable[..., Any]) -> None:
    write(memory, '{"CLAUDE_MEM_RETRY_LIMIT": 9, "SOMEBODY_ELSES": [1]}')
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        assert row(tui, "retry_limit").field.source == "file"
        row(tui, "retry_limit").query_one(Input).focus()
        await tui.press("ctrl+r")
        assert stored(memory) == {"SOMEBODY_ELSES": [1]}
        await group(tui, "other-keys")
        assert "SOMEBODY_ELSES = [1]" in tui.text


async def test_switches_and_choices_are_saved_too(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory, screen="settings") as tui:
        row(tui, "capture_enabled").query_one(Checkbox).value = False
        await group(tui, "model")
        row(tui, "provider").query_one(Select).value = "local"
        await tui.quiet()
        await tui.press("ctrl+s")
        assert stored(memory) == {"CLAUDE_MEM_CAPTURE_ENABLED": False, "CLAUDE_MEM_PROVIDER": "local"}


async def test_a_secret_is_never_shown(memory: Memory, running: Callable[..., Any]) -> None:
    write(memory, '{"CLAUDE_MEM_CLAUDE_API_KEY": "sk-very-secret"}')
    memory.reload()
    async with running(memory, size=(120, 60), screen="settings") as tui:
        await group(tui, "model")
        field = row(tui, "claude_api_key")
        assert "sk-very" not in tui.text
        assert "sk-very" not in repr(field.field)
        assert "********" in tui.text
        field.query_one(Input).value = "another"
        await tui.quiet()
        assert "another" not in tui.text


async def test_the_environment_is_named_as_a_source(
    memory: Memory, running: Callable[..., Any], environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_MEM_RETRY_LIMIT", "7")
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        assert row(tui, "retry_limit").field.source == "environment"
        assert "which wins over the file" in tui.text


async def test_a_settings_file_that_cannot_be_read_is_not_overwritten(
    memory: Memory, running: Callable[..., Any]
) -> None:
    write(memory, "{ broken")
    async with running(memory, screen="settings") as tui:
        assert "cannot be read" in tui.text
    assert raw(memory) == "{ broken"


async def test_the_theme_is_kept_for_the_next_time(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory) as tui:
        assert tui.app.theme == "textual-dark"
        await tui.press("ctrl+t")
        assert tui.app.theme == "textual-light"
    async with running(Memory(memory.data_dir)) as tui:
        assert tui.app.theme == "textual-light"
        tui.app.memory.close()


async def test_context_is_what_the_next_session_gets(filled: Memory, running: Callable[..., Any]) -> None:
    text = filled.context("/home/you/shop")
    async with running(filled, size=(200, 60), screen="context") as tui:
        assert f"{len(text):,} characters" in tui.text
        for line in text.splitlines()[:12]:
            assert line.strip()[:60] in tui.text


async def test_context_changes_live_before_anything_is_saved(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="context") as tui:
        assert "Values may hold quotes" in tui.text
        row(tui, "context_show_last_summary").query_one(Checkbox).value = False
        await tui.quiet()
        assert "## Last turn" not in tui.text
        assert "changed, not saved" in tui.text
        assert stored(filled) == {}
        await tui.press("ctrl+s")
        assert stored(filled) == {"CLAUDE_MEM_CONTEXT_SHOW_LAST_SUMMARY": False}
        assert "## Last turn" not in filled.context("/home/you/shop")


async def test_context_of_another_project_can_be_seen(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="context") as tui:
        await tui.press("d")
        tui.app.screen.query_one(Input).value = "/home/you/nothing"
        await tui.press("enter")
        assert "would be told nothing" in tui.text
        await tui.press("c")
        await tui.press("enter")
        assert "Memory of shop" in tui.text


async def test_why_each_memory_is_told_is_one_key_away_and_so_is_the_text(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled, screen="context") as tui:
        assert "13 memories, ~" in tui.text
        await tui.press("w")
        for part in ("how the last turn of the project ended", "the newest observation", "the 2nd newest observation"):
            assert part in tui.text
        assert "Notes about the past" not in tui.text
        await tui.press("w")
        assert "Notes about the past" in tui.text


async def test_a_value_of_the_environment_is_locked(
    memory: Memory, running: Callable[..., Any], environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_MEM_RETRY_LIMIT", "7")
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        assert row(tui, "retry_limit").query_one(Input).disabled
        assert not row(tui, "batch_max_size").query_one(Input).disabled
        assert "Locked:" in tui.text
        assert "CLAUDE_MEM_RETRY_LIMIT is set in the" in " ".join(tui.text.split())


async def test_leaving_with_unsaved_settings_asks_first(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory, screen="settings") as tui:
        await group(tui, "queue")
        row(tui, "batch_max_size").query_one(Input).value = "30"
        await tui.quiet()
        await tui.press("escape", "1", "q")
        assert "1 changed setting not saved. Leave without saving?" in tui.text
        await tui.press("n")
        assert tui.app.is_running
        assert stored(memory) == {}


READY = Reply(text="ready", model="claude-haiku-4-5", usage=Usage(input_tokens=30, output_tokens=3))


async def test_the_provider_is_asked_only_after_a_yes_and_the_answer_is_told(
    memories: Any, running: Callable[..., Any]
) -> None:
    provider = Fake([READY], networked=True)
    memory = memories("asked", provider=provider)
    async with running(memory, screen="settings") as tui:
        await group(tui, "model")
        await tui.press("ctrl+g")
        assert "It is a real call" in tui.text
        await tui.press("n")
        assert provider.prompts == []
        await tui.press("ctrl+g")
        await tui.press("y")
        assert len(provider.prompts) == 1
        assert "✓ fake claude-haiku-4-5 answers in" in tui.text
        assert "33 tokens" in tui.said
        assert memory.costs.by_day(1)[0].purpose == "test"


async def test_a_provider_that_does_not_answer_is_told_in_its_own_words(
    memories: Any, running: Callable[..., Any]
) -> None:
    memory = memories("refused", provider=Fake([AuthFailed("the key [/] is refused")], networked=True))
    async with running(memory, screen="settings") as tui:
        await group(tui, "model")
        await tui.press("ctrl+g")
        await tui.press("y")
        assert "✗ fake did not answer" in tui.text
        assert "the key [/] is refused" in tui.text


async def test_what_is_not_saved_is_not_tested(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory, screen="settings") as tui:
        await group(tui, "model")
        row(tui, "provider").query_one(Select).value = "claude"
        await tui.quiet()
        await tui.press("ctrl+g")
        assert "Save first" in tui.said


async def test_a_model_is_chosen_from_the_providers_own_list(memory: Memory, running: Callable[..., Any]) -> None:
    write(memory, '{"CLAUDE_MEM_CLAUDE_AUTH_METHOD": "cli", "CLAUDE_MEM_PROVIDER": "claude"}')
    memory.reload()
    async with running(memory, screen="settings") as tui:
        await group(tui, "model")
        row(tui, "model").query_one(Input).focus()
        await tui.press("ctrl+l")
        assert "Models of claude" in tui.text
        await tui.press("down", "enter")
        assert row(tui, "model").query_one(Input).value == "sonnet"


async def test_what_another_process_sets_is_shown_and_used_at_once(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="settings") as tui:
        tui.app.screen.open_group("context")
        await tui.quiet()
        settings.save(filled.data_dir, {"context_tokens": 321, "excluded_projects": ("/home/you/shop",)})
        await tui.until(lambda: "321" in tui.text)
        assert filled.settings.context_tokens == 321
        await tui.press("3")
        assert "321" in tui.text
        settings.save(filled.data_dir, {"context_tokens": 654})
        await tui.until(lambda: "654" in tui.text)
        await tui.press("7")
        assert "excluded" in tui.text


async def test_what_is_typed_is_not_overwritten_by_what_another_process_sets(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled, screen="settings") as tui:
        tui.app.screen.open_group("context")
        await tui.quiet()
        tui.app.screen.query_one("#set-context_tokens Input", Input).value = "777"
        await tui.quiet()
        settings.save(filled.data_dir, {"context_tokens": 321})
        await tui.until(lambda: filled.settings.context_tokens == 321)
        await tui.quiet()
        assert "777" in tui.text


async def test_a_long_label_does_not_touch_its_value(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, size=(140, 40), screen="context") as tui:
        assert re.search(r"Expanded observations +5", tui.text)
        assert "Expanded observations5" not in tui.text
