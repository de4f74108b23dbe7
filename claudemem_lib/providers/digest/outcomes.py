"""How a command ended: the line that says so, whether it is good news, and the line that tells what went wrong."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")
_LINES = 4_000
_LINE_LIMIT = 400
_QUOTE_LIMIT = 200

_COUNTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^=+ (?P<said>(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|warnings?"
        r"|deselected)(?:, )?)+)(?: in .*)?=+$",
        r"^(?P<said>(?:\d+ (?:passed|failed|errors?|skipped|xfailed|warnings?)(?:, )?)+) in [\d.]+s",
        r"^(?P<said>(?:\d+ (?:doctests?|properties|tests?)(?:, )?)+\d+ failures?(?:, \d+ \w+)*)",
        r"^tests:?\s+(?P<said>(?:\d+ (?:failed|passed|skipped|todo|total)(?:, | \| )?)+)",
        r"^test result: \w+\. (?P<said>\d+ passed; \d+ failed)",
        r"^(?P<said>\d+ examples?, \d+ failures?)",
        r"^(?P<said>\d+ (?:passing|failing))\b",
        r"^(?P<said>ok \(\d+ tests?, \d+ assertions?\))",
        r"^(?P<said>tests: \d+, assertions: \d+.*)",
        r"^(?P<said>tests run: \d+, failures: \d+(?:, errors: \d+)?)",
        r"^(?:passed|failed)!\s+- (?P<said>failed:\s+\d+, passed:\s+\d+)",
        r"^(?P<said>ran \d+ tests?) in",
        r"^(?P<said>failed \((?:failures|errors)=\d+.*\))",
        r"^(?P<said>all checks passed!?|all matched files use prettier.*)",
        r"^(?P<said>found \d+ errors?(?: in \d+ files?.*)?)",
        r"^(?P<said>success: no issues found.*)",
        r"^(?P<said>\d+ errors?, \d+ warnings?.*)",
        r"^(?P<said>. \d+ problems? \(.*\))",
        r"\b(?P<said>found (?:no issues|\d+ [a-z ]*issues?.*))",
        r"^(?P<said>\d+ files? (?:would be )?(?:reformatted|left unchanged).*)",
        r"^(?:\[info\] )?(?P<said>build (?:success|successful|failed|failure|succeeded))\b",
        r"^(?P<said>\d+ files? changed.*)",
    )
)
_BAD_COUNT = re.compile(
    r"\b[1-9]\d* (?:failed|failures?|failing|errors?|problems?)\b|\bfailed\b(?!:\s+0| 0)|(?:failures|errors)(?:=|: )[1-9]"
    r"|found [1-9]\d* |build fail|failed:\s+[1-9]|would be reformatted",
    re.IGNORECASE,
)
_NOT_BAD = re.compile(r"\b0 (?:failed|failures?|errors?)\b|; 0 failed", re.IGNORECASE)

# The telling lines, best first.
_TELLING = tuple(
    re.compile(pattern)
    for pattern in (
        r"^FAILED (?P<said>\S+::\S+ - .+)",
        r"^E\s{2,}(?!\s*[+-] |\s*$)(?P<said>\S.*)",
        r"^(?:[\w.]+\.)?(?P<said>[A-Z]\w*(?:Error|Exception|Failure|Interrupt|NotFound)\b(?: \[\w+\])?:? .*)",
        r"(?P<said>\berror TS\d+: .*)",
        r"^\s*(?P<said>error(?:\[\w+\])?: .+)",
        r"^\s*(?P<said>\*\* \(\w[\w.]*\) .*)",
        r"^(?:\S+:\d+(?::\d+)?:? )(?P<said>(?:fatal )?error:? .+)",
        r"^\s*(?P<said>panic: .+|thread '.*' panicked at .+)",
        r"^\s*(?P<said>(?:fatal|FATAL|Fatal|Error|ERROR|ERR!|npm ERR!|npm error)[: ].+)",
        r"^\s*\d+\) (?P<said>test .+)",
        r"^\s*● (?P<said>.+ \u203a .+)",
        r"^\s*--- (?P<said>FAIL: .+)",
        r"^\s*(?P<said>(?:FAILED|FAIL|not ok)\b.+)",
        r"^\W*\[[A-Z]\]\s\W*(?P<said>\w.+)",
        r"^\s*(?:\S+:\d+:\d+:? )(?P<said>\S.+)",
        r"(?P<said>.*\b(?:command not found|No such file or directory|Permission denied|not found|cannot|can't|could not"
        r"|undefined|unexpected|invalid|refused|timed? ?out|unable to|already in use|is ignored|are ignored"
        r"|rejected)\b.*)",
    )
)
_STRONG_TELLING = 10  # so many of them prove a failure even where the exit status is hidden by a pipe
_NOISE = re.compile(
    r"^(?:Exit code \d+|Error: Exit code \d+|Traceback \(most recent call last\):?|\s*at .+|\s*File \".+)$"
)


def lines_of(text: str) -> list[str]:
    """*text* as lines without colours and of bounded number and length: head and tail."""
    lines = [_ANSI.sub("", line).rstrip()[:_LINE_LIMIT] for line in text.split("\n")]
    lines = [line.rpartition("\r")[2] for line in lines]
    return lines if len(lines) <= _LINES else lines[: _LINES // 2] + lines[-_LINES // 2 :]


def count_line(text: str) -> str:
    """The line in which a test runner, linter or build says how it went, or ""; the worst if there are several."""
    found = ""
    for line in lines_of(text):
        for pattern in _COUNTS:
            match = pattern.search(line.strip())
            if match:
                said = match["said"].strip(" =.")
                if not found or is_bad(said) or not is_bad(found):
                    found = said
                break
    return found


def is_bad(count: str) -> bool:
    """Whether a count line is bad news."""
    return bool(_BAD_COUNT.search(_NOT_BAD.sub("", count)))


def telling_line(text: str) -> str:
    """The line that says what went wrong, as a short quotation, or ""."""
    lines = [line for line in lines_of(text) if line.strip() and not _NOISE.match(line)]
    for pattern in _TELLING:
        for at, line in enumerate(lines):
            match = pattern.search(line)
            if match:
                return _quotable(" ".join((_named(match["said"]), *_explained(lines[at + 1 : at + 12], match["said"]))))
    return _quotable(lines[0]) if lines else ""


_ASSERTED = re.compile(
    r"^\s*(?:\*\* \(|left:|right:|Expected\b|Received\b|expect\(|\w+_test\.go:\d+:|Assertion with|AssertionError|code: )"
)
_PART_LIMIT = 80


def _named(said: str) -> str:
    """A telling line's own words; the title of a failing test not longer than what it failed for."""
    said = said.strip()
    return said if len(said) <= _PART_LIMIT or not said.startswith("test ") else said[: _PART_LIMIT - 1].rstrip() + "…"


def _explained(after: list[str], said: str) -> list[str]:
    """What the lines *after* a telling one add, where that one only names a test or ends in a colon."""
    if said.rstrip().endswith(":"):
        return [after[0].strip(), *(line.strip() for line in after[1:4] if _ASSERTED.match(line))] if after else []
    if re.match(r"test |FAIL: |.* \u203a ", said):
        return [line.strip()[:_PART_LIMIT] for line in after if _ASSERTED.match(line)][:3]
    return []


def shows_failure(text: str) -> bool:
    """Whether the text of a check whose exit status is unknown proves that it failed."""
    lines = lines_of(text)
    return any(pattern.search(line) for pattern in _TELLING[:_STRONG_TELLING] for line in lines)


def _quotable(line: str) -> str:
    line = " ".join(re.sub(r"(?:\\n)+(?=[A-Z\[\s]|$)", " ", line).split()).strip(" │┃|>")
    return line if len(line) <= _QUOTE_LIMIT else line[: _QUOTE_LIMIT - 1].rstrip() + "…"
