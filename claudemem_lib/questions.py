"""What a person typed, as an FTS5 expression. Pure; nothing typed reaches MATCH unquoted.

Words are looked for as words; "quoted text" as a phrase; `word*` as a beginning; AND, OR, NOT and parentheses work for those
who type them in capitals. An identifier is also looked for by its parts, CJK text by its pairs of characters.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.words import CJK_RUN, pairs_of, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Piece = tuple[str | None, str | None, str | None, str | None]

LONGEST_QUESTION = 4_000
MOST_WORDS = 60
SMALL_WORDS = 3
TURNED = 2
_PIECE = re.compile(r'"([^"]*)"?(\*?)|([()])|([^\s"()]+)')
_MINUS = re.compile(r"-\w")
NOTHING = "There is no word to look for."
TAKEN_AWAY = (
    f"{NOTHING} Write one: NOT only takes away from what another word finds (login NOT test). "
    'What stands in quotes is looked for as it is: "-x", "NOT".'
)
_OPERATORS = ("AND", "OR", "NOT")
_CHUNK = re.compile(r"[^\W_]+")
_OWNED = re.compile(r"(?<=\w)['\u2019]s(?=\W*$)", re.IGNORECASE)
_SMALL = re.compile("[\u3041-\u309f]+")
LEAST_BEGINNING = 4
LEAST_DIGITS = 4  # of a part that is a number, to be looked for by itself: the 9 of v1.9 is everywhere
LONE_PAIR = 2
_NAME = re.compile(r"\w[A-Z]|[^\W\d]\d|\d[^\W\d]|\w_\w|\w[./:\\]\w")
_UNBROKEN = re.compile(r"[\w.-]+")
_WHEN = re.compile(
    r"(?:jan|febr?|apr|aug|sept?|oct|nov|dec)(?:uary|il|ust|ember|ober)?|march|june|july|\d{1,2}(?:st|nd|rd|th)|(?:19|20)\d\d"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|yesterday|today|tomorrow",
    re.IGNORECASE,
)
PUNCTUATION = ".,;:!?'`()[]{}<>"
# The words of a question that say nothing about what is asked for.
STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be been but by can could did do does doing for from get had has have
    having he her here him his how i if in into is it its just me my no not now of on one or our out over she
    should so some such than that the their them then there these they this those to too up us was we were what
    when where which while who whom why will with would you your
    """.split()  # noqa: SIM905  # a page of quotes says less
)


@frozen
class Word:
    """One thing to look for: *text* as typed, *match* the FTS5 expression for it, *exact* a phrase or a beginning."""

    text: str
    match: str
    exact: bool = False


