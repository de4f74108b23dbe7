"""Commands that take a memory along: import (from the original, or a bundle) and export."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import claudemem_lib
from claudemem_lib import paths, settings_takeover, transfer
from claudemem_lib.cli.base import example, json_option, show, with_memory
from claudemem_lib.cli.upkeep import progress
from claudemem_lib.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.memory import Memory
    from claudemem_lib.takeover import Takeover
    from claudemem_lib.tally import Tally

STANDARD = "-"
_STILL_INSTALLED = (
    "If the original's plugin is still in Claude Code, take it out before the next session: "
    "it would take our file for its own."
)


@click.command(
    "import",
    epilog=example("import --dry-run", "import", "import ~/old/claude-mem.db --settings", "import laptop.jsonl"),
)
@click.argument("path", required=False, metavar="[PATH|-]", type=click.Path(allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Only say what would be taken over, and what not and why.")
@click.option(
    "--settings", "with_settings", is_flag=True, help="Take over settings, keys and modes that lie beside PATH too."
)
@click.option("--yes", is_flag=True, help="Do not ask before the original's file is moved out of our place.")
@json_option
@click.pass_obj
def import_(  # noqa: PLR0913  # its options
    data_dir: str, /, *, path: str | None, dry_run: bool, with_settings: bool, yes: bool, as_json: bool
) -> None:
    """Take over a database of the original claude-mem, or what `claude-mem export` wrote on another machine.

    Without PATH: the original's database where it is kept (~/.claude-mem/claude-mem.db). It is only read. Where it
    lies in the place of our own file, it is moved, as it is, into the folder `original` beside it, after asking. May be
    repeated and interrupted: what is there already is not added again.
    """
    if path == STANDARD or (path is not None and not transfer.is_database(Path(path).expanduser())):
        if with_settings:
            message = "a bundle holds no settings; --settings is for a database of the original"
            raise click.UsageError(message)
        _bundle(data_dir, path, dry_run=dry_run, as_json=as_json)
        return
    source = Path(path).expanduser() if path is not None else transfer.default_source(data_dir)
    with _room(data_dir, source, dry_run=dry_run, yes=yes) as (memory, lies):
        run = memory.transfer.original(lies, dry_run=dry_run)
        _go(run, quiet=as_json)
        taken = settings_takeover.take_over(data_dir, source.parent, dry_run=dry_run) if with_settings else []
    found = {"source": str(lies), "dry_run": dry_run, **run.tally.as_json(), "settings": dict(taken)}
    lines = [*_report(run.tally, f"From {lies}", dry_run=dry_run), *(f"  {key}: {outcome}" for key, outcome in taken)]
    if not with_settings and settings_takeover.is_another(data_dir, source.parent):
        lines.append(f"Settings or modes lie in {source.parent} too: add --settings to take them over.")
    show(found, "\n".join(lines), as_json=as_json)


@contextmanager
def _room(data_dir: str, source: Path, *, dry_run: bool, yes: bool) -> Iterator[tuple[Memory, Path]]:
    """Our memory and where the original's file is, moved out of our place if it is there; for a dry run an empty memory then."""
    if not transfer.in_the_way(data_dir, source):
        with _opened(data_dir, dry_run=dry_run) as memory:
            yield memory, source
    elif dry_run:
        with tempfile.TemporaryDirectory() as folder, claudemem_lib.open(folder) as memory:
            yield memory, source
    else:
        if not (yes or sys.stdin.isatty()):
            message = (
                f"{source} is the original's and lies where our own file has to be. With --yes it is moved, as it is, into "
                f"{source.parent / transfer.ASIDE}, and read from there; or set CLAUDE_MEM_DATA_DIR to another folder."
            )
            raise click.ClickException(message)
        if not yes:
            click.echo(f"{source} is the original's and lies where our own file has to be.", err=True)
            click.confirm(f"Move it, as it is, into {source.parent / transfer.ASIDE}?", abort=True, err=True)
        moved = transfer.set_aside(data_dir)
        click.echo(f"Moved to {moved}. {_STILL_INSTALLED}", err=True)
        with claudemem_lib.open(data_dir) as memory:
            yield memory, moved


