"""What the assistant's last words of a turn say: what is done, what was learned or decided, what comes next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.providers.digest.markdown import capital, cut, sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.providers.digest.markdown import Sentence

_PAST = (
    r"(?:added|adjusted|chose|decided|opted|picked|preferred|went with|settled on|kept|tried|left|aligned|allowed"
    r"|applied|automated|bumped|built|capped|changed|checked|cleaned|closed"
    r"|combined|committed|completed"
    r"|configured|connected|consolidated|converted|corrected|covered|created|cut|debugged|declared|defined"
    r"|deleted|deployed|disabled"
    r"|documented|dropped|eliminated|enabled|ensured|expanded|exposed|extended|extracted|filtered|finished|fixed"
    r"|formatted|generated|guarded"
    r"|handled|hardened|hooked|implemented|imported|improved|included|increased|inlined|inserted|installed"
    r"|integrated|introduced|limited"
    r"|linked|loaded|logged|made|marked|merged|migrated|mocked|modified|moved|normali[sz]ed|opened|optimi[sz]ed"
    r"|patched|pinned|ported|pushed"
    r"|put|ran|rebased|rebuilt|reduced|refactored|registered|released|removed|renamed|reorgani[sz]ed|replaced"
    r"|reset|resolved|restored"
    r"|restructured|reverted|reworked|rewrote|rewritten|routed|saved|set|simplified|skipped|solved|split"
    r"|standardi[sz]ed|started|stopped"
    r"|stored|styled|switched|tested|tightened|tuned|turned|unified|updated|upgraded|used|validated|verified"
    r"|wired|wrapped|wrote)"
)
_SELF = re.compile(
    rf"^(?:I|We)(?:'ve| have| 've)?(?: now| also| just| successfully| then| already)* (?=(?P<verb>{_PAST})\b)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"^(?:I|We)(?:'ve| have)? (?:found|noticed|discovered|learned|saw|see|confirmed|verified|realized|can see"
    r"|can confirm)"
    r"(?: out)?(?: that|:)\s*",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"^(?:I|We)(?:'d| would)?(?: strongly)? (?=(?:recommend|suggest|go with|choose|pick|prefer|use|keep|avoid)\b)",
    re.IGNORECASE,
)
_COULD_NOT = re.compile(r"^(?:I|We) (?:could(?:n't| not)|was(?:n't| not) able to|can(?:'t|not)) ", re.IGNORECASE)
_INTENT = re.compile(
    r"^(?:let me|let's|now,? (?:let me|i'll|i will|let's)|i'll|i will|i'm going to|i am going to|i need to"
    r"|first,? (?:let me|i'll)|next,? i'll"
    r"|i'd be happy|i'd love|i hope|happy to|feel free|waiting for|let us|hold on|one moment|give me)\b",
    re.IGNORECASE,
)
_TALK = re.compile(
    r"^(?:here'?s|here is|here are|as you can see|if you (?:have|need|want|'d like)|let me know|just let me know"
    r"|hope this|is there anything"
    r"|anything else|you're welcome|no problem|glad|my pleasure|based on my|this should|that's it|looks? good"
    r"|now i have|excellent|this demonstrates"
    r"|i have a comprehensive)\b",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"^(?:do you |would you |shall i|should i|want me|want|like me|would you like)\b.*\?$", re.IGNORECASE
)
_OFFER_HEAD = re.compile(
    r"^(?:(?:do|would) you (?:want|like)(?: me)?(?: to)?|shall i|should i|want me to|want to)\s+(?:now |also "
    r"|go ahead and )?",
    re.IGNORECASE,
)

_NEXT_HEADING = re.compile(
    r"next|remaining|to ?do|follow[- ]?up|left to do|what's left|still open|open (?:items|questions|points|tasks)"
    r"|pending|future|outstanding"
    r"|not (?:yet )?done|recommend|you (?:need|should)|action items|your (?:turn|move)|to (?:test|try|run|use) it",
)
_NEXT = re.compile(
    r"\b(?:next steps?|next up|still (?:needs?|have|has|missing|to do|to be|open|outstanding|fails?|failing)"
    r"|remains? (?:to|open|unsolved)|remaining (?:work|tasks?|items?|steps?|issues?)"
    r"|not yet|todo|to-do|left to do|follow-?up|you(?:'ll| will| should| may| might| can)? (?:need to|have to"
    r"|want to|should|must)|needs? to be"
    r"|should (?:be done|now be|next|also be)|has to be|would be to|yet to be|before (?:merging|deploying|the release))\b"
    r"|^(?:run|restart|set|try|then) \S",
    re.IGNORECASE,
)
_DECISION = re.compile(
    r"\b(?:decided (?:to|on|against|not)|we decided|i decided|chose(?:n)? (?:to|over)?|i chose|opted (?:for|to)"
    r"|went with|going with|settled on|picked \S+ (?:over|because)"
    r"|the decision|decision:|in favou?r of|deliberately|on purpose|by design|intentionally|trade-?off"
    r"|agreed (?:to|on)|we agreed)\b",
    re.IGNORECASE,
)
_OVER = re.compile(r"\b(?:instead of|rather than)\b", re.IGNORECASE)
_LEARNED_HEADING = re.compile(
    r"root cause|cause|findings?|learn|insight|how it works|why|explanation|diagnos|problem|issue|analysis"
    r"|key (?:points|patterns?|takeaways?)"
    r"|what (?:happened|went wrong|i found)|important|notes?$|caveat|gotcha|background"
)
_LEARNED = re.compile(
    r"\b(?:root cause|(?:was|were|is|are|be) caused by|turns? out|turned out|because|the (?:problem|issue|bug"
    r"|cause|reason|culprit|key(?: insight)?)(?: here)? (?:was|is)"
    r"|due to|note that|important(?:ly)?:?|actually|only (?:works|when|if|applies|happens)|by default|does(?:n't"
    r"| not) (?:support|work|handle|allow|exist)"
    r"|requires?|means that|never|must (?:be|not)|silently|unlike|depends on|as soon as|otherwise|so that"
    r"|which is why)\b",
    re.IGNORECASE,
)
_GOTCHA = re.compile(
    r"\b(?:careful|watch out|gotcha|caveat|beware|note that|surpris|unexpected|silently|must not|never|only works"
    r"|pitfall|stale|race|edge case"
    r"|workaround|however,|important:?)",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|so that|in order to|the reason|to avoid|to prevent|since \w+ (?:is|are|was|were)|which is why|why)\b",
    re.IGNORECASE,
)
_PATTERN = re.compile(r"\b(?:pattern|convention|always|idiom|same way|reusable|template|approach)\b", re.IGNORECASE)
_DONE_HEADING = re.compile(
    r"summary|what (?:i|was|we) (?:did|done|changed|built|added|fixed)|what changed|changes|done|completed?"
    r"|implemented|fixed|added|created|updated|result|pushed|files"
    r"|deliver|shipped|accomplished|the fix|solution|overview"
)
_DONE = re.compile(
    rf"^(?:{_PAST}|all (?:\d+ )?\S+ (?:\S+ )?(?:pass|green|done|complete)|everything|both"
    rf"|the \S+(?: \S+){{0,4}} (?:now|has been|have been) )\b"
    r"|\b(?:works? again|builds? again|now[.!]?$|now (?:works?|passes|returns?|shows?|uses?|has|have|reads?"
    r"|writes?|accepts?|runs?|handles?)"
    r"|has been \w+ed|have been \w+ed|tests? pass(?:ing|es)?|is (?:fixed|done|complete|gone)"
    r"|are (?:fixed|done|complete|on|pushed)|complete\b|passed|committed|pushed)",
    re.IGNORECASE,
)
_FILE_ITEM = re.compile(r"^[\w./-]+\.\w{1,5}(?:$|\s*(?:\(|:|-|—|\u2013))")
_SHORTEST = 15
DECIDED = ("Decided", "Recommended", "Chose", "Opted", "Went with", "Settled on", "Picked")


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
        if words and len(words) >= _SHORTEST and words not in found[kind]:
            found[kind].append(words)
            found["everything" if kind != "next_steps" else kind].append(words)
    found["next_steps"] = list(dict.fromkeys(found["next_steps"]))
    everything = " ".join(word for words in found.values() for word in words)
    return Said(
        **{name: tuple(words) for name, words in found.items()},
        gotcha=bool(_GOTCHA.search(everything)),
        reason=bool(_REASON.search(everything)),
        pattern=bool(_PATTERN.search(everything)),
        trade_off=bool(_OVER.search(" ".join(found["decided"])) or re.search(r"trade-?off", everything, re.IGNORECASE)),
    )


def _sorted(sentence: Sentence) -> tuple[str, str]:
    """The kind of one sentence and its words in the third person; no words where it is talk."""
    text = sentence.text
    if _OFFER.match(text):
        rest = _OFFER_HEAD.sub("", text).rstrip("?").strip()
        return "next_steps", f"Proposed: {rest}" if rest else ""
    if text.endswith("?") or _INTENT.match(text) or _TALK.match(text):
        return "rest", ""
    text = impersonal(text)
    if not text:
        return "rest", ""
    if sentence.open or (_NEXT_HEADING.search(sentence.heading.lower()) and not _DONE.match(text)):
        return "next_steps", text
    return _by_cue(sentence, text), text


def _by_cue(sentence: Sentence, text: str) -> str:
    heading = sentence.heading.lower()
    if _DECISION.search(text) or text.startswith(DECIDED) or "decision" in heading:
        return "decided"
    if _NEXT.search(text) and not _DONE.match(text):
        return "next_steps"
    if _LEARNED_HEADING.search(heading) and not _DONE_HEADING.search(heading):
        return "learned"
    if _DONE.search(text) and not re.match(r"(?:the|this) (?:problem|issue|bug|cause|reason)", text, re.IGNORECASE):
        return "done"
    if _LEARNED.search(text):
        return "learned"
    return "done" if _DONE_HEADING.search(heading) or (sentence.bullet and _FILE_ITEM.match(text)) else "rest"


def impersonal(text: str) -> str:
    """*text* without the speaker: "I've added x" becomes "Added x"; "" where only the speaker is talked about."""
    text = _REPORTED.sub("", text)
    text = _COULD_NOT.sub("Could not ", text)
    text = (
        _ADVICE.sub("Recommended: ", text)
        if re.match(r"(?:I|We)(?:'d| would)\b|(?:I|We) (?:recommend|suggest)", text)
        else text
    )
    own = _SELF.match(text)
    text = text[own.end() :] if own else text
    if re.match(r"(?:I|I'm|I've|I'd|I'll|We'll|My)\b", text):
        return ""
    return capital(text)


def best(candidates: Iterable[str], count: int) -> tuple[str, ...]:
    """The *count* most telling of *candidates*, in their order: names, figures and reasons weigh, length costs."""
    numbered = [(text, at) for at, text in enumerate(dict.fromkeys(candidates))]
    ranked = sorted(numbered, key=lambda pair: (-weight(pair[0]), pair[1]))[:count]
    ranked = [pair for pair in ranked if weight(pair[0]) >= 0] or ranked
    return tuple(text for text, _ in sorted(ranked, key=lambda pair: pair[1]))


def weight(text: str) -> int:
    """How much a sentence is likely to tell."""
    score = min(3, len(re.findall(r"\w+[_/.:]\w+|\w+\(|\b[a-z]+[A-Z]\w+|--\w+|\b[A-Z]\w+[A-Z]\w+", text)))
    score += 1 if re.search(r"\d", text) else 0
    score += 2 if _LEARNED.search(text) or _GOTCHA.search(text) else 0
    score -= (
        2 if re.match(r"(?:That|It|This|They|These)(?:'s| is| was| are| were| will)?\b|\S.{0,30} - .* - ", text) else 0
    )
    score -= 1 if len(text) > 220 else 0  # noqa: PLR2004  # longer than two lines
    return score - (2 if len(text.split()) < 4 else 0)  # noqa: PLR2004  # a label, no statement


def joined(parts: Iterable[str], limit: int, separator: str = " ") -> str:
    """*parts* as sentences of one text of at most *limit* characters; a part that does not fit is left out."""
    kept: list[str] = []
    used = 0
    for part in parts:
        ended = part if part[-1:] in ".!?…:" else part + "."
        if kept and used + len(ended) > limit:
            continue
        kept.append(cut(ended, limit))
        used += len(ended) + len(separator)
    return separator.join(kept)
