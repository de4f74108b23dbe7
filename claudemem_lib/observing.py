"""The half of a memory that has its queue observed. Who only reads imports no provider, no prompt, no reply: half of it all."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from claudemem_lib import given
from claudemem_lib.models import Observed
from claudemem_lib.store import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.assembly import Assembly
    from claudemem_lib.costs import Costs
    from claudemem_lib.curate import Curate
    from claudemem_lib.observer import Observer
    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

DAY_MS = 86_400_000


class Observing:
    """Verbs over the queue; `Memory` has them."""

    data_dir: str
    database: Database
    clock: Callable[[], int]
    settings: Settings
    _provider: Provider | None

    @property
    def _assembly(self) -> Assembly:
        from claudemem_lib.assembly import Assembly  # noqa: PLC0415  # providers, prompts, replies: half of the import

        return Assembly(database=self.database, data_dir=self.data_dir, clock=self.clock, given=self._provider)

    @functools.cached_property
    def observer(self) -> Observer:
        """The observer over this memory, with the provider and mode the settings choose."""
        self._made_of = self._assembly.state(self.settings)
        return self._assembly.observer(self.settings)

    @property
    def costs(self) -> Costs:
        """What models cost and will cost, and which there are."""
        return self._assembly.costs(self.settings)

    @functools.cached_property
    def curate(self) -> Curate:
        """What a person changes by hand, and undo."""
        from claudemem_lib.curate import Curate  # noqa: PLC0415

        return Curate(self.database, self.data_dir, self.clock, lambda: self.settings)

    def observe_pending(
        self,
        *,
        flush: bool = True,
        most: int | None = None,
        session: str = "",
        until: Callable[[], bool] = lambda: False,
    ) -> Observed:
        """Observe what waits (of one *session*), until nothing is ready, *most* batches are done, or *until* says so."""
        total = Observed()
        if self.database.read_only:
            return total
        while (most is None or total.batches < most) and not until():
            done = self.observer.observe_next(flush=flush, session=session)
            if done is None:
                break
            total += done
        self.expire()
        return total

    def release(self) -> int:
        """Take back what a worker that is gone had claimed; for the one server, at its start. Gives how many events."""
        return events.release_all(self.database)

    def hand_back(self) -> int:
        """Give back what is claimed before a worker ends in good order, which counts against no event; gives how many."""
        return events.release_all(self.database, counted=False)

    def expire(self) -> int:
        """Let raw events leave that were observed long enough ago; gives how many."""
        self.curate.lapse()
        return events.expire(self.database, self.clock() - self.settings.event_retention_days * DAY_MS)

    def retry(self, event_id: int | None = None) -> int:
        """Put parked events (all, or one) back into the queue; gives how many."""
        return events.retry(self.database, event_id)

    def discard(self, event_id: int | None = None) -> int:
        """Delete parked events (all, or one) for good; gives how many."""
        return events.discard(self.database, event_id)

    def queue(self, *, limit: int = 50, offset: int = 0) -> list[events.QueueRow]:
        """Events that wait or are parked."""
        return events.queue(self.database, given.bounded("limit", limit, 1), given.bounded("offset", offset, 0))
