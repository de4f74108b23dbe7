"""What all commands share: how they open the memory, print, fail and explain themselves."""

from __future__ import annotations

import json
import sys
from collections import UserDict
from contextlib import suppress
from functools import partial, update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
import click

import claudemem_lib
from claudemem_lib.catchup import catch_up
from claudemem_lib.errors import ClaudeMemError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from claudemem_lib.models import Found, Hit, Moment

CATCH_UP_S = 2.0


class Lazily(UserDict[str, Any]):
    """Commands by name; each is `module.name` in this package, imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        """The command itself."""
        module, _, attribute = self.data[name].partition(".")
        found: click.Command = getattr(import_module(f"claudemem_lib.cli.{module}"), attribute)
        return found


class Command(click.Group):
    """Errors of ours as one sentence; the order of commands as written."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; a ClaudeMemError becomes a sentence and status 1."""
        try:
            return super().invoke(ctx)
        except ClaudeMemError as error:
            raise _failure(str(error)) from error
        except OSError as error:
            reason = f"{error.filename or 'a file'}: {error.strerror or error}"
            raise _failure(reason) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The subcommands in the order of this file."""
        del ctx
        return list(self.commands)


def _failure(reason: str) -> click.ClickException:
    """*reason* for standard error and, for programs that asked for JSON, as an object on standard output."""
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": reason}, ensure_ascii=False))
    return click.ClickException(reason)


def example(*lines: str) -> str:
    """An epilog that click does not re-wrap."""
    return "\b\nExamples:\n" + "\n".join(f"  claude-mem {line}" for line in lines)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option every command has."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def with_memory(function: Callable[..., Any], *, notes: bool = True, first: bool = True) -> Callable[..., Any]:
    """Open the memory for the command and close it afterwards; *notes*: problems go to standard error; *first*: do what waits."""

    @click.pass_obj
    def run(data_dir: str, /, *args: Any, **kwargs: Any) -> Any:
        with claudemem_lib.open(data_dir) as memory:
            for problem in memory.problems if notes else ():
                click.echo(f"Note: {problem}", err=True)
            with suppress(StoreError):  # what waits goes on waiting
                if first:
                    catch_up(memory, CATCH_UP_S)
            return function(memory, *args, **kwargs)

    return update_wrapper(run, function)


with_memory_quietly = partial(with_memory, notes=False)
with_memory_as_it_is = partial(with_memory, first=False)


def show(value: Any, text: str, *, as_json: bool) -> None:
    """*value* as JSON, or *text*."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) if as_json else text)


def show_page(found: Found, text: str, *, as_json: bool, hint: str = "", suggestion: str = "") -> None:
    """A page of hits, or *text* for it; how many there are in all, and how to get the next page, on standard error.

    *hint* is what to do where the question has nothing to look for, *suggestion* what may have been meant where nothing was found.
    """
    value = {"hits": named(found.hits), "total": found.total, "after": found.after}
    value |= {name: said for name, said in (("hint", hint), ("suggestion", suggestion)) if said}
    show(value, text, as_json=as_json)
    if not as_json:
        tell_total(found.total, found.after and f"--after {found.after.lstrip('#')}")


def tell_total(total: int, following: str) -> None:
    """Say on standard error how many there are in all, and the option that gives the *following* page, "" for the last."""
    if total:
        click.echo(f"{total:,} in all" + (f"; the next page: the same with {following}" if following else ""), err=True)


def named(items: Iterable[Hit | Moment]) -> list[dict[str, Any]]:
    """Hits or moments for JSON: a prompt's id is what every command calls it, P10."""
    return [{**attrs.asdict(one), "id": one.handle if one.kind == "prompt" else one.id} for one in items]


def _plain(value: Any) -> Any:
    return attrs.asdict(value) if attrs.has(type(value)) else str(value)
