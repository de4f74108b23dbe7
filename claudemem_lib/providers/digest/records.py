"""What was written down elsewhere: git commits, and what was told to an issue tracker or forge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.providers.digest.markdown import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.providers.digest.shell import Simple

_MADE = re.compile(r"^\[(?P<branch>\S+)(?: \([^)]*\))? (?P<hash>[0-9a-f]{6,40})\] (?P<subject>.+)$", re.MULTILINE)
_NOTHING = re.compile(r"nothing to commit|no changes added to commit|nothing added to commit")
_SIGNATURE = re.compile(
    r"^(?:[A-Z][\w-]+-by:|🤖|Generated with|Change-Id:|Refs?:|Closes:?|See-also:).*$", re.MULTILINE | re.IGNORECASE
)
_PREFIX = re.compile(r"^(?P<kind>[a-z]{2,12})(?:\([^)]{1,60}\))?(?P<breaking>!?):\s+", re.IGNORECASE)
_NEW = re.compile(
    r"https?://\S+/(?:pull|issues|merge_requests)/(?P<id>\d+)|[Cc]reated(?: \w+)?:? #?(?P<name>[\w.#-]*\d[\w.-]*)"
)
_VERBS = {
    "create": "Created",
    "new": "Created",
    "close": "Closed",
    "merge": "Merged",
    "reopen": "Reopened",
    "ready": "Made ready",
    "comment": "Commented on",
    "review": "Reviewed",
}
_ON_EXISTING = ("close", "merge", "reopen", "ready", "comment", "review")
_ABOUT = ("reason", "r", "title", "t", "subject", "comment", "c", "body", "b")
_ABOUT_LIMIT = 200


@frozen(kw_only=True)
class Commit:
    """A git commit that was made; *kind* is the prefix of its subject (feat, fix, ...), "" if there is none."""

    subject: str
    body: str = ""
    hash: str = ""

    @property
    def kind(self) -> str:
        """The conventional prefix, lower case."""
        match = _PREFIX.match(self.subject)
        return match["kind"].lower() if match else ""

    @property
    def title(self) -> str:
        """The subject without its prefix."""
        bare = _PREFIX.sub("", self.subject).strip()
        return bare[:1].upper() + bare[1:]


def commit_of(simple: Simple, text: str) -> Commit | None:
    """What a successful `git commit` made; None if its output *text* says that nothing was."""
    made = _MADE.search(text)
    if not made and _NOTHING.search(text):
        return None
    message = _message(simple)
    subject = made["subject"].strip() if made else message.partition("\n")[0].strip()
    body = _SIGNATURE.sub("", message.partition("\n")[2]).strip()
    return Commit(subject=subject, body=body, hash=made["hash"] if made else "") if subject else None


def _message(simple: Simple) -> str:
    """The message given to `git commit`: -m, several of them, or a heredoc."""
    if simple.fed:
        return simple.fed.strip()
    texts, words = [], simple.words
    for word, after in zip(words, (*words[1:], ""), strict=True):
        if word == "--message" or re.fullmatch(r"-[a-zA-Z]*m", word):
            texts.append(after)
        elif word.startswith("--message="):
            texts.append(word.partition("=")[2])
    return "\n\n".join(texts).strip()


def tracked(simple: Simple, text: str) -> str:
    """What was told to an issue tracker or forge, as one statement; *text* is what the command printed."""
    words = simple.words[1:]
    verb = next((word for word in words if word in _VERBS), "")
    if not verb:
        return ""
    made = _NEW.search(text) if verb not in _ON_EXISTING else None
    target = (made["id"] or made["name"]) if made else ", ".join(_targets(words[words.index(verb) + 1 :]))
    options = dict(_options(words))
    about = next((options[name] for name in _ABOUT if options.get(name)), "")
    thing = next((word for word in words if word in ("pr", "mr", "issue")), "")
    head = " ".join(filter(None, (_VERBS[verb], thing, target)))
    return cut(f"{head}: {' '.join(about.split())}" if about else head, _ABOUT_LIMIT)


def _targets(words: tuple[str, ...]) -> Iterator[str]:
    """The words up to the first option: what the command is about."""
    for word in words:
        if word.startswith("-") or " " in word:
            return
        yield word


def _options(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word, after in zip(words, (*words[1:], ""), strict=True):
        name, joined, value = word.lstrip("-").partition("=")
        if word.startswith("-"):
            yield name, value if joined else after
