"""Cross-check with an independent scanner: what its rules call a secret, ours mask; and it finds nothing in what ours left."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import default_settings, get_plugins, transient_settings

from claudemem_lib import redact
from tests.planted import SECRETS, of_every_shape, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator

# Rules for any text with much chance in it, and for the word password anywhere, which find as much that is no secret.
GUESSES = {"Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector"}
LOOSER = {
    "ArtifactoryDetector": "takes any ten characters behind AKC",
    "AzureStorageKeyDetector": "takes any 64 bytes in base64, checksums in lock files too; ours wants AccountKey before it",
    "BasicAuthDetector": "takes what no address may hold",
    "CloudantDetector": "wants no sign between name and value",
    "DiscordBotTokenDetector": "takes ids that are no numbers",
    "IbmCloudIamDetector": "wants no sign between name and value",
    "IbmCosHmacDetector": "wants no sign between name and value",
    "NpmDetector": "takes any character where an equals sign or a dot belongs",
    "PrivateKeyDetector": "finds the armour, which stays; what is in it does not",
    "SoftlayerDetector": "wants no sign between name and value",
}


def plugins() -> list[Any]:
    with default_settings():
        return [one for one in get_plugins() if type(one).__name__ not in GUESSES]


@pytest.fixture(autouse=True)
def _their_rules() -> Iterator[None]:
    with transient_settings({"plugins_used": [{"name": type(one).__name__} for one in plugins()]}):
        yield


def test_it_finds_nothing_in_what_is_left_of_every_shape() -> None:
    for _, around, secret in (*SECRETS, *of_every_shape(7)):
        text = around.format(secret)
        left = [one for line in redact.clean(text).splitlines() for one in scan_line(line)]
        assert [one.secret_value for one in left if "[redacted:" not in (one.secret_value or "")] == [], text


@pytest.mark.parametrize(
    "plugin", [one for one in plugins() if type(one).__name__ not in LOOSER], ids=lambda one: type(one).__name__
)
def test_what_its_rules_match_is_masked(plugin: Any) -> None:
    chooser = random.Random(1)
    for rule in plugin.denylist:
        for _ in range(5):
            text, _, _ = sampled(rule.pattern, chooser)
            found = [one for one in plugin.analyze_string(text) if isinstance(one, str) and len(one) > 7]
            assert not [one for one in found if one in redact.clean(text)], text
