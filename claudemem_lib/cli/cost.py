"""Commands about what models cost, which there are, and whether they answer."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import attrs
import click

from claudemem_lib.budget import dollars
from claudemem_lib.cli.base import example, json_option, show, with_memory
from claudemem_lib.embedders import models as embedding_models
from claudemem_lib.providers import KEYED, with_credentials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.memory import Memory
    from claudemem_lib.store.usage import UsageRow

WIDTH = 30


@click.command(epilog=example("usage", "usage --days 7", "usage --json"))
@click.option("--days", type=click.IntRange(1, 3_660), default=14, show_default=True, help="So many days back.")
@json_option
@with_memory
def usage(memory: Memory, days: int, *, as_json: bool) -> None:
    """Show what models were asked and what that cost, day by day."""
    rows = memory.costs.by_day(days)
    today = memory.stats()
    found = {"rows": [attrs.asdict(row) for row in rows], "today": today["today"], "waiting_for": today["waiting_for"]}
    lines = [*_chart(rows), "", *_by_model(rows)] if rows else ["No model was asked."]
    lines += [today["waiting_for"]] if today["waiting_for"] else []
    show(found, "\n".join(lines), as_json=as_json)


def _chart(rows: Sequence[UsageRow]) -> list[str]:
    """A bar of tokens for each day, newest first."""
    tokens: dict[str, int] = defaultdict(int)
    money: dict[str, int] = defaultdict(int)
    for row in rows:
        tokens[row.day] += _tokens(row)
        money[row.day] += row.cost_micros
    most = max(tokens.values())
    return [
        f"{day}  {'█' * max(1, count * WIDTH // most):{WIDTH}}  {count:>12,} tokens  {dollars(money[day]):>8}"
        for day, count in tokens.items()
    ]


def _by_model(rows: Sequence[UsageRow]) -> list[str]:
    """One line for each provider, model and purpose; calls without a known price are told."""
    found: dict[tuple[str, str, str], list[UsageRow]] = defaultdict(list)
    for row in rows:
        found[row.provider, row.model, row.purpose].append(row)
    lines = []
    for (provider, model, purpose), part in found.items():
        calls, unpriced = sum(row.calls for row in part), sum(row.unpriced for row in part)
        cost = dollars(sum(row.cost_micros for row in part)) + (
            f" and {unpriced} calls of unknown price" if unpriced else ""
        )
        cached = sum(row.cache_read_tokens for row in part)
        lines.append(
            f"{provider} {model}, {purpose}: {calls:,} calls, {sum(row.input_tokens for row in part):,} tokens in"
            f"{f' and {cached:,} from cache' if cached else ''}, {sum(row.output_tokens for row in part):,} out, {cost}"
        )
    return lines


def _tokens(row: UsageRow) -> int:
    return row.input_tokens + row.output_tokens + row.cache_read_tokens + row.cache_write_tokens


class Models(click.Group):
    """Where no command is named, listing is meant: `models`, `models openai`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, as those of `list` unless another command or help is asked for."""
        named = next((one for one in args if not one.startswith("-")), "")
        if named not in self.commands and not {"-h", "--help"} & set(args):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group(cls=Models, epilog=example("models", "models openai", "models gemini --json", "models fetch"))
def models() -> None:
    """List the models of every provider with a key, or get one for search by meaning."""


@models.command("list", epilog=example("models list", "models list openai", "models openai --json"))
@click.argument("provider", required=False, type=click.Choice(KEYED))
@json_option
@with_memory
def list_models(memory: Memory, provider: str | None, *, as_json: bool) -> None:
    """List the models of PROVIDER (default: of each with a key). The lists are kept for a day."""
    wanted = (provider,) if provider else with_credentials(memory.costs.chain.settings)
    found = {name: memory.costs.models(name) for name in wanted}
    lines = [line for name, listed in found.items() for line in (f"{name}:", *(f"  {model}" for model in listed))]
    show(found, "\n".join(lines) or "No provider has a key; local needs no model.", as_json=as_json)


@models.command("fetch", epilog=example("models fetch", "models fetch sentence-transformers/all-mpnet-base-v2"))
@click.argument("name", default=f"sentence-transformers/{embedding_models.DEFAULT}")
@json_option
@click.pass_obj
def fetch_model(data_dir: str, name: str, *, as_json: bool) -> None:
    """Get an embedding model from the Hugging Face hub into the data folder. Nothing else here ever asks the network for one."""
    where = embedding_models.fetch(name, data_dir)
    show({"model": name, "folder": where}, f"{name} lies in {where}.", as_json=as_json)


@click.command("test-provider", epilog=example("test-provider", "test-provider openai", "test-provider --json"))
@click.argument("provider", required=False, default="")
@json_option
@with_memory
def try_provider(memory: Memory, provider: str, *, as_json: bool) -> None:
    """Ask PROVIDER (default: the one in force) one tiny question: does it answer, how fast, for how much? Costs some tokens.

    Exit status 1 where there is no answer.
    """
    found = memory.costs.try_provider(provider)
    show({"ok": found.ok, **attrs.asdict(found)}, found.sentence(), as_json=as_json)
    if not found.ok:
        raise click.exceptions.Exit(1)
