"""A shell command line as the simple commands it is made of. No shell: good enough to recognise, never to run."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_LIMIT = 20_000
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<word>\w+)(?P=quote)(?P<rest>[^\n]*)\n")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*")
_REDIRECTION = re.compile(r"\d?>&\d|&>{1,2}\s*\S+|\d?>{1,2}\s*\S+|<\s*\S+")
_WRAPPERS = {
    "sudo": 0,
    "env": 0,
    "time": 0,
    "nohup": 0,
    "exec": 0,
    "command": 0,
    "npx": 0,
    "bunx": 0,
    "timeout": 1,
    "nice": 0,
    "stdbuf": 0,
    "xvfb-run": 0,
    "if": 0,
    "then": 0,
    "do": 0,
    "!": 0,
}
_WRAPPER_PAIRS = (
    ("uv", "run"),
    ("poetry", "run"),
    ("pipenv", "run"),
    ("pdm", "run"),
    ("rye", "run"),
    ("hatch", "run"),
    ("bundle", "exec"),
    ("pnpm", "exec"),
    ("pnpm", "dlx"),
    ("yarn", "dlx"),
    ("npm", "exec"),
    ("python", "-m"),
    ("python3", "-m"),
    ("py", "-m"),
)


@frozen(kw_only=True)
class Simple:
    """One command of a line: *words* without quotes, wrappers and assignments, *text* for people, *fed* a heredoc's body."""

    words: tuple[str, ...]
    text: str
    fed: str = ""
    writes: str = ""

    @property
    def name(self) -> str:
        """The program, without its folder."""
        return self.words[0].replace("\\", "/").rpartition("/")[2] if self.words else ""

    @property
    def line(self) -> str:
        """Program and arguments as one text to match against."""
        return " ".join((self.name, *self.words[1:]))


def simple_commands(line: str) -> tuple[Simple, ...]:
    """The commands of *line* in order; pipes, lists and newlines part them, quotes and heredocs do not."""
    bare, bodies = _without_heredocs(line[:_LINE_LIMIT])
    found = (_simple(part, bodies) for part in _parts(bare))
    return tuple(simple for simple in found if simple.words)


def _without_heredocs(line: str) -> tuple[str, list[str]]:
    """*line* with each heredoc's body taken out and a mark `HEREDOC-n` in its place, and the bodies."""
    bodies: list[str] = []
    position, kept = 0, []
    while opening := _HEREDOC.search(line, position):
        ending = re.compile(rf"^[ \t]*{opening['word']}[ \t]*(?=\)|$)", re.MULTILINE).search(line, opening.end())
        kept.append(f"{line[position : opening.start()]} HEREDOC-{len(bodies)} {opening['rest']}\n")
        bodies.append(line[opening.end() : ending.start() if ending else len(line)])
        position = ending.end() if ending else len(line)
    return "".join((*kept, line[position:])), bodies


def _parts(line: str) -> Iterator[str]:
    """The pieces between separators that are not quoted or nested."""
    quote, depth, start, at = "", 0, 0, 0
    while at < len(line):
        char = line[at]
        if char == "\\":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
        elif not depth and _separates(line, at):
            yield line[start:at]
            start = at + 1
        at += 1
    yield line[start:]


def _separates(line: str, at: int) -> bool:
    char = line[at]
    if char == "&":
        return line[at - 1 : at] not in (">", "<") and line[at + 1 : at + 2] != ">"
    return char in ";\n" or (char == "|" and line[at - 1 : at] != ">")


def _simple(part: str, bodies: list[str]) -> Simple:
    part = part.strip().strip("{}&|").strip()
    if part.startswith("#"):
        part = ""
    fed = "".join(bodies[int(number)] for number in re.findall(r"HEREDOC-(\d+)", part) if int(number) < len(bodies))
    target = re.search(r"(?<![\d&>])>{1,2}\s*([^\s&>|;]+)", _QUOTED.sub('""', part))
    text = re.sub(r"\s*HEREDOC-\d+\s*", " ", part)
    text = " ".join(_REDIRECTION.sub(" ", text).split()) if not _QUOTED.search(text) else " ".join(text.split())
    words = _unwrapped(_words(part))
    return Simple(
        words=tuple(words), text=_without_wrappers(text), fed=fed, writes=target[1].strip("\"'") if target else ""
    )


_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"")


def _words(part: str) -> list[str]:
    part = re.sub(r"(?<!\S)(?:\d?>&\d|&>\S+)", " ", part)
    try:
        return shlex.split(part, comments=True)
    except ValueError:
        return part.split()


def _unwrapped(words: list[str]) -> list[str]:
    """*words* from the program that matters on."""
    while words:
        first = words[0].rpartition("/")[2]
        if _ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        elif first in _WRAPPERS:
            words = words[1 + _WRAPPERS[first] :]
            while words and words[0].startswith("-"):
                words = words[1:]
        elif (first, *words[1:2]) in _WRAPPER_PAIRS:
            words = words[2:]
        else:
            break
    return words


def _without_wrappers(text: str) -> str:
    """*text* without leading assignments, which are often long and may be secret."""
    words = text.split(" ")
    while len(words) > 1 and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    return " ".join(words)
