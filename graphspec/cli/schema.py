"""``graphspec schema``."""

from __future__ import annotations

from graphspec import document
from graphspec.cli.output import print_json


def schema() -> None:
    """Print the JSON Schema of network files.

    Point your editor at it, or put ``"$schema": "<its address>"`` into a file, and the editor
    completes and validates what you type.
    """
    print_json(document.schema())
