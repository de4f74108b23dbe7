"""The main screens by name, in the order of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_tui.screens.context import ContextScreen
from claudemem_tui.screens.home import HomeScreen
from claudemem_tui.screens.sessions import SessionsScreen
from claudemem_tui.screens.settings import SettingsScreen

if TYPE_CHECKING:
    from claudemem_tui.screens.page import Page

PAGES: dict[str, type[Page]] = {page.NAME: page for page in (HomeScreen, SessionsScreen, ContextScreen, SettingsScreen)}
