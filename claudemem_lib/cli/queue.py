"""The commands about what waits: what is in the queue, what could not be taken in, and how to move it along."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from claudemem_lib import intake, render, when
from claudemem_lib.cli.base import example, json_option, show, with_memory
from claudemem_lib.errors import NotFound

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Observed


MOST = 10_000


@click.group(epilog=example("queue list", "queue retry", "queue discard 17"))
def queue() -> None:
    """See and mend what waits to be observed."""


@queue.command("list", epilog=example("queue list", "queue list --limit 500 --json"))
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True)
@json_option
@with_memory
def queue_list(memory: Memory, limit: int, *, as_json: bool) -> None:
    """List waiting and parked events."""
    found = memory.queue(limit=limit)
    now_ms = memory.clock()
    rows = [
        f"{one.id}  {one.state:8} {when.age(now_ms - one.taken_ms):>7}  {one.project}  {one.kind} {one.tool}"
        + (f"  {one.attempts} failures: {render.line(one.error, 80)}" if one.error else "")
        for one in found
    ]
    show(found, "\n".join(rows) or "Nothing waits.", as_json=as_json)
    if not as_json and len(found) == limit:
        waits = memory.stats()["queue"]
        total = sum(waits[state] for state in ("pending", "claimed", "parked"))
        click.echo(
            f"{total:,} in all" + (f"; all of them with --limit {total}" if limit < total <= MOST else ""), err=True
        )


@queue.command("process", epilog=example("queue process", "queue process --most 5"))
@click.option("--most", type=click.IntRange(1, 10_000), help="At most so many batches.")
@json_option
@with_memory
def queue_process(memory: Memory, most: int | None, *, as_json: bool) -> None:
    """Observe what is ready now, without waiting for the server; unfinished turns are left (`drain` takes them too)."""
    done = memory.observe_pending(flush=False, most=most)
    show(done, f"{done.events} events became {done.memories} memories.{failures(memory, done)}", as_json=as_json)


@queue.command("retry", epilog=example("queue retry", "queue retry 17"))
@click.argument("event_id", metavar="[ID]", type=int, required=False)
@json_option
@with_memory
def queue_retry(memory: Memory, event_id: int | None, *, as_json: bool) -> None:
    """Put parked events (all, or one) back into the queue, and end every wait for another try."""
    _check_there(memory, event_id)
    number = memory.retry(event_id)
    show({"retried": number}, f"{number} events will be tried again.", as_json=as_json)


@queue.command("discard", epilog=example("queue discard --dry-run", "queue discard 17", "queue discard --yes"))
@click.argument("event_id", metavar="[ID]", type=int, required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@json_option
@with_memory
def queue_discard(memory: Memory, event_id: int | None, *, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Delete parked events (all, or one) for good."""
    _check_there(memory, event_id)
    parked = sum(row.state == "parked" and event_id in (None, row.id) for row in memory.queue(limit=1_000_000))
    if dry_run:
        show({"would_discard": parked}, f"{parked} parked events would be deleted.", as_json=as_json)
        return
    if parked and not yes:
        click.confirm(f"Delete {parked} parked events for good?", abort=True, err=True)
    show({"discarded": memory.discard(event_id)}, f"{parked} events deleted.", as_json=as_json)


def _check_there(memory: Memory, event_id: int | None) -> None:
    """NotFound unless the event is parked, where one is named."""
    found = None if event_id is None else [row for row in memory.queue(limit=1_000_000) if row.id == event_id]
    if found == [] or (found and found[0].state != "parked"):
        state = "waits and is not parked" if found else "is not in the queue"
        message = f"event {event_id} {state}; `claude-mem queue list` shows what is, and nothing was changed"
        raise NotFound(message)


@queue.command(
    "bad", epilog=example("queue bad", "queue bad --retry", "queue bad --clear --dry-run", "queue bad --clear")
)
@click.option("--retry", is_flag=True, help="Put them back into the inbox, for a release that may understand them.")
@click.option("--clear", is_flag=True, help="Delete them for good.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
@json_option
@click.pass_obj
def queue_bad(data_dir: str, /, *, retry: bool, clear: bool, as_json: bool, **how: bool) -> None:
    """List the files that were no events, with the reason; they lie in inbox/bad in the data folder."""
    data_dir = str(Path(data_dir).expanduser().absolute())
    found = intake.bad(data_dir)
    if not (retry or clear):
        rows = [{"name": name, "reason": reason} for name, reason in found]
        text = "\n".join(f"{name}  {render.line(reason, 120)}" for name, reason in found)
        show(rows, text or "No bad files.", as_json=as_json)
        return
    verb = "retried" if retry else "cleared"
    if how["dry_run"]:
        show({f"would_be_{verb}": len(found)}, f"{len(found)} bad files would be {verb}.", as_json=as_json)
        return
    if not retry and found and not how["yes"]:
        click.confirm(f"Delete {len(found)} files for good?", abort=True, err=True)
    number = intake.try_bad(data_dir) if retry else intake.clear_bad(data_dir)
    show({verb: number}, f"{number} files were {verb}.", as_json=as_json)


def failures(memory: Memory, done: Observed) -> str:
    """What to say of batches that failed, or why nobody is asked, if that is so."""
    waiting_for = memory.stats()["waiting_for"]
    failed = (
        f" {done.failed} batches failed and wait for another try; `claude-mem status` says why." if done.failed else ""
    )
    return failed + (f" {waiting_for}" if waiting_for else "")
