"""Memories as text: for an agent's context, for a terminal, for a person. The only formatter. Lean: the context hook uses it.

Stored text comes from outside. In an agent's context it stands between tags that it cannot close; everywhere control
characters are taken out, so that it cannot steer a terminal.
"""

from __future__ import annotations

from time import localtime, strftime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from claudemem_lib.models import Hit, Moment, StoredMemory

OPEN_TAG = "<claude-mem-context>"
CLOSE_TAG = "</claude-mem-context>"
_FENCES = ("claude-mem-context", "system-reminder")
NO_FILE = "General"
SECTIONS = (
    ("investigated", "Investigated"),
    ("learned", "Learned"),
    ("completed", "Completed"),
    ("next_steps", "Next steps"),
    ("notes", "Notes"),
)


def day(at_ms: int) -> str:
    """A date, local time: 2026-11-22."""
    return strftime("%Y-%m-%d", localtime(at_ms / 1000))


def clock(at_ms: int) -> str:
    """A time of day, local: 15:48."""
    return strftime("%H:%M", localtime(at_ms / 1000))


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: 1 prompt, 2 prompts, 1 memory, 2 memories."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def label(kind: str, type_: str) -> str:
    """What a person calls it: an observation by its type, everything else by its kind."""
    return type_ or kind


def safe(text: str) -> str:
    """*text* without what steers a terminal: control characters but newline and tab, and marks that turn the reading direction."""
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" or not _steers(char) else " " for char in text)


def _steers(char: str) -> bool:
    return char < " " or "\x7f" <= char < "\xa0" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"


def line(text: str, limit: int = 0) -> str:
    """*text* on one line, cut to *limit* characters (0: not cut)."""
    return cut(" ".join(safe(text).split()), limit)


def cut(text: str, limit: int) -> str:
    """*text*, or its beginning and a mark where it is longer than *limit* characters (0: not cut)."""
    return text if not limit or len(text) <= limit else text[: limit - 1].rstrip() + "…"


def fenced(body: str, limit: int = 0) -> str:
    """*body* between the tags that mark injected memory, cut to *limit* characters (0: not cut).

    It can close neither these tags nor the ones the host puts around them.
    """
    first, *pieces = body.strip().split("<")
    kept = [first]
    for piece in pieces:
        name = piece[:64].lstrip("/\\ \t\r\n").lower()
        kept.append(f"&lt;{piece}" if name.startswith(_FENCES) else f"<{piece}")
    return f"{OPEN_TAG}\n{cut(''.join(kept), limit)}\n{CLOSE_TAG}"


def hits(found: Sequence[Hit], meant: str = "", hint: str = "") -> str:
    """Search results as an index: one line each, with what reading the whole costs.

    Without any: a *hint* what to do instead, or what may have been *meant*.
    """
    if not found:
        return hint or (f"Nothing found. Did you mean: {line(meant)}" if meant else "Nothing found.")
    several = len({hit.project for hit in found}) > 1
    lines = []
    for hit in found:
        where = f" [{line(hit.project, 60)}]" if several else ""
        file = f" · {line(hit.file, 120)}" if hit.file else ""
        when = f"{day(hit.created_ms)} {clock(hit.created_ms)}"
        title = line(hit.title, 120) or "Untitled"
        lines.append(
            f"{hit.handle} {when} {label(hit.kind, hit.type)}: {title}{file}{where} (~{hit.read_tokens} tokens{_found_by(hit)})"
            + "".join(f" · {mark}" for mark in marks(hit))
        )
    return safe("\n".join(lines))


def marks(one: Hit | Moment | StoredMemory) -> list[str]:
    """How a memory stands, where there is anything to say: pinned, superseded, and what says nearly the same."""
    found = ["pinned"] if one.pinned else []
    if one.superseded_by:
        found.append(f"superseded by {', '.join(f'#{other}' for other in one.superseded_by)}")
    if one.similar:
        found.append(f"and {len(one.similar)} like it: {', '.join(f'#{other}' for other in one.similar)}")
    return found


def _found_by(hit: Hit) -> str:
    """The engines that found a hit, where there was a choice."""
    return f", {'+'.join(hit.engines)}" if set(hit.engines) & {"text", "vectors"} else ""


def timeline(moments: Iterable[Moment]) -> str:
    """What happened around a moment, day by day, the anchor marked."""
    lines: list[str] = []
    today = ""
    for moment in moments:
        if day(moment.created_ms) != today:
            today = day(moment.created_ms)
            lines.append(f"{'' if not lines else chr(10)}{today}")
        stands = "".join(f" · {mark}" for mark in marks(moment))
        mark = "  <- anchor" if moment.anchor else ""
        title = line(moment.title, 120) or "Untitled"
        lines.append(
            f"  {clock(moment.created_ms)} {moment.handle} {label(moment.kind, moment.type)}: {title}{stands}{mark}"
        )
    return safe("\n".join(lines)) or "Nothing there."


def prompt(number: int, found: Mapping[str, Any]) -> str:
    """One prompt in full: *found* as Browse.prompt gives it."""
    origin = f"prompt · {found['project']} · {day(found['created_ms'])} {clock(found['created_ms'])}"
    return safe(
        f"P{number} {line(found['text'], 80)}\n\n{origin} · session {found['session']} prompt {found['number']}\n\n{found['text']}"
    )


def memory(one: StoredMemory) -> str:
    """One memory in full, as Markdown."""
    head = f"#{one.id} {line(one.title) or 'Untitled'}"
    origin = f"{label(one.kind, one.type)} · {one.project} · {day(one.created_ms)} {clock(one.created_ms)}"
    if one.branch:
        origin += f" · branch {one.branch}"
    if one.repeats and one.repeated_ms:
        origin += f" · told {one.repeats + 1} times, last {day(one.repeated_ms)}"
    if one.session:
        origin += f" · session {one.session} prompt {one.prompt_number}"
    origin += "".join(f" · {mark}" for mark in marks(one))
    parts = [head, origin]
    parts += [text for text in (one.subtitle, one.narrative) if text]
    parts += ["\n".join(f"- {fact}" for fact in one.facts)] if one.facts else []
    parts += [f"{heading}: {getattr(one, name)}" for name, heading in SECTIONS if getattr(one, name)]
    parts += [f"Verbatim:\n{one.verbatim}"] if one.verbatim else []
    for heading, names in (("Modified", one.files_modified), ("Read", one.files_read), ("Concepts", one.concepts)):
        if names:
            parts.append(f"{heading}: {', '.join(names)}")
    return safe("\n\n".join(parts))
