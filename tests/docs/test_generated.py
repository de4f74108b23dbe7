"""docs/settings.md, and the tables of docs/modes.md, say what the code says; CLAUDE_MEM_WRITE_DOCS=1 writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import modes, settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
WRITING = bool(os.environ.get("CLAUDE_MEM_WRITE_DOCS"))
REMEDY = "CLAUDE_MEM_WRITE_DOCS=1 pytest tests/docs/test_generated.py writes it"
GROUPS = {
    "capture": "What is recorded",
    "model": "Models, and what they may cost",
    "queue": "Batches and retries",
    "context": "What a new session is told",
    "storage": "What is kept",
    "server": "The server",
    "interface": "The terminal interface",
}
HEAD = """\
# Settings

<!-- Written by CLAUDE_MEM_WRITE_DOCS=1 pytest tests/docs/test_generated.py, and checked by the same file. -->

```sh
claude-mem settings                                   # all of them, with what is in force
claude-mem settings CLAUDE_MEM_CONTEXT_TOKENS         # one
claude-mem settings CLAUDE_MEM_CONTEXT_TOKENS 1500    # change it
claude-mem settings CLAUDE_MEM_CONTEXT_TOKENS --reset # back to its default
```

They are kept in `settings.json` in the data folder: one flat object, read by its full keys. Lists are written with commas or as
lists, switches as `true` or `false`. The screen *Settings* of the [terminal interface](tui.md) is the same with help and checks. A
running server follows the file.

A variable of the same name in the environment goes before the file, for that process. Settings marked *file only* (keys, addresses,
commands, and what decides what is masked or written into a repository) are read from the file alone, since a project can set
variables for the programs that run in it. A value that cannot be used is refused by name; in a file edited by hand it is
reported (`claude-mem status`, `claude-mem doctor`) and the default holds. Keys that are none of ours are left alone.

`CLAUDE_MEM_DATA_DIR` is no setting but a variable only: where the data folder is (default `~/.claude-mem`).
"""


def values(default: Any, about: Mapping[str, Any]) -> str:
    """What may be set, in a table's cell."""
    if about["choices"]:
        return ", ".join(f"`{choice}`" for choice in about["choices"])
    if isinstance(default, bool):
        return "true, false"
    if isinstance(default, int):
        low, high = about["at_least"], about["at_most"]
        return f"{low:,} to {high:,}" if high is not None else f"from {low:,}"
    return "a list" if isinstance(default, tuple) else "text"


def settings_page() -> str:
    parts = [HEAD]
    for group, title in GROUPS.items():
        parts += [f"## {title}\n", "| setting | default | values | what it does |", "| --- | --- | --- | --- |"]
        for key, default, about in settings.described():
            if about["group"] == group:
                parts.append(" | ".join(row(key, default, about)))
        parts.append("")
    return "\n".join(parts)


def row(key: str, default: Any, about: Mapping[str, Any]) -> Iterator[str]:
    yield f"| `{key}`"
    text = settings.as_text(default)
    yield f"`{text.replace(',', ', ')}`" if text else "(empty)"
    yield values(default, about)
    yield about["help"].replace("|", "\\|") + (" *File only.*" if about["own_file_only"] else "") + " |"


def modes_page() -> str:
    """The page as it is, with its tables of today."""
    page = (ROOT / "docs" / "modes.md").read_text("utf-8")
    for name in ("code", "email-investigation"):
        mode = modes.load(name)
        lines = ["| type | what |", "| --- | --- |", *(f"| `{one.id}` | {one.description} |" for one in mode.types)]
        lines += ["", "| concept | what |", "| --- | --- |"]
        lines += [f"| `{one.id}` | {one.description} |" for one in mode.concepts]
        page = between(page, f"types of {name}", "\n".join(lines))
    languages = [name for name in modes.names() if re.fullmatch(r"code--[a-z]{2}(-[a-z]{2})?", name)]
    listed = [f"`{name}` ({modes.load(name).label.removeprefix('Code, in ')})" for name in languages]
    return between(page, "languages", f"{len(listed)} of them: {', '.join(listed)}.")


def between(page: str, name: str, text: str) -> str:
    """*page* with *text* between the marks of *name*."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, mark, rest = page.partition(begin)
    assert mark, f"docs/modes.md has no mark {begin!r}"
    return before + begin + text + rest[rest.index(end) :]


def is_as_written(name: str, text: str) -> bool:
    path = ROOT / "docs" / name
    if WRITING:
        path.write_text(text, "utf-8")
    return path.read_text("utf-8") == text


def test_the_page_of_settings_is_made_from_the_settings() -> None:
    assert is_as_written("settings.md", settings_page()), REMEDY


def test_every_group_of_settings_has_its_table() -> None:
    assert tuple(GROUPS) == settings.GROUPS


def test_the_tables_of_the_modes_are_made_from_the_modes() -> None:
    assert is_as_written("modes.md", modes_page()), REMEDY


def test_the_page_of_modes_names_every_mode() -> None:
    page = modes_page()
    assert [name for name in modes.names() if f"`{name}`" not in page] == []


def test_the_own_mode_of_the_page_is_one(tmp_path: Path) -> None:
    for name, text in re.findall(r"`modes/([a-z-]+)\.json`:\n\n```json\n(.*?)```", modes_page(), re.DOTALL):
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
        assert modes.load(name, tmp_path).name == name
    assert len(list(tmp_path.iterdir())) == 2
