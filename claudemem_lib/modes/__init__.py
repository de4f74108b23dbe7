"""Modes: which kinds of things are remembered, and the words that ask a model for them. Data files, one per mode.

`parent--child` is the mode *parent* with what the file of that name changes: objects are merged, lists and texts replaced.
One level only. Without a file of its own it is the parent.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib.errors import NotFound, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE = Path(__file__).parent
FOLDER = "modes"  # in the data folder: those of the user
_INHERITS = "--"
_NAME = re.compile(r"[A-Za-z0-9]+(?:-{1,2}[A-Za-z0-9]+)*")
REQUIRED_PROMPTS = (
    "system_identity",
    "observer_role",
    "recording_focus",
    "skip_guidance",
    "output_format_header",
    "summary_instruction",
)


@frozen(kw_only=True)
class ObservationType:
    """A kind of observation; *work_emoji* stands for the work that went into it."""

    id: str
    label: str
    description: str
    emoji: str = "📝"
    work_emoji: str = "🛠️"


@frozen(kw_only=True)
class Concept:
    """A word observations are tagged with."""

    id: str
    label: str
    description: str


@frozen(kw_only=True)
class Mode:
    """What is remembered and how a model is asked. *name* is the file's name, *label* is for people."""

    name: str
    label: str
    description: str
    types: tuple[ObservationType, ...]
    concepts: tuple[Concept, ...]
    prompts: Mapping[str, str]

    @property
    def type_ids(self) -> tuple[str, ...]:
        """The ids of the types, in order."""
        return tuple(kind.id for kind in self.types)

    @property
    def concept_ids(self) -> tuple[str, ...]:
        """The ids of the concepts, in order."""
        return tuple(concept.id for concept in self.concepts)

    def text(self, key: str) -> str:
        """One prompt text, "" where the mode has none."""
        return self.prompts.get(key, "")


def load(name: str, extra_dir: Path | str | None = None) -> Mode:
    """The mode *name*: a file in *extra_dir* goes before ours. NotFound if there is none, SettingsError if it is broken."""
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no mode name: letters, digits and dashes only"
        raise NotFound(message)
    parent, inherits, child = name.partition(_INHERITS)
    if _INHERITS in child:
        message = f"{name!r} is no mode name: a mode inherits from one other, so {_INHERITS} stands in it once"
        raise NotFound(message)
    own, base = _file(name, extra_dir), _file(parent, extra_dir) if inherits else None
    if base is None and (own is None or inherits):
        missing = parent if inherits else name
        message = f"There is no mode {missing!r}; known are {', '.join(names(extra_dir))}. CLAUDE_MEM_MODE chooses one."
        raise NotFound(message)
    found = _merged(_read(base), _read(own) if own else {}) if base else _read(own or _HERE)
    try:
        return _mode(name, found)
    except (KeyError, TypeError, ValueError) as error:
        message = f"The mode file {own or base} is not a mode: {_reason(error)}. Mend it or choose another mode."
        raise SettingsError(message) from error


def load_or_code(name: str, extra_dir: Path | str | None = None) -> Mode:
    """The mode *name*, or ours called code where it cannot be used, so that nothing stops for a mistyped setting."""
    return load("code") if problem(name, extra_dir) else load(name, extra_dir)


def problem(name: str, extra_dir: Path | str | None = None) -> str:
    """Why the mode *name* cannot be used, "" if it can."""
    try:
        load(name, extra_dir)
    except (NotFound, SettingsError) as error:
        return str(error)
    return ""


def names(extra_dir: Path | str | None = None) -> tuple[str, ...]:
    """The names of all modes that can be loaded, sorted."""
    return tuple(sorted({path.stem for folder in _folders(extra_dir) for path in folder.glob("*.json")}))


def _folders(extra_dir: Path | str | None) -> tuple[Path, ...]:
    return (_HERE,) if extra_dir is None else (Path(extra_dir), _HERE)


def _file(name: str, extra_dir: Path | str | None) -> Path | None:
    return next((path for folder in _folders(extra_dir) if (path := folder / f"{name}.json").is_file()), None)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        message = f"The mode file {path} cannot be read ({error}). Mend it or choose another mode."
        raise SettingsError(message) from error


def _merged(base: Any, changes: Any) -> Any:
    """*base* with *changes*: objects key by key, everything else replaced."""
    if not (isinstance(base, dict) and isinstance(changes, dict)):
        return changes
    return {**base, **{key: _merged(base.get(key), value) for key, value in changes.items()}}


def _mode(name: str, found: Any) -> Mode:
    if not isinstance(found, dict):
        message = "it is not a JSON object"
        raise TypeError(message)
    prompts = {key: value for key, value in found["prompts"].items() if isinstance(value, str)}
    for key in REQUIRED_PROMPTS:
        if not prompts.get(key, "").strip():
            raise KeyError(key)
    types = tuple(ObservationType(**_known(ObservationType, item)) for item in found["observation_types"])
    concepts = tuple(Concept(**_known(Concept, item)) for item in found["observation_concepts"])
    if not types:
        message = "it has no observation types"
        raise ValueError(message)
    return Mode(
        name=name,
        label=_text(found.get("name", name)),
        description=_text(found.get("description", "")),
        types=types,
        concepts=concepts,
        prompts=MappingProxyType(prompts),
    )


def _known(kind: type[ObservationType | Concept], item: Any) -> dict[str, str]:
    """The fields of *kind* from *item*, which must have at least an id."""
    if not isinstance(item, dict):
        message = f"{item!r} is not an object with an id"
        raise TypeError(message)
    identity = _text(item["id"])
    fields = {"id": identity, "label": identity, "description": ""}
    allowed = [attribute.name for attribute in kind.__attrs_attrs__]
    return fields | {key: _text(item[key]) for key in allowed if item.get(key)}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = f"{value!r} is not text"
        raise TypeError(message)
    return value


def _reason(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
