"""The main screens by name, in the order of their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_tui.screens.home import HomeScreen

if TYPE_CHECKING:
    from claudemem_tui.screens.page import Page

PAGES: dict[str, type[Page]] = {page.NAME: page for page in (HomeScreen,)}
