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

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.settings import Settings

DAYS = 30
DAY_MS = 86_400_000
BAR = 24
NAME_WIDTH = 36
NEWEST = 7
MICROS_PER_CENT = 10_000
NOTHING = "No model was asked in the last 30 days: what was recorded was digested without one, which costs nothing."


class UsageScreen(Page):
    """Figures, bars and two lines of thirty days."""

    NAME = "usage"
    CSS_PATH = "lists.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("r", "reload", "Refresh")]

    def body(self) -> ComposeResult:
        """Today, thirty days, the newest of them, by model, growth."""
        lines = {"days": Sparkline([0.0] * DAYS, id="usage-line", summary_function=max)}
        lines["growth"] = Sparkline([0.0] * DAYS, id="growth-line", summary_function=max)
        titles = (
            ("today", "Today"), ("days", f"Tokens a day, last {DAYS} days"), ("models", "By model, the same days"),
            ("newest", "Day by day"), ("growth", f"Memories a day, last {DAYS} days"),
        )  # fmt: skip
        with VerticalScroll(id="usage-body"):
            for name, title in titles:
                yield Static(title, classes="usage-title", id=f"usage-title-{name}", markup=False)
                if name in lines:
                    yield lines[name]
                yield Static("", id=f"usage-{name}", markup=False)

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
        self._put("today", *today(stats["today"], money, settings, stats.get("waiting_for", "")))
        self._put("models", *by_model(rows))
        self._put("newest", *by_day(rows))
        for name in ("models", "newest"):
            self.query_one(f"#usage-{name}").display = self.query_one(f"#usage-title-{name}").display = bool(rows)
        self._put("growth", f"{axis}   most: {max(grown.values(), default=0):,}\n{holdings(stats, settings)}")

    def _put(self, name: str, *parts: Any) -> None:
        self.query_one(f"#usage-{name}", Static).update(Content.assemble(*parts))


def tokens_of(row: Any) -> int:
    """All tokens of a row of the ledger."""
    return int(row.input_tokens + row.output_tokens + row.cache_read_tokens + row.cache_write_tokens)


def bar(part: int, whole: int, length: int = BAR) -> list[tuple[str, str]]:
    """How much of a whole it is."""
    full = min(length, max(round(part * length / whole), 1 if part else 0)) if whole else 0
    return [("━" * full, "$text-accent"), ("━" * (length - full), "$foreground 20%")]


def today(spent: dict[str, Any], money_micros: int, settings: Settings, waiting: str) -> list[Any]:
    """What today cost and what is left, a line a limit."""
    lines: list[Any] = [f"{render.counted(spent['calls'], 'call')}, {spent['tokens']:,} tokens, {spent['cost']}"]
    limit, cents = settings.daily_token_limit, settings.daily_cost_limit_cents
    if limit:
        left = max(0, limit - spent["tokens"])
        lines += ["\n", *bar(spent["tokens"], limit), f"  {left:,} of {limit:,} tokens left"]
    if cents:
        whole = cents * MICROS_PER_CENT
        left_text = f"{dollars(max(0, whole - money_micros))} of {dollars(whole)} left"
        lines += ["\n", *bar(money_micros, whole), f"  {left_text}"]
    return [*lines, (f"\n{render.safe(waiting)}", "$text-warning")] if waiting else lines


def by_model(rows: list[Any]) -> list[Any]:
    """A line for each provider, model and purpose, the dearest first, with its share of the tokens."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row.provider, row.model, row.purpose), []).append(row)
    whole = sum(map(tokens_of, rows))
    lines: list[Any] = []
    for (provider, model, purpose), part in sorted(found.items(), key=lambda item: -sum(map(tokens_of, item[1]))):
        name = render.line(f"{provider} {model}, {purpose}", NAME_WIDTH - 2)
        lines += [*_row(name, part, whole), "\n"]
    return lines[:-1]


def by_day(rows: list[Any]) -> list[Any]:
    """A line for each of the newest days on which anybody was asked."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.day, []).append(row)
    most = max((sum(map(tokens_of, part)) for part in found.values()), default=0)
    lines: list[Any] = []
    for day in sorted(found, reverse=True)[:NEWEST]:
        asked = ", ".join(dict.fromkeys(row.model or row.provider for row in found[day]))
        lines += [*_row(render.line(f"{day[5:]}  {asked}", NAME_WIDTH - 2), found[day], most), "\n"]
    return lines[:-1]


def _row(name: str, part: list[Any], whole: int) -> list[Any]:
    tokens, unpriced = sum(map(tokens_of, part)), sum(row.unpriced for row in part)
    cost = dollars(sum(row.cost_micros for row in part)) + (f" + {unpriced} of unknown price" if unpriced else "")
    return [f"{name:<{NAME_WIDTH}}", *bar(tokens, whole, BAR // 2), f"{tokens:>12,} tokens  {cost}"]


def holdings(stats: dict[str, Any], settings: Settings) -> str:
    """What the file holds, how large it is, what leaves it when."""
    counts, counted = stats["counts"], render.counted
    parts = [
        counted(counts["observations"], "observation"), counted(counts["summaries"], "summary", "summaries"),
        counted(counts["notes"], "note"), f"{counted(counts['prompts'], 'prompt')} of {counted(counts['sessions'], 'session')}",
    ]  # fmt: skip
    kept = counted(settings.event_retention_days, "day")
    return (
        f"{', '.join(parts)}\nThe file has {stats['file_bytes'] / 1e6:,.1f} MB. "
        f"Raw events leave {kept} after they were observed; memories stay."
    )
