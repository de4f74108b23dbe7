"""The `claude-mem` command: each subcommand calls one verb of Memory and prints what it gives, as text or with --json.

Exit status: 0 done, 1 could not be done (the reason on standard error), 2 wrong usage.
"""

from __future__ import annotations

import click

import claudemem_lib
from claudemem_lib import paths
from claudemem_lib.cli.base import Command, Lazily

# Where each command is, in the order of the manual: a command imports what it needs, and not what the others do.
COMMANDS = {
    "demo": "setup.demo",
    "tui": "tui.tui",
    "search": "recall.search",
    "timeline": "recall.timeline",
    "show": "recall.show_command",
    "context": "recall.context",
    "remember": "recall.remember",
    "file": "find.file",
    "concept": "find.concept",
    "decisions": "find.decisions",
    "changes": "find.changes",
    "how-it-works": "find.how_it_works",
    "prompts": "find.prompts",
    "prune": "find.prune",
    "reindex": "find.reindex",
    "edit": "curate.edit",
    "pin": "curate.pin",
    "unpin": "curate.unpin",
    "supersede": "curate.supersede",
    "forget": "forget.forget",
    "undo": "curate.undo",
    "export-session": "curate.export_session",
    "project": "curate.project",
    "sessions": "upkeep.sessions",
    "projects": "upkeep.projects",
    "status": "upkeep.status",
    "queue": "queue.queue",
    "drain": "upkeep.drain",
    "backfill": "upkeep.backfill",
    "import": "transfer.import_",
    "export": "transfer.export",
    "pause": "switches.pause",
    "resume": "switches.resume",
    "folder-context": "folders.group",
    "usage": "cost.usage",
    "models": "cost.models",
    "test-provider": "cost.try_provider",
    "serve": "server.serve",
    "start": "server.start",
    "stop": "server.stop",
    "restart": "server.restart",
    "logs": "server.logs",
    "doctor": "doctor.doctor",
    "recover": "doctor.recover",
    "settings": "setup.settings",
    "install": "hosts.install",
    "uninstall": "hosts.uninstall",
}


@click.group(
    cls=Command,
    commands=Lazily(COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(claudemem_lib.__version__, prog_name="claude-mem")
@click.option("--data-dir", metavar="DIR", help="The data folder (default: $CLAUDE_MEM_DATA_DIR, else ~/.claude-mem).")
@click.pass_context
def main(ctx: click.Context, data_dir: str | None) -> None:
    """A persistent memory for Claude Code and other coding agents.

    New here? `claude-mem demo` shows what it does, `claude-mem install` connects it to Claude Code, and
    `claude-mem backfill` remembers the sessions you had before.
    """
    ctx.obj = data_dir or paths.data_dir()
