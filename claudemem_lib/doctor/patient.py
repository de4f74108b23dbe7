"""Who is examined: a data folder, and its memory as far as it can be opened."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from claudemem_lib import install, paths
from claudemem_lib.errors import StoreError
from claudemem_lib.memory import Memory

if TYPE_CHECKING:
    from claudemem_lib.store.database import Database

VARIABLES = ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "HOME", "PATH", "XDG_CONFIG_HOME")


class Patient:
    """A data folder under examination. What is asked for by several checks is looked up once."""

    def __init__(self, data_dir: str, memory: Memory | None = None, *, full: bool = False) -> None:
        """Nothing is opened before a check asks for it."""
        self.top = Path(data_dir).expanduser().absolute()
        self.data_dir = str(self.top)
        self.full = full
        self.environment = {name: paths.environment(name) or "" for name in VARIABLES}
        self.trouble = ""
        self._given = memory
        self._opened: Memory | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._opened is not None:
            self._opened.close()

    @functools.cached_property
    def memory(self) -> Memory | None:
        """The memory; None if there is none yet, or none that can be opened, and then *trouble* says why."""
        if self._given is not None:
            return self._given
        if not (self.top / paths.DATABASE).exists():
            return None
        try:
            self._opened = Memory(self.data_dir)
        except StoreError as error:
            self.trouble = str(error)
        return self._opened

    @property
    def database(self) -> Database | None:
        """The memory's file, if it can be opened."""
        return None if self.memory is None else self.memory.database

    @functools.cached_property
    def stats(self) -> dict[str, Any] | None:
        """What the memory says of itself; None where it cannot."""
        try:
            return None if self.memory is None else self.memory.stats()
        except StoreError as error:
            self.trouble = str(error)
            return None

    @property
    def host_dir(self) -> Path:
        """Where Claude Code keeps its settings."""
        return install.host_config_dir(self.environment)
