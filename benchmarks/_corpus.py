"""Believable memories in any number: words by Zipf's law, identifiers, files, twenty projects of uneven size, two branches."""

from __future__ import annotations

import bisect
import itertools
import random
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib import paths, settings
from claudemem_lib.models import Observation, Summary
from claudemem_lib.store import memories, sessions
from claudemem_lib.store.connection import run
from claudemem_lib.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECTS = 20
VOCABULARY = 30_000
START_MS = 1_780_000_000_000
STEP_MS = 60_000
PER_TRANSACTION = 5_000
TYPES = ("bugfix", "feature", "refactor", "change", "discovery", "decision")
CONCEPTS = ("how-it-works", "why-it-exists", "what-changed", "problem-solution", "gotcha", "pattern", "trade-off")
_SYLLABLES = "ba co da de fi ga ho in ke lo mu na or pe ra si ta un ve wo ex al im st tr pl".split()  # noqa: SIM905


class Corpus:
    """A stream of made-up memories, the same for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.words = self._vocabulary()
        self.weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.words))))
        self.files = [f"src/{self.word()}/{self.word()}_{self.word()}.py" for _ in range(4_000)]

    def _vocabulary(self) -> list[str]:
        found: dict[str, None] = {}
        while len(found) < VOCABULARY:
            found["".join(self.random.choices(_SYLLABLES, k=self.random.choice((2, 2, 3, 3, 4))))] = None
        return list(found)

    def word(self) -> str:
        """One word, common ones more often."""
        return self.words[bisect.bisect(self.weights, self.random.random() * self.weights[-1])]

    def sentence(self, length: int) -> str:
        """Some words, now and then an identifier or a path among them."""
        said = [self.word() for _ in range(length)]
        if self.random.random() < 0.3:
            said[-1] = self.word() + self.word().capitalize() + self.word().capitalize()
        if self.random.random() < 0.15:
            said[0] = self.random.choice(self.files)
        return " ".join(said)

    def question(self, length: int) -> str:
        """So many words as somebody would ask for them: none of the commonest, which are the stop words of this language."""
        common = set(self.words[:100])
        return " ".join(
            itertools.islice((word for _ in itertools.count() if (word := self.word()) not in common), length)
        )

    def observation(self) -> Observation:
        """An observation of about 350 characters."""
        return Observation(
            type=self.random.choice(TYPES),
            title=self.sentence(7),
            subtitle=self.sentence(6),
            narrative=self.sentence(25),
            facts=tuple(self.sentence(8) for _ in range(2)),
            concepts=tuple(self.random.sample(CONCEPTS, 2)),
            files_modified=(self.random.choice(self.files),),
            files_read=(self.random.choice(self.files),),
        )

    def summary(self) -> Summary:
        """The summary of a turn."""
        return Summary(
            request=self.sentence(9),
            learned=self.sentence(12),
            completed=self.sentence(15),
            next_steps=self.sentence(6),
        )


def build(data_dir: str, count: int, *, folder: str = "/bench", seed: int = 1) -> Corpus:
    """Fill the memory in *data_dir* up to *count*: mostly observations, every tenth a summary, of projects `folder/project-N`."""
    corpus = Corpus(seed)
    Path(data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.write_rules(data_dir)
    database = Database(f"{data_dir}/{paths.DATABASE}")
    for start in range(0, count, PER_TRANSACTION):
        _add(database, corpus, range(start, min(start + PER_TRANSACTION, count)), folder)
    with database.write() as connection:
        run(connection, "INSERT INTO memories_fts(memories_fts) VALUES ('optimize')")
    database.close()
    return corpus


def _add(database: Database, corpus: Corpus, numbers: Sequence[int], folder: str) -> None:
    with database.write() as connection:
        for number in numbers:
            at_ms = START_MS + number * STEP_MS
            project = min(int(corpus.random.expovariate(0.2)), PROJECTS - 1)
            root = f"{folder}/project-{project}"
            identity = (f"path:{root}", f"project-{project}", root)
            where = {"identity": identity, "cwd": root, "branch": "main"}
            session = sessions.session_for(connection, f"session-{project}-{number // 200}", at_ms, where)
            origin = memories.Origin(
                project_id=sessions.project_id(connection, identity, at_ms),
                created_ms=at_ms,
                session_id=session,
                prompt_number=1,
                branch=corpus.random.choice(("main", "feature")),
                work_tokens=corpus.random.randrange(500, 9_000),
            )
            if number % 10:
                memories.add_observation(connection, corpus.observation(), origin)
            else:
                memories.add_summary(connection, corpus.summary(), origin)
