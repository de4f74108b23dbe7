"""The commands that connect hosts and disconnect them: install, uninstall."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import folder_context, link, paths, purge
from claudemem_lib import install as installer
from claudemem_lib.cli.base import example, json_option, show
from claudemem_lib.errors import HostFileError
from claudemem_lib.hosts import catalog, here

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = click.Choice([host.name for host in catalog.HOSTS])
_UNITS = click.Choice([unit.name for unit in catalog.UNITS])
_KB = 1024


@click.command(
    "install",
    epilog=example("install --dry-run", "install", "install codex cursor", "install --list", "install --unit systemd"),
)
@click.argument("hosts", nargs=-1, type=_NAMES, metavar="[HOST]...")
@click.option("--list", "listing", is_flag=True, help="Show every host we know, whether it is here, and how it stands.")
@click.option("--unit", type=_UNITS, help="Have the system start the server at login, instead of a host.")
@click.option("--dry-run", is_flag=True, help="Print the exact changes and make none.")
@json_option
@click.pass_obj
def install(  # noqa: PLR0913  # one per option
    data_dir: str, hosts: tuple[str, ...], unit: str | None, *, listing: bool, dry_run: bool, as_json: bool
) -> None:
    """Connect HOST (claude-code if none is named; --list shows all). `claude-mem uninstall` takes it out again."""
    if listing:
        states = here.states(data_dir, os.environ)
        show(states, "\n".join(map(_line, states)), as_json=as_json)
        return
    if unit and hosts:
        message = "--unit goes without a host; run the command once for each"
        raise click.UsageError(message)
    names = (unit,) if unit else tuple(dict.fromkeys(hosts)) or ("claude-code",)
    plans = _planned(names, data_dir)
    report, failed = ([], "") if dry_run else _applied(names, data_dir)
    _show(plans, report, dry_run=dry_run, as_json=as_json, failed=failed)
    if failed:
        click.echo(f"Error: {failed}", err=True)
        click.get_current_context().exit(1)


def _planned(names: Sequence[str], data_dir: str) -> list[installer.Plan]:
    """What would be done for every host; one that refuses does so before the first file is written."""
    try:
        return [installer.plan_host(name, data_dir, os.environ) for name in names]
    except HostFileError as error:
        if len(names) == 1:
            raise
        message = f"{error} Nothing was changed for any host."
        raise HostFileError(message) from error


def _applied(names: Sequence[str], data_dir: str) -> tuple[list[str], str]:
    """Connect one host after the other; what was done, and what the first that failed says, "" if none did."""
    report: list[str] = []
    for name in names:
        try:
            report += installer.apply(installer.plan_host(name, data_dir, os.environ))  # all share one manifest
        except (HostFileError, OSError) as error:
            left = names[names.index(name) :]
            return report, f"{error} Not connected: {', '.join(left)}."
    return report, ""


def _line(state: dict[str, Any]) -> str:
    """One host for people."""
    words = {"absent": "not connected", "outdated": "connected by another installation; install it again"}
    text = words.get(
        state["state"], {"installed": "connected"}.get(state["state"], f"not usable: {state.get('reason')}")
    )
    kept = "sessions and search" if state["captures"] else "starts the server" if state["unit"] else "search"
    where = ", ".join(state["files"])
    here_ = "found" if state["found"] else "not found"
    return f"{state['host']:<15} {here_:<10} {text} ({kept})" + (f"\n{'':<15} {where}" if where else "")


@click.command(
    "uninstall", epilog=example("uninstall --dry-run", "uninstall", "uninstall cursor", "uninstall --purge --dry-run")
)
@click.argument("hosts", nargs=-1, type=_NAMES, metavar="[HOST]...")
@click.option("--purge", "purging", is_flag=True, help="Delete the data folder too, with everything remembered.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--dry-run", is_flag=True, help="Print the exact changes and make none.")
@json_option
@click.pass_obj
def uninstall(  # noqa: PLR0913  # one per option
    data_dir: str, hosts: tuple[str, ...], *, purging: bool, yes: bool, dry_run: bool, as_json: bool
) -> None:
    """Disconnect HOST, or every host and the server; everything remembered stays in the data folder."""
    if purging and hosts:
        message = "--purge goes without a host: the memory is one for all"
        raise click.UsageError(message)
    plan = installer.uninstall_plan(installer.host_config_dir(os.environ), data_dir, os.environ, hosts)
    found = purge.contents(data_dir) if purging else None
    blocks = [] if hosts else folder_context.clean(_top(data_dir), None, dry_run=True)
    if found and found.entries and not dry_run and not yes:
        _confirm(found, blocks, as_json=as_json)
    ends = plan.last and not hosts
    if dry_run:
        pid = link.holder(data_dir) if ends and Path(data_dir, paths.LOCK).exists() else None
        would = [f"The server (pid {pid}) would be stopped."] if pid is not None else []
        would += _listed(found, blocks) if found else _left(blocks)
        _show([plan], would, dry_run=True, as_json=as_json, found=found)
        return
    report = list(installer.apply(plan))
    if ends:
        report += purge.quiet(data_dir)
    if not found:
        report += _left(blocks)
    else:
        report += [_said(one) for one in folder_context.clean(_top(data_dir), None)]
        report = [*(line for line in report if not line.startswith("Your memory stays")), purge.delete(found)]
    _show([plan], report, dry_run=False, as_json=as_json, found=found)


def _top(data_dir: str) -> str:
    return str(Path(data_dir).expanduser())


def _left(blocks: Sequence[folder_context.Outcome]) -> list[str]:
    """What goes on standing in files of projects, and how it is taken out."""
    if not blocks:
        return []
    names = ", ".join(one.path for one in blocks)
    return [f"Recent work stays listed in {names}; `claude-mem folder-context clean --all` takes it out."]


def _said(one: folder_context.Outcome) -> str:
    if one.state == "skipped":
        return f"Our list of recent work stays in {one.path}: {one.reason}"
    return f"Our list of recent work was taken out of {one.path}."


def _confirm(found: purge.Contents, blocks: Sequence[folder_context.Outcome], *, as_json: bool) -> None:
    """Ask before deleting; a program has to say --yes."""
    if as_json:
        message = "--purge deletes everything remembered; say --yes with it"
        raise click.UsageError(message)
    click.echo("\n".join(_listed(found, blocks)))
    click.confirm("Delete all of this? It cannot be undone", abort=True)


def _listed(found: purge.Contents, blocks: Sequence[folder_context.Outcome]) -> list[str]:
    """What deleting would take, for people."""
    lines = [f"  {_size(size):>10}  {name}" for name, size in found.entries]
    taken = [f"Our list of recent work would be taken out of {one.path}." for one in blocks]
    return [f"{found.folder} would be deleted: {_size(found.total_bytes)}", *lines, *taken]


def _size(number: float) -> str:
    """A number of bytes for people."""
    for unit in ("bytes", "KB", "MB"):
        if number < _KB:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= _KB
    return f"{number:.1f} GB"


def _show(  # noqa: PLR0913  # all that there is to tell
    plans: Sequence[installer.Plan],
    report: Sequence[str],
    *,
    dry_run: bool,
    as_json: bool,
    found: purge.Contents | None = None,
    failed: str = "",
) -> None:
    """Print what would be done or was."""
    diff = "".join(plan.diff for plan in plans)
    warnings = list(dict.fromkeys(warning for plan in plans for warning in plan.warnings))
    value: dict[str, Any] = {"diff": diff, "warnings": warnings, "report": list(report), "applied": not dry_run}
    if failed:
        value["error"] = failed
    if found:
        entries = [{"name": name, "bytes": size} for name, size in found.entries]
        value["data_folder"] = {"path": str(found.folder), "bytes": found.total_bytes, "entries": entries}
    lines = [*(f"Warning: {warning}" for warning in warnings), *([diff] if dry_run else []), *report]
    if dry_run:
        empty = all(plan.empty for plan in plans) and not report
        lines.append("Nothing would change." if empty else "Nothing was changed; run it without --dry-run to do this.")
    show(value, "\n".join(lines), as_json=as_json)
