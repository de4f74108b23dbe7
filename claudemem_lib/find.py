"""Ready-made questions: what is known of a file or folder, of a concept, which decisions and changes there were, how it works.

Each is a page of a search with its filters set; a query ranks what passes them, without one the newest come first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Found

CHANGES = ("change", "feature", "refactor", "bugfix")


def by_file(memory: Memory, path: str, query: str = "", *, deep: bool = False, **options: Any) -> Found:
    """Memories of a file by the end of its path (`login.py`, `auth/login.py`), or of the files in a folder (`src/auth/`).

    Of a folder those directly in it, or with *deep* all below it. Folders and files are named whole: `lib/x` is no `mylib/x.py`.
    What could be either is taken for both.
    """
    folder = path.endswith(("/", "\\")) or Path(path).is_dir()
    relative = path.startswith(".") and not path.strip("./\\")  # . and .. are folders of this moment
    plain = (str(Path(path).resolve()) if relative else path).replace("\\", "/").removeprefix("./").rstrip("/")
    inside = f"{plain}/" if deep else f"{plain}/*"
    return memory.found(query, paths=[inside] if folder else [plain, inside], **options)


def by_concept(memory: Memory, concept: str, query: str = "", **options: Any) -> Found:
    """Memories filed under a concept."""
    return memory.found(query, concepts=[concept], **options)


def by_type(memory: Memory, type_: str, query: str = "", **options: Any) -> Found:
    """Observations of a type."""
    return memory.found(query, type=[type_], **options)


def decisions(memory: Memory, query: str = "", **options: Any) -> Found:
    """What was decided."""
    return memory.found(query, type=["decision"], **options)


def how_it_works(memory: Memory, query: str = "", **options: Any) -> Found:
    """What explains how something works."""
    return memory.found(query, concepts=["how-it-works"], **options)


def prompts(memory: Memory, query: str = "", **options: Any) -> Found:
    """What the user asked: prompts by their words, without a query the newest."""
    return memory.found(query, kind="prompt", **options)


def changes(memory: Memory, query: str = "", **options: Any) -> Found:
    """What was changed: observations of a changing type, and what is filed under what-changed."""
    return memory.found(query, type=CHANGES, concepts=["what-changed"], either=True, **options)
