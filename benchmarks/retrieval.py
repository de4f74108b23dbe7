"""The retrieval scorecard: plain FTS5 | ours, text only | ours, vectors only | ours, over public sets of questions.

The sets are not part of this repository: --path says where one lies (docs/benchmarks.md says where to get them). The loaders
check the published counts. Tune on --split dev only. Retrieval only: no model judges, nothing asks a network.
Without --set every set found below the default folder is measured.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from _retrieval import conversations, developers, measures, ours
from _retrieval.plain import Plain
from attrs import evolve

from claudemem_lib import embedders
from claudemem_lib.errors import EmbedderUnavailable
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from _retrieval.measures import Result
    from _retrieval.sets import Collection, Question

DATA = Path(__file__).parents[2] / "shared" / "data" / "retrieval"
SETS = {
    "locomo": "locomo-dev",
    "beam": "beam-dev",
    "precision": "precisionmembench",
    "cosqa": "cosqa-dev",
    "devbench": "devbench",
    "life": "coding-agent-life-v1",
}
DEEPEST = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=SETS)
    parser.add_argument("--path", type=Path, help="the folder or file of the set")
    parser.add_argument("--split", choices=["dev", "all"], default="dev")
    parser.add_argument("--size", default="100K", help="BEAM: 100K, 500K or 1M")
    parser.add_argument(
        "--audit", type=Path, help="LoCoMo: errors.json of dial481/locomo-audit, for tables with its evidence too"
    )
    parser.add_argument("--embedder", default="auto", help="as CLAUDE_MEM_EMBEDDER; none: text only")
    parser.add_argument("--keep", type=Path, help="a file to keep vectors in between runs")
    options = parser.parse_args()
    chosen = [options.set] if options.set else [name for name in SETS if (DATA / SETS[name]).exists()]
    if not chosen:
        print(f"No sets below {DATA}; give --set and --path.")
        return
    embedder = loaded(options)
    print(
        f"Python {platform.python_version()}, {platform.machine()}; vectors by {embedder.name if embedder else 'nothing'}"
    )
    for name in chosen:
        for collection in collections(name, options.path or DATA / SETS[name], options):
            report(collection, embedder)
    if isinstance(embedder, ours.Remembered):
        embedder.save()


def loaded(options: argparse.Namespace) -> embedders.Embedder | None:
    """The embedder asked for, None (and why) if there is none."""
    try:
        found = embedders.load(evolve(Settings(), embedder=options.embedder), "")
    except EmbedderUnavailable as error:
        print(f"No vectors: {error}")
        return None
    return ours.Remembered(found, options.keep) if options.keep else found


def collections(name: str, path: Path, options: argparse.Namespace) -> list[Collection]:
    """The collections of a set: LoCoMo by turn and by session, and again with the audited evidence where that is given."""
    if name == "locomo":
        keys = (None, options.audit) if options.audit else (None,)
        return [conversations.locomo(path, options.split, unit, key) for key in keys for unit in ("turn", "session")]
    if name == "beam":
        return [conversations.beam(path, options.split, options.size)]
    return [getattr(developers, name)(path, options.split)]


def report(collection: Collection, embedder: embedders.Embedder | None) -> None:
    """One table for one collection."""
    print(f"\n## {collection.name}: {len(collection.documents)} documents, {len(collection.positives)} questions, "
          f"sha256 {collection.digest}")  # fmt: skip
    plain = Plain(collection)
    filled = ours.Ours(collection, embedder)
    print(f"index {filled.index_s:.1f} s, vectors {filled.embed_s:.1f} s, {filled.size / 1e6:.1f} MB on disk")
    names = list(ours.ENGINES) if embedder else ["ours, text only"]
    ways: dict[str, Callable[..., list[str]]] = {plain.name: plain.find}
    for name in names:
        ways[name] = lambda question, limit, name=name, **more: filled.find(question, limit, name, **more)
    for pooled in (False, True) if collection.pooled else (False,):
        if pooled:
            print("pooled: one store, no filter")
        for name, find in ways.items():
            row(collection, name, find, filled, pooled=pooled)
    filled.close()
    print(f"peak memory {ours.peak_mb():.0f} MB (vectors' runtime included)")


def row(collection: Collection, name: str, find: Callable[..., list[str]], filled: ours.Ours, *, pooled: bool) -> None:
    """The measures of one way to search, a line for each group of questions."""
    filled.found_tokens = 0
    results, times = asked(collection.positives, find, pooled=pooled)
    tokens = filled.found_tokens // max(1, len(results))
    middle, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    for group, members in (collection.groups or {"all": ()}).items():
        chosen = [one for one in results if not members or one[0].group in members]
        if chosen:
            found = measures.summary(chosen, collection.depths)
            style = {"MRR": ".3f", "nDCG@10": ".3f"}
            cells = "  ".join(f"{label} {value:{style.get(label, '5.1f')}}" for label, value in found.items())
            print(f"{name:20}{group:20}n={len(chosen):<5}{cells}")
    print(f"{'':20}p50 {middle:.1f} ms  p95 {late:.1f} ms" + (f"  {tokens} tokens in the first ten" if tokens else ""))
    if not collection.pooled and collection.name.startswith("Precision"):
        passes, precision, recall = measures.exact([(question, found[:1]) for question, found in results])
        print(
            f"{'':20}first hit alone: {passes} of {len(results)} exact, precision {precision:.2f}, recall {recall:.2f}"
        )
    silent(collection, find)


def silent(collection: Collection, find: Callable[..., list[str]]) -> None:
    """How many of the questions that nothing answers get no hit, and how many that something answers get none."""
    if collection.negatives:
        quiet = sum(not find(one, 10) for one in collection.negatives)
        lost = sum(not find(one, 10) for one in collection.positives)
        print(f"{'':20}nothing found: {quiet} of {len(collection.negatives)} unanswerable, "
              f"{lost} of {len(collection.positives)} answerable")  # fmt: skip


def asked(
    questions: Sequence[Question], find: Callable[..., list[str]], *, pooled: bool
) -> tuple[list[Result], list[float]]:
    """What is found for each question, and how long each took in milliseconds."""
    results, times = [], []
    for one in questions:
        start = time.perf_counter()
        found = find(one, DEEPEST, pooled=pooled)
        times.append((time.perf_counter() - start) * 1000)
        wanted = frozenset(f"{one.haystacks[0]}\t{key}" for key in one.relevant) if pooled else one.relevant
        results.append((evolve(one, relevant=wanted), found))
    return results, times


if __name__ == "__main__":
    main()
