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
