"""How much a day may cost and how much a request may hold. The day is the user's own: it ends at local midnight."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib import prices, urls
from claudemem_lib.store import usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.models import Reply
    from claudemem_lib.prices import Price
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

CHARACTERS_PER_TOKEN = 4.0  # before a provider has said how it counts
_LEAST_MEASURED, _MOST_MEASURED = 1.0, 5.0
_SAFETY = 0.9  # of a model's context; the original's margin
_MICROS_PER_CENT = 10_000


@frozen(kw_only=True)
class Budget:
    """The limits the settings give, the ledger so far, and the prices."""

    database: Database
    settings: Settings
    prices: tuple[Price, ...]
    clock: Callable[[], int]

    def reached(self, tokens: int = 0) -> str:
        """The sentence that says why nobody may be asked for *tokens* more today, "" while there is room."""
        settings, used = self.settings, usage.spent(self.database, day_start_ms(self.clock()))
        if settings.daily_token_limit and used.tokens + max(tokens, 1) > settings.daily_token_limit:
            return _sentence(f"{used.tokens:,} of {settings.daily_token_limit:,} tokens", "DAILY_TOKEN_LIMIT")
        limit_micros = settings.daily_cost_limit_cents * _MICROS_PER_CENT
        if limit_micros and used.cost_micros >= limit_micros:
            return _sentence(f"{dollars(used.cost_micros)} of {dollars(limit_micros)}", "DAILY_COST_LIMIT_CENTS")
        return ""

    @property
    def name(self) -> str:
        """What the limits in force are called: others are another name, so that raising them takes effect at once."""
        return f"limit:{self.settings.daily_token_limit}:{self.settings.daily_cost_limit_cents}"

    def cost_micros(self, provider: str, reply: Reply) -> int | None:
        """What a call cost; None if nobody knows the model's price."""
        if reply.usage.cost_micros is not None:
            return reply.usage.cost_micros
        if urls.is_local(getattr(self.settings, f"{provider}_base_url", "")):
            return 0
        price = prices.of(self.prices, reply.model)
        return price.cost_micros(reply.usage) if price else None

    def characters(self, provider: str) -> int:
        """The most characters a request to *provider* may hold, by how it counted the last ones."""
        return int(request_tokens(self.settings, provider) * self.per_token(provider))

    def per_token(self, provider: str) -> float:
        """Characters per token."""
        found = usage.measured(self.database, provider)
        return CHARACTERS_PER_TOKEN if found is None else min(max(found, _LEAST_MEASURED), _MOST_MEASURED)


def request_tokens(settings: Settings, provider: str) -> int:
    """The most tokens of one request: our own bound, tightened by the original's settings for *provider*."""
    limits = {
        "claude": (settings.claude_rollover_enabled, settings.claude_max_tokens),
        "gemini": (settings.gemini_truncation_enabled, settings.gemini_max_tokens),
        "openai": (settings.openai_truncation_enabled, settings.openai_max_tokens),
    }
    counts, most = limits.get(provider, (False, 0))
    return min(settings.request_max_tokens, int(most * _SAFETY)) if counts else settings.request_max_tokens


def batch_events(settings: Settings, provider: str) -> int:
    """The most events of one request."""
    limits = {
        "gemini": (settings.gemini_truncation_enabled, settings.gemini_max_context_messages),
        "openai": (settings.openai_truncation_enabled, settings.openai_max_context_messages),
    }
    counts, most = limits.get(provider, (False, 0))
    return min(settings.batch_max_size, most) if counts else settings.batch_max_size


def day_start_ms(now_ms: int) -> int:
    """Local midnight before *now_ms*."""
    return int(_midnight(now_ms).timestamp() * 1_000)


def day_end_ms(now_ms: int) -> int:
    """The next local midnight."""
    return int((_midnight(now_ms) + timedelta(days=1)).timestamp() * 1_000)


def _midnight(now_ms: int) -> datetime:
    """As local time without a zone, so that a day of 23 or 25 hours is a day."""
    return datetime.fromtimestamp(now_ms / 1_000).replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: DTZ006


def dollars(micros: int) -> str:
    """Money for people."""
    return f"${micros / 1_000_000:,.2f}" if micros >= _MICROS_PER_CENT or not micros else f"${micros / 1_000_000:.4f}"


def _sentence(spent: str, setting: str) -> str:
    return f"Paused until tomorrow: {spent} used today (CLAUDE_MEM_{setting}); events wait and nothing is lost."
