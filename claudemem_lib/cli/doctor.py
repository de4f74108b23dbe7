"""The commands for when something is wrong: doctor looks and mends what is safe, recover saves a damaged memory file."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from claudemem_lib import link
from claudemem_lib import recover as recovery
from claudemem_lib.cli.base import example, json_option, show

LISTED_IDS = 20


@click.command(epilog=example("recover --dry-run", "recover", "recover --from ~/.claude-mem/backups/schema-1-17.db"))
@click.option("--from", "source", metavar="FILE", default="", help="Read another copy, such as a backup, instead.")
@click.option("--dry-run", is_flag=True, help="Only say what would be saved; needs room for two copies of the file.")
@json_option
@click.pass_obj
def recover(data_dir: str, /, *, source: str, dry_run: bool, as_json: bool) -> None:
    """Save what can be read of a damaged memory file into a new one.

    The damaged file is kept as it is, in `damaged` in the data folder. The server is ended meanwhile; the next session starts it.
    """
    if source:
        source = str(Path(source).expanduser().absolute())
    try:
        found = recovery.recover(data_dir, source=source, dry_run=dry_run)
    except link.NoServer as error:
        raise click.ClickException(str(error)) from error
    show({**attrs.asdict(found), "rows": found.rows, "lost": found.lost}, _report(found), as_json=as_json)


def _report(found: recovery.Recovered) -> str:
    """What happened, for a person: what was wrong, what is saved, what is lost, where the old file is, what may bring more back."""
    if not found.wrong:
        return "The memory file is sound; nothing was changed."
    if found.rebuilt:
        verb = "would be" if found.dry_run else "was"
        return f"Only the full text did not fit its rows ({found.wrong}); it {verb} made anew. No memory was lost."
    would = "would be " if found.dry_run else ""
    lines = [f"Wrong     {found.wrong}"]
    lines += [f"{would}saved".capitalize().ljust(10) + _rows(found)]
    lines += [f"Lost      {_lost(found)}"]
    if found.dry_run:
        return "\n".join([*lines, "Nothing was changed; run it without --dry-run to do this."])
    lines += [f"Taken in  {found.taken_in} events that waited in the inbox"] if found.taken_in else []
    if found.set_aside:
        lines.append(f"The damaged file lies in {found.set_aside}; delete that folder once you miss nothing.")
    lines.append("`claude-mem backfill` learns again what is missing, from the host's transcripts.")
    lines += [f"A copy that may hold more: `claude-mem recover --from {path}`" for path in found.backups[:1]]
    return "\n".join(lines)


def _rows(found: recovery.Recovered) -> str:
    counts = [f"{table.rows:,} {table.table.replace('_', ' ')}" for table in found.tables if table.rows]
    return ", ".join(counts) or "nothing: not one row could be read"


def _lost(found: recovery.Recovered) -> str:
    """What is known to be lost; parts of the file that cannot be read may have held more."""
    parts = []
    for table in found.tables:
        if table.lost:
            ids = ", ".join(f"#{number}" for number in table.lost_ids[:LISTED_IDS])
            more = ", ..." if table.lost > LISTED_IDS else ""
            parts.append(f"{table.lost:,} {table.table.replace('_', ' ')} ({ids}{more})")
    unreadable = sum(table.unreadable for table in found.tables)
    known = ", ".join(parts) or "no row that is known of"
    return known + (f"; {unreadable} parts of the file could not be read" if unreadable else "")
