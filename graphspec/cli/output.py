"""What every command prints through: two consoles, JSON, and numbers for people."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from graphspec.errors import Problem


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # As it comes, for failure.explain: rich's own way out has the exit code of a problem.
        raise BrokenPipeError


# Text from files is never markup: only Text objects built here carry style.
out = _Console(highlight=False, markup=False)
err = _Console(stderr=True, highlight=False, markup=False)

ACCENT = "cyan"
_MARKS = {
    "error": ("✗", "bold red"),
    "warning": ("!", "bold yellow"),
    "advice": ("→", "bold blue"),
}


def say(*parts: str | Text) -> None:
    """Print one line for a person, never broken, so that paths and commands can be copied."""
    out.print(*parts, soft_wrap=True)


def print_json(value: Any) -> None:
    """Write one JSON value to standard output, for a script to read."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def problem_text(problem: Problem) -> Text:
    """A problem as several lines: what is wrong, where, the arithmetic, and its fixes."""
    mark, style = _MARKS[problem.severity]
    text = Text.assemble((f"{mark} ", style), (problem.message, "bold"))
    place = problem.place
    if problem.line is not None:
        place = f"line {problem.line}, column {problem.column}: {place}"
    text.append(f"\n    at {place}", "dim")
    if problem.layer is not None:
        port = f", input {problem.port}" if problem.port else ""
        text.append(f" (layer {problem.layer}{port})", "dim")
    text.append(f"  [{problem.code}]", "dim")
    if problem.arithmetic:
        text.append(f"\n    {problem.arithmetic}", ACCENT)
    for fix in problem.fixes:
        text.append(f"\n    fix: {fix.label}", "green")
    return text
