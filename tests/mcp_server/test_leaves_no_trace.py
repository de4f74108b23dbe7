"""The promise "leaves no trace": a whole session, hooks and worker as real processes, in a repository that stays as it was.

Before and after, every name, right, time and byte of the work tree and of .git is compared.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib
from claudemem_lib import link
from tests.mcp_server.conftest import until

if TYPE_CHECKING:
    from tests.mcp_server.conftest import Serving

RUN = Path(__file__).resolve().parents[2] / "hooks" / "claudemem_hooks" / "run.py"
WORKERS = ("server", "drain")


def digest(folder: Path) -> dict[str, str]:
    """What stands at every path below a folder, as a hash of its bytes and what the system says of it."""
    found = {}
    for path in sorted((folder, *folder.rglob("*"))):
        about = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        facts = (about.st_mode, about.st_mtime_ns, about.st_ino, about.st_size, hashlib.sha256(data).hexdigest())
        found[str(path.relative_to(folder))] = repr(facts)
    return found


def changed(before: dict[str, str], folder: Path) -> set[str]:
    after = digest(folder)
    return {name for name in before | after if before.get(name) != after.get(name)}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a commit and rules of its own."""
    root = tmp_path / "home" / "app"
    (root / "src").mkdir(parents=True)
    (root / "CLAUDE.md").write_text("# Rules\nUse tabs.\n")
    (root / "src" / "main.py").write_text("print()\n")
    git = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    return root


def hook(serving: Serving, repository: Path, word: str, name: str, **fields: Any) -> str:
    """One hook call as the host makes it, in the repository; what it printed."""
    payload = {"hook_event_name": name, "session_id": "s1", "cwd": str(repository), "prompt_id": "p1", **fields}
    environment = {**serving.environment, "CLAUDE_PROJECT_DIR": str(repository)}
    command = [sys.executable, "-I", "-S", str(RUN), word, serving.path]
    done = subprocess.run(
        command, input=json.dumps(payload), cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def session(serving: Serving, repository: Path) -> None:
    """A session from start to end, in which nothing was really edited."""
    hook(serving, repository, "context", "SessionStart", source="startup")
    hook(serving, repository, "event", "UserPromptSubmit", prompt="Make main print more")
    edit = {"file_path": f"{repository}/src/main.py", "old_string": "print()", "new_string": "print(1)"}
    about = {"tool_name": "Edit", "tool_use_id": "t1", "tool_input": edit}
    hook(serving, repository, "event", "PostToolUse", tool_response={"filePath": edit["file_path"]}, **about)
    hook(serving, repository, "event", "Stop", last_assistant_message="It prints more.")
    hook(serving, repository, "event", "SessionEnd", reason="other")


def observed(serving: Serving, worker: str) -> None:
    """Let the worker do its work, to the end."""
    if worker == "drain":
        command = [sys.executable, "-m", "claudemem_lib.cli", "--data-dir", serving.path, "drain"]
        subprocess.run(command, check=True, env=serving.environment, capture_output=True, timeout=60)
    else:
        serving.start()
    until(lambda: _is_done(serving), "memories")
    link.stop(serving.path)  # what it is about to write is written before it ends


def _is_done(serving: Serving) -> bool:
    with claudemem_lib.open(serving.data) as memory:
        found = memory.stats()
    return bool(found["counts"]["observations"] and not found["queue"]["pending"] and not found["queue"]["claimed"])


@pytest.mark.parametrize("worker", WORKERS)
def test_with_the_default_settings_a_repository_stays_as_it_was(
    serving: Serving, repository: Path, worker: str
) -> None:
    before = digest(repository)
    session(serving, repository)
    observed(serving, worker)
    told = hook(serving, repository, "context", "SessionStart", source="startup", session_id="s2")
    assert "main.py" in told
    assert changed(before, repository) == set()


@pytest.mark.parametrize("worker", WORKERS)
@pytest.mark.parametrize("excluded", ["folder_md_exclude", "paused"])
def test_with_context_files_on_an_excluded_repository_stays_as_it_was(
    serving: Serving, repository: Path, worker: str, excluded: str
) -> None:
    on = {"folder_claudemd_enabled": True, "folder_claudemd_subfolders": True}
    serving.set(**on, **({excluded: [str(repository)]} if excluded != "paused" else {}))
    if excluded == "paused":
        with claudemem_lib.open(serving.data) as memory:
            memory.pauses.begin(project=str(repository), what=("context",))
    before = digest(repository)
    session(serving, repository)
    observed(serving, worker)
    assert changed(before, repository) == set()


@pytest.mark.parametrize("worker", WORKERS)
def test_with_context_files_on_only_the_one_file_changes_and_only_by_its_block(
    serving: Serving, repository: Path, worker: str
) -> None:
    serving.set(folder_claudemd_enabled=True)
    before = digest(repository)
    session(serving, repository)
    observed(serving, worker)
    assert changed(before, repository) == {".", "CLAUDE.md"}  # a file that is replaced in one step touches its folder
    text = (repository / "CLAUDE.md").read_text()
    assert text.startswith("# Rules\nUse tabs.\n\n<claude-mem-context>\n")
    assert "main.py" in text
