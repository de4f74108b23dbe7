"""Every setting: declared once here, used by the file, the environment, the command line, forms and docs.

File `settings.json` in the data folder, flat, keys `CLAUDE_MEM_<FIELD>`, all values may be text (as the original wrote them).
The environment wins over the file, but for keys, addresses and commands. Unknown keys are kept. A value that cannot be used
is reported; in its place stands its default, or what hooks went by last where hooks go by it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from attrs import NOTHING, asdict, evolve, fields, fields_dict, frozen

from claudemem_lib import ids, lean, paths, rules, settings_file, switches
from claudemem_lib.errors import SettingsError
from claudemem_lib.setting import as_list, good_parts, setting
from claudemem_lib.settings_embedding import EmbeddingSettings
from claudemem_lib.settings_folders import FolderSettings
from claudemem_lib.settings_model import ModelSettings
from claudemem_lib.settings_privacy import PrivacySettings
from claudemem_lib.settings_tui import TuiSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from attrs import Attribute

NEAR = 0.75  # so alike, by difflib, is a misspelt key to the one that is meant
GROUPS = ("capture", "model", "queue", "context", "storage", "server", "interface")


def _rule(name: str, **about: Any) -> Any:
    """A setting the hooks read too: its default stands in rules.py."""
    return setting(rules.DEFAULTS[name], **about)


@frozen(kw_only=True)
class Settings(PrivacySettings, ModelSettings, EmbeddingSettings, FolderSettings, TuiSettings):
    """The settings in force. Change one with attrs.evolve; an invalid value raises SettingsError naming the key."""

    capture_enabled: bool = _rule(
        "capture_enabled", group="capture", label="Capture", help="Record prompts, tool use and answers."
    )
    skip_tools: tuple[str, ...] = _rule(
        "skip_tools", group="capture", label="Skipped tools", help="Tools whose use is never recorded, by exact name."
    )
    excluded_projects: tuple[str, ...] = _rule(
        "excluded_projects",
        group="capture",
        label="Excluded projects",
        help="Folders that are never recorded, subfolders included. Globs: * within a folder, ** across, ? one character, ~ home.",
    )
    max_event_bytes: int = _rule(
        "max_event_bytes",
        group="capture",
        label="Bytes per event",
        help="Longer tool input and output keeps head and tail, with a mark saying how much was cut.",
        at_least=2_048,
        at_most=4_194_304,
    )
    filter_compaction_prompts: bool = _rule(
        "filter_compaction_prompts",
        group="capture",
        label="Filter compaction prompts",
        help="Prompts the host writes when it continues a conversation do not count as the user's words.",
    )
    event_retention_days: int = setting(
        7,
        group="storage",
        label="Days raw events are kept",
        help="Raw events leave this long after they were observed; what was made of them stays.",
        at_least=0,
    )
    idle_exit_minutes: int = setting(
        30,
        group="server",
        label="Idle exit",
        help="The server ends after so many minutes without a client and without work; the next session starts it again.",
        at_least=1,
    )
    server_socket: str = setting(
        "auto",
        group="server",
        label="Server socket",
        help="How the server is reached: a Unix socket where there are any (auto), or a loopback port with a token (loopback).",
        choices=("auto", "loopback"),
    )
    http_enabled: bool = setting(
        False,  # noqa: FBT003  # a default
        group="server",
        label="HTTP",
        help="Serve MCP over HTTP too, with the bearer token in http-token in the data folder.",
    )
    http_host: str = setting(
        "127.0.0.1",
        group="server",
        label="HTTP host",
        help="The address HTTP listens on; beyond this machine only with a token of your own.",
    )
    http_port: int = setting(
        37_777, group="server", label="HTTP port", help="The port HTTP listens on.", at_least=1_024, at_most=65_535
    )
    context_enabled: bool = _rule(
        "context_enabled",
        group="context",
        label="Context",
        help="Tell a new session what is remembered of its project.",
    )
    context_tokens: int = _rule(
        "context_tokens",
        group="context",
        label="Token budget",
        help="The most a session start may cost, at four characters a token; never above 9,500 characters.",
        at_least=100,
        at_most=2_375,
    )
    context_observations: int = _rule(
        "context_observations",
        group="context",
        label="Observations",
        help="At most this many observations are listed.",
        at_least=1,
        at_most=200,
    )
    context_session_count: int = _rule(
        "context_session_count",
        group="context",
        label="Summaries",
        help="At most this many turn summaries are listed.",
        at_least=1,
        at_most=50,
    )
    context_full_count: int = _rule(
        "context_full_count",
        group="context",
        label="Expanded observations",
        help="So many of the best observations are shown with their text.",
        at_least=0,
        at_most=20,
    )
    context_full_field: str = _rule(
        "context_full_field",
        group="context",
        label="Expanded field",
        help="What an expanded observation shows.",
        choices=("narrative", "facts"),
    )
    context_observation_types: tuple[str, ...] = _rule(
        "context_observation_types",
        group="context",
        label="Types",
        help="Only these observation types; empty means all.",
    )
    context_observation_concepts: tuple[str, ...] = _rule(
        "context_observation_concepts",
        group="context",
        label="Concepts",
        help="Only observations with one of these concepts; empty means all.",
    )
    context_show_read_tokens: bool = _rule(
        "context_show_read_tokens", group="context", label="Read cost", help="Show what reading each memory costs."
    )
    context_show_work_tokens: bool = _rule(
        "context_show_work_tokens", group="context", label="Work", help="Show what each memory cost to find out."
    )
    context_show_savings_amount: bool = _rule(
        "context_show_savings_amount",
        group="context",
        label="Savings",
        help="Show the tokens saved by not doing it again.",
    )
    context_show_savings_percent: bool = _rule(
        "context_show_savings_percent", group="context", label="Savings in percent", help="Show the savings as a share."
    )
    context_show_last_summary: bool = _rule(
        "context_show_last_summary", group="context", label="Last summary", help="Show the newest turn summary in full."
    )
    context_show_last_message: bool = _rule(
        "context_show_last_message",
        group="context",
        label="Last message",
        help="Show the assistant's last words of the session before.",
    )


def key_of(name: str) -> str:
    """The key of a field in file and environment."""
    return rules.PREFIX + name.upper()


def field_of(key: str) -> str:
    """The field a key (in full, or without its prefix, in any case) stands for; SettingsError if there is none."""
    name = key.strip().upper().removeprefix(rules.PREFIX).lower()
    if name not in {attribute.name for attribute in fields(Settings)}:
        message = f"{key} is no setting; `claude-mem settings` lists them"
        raise SettingsError(message)
    return name


def value_of(key: str, text: str) -> Any:
    """*text* as the value of a key."""
    return read_value(fields_dict(Settings)[field_of(key)], text)


def as_text(value: Any) -> str:
    """A value as it is written in the environment: a list with commas, or as JSON where those would not be understood."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, tuple):
        return str(value)
    text = ",".join(value)
    return text if rules.from_text(text, (), ()) == value else json.dumps(value, ensure_ascii=False)


