"""What is kept word for word beside what a batch was made into: the agent's final words, and the commands that worked. Pure.

Bounded: a text that is too long keeps its beginning and its end. Secrets were masked before the events reached the disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib import evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.models import Batch, Event

LONGEST_WORDS = 2_000
LONGEST_COMMAND = 300
LONGEST_COMMANDS = 1_000
_END = 600
_CUT = "\n[…]\n"
_LOOKING = ("ls", "cd", "pwd", "cat", "head", "tail", "echo", "which", "clear", "wc", "tree", "true", "sleep")


def extract(batch: Batch) -> str:
    """The final words of the batch's turn, then its commands that worked, one a line after "$ "; "" if there are neither."""
    return "\n\n".join(part for part in (_final_words(batch.events), _commands(batch.events)) if part)


def _final_words(events: Iterable[Event]) -> str:
    """What the agent said last before the turn ended."""
    said = [evidence.said_text(event.payload.get("text")).strip() for event in events if event.kind == "stop"]
    said = [text for text in said if text]
    if not said or len(said[-1]) <= LONGEST_WORDS:
        return said[-1] if said else ""
    return said[-1][: LONGEST_WORDS - _END].rstrip() + _CUT + said[-1][-_END:].lstrip()


def _commands(events: Iterable[Event]) -> str:
    """Shell commands the host did not call failed, without those that only look around: the newest, in their order."""
    worked = [" ".join(evidence.command(event).split()) for event in events if _worked(event)]
    kept: list[str] = []
    room = LONGEST_COMMANDS
    for command in dict.fromkeys(reversed(worked)):
        room -= len(command) + 3
        if room < 0:
            break
        kept.append(f"$ {command}")
    return "\n".join(reversed(kept))


def _worked(event: Event) -> bool:
    command = evidence.command(event).strip()
    if not command or len(command) > LONGEST_COMMAND or evidence.failed(event) or evidence.interrupted(event):
        return False
    joined = any(sign in command for sign in ("&&", "|", ";"))
    return joined or command.split()[0] not in _LOOKING
