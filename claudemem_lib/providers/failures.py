"""What a provider's refusal means, whatever SDK told it: one place decides which of our errors it is. Pure.

Two questions matter to the queue. Is it about this request (BadReply, ContextTooLong: the batch counts it) or about the
provider (all others: nothing of the batch is to blame, and it waits)? And how long to wait?
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from claudemem_lib.errors import (
    AuthFailed,
    BadReply,
    ContextTooLong,
    ProviderDown,
    QuotaExhausted,
    RateLimited,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claudemem_lib.errors import ProviderError

LONGEST_WAIT_MS = 3_600_000
_TOLD = 300  # characters of a provider's own words that are kept

_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|limit)|maximum context|too many (?:input )?tokens"
    r"|(?:input|prompt|request) (?:is )?too (?:long|large)"
    r"|token (?:limit|count) (?:is )?exceed|exceeds? the (?:model|maximum (?:number of )?(?:input )?tokens)|reduce the length"
    r"|(?:payload|entity|body)(?: size)? (?:too large|exceeds)|input token count|model_context_window_exceeded",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient[_ ](?:quota|credits?|funds|balance)|credit balance|billing[_ ](?:error|hard limit)|spend(?:ing)?[ _-]limit"
    r"|out of credits?|exceeded your current quota|payment required|usage limit reached|hit your (?:\w+ )?limit",
    re.IGNORECASE,
)
_BAD_KEY = re.compile(
    r"api[ _-]key (?:not valid|is invalid|expired)|invalid (?:x-)?api[ _-]key|API_KEY_INVALID|incorrect api key|authentication[_ ]"
    r"|(?:oauth )?token (?:has )?expired|not logged in|please run /login|login (?:has )?expired|unauthorized",
    re.IGNORECASE,
)
_SECRETS = re.compile(r"https?://\S+|\b(?:sk|key|AIza)[\w-]{6,}|[?&]key=\S+")
_PROSE_LONGEST = 600
_API_ERROR = re.compile(r"\bAPI Error:?\s*(?:Request rejected )?\(?(\d{3})\b", re.IGNORECASE)
_PROSE_DOWN = re.compile(
    r"\b(?:overloaded|service unavailable|internal server error|bad gateway|connection error)\b", re.IGNORECASE
)

_UNAUTHORISED, _PAYMENT, _FORBIDDEN, _MISSING, _TIMED_OUT, _TOO_LARGE, _TOO_MANY = 401, 402, 403, 404, 408, 413, 429
_CONFLICTS, _SERVER = (_TIMED_OUT, 409, 425), 500


def refused(  # noqa: PLR0911  # one answer per kind
    provider: str, status: int, said: str, headers: Mapping[str, str], now_s: float
) -> ProviderError:
    """The error for an HTTP answer *status* with the words *said*; *now_s* is the time a Retry-After date is counted from."""
    wait_ms = retry_after_ms(headers, now_s)
    told = f"{provider} answered {status}: {words(said)}"
    if status == _TOO_LARGE or (status < _SERVER and _TOO_LONG.search(said)):
        return ContextTooLong(f"{told}. The request will be made smaller.")
    if status == _TOO_MANY:
        limited = provider == "gemini" or not _NO_MONEY.search(said)  # Google calls every limit a quota
        return RateLimited(told, wait_ms) if limited else QuotaExhausted(told, wait_ms)
    if status == _PAYMENT or (status < _SERVER and _NO_MONEY.search(said)):
        return QuotaExhausted(told, wait_ms)
    if status in (_UNAUTHORISED, _FORBIDDEN) or (status < _SERVER and _BAD_KEY.search(said)):
        return AuthFailed(f"{told}. Check its key in the settings or in .env in the data folder.")
    if status == _MISSING:
        return ProviderDown(
            f"{told}. Check its model and address; `claude-mem models {provider}` lists models.", wait_ms
        )
    if status >= _SERVER or status in _CONFLICTS:
        return ProviderDown(told, wait_ms)
    return BadReply(told)


def unreachable(provider: str, error: BaseException) -> ProviderDown:
    """The error for a connection that could not be made, broke, or took too long."""
    return ProviderDown(f"{provider} cannot be reached ({type(error).__name__})")


def no_json(provider: str) -> ProviderDown:
    """The error for a body that is no JSON: a proxy or another program answered, so the request is not to blame."""
    return ProviderDown(
        f"{provider} answered with something that is no JSON: is its address right, is a proxy in between?"
    )


def no_text(provider: str, stop: str) -> ProviderError:
    """The error for an answer without text that ended because of *stop*."""
    if _TOO_LONG.search(stop):
        return ContextTooLong(f"{provider} could not fit the request ({stop})")
    return BadReply(f"{provider} answered without text ({stop or 'no reason given'})")


def from_prose(provider: str, text: str) -> ProviderError | None:
    """The error that *text*, given as if it were an answer, really tells of; None if it is none.

    Gateways and command lines say "Credit balance is too low" or "Please run /login" with status 200.
    """
    if len(text) > _PROSE_LONGEST or "<" in text:
        return None
    status = _API_ERROR.search(text)
    if status:
        return refused(provider, int(status[1]), text, {}, 0)
    told = f"{provider} answered: {words(text)}"
    for pattern, kind in (
        (_NO_MONEY, QuotaExhausted),
        (_BAD_KEY, AuthFailed),
        (_TOO_LONG, ContextTooLong),
        (_PROSE_DOWN, ProviderDown),
    ):
        if pattern.search(text):
            return kind(told)
    return None


def retry_after_ms(headers: Mapping[str, str], now_s: float) -> int | None:
    """The wait a Retry-After header (seconds, or a date) asks for, at most LONGEST_WAIT_MS; None without one."""
    lowered = {name.lower(): value for name, value in headers.items()}
    said = lowered.get("retry-after", "").strip()
    try:
        seconds = (
            float(said) if re.fullmatch(r"\d+(?:\.\d+)?", said) else parsedate_to_datetime(said).timestamp() - now_s
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0, min(int(seconds * 1_000), LONGEST_WAIT_MS))


def words(said: str) -> str:
    """A provider's own words in one line, without addresses and keys."""
    return _SECRETS.sub("…", " ".join(said.split()))[:_TOLD].rstrip(". ")