@frozen
class Question:
    """A question taken apart: an expression if the person wrote one, else the words."""

    expression: str
    words: tuple[Word, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.expression and not self.words


def said(text: str) -> bool:
    """Whether anything was typed, be it a word or not."""
    return any(char.isprintable() and not char.isspace() for char in text)


def read(text: str) -> Question:
    """Take a question apart. Never fails: what makes no sense as an expression is read as words.

    Where every word is taken away (`NOT this`, `-this`) there is nothing to look for.
    """
    pieces = _pieces(text[:LONGEST_QUESTION].encode("utf-8", "replace").decode())[: MOST_WORDS * 2]
    if _only_takes_away(pieces):
        return Question("", ())
    if any(word in _OPERATORS for _, _, _, word in pieces) and not _prose(pieces):
        expression = _expression(pieces) or _turned(pieces)
        if expression:
            return Question(expression, ())
    words = [_word(*piece) for piece in pieces]
    found = list({word.match: word for word in words if word is not None}.values())[:MOST_WORDS]
    telling = [word for word in found if word.text.strip(PUNCTUATION).lower() not in STOP_WORDS]
    return Question("", tuple(telling or found))


def nothing_in(text: str) -> str:
    """What to do where something was typed that has nothing to look for; "" where it has."""
    if not said(text) or not read(text).empty:
        return ""
    words = [word or "" for _, _, _, word in _pieces(text)]
    return TAKEN_AWAY if any(word == "NOT" or _MINUS.match(word) for word in words) else NOTHING


def _only_takes_away(pieces: list[Piece]) -> bool:
    """Whether operators stand there, and no word that they would leave: NOT, and a - before a word alone, only take away."""
    taken, negated, inside = False, False, 0
    for piece in pieces:
        _, _, bracket, word = piece
        if inside:  # of brackets after a NOT
            inside += {"(": 1, ")": -1}.get(bracket or "", 0)
        elif word in _OPERATORS:
            taken, negated = True, word == "NOT"
        elif bracket:
            inside, negated = int(negated and bracket == "("), False
        elif _word(*piece) is not None:
            if not negated and not _MINUS.match(word or ""):
                return False
            taken, negated = True, False
    return taken


def _prose(pieces: list[Piece]) -> bool:
    """Whether this is a sentence with a stressed NOT or AND, and no expression: it has the small words of one."""
    return sum((word or "").lower() in STOP_WORDS and word not in _OPERATORS for _, _, _, word in pieces) >= SMALL_WORDS


def _pieces(text: str) -> list[Piece]:
    return [(found[1], found[2], found[3], found[4]) for found in _PIECE.finditer(text)]


def every(words: Iterable[Word]) -> str:
    """All of the words."""
    return " AND ".join(f"({word.match})" for word in words)


def some(words: Iterable[Word]) -> str:
    """Any of the words."""
    return " OR ".join(f"({word.match})" for word in words)


def adjacent(text: str) -> str:
    """Neighbouring words of a question as phrases, any of them: at least one of the two has to be telling. "" if there are none."""
    words = _CHUNK.findall(text[:LONGEST_QUESTION].lower())[:MOST_WORDS]
    pairs = ((one, two) for one, two in pairwise(words) if one not in STOP_WORDS or two not in STOP_WORDS)
    return " OR ".join(dict.fromkeys(_quoted(f"{one} {two}") for one, two in pairs))


def loosened(words: Sequence[Word]) -> list[Word]:
    """The words, the parts of those that are several to the index (of `app/login.py` app, login and py), and pairs of CJK runs."""
    found: dict[str, Word] = {}
    for word in words:
        chunks = [] if word.exact else _CHUNK.findall(word.text)
        telling = [chunk for chunk in chunks if not (chunk.isdecimal() and len(chunk) < LEAST_DIGITS)]
        for text in (word.text, *(telling if len(chunks) > 1 else ())):
            match = word.match if text == word.text else _match(text, begins=False)
            found[match] = Word(text, match)
    found |= {word.match: word for word in pairs(words)}
    return list(found.values())[: MOST_WORDS * 2]


def pairs(words: Iterable[Word]) -> list[Word]:
    """The pairs of characters of the words that are Chinese, Japanese or Korean runs of more than one pair.

    Such a run may be a whole question: nothing parts its words. Pairs of hiragana alone say little.
    """
    found: dict[str, Word] = {}
    for word in words:
        for run in CJK_RUN.findall("" if word.exact else word.text):
            for pair in pairs_of(run)[:-1] if len(run) > LONE_PAIR else ():
                if not _SMALL.fullmatch(pair):
                    found[pair] = Word(pair, _quoted(pair))
    return list(found.values())[:MOST_WORDS]


def asked_for(words: Sequence[Word]) -> list[Word]:
    """What a memory has to hold to answer: the words without those that only say when, long CJK runs by their pairs."""
    telling = [word for word in words if not _WHEN.fullmatch(word.text.strip(PUNCTUATION))] or list(words)
    whole = [word for word in telling if word.exact or not pairs([word])]
    return [*whole, *pairs(telling)]


def named(word: Word) -> bool:
    """Whether a word is a name as programs have them: GHA, retry_on, v1.2, app/login.py, SQLite. A rare one tells all."""
    return bool(_NAME.search(word.text.strip(PUNCTUATION)))


def unbroken(word: Word) -> bool:
    """Whether a word is one name: `retry_on`, v1.2.3, 0xBEEF; a path or `key:value` is several."""
    return named(word) and bool(_UNBROKEN.fullmatch(word.text.strip(PUNCTUATION)))


def beginnings(words: Sequence[Word]) -> str:
    """The FTS5 expression for what begins with one of the words."""
    long = [
        word for word in words if not word.exact and len(word.text) >= LEAST_BEGINNING and not CJK_RUN.search(word.text)
    ]
    return some([Word(word.text, _match(word.text, begins=True)) for word in long])


def _word(phrase: str | None, star: str | None, bracket: str | None, word: str | None) -> Word | None:
    """One piece as something to look for; None for a bracket or a piece without letters or digits."""
    if bracket:
        return None
    text = phrase if phrase is not None else _OWNED.sub("", word or "")
    begins = bool(star) or text.endswith("*")
    match = _match(text.rstrip("*"), begins=begins)
    return Word(text, match, exact=begins or phrase is not None) if match else None


def _match(text: str, *, begins: bool) -> str:
    """The FTS5 expression for one word or phrase, "" if there is nothing in it to look for."""
    pieces, end = [], 0
    for run in CJK_RUN.finditer(text):
        pieces.append(_plain(text[end : run.start()], begins=False))
        pairs = pairs_of(run.group())
        pieces.append(_quoted(" ".join(pairs[:-1])) if len(pairs) > 1 else _quoted(pairs[0]) + " *")
        end = run.end()
    pieces.append(_plain(text[end:], begins=begins))
    return " AND ".join(piece for piece in pieces if piece)


def _plain(text: str, *, begins: bool) -> str:
    if not any(char.isalnum() for char in text):
        return ""
    parts = parts_of(text.strip(PUNCTUATION))
    if parts and not begins:
        return f"({_quoted(text)} OR {_quoted(' '.join(parts))})"
    return _quoted(text) + (" *" if begins else "")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""').replace("\x00", " ") + '"'


def _expression(pieces: list[Piece]) -> str:
    """The pieces as one FTS5 expression with the operators the person typed, or "" if they do not fit together."""
    out: list[str] = []
    depth, wants_operand = 0, True
    for piece in pieces:
        _, _, bracket, word = piece
        if word in _OPERATORS:
            if word == "NOT" and out[-1:] == ["AND"]:
                out.pop()
            elif wants_operand:
                return ""
            out.append(str(word))
            wants_operand = True
        elif bracket == ")":
            if wants_operand or not depth:
                return ""
            out.append(")")
            depth -= 1
        else:
            operand = "(" if bracket else f"({found.match})" if (found := _word(*piece)) else ""
            if not operand:
                continue
            out.extend(([] if wants_operand else ["AND"]) + [operand])
            depth += operand == "("
            wants_operand = operand == "("
    return " ".join(out) if out and not depth and not wants_operand else ""


def _turned(pieces: list[Piece]) -> str:
    """`NOT this that` as `that NOT this`, "" if it is nothing of the kind."""
    if len(pieces) <= TURNED or pieces[0][3] != "NOT" or pieces[1][2] or pieces[2][3] == "OR":
        return ""
    away, rest = _word(*pieces[1]), _expression(pieces[2:] if pieces[2][3] != "AND" else pieces[3:])
    return f"({rest}) NOT ({away.match})" if away and rest else ""
