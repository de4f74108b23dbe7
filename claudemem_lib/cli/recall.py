"""Commands that read and add memories: search, timeline, show, context, remember."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import asked, located, questions, render, when
from claudemem_lib import search as search_
from claudemem_lib.cli.base import example, json_option, named, show, show_page, with_memory
from claudemem_lib.errors import NotFound
from claudemem_lib.models import Found
from claudemem_lib.timeline import anchor_of

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory

SERVER_LIMIT = 1_000
EMPTY = (
    "Nothing is remembered yet. `claude-mem doctor` says whether sessions are recorded; "
    "`claude-mem backfill` remembers those you had before."
)


@click.command(
    epilog=example(
        "search flaky login test",
        "search '\"connection refused\" AND redis'",
        "search --type bugfix --since 7d",
        "search",
    )
)
@click.argument("query", nargs=-1)
@click.option("--kind", metavar="LIST", default="", help="observation, summary, note, prompt.")
@click.option("--type", "type_", metavar="LIST", default="", help="Observation types, such as bugfix,decision.")
@click.option("--concept", "concepts", metavar="LIST", default="", help="Concepts, such as gotcha,trade-off.")
@click.option("--file", "files", metavar="LIST", default="", help="Parts of file paths.")
@click.option("--project", metavar="NAME", help="A project's name, or a folder of it.")
@click.option("--since", metavar="TIME", help="2026-11-22, 2026-11-22T15:48, or 7d for seven days ago.")
@click.option("--until", metavar="TIME", help="The same; a date includes its day, a minute its minute.")
@click.option(
    "--order", type=click.Choice(["relevance", "date_desc", "date_asc"]), default="relevance", show_default=True
)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0, help="How many to leave out first.")
@click.option(
    "--after", metavar="ID", help="The next page: the last ID of the one before; what comes in moves nothing."
)
@json_option
@with_memory
def search(memory: Memory, query: tuple[str, ...], *, as_json: bool, **options: Any) -> None:
    """Find memories. Without words: the newest. AND, OR, NOT, "phrases" and beginnings* work."""
    since, until = options.pop("since"), options.pop("until")
    options["type"] = options.pop("type_")
    options["since_ms"] = when.moment(since, memory.clock()) if since else None
    options["until_ms"] = when.moment(until, memory.clock(), end=True) if until else None
    words = " ".join(query)
    found = _asked(memory, words, options)
    found = memory.found(words, **options) if found is None else found
    meant = "" if found.hits or not words.strip() else memory.suggestion(words)
    empty = not found.hits and not memory.search(limit=1)
    hint = questions.nothing_in(words)
    show_page(
        found, EMPTY if empty else render.hits(found.hits, meant, hint), as_json=as_json, hint=hint, suggestion=meant
    )


def _asked(memory: Memory, query: str, options: dict[str, Any]) -> Found | None:
    """What the running server finds by meaning too; None where there is none, or nothing to find by meaning."""
    if not query.strip() or options["order"] != "relevance" or options["limit"] > SERVER_LIMIT:
        return None
    names = ("kind", "type", "concepts", "files", "since_ms", "until_ms")
    options |= {"kind": search_.filters((), *(options[name] for name in names)).kinds}
    found = asked.search(memory.data_dir, query, **options)
    return (
        None
        if found is None
        else Found(hits=tuple(search_.shown(memory.database, found.hits)), total=found.total, after=found.after)
    )


@click.command(
    epilog=example("timeline 42", "timeline --query 'login bug' --before 5 --after 5", "timeline --at 2026-11-22")
)
@click.argument("anchor", metavar="[ID]", required=False)
@click.option("--query", help="Around the best hit of this search.")
@click.option("--at", metavar="TIME", help="Around a time.")
@click.option("--before", type=click.IntRange(0, 500), default=10, show_default=True)
@click.option("--after", type=click.IntRange(0, 500), default=10, show_default=True)
@click.option("--project", metavar="NAME", help="Only this project.")
@json_option
@with_memory
def timeline(memory: Memory, anchor: str | None, *, as_json: bool, **options: Any) -> None:
    """Show what happened around a memory or prompt (its ID: 42, P10), a search hit, or a time."""
    at = options.pop("at")
    if sum(one is not None for one in (anchor, at, options["query"])) != 1:
        message = "give exactly one of ID, --query and --at"
        raise click.UsageError(message)
    found = memory.timeline(anchor, at_ms=when.moment(at, memory.clock()) if at else None, **options)
    show(named(found), render.timeline(found), as_json=as_json)


_PROMPT = re.compile(r"[pP]\d{1,18}")


@click.command("show", epilog=example("show 42", "show 42 43 --json", "show P10"))
@click.argument("wanted", metavar="ID...", nargs=-1, required=True)
@json_option
@with_memory
def show_command(memory: Memory, wanted: tuple[str, ...], *, as_json: bool) -> None:
    """Show memories, and prompts (as P10), in full."""
    numbers = {one: anchor_of(one) for one in wanted if not _PROMPT.fullmatch(one)}
    memories = {one.id: one for one in memory.get(number for number in numbers.values() if number is not None)}
    values, texts, missing = [], [], []
    for one in dict.fromkeys(wanted):
        kept: Any = memories.get(numbers[one] or 0) if one in numbers else _prompt(memory, int(one[1:]))
        if kept is None:
            missing.append(f"#{numbers[one]}" if one in numbers else one.upper())
            continue
        values.append(kept)
        texts.append(render.memory(kept) if one in numbers else render.prompt(int(one[1:]), kept))
    if values:
        show(values, ("\n\n" + "-" * 60 + "\n\n").join(texts), as_json=as_json)
    if missing:
        memory_only = "memory " if all(one[0] == "#" for one in missing) else ""
        message = f"there is no {memory_only}{', '.join(missing)}"
        raise click.ClickException(message) if values else NotFound(message)


def _prompt(memory: Memory, number: int) -> dict[str, Any] | None:
    """A prompt as `show` prints it, None if there is none with this number."""
    try:
        return {"id": f"P{number}", "kind": "prompt", **memory.browse.prompt(number)}
    except NotFound:
        return None


@click.command(epilog=example("context", "context --why", "context ~/src/app --source resume --session ID"))
@click.argument("folder", default=".")
@click.option(
    "--source",
    type=click.Choice(["startup", "resume", "fork", "clear", "compact"]),
    default="startup",
    show_default=True,
)
@click.option("--session", default="", help="The host's session id, or its beginning, for resume and compact.")
@click.option("--why", is_flag=True, help="Instead of the text: its memories, each with what brought it there.")
@json_option
@with_memory
def context(memory: Memory, folder: str, *, why: bool, as_json: bool, **options: str) -> None:
    """Show exactly what a session starting in FOLDER would be told."""
    options["session"] = memory.browse.session_id(options["session"]) if options["session"] else ""
    found = memory.told(str(Path(folder).expanduser()), **options)
    from claudemem_lib import reasons, rules, switches  # noqa: PLC0415  # no other command here needs them

    where = (options["session"], (located.folder(Path(folder).expanduser()),), memory.clock())
    if off := switches.line(rules.load(memory.data_dir), *where):
        click.echo(f"Note: {off}", err=True)
    size = {"characters": len(found.text), "tokens": -(-len(found.text) // 4)}
    told = reasons.lines(found) if why else found.text
    value = {"text": found.text, **size, "reasons": found.reasons, "left_out": found.left_out}
    show(value, told or "Nothing is remembered of this project yet.", as_json=as_json)


@click.command(
    epilog=example('remember "The staging database is read-only on Sundays"', "remember --title Deploys - < notes.txt")
)
@click.argument("text")
@click.option("--title", help="A short name; default: the text's first line.")
@click.option("--project", metavar="NAME", help="A project's name or folder (default: the working directory's).")
@click.option("--new-project", is_flag=True, help="Make the project if there is none of this name.")
@click.option("--file", "files", multiple=True, help="A file the note is about; may be repeated.")
@click.option("--concept", "concepts", multiple=True, help="A word to file it under; may be repeated.")
@json_option
@with_memory
def remember(memory: Memory, text: str, *, new_project: bool, as_json: bool, **options: Any) -> None:
    """Save a note; `-` reads it from standard input. Notes always qualify for the next session's context."""
    name = options["project"]
    is_new = bool(name) and located.is_new(memory.database, name)
    if is_new and not new_project:
        message = f"{located.unknown(memory.database, name)}. With --new-project the note begins a new one."
        raise NotFound(message)
    number = memory.remember(sys.stdin.read() if text == "-" else text, **options)
    where = f" in the new project {memory.get([number])[0].project}" if is_new else ""
    show({"id": number, "new_project": is_new}, f"Saved as #{number}{where}.", as_json=as_json)
