"""The settings that say what is never kept, beside what always is not."""

from __future__ import annotations

from attrs import frozen

from claudemem_lib import ownpatterns, rules
from claudemem_lib.setting import setting


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # a part of Settings, never made alone
class PrivacySettings:
    """What the user wants masked."""

    redact_patterns: tuple[str, ...] = setting(
        rules.DEFAULTS["redact_patterns"],
        group="capture",
        label="Own secret patterns",
        help="Regular expressions; what they match is masked before anything is stored, beside the built-in shapes.",
        at_most=ownpatterns.MOST_PATTERNS,
        each=ownpatterns.problem,
        own_file_only=True,
    )
