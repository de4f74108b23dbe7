"""A reader's machine: a home of its own with a small memory in it, a shell, and stand-ins for other programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from claudemem_lib import ids
from claudemem_lib.memory import Memory
from claudemem_lib.settings import Settings
from tests.conftest import Clock, Host
from tests.lib import originals

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
LONG_AGO_MS = 1_793_620_800_000  # 2026-11-02 12:00 UTC
TURNS = (
    "The login test is flaky; find out why",
    "Write down what the acme merger means for the parser",
    "Look at src/secret.py",
    "Put the session key into Redis",
)

STANDINS = {
    "pip": """\
import re, sys, tomllib
wanted = re.fullmatch(r"claudemem\\[([a-z-]+)\\]", sys.argv[2])
extras = tomllib.load(open(ROOT + "/pyproject.toml", "rb"))["project"]["optional-dependencies"]
sys.exit(0 if sys.argv[1] == "install" and wanted and wanted[1] in extras else f"no such extra: {sys.argv[1:]}")
""",
    "claude": """\
import shutil, sys
match sys.argv[1:]:
    case ["mcp", "add", "--scope", "user", "claude-mem", "--", command]:
        sys.exit(not shutil.which(command))
    case ["mcp", "remove", "--scope", "user", "claude-mem"] | ["plugin", "uninstall", "claudemem@claudemem"]:
        pass
    case ["plugin", "marketplace", "add", _] | ["plugin", "install", "claudemem@claudemem"] | []:
        pass
    case other:
        sys.exit(f"claude does not know {other}")
""",
    "systemctl": """\
import sys
known = (["daemon-reload"], ["enable", "--now", "claude-mem"], ["edit", "claude-mem"])
sys.exit(0 if sys.argv[1] == "--user" and sys.argv[2:] in known else f"not {sys.argv[1:]}")
""",
}

STAYS_OR_ASKS = "start|restart|serve|logs -f|tui|fetch-model|test-provider|models"
INSTEAD = (
    (r"^make (\w[\w-]*).*", rf"make -n -C '{ROOT}' \1", "installs packages, or takes minutes"),
    (r"^\. \.venv/bin/activate.*", ":", "the shell of the test has our programs on its path"),
    (rf"^(claude-mem (?:{STAYS_OR_ASKS})\b[^#]*)", r"\1 --help ", "stays, or asks over a network"),
    (r"^claude-mem import(?=\s*(#|$))", "claude-mem import --yes", "asks at a terminal only, and ours is none"),
    (r"^ssh .*", ":", "another machine"),
)  # fmt: skip


class Reader:
    """Somebody with a home, a project they stand in, and a memory of it."""

    def __init__(self, folder: Path, memory: Path | None = None) -> None:
        """A home in *folder*; *memory* is a data folder to start with."""
        self.home = folder / "home"
        self.project = self.home / "shop"
        self.data = self.home / ".claude-mem"
        self.programs = folder / "bin"
        self.project.mkdir(parents=True)
        shutil.copytree(ROOT / "claudemem_lib" / "sample", self.home / ".claude" / "projects" / "-home-you-wordstats")
        if memory:
            shutil.copytree(memory, self.data)
        self._programs()

    def _programs(self) -> None:
        self.programs.mkdir()
        for name, text in STANDINS.items():
            path = self.programs / name
            path.write_text(f"#!{sys.executable} -IS\nROOT = {str(ROOT)!r}\n{text}", "utf-8")
            path.chmod(0o755)

    def runs(self, line: str) -> subprocess.CompletedProcess[str]:
        """What comes of a line in a shell, every question answered with yes."""
        for pattern, instead, _why in INSTEAD:
            line = re.sub(pattern, instead, line)
        environment = {
            "HOME": str(self.home),
            "PATH": os.pathsep.join(map(str, (self.programs, PROGRAMS, "/usr/bin", "/bin"))),
            "LANG": "C.UTF-8",
            "EDITOR": "true",
        }
        return subprocess.run(
            ["/bin/sh", "-eu", "-c", line], cwd=self.project, env=environment, input="y\n" * 9, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        )  # fmt: skip

    def has_the_original(self) -> None:
        """The original claude-mem was here before: its file lies where ours would, and another one in ~/old."""
        shutil.rmtree(self.data, ignore_errors=True)
        for folder in (self.data, self.home / "old"):
            folder.mkdir()
            originals.many(folder / "claude-mem.db", 2, 6)


def filled(data: Path, home: Path) -> None:
    """A memory of a few sessions of the project shop and one of app, in *data*; more than 42 memories and ten prompts."""
    clock = Clock(LONG_AGO_MS)
    with Memory(str(data), Settings(provider="local"), clock=clock) as memory:
        for number in range(12):
            _session(memory, clock, f"{number:08x}-old", str(home / "shop"))
        _session(memory, clock, "00000099-app", str(home / "app"))
        clock.now_ms = ids.now_ms() - 3_600_000
        _session(memory, clock, "0197c2aa-new", str(home / "shop"))
        memory.remember("The parser is slow on purpose", project=str(home / "shop"))
        assert memory.search(limit=1)[0].id > 42
    (data / "backups").mkdir(exist_ok=True)
    shutil.copyfile(data / "claude-mem.db", data / "backups" / "FILE.db")


def _session(memory: Memory, clock: Clock, session: str, cwd: str) -> None:
    host = Host(memory, clock, session, cwd)
    host.start()
    for text in TURNS:
        host.prompt(text)
        path = f"{cwd}/src/secret.py"
        host.tool("Edit", {"filePath": path}, file_path=path, old_string="a", new_string=f"b{clock.now_ms}")
        host.tool("Bash", "1 passed", command="pytest -q tests/test_login.py")
        host.stop(f"{text}: done, and the parser is quicker in session {session}.")
    host.end()
    memory.take_in()
    memory.observe_pending()
