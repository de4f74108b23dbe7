"""Commands about folder context files: folder-context generate, folder-context clean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from claudemem_lib import folder_context
from claudemem_lib.cli.base import example, json_option, show, with_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.folder_context import Outcome
    from claudemem_lib.memory import Memory


@click.group("folder-context", epilog=example("folder-context generate --dry-run", "folder-context clean ~/src"))
def group() -> None:
    """Keep recent work in CLAUDE.md (or another file) of a project, or take it out again."""


@group.command(epilog=example("folder-context generate", "folder-context generate ~/src/app --subfolders --dry-run"))
@click.argument("path", default=".")
@click.option("--subfolders/--root-only", default=None, help="Default: CLAUDE_MEM_FOLDER_CLAUDEMD_SUBFOLDERS.")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@json_option
@with_memory
def generate(memory: Memory, path: str, *, subfolders: bool | None, dry_run: bool, as_json: bool) -> None:
    """Write the context files of the project at PATH now. CLAUDE_MEM_FOLDER_CLAUDEMD_ENABLED has it done after each turn."""
    where = Path(path).expanduser()
    found = folder_context.generate(memory.database, memory.settings, where, subfolders=subfolders, dry_run=dry_run)
    _report(found, "Nothing to write.", dry_run=dry_run, as_json=as_json)


@group.command(
    epilog=example("folder-context clean --dry-run", "folder-context clean ~/src", "folder-context clean --all")
)
@click.argument("path", default=".")
@click.option("--all", "everywhere", is_flag=True, help="Out of every file we wrote one into, wherever it is.")
@click.option("--dry-run", is_flag=True, help="Only say what would be changed.")
@json_option
@click.pass_obj
def clean(data_dir: str, path: str, *, everywhere: bool, dry_run: bool, as_json: bool) -> None:
    """Take our blocks, and the original's, out of all context files in PATH and below. Files that held nothing else are removed."""
    where = None if everywhere else Path(path).expanduser()
    found = folder_context.clean(str(Path(data_dir).expanduser()), where, dry_run=dry_run)
    _report(found, "No file has such a block.", dry_run=dry_run, as_json=as_json)


def _report(found: Sequence[Outcome], nothing: str, *, dry_run: bool, as_json: bool) -> None:
    """Every file that was looked at, one a line."""
    lines = [f"{one.state:9}  {one.path}{f'  ({one.reason})' if one.reason else ''}" for one in found] or [nothing]
    lines += ["Nothing was changed; run it without --dry-run to do this."] if dry_run and found else []
    show({"files": found, "dry_run": dry_run}, "\n".join(lines), as_json=as_json)
