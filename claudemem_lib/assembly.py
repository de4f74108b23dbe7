"""An observer from what lies in the data folder: settings, keys, prices, mode. And whether any of that has changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import credentials, modes, prices, urls
from claudemem_lib.asking import Asker
from claudemem_lib.budget import Budget, day_start_ms, dollars
from claudemem_lib.chain import Chain
from claudemem_lib.observer import Observer
from claudemem_lib.providers import with_credentials
from claudemem_lib.store import usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

MODES = "modes"


def observer(
    database: Database, settings: Settings, data_dir: str, clock: Callable[[], int], given: Provider | None = None
) -> Observer:
    """The observer the settings mean; *given* stands for every provider; a mode that cannot be used is told by problems()."""
    providers = chain(database, settings, data_dir, clock, given)
    about: Any = {"database": database, "settings": providers.settings, "clock": clock}
    mode = modes.load_or_code(settings.mode, Path(data_dir) / MODES)
    return Observer(asker=Asker(chain=providers, budget=providers.budget, mode=mode, **about), **about)


def chain(
    database: Database, settings: Settings, data_dir: str, clock: Callable[[], int], given: Provider | None = None
) -> Chain:
    """The providers the settings mean, with their keys, and what they may cost."""
    about: Any = {"database": database, "settings": credentials.filled(settings, data_dir), "clock": clock}
    return Chain(budget=Budget(prices=prices.load(data_dir)[0], **about), given=given, **about)


def told(providers: Chain) -> dict[str, Any]:
    """Who observes, who stands in, why nobody is asked now, and what today cost, as plain values."""
    spent = usage.spent(providers.database, day_start_ms(providers.clock()))
    first, *others = providers.names
    return {
        "provider": first,
        "stand_ins": others,
        "waiting_for": providers.waiting_for(),
        "today": {"calls": spent.calls, "tokens": spent.tokens, "cost": dollars(spent.cost_micros)},
    }


def state(settings: Settings, data_dir: str) -> tuple[Any, ...]:
    """What an observer is made of: equal as long as the one there is may go on."""
    folder = Path(data_dir)
    files = [*sorted((folder / MODES).glob("*.json")), folder / prices.FILE]
    times = tuple((path.name, path.stat().st_mtime_ns) for path in files if path.exists())
    return credentials.filled(settings, data_dir), times


def problems(settings: Settings, data_dir: str) -> tuple[str, ...]:
    """What of it cannot be used or should be known, one sentence each."""
    known = credentials.filled(settings, data_dir)
    clear = (_in_clear(f"{name}_base_url", known) for name in with_credentials(known))
    return tuple(filter(None, (prices.load(data_dir)[1], modes.problem(settings.mode, Path(data_dir) / MODES), *clear)))


def _in_clear(field: str, settings: Settings) -> str:
    if not urls.in_clear(getattr(settings, field)):
        return ""
    return f"CLAUDE_MEM_{field.upper()} is http://, so the key and what is sent travel unencrypted"
