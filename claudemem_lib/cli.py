"""The `claude-mem` command: each subcommand calls one verb of Memory and prints what it gives, as text or with --json.

Exit status: 0 done, 1 could not be done (the reason on standard error), 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

import attrs
import click

import claudemem_lib
from claudemem_lib import install as installer
from claudemem_lib import paths, render, when
from claudemem_lib import settings as settings_
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.memory import plus
from claudemem_lib.models import Observed
from claudemem_lib.timeline import anchor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from claudemem_lib.memory import Memory


class Command(click.Group):
    """Errors of ours as one sentence; the order of commands as written."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; a ClaudeMemError becomes a sentence and status 1."""
        try:
            return super().invoke(ctx)
        except ClaudeMemError as error:
            raise click.ClickException(str(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands in the order of this file."""
        del ctx
        return list(self.commands)


def _example(*lines: str) -> str:
    """An epilog that click does not re-wrap."""
    return "\b\nExamples:\n" + "\n".join(f"  claude-mem {line}" for line in lines)


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(claudemem_lib.__version__, prog_name="claude-mem")
@click.option("--data-dir", metavar="DIR", help="The data folder (default: $CLAUDE_MEM_DATA_DIR, else ~/.claude-mem).")
@click.pass_context
def main(ctx: click.Context, data_dir: str | None) -> None:
    """A persistent memory for Claude Code and other coding agents.

    New here? `claude-mem demo` shows what it does, `claude-mem install` connects it to Claude Code, and
    `claude-mem backfill` remembers the sessions you had before.
    """
    ctx.obj = data_dir or paths.data_dir()


def _json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def _with_memory(function: Callable[..., Any]) -> Callable[..., Any]:
    """Open the memory for the command and close it afterwards."""

    @click.pass_obj
    def run(data_dir: str, /, *args: Any, **kwargs: Any) -> Any:
        with claudemem_lib.open(data_dir) as memory:
            for problem in memory.problems:
                click.echo(f"Note: {problem}", err=True)
            return function(memory, *args, **kwargs)

    return update_wrapper(run, function)


def _print(value: Any, text: str, *, as_json: bool) -> None:
    """*value* as JSON, or *text*."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) if as_json else text)


def _plain(value: Any) -> Any:
    return attrs.asdict(value) if attrs.has(type(value)) else str(value)


@main.command(epilog=_example("demo", "demo --json"))
@_json_option
def demo(*, as_json: bool) -> None:
    """Show what claude-mem does, in a temporary folder, on your newest sessions or on a sample."""
    from claudemem_lib import demo as shown  # noqa: PLC0415  # needs the package's data; no other command does

    found = shown.run()
    if as_json:
        _print(shown.as_json(found), "", as_json=True)
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
    click.secho("\nNothing was kept. Next: `claude-mem install`, then `claude-mem backfill`.", bold=True)


@main.command(
    epilog=_example(
        "search flaky login test",
        "search '\"connection refused\" AND redis'",
        "search --type bugfix --since 7d",
        "search",
    )
)
@click.argument("query", nargs=-1)
@click.option("--kind", metavar="LIST", default="", help="observation, summary, note.")
@click.option("--type", "type_", metavar="LIST", default="", help="Observation types, such as bugfix,decision.")
@click.option("--concept", "concepts", metavar="LIST", default="", help="Concepts, such as gotcha,trade-off.")
@click.option("--file", "files", metavar="LIST", default="", help="Parts of file paths.")
@click.option("--project", metavar="NAME", help="A project's name, or a folder of it.")
@click.option("--since", metavar="TIME", help="2026-11-22, 2026-11-22T15:48, or 7d for seven days ago.")
@click.option("--until", metavar="TIME", help="The same; a date includes that day.")
@click.option(
    "--order", type=click.Choice(["relevance", "date_desc", "date_asc"]), default="relevance", show_default=True
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@_json_option
@_with_memory
def search(memory: Memory, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Find memories. Without words: the newest. AND, OR, NOT, "phrases" and beginnings* work."""
    since, until = options.pop("since"), options.pop("until")
    options["type"] = options.pop("type_")
    options["since_ms"] = when.moment(since, memory.clock()) if since else None
    options["until_ms"] = when.moment(until, memory.clock(), end=True) if until else None
    found = memory.search(" ".join(query), **options)
    _print(found, render.hits(found), as_json=as_json)


@main.command(
    epilog=_example("timeline 42", "timeline --query 'login bug' --before 5 --after 5", "timeline --at 2026-11-22")
)
@click.argument("anchor", required=False)
@click.option("--query", help="Around the best hit of this search.")
@click.option("--at", metavar="TIME", help="Around a time.")
@click.option("--before", type=click.IntRange(0, 500), default=10, show_default=True)
@click.option("--after", type=click.IntRange(0, 500), default=10, show_default=True)
@click.option("--project", metavar="NAME", help="Only this project.")
@_json_option
@_with_memory
def timeline(memory: Memory, anchor: str | None, *, as_json: bool, **options: Any) -> None:
    """Show what happened around a memory (its ID), a search hit, or a time."""
    at = options.pop("at")
    found = memory.timeline(anchor, at_ms=when.moment(at, memory.clock()) if at else None, **options)
    _print(found, render.timeline(found), as_json=as_json)


@main.command(epilog=_example("show 42", "show 42 43 --json"))
@click.argument("wanted", metavar="ID...", nargs=-1, required=True)
@_json_option
@_with_memory
def show(memory: Memory, wanted: tuple[str, ...], *, as_json: bool) -> None:
    """Show memories in full."""
    numbers = [anchor_of(one) for one in wanted]
    found = memory.get(number for number in numbers if number is not None)
    missing = sorted(set(numbers) - {one.id for one in found}, key=str)
    _print(found, ("\n\n" + "-" * 60 + "\n\n").join(render.memory(one) for one in found), as_json=as_json)
    if missing:
        message = f"there is no memory {', '.join(f'#{number}' for number in missing)}"
        raise click.ClickException(message)


@main.command(epilog=_example("context", "context ~/src/app --source resume --session ID"))
@click.argument("folder", default=".")
@click.option(
    "--source", type=click.Choice(["startup", "resume", "clear", "compact"]), default="startup", show_default=True
)
@click.option("--session", default="", help="The host's session id, for resume and compact.")
@_json_option
@_with_memory
def context(memory: Memory, folder: str, source: str, session: str, *, as_json: bool) -> None:
    """Show exactly what a session starting in FOLDER would be told."""
    text = memory.context(folder, source=source, session=session)
    size = {"characters": len(text), "tokens": -(-len(text) // 4)}
    _print({"text": text, **size}, text or "Nothing is remembered of this project yet.", as_json=as_json)


@main.command(
    epilog=_example('remember "The staging database is read-only on Sundays"', "remember --title Deploys - < notes.txt")
)
@click.argument("text")
@click.option("--title", help="A short name; default: the text's first line.")
@click.option("--project", metavar="NAME", help="A project's name or folder (default: the working directory's).")
@click.option("--file", "files", multiple=True, help="A file the note is about; may be repeated.")
@click.option("--concept", "concepts", multiple=True, help="A word to file it under; may be repeated.")
@_json_option
@_with_memory
def remember(memory: Memory, text: str, *, as_json: bool, **options: Any) -> None:
    """Save a note; `-` reads it from standard input. Notes always qualify for the next session's context."""
    number = memory.remember(sys.stdin.read() if text == "-" else text, **options)
    _print({"id": number}, f"Saved as #{number}.", as_json=as_json)


@main.command("sessions", epilog=_example("sessions", "sessions --project app --limit 5 --json"))
@click.option("--project", metavar="NAME", help="Only this project.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@_json_option
@_with_memory
def sessions_(memory: Memory, *, as_json: bool, **options: Any) -> None:
    """List sessions, most recently active first."""
    found = memory.sessions(**options)
    rows = [
        f"{render.day(one.started_ms)} {render.clock(one.started_ms)}  {one.status:9}  {one.prompts:3} prompts  "
        f"{one.memories:3} memories  {one.project}: {render.line(one.title, 70) or '(no prompt)'}"
        for one in found
    ]
    _print(found, "\n".join(rows) or "No sessions yet.", as_json=as_json)


@main.command("projects", epilog=_example("projects --json"))
@_json_option
@_with_memory
def projects_(memory: Memory, *, as_json: bool) -> None:
    """List projects, most recently active first."""
    found = memory.projects()
    rows = [f"{one.name}  {one.sessions} sessions, {one.memories} memories  {one.root}" for one in found]
    _print(found, "\n".join(rows) or "No projects yet.", as_json=as_json)


@main.command(epilog=_example("status", "status --json"))
@_json_option
@_with_memory
def status(memory: Memory, *, as_json: bool) -> None:
    """Say what the memory holds and whether anything is wrong."""
    found = memory.stats()
    counts, queue, inbox = found["counts"], found["queue"], found["inbox"]
    lines = [
        f"Data folder   {found['data_dir']} ({found['file_bytes'] / 1e6:.1f} MB)",
        f"Remembered    {counts['observations']} observations, {counts['summaries']} summaries, {counts['notes']} notes "
        f"of {counts['sessions']} sessions in {counts['projects']} projects",
        f"Queue         {queue['pending']} pending, {queue['claimed']} being observed, {queue['parked']} parked"
        + (f", oldest {when.age(queue['oldest_age_ms'])} old" if queue["oldest_age_ms"] is not None else ""),
        f"Inbox         {inbox['waiting']} waiting, {inbox['bad']} bad" + (" (see inbox/bad)" if inbox["bad"] else ""),
        f"Provider      {found['provider']}, mode {found['mode']}",
    ]
    lines += [f"Last error    {queue['last_error']}"] if queue["last_error"] else []
    _print(found, "\n".join(lines), as_json=as_json)


@main.group(epilog=_example("queue list", "queue retry", "queue discard 17"))
def queue() -> None:
    """See and mend what waits to be observed."""


@queue.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@_json_option
@_with_memory
def queue_list(memory: Memory, limit: int, *, as_json: bool) -> None:
    """List waiting and parked events."""
    found = memory.queue(limit=limit)
    now_ms = memory.clock()
    rows = [
        f"{one.id}  {one.state:8} {when.age(now_ms - one.taken_ms):>7}  {one.project}  {one.kind} {one.tool}"
        + (f"  {one.attempts} failures: {render.line(one.error, 80)}" if one.error else "")
        for one in found
    ]
    _print(found, "\n".join(rows) or "Nothing waits.", as_json=as_json)


@queue.command("retry")
@click.argument("event_id", metavar="[ID]", type=int, required=False)
@_json_option
@_with_memory
def queue_retry(memory: Memory, event_id: int | None, *, as_json: bool) -> None:
    """Put parked events (all, or one) back into the queue."""
    number = memory.retry(event_id)
    _print({"retried": number}, f"{number} events will be tried again.", as_json=as_json)


@queue.command("discard")
@click.argument("event_id", metavar="[ID]", type=int, required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@_json_option
@_with_memory
def queue_discard(memory: Memory, event_id: int | None, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Delete parked events (all, or one) for good."""
    parked = sum(row.state == "parked" and event_id in (None, row.id) for row in memory.queue(limit=1_000_000))
    if dry_run:
        _print({"would_discard": parked}, f"{parked} parked events would be deleted.", as_json=as_json)
        return
    if parked and not yes:
        click.confirm(f"Delete {parked} parked events for good?", abort=True, err=True)
    _print({"discarded": memory.discard(event_id)}, f"{parked} events deleted.", as_json=as_json)


@main.command(epilog=_example("drain", "drain --ready-only"))
@click.option("--ready-only", is_flag=True, help="Leave turns that are not finished yet.")
@_json_option
@_with_memory
def drain(memory: Memory, *, ready_only: bool, as_json: bool) -> None:
    """Observe everything that waits, here and now."""
    done = _drain(memory, flush=not ready_only, quiet=as_json)
    text = f"{done.events} events became {done.memories} memories."
    if done.failed:
        text += f" {done.failed} batches failed and wait for another try; `claude-mem status` says why."
    _print(done, text, as_json=as_json)


def _drain(memory: Memory, *, flush: bool, quiet: bool) -> Observed:
    waiting = sum(memory.stats()["queue"][state] for state in ("pending", "claimed"))
    with _progress(waiting, "Observing", quiet=quiet) as bar:
        total = Observed()
        while (done := memory.observe_pending(flush=flush, most=1)).batches:
            total = plus(total, done)
            bar.update(done.events)
        return total


def _progress(length: int, label: str, *, quiet: bool) -> Any:
    """A bar on standard error, hidden where nobody looks."""
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=quiet or not sys.stderr.isatty())


@main.command(epilog=_example("backfill --dry-run", "backfill", "backfill ~/.claude/projects/-home-me-app"))
@click.argument("path", required=False, type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only count.")
@_json_option
@_with_memory
def backfill(memory: Memory, path: str | None, *, dry_run: bool, as_json: bool) -> None:
    """Remember past sessions from Claude Code's transcripts (default: all it keeps). May be repeated and interrupted."""
    run = memory.backfill(path, dry_run=dry_run)
    read = []
    with _progress(run.total_bytes, "Reading", quiet=as_json) as bar:
        for one in run:
            read.append(one)
            bar.update(one.size)
    found = {
        "files": len(read),
        "unchanged": sum(one.unchanged for one in read),
        "events": sum(one.events for one in read),
        "new": sum(one.new for one in read),
        "bad_lines": sum(one.bad for one in read),
        "dry_run": dry_run,
    }
    text = f"{found['files']} transcripts ({found['unchanged']} unchanged) hold {found['events']} events"
    if dry_run:
        _print(found, f"{text}. Nothing was stored.", as_json=as_json)
        return
    done = _drain(memory, flush=True, quiet=as_json)
    _print(
        {**found, "memories": done.memories},
        f"{text}, {found['new']} new; {done.memories} memories made.",
        as_json=as_json,
    )


@main.command("settings", epilog=_example("settings", "settings CLAUDE_MEM_CONTEXT_TOKENS 1500"))
@click.argument("key", required=False)
@click.argument("value", required=False)
@_json_option
@click.pass_obj
def settings_command(data_dir: str, key: str | None, value: str | None, *, as_json: bool) -> None:
    """Show all settings, one (KEY), or change one (KEY VALUE)."""
    if key and value is not None:
        settings_.save(data_dir, {settings_.field_of(key): settings_.value_of(key, value)})
    current, problems = settings_.load(data_dir)
    rows = [
        {"key": name, "value": getattr(current, settings_.field_of(name)), "default": default, "help": about["help"]}
        for name, default, about in settings_.described()
        if key is None or settings_.field_of(key) == settings_.field_of(name)
    ]
    lines = [f"{row['key']} = {settings_.as_text(row['value'])}\n    {row['help']}" for row in rows]
    _print(rows, "\n".join([*lines, *(f"Note: {problem}" for problem in problems)]), as_json=as_json)


@main.command("install", epilog=_example("install --dry-run", "install"))
@click.option("--dry-run", is_flag=True, help="Print the exact changes and make none.")
@_json_option
@click.pass_obj
def install_command(data_dir: str, *, dry_run: bool, as_json: bool) -> None:
    """Connect Claude Code: add our hooks to its settings. `claude-mem uninstall` takes them out again."""
    _apply(installer.plan(_host_folder(), data_dir), dry_run=dry_run, as_json=as_json)


@main.command("uninstall", epilog=_example("uninstall --dry-run", "uninstall"))
@click.option("--dry-run", is_flag=True, help="Print the exact changes and make none.")
@_json_option
@click.pass_obj
def uninstall_command(data_dir: str, *, dry_run: bool, as_json: bool) -> None:
    """Take our hooks out of Claude Code's settings; everything remembered stays in the data folder."""
    _apply(installer.uninstall_plan(_host_folder(), data_dir), dry_run=dry_run, as_json=as_json)


def _host_folder() -> Any:
    return installer.host_config_dir({name: paths.environment(name) or "" for name in ("CLAUDE_CONFIG_DIR", "HOME")})


def _apply(plan: installer.Plan, *, dry_run: bool, as_json: bool) -> None:
    """Show or carry out a plan."""
    report: Iterable[str] = () if dry_run else installer.apply(plan)
    found = {"diff": plan.diff, "warnings": plan.warnings, "report": list(report), "applied": not dry_run}
    lines = [*(f"Warning: {warning}" for warning in plan.warnings), *([plan.diff] if dry_run else []), *report]
    if dry_run:
        lines.append(
            "Nothing would change." if plan.empty else "Nothing was changed; run it without --dry-run to do this."
        )
    _print(found, "\n".join(lines), as_json=as_json)


if __name__ == "__main__":
    main()
