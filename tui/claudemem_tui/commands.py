"""The command palette: every screen, and what the one in sight can do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Provider

from claudemem_tui.pages import ABOUT

MOVES = ("go(", "app.go(", "move(", "leap(", "end(", "app.focus_next")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.command import Hits
    from textual.types import IgnoreReturnCallbackType


class ScreenCommands(Provider):
    """Screens by name, actions by what their key hint says."""

    def _all(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        for name, about in ABOUT.items():
            yield f"Go to {name}", about, partial(self.app.run_action, f"app.go('{name}')")
        for key, active in self.screen.active_bindings.items():
            binding = active.binding
            if binding.description and not binding.action.startswith(MOVES):
                yield binding.description, f"Key: {key}", partial(self.app.run_action, binding.action, active.node)

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for name, about, run in self._all():
            yield DiscoveryHit(name, run, help=about)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for name, about, run in self._all():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), run, help=about)
