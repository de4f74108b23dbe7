"""Settings as a form needs them: each with its value, where that comes from, and what is wrong with a new one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import evolve, fields_dict, frozen

from claudemem_lib import paths, settings, settings_file
from claudemem_lib.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from claudemem_lib.settings import Settings

WHEN = {
    "capture": "Takes effect with the next event.",
    "context": "Takes effect with the next session.",
    "model": "Takes effect with the next batch.",
    "queue": "Takes effect with the next batch.",
    "storage": "Takes effect with the next cleaning.",
    "server": "Takes effect when the server is started again.",
    "interface": "Takes effect when the interface is opened again.",
}


@frozen(kw_only=True)
class Field:
    """One setting: *name* of the field, its *value* in force as text ("" for a secret), *source* of it, and what is declared."""

    name: str
    key: str
    value: str
    default: str
    source: str
    is_set: bool
    about: Mapping[str, Any]

    @property
    def is_switch(self) -> bool:
        """Whether it is true or false."""
        return isinstance(fields_dict(settings.Settings)[self.name].default, bool)


def fields(data_dir: str) -> tuple[list[Field], dict[str, str], tuple[str, ...]]:
    """Every setting in the order of the groups; the file's keys that are none, with their values; what could not be used."""
    current, problems = settings.load(data_dir)
    stored = _file(data_dir)
    found = []
    for key, default, about in settings.described():
        name = settings.field_of(key)
        value = getattr(current, name)
        from_outside = not about["own_file_only"] and paths.environment(key) is not None
        source = "environment" if from_outside else "file" if key in stored else "default"
        text = "" if about["secret"] else settings.as_text(value)
        made = Field(
            name=name, key=key, value=text, default=settings.as_text(default), source=source,
            is_set=bool(value), about=about,
        )  # fmt: skip
        found.append(made)
    known = {field.key for field in found}
    return found, {key: json.dumps(value) for key, value in stored.items() if key not in known}, problems


def problem(name: str, text: str) -> str:
    """What is wrong with *text* as the value of a setting, "" for nothing."""
    try:
        applied(settings.Settings(), {name: text})
    except SettingsError as error:
        return str(error).removeprefix(settings.key_of(name)).strip()
    return ""


def applied(current: Settings, texts: Mapping[str, str]) -> Settings:
    """Settings with some values given as text; SettingsError names what cannot be used."""
    return evolve(current, **{name: settings.value_of(name, text) for name, text in texts.items()})


def save(data_dir: str, texts: Mapping[str, str]) -> dict[str, str | None]:
    """Write values given as text; gives what stood in the file before (None: nothing), for undo()."""
    stored = _file(data_dir)
    before = {name: stored.get(settings.key_of(name)) for name in texts}
    settings.save(data_dir, {name: settings.value_of(name, text) for name, text in texts.items()})
    return {name: None if value is None else _text(value) for name, value in before.items()}


def save_anyway(data_dir: str, name: str, text: str) -> str:
    """Write a value, into a new file where the old one cannot be read: that is set aside, and a sentence says so (else "")."""
    applied(settings.Settings(), {name: text})
    told = settings_file.set_aside(data_dir)
    save(data_dir, {name: text})
    return told


def undo(data_dir: str, before: Mapping[str, str | None]) -> None:
    """Bring back what save() or reset() gave."""
    reset(data_dir, [name for name, text in before.items() if text is None])
    save(data_dir, {name: text for name, text in before.items() if text is not None})


def reset(data_dir: str, names: Iterable[str]) -> dict[str, str | None]:
    """Take settings out of the file, so that their defaults hold; gives what stood there, for undo()."""
    stored = _file(data_dir)
    before = {name: stored.pop(settings.key_of(name), None) for name in names}
    if any(value is not None for value in before.values()):
        settings_file.write(data_dir, stored)
        settings.write_rules(data_dir)
    return {name: None if value is None else _text(value) for name, value in before.items()}


def _text(value: Any) -> str:
    return settings.as_text(tuple(value) if isinstance(value, list) else value)


def _file(data_dir: str) -> dict[str, Any]:
    """The settings file; SettingsError if it cannot be read, since writing would lose what is in it."""
    found, problems = settings_file.read(data_dir)
    if problems:
        raise SettingsError(problems[0])
    return found
