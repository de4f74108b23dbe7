"""The hosts we know: where each keeps its configuration on each system, and what of ours goes into which file.

Pure: paths are made from an environment and a platform's name, so that any system's can be made on any system.
"""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.hosts import claude_code, codex, cursor, mcp, quoting, units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import PurePath

    from claudemem_lib.hosts import entry

WINDOWS, MACOS = "win32", "darwin"


@frozen
class Places:
    """One user's folders: *environment* of the process, *platform* as in `sys.platform`."""

    environment: Mapping[str, str]
    platform: str

    def path(self, text: str) -> PurePath:
        """A path of this platform; a leading `~` is the home folder."""
        kind = PureWindowsPath if self.platform == WINDOWS else PurePosixPath
        if text == "~" or text.startswith(("~/", "~\\")):
            return kind(self._home()) / text[2:]
        return kind(text)

    def _home(self) -> str:
        names = ("USERPROFILE", "HOME") if self.platform == WINDOWS else ("HOME",)
        return next((self.environment[name] for name in names if self.environment.get(name)), "/")

    def chosen(self, variable: str, otherwise: str) -> PurePath:
        """The folder that an environment variable names, else *otherwise*."""
        return self.path(self.environment.get(variable) or otherwise)

    @property
    def xdg(self) -> PurePath:
        """Where programs that follow the freedesktop rules on every system keep their configuration."""
        return self.chosen("XDG_CONFIG_HOME", "~/.config")

    @property
    def applications(self) -> PurePath:
        """Where desktop programs keep their configuration."""
        if self.platform == WINDOWS:
            return self.chosen("APPDATA", "~/AppData/Roaming")
        return self.path("~/Library/Application Support") if self.platform == MACOS else self.xdg


@frozen
class Commands:
    """Our programs by absolute path, and the data folder they work on."""

    interpreter: str
    hook: str
    relay: str
    data_dir: str
    platform: str

    def hook_command(self, verb: str) -> list[str]:
        """What a host runs for an event."""
        return [self.interpreter, "-I", "-S", self.hook, verb, self.data_dir]

    def hook_line(self, verb: str) -> str:
        """The same for a host that hands one line to a shell."""
        return quoting.line(self.hook_command(verb), self.platform)

    def relay_command(self) -> list[str]:
        """What a host runs to reach the MCP server."""
        return [self.interpreter, "-I", "-S", self.relay, self.data_dir]

    def server(self) -> dict[str, object]:
        """The same as most hosts want it."""
        return {"command": self.interpreter, "args": self.relay_command()[1:]}

    def serve(self) -> list[str]:
        """The server in the foreground."""
        return [self.interpreter, "-P", "-m", "claudemem_mcp", self.data_dir]


@frozen
class File:
    """A file of a host by the names it may have, the last being the one to make, and what goes into it."""

    paths: tuple[PurePath, ...]
    entry: entry.Entry


@frozen(kw_only=True)
class Host:
    """A program that can have a memory. *programs* and *folder* tell whether it is on a machine, *then* what is left to do.

    With *captures* its sessions are remembered; without, they have the search tools only.
    """

    name: str
    label: str
    folder: Callable[[Places], PurePath]
    files: Callable[[Places, Commands], tuple[File, ...]]
    programs: tuple[str, ...] = ()
    captures: bool = False
    then: str = (
        "Its sessions have the search tools of the memory from their next start; what happens in them is not captured."
    )


def _at(text: str) -> Callable[[Places], PurePath]:
    """A fixed path."""
    return lambda places: places.path(text)


def _application(*parts: str) -> Callable[[Places], PurePath]:
    """A path among the configuration of desktop programs."""
    return lambda places: places.applications.joinpath(*parts)


def _json(
    where: str, path: Callable[[Places], PurePath], *, comments: bool = False, **more: object
) -> Callable[..., tuple[File, ...]]:
    """The files of a host that is configured by one JSON file; *more* is said of the server besides its command."""
    return lambda places, commands: (
        File((path(places),), mcp.Server(where, more | commands.server(), comments=comments)),
    )


def _claude_code(places: Places, commands: Commands) -> tuple[File, ...]:
    wanted = claude_code.groups(commands.interpreter, commands.hook, commands.data_dir)
    return (File((claude_folder(places) / claude_code.SETTINGS_FILE,), claude_code.Hooks(wanted)),)


def claude_folder(places: Places) -> PurePath:
    """Claude Code's configuration folder."""
    return places.chosen("CLAUDE_CONFIG_DIR", "~/.claude")


def _codex_folder(places: Places) -> PurePath:
    return places.chosen("CODEX_HOME", "~/.codex")


def _codex(places: Places, commands: Commands) -> tuple[File, ...]:
    folder = _codex_folder(places)
    return (
        File((folder / codex.HOOKS_FILE,), claude_code.Hooks(codex.groups(commands.hook_line("codex")))),
        File((folder / codex.CONFIG_FILE,), codex.Server(commands.server())),
    )


def _cursor(places: Places, commands: Commands) -> tuple[File, ...]:
    folder = places.path("~/.cursor")
    return (
        File((folder / cursor.HOOKS_FILE,), cursor.Hooks(cursor.hooks(commands.hook_line("cursor")))),
        File((folder / "mcp.json",), mcp.Server("mcpServers", commands.server())),
    )