@contextmanager
def _opened(data_dir: str, *, dry_run: bool) -> Iterator[Memory]:
    """The memory; for a dry run where there is none yet an empty one elsewhere, so that none is made."""
    if not dry_run or Path(data_dir, paths.DATABASE).exists():
        with claudemem_lib.open(data_dir) as memory:
            yield memory
        return
    with tempfile.TemporaryDirectory() as folder, claudemem_lib.open(folder) as memory:
        yield memory


def _bundle(data_dir: str, path: str, *, dry_run: bool, as_json: bool) -> None:
    source: Any = sys.stdin.buffer if path == STANDARD else Path(path).expanduser()
    with _opened(data_dir, dry_run=dry_run) as memory:
        run = memory.transfer.bundle(source, dry_run=dry_run)
        _go(run, quiet=as_json)
    found = {"source": path, "dry_run": dry_run, **run.tally.as_json()}
    show(found, "\n".join(_report(run.tally, f"From {path}", dry_run=dry_run)), as_json=as_json)


def _go(run: Takeover | transfer.Taking, *, quiet: bool) -> None:
    """Do the work, with a bar that grows to its whole length."""
    bar, before = None, 0
    for done in run:
        bar = bar or progress(run.total, "Taking over", quiet=quiet).__enter__()
        bar.update(done - before)
        before = done
    if bar is not None:
        bar.render_finish()


def _report(tally: Tally, head: str, *, dry_run: bool) -> list[str]:
    """What came of it, table by table, with what was left out and why."""
    lines = [head]
    for name, table in tally.tables.items():
        counts = ", ".join(f"{table.kept[outcome]:,} {outcome}" for outcome in table.kept if table.kept[outcome])
        lines.append(f"  {name}: {table.rows:,} rows{': ' if counts else ''}{counts}")
        lines += [f"    left out {count:,}: {reason}" for reason, count in table.dropped.items()]
        lines += [f"    {count:,} {reason}" for reason, count in table.notes.items()]
    if not any(table.rows for table in tally.tables.values()):
        lines.append("  Nothing was in it.")
    lines += tally.said
    if dry_run:
        lines.append("Nothing was changed; run it without --dry-run to do this.")
    return lines


@click.command(
    epilog=example(
        "export memory.jsonl", "export - --project app | gzip > app.gz", 'export found.jsonl --query "parser"'
    )
)
@click.argument("file", default=STANDARD, metavar="[FILE|-]", type=click.Path(allow_dash=True))
@click.option("--project", metavar="NAME", help="Only this project.")
@click.option("--query", metavar="WORDS", help="Only the memories a search finds, and the sessions they are of.")
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
@json_option
@with_memory
def export(  # noqa: PLR0913  # its options
    memory: Memory, *, file: str, project: str | None, query: str | None, force: bool, as_json: bool
) -> None:
    """Write a bundle that `claude-mem import` reads on another machine (default: everything, to standard output).

    A bundle is JSON Lines, one record a line. It is plain text: keep it as private as the memory itself.
    """
    if file == STANDARD:
        memory.transfer.export(sys.stdout.buffer, project=project, query=query)
        sys.stdout.buffer.flush()
        return
    target = Path(file).expanduser()
    if target.exists() and not force:
        message = f"{target} is there already; give another name, or --force to write over it"
        raise BadRequest(message)
    counts = memory.transfer.export(target, project=project, query=query)
    told = ", ".join(f"{count:,} {kind if count == 1 else _MANY[kind]}" for kind, count in counts.items()) or "nothing"
    show({"file": str(target), "records": counts}, f"{target}: {told}.", as_json=as_json)


_MANY = {"memory": "memories"} | {kind: f"{kind}s" for kind in ("tombstone", "project", "session", "prompt", "link")}
