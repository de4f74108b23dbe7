"""The provider without a model: a deterministic digest of the batch, in the form a model would answer in.

It reads the batch itself, not the prompt's text, and its answer goes through replies.parse like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.models import Reply
from claudemem_lib.providers.digest import digest
from claudemem_lib.providers.digest.xml import to_xml

if TYPE_CHECKING:
    from claudemem_lib.models import Prompt
    from claudemem_lib.settings import Settings


class Local:
    """Needs no key, no network and no model, and costs no tokens."""

    name = "local"

    def complete(self, prompt: Prompt) -> Reply:
        """The digest of the prompt's batch."""
        observations, summary = digest(prompt.batch, prompt.types)
        return Reply(text=to_xml(observations, summary, finished=prompt.batch.finished), model="digest-1")


def provider(_settings: Settings) -> Local:
    """The digest has no settings."""
    return Local()
