"""One line that says what came out of a stretch of work, like a good commit subject."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claudemem_lib.providers.digest.changes import listed
from claudemem_lib.providers.digest.markdown import capital, cut, split
from claudemem_lib.providers.digest.request import as_title, is_wish
from claudemem_lib.providers.digest.wording import weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from claudemem_lib.providers.digest.changes import Change
    from claudemem_lib.providers.digest.message import Said
    from claudemem_lib.providers.digest.steps import Repair
    from claudemem_lib.providers.digest.turn import Stretch

LIMIT = 90
_CAUSE = re.compile(
    r"\b(?:because|caused by|root cause|due to|the (?:problem|issue|bug|cause|culprit) (?:was|is))\b", re.IGNORECASE
)
_ENOUGH_WORDS = 3
_SECONDARY = re.compile(
    r"(?:kept|tried|left|used|ran|checked|verified|tested|made some|all \d+ (?:\S+ ){0,2}tests?|tests?)\b|\S+ - "
    r"|\S+\.\w+:",
    re.IGNORECASE,
)
_BARE_PAST = re.compile(r"^[A-Z][a-z]+(?:ed|t|de|ote|an)\b \S+")
_REST = re.compile(
    r"\s*(?:[;:—\u2013]|\.\s|, (?:and|which|so|with|where|but)\b| \((?=[^)]{30,})| (?:because|so that|since)\b)"
)


def title_of(stretch: Stretch, kind: str, request: str, said: Said, taken: Sequence[str]) -> str:
    """The first title that is not *taken*, "" if all are; *request* and *said* are empty where they tell of more than this."""
    seen = {_key(title) for title in taken}
    fitting = map(short, _candidates(stretch, kind, request, said))
    return next((title for title in fitting if title and _key(title) not in seen), "")


def _candidates(stretch: Stretch, kind: str, request: str, said: Said) -> Iterator[str]:
    subjects = [commit.title for commit in reversed(stretch.commits)]
    yield from (subject for subject in subjects if len(subject.split()) >= _ENOUGH_WORDS)
    wished = as_title(request) if is_wish(request) else ""
    if wished:
        yield wished if len(wished.split()) >= _ENOUGH_WORDS else f"{wished}: {_files(stretch.changes)}".rstrip(": ")
    yield from subjects
    telling = [text for text in said.done if len(text.split()) > _ENOUGH_WORDS and not _SECONDARY.match(text)]
    yield from (text for text in telling if _BARE_PAST.match(text))
    yield from stretch.closings
    yield from stretch.todos
    if kind == "bugfix":
        yield from (
            text
            for text in (*said.learned, *said.done, *said.rest)
            if _CAUSE.search(text) and len(text.split()) > _ENOUGH_WORDS
        )
        yield from map(_from_repair, stretch.repairs[:1])
    yield from (text for text in telling if weight(text) > 0)
    if stretch.changes:
        yield _from_changes(stretch.changes)


def _from_repair(repair: Repair) -> str:
    """What failed and where it was mended."""
    files = listed([path.rpartition("/")[2] for path in repair.files], 2)
    named = re.match(r"\S+::(?P<test>\S+) - (?P<said>.+)", repair.failure.trouble)
    what, trouble = (named["test"], named["said"]) if named else (repair.failure.key, repair.failure.trouble)
    return f"Fix {what}{f' in {files}' if files else ''}{f': {trouble}' if trouble else ''}"


def _from_changes(changes: Sequence[Change]) -> str:
    """A title that only the files speak for: as much as fits."""
    tries = [_worded(changes, shown, others) for shown, others in ((3, 2), (3, 1), (2, 1), (2, 0), (1, 0))]
    return next((text for text in tries if len(text) <= LIMIT), tries[-1])


def _worded(changes: Sequence[Change], shown: int, others: int) -> str:
    """The changes in words, with *shown* names and *others* further files."""
    telling = [change for change in changes if change.sort == "source"] or list(changes)
    made = [change for change in telling if change.how == "created"]
    if all(change.sort == "test" for change in changes):
        subjects = [name for change in changes for name in change.tests]
        return f"Test {listed(subjects, shown)}" if subjects else f"Change tests in {_files(changes, shown)}"
    if all(change.how == "removed" for change in changes):
        return f"Remove {_files(changes, shown)}"
    first = made[0] if made else max(telling, key=lambda change: (len(_telling_names(change.new_names)), change.added))
    rest = [change for change in changes if change not in (made or [first])]
    tail = f"; change {_files(rest, others)}" if rest and others else ""
    if made:
        return f"Add {listed([_main_name(change) for change in made], shown)}{tail}"
    new = _telling_names(first.new_names)
    if new:
        return f"Add {listed(new, shown)} to {first.name}{tail}"
    names = listed(_telling_names(first.touched_names), shown)
    return f"Change {names + ' in ' if names else ''}{_files([first, *rest] if not names else [first], shown)}"


def _telling_names(names: Sequence[str]) -> tuple[str, ...]:
    """*names* without those every second file has."""
    return tuple(name for name in names if name.lower() not in _GENERIC) or tuple(names)


_GENERIC = frozenset(
    [
        "handle_event",
        "handle_info",
        "handle_call",
        "handle_cast",
        "init",
        "mount",
        "render",
        "__init__",
        "__repr__",
        "__str__",
        "constructor",
        "main",
        "setup",
        "teardown",
        "start_link",
        "update",
        "get",
        "new",
        "index",
        "show",
        "create",
        "delete",
        "default",
        "run",
        "call",
        "data",
        "props",
        "state",
        "result",
        "value",
        "props",
        "t",
        "wrapper",
        "decorator",
        "up",
        "down",
    ]
)


def _main_name(change: Change) -> str:
    """What a new file is about: the first thing it defines, else its name."""
    names = [name for name in change.new_names if name.lower() not in _GENERIC]
    return names[0].rpartition(".")[2] if names and change.sort == "source" else change.name


def _files(changes: Sequence[Change], shown: int = 2) -> str:
    ranked = sorted(changes, key=lambda change: (change.sort != "source", -(change.added + change.removed)))
    return listed([change.name for change in ranked], shown)


def short(text: str) -> str:
    """*text* within the limit: without a trailing clause if that is enough, else cut between words."""
    text = " ".join(re.sub(r"^(?:note that|importantly,?) ", "", text, flags=re.IGNORECASE).split()).rstrip(" .;:,")
    text = capital(text)
    if len(text) > LIMIT:
        text = split(text)[0].rstrip(" .")
    if len(text) > LIMIT:
        clauses = [text[: match.start()] for match in _REST.finditer(text[: LIMIT + 1])]
        text = next((clause for clause in reversed(clauses) if len(clause.split()) > _ENOUGH_WORDS), text)
    return cut(text, LIMIT)


def _key(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.lower()))
