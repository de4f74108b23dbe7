"""Usage: what models were asked and what that cost, what is left of the day's budget, and how the memory grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Sparkline, Static

from claudemem_lib import render
from claudemem_lib.budget import dollars
from claudemem_tui.loading import load
from claudemem_tui.screens.page import Page
from claudemem_tui.widgets.lines import counted

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.settings import Settings

DAYS = 30
DAY_MS = 86_400_000
BAR = 24
MICROS_PER_CENT = 10_000
NOTHING = "No model was asked in the last 30 days: what was recorded was digested without one, which costs nothing."


class UsageScreen(Page):
    """Figures, bars and two lines of thirty days."""

    NAME = "usage"
    CSS_PATH = "lists.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("r", "reload", "Refresh")]

    def body(self) -> ComposeResult:
        """Today, thirty days, by model, growth."""
        with VerticalScroll(id="usage-body"):
            for name, title in (("today", "Today"), ("days", f"Tokens a day, last {DAYS} days")):
                yield Static(title, classes="usage-title", markup=False)
                if name == "days":
                    yield Sparkline([0.0] * DAYS, id="usage-line", summary_function=max)
                yield Static("", id=f"usage-{name}", markup=False)
            yield Static("By model", classes="usage-title", markup=False)
            yield Static("", id="usage-models", markup=False)
            yield Static(f"Memories a day, last {DAYS} days", classes="usage-title", markup=False)
            yield Sparkline([0.0] * DAYS, id="growth-line", summary_function=max)
            yield Static("", id="usage-growth", markup=False)

    def on_mount(self) -> None:
        """Read it."""
        self.query_one("#usage-body").focus()
        self.reload()

    def action_reload(self) -> None:
        """Read it again."""
        self.reload()

    def reload(self) -> None:
        """Read everything in one thread."""
        memory = self.memory

        def read() -> tuple[list[Any], dict[str, Any], dict[str, int]]:
            return memory.costs.by_day(DAYS), memory.stats(), memory.browse.growth(memory.clock() - (DAYS - 1) * DAY_MS)

        load(self, read, self._show)

    def _show(self, found: tuple[list[Any], dict[str, Any], dict[str, int]]) -> None:
        rows, stats, grown = found
        settings, now = self.memory.settings, self.memory.clock()
        days = [render.day(now - back * DAY_MS) for back in range(DAYS - 1, -1, -1)]
        spent = dict.fromkeys(days, 0)
        for row in rows:
            spent[row.day] = spent.get(row.day, 0) + tokens_of(row)
        self.query_one("#usage-line", Sparkline).data = [float(spent[day]) for day in days]
        self.query_one("#growth-line", Sparkline).data = [float(grown.get(day, 0)) for day in days]
        axis = f"{days[0]}  …  {days[-1]}"
        self._put("days", f"{axis}   most: {max(spent.values()):,} tokens" if rows else NOTHING)
        money = sum(row.cost_micros for row in rows if row.day == days[-1])
        self._put("today", today(stats["today"], money, settings, stats.get("waiting_for", "")))
        self._put("models", "\n".join(by_model(rows)) or "—")
        counts = stats["counts"]
        kept = settings.event_retention_days
        self._put(
            "growth",
            f"{axis}   most: {max(grown.values(), default=0):,}\n"
            f"{counted(counts['observations'], 'observation')}, {counted(counts['summaries'], 'summary', 'summaries')}, "
            f"{counted(counts['notes'], 'note')}, "
            f"{counted(counts['prompts'], 'prompt')} of {counted(counts['sessions'], 'session')}\n"
            f"The file has {stats['file_bytes'] / 1e6:,.1f} MB. Raw events leave {counted(kept, 'day')} after they were observed; "
            "memories stay.",
        )

    def _put(self, name: str, text: str) -> None:
        self.query_one(f"#usage-{name}", Static).update(Content(render.safe(text)))


def tokens_of(row: Any) -> int:
    """All tokens of a row of the ledger."""
    return int(row.input_tokens + row.output_tokens + row.cache_read_tokens + row.cache_write_tokens)


def bar(part: int, whole: int) -> str:
    """How much of a limit is used: ████░░░░."""
    full = min(BAR, round(part * BAR / whole)) if whole else 0
    return "█" * full + "░" * (BAR - full)


def today(spent: dict[str, Any], money_micros: int, settings: Settings, waiting: str) -> str:
    """What today cost and what is left, a line a limit."""
    lines = [f"{counted(spent['calls'], 'call')}, {spent['tokens']:,} tokens, {spent['cost']}"]
    limit, cents = settings.daily_token_limit, settings.daily_cost_limit_cents
    if limit:
        left = max(0, limit - spent["tokens"])
        lines.append(f"{bar(spent['tokens'], limit)}  {left:,} of {limit:,} tokens left")
    if cents:
        whole = cents * MICROS_PER_CENT
        left_text = f"{dollars(max(0, whole - money_micros))} of {dollars(whole)} left"
        lines.append(f"{bar(money_micros, whole)}  {left_text}")
    return "\n".join([*lines, waiting] if waiting else lines)


def by_model(rows: list[Any]) -> list[str]:
    """A line for each provider, model and purpose, the dearest first, with its share of the tokens."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.provider, row.model, row.purpose), []).append(row)
    whole = sum(map(tokens_of, rows))
    lines = []
    for (provider, model, purpose), part in sorted(found.items(), key=lambda item: -sum(map(tokens_of, item[1]))):
        tokens = sum(map(tokens_of, part))
        unpriced = sum(row.unpriced for row in part)
        cost = dollars(sum(row.cost_micros for row in part)) + (f" + {unpriced} of unknown price" if unpriced else "")
        name = render.line(f"{provider} {model}, {purpose}", 34)
        lines.append(f"{name:<34}  {bar(tokens, whole)[: BAR // 2]}  {tokens:>11,} tokens  {cost}")
    return lines
