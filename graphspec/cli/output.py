"""What every command prints through: two consoles, JSON, and numbers for people."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from graphspec.errors import Problem, render_path

# Text from files is never markup: only Text objects built here carry style.
out = Console(highlight=False, markup=False)
err = Console(stderr=True, highlight=False, markup=False)

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
    place = render_path(problem.path)
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


def si(value: float, unit: str = "") -> str:
    """A count with a decimal prefix and three digits: 61706 → ``61.7 k``."""
    for limit, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g} {prefix}{unit}"
    return f"{value:.4g}{' ' + unit if unit else ''}"


def size(count: float) -> str:
    """A number of bytes with a binary prefix: 1536 → ``1.5 KiB``."""
    for limit, prefix in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= limit:
            return f"{count / limit:.1f} {prefix}"
    return f"{count:.0f} B"


def duration(seconds: float) -> str:
    """A time for people: ``0.8 s``, ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
