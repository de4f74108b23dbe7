"""Stored words as Markdown: marks of emphasis, lists and code are drawn, everything else is text."""

from __future__ import annotations

from markdown_it import MarkdownIt
from textual.widgets import Markdown


def plain_markdown() -> MarkdownIt:
    """A parser for which HTML is text, and a line's end is one."""
    return MarkdownIt("gfm-like", {"html": False, "linkify": False, "breaks": True}).disable("image")


class Words(Markdown):
    """Markdown that opens no links and knows no HTML."""

    def __init__(self, body: str) -> None:
        super().__init__(body, parser_factory=plain_markdown, open_links=False)
