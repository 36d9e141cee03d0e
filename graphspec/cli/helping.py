"""Help texts that fill the width of the terminal."""

from __future__ import annotations

from typing import Any

from cyclopts.help import DefaultFormatter, HelpPanel
from rich.console import Console, ConsoleOptions
from rich.text import Text


class Reflowed(DefaultFormatter):
    """Help without the line breaks of docstrings, and without their marks of code."""

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel."""
        for entry in panel.entries:
            _reflow(entry.description)
        super().__call__(console, options, panel)

    def render_description(
        self, console: Console, options: ConsoleOptions, description: Any
    ) -> None:
        """Print what a command does."""
        _reflow(description)
        super().render_description(console, options, description)


def _reflow(found: Any) -> None:
    """Join the lines of every paragraph of a plain text; leave anything else as it is."""
    text = getattr(found, "primary_renderable", None)
    if isinstance(text, Text):
        paragraphs = text.plain.replace("``", "").split("\n\n")
        text.plain = "\n\n".join(" ".join(lines.split()) for lines in paragraphs)
