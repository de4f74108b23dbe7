"""How a setting is declared: validator and everything front ends show, from one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field

from claudemem_lib import rules
from claudemem_lib.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute


def setting(  # noqa: PLR0913  # one keyword per fact about a setting
    default: Any,
    *,
    label: str,
    help: str,  # noqa: A002  # the word every front end uses
    group: str,
    choices: tuple[str, ...] = (),
    at_least: int | None = None,
    at_most: int | None = None,
    secret: bool = False,
    own_file_only: bool = False,
    check: Callable[[Any], str] | None = None,
    each: Callable[[str], str] | None = None,
) -> Any:
    """A field of Settings: validator and metadata from one declaration.

    *check* gives what is wrong with a value, "" for nothing; with it, *choices* are only what a form offers. *each* is the same
    for every part of a list, of which at most *at_most* may be; the good parts of a file are used beside a bad one. *secret* is
    never shown. *own_file_only* (secrets always) is not read from the environment: a project can set variables for the host, and
    must not say where keys are sent or what is run.
    """

    def validate(_instance: object, attribute: Attribute[Any], value: Any) -> None:
        problem = _problem(value, type(default), () if check else choices, at_least, at_most)
        problem = problem or (check(value) if check else "") or (_first(value, each) if each else "")
        if problem:
            problem = "is no usable value" if secret else problem
            message = f"{rules.PREFIX + attribute.name.upper()} {problem}"
            raise SettingsError(message)

    about: dict[str, Any] = {"label": label, "help": help, "group": group, "choices": choices, "secret": secret}
    about["own_file_only"], about["each"] = own_file_only or secret, each
    return field(default=default, validator=validate, metadata={**about, "at_least": at_least, "at_most": at_most})


def _problem(value: Any, kind: Any, choices: tuple[str, ...], at_least: int | None, at_most: int | None) -> str:
    """What is wrong with *value*, or nothing."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return f"must be {_KIND_NAMES[kind]}, not {value!r}"
    if choices and value not in choices:
        return f"must be one of {', '.join(choices)}, not {value!r}"
    if isinstance(value, tuple) and at_most is not None:
        return f"holds {len(value)}; at most {at_most} can be used" if len(value) > at_most else ""
    if at_least is not None and value < at_least:
        return f"must be at least {at_least}, not {value}"
    if at_most is not None and value > at_most:
        return f"must be at most {at_most}, not {value}"
    return ""


def _first(value: Any, each: Callable[[str], str]) -> str:
    """What is wrong with the first bad part of a list, or nothing."""
    return next((problem for part in value if (problem := each(part))), "")


def as_list(raw: Any) -> Any:
    """A JSON list as a list of texts, where every part of it plainly is one (a number may be); else as it is, to be refused."""
    parts = _texts(raw)
    return parts if len(parts) == len(raw) else raw


def good_parts(attribute: Attribute[Any], raw: Any) -> tuple[str, ...]:
    """Of a list whose parts are judged each for itself, those that can be used: one mistake must not switch off the others."""
    if not isinstance(attribute.default, tuple) or not isinstance(raw, list | tuple):
        return ()
    each = attribute.metadata["each"]
    return tuple(part for part in _texts(raw) if not (each and each(part)))


def _texts(raw: Any) -> tuple[str, ...]:
    return tuple(str(part) for part in raw if isinstance(part, str | int | float) and not isinstance(part, bool))


_KIND_NAMES = {bool: "true or false", int: "a whole number", str: "text", tuple: "a list with commas"}
