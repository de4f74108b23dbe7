"""The programs: our interpreter and versions, the host, the server, the provider and the model of embeddings."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import claudemem_lib
from claudemem_lib import ids, link, when
from claudemem_lib.doctor.check import FAILED, OK, WARNING, Check

if TYPE_CHECKING:
    from claudemem_lib.doctor.patient import Patient

OLDEST_PYTHON = (3, 11)
OLDEST_HOST = (2, 1, 139)  # the first that starts hooks without a shell
SERVER_PACKAGES = ("claudemem_mcp", "mcp", "watchfiles")
HOST_S = 10
DISTRIBUTION = "claudemem"


def interpreter(_patient: Patient) -> Check:
    """The Python that runs this."""
    version = ".".join(map(str, sys.version_info[:3]))
    found = f"Python {version}, {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check(name="Python", state=FAILED, found=found, remedy="claude-mem needs Python 3.11 or newer.")
    if not {".cache", "archive-v0"}.isdisjoint(Path(sys.executable).parts):
        remedy = "Install claudemem for good (pipx, `uv tool install`): a cache may be emptied, and then no hook runs."
        return Check(name="Python", state=WARNING, found=f"{found}, which lies in a cache.", remedy=remedy)
    return Check(name="Python", state=OK, found=found)


def host(patient: Patient) -> Check | None:
    """Claude Code is new enough to start our hooks."""
    program = shutil.which("claude", path=patient.environment["PATH"])
    if program is None:
        return Check(
            name="Claude Code",
            state=WARNING,
            found="`claude` is not on the PATH.",
            remedy="No matter if another host is used.",
        )
    try:
        done = subprocess.run(  # noqa: S603  # the host's own command, found on the PATH
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=HOST_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        version = re.search(r"\d+\.\d+\.\d+", done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(
            name="Claude Code", state=WARNING, found=f"{program} --version: {error}", remedy="Does `claude` start?"
        )
    if version is None:
        return Check(
            name="Claude Code",
            state=WARNING,
            found=f"{program} does not say its version.",
            remedy="Does `claude` start?",
        )
    if tuple(map(int, version.group().split("."))) < OLDEST_HOST:
        remedy = f"Update it: hooks need {'.'.join(map(str, OLDEST_HOST))} or newer."
        return Check(name="Claude Code", state=FAILED, found=f"Version {version.group()}, {program}", remedy=remedy)
    return Check(name="Claude Code", state=OK, found=f"Version {version.group()}, {program}")


def versions(patient: Patient) -> Check:
    """Code, package, plugin and server are of one version."""
    known = {"code": claudemem_lib.__version__, **_shipped(), **_plugins(patient.host_dir)}
    from importlib import metadata  # noqa: PLC0415  # every command would wait for it

    with suppress(metadata.PackageNotFoundError):
        known["package"] = metadata.version(DISTRIBUTION)
    if link.holder(patient.data_dir) is not None:
        known["server"] = str(link.facts(patient.data_dir).get("version", known["code"]))
    if len(set(known.values())) == 1:
        return Check(name="Versions", state=OK, found=f"{known['code']} everywhere: {', '.join(known)}.")
    found = ", ".join(f"{name} {version}" for name, version in known.items())
    remedy = "`claude-mem restart` (server), `claude plugin update` (plugin), `pip install -U claudemem` (package)."
    return Check(name="Versions", state=WARNING, found=found, remedy=remedy)


def _shipped() -> dict[str, str]:
    """The versions in the plugin's files beside this code, where it is a checkout."""
    folder = Path(claudemem_lib.__file__).parents[1] / ".claude-plugin"
    found = {}
    plugin = _json(folder / "plugin.json")
    if isinstance(plugin, dict) and "version" in plugin:
        found["plugin.json"] = str(plugin["version"])
    market = _json(folder / "marketplace.json")
    for entry in market.get("plugins", []) if isinstance(market, dict) else []:
        found["marketplace.json"] = str(entry.get("version", "?"))
    return found


