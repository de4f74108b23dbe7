"""Which project a folder belongs to, asked of repositories that git itself has made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import projects

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Host

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Git:
    """Runs git in one folder, with nobody's configuration."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def __call__(self, folder: str, *arguments: str) -> str:
        where = self.top / folder
        where.mkdir(parents=True, exist_ok=True)
        named = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
        command = ["git", *named, "-c", "protocol.file.allow=always", *arguments]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        own = {"HOME": str(self.top), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(command, cwd=where, env=plain | own, check=True, capture_output=True, text=True).stdout

    def repository(self, folder: str, remote: str = "") -> str:
        self(folder, "init", "-q")
        self(folder, "commit", "-q", "--allow-empty", "-m", "first")
        if remote:
            self(folder, "remote", "add", "origin", remote)
        return str(self.top / folder)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path)


def root(folder: str | Path) -> str:
    return projects.identify(str(folder))[2]


# ------------------------------------------------------------------------------------------------------ without git
def test_rank_17_a_folder_outside_git_is_a_project_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    path = str(tmp_path / "plain")
    assert projects.identify(path) == (f"path:{path}", "plain", path)


@pytest.mark.parametrize("folder", ["/", "//", "/.", "/home/.."])
def test_the_root_is_a_project_too(folder: str) -> None:
    assert projects.identify(folder) == ("path:/", "root", "/")


@pytest.mark.parametrize("folder", ["", "  ", "\n"])
def test_no_folder_is_no_known_project(folder: str) -> None:
    assert projects.identify(folder) == ("path:", "unknown", "")


@pytest.mark.parametrize("ending", ["", "/", "//", "/.", "/x/.."])
def test_one_folder_is_one_project_however_it_is_written(tmp_path: Path, ending: str) -> None:
    (tmp_path / "x").mkdir()
    assert root(f"{tmp_path}{ending}") == str(tmp_path)


def test_a_deleted_folder_keeps_its_project(tmp_path: Path) -> None:
    folder = tmp_path / "gone" / "deep"
    folder.mkdir(parents=True)
    before = projects.identify(str(folder))
    shutil.rmtree(tmp_path / "gone")
    assert projects.identify(str(folder)) == before == (f"path:{folder}", "deep", str(folder))


def test_rank_17_a_symlink_leads_to_the_project_it_names(tmp_path: Path) -> None:
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "a").symlink_to("real")
    (tmp_path / "b").symlink_to(tmp_path / "a" / "sub")
    assert root(tmp_path / "b") == str(tmp_path / "real" / "sub")


def test_symlinks_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert projects.identify(str(tmp_path / "a"))[0].startswith("path:/")


def test_a_relative_folder_without_a_working_directory_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    assert root("here") == str(tmp_path / "gone" / "here")
    (tmp_path / "gone").rmdir()
    assert root("here") == "here"


@given(st.text(max_size=60) | st.lists(st.sampled_from(["/", "..", ".", "a", "~", "C:", "\\", "\0", " "])).map("".join))
def test_any_text_is_some_project(folder: str) -> None:
    key, name, _ = projects.identify(folder)
    assert key.startswith(("path:", "remote:"))
    assert name
    assert isinstance(projects.branch_of(folder), str)


def test_a_windows_folder_is_named_by_its_last_part() -> None:
    assert projects.identify("C:\\Users\\you\\app")[1:] == ("app", "C:/Users/you/app")


@pytest.mark.parametrize("content", ["", "gitdir:", "gitdir: /nowhere/at/all", "something else", "gitdir: ../\x00"])
def test_a_git_file_that_leads_nowhere_is_survived(tmp_path: Path, content: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / ".git").write_text(content)
    assert root(tmp_path / "app") == str(tmp_path / "app")
    assert projects.branch_of(str(tmp_path / "app")) == ""


def test_a_git_folder_without_a_head_is_none(tmp_path: Path) -> None:
    (tmp_path / "app" / ".git").mkdir(parents=True)
    (tmp_path / "app" / "sub").mkdir()
    assert root(tmp_path / "app" / "sub") == str(tmp_path / "app" / "sub")


# --------------------------------------------------------------------------------------------------------- with git
@needs_git
def test_rank_17_a_subfolder_belongs_to_its_repository(git: Git) -> None:
    path = git.repository("app")
    (git.top / "app" / "a" / "b").mkdir(parents=True)
    assert projects.identify(f"{path}/a/b") == projects.identify(path) == (f"path:{path}", "app", path)


