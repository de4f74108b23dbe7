"""Who may be asked now: the chosen provider, those who stand in for it, and what is known of their health.

A networked provider that failed is left alone for 3, 5, 10, 30, then 60 seconds, or as long as it asked for. Others stand in
once it failed PATIENCE times in a row, or at once where only a person can help (a refused key, an empty account). The digest
without a model stands in last, after the hours the settings give. Health is kept by name *and* by what identifies the
account, so a changed key, address or model is tried at once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import field, frozen

from claudemem_lib import providers
from claudemem_lib.errors import AuthFailed, BadReply, ProviderDown, QuotaExhausted, SettingsError
from claudemem_lib.store import health
from claudemem_lib.store.events import backoff_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.budget import Budget
    from claudemem_lib.errors import ProviderError
    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database
    from claudemem_lib.store.health import Health

PATIENCE = 11  # one try and ten retries, as in the original
_FINAL_WAIT_MS = {AuthFailed: 600_000, QuotaExhausted: 3_600_000}
_BAD_IN_A_ROW = 3  # so many answers that are none, of one batch after the other, are the provider's fault
_HOUR_MS = 3_600_000
_IDENTITY = {
    "claude": ("claude_api_key", "claude_base_url", "model", "claude_auth_method", "claude_code_path"),
    "gemini": ("gemini_api_key", "gemini_base_url", "gemini_model"),
    "openai": ("openai_api_key", "openai_base_url", "openai_model"),
}


@frozen(kw_only=True)
class Chain:
    """The providers in the order they are asked. *given* stands for all of them where a caller brought its own."""

    database: Database
    settings: Settings
    budget: Budget
    clock: Callable[[], int]
    given: Provider | None = None
    load: Callable[[str, Settings], Provider] = providers.load
    _loaded: dict[str, Provider] = field(factory=dict, init=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The chosen provider and those that stand in for it."""
        if self.given is not None:
            return (self.given.name,)
        chosen = providers.chosen(self.settings)
        if chosen == "local":
            return (chosen,)
        named = self.settings.fallback_providers
        others = [
            other
            for name in named
            for other in (providers.with_credentials(self.settings) if name == "auto" else (name,))
        ]
        last = ("local",) if self.settings.fallback_local_hours else ()
        return tuple(dict.fromkeys((chosen, *(name for name in others if name != "local"), *last)))

    def ready(self) -> tuple[Provider, ...]:
        """Who may be asked now, in order; empty while everybody has to wait."""
        known, now_ms = health.load(self.database), self.clock()
        found: list[Provider] = []
        for name in self.names:
            about = known.get(self.identity(name)) or health.Health(name=name)
            if about.not_before_ms > now_ms and about.failures < PATIENCE:
                break
            if about.not_before_ms > now_ms:
                continue
            provider = self._provider(name)
            if provider is None:
                continue
            if not providers.networked(provider):
                found += [provider] if name == self.names[0] or self._given_up(known, now_ms) else []
                continue
            if self._limited(now_ms) or about.asked_ms + gap_ms(provider) > now_ms >= about.asked_ms:
                break
            found.append(provider)
        return tuple(found)

    def _limited(self, now_ms: int) -> bool:
        """Whether today's limit is reached."""
        return self.held(self.budget.name, now_ms) or bool(self.budget.reached())

    def held(self, name: str, now_ms: int) -> bool:
        """Whether *name* is not to be asked yet."""
        about = health.load(self.database).get(name)
        return about is not None and about.not_before_ms > now_ms

    def _given_up(self, known: dict[str, Health], now_ms: int) -> bool:
        """Whether the chosen provider has failed for so long that the digest stands in."""
        about = known.get(self.identity(self.names[0]))
        hours = self.settings.fallback_local_hours
        return bool(hours and about and about.failing_since_ms and about.failing_since_ms + hours * _HOUR_MS <= now_ms)

    def _provider(self, name: str) -> Provider | None:
        """The provider, loaded once; None if it cannot be, which counts as a failure only a person can mend."""
        if self.given is not None:
            return self.given
        try:
            if name not in self._loaded:
                self._loaded[name] = self.load(name, self.settings)
        except SettingsError as error:
            self._failed(name, AuthFailed(str(error)))
            return None
        return self._loaded[name]

    def failed(self, provider: Provider, error: ProviderError) -> bool:
        """Keep a failure; gives whether another provider should stand in at once."""
        return self._failed(provider.name, error) if providers.networked(provider) else False

    def _failed(self, name: str, error: ProviderError) -> bool:
        now_ms, key = self.clock(), self.identity(name)
        about = health.load(self.database).get(key) or health.Health(name=key)
        failures = about.failures + 1
        final = next((wait_ms for kind, wait_ms in _FINAL_WAIT_MS.items() if isinstance(error, kind)), None)
        if isinstance(error, BadReply):
            wait_ms = backoff_ms(failures - _BAD_IN_A_ROW) if failures >= _BAD_IN_A_ROW else 0
            failures = min(failures, PATIENCE - 1)
        elif final is not None:
            failures, wait_ms = max(failures, PATIENCE), final
        else:
            wait_ms = backoff_ms(about.failures)
        wait_ms = wait_ms if error.retry_after_ms is None else error.retry_after_ms
        health.failed(self.database, key, failures, str(error)[:1_000], (now_ms, now_ms + wait_ms))
        return failures >= PATIENCE or self._given_up(health.load(self.database), now_ms)

    def answered(self, provider: Provider) -> None:
        """*provider* is well, and today's limit is not reached."""
        known = health.load(self.database)
        about = known.get(self.identity(provider.name))
        if about is not None and about.error:
            health.well(self.database, about.name)
        for name in known:
            if name.startswith("limit:"):
                health.forget(self.database, name)

    def stop_for_today(self, sentence: str, until_ms: int) -> None:
        """Keep that today's limit is reached, where people see it."""
        health.failed(self.database, self.budget.name, 1, sentence, (self.clock(), until_ms))

    def identity(self, name: str) -> str:
        """The provider's name with a short digest of what makes it another account."""
        parts = [str(getattr(self.settings, key)) for key in _IDENTITY.get(name, ())]
        return f"{name}:{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=6).hexdigest()}"

    def waiting_for(self) -> str:
        """One plain sentence that says why nobody is asked now, "" where somebody can be."""
        known, now_ms, first = health.load(self.database), self.clock(), self.names[0]
        costs = providers.networked(self.given) if self.given is not None else first in _IDENTITY
        held = known.get(self.budget.name)
        if costs and held is not None and held.not_before_ms > now_ms:
            return held.error
        reached = self.budget.reached() if costs else ""
        if reached:
            return reached
        about = known.get(self.identity(first))
        return f"{about.error} (failed {about.failures} times)" if about and about.failures else ""


def gap_ms(provider: Provider) -> int:
    """The least time between two requests to *provider*."""
    return int(getattr(provider, "gap_ms", 0))


def nobody() -> ProviderDown:
    """The error for a moment in which everybody has to wait."""
    return ProviderDown("no provider can be asked now")
