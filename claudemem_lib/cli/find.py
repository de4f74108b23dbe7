"""Commands that ask ready-made questions (file, concept, decisions, changes, how-it-works) and that keep the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import find, questions, render
from claudemem_lib.cli.base import example, json_option, show, show_page, with_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Found


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What every one of these questions takes."""
    for option in (
        json_option,
        click.option("--after", metavar="ID", help="The next page: the last ID of the one before."),
        click.option("--offset", type=click.IntRange(0), default=0, help="How many to leave out first."),
        click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True),
        click.option("--project", metavar="NAME", help="A project's name, or a folder of it."),
    ):
        function = option(function)
    return function


def _show(found: Found, query: tuple[str, ...], *, as_json: bool) -> None:
    hint = questions.nothing_in(" ".join(query))
    show_page(found, render.hits(found.hits, hint=hint), as_json=as_json, hint=hint)


@click.command("file", epilog=example("file login.py", "file auth/login.py", "file src/auth/ --deep token expiry"))
@click.argument("path")
@click.argument("query", nargs=-1)
@click.option("--deep", is_flag=True, help="Of a folder: everything below it, not only what lies directly in it.")
@_options
@with_memory
def file(memory: Memory, path: str, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what is known of a file, or of the files of a folder: by its path, or the end of it from a / on."""
    _show(find.by_file(memory, path, " ".join(query), **options), query, as_json=as_json)


@click.command(epilog=example("concept gotcha", "concept trade-off cache --project app"))
@click.argument("name")
@click.argument("query", nargs=-1)
@_options
@with_memory
def concept(memory: Memory, name: str, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what is filed under a concept."""
    _show(find.by_concept(memory, name, " ".join(query), **options), query, as_json=as_json)


@click.command(epilog=example("decisions", "decisions database --project app"))
@click.argument("query", nargs=-1)
@_options
@with_memory
def decisions(memory: Memory, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what was decided."""
    _show(find.decisions(memory, " ".join(query), **options), query, as_json=as_json)


@click.command(epilog=example("changes", "changes login"))
@click.argument("query", nargs=-1)
@_options
@with_memory
def changes(memory: Memory, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what was changed."""
    _show(find.changes(memory, " ".join(query), **options), query, as_json=as_json)


@click.command("how-it-works", epilog=example("how-it-works", "how-it-works capture"))
@click.argument("query", nargs=-1)
@_options
@with_memory
def how_it_works(memory: Memory, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what explains how something works."""
    _show(find.how_it_works(memory, " ".join(query), **options), query, as_json=as_json)


@click.command(epilog=example("prompts", "prompts flaky test", "prompts deploy --project app --json"))
@click.argument("query", nargs=-1)
@_options
@with_memory
def prompts(memory: Memory, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Show what you asked."""
    _show(find.prompts(memory, " ".join(query), **options), query, as_json=as_json)


@click.command(epilog=example("prune --dry-run", "prune"))
@click.option("--dry-run", is_flag=True, help="Only say what would leave.")
@json_option
@with_memory
def prune(memory: Memory, *, dry_run: bool, as_json: bool) -> None:
    """Let raw events leave that are over their time, and vectors beyond the cap; shrink the file. Memories stay.

    The cap is CLAUDE_MEM_MAX_EMBEDDINGS. Notes, pinned and edited memories keep their vectors whatever their age.
    """
    found = memory.prune(dry_run=dry_run)
    would = "would leave" if dry_run else "left"
    text = (
        f"{found.vectors} vectors ({found.vector_bytes / 1e6:.1f} MB) and {found.events} raw events "
        f"({found.event_bytes / 1e6:.1f} MB) {would}. "
    )
    text += f"The file has {found.file_bytes / 1e6:.1f} MB" + (
        "." if dry_run else f", {found.file_bytes_before / 1e6:.1f} MB before."
    )
    show(found, text, as_json=as_json)


@click.command(epilog=example("reindex", "reindex --later"))
@click.option("--later", is_flag=True, help="Leave it to the server to make them again.")
@json_option
@with_memory
def reindex(memory: Memory, *, later: bool, as_json: bool) -> None:
    """Throw all vectors away and make them anew."""
    gone = memory.embedding.reindex()
    made = 0 if later else memory.embedding.embed_pending()
    show({"deleted": gone, "made": made}, f"{gone} vectors deleted, {made} made.", as_json=as_json)
