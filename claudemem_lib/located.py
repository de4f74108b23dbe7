"""Which project is meant: by name, by key, or by a folder of it."""

from __future__ import annotations

import os

from claudemem_lib import given, projects
from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.store import sessions, status
from claudemem_lib.store.text import storable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudemem_lib.store.database import Database


def identity(database: Database, project: str | None) -> tuple[str, str, str]:
    """Key, name and root of a project given by name or folder (default: the working directory)."""
    if project is not None and not is_folder(given.text("project", project)) and project:
        known = status.project_named(database, project)
        return (known.key, known.name, known.root) if known else (f"{sessions.NAMED}{project}", project, "")
    return projects.identify(os.path.abspath(os.path.expanduser(project or ".")))  # noqa: PTH100, PTH111  # keeps links


def ids(database: Database, name: str | None) -> tuple[int, ...]:
    """The id of the project with this name, key, or folder, as a filter; NotFound says which there are."""
    if name is None:
        return ()
    found = status.project_named(database, name := storable(given.text("project", name)))
    if found is None and is_folder(name):
        found = status.project_keyed(database, identity(database, name)[0])
    if found is None:
        raise NotFound(unknown(database, name))
    return (found.id,)


def unknown(database: Database, name: str) -> str:
    """The sentence that no project is called so, and which there are."""
    known = ", ".join(row.name for row in status.projects(database)[:10]) or "none yet"
    return f"no project is called {name!r}; known projects: {known}"


def is_new(database: Database, project: str) -> bool:
    """Whether a project given by name or folder would be made by filing something under it; a folder that exists is none."""
    if is_folder(project) and os.path.isdir(os.path.expanduser(project)):  # noqa: PTH111, PTH112  # as above
        return False
    return status.project_keyed(database, identity(database, project)[0]) is None


def folder(cwd: str | os.PathLike[str] | None) -> str:
    """A folder (default: the working directory) without symlinks and dots."""
    if not isinstance(cwd, str | os.PathLike | None):
        message = f"a folder must be a path, not {cwd!r}"
        raise BadRequest(message)
    return projects.real_path(os.path.abspath(cwd or "."))  # noqa: PTH100  # keeps what is no path of this machine


def is_folder(project: str) -> bool:
    """Whether a project was given as a folder."""
    return project.startswith((".", "~")) or os.path.isabs(project)  # noqa: PTH117  # either OS
