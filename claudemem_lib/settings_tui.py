"""The settings of the terminal interface."""

from __future__ import annotations

import re

from attrs import frozen

from claudemem_lib.setting import setting

THEMES = (
    "textual-dark", "textual-light", "nord", "gruvbox", "dracula", "tokyo-night", "monokai", "flexoki",
    "catppuccin-mocha", "catppuccin-latte", "solarized-light",
)  # fmt: skip
_NAME = re.compile(r"[\w-]+")


def _theme(name: str) -> str:
    return "" if _NAME.fullmatch(name) else f"must be the name of a theme such as {THEMES[0]}, not {name!r}"


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # a part of Settings, never made alone
class TuiSettings:
    """How `claude-mem tui` looks."""

    tui_theme: str = setting(
        THEMES[0],
        group="interface",
        label="Theme",
        help="The colours of the terminal interface; Ctrl+T there switches between dark and light.",
        choices=THEMES,
        check=_theme,
    )
