"""What the assistant's last words of a turn say: what is done, what was learned or decided, what comes next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.providers.digest import cues
from claudemem_lib.providers.digest.markdown import capital, sentences
from claudemem_lib.providers.digest.wording import weight

if TYPE_CHECKING:
    from claudemem_lib.providers.digest.markdown import Sentence


@frozen(kw_only=True)
class Said:
    """A message's sentences by what they are good for, each in one place; *everything* but next steps as it was said."""

    done: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    everything: tuple[str, ...] = ()
    gotcha: bool = False
    reason: bool = False
    pattern: bool = False
    trade_off: bool = False

    @property
    def words(self) -> int:
        """How much was said."""
        return sum(len(part.split()) for part in self.everything)

    @property
    def explained(self) -> tuple[str, ...]:
        """What was learned, and what else was said about the code."""
        return (*self.learned, *(text for text in self.rest if weight(text) > 0))


def said_in(text: str) -> Said:
    """What *text* says, sorted."""
    found: dict[str, list[str]] = {
        name: [] for name in ("done", "learned", "decided", "next_steps", "rest", "everything")
    }
    for sentence in sentences(text):
        kind, words = _sorted(sentence)
        if words and len(words) >= cues.SHORTEST and words not in found[kind]:
            found[kind].append(words)
            found["everything" if kind != "next_steps" else kind].append(words)
    found["next_steps"] = list(dict.fromkeys(found["next_steps"]))
    everything = " ".join(word for words in found.values() for word in words)
    return Said(
        **{name: tuple(words) for name, words in found.items()},
        gotcha=bool(cues.GOTCHA.search(everything)),
        reason=bool(cues.REASON.search(everything)),
        pattern=bool(cues.PATTERN.search(everything)),
        trade_off=bool(
            cues.OVER.search(" ".join(found["decided"])) or re.search(r"trade-?off", everything, re.IGNORECASE)
        ),
    )


def _sorted(sentence: Sentence) -> tuple[str, str]:
    """The kind of one sentence and its words in the third person; no words where it is talk."""
    text = sentence.text
    if cues.OFFER.match(text):
        rest = cues.OFFER_HEAD.sub("", text).rstrip("?").strip()
        return "next_steps", f"Proposed: {rest}" if rest else ""
    if text.endswith("?") and cues.NEXT_HEADING.search(sentence.heading.lower()):
        return "next_steps", text
    if text.endswith("?") or cues.INTENT.match(text) or cues.TALK.match(text):
        return "rest", ""
    text = impersonal(text)
    if not text:
        return "rest", ""
    if sentence.open or (cues.NEXT_HEADING.search(sentence.heading.lower()) and not cues.DONE.match(text)):
        return "next_steps", text
    return _by_cue(sentence, text), text


def _by_cue(sentence: Sentence, text: str) -> str:
    heading = sentence.heading.lower()
    if cues.DECISION.search(text) or text.startswith(cues.DECIDED) or "decision" in heading:
        return "decided"
    if cues.NEXT.search(text) and not cues.DONE.match(text):
        return "next_steps"
    if cues.LEARNED_HEADING.search(heading) and not cues.DONE_HEADING.search(heading):
        return "learned"
    if cues.DONE.search(text) and not re.match(r"(?:the|this) (?:problem|issue|bug|cause|reason)", text, re.IGNORECASE):
        return "done"
    if cues.LEARNED.search(text):
        return "learned"
    return "done" if cues.DONE_HEADING.search(heading) or (sentence.bullet and cues.FILE_ITEM.match(text)) else "rest"


def impersonal(text: str) -> str:
    """*text* without the speaker: "I've added x" becomes "Added x"; "" where only the speaker is talked about."""
    before = text
    text = cues.REPORTED.sub("", text)
    text = cues.COULD_NOT.sub("Could not ", text)
    text = (
        cues.ADVICE.sub("Recommended: ", text)
        if re.match(r"(?:I|We)(?:'d| would)\b|(?:I|We) (?:recommend|suggest)", text)
        else text
    )
    own = cues.SELF.match(text)
    text = text[own.end() :] if own else text
    if re.match(r"(?:I|I'm|I've|I'd|I'll|We'll|My)\b", text):
        return ""
    return capital(text) if text != before else text
