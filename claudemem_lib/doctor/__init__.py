"""What is well, what is not, why, and what to do: a list of small checks over a data folder, the host and the programs.

examine() only looks (it makes no data folder, takes nothing in, asks nobody). mend() does what the checks found safe to do.
The command line and the terminal interface show the same list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.doctor import folder, hooks, memory_file, programs, queue
from claudemem_lib.doctor import probe as probes
from claudemem_lib.doctor.check import FAILED, OK, WARNING, Check
from claudemem_lib.doctor.patient import Patient
from claudemem_lib.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from claudemem_lib.memory import Memory

# In the order they are shown. Those that look at files come before the first that opens the memory, which writes some of them.
CHECKS: tuple[Callable[[Patient], Check | None], ...] = (
    programs.interpreter,
    folder.permissions,
    folder.rules_file,
    folder.settings_in_use,
    folder.room,
    folder.inbox,
    folder.bad_files,
    memory_file.integrity,
    memory_file.indexes,
    memory_file.fulltext,
    memory_file.vectors_fit,
    memory_file.contents,
    hooks.installed,
    hooks.called,
    hooks.others,
    programs.host,
    programs.versions,
    programs.server,
    folder.leftovers,
    queue.queue,
    queue.claims,
    programs.provider,
    programs.semantic,
)


def examine(data_dir: str, memory: Memory | None = None, *, full: bool = False) -> list[Check]:
    """Every check, in order; *memory* is used if it is open already. With *full* every page and word of the file is read."""
    with Patient(data_dir, memory, full=full) as patient:
        return _all(patient)


def on_request(data_dir: str, *, probe: bool, provider: bool) -> list[Check]:
    """The checks that do something, each only if wanted: a *probe* the whole way, and a *provider* asked for some tokens."""
    wanted = [*([probes.probe] if probe else []), *([programs.asked] if provider else [])]
    with Patient(data_dir) as patient:
        return [found for check in wanted if (found := _run(check, patient)) is not None]


def mend(data_dir: str, memory: Memory | None = None, *, full: bool = False) -> list[str]:
    """Examine, and do what the checks offer to mend; gives what was done, one sentence each."""
    with Patient(data_dir, memory, full=full) as patient:
        return [check.mend() for check in _all(patient) if check.mend is not None]


def _all(patient: Patient) -> list[Check]:
    return [found for check in CHECKS if (found := _run(check, patient)) is not None]


def _run(check: Callable[[Patient], Check | None], patient: Patient) -> Check | None:
    """One check; one that cannot be made is told as such and stops no other."""
    try:
        return check(patient)
    except StoreError as error:
        return Check(name=check.__name__.replace("_", " ").capitalize(), state=FAILED, found=str(error))
    except Exception as error:  # noqa: BLE001  # whatever is broken: that is what is being looked for
        name = check.__name__.replace("_", " ")
        found = f"could not be checked: {type(error).__name__}: {error}"
        return Check(name=name, state=FAILED, found=found, remedy="Report this with `claude-mem doctor --report FILE`.")


def worst(checks: Iterable[Check]) -> str:
    """The worst state among the checks."""
    states = {check.state for check in checks}
    return next((state for state in (FAILED, WARNING) if state in states), OK)


__all__ = ["CHECKS", "FAILED", "OK", "WARNING", "Check", "Patient", "examine", "mend", "on_request", "worst"]
