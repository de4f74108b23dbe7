"""Addresses of providers, as people paste them: checked when set, brought to one form when used. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ENDPOINTS = ("/models", "/chat/completions", "/completions", "/embeddings", "/responses")
_GEMINI_ENDS = ("/v1beta/models", "/v1/models", "/v1beta", "/v1")


def problem(url: str) -> str:
    """What is wrong with *url* as a base address, or ""; an empty one means the provider's own and is right."""
    if not url:
        return ""
    if url != url.strip() or re.search(r"\s", url):
        return "must be an address without blanks"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "must be an address like https://example.org/v1"
    if parts.scheme not in ("http", "https") or not host:
        return "must begin with https:// or http:// and name a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold a name or password; keys have settings of their own"
    return ""


def is_local(url: str) -> bool:
    """Whether *url* is on this machine."""
    return (urlsplit(url).hostname or "") in LOOPBACK if url else False


def in_clear(url: str) -> bool:
    """Whether keys would travel unencrypted over a network."""
    return url.startswith("http://") and not is_local(url)


def _plain(url: str) -> str:
    """Without query, fragment, trailing and double slashes."""
    head = re.split(r"[?#]", url.strip(), maxsplit=1)[0].rstrip("/")
    scheme, separator, rest = head.partition("://")
    return scheme + separator + re.sub(r"/{2,}", "/", rest)


def gemini(url: str) -> str:
    """The host part the SDK wants: `https://example.org/v1beta/models` and all its short forms give `https://example.org`."""
    base = _plain(url)
    return next((base.removesuffix(end) for end in _GEMINI_ENDS if base.endswith(end)), base)


def openai(url: str) -> str:
    """The base the SDK appends `/chat/completions` to; a full endpoint is cut back to it, a bare host gets `/v1`."""
    base = _plain(url)
    base = next((base.removesuffix(end) for end in _ENDPOINTS if base.endswith(end)), base)
    return base if urlsplit(base).path else f"{base}/v1"


def claude(url: str) -> str:
    """The base the SDK appends `/v1/messages` to."""
    base = _plain(url)
    return next((base.removesuffix(end) for end in ("/v1/messages", "/v1/models", "/v1") if base.endswith(end)), base)
