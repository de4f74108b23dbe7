"""Install, use, uninstall in the real client's home: afterwards it holds what the client itself wrote, and nothing of ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import link, paths
from claudemem_lib.hosts import here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.host.conftest import Client, Script

pytestmark = pytest.mark.host
_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")


class Home:
    """The client's home with a data folder in it, and the command that installs there."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.folder = client.out / "home"
        client.data = self.folder / ".claude-mem"

    def command(self, *arguments: str) -> Any:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CLAUDE_CONFIG_DIR": str(self.folder / ".claude"),
        }
        command = [sys.executable, "-m", "claudemem_lib.cli", "--data-dir", str(self.client.data), *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def files(self) -> dict[str, bytes]:
        """Everything in the home but the data folder."""
        inside = (path for path in self.folder.rglob("*") if self.client.data not in (path, *path.parents))
        return {str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else b"" for path in inside}


@pytest.fixture
def home(client: Client) -> Iterator[Home]:
    client.plugins = ()
    yield Home(client)
    link.stop(str(client.data))


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """What came, went or differs, with the ids and times in its names left out."""
    names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {_NAME.sub("*", name) for name in names}


def _running(data: Path) -> list[str]:
    """Processes that have the data folder in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        found += [line] if str(data) in line else []
    return found


def test_rank_19_install_use_uninstall_leaves_the_home_as_the_client_alone_would_have_left_it(
    home: Home, script: Script, tmp_path: Path
) -> None:
    relay = here.commands(sys.executable, home.client.data).server()
    for name, server in (("ours", relay), ("nothing", {"command": "/bin/false"})):
        (tmp_path / name).write_text(json.dumps({"mcpServers": {"claude-mem": server}}))
    turn = [script.use("Bash", command="echo hi", description="say hi"), script.say("Said it.")]
    home.client.session("say hi", replies=turn)
    (home.folder / ".claude" / "settings.json").write_bytes(b'{\r\n\t"cleanupPeriodDays": 30\r\n}')
    before = home.files()
    home.client.session("say hi", replies=turn, args=("--mcp-config", str(tmp_path / "nothing")))
    clean = home.files()

    dry = home.command("install", "--dry-run")["diff"]
    assert home.files() == clean
    assert home.command("install")["diff"] == dry
    home.client.session("say hi", replies=turn, args=("--mcp-config", str(tmp_path / "ours")))
    link.start(str(home.client.data))
    assert (home.client.data / paths.DATABASE).exists()
    assert link.holder(str(home.client.data)) is not None

    report = " ".join(home.command("uninstall")["report"])
    assert "is again byte for byte what it was before" in report
    assert "The server was stopped." in report
    assert f"Your memory stays in {home.client.data}" in report
    after = home.files()
    assert after[".claude/settings.json"] == before[".claude/settings.json"]
    assert _changed(clean, after) <= _changed(before, clean)
    assert [name for name, data in after.items() if b"claudemem" in data and "/projects/" not in f"/{name}"] == []
    assert _running(home.client.data) == []
    kept = {path.name for path in home.client.data.iterdir()}
    assert kept.isdisjoint({paths.SERVER, paths.SOCKET, paths.LOCK, link.STARTING, "install.json"})

    home.client.session("say hi", replies=turn)
    assert list((home.client.data / paths.INBOX).glob("*.json")) == []
    home.command("uninstall", "--purge", "--yes")
    assert not home.client.data.exists()


def test_without_the_memory_s_settings_a_purge_leaves_the_host_working(home: Home, script: Script) -> None:
    turn = [script.say("Hello.")]
    home.command("install")
    home.client.session("hello", replies=turn)
    assert home.command("uninstall", "--purge", "--yes")["applied"]
    home.client.session("hello again", replies=turn)
    assert not home.client.data.exists()
