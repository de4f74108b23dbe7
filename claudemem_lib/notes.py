"""Notes: what a person or an agent wants remembered in their own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib import given, located, redact
from claudemem_lib.errors import BadRequest
from claudemem_lib.store import memories, sessions, status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.store.database import Database

TITLE_CHARACTERS = 80


def add(  # noqa: PLR0913  # what a note can carry
    database: Database,
    text: str,
    *,
    title: str | None,
    project: str | None,
    at_ms: object,
    files: Iterable[str],
    concepts: Iterable[str],
    own: tuple[str, ...],
) -> int:
    """Store a note without what is masked, by *own* patterns too; gives its id.

    BadRequest if there is nothing to store, or more than one memory holds.
    """
    if not given.text("the text of a note", text).strip():
        message = "there is no text to remember"
        raise BadRequest(message)
    out = redact.Redaction(own)
    kept = out.clean(text).strip()
    if not kept:
        message = "the text is wholly private; nothing was stored"
        raise BadRequest(message)
    if len(kept) > memories.LONGEST_TEXT:
        message = (
            f"a note holds at most {memories.LONGEST_TEXT:,} characters, this one has {len(kept):,}; nothing was stored. "
            "Split it into several."
        )
        raise BadRequest(message)
    head = out.clean(given.text("title", title or "")).strip() or _title(kept)
    created_ms = given.moment("created_ms", at_ms) or 0
    about = [tuple(map(out.clean, given.texts(*one))) for one in (("files", files), ("concepts", concepts))]
    identity = located.identity(database, project and out.clean(given.text("project", project)))
    with database.write() as connection:
        project_id = sessions.project_id(connection, identity, created_ms)
        status.count_masked(connection, out.counts)
        return memories.add_note(
            connection, head, kept, memories.Origin(project_id=project_id, created_ms=created_ms), *about
        )


def _title(text: str) -> str:
    """The first line of *text*, cut at the end of a word where it is too long; inside one that is long by itself."""
    line = sessions.title_of(text)
    if len(line) <= TITLE_CHARACTERS:
        return line
    whole = line[:TITLE_CHARACTERS].rpartition(" ")[0].rstrip()
    return (whole if len(whole) > TITLE_CHARACTERS // 2 else line[: TITLE_CHARACTERS - 1].rstrip()) + "…"
