"""The commands for when something is wrong: doctor looks and mends what is safe, recover saves a damaged memory file."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import attrs
import click

from claudemem_lib import doctor as doctors
from claudemem_lib import link, render
from claudemem_lib import recover as recovery
from claudemem_lib.cli.base import example, json_option, show
from claudemem_lib.doctor import report as reports
from claudemem_lib.errors import BadRequest

LISTED_IDS = 20


EXIT = {doctors.OK: 0, doctors.WARNING: 0, doctors.FAILED: 1}
COLOURS = {doctors.OK: "green", doctors.WARNING: "yellow", doctors.FAILED: "red"}
MARKS = {doctors.OK: "ok     ", doctors.WARNING: "warning", doctors.FAILED: "FAILED "}


@click.command(
    epilog=example(
        "doctor", "doctor --full --probe", "doctor --fix --dry-run", "doctor --fix", "doctor --report report.json"
    )
)
@click.option("--full", is_flag=True, help="Read every index and every word of the full text, not only every page.")
@click.option(
    "--probe", is_flag=True, help="Send an event the whole way from a hook to a search, and leave no trace of it."
)
@click.option(
    "--provider", is_flag=True, help="Ask the provider one tiny question: a real call that costs some tokens."
)
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, then check again.")
@click.option("--dry-run", is_flag=True, help="With --fix: only say what would be mended.")
@click.option(
    "--report", "target", metavar="FILE", help="Write what helps to find a fault; nothing that was remembered is in it."
)
@json_option
@click.pass_obj
def doctor(data_dir: str, /, *, full: bool, as_json: bool, **how: Any) -> None:
    """Say what is well, what is not, why, and what to do about it.

    Exit status: 0 if nothing failed (there may be warnings), 1 if something did.
    """
    asked = {"probe": how["probe"], "provider": how["provider"]}
    checks = _checks(data_dir, full=full, **asked)
    wanted = [check.fix for check in checks if check.fix] if how["fix"] else []
    done = [] if how["dry_run"] or not wanted else doctors.mend(data_dir, full=full)
    if done:
        checks = _checks(data_dir, full=full, **asked)
    if how["target"]:
        _write_report(data_dir, Path(how["target"]), checks)
    found = {"state": doctors.worst(checks), "checks": [check.plain() for check in checks]}
    found |= {"fixed": done, "would_fix": wanted if how["dry_run"] else []}
    lines = [line for check in checks for line in _lines(check)]
    lines += [f"Mended: {text}" for text in done] + [f"Would {text}." for text in found["would_fix"]]
    if any(check.fix for check in checks) and not how["fix"]:
        lines.append("`claude-mem doctor --fix` mends what it can; with --dry-run it only says what.")
    show(found, "\n".join(lines), as_json=as_json)
    click.get_current_context().exit(EXIT[doctors.worst(checks)])


def _checks(data_dir: str, *, full: bool, probe: bool, provider: bool) -> list[doctors.Check]:
    return [*doctors.examine(data_dir, full=full), *doctors.on_request(data_dir, probe=probe, provider=provider)]


def _lines(check: doctors.Check) -> list[str]:
    mark = click.style(MARKS[check.state], fg=COLOURS[check.state])
    first = f"{mark}  {check.name:15} {render.line(check.found, 2_000)}"
    return [first, *([f"{'':25}-> {check.remedy}"] if check.remedy and check.state != doctors.OK else [])]


def _write_report(data_dir: str, target: Path, checks: list[doctors.Check]) -> None:
    """The report as a file of its own, for its owner; one that is there is not overwritten."""
    with doctors.Patient(data_dir) as patient:
        text = json.dumps(reports.report(patient, checks), indent=2, ensure_ascii=False, default=str) + "\n"
    try:
        file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        message = f"{target} is there already; give another name"
        raise click.ClickException(message) from error
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        opened.write(text)
    click.echo(f"Wrote {target}. Read it before you send it to anybody.", err=True)


@click.command(epilog=example("recover --dry-run", "recover", "recover --from ~/.claude-mem/backups/schema-1-17.db"))
@click.option("--from", "source", metavar="FILE", default="", help="Read another copy, such as a backup, instead.")
@click.option("--dry-run", is_flag=True, help="Only say what would be saved; needs room for two copies of the file.")
@click.option("--yes", is_flag=True, help="Do not ask before a sound file is set aside for FILE.")
@json_option
@click.pass_obj
def recover(data_dir: str, /, *, source: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Save what can be read of a damaged memory file into a new one.

    The damaged file is kept as it is, in `damaged` in the data folder. The server is ended meanwhile; the next session starts it.
    """
    if source:
        source = str(Path(source).expanduser().absolute())
        if not (dry_run or yes) and Path(source).is_file() and recovery.sound(data_dir):
            _ask(data_dir, source)
    try:
        found = recovery.recover(data_dir, source=source, dry_run=dry_run)
    except link.NoServer as error:
        raise click.ClickException(str(error)) from error
    show({**attrs.asdict(found), "rows": found.rows, "lost": found.lost}, _report(found), as_json=as_json)


def _ask(data_dir: str, source: str) -> None:
    """Nobody loses what is newer than a copy unasked."""
    about = f"The memory file in {data_dir} is sound. It would be set aside for {source}, and what is newer than that copy is gone"
    if not sys.stdin.isatty():
        message = f"{about}; with --yes this is done"
        raise BadRequest(message)
    click.confirm(f"{about}. Proceed?", abort=True, err=True)


def _report(found: recovery.Recovered) -> str:
    """What happened, for a person: what was wrong, what is saved, what is lost, where the old file is, what may bring more back."""
    if not found.wrong:
        return "The memory file is sound; nothing was changed."
    if found.rebuilt:
        verb = "would be" if found.dry_run else "was"
        return f"Only the full text did not fit its rows ({found.wrong}); it {verb} made anew. No memory was lost."
    saved = "Would save" if found.dry_run else "Saved"
    lines = [f"Wrong       {found.wrong}", f"{saved:12}{_rows(found)}", f"Lost        {_lost(found)}"]
    if found.dry_run:
        return "\n".join([*lines, "Nothing was changed; run it without --dry-run to do this."])
    lines += [f"Taken in    {found.taken_in} events that waited in the inbox"] if found.taken_in else []
    if found.set_aside:
        lines.append(f"The damaged file lies in {found.set_aside}; delete that folder once you miss nothing.")
    lines.append("`claude-mem backfill` learns again what is missing, from the host's transcripts.")
    others = [path for path in found.backups if found.wrong != f"asked for: {path}"]
    lines += [f"A copy that may hold more: `claude-mem recover --from {path}`" for path in others[:1]]
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