def load(data_dir: str, environment: Mapping[str, str] | None = None) -> tuple[Settings, tuple[str, ...]]:
    """The settings in force in *data_dir* and what could not be used, one sentence each. Never raises for a value."""
    settings_file.migrate(data_dir)
    stored, problems = settings_file.read(data_dir)
    current = Settings()
    environment = environment if environment is not None else _environment()
    for source, values in (("settings.json", stored), ("environment", environment)):
        for attribute in fields(Settings):
            raw = values.get(key_of(attribute.name), NOTHING)
            if raw is NOTHING or (source == "environment" and attribute.metadata["own_file_only"]):
                continue
            try:
                current = evolve(current, **{attribute.name: read_value(attribute, raw)})
            except SettingsError as error:
                if source == "settings.json":
                    current = _without(current, attribute, read_value(attribute, raw), data_dir)
                used = "the default" if attribute.metadata["secret"] else repr(getattr(current, attribute.name))
                problems.append(f"{source}: {error}; {used} is used")
    return current, tuple(problems)


def _without(current: Settings, attribute: Attribute[Any], value: Any, data_dir: str) -> Settings:
    """*current* with what stands in for a value of the file that cannot be used.

    Of a list the parts that can be; of what hooks go by also what was in force last, lest a mistake records what was kept out.
    """
    found: Any = good_parts(attribute, value)
    last: Any = rules.written(data_dir).get(attribute.name, attribute.default)
    last = good_parts(attribute, last) or last
    if found and last != attribute.default:
        found = tuple(dict.fromkeys((*last, *found)))
    found = found[: attribute.metadata["at_most"]] or last
    with suppress(SettingsError):  # somebody may have written into the file of the rules too
        return evolve(current, **{attribute.name: found})
    return current


