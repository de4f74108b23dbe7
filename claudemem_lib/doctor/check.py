"""What a check found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable

OK, WARNING, FAILED = "ok", "warning", "failed"


@frozen(kw_only=True)
class Check:
    """What was looked at, how it is (ok, warning, failed), what was found, what to do, and what *mend* would do by itself.

    *fix* says it, "" if there is nothing safe to do; *mend* does it and gives what was done.
    """

    name: str
    state: str
    found: str
    remedy: str = ""
    fix: str = ""
    mend: Callable[[], str] | None = field(default=None, repr=False, eq=False)

    def plain(self) -> dict[str, Any]:
        """For programs: all but the function."""
        return {name: getattr(self, name) for name in ("name", "state", "found", "remedy", "fix")}
