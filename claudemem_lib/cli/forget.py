"""Commands that delete what is remembered: forget, and a whole project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import click

from claudemem_lib import given, when
from claudemem_lib.cli.base import example, json_option, show, with_memory
from claudemem_lib.errors import NotFound

if TYPE_CHECKING:
    from claudemem_lib.forget import Forgotten
    from claudemem_lib.memory import Memory

SHOWN = 20


@click.command(
    epilog=example(
        "forget 42 P10",
        "forget --query 'acme merger' --dry-run",
        "forget --file src/secret.py",
        "forget --session 0197c2 --since 2h",
        "forget --project shop --since 2026-11-01 --until 2026-11-03",
    )
)
@click.argument("ids", metavar="[ID...]", nargs=-1, type=given.reference)
@click.option("--query", metavar="WORDS", help="What holds all of these words; operators and phrases as in a search.")
@click.option(
    "--file", "files", metavar="PATH", multiple=True, help="What is about a file, or a folder (with a final /)."
)
@click.option("--session", metavar="ID", help="What a session said; the beginning of its id is enough.")
@click.option("--project", metavar="NAME", help="What belongs to a project, by name or folder.")
@click.option("--since", metavar="TIME", help="Not before: 2026-11-22, 2026-11-22T15:48, 7d, 2h.")
@click.option("--until", metavar="TIME", help="Not after.")
@click.option("--backups", is_flag=True, help="Delete copies of the memory file that may still hold it, too.")
@click.option("--now", is_flag=True, help="For good at once: nothing is kept to undo it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@json_option
@with_memory
def forget(memory: Memory, ids: tuple[int, ...], *, as_json: bool, **options: Any) -> None:
    """Delete memories, prompts (as P10) and raw events, by ID or by what they are about; everything given narrows it.

    `claude-mem undo` brings them back for ten minutes; then no byte of them is left in the memory file. What is forgotten is
    not learned again from transcripts or imports.
    """
    wanted = {
        name: options[name] for name in ("query", "files", "session", "project") if options[name] not in {None, ()}
    }
    for name, end in (("since", False), ("until", True)):
        if options[name]:
            wanted[f"{name}_ms"] = when.moment(options[name], memory.clock(), end=end)
    if not wanted and not ids:
        message = "say what to forget: an ID, --query, --file, --session, --project, --since or --until"
        raise click.UsageError(message)
    ask = bool(wanted) and not options["yes"]
    _forget(
        memory, {"ids_wanted": ids or None, "backups": options["backups"], **wanted}, options, ask=ask, as_json=as_json
    )


@click.command("forget", epilog=example("project forget old --dry-run", "project forget old --yes"))
@click.argument("name")
@click.option("--backups", is_flag=True, help="Delete copies of the memory file that may still hold it, too.")
@click.option("--now", is_flag=True, help="For good at once: nothing is kept to undo it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@json_option
@with_memory
def forget_project(memory: Memory, name: str, *, as_json: bool, **options: Any) -> None:
    """Delete a project, its sessions and all its memories: the same as `claude-mem forget --project NAME`."""
    wanted = {"project": name, "backups": options["backups"]}
    _forget(memory, wanted, options, ask=not options["yes"], as_json=as_json)


def _forget(memory: Memory, wanted: dict[str, Any], options: dict[str, Any], *, ask: bool, as_json: bool) -> None:
    if options["dry_run"] or ask:
        found = memory.forget(dry_run=True, **wanted)
        if options["dry_run"] or found.empty:
            show(_value(found), _sentences(found, now=options["now"]), as_json=as_json)
            return
        click.echo("\n".join(_listed(found)), err=True)
        click.confirm(f"Forget {found.counted()}?", abort=True, err=True)
    found = memory.forget(now=options["now"], **wanted)
    if found.empty and set(wanted) - {"backups"} == {"ids_wanted"}:
        names = ", ".join(f"#{one}" if one > 0 else f"P{-one}" for one in wanted["ids_wanted"])
        message = f"there is no {names}; nothing is forgotten"
        raise NotFound(message)
    show(_value(found), _sentences(found, now=options["now"]), as_json=as_json)


def _value(found: Forgotten) -> dict[str, Any]:
    return attrs.asdict(found)


def _listed(found: Forgotten) -> list[str]:
    more = found.more + max(0, len(found.lines) - SHOWN)
    return [*found.lines[:SHOWN], *([f"and {more:,} more"] if more else [])]


def _sentences(found: Forgotten, *, now: bool) -> str:
    """What went or would go, and what a person should know of it."""
    if found.empty:
        return "There is nothing of the kind; nothing is forgotten."
    lines = _listed(found) if found.dry_run else []
    verb = "Would be forgotten" if found.dry_run else "Forgotten"
    lines.append(f"{verb}: {found.counted()}.")
    if found.sessions:
        lines.append("Nothing more of a forgotten session is recorded, should it go on.")
    if found.lingers:
        lines.append(
            "Another process reads the memory file just now: the bytes leave it with the first command after that process ended."
        )
    if found.copies:
        lines.append(f"May still hold it: {', '.join(found.copies)}; --backups deletes such copies too.")
    if not found.dry_run and not now:
        lines.append("`claude-mem undo` brings it back for ten minutes.")
    return "\n".join(lines)
