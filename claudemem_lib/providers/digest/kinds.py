"""Which type an observation is of and which concepts it touches, from the evidence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claudemem_lib.providers.digest.changes import Change
    from claudemem_lib.providers.digest.message import Said
    from claudemem_lib.providers.digest.turn import Stretch

_BY_PREFIX = {
    "feat": "feature",
    "feature": "feature",
    "fix": "bugfix",
    "bugfix": "bugfix",
    "hotfix": "bugfix",
    "security": "bugfix",
    "refactor": "refactor",
    "perf": "refactor",
    "docs": "change",
    "doc": "change",
    "style": "change",
    "test": "change",
    "tests": "change",
    "build": "change",
    "ci": "change",
    "chore": "change",
    "deps": "change",
    "release": "change",
}
_LEADS = (
    (
        "bugfix",
        r"(?:fix(?:e[sd])?|repair(?:ed)?|resolved?|correct(?:ed)?|debug(?:ged)?|hotfix|patch(?:ed)?|solved?"
        r"|handle missing|prevent(?:ed)?)",
    ),
    (
        "refactor",
        r"(?:refactor(?:ed)?|renamed?|extract(?:ed)?|moved?|simplif(?:y|ied)|clean(?:ed)?(?: up)?|restructured?"
        r"|reorgani[sz]ed?|split|dedup\w*"
        r"|inlined?|consolidated?|unif(?:y|ied)|tid(?:y|ied)|rework(?:ed)?|rewrite|rewrote|optimi[sz]ed?"
        r"|separated?|remove (?:duplicat|dead|unused))",
    ),
    (
        "change",
        r"(?:update[sd]?|bump(?:ed)?|upgraded?|downgraded?|configured?|document(?:ed)?|format(?:ted)?"
        r"|reformat(?:ted)?|tweak(?:ed)?|adjust(?:ed)?|set"
        r"|pin(?:ned)?|release|test|cover|ran?|migrated?|removed?|deleted?|dropp?(?:ed)?|disabled?|reverted?|merged?)",
    ),
    (
        "feature",
        r"(?:add(?:ed|s)?|implement(?:ed|s)?|create[sd]?|introduced?|support(?:ed|s)?|built|build|enabled?"
        r"|allow(?:ed|s)?|exposed?|integrated?|wire[ds]?"
        r"|launch(?:ed)?|make|show|new|write|wrote|generated?|extend(?:ed)?|provide[ds]?|offer|let)",
    ),
)
_LEAD_PATTERNS = tuple((kind, re.compile(rf"{pattern}\b", re.IGNORECASE)) for kind, pattern in _LEADS)
_FIX_WORDS = re.compile(
    r"\b(?:fix(?:e[sd]|ing)?|bugs?|broken|breaks|crash(?:es|ed|ing)?|regression|fail(?:s|ed|ing)|does(?:n.?t"
    r"| not) (?:work|start|seem|run|load|show|compile|build)"
    r"|not working|isn.?t working|stopped working|still (?:fails|broken|wrong)|wrong|root cause|traceback"
    r"|exception|404|500)\b",
    re.IGNORECASE,
)
_REFACTOR_WORDS = re.compile(
    r"\b(?:refactor\w*|rename\w*|clean ?-?up|restructur\w*|simplif\w*|extract\w*|no behaviou?r changes?)\b",
    re.IGNORECASE,
)
_REASON = re.compile(r"\b(?:because|so that|in order to|to avoid|to prevent|the reason|instead of)\b", re.IGNORECASE)
_MOST_CONCEPTS = 4


def type_of(stretch: Stretch, request: str, said: Said, *, failing: bool) -> str:
    """The type of an observation about *stretch*; *said* is empty where the assistant's words belong to more than it.

    What is still *failing* at the end of a turn was not fixed.
    """
    for commit in reversed(stretch.commits):
        if commit.kind in _BY_PREFIX:
            return _BY_PREFIX[commit.kind]
    if not stretch.changes:
        return "change" if stretch.commits else "discovery"
    if failed_first(stretch):
        return "bugfix"
    texts = (*(commit.title for commit in stretch.commits), request, *said.done[:1], *stretch.closings)
    kind = _kept_true(next(filter(None, map(_lead, texts)), ""), stretch, request, said)
    return "change" if kind == "bugfix" and failing else kind


def _kept_true(lead: str, stretch: Stretch, request: str, said: Said) -> str:
    """What the first verb promises, checked against what was changed; without one, what the change itself shows."""
    sorts = {change.sort for change in stretch.changes}
    words = " ".join((request, *said.done, *said.learned))
    if "source" not in sorts and lead not in ("bugfix", "refactor"):
        return "change" if lead != "feature" or sorts <= {"docs", "test"} else "feature"
    if lead != "refactor" and (_FIX_WORDS.search(request) or (not lead and _FIX_WORDS.search(words))):
        return "bugfix"
    return lead or _shown(stretch, words)


def _shown(stretch: Stretch, words: str) -> str:
    """What the changes themselves look like where no verb says what they are."""
    if _REFACTOR_WORDS.search(words) or _only_moved(stretch.changes):
        return "refactor"
    new = [
        change
        for change in stretch.changes
        if change.sort == "source" and (change.how == "created" or change.new_names)
    ]
    if new:
        return "feature"
    return "bugfix" if stretch.repairs else "change"


def _lead(text: str) -> str:
    """The type the first word of *text* stands for, or ""."""
    bare = re.sub(
        r"^(?:please|can you|could you|now|also|then|let's|i want you to|i need you to)[, ]+",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return next((kind for kind, pattern in _LEAD_PATTERNS if pattern.match(bare)), "")


def _only_moved(changes: tuple[Change, ...]) -> bool:
    """Whether names left one file and came into another, and nothing else is new."""
    gone = {name for change in changes for name in change.gone_names}
    new = {name for change in changes for name in change.new_names}
    return bool(gone) and new <= gone


def failed_first(stretch: Stretch) -> bool:
    """Whether something failed before anything was changed, and works after the change: the mark of a bug fix."""
    return any(repair.files and repair.failure.at < stretch.first_change for repair in stretch.repairs)


def concepts_of(kind: str, stretch: Stretch, said: Said) -> tuple[str, ...]:
    """The concepts the evidence speaks for, the most telling first."""
    text = " ".join((*(commit.body for commit in stretch.commits), *said.learned, *said.decided))
    wanted = {
        "problem-solution": bool(stretch.repairs) or kind == "bugfix",
        "how-it-works": kind == "discovery" or bool(stretch.reports),
        "trade-off": said.trade_off or kind == "decision",
        "what-changed": bool(stretch.changes or stretch.commits),
        "gotcha": said.gotcha or any(repair.failures > 1 for repair in stretch.repairs),
        "why-it-exists": said.reason or bool(_REASON.search(text)),
        "pattern": said.pattern,
    }
    return tuple(name for name, yes in wanted.items() if yes)[:_MOST_CONCEPTS]
