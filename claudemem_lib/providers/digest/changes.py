"""Which files changed and what happened to them: from events alone, never from prose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from claudemem_lib import evidence
from claudemem_lib.providers.digest import symbols
from claudemem_lib.providers.digest.shell import simple_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from claudemem_lib.models import Event

_DOCS = (".md", ".mdx", ".rst", ".txt", ".adoc", ".org")
_CONFIG = (
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".env",
    ".lock",
    ".properties",
    ".editorconfig",
    ".xml",
)
_CONFIG_NAMES = (
    "dockerfile",
    "makefile",
    "justfile",
    "procfile",
    ".gitignore",
    ".dockerignore",
    "go.mod",
    "go.sum",
    "gemfile",
    "mix.exs",
)
_TEST_NAME = re.compile(
    r"(?:^|/)(?:tests?|spec|__tests__|e2e)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)s?\.\w+$|Tests?\.\w+$"
)
_MIGRATION = re.compile(r"(?:^|/)(?:migrations?|migrate|alembic/versions)/")
_SCRATCH = re.compile(r"^(?:/private)?(?:/var)?/tmp/|/scratchpad/|^/var/folders/|/\.claude/plans/")
_PLACE = re.compile(r"[\w.@~+/-]*[\w@~+-]\.[\w.-]+|[\w.@~+-]*/[\w.@~+/-]*[\w@~+-]")
_NAMES_SHOWN = 5


@frozen(kw_only=True)
class Change:
    """What happened to one file over several events. *how* is created, edited, written, removed or moved."""

    path: str
    how: str
    times: int = 1
    added: int = 0
    removed: int = 0
    new_names: tuple[str, ...] = ()
    gone_names: tuple[str, ...] = ()
    touched_names: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name without folders."""
        return self.path.rpartition("/")[2]

    @property
    def sort(self) -> str:
        """What the file is: test, migration, docs, config or source."""
        lowered = self.path.lower()
        if _TEST_NAME.search(self.path):
            return "test"
        if _MIGRATION.search(self.path):
            return "migration"
        if lowered.endswith(_DOCS):
            return "docs"
        return "config" if lowered.endswith(_CONFIG) or self.name.lower() in _CONFIG_NAMES else "source"

    @property
    def scratch(self) -> bool:
        """Whether the file lies where things are thrown away."""
        return bool(_SCRATCH.search(self.path))


def change_of(event: Event, root: str) -> tuple[Change, ...]:
    """The changes one successful event made."""
    if event.kind != "tool" or evidence.interrupted(event):
        return ()
    if event.tool in evidence.WRITERS:
        path = evidence.relative(evidence.path(event), root)
        return (_written(event, path),) if path else ()
    return tuple(_by_shell(evidence.command(event), root))


def _written(event: Event, path: str) -> Change:
    parts = evidence.hunks(event)
    came = [line[1:] for part in parts for line in part.lines if line.startswith("+")]
    went = [line[1:] for part in parts for line in part.lines if line.startswith("-")]
    prose = path.lower().endswith(_DOCS)
    new, gone = symbols.defined(came, prose=prose), symbols.defined(went, prose=prose)
    made = evidence.created(event)
    return Change(
        path=path,
        how="created" if made else "written" if event.tool == "Write" else "edited",
        added=len(came),
        removed=len(went),
        new_names=tuple(name for name in new if name not in gone),
        gone_names=tuple(name for name in gone if name not in new),
        touched_names=()
        if made
        else tuple(dict.fromkeys((*(n for n in new if n in gone), *_around(parts, prose=prose)))),
        tests=symbols.tests(came),
    )


def _around(parts: Iterable[evidence.Hunk], *, prose: bool) -> Iterator[str]:
    """The names under which the changed lines stand, where the hunk's context shows them."""
    for part in parts:
        current = ""
        for line in part.lines:
            if line.startswith(" "):
                current = symbols.name_in(line[1:], prose=prose) or current
            elif current:
                yield current
                current = ""


def _by_shell(command: str, root: str) -> Iterator[Change]:
    """Files a shell command wrote, edited in place, moved or removed, where that is plain to see."""
    if not command or not re.search(r"HEREDOC|<<|\b(?:rm|mv|sed|perl|tee)\b", command):
        return
    for simple in simple_commands(command):
        paths = [evidence.relative(word, root) for word in simple.words[1:] if _PLACE.fullmatch(word)]
        if simple.fed and simple.writes:
            lines = simple.fed.splitlines()
            path = evidence.relative(simple.writes, root)
            yield Change(
                path=path, how="written", added=len(lines), new_names=symbols.defined(lines), tests=symbols.tests(lines)
            )
        elif simple.name in ("sed", "perl") and any(re.match(r"-\w*i", word) for word in simple.words[1:]) and paths:
            yield Change(path=paths[-1], how="edited")
        elif simple.line.startswith(("rm ", "git rm ")):
            yield from (Change(path=path, how="removed") for path in paths)
        elif simple.line.startswith(("mv ", "git mv ")) and len(paths) > 1:
            yield Change(path=paths[-1], how="moved")


def merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """One change per file, in order of first touch; scratch files only where there is nothing else."""
    found: dict[str, Change] = {}
    for change in changes:
        before = found.get(change.path)
        found[change.path] = _joined(before, change) if before else change
    kept = [change for change in found.values() if not change.scratch]
    return tuple(kept or found.values())


def _joined(before: Change, after: Change) -> Change:
    if after.how == "removed" and before.how == "created":
        return evolve(after, added=0)
    new = tuple(name for name in dict.fromkeys((*before.new_names, *after.new_names)) if name not in after.gone_names)
    touched = (*before.touched_names, *after.touched_names)
    return evolve(
        before,
        how=before.how if after.how != "removed" else "removed",
        times=before.times + after.times,
        added=before.added + after.added,
        removed=before.removed + after.removed,
        new_names=new,
        gone_names=tuple(name for name in (*before.gone_names, *after.gone_names) if name not in new),
        touched_names=tuple(name for name in dict.fromkeys(touched) if name not in new),
        tests=tuple(dict.fromkeys((*before.tests, *after.tests))),
    )


def described(change: Change) -> str:
    """The change as one short statement, the file first."""
    size = f"+{change.added}/-{change.removed}" if change.added or change.removed else ""
    if change.how == "created":
        head = f"{change.path}: new file, {change.added} line{'' if change.added == 1 else 's'}"
    elif change.how in ("removed", "moved"):
        head = f"{change.path}: {change.how}"
    else:
        head = f"{change.path}: {change.how}{times(change.times)}{f' ({size})' if size else ''}"
    return "; ".join(filter(None, (head, _names(change))))


def times(count: int) -> str:
    """How often, in words, with a space before; nothing for once."""
    return {1: "", 2: " twice"}.get(count, f" {count} times")


def _names(change: Change) -> str:
    """What was defined, dropped or touched in it."""
    parts = []
    for word, names in (("adds", change.new_names), ("drops", change.gone_names), ("in", change.touched_names)):
        if names and change.how not in ("removed", "moved"):
            parts.append(
                f"{'defines' if change.how == 'created' and word == 'adds' else word} {listed(names, _NAMES_SHOWN)}"
            )
    if change.tests:
        parts.append(f"tests: {listed(change.tests, 3)}")
    return "; ".join(parts)


def listed(names: Iterable[str], shown: int) -> str:
    """*names* with commas, the first *shown* of them and how many more."""
    names = tuple(names)
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
