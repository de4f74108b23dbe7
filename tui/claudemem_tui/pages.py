"""The screens by name. Each is imported when it is first wanted: the first frame should not wait for the others."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claudemem_tui.screens.page import Page

ABOUT = {
    "home": "Everything remembered, newest first",
    "sessions": "Sessions by time and project, one as a timeline",
    "context": "What the next session would be told",
    "queue": "What waits to be observed; the server",
    "usage": "Tokens, money, budget and growth",
    "settings": "Every setting with its source and help",
    "projects": "Rename, merge, exclude and forget projects",
    "logs": "The server's log, followed",
    "doctor": "What is well, what is not, what to do",
}


def page(name: str) -> type[Page]:
    """A main screen's class."""
    found: type[Page] = dialog(name, f"{name.capitalize()}Screen")
    return found


def dialog(module: str, name: str) -> Any:
    """A class of a module of the screens."""
    return getattr(import_module(f"claudemem_tui.screens.{module}"), name)
