"""Every command that README.md and docs/ show does what the page says: it is there, takes these options, and succeeds.

The blocks marked `sh` are run line by line in a home of their own with a small memory; reader.INSTEAD and reader.STANDINS name the
few things that are not run as they stand, and why. Commands within a sentence are checked against the parser only.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from attrs import evolve, fields_dict

from claudemem_lib import cli, settings
from tests.docs.reader import ROOT, Reader, filled

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FOR_AGENTS = sorted([*(ROOT / "commands").glob("*.md"), *(ROOT / "skills").rglob("*.md")])
SOURCES = sorted(
    path for folder in ("claudemem_lib", "hooks", "mcp_server", "tui") for path in (ROOT / folder).rglob("*.py")
)
LANGUAGES = {"sh", "json", "python", "text"}
OTHER_VARIABLES = {"CLAUDE_MEM_DATA_DIR", "CLAUDE_MEM_WRITE_DOCS", "CLAUDE_MEM_WRITE_SCHEMAS"}
AS_IT_FINDS = re.compile(r"claude-mem doctor\b")  # its status says how the machine is


def blocks(language: str) -> list[tuple[str, str]]:
    """The fenced blocks of a language, each with a name for it."""
    found = []
    for page in PAGES:
        texts = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        assert {name for name, _ in texts} <= LANGUAGES, f"{page.name}: what is to be run is marked sh, other text text"
        chosen = [text for name, text in texts if name == language]
        found += [(f"{page.stem}-{number}", text) for number, text in enumerate(chosen, 1)]
    return found


def named(pairs: list[tuple[str, str]]) -> list[object]:
    return [pytest.param(text, id=name) for name, text in pairs]


def within_sentences(paths: list[Path]) -> list[str]:
    """Every command of ours that stands between backticks on one line, once."""
    texts = (re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL) for path in paths)
    return sorted({command for text in texts for command in re.findall(r"`(?:! )?(claude-mem (?![|.]).*?)`", text)})


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    filled(folder / "data", folder / "home")
    return folder / "data"


@pytest.fixture
def reader(tmp_path: Path, memory: Path) -> Reader:
    return Reader(tmp_path, memory)


@pytest.mark.parametrize("block", named(blocks("sh")))
def test_every_command_of_a_block_works(reader: Reader, block: str) -> None:
    if "~/old/claude-mem.db" in block:
        reader.has_the_original()
    for line in filter(None, map(str.strip, block.replace("\\\n", " ").splitlines())):
        done = reader.runs(line)
        assert done.returncode == 0 or (done.returncode == 1 and AS_IT_FINDS.match(line)), f"{line}\n{done.stdout}"
        assert "Traceback" not in done.stdout, f"{line}\n{done.stdout}"


@pytest.mark.parametrize("block", named(blocks("python")))
def test_every_example_in_python_works(reader: Reader, block: str) -> None:
    environment = {"HOME": str(reader.home)}
    done = subprocess.run([sys.executable, "-c", block], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", named(blocks("json")))
def test_every_example_in_json_is_json_with_settings_that_can_be_used(block: str) -> None:
    found = json.loads(block)
    for key, value in found.items():
        if key.startswith("CLAUDE_MEM_"):
            name = settings.field_of(key)
            evolve(settings.Settings(), **{name: settings.read_value(fields_dict(settings.Settings)[name], value)})


@pytest.mark.parametrize("line", within_sentences([*PAGES, *FOR_AGENTS]))
def test_a_command_within_a_sentence_is_there_and_has_these_options(line: str) -> None:
    parse(line)


@pytest.mark.parametrize("line", within_sentences(SOURCES))
def test_a_command_that_a_message_names_is_there_and_has_these_options(line: str) -> None:
    parse(re.sub(r"\{.*?\}", "x", re.sub(r"(?<=\w)\{.*?\}", "", line)))


def of_help(command: click.Command = cli.main) -> list[str]:
    """The examples that the help of every command ends with."""
    lines = re.findall(r"^  (claude-mem .*)", command.epilog or "", re.MULTILINE)
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return sorted({*lines, *(line for one in below for line in of_help(one))})


@pytest.mark.parametrize("line", of_help())
def test_an_example_of_the_help_is_there_and_has_these_options(line: str) -> None:
    parse(re.sub(r" [|<>&].*", "", line))


@pytest.mark.parametrize(
    "line", ["claude-mem serch", "claude-mem search --tpye x", "claude-mem project renam a b", "claude-mem undo 3"]
)
def test_a_mistyped_command_would_be_found(line: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parse(line)


@pytest.mark.parametrize(
    "line", ["claude-mem tui --wbe", "claude-mem start --bogus", "pip install 'claudemem[tiu]'", "make dmeo"]
)
def test_a_mistyped_command_that_is_not_run_as_it_stands_would_be_found(reader: Reader, line: str) -> None:
    assert reader.runs(line).returncode != 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_settings_targets_and_scripts_that_there_are(page: Path) -> None:
    text = page.read_text("utf-8")
    known = {key for key, _, _ in settings.described()} | OTHER_VARIABLES
    assert set(re.findall(r"\bCLAUDE_MEM_[A-Z_]+", text)) - known == set()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) - targets == set()
    scripts = re.findall(r"`(?:python )?((?:benchmarks|tests)/[\w/]+\.py)", text)
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def test_the_readme_stays_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 250


def test_links_between_the_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target, _, part in re.findall(r"\]\(([^)#:]*)(#([^)]*))?\)", page.read_text("utf-8")):
            path = page.parent / target if target else page
            if not path.exists() or (part and part not in anchors(path)):
                broken.append(f"{page.name}: {target}#{part}")
    assert broken == []


def test_every_page_is_in_the_index_of_the_docs() -> None:
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name})" not in index] == []


def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page can be linked to."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def parse(line: str) -> None:
    """Put *line* to the parser of the command it names, which is not run."""
    command: click.Command = cli.main
    words = shlex.split(line, comments=True)[1:]
    assert words, f"{line}: no command"
    while isinstance(command, click.Group) and words:
        context = click.Context(command)
        try:
            command.parse_args(context, words)
        except click.exceptions.Exit:
            return  # --help or --version
        name, *words = [*context._protected_args, *context.args]
        found = command.get_command(context, name)
        assert found, f"{line}: no command {name}"
        command = found
    _, rest, _ = command.make_parser(click.Context(command)).parse_args(words)
    assert rest == [], f"{line}: too many words"