def _opencode(places: Places, commands: Commands) -> tuple[File, ...]:
    folder = places.xdg / "opencode"
    given = {"type": "local", "command": commands.relay_command(), "enabled": True}
    return (File((folder / "opencode.jsonc", folder / "opencode.json"), mcp.Server("mcp", given)),)


def _zed(places: Places) -> PurePath:
    folder = places.applications / "Zed" if places.platform == WINDOWS else places.path("~/.config/zed")
    return folder / "settings.json"


HOSTS: tuple[Host, ...] = (
    Host(
        name="claude-code",
        label="Claude Code",
        programs=("claude",),
        folder=claude_folder,
        files=_claude_code,
        captures=True,
        then="For the search tools too: {get}claude mcp add --scope user claude-mem -- {relay}",
    ),
    Host(
        name="codex",
        label="Codex CLI",
        programs=("codex",),
        folder=_codex_folder,
        files=_codex,
        captures=True,
        then="Codex runs new hooks only after you trusted them: start codex and say /hooks.",
    ),
    Host(
        name="cursor",
        label="Cursor",
        programs=("cursor", "cursor-agent"),
        folder=_at("~/.cursor"),
        files=_cursor,
        captures=True,
        then="Restart Cursor; if claude-mem is off under Settings, Tools & MCP, switch it on there.",
    ),
    Host(
        name="gemini",
        label="Gemini CLI",
        programs=("gemini",),
        folder=_at("~/.gemini"),
        files=_json("mcpServers", _at("~/.gemini/settings.json"), comments=True),
    ),
    Host(
        name="qwen",
        label="Qwen Code",
        programs=("qwen",),
        folder=_at("~/.qwen"),
        files=_json("mcpServers", _at("~/.qwen/settings.json"), comments=True),
    ),
    Host(
        name="copilot",
        label="GitHub Copilot CLI",
        programs=("copilot",),
        folder=_at("~/.copilot"),
        files=_json("mcpServers", _at("~/.copilot/mcp-config.json"), type="local", tools=["*"]),
    ),
    Host(
        name="windsurf",
        label="Windsurf",
        programs=("windsurf",),
        folder=_at("~/.codeium/windsurf"),
        files=_json("mcpServers", _at("~/.codeium/windsurf/mcp_config.json")),
    ),
    Host(
        name="opencode",
        label="opencode",
        programs=("opencode",),
        folder=lambda places: places.xdg / "opencode",
        files=_opencode,
    ),
    Host(
        name="vscode",
        label="Visual Studio Code",
        programs=("code",),
        folder=_application("Code"),
        files=_json("servers", _application("Code", "User", "mcp.json"), comments=True, type="stdio"),
    ),
    Host(
        name="zed",
        label="Zed",
        programs=("zed", "zeditor"),
        folder=lambda places: _zed(places).parent,
        files=_json("context_servers", _zed, comments=True, source="custom"),
    ),
    Host(
        name="kiro",
        label="Kiro",
        programs=("kiro", "kiro-cli"),
        folder=_at("~/.kiro"),
        files=_json("mcpServers", _at("~/.kiro/settings/mcp.json")),
    ),
    Host(
        name="claude-desktop",
        label="Claude Desktop",
        folder=_application("Claude"),
        files=_json("mcpServers", _application("Claude", "claude_desktop_config.json")),
    ),
)


def _systemd(places: Places, commands: Commands) -> tuple[File, ...]:
    return (
        File((places.xdg / "systemd" / "user" / units.SYSTEMD_FILE,), units.Whole(units.systemd(commands.serve()))),
    )


def _launchd(places: Places, commands: Commands) -> tuple[File, ...]:
    path = places.path(f"~/Library/LaunchAgents/{units.LAUNCHD_LABEL}.plist")
    return (File((path,), units.Whole(units.launchd(commands.serve()))),)


UNITS: tuple[Host, ...] = (
    Host(
        name="systemd",
        label="systemd",
        programs=("systemctl",),
        folder=lambda places: places.xdg / "systemd" / "user",
        files=_systemd,
        then="Start it with: systemctl --user daemon-reload && systemctl --user enable --now claude-mem",
    ),
    Host(
        name="launchd",
        label="launchd",
        programs=("launchctl",),
        folder=_at("~/Library/LaunchAgents"),
        files=_launchd,
        then=f"Start it with: launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/{units.LAUNCHD_LABEL}.plist",
    ),
)


def named(name: str) -> Host:
    """The host or unit of that name; KeyError if there is none."""
    return {host.name: host for host in (*HOSTS, *UNITS)}[name]


def undoing(kind: str) -> entry.Entry:
    """What recognises and takes out a part of ours of that kind; KeyError for one that nobody knows."""
    if kind.startswith(mcp.KIND):
        return mcp.Server(kind.removeprefix(mcp.KIND))
    known: tuple[entry.Entry, ...] = (claude_code.Hooks(), codex.Server(), cursor.Hooks(), units.Whole())
    return {one.kind: one for one in known}[kind]
