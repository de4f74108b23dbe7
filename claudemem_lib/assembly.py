"""An observer from what lies in the data folder: settings, keys, prices, mode. And whether any of that has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib import credentials, modes, prices, urls
from claudemem_lib.asking import Asker
from claudemem_lib.budget import Budget, day_start_ms, dollars
from claudemem_lib.chain import Chain
from claudemem_lib.costs import Costs
from claudemem_lib.observer import Observer
from claudemem_lib.providers import with_credentials
from claudemem_lib.store import usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database


@frozen(kw_only=True)
class Assembly:
    """What an observer is made of, but for the settings; *given* stands for every provider."""

    database: Database
    data_dir: str
    clock: Callable[[], int]
    given: Provider | None = None

    def observer(self, settings: Settings) -> Observer:
        """The observer the settings mean; a mode that cannot be used is told by problems()."""
        chain = self._chain(settings)
        about: Any = {"database": self.database, "settings": chain.settings, "clock": self.clock}
        mode = modes.load_or_code(settings.mode, Path(self.data_dir) / modes.FOLDER)
        return Observer(asker=Asker(chain=chain, budget=chain.budget, mode=mode, **about), **about)

    def costs(self, settings: Settings) -> Costs:
        """What models cost and will cost, and which there are."""
        return Costs(chain=self._chain(settings), data_dir=self.data_dir)

    def _chain(self, settings: Settings) -> Chain:
        """The providers the settings mean, with their keys, and what they may cost."""
        filled = credentials.filled(settings, self.data_dir)
        about: Any = {"database": self.database, "settings": filled, "clock": self.clock}
        return Chain(budget=Budget(prices=prices.load(self.data_dir)[0], **about), given=self.given, **about)

    def told(self, settings: Settings) -> dict[str, Any]:
        """Who observes how, who stands in, why nobody is asked now, what today cost and what is wrong, as plain values."""
        chain = self._chain(settings)
        spent = usage.spent(self.database, day_start_ms(self.clock()))
        first, *others = chain.names
        return {
            "mode": settings.mode,
            "problems": self.problems(settings),
            "provider": first,
            "stand_ins": others,
            "waiting_for": chain.waiting_for(),
            "today": {"calls": spent.calls, "tokens": spent.tokens, "cost": dollars(spent.cost_micros)},
        }

    def state(self, settings: Settings) -> tuple[Any, ...]:
        """What an observer is made of: equal as long as the one there is may go on."""
        folder = Path(self.data_dir)
        files = [*sorted((folder / modes.FOLDER).glob("*.json")), folder / prices.FILE]
        times = tuple((path.name, path.stat().st_mtime_ns) for path in files if path.exists())
        return credentials.filled(settings, self.data_dir), times

    def problems(self, settings: Settings) -> tuple[str, ...]:
        """What of it cannot be used or should be known, one sentence each."""
        known = credentials.filled(settings, self.data_dir)
        clear = (_in_clear(f"{name}_base_url", known) for name in with_credentials(known))
        mode = modes.problem(settings.mode, Path(self.data_dir) / modes.FOLDER)
        return tuple(filter(None, (prices.load(self.data_dir)[1], mode, *clear)))


def _in_clear(field: str, settings: Settings) -> str:
    if not urls.in_clear(getattr(settings, field)):
        return ""
    return f"CLAUDE_MEM_{field.upper()} is http://, so the key and what is sent travel unencrypted"
