"""Words that tell what a sentence is good for. English: in other languages a message is told by its commits and files alone."""

from __future__ import annotations

import re

PAST = (
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
SELF = re.compile(
    rf"^(?:I|We)(?:'ve| have| 've)?(?: now| also| just| successfully| then| already)* (?=(?P<verb>{PAST})\b)",
    re.IGNORECASE,
)
REPORTED = re.compile(
    r"^(?:I|We)(?:'ve| have)? (?:found|noticed|discovered|learned|saw|see|confirmed|verified|realized|can see"
    r"|can confirm)"
    r"(?: out)?(?: that|:)\s*",
    re.IGNORECASE,
)
ADVICE = re.compile(
    r"^(?:I|We)(?:'d| would)?(?: strongly)? (?=(?:recommend|suggest|go with|choose|pick|prefer|use|keep|avoid)\b)",
    re.IGNORECASE,
)
COULD_NOT = re.compile(r"^(?:I|We) (?:could(?:n't| not)|was(?:n't| not) able to|can(?:'t|not)) ", re.IGNORECASE)
INTENT = re.compile(
    r"^(?:let me|let's|now,? (?:let me|i'll|i will|let's)|i'll|i will|i'm going to|i am going to|i need to"
    r"|first,? (?:let me|i'll)|next,? i'll"
    r"|i'd be happy|i'd love|i hope|happy to|feel free|waiting for|let us|hold on|one moment|give me)\b",
    re.IGNORECASE,
)
TALK = re.compile(
    r"^(?:here'?s|here is|here are|as you can see|if you (?:have|need|want|'d like)|let me know|just let me know"
    r"|hope this|is there anything"
    r"|anything else|you're welcome|no problem|glad|my pleasure|based on my|this should|that's it|looks? good"
    r"|now i have|excellent|this demonstrates"
    r"|i have a comprehensive)\b",
    re.IGNORECASE,
)
OFFER = re.compile(
    r"^(?:do you |would you |shall i|should i|want me|want|like me|would you like)\b.*\?$", re.IGNORECASE
)
OFFER_HEAD = re.compile(
    r"^(?:(?:do|would) you (?:want|like)(?: me)?(?: to)?|shall i|should i|want me to|want to)\s+(?:now |also "
    r"|go ahead and )?",
    re.IGNORECASE,
)

NEXT_HEADING = re.compile(
    r"next|remaining|to ?do|follow[- ]?up|left to do|what's left|still open|open (?:items|questions|points|tasks)"
    r"|pending|future|outstanding"
    r"|not (?:yet )?done|recommend|you (?:need|should)|action items|your (?:turn|move)|to (?:test|try|run|use) it",
)
NEXT = re.compile(
    r"\b(?:next steps?|next up|still (?:needs?|have|has|missing|to do|to be|open|outstanding|fails?|failing)"
    r"|remains? (?:to|open|unsolved)|remaining (?:work|tasks?|items?|steps?|issues?)"
    r"|not yet|todo|to-do|left to do|follow-?up|you(?:'ll| will| should| may| might| can)? (?:need to|have to"
    r"|want to|should|must)|needs? to be"
    r"|should (?:be done|now be|next|also be)|has to be|would be to|yet to be|before (?:merging|deploying|the release))\b"
    r"|^still \w+ing\b|^(?:run|restart|set|try|then) \S",
    re.IGNORECASE,
)
DECISION = re.compile(
    r"\b(?:decided (?:to|on|against|not)|we decided|i decided|chose(?:n)? (?:to|over)?|i chose|opted (?:for|to)"
    r"|went with|going with|settled on|picked \S+ (?:over|because)"
    r"|the decision|decision:|in favou?r of|deliberately|on purpose|by design|intentionally|trade-?off"
    r"|agreed (?:to|on)|we agreed)\b",
    re.IGNORECASE,
)
OVER = re.compile(r"\b(?:instead of|rather than)\b", re.IGNORECASE)
LEARNED_HEADING = re.compile(
    r"root cause|cause|findings?|learn|insight|how it works|why|explanation|diagnos|problem|issue|analysis"
    r"|key (?:points|patterns?|takeaways?)"
    r"|what (?:happened|went wrong|i found)|important|notes?$|caveat|gotcha|background"
)
LEARNED = re.compile(
    r"\b(?:root cause|(?:was|were|is|are|be) caused by|turns? out|turned out|because|the (?:problem|issue|bug"
    r"|cause|reason|culprit|key(?: insight)?)(?: here)? (?:was|is)"
    r"|due to|note that|important(?:ly)?:?|actually|only (?:works|when|if|applies|happens)|by default|does(?:n't"
    r"| not) (?:support|work|handle|allow|exist)"
    r"|requires?|means that|never|must (?:be|not)|silently|unlike|depends on|as soon as|otherwise|so that"
    r"|which is why)\b",
    re.IGNORECASE,
)
GOTCHA = re.compile(
    r"\b(?:careful|watch out|gotcha|caveat|beware|note that|surpris|unexpected|silently|must not|never|only works"
    r"|pitfall|stale|race|edge case"
    r"|workaround|however,|important:?)",
    re.IGNORECASE,
)
REASON = re.compile(
    r"\b(?:because|so that|in order to|the reason|to avoid|to prevent|since \w+ (?:is|are|was|were)|which is why|why)\b",
    re.IGNORECASE,
)
PATTERN = re.compile(r"\b(?:pattern|convention|always|idiom|same way|reusable|template|approach)\b", re.IGNORECASE)
DONE_HEADING = re.compile(
    r"summary|what (?:i|was|we) (?:did|done|changed|built|added|fixed)|what changed|changes|done|completed?"
    r"|implemented|fixed|added|created|updated|result|pushed|files"
    r"|deliver|shipped|accomplished|the fix|solution|overview"
)
DONE = re.compile(
    rf"^(?:{PAST}|all (?:\d+ )?\S+ (?:\S+ )?(?:pass|green|done|complete)|all \d+|the \S+(?: \S+){{0,3}} works?"
    rf"|everything|both"
    rf"|the \S+(?: \S+){{0,4}} (?:now|has been|have been) )\b"
    r"|\b(?:works? again|builds? again|now[.!]?$|now (?:works?|passes|returns?|shows?|uses?|has|have|reads?"
    r"|writes?|accepts?|runs?|handles?)"
    r"|has been \w+ed|have been \w+ed|tests? pass(?:ing|es)?|is (?:fixed|done|complete|gone)"
    r"|are (?:fixed|done|complete|on|pushed)|complete\b|passed|committed|pushed)",
    re.IGNORECASE,
)
FILE_ITEM = re.compile(r"^[\w./-]+\.\w{1,5}(?:$|\s*(?:\(|:|-|—|\u2013))")
SHORTEST = 15
DECIDED = ("Decided", "Recommended", "Chose", "Opted", "Went with", "Settled on", "Picked")