@needs_git
def test_a_symlinked_subfolder_belongs_to_its_repository(git: Git) -> None:
    path = git.repository("app")
    (git.top / "app" / "src").mkdir()
    (git.top / "link").symlink_to("app/src")
    assert root(git.top / "link") == path


@needs_git
@pytest.mark.parametrize("remote", ["", "git@example.org:a/app.git"])
def test_rank_17_a_linked_worktree_is_the_project_of_its_repository(git: Git, remote: str) -> None:
    path = git.repository("app", remote)
    git("app", "worktree", "add", "-q", "-b", "side", "../elsewhere/tree")
    (git.top / "elsewhere" / "tree" / "sub").mkdir()
    assert projects.identify(str(git.top / "elsewhere" / "tree" / "sub")) == projects.identify(path)
    assert projects.branch_of(str(git.top / "elsewhere" / "tree")) == "side"
    assert projects.branch_of(path) == "main"


@needs_git
def test_a_worktree_inside_its_repository_is_the_same_project(git: Git) -> None:
    path = git.repository("app")
    git("app", "worktree", "add", "-q", "-b", "side", ".claude/worktrees/side")
    assert root(f"{path}/.claude/worktrees/side") == path


@needs_git
def test_a_repository_below_a_folder_named_worktrees_is_itself(git: Git) -> None:
    path = git.repository("worktrees/app")
    assert projects.identify(path) == (f"path:{path}", "app", path)


@needs_git
def test_worktrees_of_a_bare_repository_are_one_project_with_its_name(git: Git) -> None:
    path = git.repository("seed")
    git(".", "clone", "-q", "--bare", path, "app.git")
    git("app.git", "remote", "remove", "origin")
    for tree in ("one", "two"):
        git("app.git", "worktree", "add", "-q", "-b", tree, f"../{tree}")
    one, two = (projects.identify(str(git.top / tree)) for tree in ("one", "two"))
    assert one == two == (f"path:{git.top}/app.git", "app", f"{git.top}/app.git")


@needs_git
@pytest.mark.parametrize("hidden", [".bare", ".git"])
def test_a_hidden_bare_repository_has_the_name_of_the_folder_around_it(git: Git, hidden: str) -> None:
    path = git.repository("seed")
    (git.top / "app").mkdir()
    git(".", "clone", "-q", "--bare", path, f"app/{hidden}")
    git(f"app/{hidden}", "remote", "remove", "origin")
    git(f"app/{hidden}", "worktree", "add", "-q", "-b", "one", "../one")
    assert projects.identify(str(git.top / "app" / "one"))[1:] == ("app", f"{git.top}/app")


@needs_git
def test_a_git_folder_kept_elsewhere_does_not_move_the_project(git: Git) -> None:
    (git.top / "store").mkdir()
    git("app", "init", "-q", "--separate-git-dir", f"{git.top}/store/app-git")
    git("app", "commit", "-q", "--allow-empty", "-m", "first")
    assert root(git.top / "app") == str(git.top / "app")
    assert projects.branch_of(str(git.top / "app")) == "main"


@needs_git
def test_rank_17_a_submodule_is_a_project_of_its_own(git: Git) -> None:
    part = git.repository("part")
    path = git.repository("app")
    git("app", "submodule", "add", "-q", part, "vendor/part")
    key, name, where = projects.identify(f"{path}/vendor/part")
    assert (name, where) == ("part", f"{path}/vendor/part")
    assert key != projects.identify(path)[0]


@needs_git
def test_rank_17_two_clones_of_one_remote_are_one_project(git: Git) -> None:
    remote = "https://example.org/team/app.git"
    one, two = git.repository("work/app", remote), git.repository("again/app2", remote)
    assert projects.identify(one)[0] == projects.identify(two)[0] == "remote:example.org/team/app"


@needs_git
def test_a_clone_of_a_local_repository_is_known_by_the_path_it_came_from(git: Git) -> None:
    path = git.repository("app")
    git(".", "clone", "-q", path, "copy")
    assert projects.identify(str(git.top / "copy"))[0] == f"remote:{path}"


@needs_git
def test_rank_17_a_renamed_folder_keeps_its_project_by_its_remote(git: Git) -> None:
    path = git.repository("app", "git@example.org:team/app.git")
    before = projects.identify(path)[0]
    (git.top / "app").rename(git.top / "renamed")
    assert projects.identify(str(git.top / "renamed")) == (before, "renamed", str(git.top / "renamed"))


