"""Commands that say what there is and move it along: sessions, projects, status, drain, backfill."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import located, render, when
from claudemem_lib.cli import server
from claudemem_lib.cli.base import (
    example,
    json_option,
    show,
    tell_total,
    with_memory,
    with_memory_as_it_is,
    with_memory_quietly,
)
from claudemem_lib.cli.queue import failures
from claudemem_lib.models import Observed

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory


_MADE = (("observation", "observations"), ("summary", "summaries"), ("note", "notes"))


@click.command("sessions", epilog=example("sessions", "sessions --project app --limit 5 --json"))
@click.option("--project", metavar="NAME", help="Only this project.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to leave out first.")
@json_option
@with_memory
def sessions(memory: Memory, *, as_json: bool, **options: Any) -> None:
    """List sessions, most recently active first, each with its id at the end."""
    found = memory.sessions(**options)
    rows = [
        f"{render.day(one.started_ms)} {render.clock(one.started_ms)}  {one.status:9}  "
        f"{_column(one.prompts, 'prompt')}  {_column(one.memories, 'memory', 'memories')}  {one.project}: "
        f"{render.line(one.title, 70) or '(no prompt)'}  {one.host_id}"
        for one in found
    ]
    show(found, "\n".join(rows) or "No sessions yet.", as_json=as_json)
    if not as_json:
        only = located.ids(memory.database, options["project"])
        name = next((row.name for row in memory.projects() if row.id in only), None)
        total = sum(number for _, number in memory.browse.session_days(name))
        end = options["offset"] + len(found)
        tell_total(total, f"--offset {end}" if found and end < total else "")


def _column(number: int, one: str, many: str = "") -> str:
    """A number of things, as wide whatever the number."""
    many = many or f"{one}s"
    return f"{number:3} {one if number == 1 else many:{len(many)}}"


@click.command("projects", epilog=example("projects --json"))
@json_option
@with_memory
def projects(memory: Memory, *, as_json: bool) -> None:
    """List projects, most recently active first."""
    found = memory.projects()
    rows = [
        f"{one.name}  {render.counted(one.sessions, 'session')}, {render.counted(one.memories, 'memory', 'memories')}  {one.root}"
        for one in found
    ]
    show(found, "\n".join(rows) or "No projects yet.", as_json=as_json)


@click.command(epilog=example("status", "status --json"))
@json_option
@with_memory_quietly
def status(memory: Memory, *, as_json: bool) -> None:
    """Say what the memory holds and whether anything is wrong."""
    found = {**memory.stats(), "server": server.facts(memory.data_dir)}
    counts, queue, inbox = found["counts"], found["queue"], found["inbox"]
    lines = [
        f"Data folder   {found['data_dir']} ({found['file_bytes'] / 1e6:.1f} MB)",
        f"Remembered    {', '.join(render.counted(counts[many], one, many) for one, many in _MADE)} "
        f"of {render.counted(counts['sessions'], 'session')} in {render.counted(counts['projects'], 'project')}",
        f"Queue         {queue['pending']} pending, {queue['claimed']} being observed, {queue['parked']} parked"
        + (f", oldest {when.age(queue['oldest_age_ms'])} old" if queue["oldest_age_ms"] is not None else ""),
        f"Inbox         {inbox['waiting']} waiting, {inbox['bad']} bad"
        + (" (`claude-mem queue bad`)" if inbox["bad"] else ""),
        f"Masked        {_masked(found['masked'])}",
        f"Provider      {found['provider']}, mode {found['mode']}",
        f"Search        {_search(found['semantic'], memory.settings.embedder)}",
        f"Server        {server.line(found['server'])}",
    ]
    lines += [f"Off           {off}" for off in found["switched_off"]]
    lines += [f"Waiting for   {found['waiting_for']}"] if found["waiting_for"] else []
    lines += [f"Last error    {queue['last_error']}"] if queue["last_error"] else []
    lines += [f"Problem       {problem}" for problem in found["problems"]]
    show(found, "\n".join(lines), as_json=as_json)


def _search(about: dict[str, Any], embedder: str) -> str:
    """What searches go by, and why not by meaning too, in a line."""
    if embedder == "none":
        return "full text only, as chosen (CLAUDE_MEM_EMBEDDER is none)"
    if about["problem"]:
        return f"full text only: {about['problem']}"
    return f"full text and meaning, {about['embedded']:,} memories embedded, {about['waiting']:,} wait"


def _masked(counts: dict[str, int]) -> str:
    """What was taken out before anything was stored, in a line."""
    secrets = {kind: number for kind, number in counts.items() if kind != "private"}
    private = counts.get("private", 0)
    most = ", ".join(f"{number} {kind}" for kind, number in list(secrets.items())[:5])
    more = f" and {len(secrets) - 5} other kinds" if len(secrets) > 5 else ""  # noqa: PLR2004
    return f"{sum(secrets.values())} secrets{f' ({most}{more})' if most else ''}, {private} private passages"


@click.command(epilog=example("drain", "drain --ready-only"))
@click.option("--ready-only", is_flag=True, help="Leave turns that are not finished yet.")
@json_option
@with_memory_as_it_is
def drain(memory: Memory, *, ready_only: bool, as_json: bool) -> None:
    """Observe everything that waits, here and now."""
    memory.take_in()
    done = _drain(memory, flush=not ready_only, quiet=as_json)
    show(done, f"{done.events} events became {done.memories} memories.{failures(memory, done)}", as_json=as_json)


def _drain(memory: Memory, *, flush: bool, quiet: bool) -> Observed:
    waiting = sum(memory.stats()["queue"][state] for state in ("pending", "claimed"))
    with progress(waiting, "Observing", quiet=quiet) as bar:
        total = Observed()
        while (done := memory.observe_pending(flush=flush, most=1)).batches:
            total += done
            bar.update(done.events)
        return total


def progress(length: int, label: str, *, quiet: bool) -> Any:
    """A bar on standard error, hidden where nobody looks."""
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=quiet or not sys.stderr.isatty())


@click.command(epilog=example("backfill --dry-run", "backfill", "backfill ~/.claude/projects/-home-me-app"))
@click.argument("path", required=False, type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only count, and estimate what a model would cost.")
@click.option("--yes", is_flag=True, help="Do not ask before a model is used.")
@json_option
@with_memory
def backfill(memory: Memory, path: str | None, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remember past sessions from Claude Code's transcripts (default: all it keeps). May be repeated and interrupted."""
    if not (dry_run or yes):
        events = sum(one.events for one in memory.backfill(path, dry_run=True)) if memory.costs.estimate(1) else 0
        estimate = memory.costs.estimate(events)
        if estimate:
            click.confirm(f"{estimate.sentence()} Proceed?", abort=True, err=True)
    run = memory.backfill(path, dry_run=dry_run)
    read = []
    with progress(run.total_bytes, "Reading", quiet=as_json) as bar:
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
        estimate = memory.costs.estimate(found["events"])
        cost = f" {estimate.sentence()}" if estimate else ""
        show({**found, "estimate": estimate}, f"{text}. Nothing was stored.{cost}", as_json=as_json)
        return
    done = _drain(memory, flush=True, quiet=as_json)
    show(
        {**found, "memories": done.memories, "failed": done.failed},
        f"{text}, {found['new']} new; {done.memories} memories made.{failures(memory, done)}",
        as_json=as_json,
    )
