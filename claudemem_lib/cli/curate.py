"""Commands that change what is remembered: edit, pin, unpin, supersede, undo, project; and export of a session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from claudemem_lib.cli.base import example, json_option, show, with_memory
from claudemem_lib.cli.forget import forget_project
from claudemem_lib.curate import LISTS, TEXTS
from claudemem_lib.timeline import anchor_of

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory


def memory_id(text: str) -> int:
    """The number in 42 or #42."""
    return int(anchor_of(text) or 0)


@click.command(epilog=example('edit 42 title "Deploys need the staging branch"', "edit 42 concepts gotcha,trade-off"))
@click.argument("number", metavar="ID", type=memory_id)
@click.argument("field", type=click.Choice([*TEXTS, *LISTS]))
@click.argument("value")
@json_option
@with_memory
def edit(memory: Memory, number: int, field: str, value: str, *, as_json: bool) -> None:
    """Change one field of a memory. Lists with commas, facts one a line."""
    parts = value.splitlines() if field == "facts" else value.split(",")
    memory.curate.edit(number, **{field: parts if field in LISTS else value})
    show({"edited": number}, f"#{number} is changed; `claude-mem undo` takes it back.", as_json=as_json)


@click.command(epilog=example("pin 42"))
@click.argument("number", metavar="ID", type=memory_id)
@json_option
@with_memory
def pin(memory: Memory, number: int, *, as_json: bool) -> None:
    """Always tell a memory to new sessions of its project."""
    memory.curate.pin(number)
    show({"pinned": number}, f"#{number} is told to every new session of its project.", as_json=as_json)


@click.command(epilog=example("unpin 42"))
@click.argument("number", metavar="ID", type=memory_id)
@json_option
@with_memory
def unpin(memory: Memory, number: int, *, as_json: bool) -> None:
    """Let a pinned memory compete with the others again."""
    memory.curate.pin(number, on=False)
    show({"unpinned": number}, f"#{number} is no longer pinned.", as_json=as_json)


@click.command(epilog=example("supersede 42 --by 57", "supersede 42 --clear"))
@click.argument("number", metavar="ID", type=memory_id)
@click.option("--by", metavar="ID", type=memory_id, help="The memory that replaces it.")
@click.option("--clear", is_flag=True, help="It is current again.")
@json_option
@with_memory
def supersede(memory: Memory, number: int, by: int | None, *, clear: bool, as_json: bool) -> None:
    """Say that a newer memory replaces this one: it ranks low and is not told to sessions."""
    if (by is None) != clear:
        message = "give either --by ID or --clear"
        raise click.UsageError(message)
    memory.curate.supersede(number, by)
    text = f"#{number} is current again." if clear else f"#{number} is superseded by #{by}."
    show({"memory": number, "superseded_by": by}, text, as_json=as_json)


@click.command(epilog=example("undo"))
@json_option
@with_memory
def undo(memory: Memory, *, as_json: bool) -> None:
    """Undo the last edit, pin, supersede, forget, rename or merge of the last ten minutes."""
    what = memory.curate.undo()
    show({"undone": what}, f"Undone: {what}.", as_json=as_json)


@click.command(epilog=example("export-session ID", "export-session ID --out story.md"))
@click.argument("session")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; default: standard output.")
@with_memory
def export_session(memory: Memory, session: str, out: Path | None) -> None:
    """Print one session, prompts and memories in full, as Markdown."""
    text = memory.browse.story_markdown(session)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8")


@click.group(epilog=example("project rename app shop", "project merge shop-old shop", "project exclude secret"))
def project() -> None:
    """Rename, merge, exclude or forget a project; `claude-mem projects` lists them."""


@project.command("rename", epilog=example("project rename app shop"))
@click.argument("name")
@click.argument("new_name")
@json_option
@with_memory
def rename(memory: Memory, name: str, new_name: str, *, as_json: bool) -> None:
    """Give a project another name."""
    memory.curate.rename_project(name, new_name)
    show({"renamed": new_name}, f"{name} is called {new_name} now.", as_json=as_json)


@project.command("merge", epilog=example("project merge shop-old shop"))
@click.argument("source")
@click.argument("into")
@json_option
@with_memory
def merge(memory: Memory, source: str, into: str, *, as_json: bool) -> None:
    """Let INTO have everything of SOURCE, and what its folder adds later."""
    memory.curate.merge_projects(source, into)
    show({"merged": into}, f"{source} is part of {into} now; `claude-mem undo` takes it back.", as_json=as_json)


@project.command("exclude", epilog=example("project exclude secret", "project exclude secret --off"))
@click.argument("name")
@click.option("--off", is_flag=True, help="Record it again.")
@json_option
@with_memory
def exclude(memory: Memory, name: str, *, off: bool, as_json: bool) -> None:
    """Record nothing of a project's folder from now on; what is remembered stays."""
    folders = memory.curate.exclude_project(name, on=not off)
    show({"excluded": folders}, f"Excluded folders: {', '.join(folders) or 'none'}.", as_json=as_json)


project.add_command(forget_project)