@needs_git
@pytest.mark.parametrize(
    "remote",
    [
        "git@example.org:team/app.git",
        "git@example.org:/team/app.git",
        "example.org:team/app",
        "ssh://git@example.org/team/app.git",
        "ssh://git@example.org:2222/team/app",
        "https://example.org/team/app",
        "https://example.org/team/app.git/",
        "https://someone:secret@Example.org/team/app.git",
        "git://example.org/team/app.git",
    ],
)
def test_a_remote_is_the_same_however_it_is_written_and_shows_no_password(git: Git, remote: str) -> None:
    assert projects.identify(git.repository("app", remote))[0] == "remote:example.org/team/app"


@needs_git
@pytest.mark.parametrize("remote", ["../other", "./other", "~/other", "other", "team/other"])
def test_a_remote_relative_to_somewhere_is_no_identity(git: Git, remote: str) -> None:
    path = git.repository("app", remote)
    assert projects.identify(path)[0] == f"path:{path}"


@needs_git
def test_only_the_remote_named_origin_counts(git: Git) -> None:
    path = git.repository("app")
    git("app", "remote", "add", "upstream", "https://example.org/their/app")
    git("app", "config", "branch.main.remote", "upstream")
    assert projects.identify(path)[0] == f"path:{path}"
    git("app", "remote", "add", "origin", "https://example.org/our/app")
    assert projects.identify(path)[0] == "remote:example.org/our/app"


@needs_git
def test_a_detached_head_is_no_branch(git: Git) -> None:
    path = git.repository("app")
    git("app", "checkout", "-q", "--detach")
    assert projects.branch_of(path) == ""


@needs_git
@pytest.mark.parametrize("branch", ["feature/deep/name", "größe"])
def test_a_branch_keeps_its_whole_name(git: Git, branch: str) -> None:
    path = git.repository("app")
    git("app", "checkout", "-q", "-b", branch)
    assert projects.branch_of(path + "/sub") == branch


# ------------------------------------------------------------------------------------------------------- as stored
def test_rank_17_two_folders_of_one_name_stay_two_projects_with_names_of_their_own(
    memory: Memory, hosts: Callable[..., Host]
) -> None:
    for number, folder in enumerate(("/home/you/a/app", "/home/you/b/app", "/srv/b/app")):
        hosts(memory, f"s{number}", folder).turn()
    memory.take_in()
    assert sorted(project.name for project in memory.projects()) == ["app", "b/app", "srv/b/app"]


def test_rank_17_names_that_differ_in_case_only_stay_apart(memory: Memory, hosts: Callable[..., Host]) -> None:
    for number, folder in enumerate(("/home/you/App", "/home/them/app")):
        hosts(memory, f"s{number}", folder).turn()
    memory.take_in()
    assert sorted(project.name for project in memory.projects()) == ["App", "them/app"]


def test_names_without_a_folder_to_tell_them_apart_are_numbered(memory: Memory) -> None:
    memory.remember("Three", project="/App")
    memory.remember("Four", project="/app")
    memory.remember("Five", project="/x/app")
    assert sorted(project.name for project in memory.projects()) == ["App", "app 2", "x/app"]


def test_what_is_known_by_a_name_only_belongs_to_the_first_folder_of_that_name(memory: Memory) -> None:
    memory.remember("One", project="app")
    memory.remember("Two", project="app")
    memory.remember("Three", project="/x/app")
    memory.remember("Four", project="/y/app")
    memory.remember("Five", project="app")
    found = [(project.name, project.root, project.memories) for project in memory.projects()]
    assert sorted(found) == [("app", "/x/app", 4), ("y/app", "/y/app", 1)]
    assert "Two" in memory.context("/x/app")


@needs_git
def test_sessions_in_subfolder_and_worktree_are_of_one_project(
    memory: Memory, hosts: Callable[..., Host], git: Git
) -> None:
    path = git.repository("app")
    git("app", "worktree", "add", "-q", "-b", "side", "../tree")
    (Path(path) / "src").mkdir()
    for number, folder in enumerate((path, f"{path}/src", f"{git.top}/tree")):
        hosts(memory, f"s{number}", folder).turn()
    memory.take_in()
    assert [(project.name, project.sessions) for project in memory.projects()] == [("app", 3)]
    assert {session.host_id: session.branch for session in memory.sessions()} == {
        "s0": "main",
        "s1": "main",
        "s2": "side",
    }
