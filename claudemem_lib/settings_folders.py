"""The settings of folder context files, all off or empty.

None is read from the environment: a project can set variables for the host, and so for our server, and must not have files
written into other projects.
"""

from __future__ import annotations

from attrs import frozen

from claudemem_lib.setting import setting

FILES = ("CLAUDE.md", "CLAUDE.local.md", "AGENTS.md")


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # a part of Settings, never made alone
class FolderSettings:
    """Whether, where and under which name recent work is kept in files of a project (docs/folder-context.md)."""

    folder_claudemd_enabled: bool = setting(
        False,  # noqa: FBT003  # a default
        group="context",
        label="Folder context files",
        help="Keep a list of recent work in a file in the root folder of each project, between <claude-mem-context> tags.",
        own_file_only=True,
    )
    folder_claudemd_subfolders: bool = setting(
        False,  # noqa: FBT003  # a default
        group="context",
        label="Folder context in subfolders",
        help="Keep such a file in every folder whose files were worked on, not only in the root.",
        own_file_only=True,
    )
    folder_claudemd_file: str = setting(
        FILES[0],
        group="context",
        label="Folder context file name",
        help="The file that gets the list; what it holds besides is never touched.",
        choices=FILES,
        own_file_only=True,
    )
    folder_md_exclude: tuple[str, ...] = setting(
        (),
        group="context",
        label="Folders without context files",
        help="Folders that never get one, subfolders included: paths, or such below the root; globs as for excluded projects.",
        own_file_only=True,
    )
