"""Scripted servers that speak the wire formats of the three services; an answer is a function of the request's text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from werkzeug import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer
    from werkzeug import Request

NETWORKED = ("claude", "gemini", "openai")
ANSWER = "<observation><type>discovery</type><title>{title}</title></observation>"
CHARACTERS_PER_TOKEN = 4

Answering: TypeAlias = "Callable[[Asked], str | Response]"


class Asked:
    """One request, read from whichever format it came in."""

    def __init__(self, request: Request) -> None:
        self.headers = request.headers
        self.path = request.path
        self.body: dict[str, Any] = json.loads(request.get_data(as_text=True))
        self.system, self.user = _texts(self.body)

    @property
    def tokens(self) -> int:
        return (len(self.system) + len(self.user)) // CHARACTERS_PER_TOKEN


def _texts(body: dict[str, Any]) -> tuple[str, str]:
    if "contents" in body:
        parts = body["systemInstruction"]["parts"], body["contents"][0]["parts"]
        return parts[0][0]["text"], parts[1][0]["text"]
    if isinstance(body.get("system"), list):
        return body["system"][0]["text"], body["messages"][0]["content"]
    return body["messages"][0]["content"], body["messages"][1]["content"]


class FakeApi:
    """One service on loopback: what it was asked, in order, and how it answers."""

    def __init__(self, server: HTTPServer, provider: str) -> None:
        self.provider, self.asked = provider, list[Asked]()
        self.keys: list[str] = []
        self.answering: Answering = lambda _asked: ANSWER.format(title="Found")
        self.url = server.url_for("").rstrip("/")
        server.expect_request(_MATCHING[provider], method="POST").respond_with_handler(self._respond)

    def _respond(self, request: Request) -> Response:
        asked = Asked(request)
        self.asked.append(asked)
        self.keys.append(_shown(asked.headers))
        made = self.answering(asked)
        return made if isinstance(made, Response) else answer(self.provider, made, asked)

    def settings(self, **more: Any) -> dict[str, Any]:
        """The settings that lead to this service."""
        key = f"{self.provider}_api_key"
        return {
            "provider": self.provider,
            f"{self.provider}_base_url": self.url,
            key: "key-1",
            "fallback_providers": (),
            **more,
        }


_MATCHING: dict[str, Any] = {
    "claude": "/v1/messages",
    "openai": "/v1/chat/completions",
    "gemini": "/v1beta/models/gemini-2.5-flash-lite:generateContent",
}


def _shown(headers: Any) -> str:
    bearer = headers.get("Authorization", "").removeprefix("Bearer ")
    return str(headers.get("x-api-key") or headers.get("x-goog-api-key") or bearer)


def answer(provider: str, text: str, asked: Asked | None = None, *, stop: str = "") -> Response:
    """*text* as the service would send it, with a usage that fits."""
    given, made = asked.tokens if asked else 1_000, len(text) // CHARACTERS_PER_TOKEN
    bodies: dict[str, Any] = {
        "claude": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5",
            "content": [{"type": "text", "text": text}] if text else [],
            "stop_reason": stop or "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": given, "output_tokens": made},
        },
        "openai": {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "some/model",
            "choices": [
                {"index": 0, "finish_reason": stop or "stop", "message": {"role": "assistant", "content": text or None}}
            ],
            "usage": {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made},
        },
        "gemini": {
            "candidates": [
                {
                    "content": {"role": "model", "parts": [{"text": text}] if text else []},
                    "finishReason": stop or "STOP",
                }
            ],
            "usageMetadata": {"promptTokenCount": given, "candidatesTokenCount": made, "totalTokenCount": given + made},
        },
    }
    return Response(json.dumps(bodies[provider]), content_type="application/json")


def refusal(provider: str, status: int, said: str, code: str = "", **headers: str) -> Response:
    """An error as the service would send it."""
    bodies: dict[str, Any] = {
        "claude": {"type": "error", "error": {"type": code or "api_error", "message": said}},
        "openai": {"error": {"message": said, "type": "error", "code": code or None}},
        "gemini": {"error": {"code": status, "message": said, "status": code or "UNKNOWN"}},
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(bodies[provider]), status=status, headers=named, content_type="application/json")
