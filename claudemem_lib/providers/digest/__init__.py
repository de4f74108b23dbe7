"""What a person would note down of a turn, found by rules: no model, the same answer for the same events."""

from __future__ import annotations

from claudemem_lib.providers.digest.compose import digest

__all__ = ["digest"]
