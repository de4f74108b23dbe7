"""What models cost, what they will cost, and which there are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib import lean, prices, trial
from claudemem_lib.budget import batch_events, day_start_ms, dollars
from claudemem_lib.models import Usage
from claudemem_lib.providers import KEYED
from claudemem_lib.store import usage

if TYPE_CHECKING:
    from claudemem_lib.chain import Chain
    from claudemem_lib.store.usage import UsageRow
    from claudemem_lib.trial import Trial

DAY_MS = 86_400_000
MODELS = "models.json"
_EVENTS_OF_A_FULL_BATCH = 0.8  # the share of a batch that is used, a turn's last one being smaller: benchmarks/cost.py
_TOKENS_PER_EVENT = 350
_TOKENS_PER_REPLY = 450
_MODEL_FIELDS = {"claude": "model", "gemini": "gemini_model", "openai": "openai_model"}


@frozen(kw_only=True)
class Estimate:
    """About what observing *events* takes. *cost_micros* is None where nobody knows the model's price."""

    provider: str
    model: str
    events: int
    calls: int
    tokens: int
    cost_micros: int | None
    days: int

    def sentence(self) -> str:
        """For people."""
        cost = "at an unknown price" if self.cost_micros is None else f"about {dollars(self.cost_micros)}"
        days = f", spread over {self.days} days by your daily limits" if self.days > 1 else ""
        return f"About {self.calls:,} calls of {self.provider} ({self.model}), {self.tokens:,} tokens, {cost}{days}."


@frozen(kw_only=True)
class Costs:
    """Over the providers in force and the ledger."""

    chain: Chain
    data_dir: str

    def by_day(self, days: int) -> list[UsageRow]:
        """The ledger of the last *days* days, newest first."""
        return usage.by_day(self.chain.database, day_start_ms(self.chain.clock() - (days - 1) * DAY_MS))

    def estimate(self, events: int) -> Estimate | None:
        """What observing so many events will take; None where it costs nothing."""
        provider, settings = self.chain.names[0], self.chain.settings
        if provider not in KEYED or not events:
            return None
        calls = -(-events // max(1, int(batch_events(settings, provider) * _EVENTS_OF_A_FULL_BATCH)))
        used = Usage(input_tokens=events * _TOKENS_PER_EVENT, output_tokens=calls * _TOKENS_PER_REPLY)
        model = str(getattr(settings, _MODEL_FIELDS[provider]))
        free = provider == "claude" and settings.claude_auth_method == "cli"
        price = prices.of(self.chain.budget.prices, model)
        cost = 0 if free else price.cost_micros(used) if price else None
        tokens = used.input_tokens + used.output_tokens
        limits = ((tokens, settings.daily_token_limit), ((cost or 0) // 10_000, settings.daily_cost_limit_cents))
        days = max(-(-part // limit) if limit else 1 for part, limit in limits)
        about: dict[str, Any] = {"provider": provider, "model": model, "events": events, "calls": calls}
        return Estimate(**about, tokens=tokens, cost_micros=cost, days=max(1, days))

    def models(self, provider: str) -> tuple[str, ...]:
        """The models *provider* offers, asked for once a day."""
        path, now_ms, key = Path(self.data_dir) / MODELS, self.chain.clock(), self._account(provider)
        kept = _kept(path)
        about = kept.get(key)
        if isinstance(about, dict) and 0 <= now_ms - about.get("at_ms", 0) < DAY_MS:
            return tuple(about.get("models", ()))
        from claudemem_lib.providers import listing  # noqa: PLC0415  # urllib, and only for a list of models

        found = listing.models(self.chain.settings, provider)
        lean.write_whole(self.data_dir, MODELS, json.dumps({**kept, key: {"at_ms": now_ms, "models": found}}))
        return found

    def try_provider(self, name: str = "") -> Trial:
        """Ask *name* (default: the provider in force) one tiny question now: a real call that costs some tokens."""
        return trial.ask(self.chain, name)

    def _account(self, provider: str) -> str:
        """The provider, its address and a short digest of its key: another account has another list."""
        return hashlib.blake2b(self.chain.identity(provider).encode(), digest_size=8, person=b"models").hexdigest()


def _kept(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
