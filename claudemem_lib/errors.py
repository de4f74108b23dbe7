"""Everything that can go wrong, drawn once.

    ClaudeMemError
    |-- StoreError               the memory file
    |   |-- ForeignDatabase      the file belongs to another program
    |   |-- NewerSchema          written by a newer release than this one
    |   |-- StoreBusy            another process holds the write lock for too long
    |   |-- StoreUnreadable      not readable with our rights, or the disk is full
    |       |-- StoreCorrupt     damaged: `claude-mem recover` saves what can be read
    |-- LeaseLost                another worker took the batch over
    |-- SettingsError            a settings file or value that cannot be used
    |-- NotFound                 no such memory, session, file or mode
    |-- HostFileError            a host's configuration we do not understand
    |-- BadRequest               a verb was called with values it cannot use
    |-- EmbedderUnavailable      no model for semantic search; full text works without one
    |-- ProviderError            a model could not answer; never costs an event
        |-- AuthFailed           the key or login is wrong: a person has to act
        |-- RateLimited          too fast; retry_after_ms says when to come back
        |-- QuotaExhausted       nothing left to spend
            |-- DailyLimit       our own limit of the day is reached
        |-- ProviderDown         network, timeout, 5xx
        |-- BadReply             an answer that is no answer, or a request the provider will not take
            |-- ContextTooLong   the request does not fit the model: ask for less at once

A message says what, why and what to do. Front ends translate; they do not invent.
"""


class ClaudeMemError(Exception):
    """Base of every error this package raises on purpose."""


class StoreError(ClaudeMemError):
    """Something about the memory file."""


class ForeignDatabase(StoreError):
    """The file at our path was made by another program."""


class NewerSchema(StoreError):
    """The file was written by a newer release; this one may only read it."""


class StoreBusy(StoreError):
    """Another process holds the write lock."""


class StoreUnreadable(StoreError):
    """The file cannot be used with our rights, or not now."""


class StoreCorrupt(StoreUnreadable):
    """The file is damaged."""


class LeaseLost(ClaudeMemError):
    """The batch was given to another worker meanwhile; nothing was stored."""


class SettingsError(ClaudeMemError):
    """A settings file or value that cannot be used."""


class NotFound(ClaudeMemError):
    """No such memory, session, file or mode."""


class HostFileError(ClaudeMemError):
    """A host's configuration file that we do not understand, so leave alone."""


class BadRequest(ClaudeMemError):
    """A verb was called with values it cannot use."""


class EmbedderUnavailable(ClaudeMemError):
    """There is no embedder on this machine, or its model cannot be used; the message says what to do."""


class ProviderError(ClaudeMemError):
    """A model could not answer. The batch goes back to the queue; *retry_after_ms* is the wait asked for, or None."""

    def __init__(self, message: str, retry_after_ms: int | None = None) -> None:
        """Keep the wait beside the message."""
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class AuthFailed(ProviderError):
    """The key or the login is not accepted."""


class RateLimited(ProviderError):
    """Too many requests, or too many tokens, in too short a time."""


class QuotaExhausted(ProviderError):
    """The account has nothing left to spend."""


class DailyLimit(QuotaExhausted):
    """The limit of tokens or money the user set for a day is reached; nobody was asked."""


class ProviderDown(ProviderError):
    """Network, timeout or a server error."""


class BadReply(ProviderError):
    """The provider answered with something that is no answer, or refuses this one request."""


class ContextTooLong(BadReply):
    """The request does not fit the model's context."""
