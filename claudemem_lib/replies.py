"""A provider's text as values. Pure, tolerant of how models really write, and with a closed set of outcomes.

A block (observation, summary) runs to its closing tag, or to the next block, or to the end. Within it fields are taken
one after the other, each to its own closing tag, or to the next tag we know. So a narrative may talk about `<title>`,
order does not matter, and a forgotten closing tag costs nothing but itself. Text outside of blocks is ignored.
"""

from __future__ import annotations

import difflib
import html
import json
import re
from typing import TYPE_CHECKING

from attrs import evolve

from claudemem_lib import evidence, jsonreply
from claudemem_lib.models import Observation, Outcome, ParsedReply, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from claudemem_lib.models import Batch

_SCALARS = ("type", "title", "subtitle", "narrative")
_LISTS = {"facts": "fact", "concepts": "concept", "files_read": "file", "files_modified": "file"}
_SUMMARY = ("request", "investigated", "learned", "completed", "next_steps", "notes")
_FIELDS = (*_SCALARS, *_LISTS, *_SUMMARY, "fact", "concept")
_TITLE_LIMIT = 300
_TEXT_LIMIT = 8_000
_ITEMS_LIMIT = 60

_BLOCK = re.compile(
    rf"<(?P<name>observation|summary)\b(?P<attributes>[^<>]*)>(?=\s*(?:<!--|<\s*(?:{'|'.join(_FIELDS)})\b|</|$))",
    re.IGNORECASE,
)
_FIELD = re.compile(rf"<\s*(?P<name>{'|'.join(_FIELDS)})\b[^<>]*?(?P<empty>/?)>", re.IGNORECASE)
_TAG = re.compile(rf"<\s*/?\s*(?:observation|summary|{'|'.join(_FIELDS)})\b[^<>]*>", re.IGNORECASE)
_TYPE_ATTRIBUTE = re.compile(r"""\btype\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_SKIP = re.compile(r"<\s*skip_summary\b(?P<attributes>[^<>]*)>", re.IGNORECASE)
_REASON = re.compile(r"""reason\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_CDATA = "<![CDATA["
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FENCE = re.compile(r"^[ \t]*```\w*[ \t]*$", re.MULTILINE)
_NOTHING = re.compile(
    r"<\s*(?:nothing|no_observations?|observations|empty|skip)\s*/?>(?:\s*</\s*\w+\s*>)?"
    r"|\(?(?:nothing|no (?:new )?(?:observations?|memor(?:y|ies)))\b[^.\n]{0,60}\)?\.?"
    r"|none\.?|n/a|skip(?:ped|ping)?\.?|\[\]|\{\}",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:I|we)(?:'m| am| are)? (?:can ?not|can't|won't|will not|unable to|not able to|must decline|decline)\b"
    r"|\bI(?:'m| am) sorry,? but\b",
    re.IGNORECASE,
)
_SYNONYMS = {
    "bugfix": ("bug", "fix", "hotfix", "bug-fix", "bugs", "error", "defect", "repair", "security"),
    "feature": ("feat", "enhancement", "addition", "new-feature", "implementation", "improvement"),
    "refactor": ("refactoring", "cleanup", "clean-up", "restructure", "rename", "performance", "perf"),
    "change": (
        "chore",
        "docs",
        "doc",
        "documentation",
        "config",
        "configuration",
        "update",
        "build",
        "ci",
        "test",
        "tests",
        "style",
    ),
    "discovery": (
        "investigation",
        "finding",
        "learning",
        "research",
        "analysis",
        "insight",
        "exploration",
        "how-it-works",
    ),
    "decision": ("choice", "design", "architecture", "trade-off", "rationale", "plan"),
}


def parse(text: str, types: Sequence[str]) -> ParsedReply:
    """*text* as observations and a summary; *types* are the ids that are allowed, the rest is mended and counted.

    With observations the outcome is OBSERVATIONS, whether or not a summary (or its skip marker) came along.
    """
    converted = "" if _BLOCK.search(text) else jsonreply.as_blocks(text)
    if converted:
        return parse(converted, types)
    observations: list[Observation] = []
    summary: Summary | None = None
    blank = echoed = corrections = 0
    for name, attributes, body in _blocks(text):
        scalars, lists = _fields(body, name)
        if _is_template(scalars):
            echoed += 1
        elif name == "summary":
            summary = summary or _summary(scalars)
        elif not _is_blank(scalars, lists):
            found, mended = _observation(attributes, scalars, lists, types)
            observations.append(found)
            corrections += mended
        else:
            blank += 1
    reply = ParsedReply(
        outcome=Outcome.NOT_UNDERSTOOD,
        observations=tuple(observations),
        summary=summary,
        corrections=corrections + blank + echoed,
    )
    return _with_outcome(reply, text, blank=bool(blank), echoed=bool(echoed))


def joined(parts: Sequence[ParsedReply]) -> ParsedReply:
    """The answers to the parts of a batch as one; the last part's summary speaks for all."""
    observations = tuple(one for part in parts for one in part.observations)
    summary, last = parts[-1].summary, parts[-1]
    found = Outcome.OBSERVATIONS if observations else last.outcome
    corrections = sum(part.corrections for part in parts)
    return evolve(last, outcome=found, observations=observations, summary=summary, corrections=corrections)


def checked(reply: ParsedReply, batch: Batch) -> ParsedReply:
    """*reply* with only files the batch knows: what no event changed was at most read, what none names is left out."""
    written = {
        evidence.relative(evidence.path(event), batch.root) for event in batch.events if event.tool in evidence.WRITERS
    }
    commands = "\n".join(evidence.command(event) for event in batch.events)
    everything = "\n".join(json.dumps(event.payload, ensure_ascii=False, default=str) for event in batch.events)
    mended, corrections = [], reply.corrections
    for one in reply.observations:
        known = [
            path
            for path in dict.fromkeys((*one.files_modified, *one.files_read))
            if _named(path, batch.root, everything)
        ]
        changed = [
            path for path in known if path in one.files_modified and _changed(path, batch.root, written, commands)
        ]
        kept = evolve(
            one, files_modified=tuple(changed), files_read=tuple(path for path in known if path not in changed)
        )
        corrections += kept != one
        mended.append(kept)
    return evolve(reply, observations=tuple(mended), corrections=corrections)


def _named(path: str, root: str, text: str) -> bool:
    """Whether *text* (JSON) names the file."""
    return json.dumps(evidence.relative(path, root), ensure_ascii=False)[1:-1] in text


def _changed(path: str, root: str, written: set[str], commands: str) -> bool:
    """Whether a tool wrote the file, or a command names it."""
    name = evidence.relative(path, root)
    return (
        any(name == one or one.endswith(f"/{name}") or name.endswith(f"/{one}") for one in written if one)
        or name in commands
    )


def _with_outcome(reply: ParsedReply, text: str, *, blank: bool, echoed: bool) -> ParsedReply:
    """*reply* with what it turned out to be, and the reason where one was given."""
    skip = _SKIP.search(text)
    if skip:
        reply = evolve(reply, reason=_reason(skip))
    if reply.observations or reply.summary or (skip and not echoed):  # the instructions, echoed, hold the marker too
        found = Outcome.OBSERVATIONS if reply.observations else Outcome.SUMMARY if reply.summary else Outcome.SKIPPED
        return evolve(reply, outcome=found)
    rest = _FENCE.sub("", text).strip()
    if not echoed and (blank or not rest or _NOTHING.fullmatch(rest)):
        return evolve(reply, outcome=Outcome.NOTHING)
    refused = not echoed and _REFUSAL.search(rest)
    outcome = Outcome.REFUSED if refused else Outcome.NOT_UNDERSTOOD
    return evolve(reply, outcome=outcome, reason=_line(rest)[:_TITLE_LIMIT])


def _reason(skip: re.Match[str]) -> str:
    found = _REASON.search(skip["attributes"])
    return _line(html.unescape(found[1] or found[2] or "")) if found else ""


def _blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Each block as (name, attributes, what is inside up to the next block)."""
    openings = list(_BLOCK.finditer(text))
    for opening, after in zip(openings, [*openings[1:], None], strict=False):
        body = text[opening.end() : after.start() if after else len(text)]
        yield opening["name"].lower(), opening["attributes"], body


def _observation(
    attributes: str, scalars: Mapping[str, str], lists: Mapping[str, tuple[str, ...]], types: Sequence[str]
) -> tuple[Observation, int]:
    """The observation of these fields and how much had to be mended."""
    title, subtitle, narrative = (scalars.get(name, "") for name in ("title", "subtitle", "narrative"))
    given = scalars.get("type", "") or "".join(_TYPE_ATTRIBUTE.findall(attributes)[:1])
    kind, mended = _type(given, types, modified=bool(lists["files_modified"]))
    concepts = (_slug(concept) for concept in lists["concepts"])
    observation = Observation(
        type=kind,
        title=_cut(_line(title or subtitle or narrative or lists["facts"][0]), _TITLE_LIMIT),
        subtitle=_cut(_line(subtitle), _TITLE_LIMIT),
        narrative=_cut(narrative, _TEXT_LIMIT),
        facts=lists["facts"],
        concepts=tuple(dict.fromkeys(concept for concept in concepts if concept and concept not in types)),
        files_read=lists["files_read"],
        files_modified=lists["files_modified"],
    )
    return observation, mended + (not title)


def _is_blank(scalars: Mapping[str, str], lists: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether there is nothing to remember: a type, concepts or files alone say nothing."""
    return not (any(scalars.get(name) for name in ("title", "subtitle", "narrative")) or lists["facts"])


def _summary(scalars: Mapping[str, str]) -> Summary | None:
    values = {name: _cut(scalars.get(name, ""), _TEXT_LIMIT) for name in _SUMMARY}
    return Summary(**values) if any(values.values()) else None


def _fields(body: str, block: str) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The scalars (first of each name wins) and lists of a block."""
    scalars: dict[str, str] = {}
    lists: dict[str, list[str]] = {name: [] for name in _LISTS}
    position = 0
    while opening := _FIELD.search(body, position):
        if _closes(body, block, position, opening.start()):
            break
        name = opening["name"].lower()
        content, position = _content(body, name, opening)
        if name in _LISTS:
            lists[name] += _items(content, _LISTS[name])
        elif name in ("fact", "concept"):
            lists[name + "s"].append(_text(content))
        else:
            scalars.setdefault(name, _text(content))
    kept = {name: tuple(dict.fromkeys(filter(None, items)))[:_ITEMS_LIMIT] for name, items in lists.items()}
    return scalars, kept


def _closes(body: str, block: str, start: int, end: int) -> bool:
    """Whether the block's own closing tag stands between two fields."""
    return re.search(rf"</\s*{block}\s*>", body[start:end], re.IGNORECASE) is not None


def _content(body: str, name: str, opening: re.Match[str]) -> tuple[str, int]:
    """What the field holds, and where to look for the next one."""
    if opening["empty"]:
        return "", opening.end()
    closing = re.compile(rf"</\s*{name}\s*>", re.IGNORECASE).search(body, opening.end())
    again = re.compile(rf"<\s*{name}\b[^<>]*>", re.IGNORECASE).search(body, opening.end())
    if closing and not (again and name in _LISTS and again.start() < closing.start()):
        return body[opening.end() : closing.start()], closing.end()
    inner = _LISTS.get(name, "")
    for tag in _TAG.finditer(body, opening.end()):
        if not inner or not re.match(rf"<\s*/?\s*{inner}\b", tag.group(), re.IGNORECASE):
            return body[opening.end() : tag.start()], tag.start()
    return body[opening.end() :], len(body)


def _items(content: str, tag: str) -> list[str]:
    """The elements of a list field; lines or commas where the model forgot the elements."""
    content = _COMMENT.sub("", content)
    parts = re.split(rf"<\s*{tag}\b[^<>]*>", content, flags=re.IGNORECASE)
    if len(parts) > 1:
        return [_text(re.split(rf"</\s*{tag}\s*>", part, flags=re.IGNORECASE)[0]) for part in parts[1:]]
    lines = [line.strip().lstrip("-*•").strip() for line in content.splitlines()]
    if tag == "concept":
        lines = [part for line in lines for part in line.split(",")]
    return [_text(line) for line in lines]


def _text(content: str) -> str:
    """A field's content: entities decoded, CDATA unwrapped, placeholders and invisible characters gone."""
    content = content.strip()
    literal = content.upper().startswith(_CDATA)
    content = content[len(_CDATA) :].removesuffix("]]>") if literal else html.unescape(content)
    return _INVISIBLE.sub("", content).strip()


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _slug(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.strip().lower())[:80]


def _is_template(scalars: Mapping[str, str]) -> bool:
    """Whether this is the form from the instructions and not an answer: every text is still a `[placeholder]`."""
    texts = [value for name, value in scalars.items() if name != "type" and value]
    listed = "|" in scalars.get("type", "")
    return (listed or len(texts) > 1) and all(value[0] == "[" and value[-1] == "]" for value in texts)


def _type(given: str, types: Sequence[str], *, modified: bool) -> tuple[str, int]:
    """The valid type nearest to *given*, and 1 if that is another word than the one that was written."""
    wanted = _slug(given)
    if wanted in types:
        return wanted, 0
    for kind, words in _SYNONYMS.items():
        if kind in types and wanted in words:
            return kind, 1
    near = difflib.get_close_matches(wanted, types, n=1, cutoff=0.5)
    fallback = [kind for kind in (("change",) if modified else ("discovery", "change")) if kind in types]
    return (*near, *fallback, types[0])[0], 1
