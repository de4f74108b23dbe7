"""Commands that try the product out and set it up: demo, settings."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import render, settings_form
from claudemem_lib import settings as settings_
from claudemem_lib.cli.base import example, json_option, show

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command(epilog=example("demo", "demo --json"))
@json_option
def demo(*, as_json: bool) -> None:
    """Show what claude-mem does, in a temporary folder, on your newest sessions or on a sample."""
    from claudemem_lib import demo as shown  # noqa: PLC0415  # needs the package's data; no other command does

    found = shown.run()
    if as_json:
        show(shown.as_json(found), "", as_json=True)
        return
    counts = found["counts"]
    click.secho(f"1. Remembered from {found['source']}", bold=True)
    click.echo(
        f"   {counts['sessions']} sessions, {counts['prompts']} prompts and {found['events']} events became "
        f"{counts['observations']} observations and {counts['summaries']} summaries, without a model:\n"
    )
    click.echo(render.hits(found["memories"]))
    click.secho(f"\n2. claude-mem search {found['query']}\n", bold=True)
    click.echo(render.hits(found["hits"]))
    click.secho(f"\n3. What the next session in {found['project']} would be told\n", bold=True)
    click.echo(found["context"])
    name = _name()
    click.secho(f"\nNothing was kept. Next: `{name} install`, then `{name} backfill`.", bold=True)


def _name() -> str:
    """How this shell can call us: by name where that is on its path, else as we were called."""
    called = sys.argv[0]
    return called if Path(called).name == "claude-mem" and not shutil.which("claude-mem") else "claude-mem"


@click.command(
    "settings",
    epilog=example("settings", "settings CLAUDE_MEM_CONTEXT_TOKENS 1500", "settings CLAUDE_MEM_CONTEXT_TOKENS --reset"),
)
@click.argument("key", required=False)
@click.argument("value", required=False)
@click.option("--reset", is_flag=True, help="Take KEY out of the settings file, so that its default holds.")
@json_option
@click.pass_obj
def settings(data_dir: str, key: str | None, value: str | None, *, reset: bool, as_json: bool) -> None:
    """Show all settings, one (KEY), or change one (KEY VALUE)."""
    told = ""
    if key and reset:
        settings_form.reset(data_dir, [settings_.field_of(key)])
    if key and value is not None:
        told = settings_form.save_anyway(data_dir, settings_.field_of(key), value)
    current, problems = settings_.load(data_dir)
    problems = (*((told,) if told else ()), *problems, *settings_.misspelt(data_dir))
    rows = [
        {"key": name, "value": _shown(current, name, about), "default": default, "help": about["help"]}
        for name, default, about in settings_.described()
        if key is None or settings_.field_of(key) == settings_.field_of(name)
    ]
    lines = [f"{row['key']} = {settings_.as_text(row['value'])}\n    {row['help']}" for row in rows]
    show(rows, "\n".join([*lines, *(f"Note: {problem}" for problem in problems)]), as_json=as_json)


def _shown(current: settings_.Settings, key: str, about: Mapping[str, Any]) -> Any:
    """A setting's value; of a secret only whether there is one."""
    value = getattr(current, settings_.field_of(key))
    return "********" if about["secret"] and value else value
