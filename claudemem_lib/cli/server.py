"""The commands about the server: serve, start, stop, restart, logs; and what `claude-mem status` says of it.

The library does not know the server's package: it is started as a program, and found by the lock it holds.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claudemem_lib import ids, lean, link, paths, when
from claudemem_lib.cli.base import example, json_option, show

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = ("claudemem_mcp", "mcp", "watchfiles")
FOLLOW_PAUSE_S = 0.2


def facts(data_dir: str) -> dict[str, Any]:
    """What is known of the server without asking it: `running`, and if it does its pid, since_ms, version and address."""
    pid = link.holder(data_dir)
    if pid is None:
        return {"running": False}
    who = {name: value for name, value in link.facts(data_dir).items() if name not in ("token", "connections")}
    return {"running": True, "pid": pid, **who}


def line(found: dict[str, Any]) -> str:
    """*found*, as facts() gives it, in one line for people."""
    if not found["running"]:
        return "not running; a session or `claude-mem start` starts it"
    age = when.age(ids.now_ms() - found["since_ms"]) if "since_ms" in found else "a moment"
    where = found.get("socket") or (f"127.0.0.1:{found['port']}" if "port" in found else "not listening yet")
    text = f"pid {found['pid']} for {age}, version {found.get('version', '?')}, {where}"
    text += f" and {found['http']}" if "http" in found else ""
    return f"{text}. Trouble: {found['trouble']}" if found.get("trouble") else text


@click.command(epilog=example("serve"))
@click.pass_obj
def serve(data_dir: str) -> None:
    """Run the server in the foreground until Ctrl-C; it serves agents and turns events into memories."""
    _check_installed()
    sys.stdout.flush()
    arguments = [sys.executable, "-P", "-m", "claudemem_mcp", str(Path(data_dir).expanduser().absolute())]
    os.execv(sys.executable, arguments)  # noqa: S606  # no shell, our own interpreter


@click.command(epilog=example("start", "start --json"))
@json_option
@click.pass_obj
def start(data_dir: str, *, as_json: bool) -> None:
    """Start the server in the background, unless one runs."""
    _check_installed()
    data_dir = str(Path(data_dir).expanduser().absolute())
    started = _told(link.start, data_dir)
    found = facts(data_dir)
    text = f"The server {'was started' if started else 'runs already'}: {line(found)}"
    show({"started": started, **found}, text, as_json=as_json)


@click.command(epilog=example("stop"))
@json_option
@click.pass_obj
def stop(data_dir: str, *, as_json: bool) -> None:
    """End the server; the batch it works on is finished or handed back. The next session starts it again."""
    stopped = _told(link.stop, str(Path(data_dir).expanduser().absolute()))
    text = "The server has ended." if stopped else "No server runs."
    show({"stopped": stopped}, text, as_json=as_json)


@click.command(epilog=example("restart"))
@click.pass_context
def restart(context: click.Context) -> None:
    """End the server if it runs, then start it."""
    context.invoke(stop, as_json=False)
    context.invoke(start, as_json=False)


@click.command(epilog=example("logs", "logs --lines 200", "logs -f"))
@click.option("--lines", type=click.IntRange(0, 100_000), default=50, show_default=True, help="So many of the last.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.pass_obj
def logs(data_dir: str, *, lines: int, follow: bool) -> None:
    """Print the server's log."""
    path = Path(data_dir).expanduser() / paths.LOGS / paths.LOG
    if not path.exists() and not follow:
        click.echo(f"There is no log yet ({path}).", err=True)
        return
    for text in _last(path, lines):
        click.echo(text, nl=False)
    for text in _new(path) if follow else ():
        click.echo(text, nl=False)


def _last(path: Path, lines: int) -> list[str]:
    """The last lines of a log and of the one before it, if it was begun anew not long ago."""
    kept: deque[str] = deque(maxlen=lines)
    for part in (path.with_name(f"{path.name}.1"), path):
        if part.exists():
            with part.open(encoding="utf-8", errors="replace") as file:
                kept.extend(file)
    return list(kept)


def _new(path: Path) -> Iterator[str]:
    """Lines as they are written, for ever; a log that was begun anew is followed."""
    at = path.stat().st_size if path.exists() else 0
    while True:
        size = path.stat().st_size if path.exists() else 0
        if size < at:
            at = 0
        if size > at:
            with path.open(encoding="utf-8", errors="replace") as file:
                file.seek(at)
                yield from file
                at = file.tell()
        time.sleep(FOLLOW_PAUSE_S)


def _check_installed() -> None:
    """One sentence if the server's packages are not there."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        message = (
            f"the server needs packages that are not installed ({', '.join(missing)}): pip install 'claudemem[server]'"
        )
        raise click.ClickException(message)


def _told(function: Any, data_dir: str) -> bool:
    """Call one of link's verbs; its error is the command's."""
    try:
        lean.make_folder(data_dir)
        return bool(function(data_dir))
    except (link.NoServer, OSError) as error:
        raise click.ClickException(str(error).removeprefix("claude-mem serve: ")) from error