def read_value(attribute: Attribute[Any], raw: Any) -> Any:
    """*raw* (JSON value or text) as the type of the field; left as it is where it cannot be, for the validator to refuse."""
    if isinstance(raw, list):
        return as_list(raw)
    if isinstance(raw, str):
        return rules.from_text(raw, attribute.default, raw)
    return raw


def reload(data_dir: str, current: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The settings in force now; *current* where the file cannot be read, as while somebody is writing it."""
    _, problems = settings_file.read(data_dir)
    if problems:
        return current, tuple(problems)
    return load(data_dir)


def _environment() -> dict[str, str]:
    names = (key_of(attribute.name) for attribute in fields(Settings))
    return {name: value for name in names if (value := paths.environment(name)) is not None}


def save(data_dir: str, changes: Mapping[str, Any]) -> Settings:
    """Write *changes* (field name to value) into the file, keeping every other key. SettingsError names what is wrong."""
    stored, problems = settings_file.read(data_dir)
    if problems:
        raise SettingsError(problems[0])
    for name in changes:
        field_of(name)
    evolve(Settings(), **changes)
    for name, value in changes.items():
        stored[key_of(name)] = list(value) if isinstance(value, tuple) else value
    settings_file.write(data_dir, stored)
    current, _ = load(data_dir)
    write_rules(data_dir)
    return current


def write_rules(data_dir: str) -> None:
    """Bring `hook.json` up to date with the settings file, if it is not. The environment stays out: a hook reads its own."""
    wanted = wanted_rules(data_dir)
    try:
        if lean.read_file(f"{data_dir}/{paths.HOOK_RULES}") == wanted:
            return
    except OSError:
        pass
    lean.write_whole(data_dir, paths.HOOK_RULES, wanted)


def wanted_rules(data_dir: str) -> str:
    """What `hook.json` has to say."""
    stored, _ = load(data_dir, {})
    known = {name: _plain(value) for name, value in asdict(stored).items() if name in rules.DEFAULTS}
    return lean.dumps({**known, "pauses": _pauses(data_dir, capture=stored.capture_enabled)})


def _pauses(data_dir: str, *, capture: bool) -> list[dict[str, Any]]:
    """The pauses a hook has to know; where their file was broken, those it knows already: nothing is recorded by mistake."""
    now_ms = ids.now_ms()
    try:
        switches.follow_setting(data_dir, capture=capture, now_ms=now_ms)
        return switches.lasting(switches.load(data_dir), now_ms)
    except ValueError:
        return list(rules.load(data_dir)["pauses"])


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def misspelt(data_dir: str) -> tuple[str, ...]:
    """Keys of the file that are no setting but nearly one, a sentence each; others are kept quietly, they may be another's."""
    stored, _ = settings_file.read(data_dir)
    known = [attribute.name for attribute in fields(Settings)]
    told = []
    for key in stored:
        name = key.removeprefix(rules.PREFIX).lower()
        near = get_close_matches(name, known, 1, NEAR) if key.startswith(rules.PREFIX) and name not in known else ()
        told += [f"settings.json: {key} is no setting and does nothing; {key_of(one)} is meant?" for one in near]
    return tuple(told)


def described() -> Iterable[tuple[str, Any, Mapping[str, Any]]]:
    """Every setting as (key, default, what is known about it), group by group."""
    declared: Sequence[Attribute[Any]] = fields(Settings)
    for attribute in sorted(declared, key=lambda one: GROUPS.index(one.metadata["group"])):
        yield key_of(attribute.name), attribute.default, attribute.metadata
