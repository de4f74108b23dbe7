"""What a tokenizer for prose misses: the parts of identifiers, and Chinese, Japanese and Korean text.

Both go into the extra indexed column `terms`, and questions are taken apart the same way (questions.py), so that no connection
to the file needs a tokenizer of its own.
"""

from __future__ import annotations

import functools
import re

CJK = "぀-ヿ㐀-䶿一-鿿豈-﫿가-힯ｦ-ﾟ\U00020000-\U0003134f"
CJK_RUN = re.compile(f"[{CJK}]+")
# Begins only where a word begins: tried at every letter of a long one, it would take the square of its length.
_IDENTIFIER = re.compile(
    r"(?<![^\W_])(?:[^\W_]*[^\W_A-Z][A-Z][^\W_]*|[A-Z]{2,}[a-z][^\W_]*|[^\W\d_]+\d[^\W_]*|\d+[^\W\d_][^\W_]*)"
)
_PART = re.compile(r"U+(?!l)|U?l+|d+|c+")
LONGEST_TERMS = 100_000


def parts_of(word: str) -> list[str]:
    """`parseHTTPResponse2` -> parse, http, response, 2; a word without such joints gives nothing."""
    if not _IDENTIFIER.fullmatch(word):
        return []
    shape = "".join(map(_kind, word))
    found = [word[part.start() : part.end()].lower() for part in _PART.finditer(shape)]
    return found if len(found) > 1 else []


def _kind(char: str) -> str:
    return "U" if char.isupper() else "d" if char.isdecimal() else "c" if CJK_RUN.match(char) else "l"


def pairs_of(run: str) -> list[str]:
    """The overlapping pairs of a CJK run, and its last character alone: 全文検索 -> 全文 文検 検索 索."""
    return [run[at : at + 2] for at in range(len(run))]


def eastern(text: str) -> bool:
    """Whether most letters of a text are Chinese, Japanese or Korean."""
    inside = sum(map(len, CJK_RUN.findall(text)))
    return 2 * inside > sum(map(str.isalpha, text))


@functools.cache
def _beside_cjk() -> re.Pattern[str]:
    """What is glued to CJK text. It takes 8 ms to compile, a tenth of the library's import, and only writing needs it."""
    return re.compile(f"(?<=[{CJK}])[^\\W_{CJK}]+|[^\\W_{CJK}]+(?=[{CJK}])")


def terms_of(*texts: str) -> str:
    """The extra terms of some texts, once each: identifiers by part, CJK runs by pairs, and what is glued to CJK text."""
    text = "\n".join(texts)
    found: dict[str, None] = {}
    for match in _IDENTIFIER.finditer(text):
        parts = parts_of(match.group())
        if parts:
            found[" ".join(parts)] = None
    for match in CJK_RUN.finditer(text):
        found[" ".join(pairs_of(match.group()))] = None
    for match in _beside_cjk().finditer(text) if found else ():
        found[match.group()] = None
    return "\n".join(found)[:LONGEST_TERMS]
