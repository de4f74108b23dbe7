"""Files that have the system start the server at login: a systemd user unit, a launchd agent. Text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.hosts import quoting

if TYPE_CHECKING:
    from collections.abc import Sequence

SYSTEMD_FILE = "claude-mem.service"
SYSTEMD_WANTS = "default.target.wants"
LAUNCHD_LABEL = "claude-mem.server"
_MARK = "Written by `claude-mem install`; `claude-mem uninstall` takes it away."
_IDLE = "CLAUDE_MEM_IDLE_EXIT_MINUTES"
_A_YEAR = 365 * 24 * 60

_SYSTEMD = """\
# {mark} Your own changes: systemctl --user edit claude-mem
[Unit]
Description=claude-mem memory server

[Service]
ExecStart={command}
Environment={idle}={minutes}
Restart=on-failure
RestartSec=10
UMask=0077

[Install]
WantedBy=default.target
"""

_LAUNCHD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- {mark} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{label}</string>
  <key>ProgramArguments</key>
  <array>
{arguments}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>{idle}</key>
    <string>{minutes}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
"""


GONE = {  # by file name, what a person still has to do once it is away
    SYSTEMD_FILE: "Let systemd notice that the unit is gone: systemctl --user daemon-reload",
    f"{LAUNCHD_LABEL}.plist": f"If it was started, let launchd forget it: launchctl bootout gui/$(id -u)/{LAUNCHD_LABEL}",
}


def systemd(command: Sequence[str]) -> str:
    """The unit that runs *command*, an absolute program and its arguments."""
    return _SYSTEMD.format(mark=_MARK, command=quoting.systemd(command), idle=_IDLE, minutes=_A_YEAR)


def launchd(command: Sequence[str]) -> str:
    """The agent that runs *command*."""
    arguments = "\n".join(f"    <string>{_xml(part)}</string>" for part in command)
    return _LAUNCHD.format(mark=_MARK, label=LAUNCHD_LABEL, arguments=arguments, idle=_IDLE, minutes=_A_YEAR)


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@frozen
class Whole:
    """A file that is ours altogether; as an Entry."""

    content: str = ""
    kind: str = "whole"
    empty: str = ""

    def check(self, text: str) -> None:
        """ValueError if somebody else's file has the name."""
        if text.strip() and not self.is_mentioned(text):
            message = "it was not written by us"
            raise ValueError(message)

    def is_installed(self, text: str) -> bool:
        """Whether it is there, unchanged."""
        return text == self.content

    def added(self, text: str) -> str:
        """Our file."""
        self.check(text)
        return self.content

    def removed(self, text: str, original: str) -> str:
        """Nothing of a file of ours."""
        del original
        return "" if self.is_mentioned(text) else text

    def is_mentioned(self, text: str) -> bool:
        """Whether it is ours."""
        return _MARK in text

    def is_blank(self, text: str) -> bool:
        """Whether nothing is left."""
        return not text

    def warnings(self, text: str) -> tuple[str, ...]:
        """None."""
        del text
        return ()