def _plugins(host_dir: Path) -> dict[str, str]:
    """The versions of our plugin that the host has installed."""
    known = _json(host_dir / "plugins" / "installed_plugins.json")
    plugins = known.get("plugins", {}) if isinstance(known, dict) else {}
    found = {}
    for name, entry in plugins.items() if isinstance(plugins, dict) else ():
        one = entry[0] if isinstance(entry, list) and entry else entry
        if name.startswith(("claudemem@", "claude-mem@")) and isinstance(one, dict) and "version" in one:
            found[f"plugin {name}"] = str(one["version"])
    return found


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return None


def server(patient: Patient) -> Check:
    """The server can be started, and if it runs it answers and has no trouble."""
    missing = [name for name in SERVER_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        found = f"Its packages are not installed ({', '.join(missing)})."
        remedy = "pip install 'claudemem[server]'; without it commands and hooks do its work."
        return Check(name="Server", state=WARNING, found=found, remedy=remedy)
    pid = link.holder(patient.data_dir) if patient.top.exists() else None
    if pid is None:
        failed = link.failure(patient.data_dir)
        if failed:
            return Check(
                name="Server",
                state=FAILED,
                found=f"It ended at once: {failed}",
                remedy="Mend that, then `claude-mem start`.",
            )
        return Check(name="Server", state=OK, found="It does not run; the next session starts it.")
    who = link.facts(patient.data_dir)
    connection = link.try_connect(patient.data_dir)
    if connection is None:
        found = f"pid {pid} holds the lock but does not answer."
        return Check(
            name="Server", state=FAILED, found=found, remedy="`claude-mem restart`; `claude-mem logs` may say why."
        )
    connection[0].close()
    age = f" for {when.age(max(0, ids.now_ms() - who['since_ms']))}" if isinstance(who.get("since_ms"), int) else ""
    if who.get("trouble"):
        return Check(
            name="Server",
            state=FAILED,
            found=f"pid {pid}{age}: {who['trouble']}",
            remedy="`claude-mem logs` says more.",
        )
    return Check(name="Server", state=OK, found=f"It runs{age}, pid {pid}, and takes connections.")


def provider(patient: Patient) -> Check | None:
    """Who makes memories, and whether that one may be asked now."""
    if patient.stats is None:
        return None
    stats = patient.stats
    others = f"; stands in: {', '.join(stats['stand_ins'])}" if stats.get("stand_ins") else ""
    found = f"{stats['provider']}, mode {stats['mode']}{others}."
    if stats.get("waiting_for"):
        remedy = "`claude-mem doctor --provider` asks it one short question, which costs some tokens."
        return Check(name="Provider", state=WARNING, found=f"{found} {stats['waiting_for']}", remedy=remedy)
    if stats["provider"] == "local":
        found += " No model is asked; one makes better memories (`claude-mem settings CLAUDE_MEM_PROVIDER`)."
    return Check(name="Provider", state=OK, found=found)


def asked(patient: Patient) -> Check | None:
    """The provider in force answers one tiny question; a real call that costs some tokens, so only made when wanted."""
    if patient.memory is None:
        return None
    trial = patient.memory.costs.try_provider()
    if trial.ok:
        return Check(name="Provider asked", state=OK, found=trial.sentence())
    remedy = "The key or login, the address and the model are on the settings screen; `claude-mem models` lists models."
    return Check(name="Provider asked", state=FAILED, found=trial.sentence(), remedy=remedy)


def semantic(patient: Patient) -> Check | None:
    """Whether search by meaning works: the packages, the model on this machine, how many memories are embedded."""
    memory = patient.memory
    if memory is None or patient.stats is None:
        return None
    if memory.settings.embedder == "none":
        return Check(name="Search", state=OK, found="Full text only: CLAUDE_MEM_EMBEDDER is none.")
    about = patient.stats["semantic"]
    problem = about["problem"]
    if problem:
        return Check(
            name="Search", state=WARNING, found=f"Full text only: {problem}", remedy="Full text works without."
        )
    found = f"Full text and meaning: {about.get('embedded', 0):,} memories embedded, {about.get('waiting', 0):,} wait."
    return Check(name="Search", state=OK, found=found)
