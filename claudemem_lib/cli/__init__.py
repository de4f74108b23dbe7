"""The `claude-mem` command: each subcommand calls one verb of Memory and prints what it gives, as text or with --json.

Exit status: 0 done, 1 could not be done (the reason on standard error), 2 wrong usage.
"""

from __future__ import annotations

import click

import claudemem_lib
from claudemem_lib import paths
from claudemem_lib.cli import (
    cost,
    curate,
    doctor,
    find,
    folders,
    hosts,
    queue,
    recall,
    server,
    setup,
    switches,
    transfer,
    tui,
    upkeep,
)
from claudemem_lib.cli.base import Command


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(claudemem_lib.__version__, prog_name="claude-mem")
@click.option("--data-dir", metavar="DIR", help="The data folder (default: $CLAUDE_MEM_DATA_DIR, else ~/.claude-mem).")
@click.pass_context
def main(ctx: click.Context, data_dir: str | None) -> None:
    """A persistent memory for Claude Code and other coding agents.

    New here? `claude-mem demo` shows what it does, `claude-mem install` connects it to Claude Code, and
    `claude-mem backfill` remembers the sessions you had before.
    """
    ctx.obj = data_dir or paths.data_dir()


for command in (
    setup.demo,
    tui.tui,
    recall.search,
    recall.timeline,
    recall.show_command,
    recall.context,
    recall.remember,
    *find.COMMANDS,
    *curate.COMMANDS,
    upkeep.sessions,
    upkeep.projects,
    upkeep.status,
    queue.queue,
    upkeep.drain,
    upkeep.backfill,
    transfer.import_,
    transfer.export,
    *switches.COMMANDS,
    *folders.COMMANDS,
    *cost.COMMANDS,
    server.serve,
    server.start,
    server.stop,
    server.restart,
    server.logs,
    doctor.doctor,
    doctor.recover,
    setup.settings,
    hosts.install,
    hosts.uninstall,
):
    main.add_command(command)
