"""Sphinx's settings."""

from __future__ import annotations

import graphspec

project = "graphspec"
author = "The graphspec authors"
copyright = "2026, The graphspec authors"
version = release = graphspec.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["schema"]

html_theme = "furo"
html_title = "graphspec"


def write_command_reference() -> None:
    """From the application itself, as it is when these pages are built."""
    from pathlib import Path

    from graphspec.cli import build_app

    text = build_app().generate_docs(flatten_commands=True)
    start = text.index("# graphspec check")
    commands = text[start:].replace("\n# ", "\n## ")
    page = f"# Command reference\n\n#{commands}"
    (Path(__file__).parent / "command_reference.md").write_text(page, encoding="utf-8")


write_command_reference()
