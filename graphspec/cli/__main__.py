"""``python -m graphspec.cli`` does what the installed ``graphspec`` command does."""

from __future__ import annotations

from graphspec.cli import run

run()
