"""Which context files hold a block of ours, so that each is found again: to be renewed, or to be taken out."""

from __future__ import annotations

from claudemem_lib import lean, paths


def files(data_dir: str) -> list[str]:
    """Their paths; none if the list is broken: it only helps to find them."""
    try:
        found = lean.loads(lean.read_file(f"{data_dir}/{paths.CONTEXT_FILES}"))
    except (OSError, ValueError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def note(data_dir: str, path: str, *, holds: bool) -> None:
    """Keep whether a file holds a block."""
    before = files(data_dir)
    after = sorted({*before, path} if holds else {*before} - {path})
    if after != before:
        lean.write_whole(data_dir, paths.CONTEXT_FILES, lean.dumps(after))
