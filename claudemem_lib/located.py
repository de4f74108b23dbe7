"""Which project is meant: by name, by key, or by a folder of it."""

from __future__ import annotations

import os

from claudemem_lib import projects
from claudemem_lib.errors import NotFound
from claudemem_lib.store import status
from claudemem_lib.store.text import storable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudemem_lib.store.database import Database


def identity(database: Database, project: str | None) -> tuple[str, str, str]:
    """Key, name and root of a project given by name or folder (default: the working directory)."""
    if project and not is_folder(project):
        known = status.project_named(database, project)
        return (known.key, known.name, known.root) if known else (f"name:{project}", project, "")
    return projects.identify(os.path.abspath(os.path.expanduser(project or ".")))  # noqa: PTH100, PTH111  # keeps links


def ids(database: Database, name: str | None) -> tuple[int, ...]:
    """The id of the project with this name, key, or folder, as a filter; NotFound says which there are."""
    if name is None:
        return ()
    found = status.project_named(database, name := storable(name))
    if found is None and is_folder(name):
        found = status.project_keyed(database, identity(database, name)[0])
    if found is None:
        known = ", ".join(row.name for row in status.projects(database)[:10]) or "none yet"
        message = f"no project is called {name!r}; known projects: {known}"
        raise NotFound(message)
    return (found.id,)


def is_folder(project: str) -> bool:
    """Whether a project was given as a folder."""
    return project.startswith((".", "~")) or os.path.isabs(project)  # noqa: PTH117  # either OS
