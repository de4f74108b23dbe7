"""The hosts of this machine: our programs and their files by absolute path, and how each stands with us."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib.errors import HostFileError
from claudemem_lib.hosts import catalog, files
from claudemem_lib.hosts.entry import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def commands(interpreter: Path | str, data_dir: Path | str) -> catalog.Commands:
    """Our programs: in a wheel, an editable install and a checkout alike."""
    return catalog.Commands(
        str(Path(interpreter).absolute()),
        _script("claudemem_hooks", "run.py"),
        _script("claudemem_mcp", "relay_run.py"),
        str(Path(data_dir).absolute()),
        sys.platform,
    )


def _script(package: str, name: str) -> str:
    """The absolute path of a script in a package of ours."""
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    if not folders:
        message = f"The package {package} is not installed beside claudemem_lib. Reinstall claudemem, then try again."
        raise HostFileError(message)
    return str(Path(folders[0]).absolute() / name)


def targets(host: catalog.Host, environment: Mapping[str, str], commands: catalog.Commands) -> list[Target]:
    """The files of a host on this machine: of several names the first that is there, else the last."""
    places = catalog.Places(environment, sys.platform)
    try:
        wanted = host.files(places, commands)
    except ValueError as error:
        message = (
            f"{host.label} cannot be given our commands: {error}. Install claudemem, or put its data folder, elsewhere."
        )
        raise HostFileError(message) from error
    found = []
    for file in wanted:
        paths = [Path(path).absolute() for path in file.paths]
        path = next((one for one in paths if one.exists()), paths[-1])
        found.append(Target(files.resolve(path), file.entry))
    return found


def is_found(host: catalog.Host, environment: Mapping[str, str]) -> bool:
    """Whether a host is on this machine: its program, or the folder it keeps its configuration in."""
    if any(shutil.which(program, path=environment.get("PATH")) for program in host.programs):
        return True
    return Path(host.folder(catalog.Places(environment, sys.platform))).is_dir()


def states(data_dir: Path | str, environment: Mapping[str, str]) -> list[dict[str, object]]:
    """Of each host: name, label, whether it is on this machine, its files, and how it stands with us.

    "state" is "installed", "outdated" (ours, but another than would be written now), "absent", or "refused" with a "reason".
    """
    ours = commands(sys.executable, data_dir)
    found = []
    for host in (*catalog.HOSTS, *catalog.UNITS):
        state: dict[str, object] = {
            "host": host.name,
            "label": host.label,
            "found": is_found(host, environment),
            "captures": host.captures,
        }
        state["unit"] = host in catalog.UNITS
        try:
            wanted = targets(host, environment, ours)
            state |= {"files": [str(target.path) for target in wanted], "state": _state(wanted)}
        except (HostFileError, ValueError) as error:
            state |= {"files": [], "state": "refused", "reason": str(error)}
        found.append(state)
    return found


def _state(targets: Iterable[Target]) -> str:
    """How the files of one host stand with us."""
    texts = [(target.entry, files.decode(files.read(target.path))[1]) for target in targets]
    if not any(entry.is_mentioned(text) for entry, text in texts):
        for entry, text in texts:
            entry.check(text)
        return "absent"
    return "installed" if all(entry.is_installed(text) for entry, text in texts) else "outdated"
