"""From an exception to words and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from cyclopts import CycloptsError
from rich.text import Text

from graphspec.cli.output import err, problem_text
from graphspec.errors import (
    DataError,
    EngineError,
    FeedError,
    GraphspecError,
    NonFiniteError,
    OptionError,
    Problem,
    RunError,
    SpecError,
)

PROBLEMS, UNREADABLE, FAILED, BAD_DATA, INTERRUPTED, UNREAD = 1, 2, 3, 4, 130, 141

_EXIT_CODES: tuple[tuple[type[GraphspecError], int], ...] = (
    (SpecError, PROBLEMS),
    (OptionError, UNREADABLE),
    (NonFiniteError, FAILED),
    (RunError, FAILED),
    (EngineError, FAILED),
    (FeedError, BAD_DATA),
    (DataError, BAD_DATA),
)


def unreadable(problems: Iterable[Problem]) -> bool:
    """Whether the document could not be read as JSON at all, or not even opened."""
    return any(
        problem.code in ("unreadable", "encoding", "too-large") or problem.code.startswith("json")
        for problem in problems
    )


def explain(error: BaseException) -> int | None:
    """Tell a person what went wrong, and return the exit code; None for a defect of ours."""
    if isinstance(error, KeyboardInterrupt):
        err.print("Interrupted.")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # What is still to be written at exit must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    if isinstance(error, SpecError):
        for problem in error.problems:
            err.print(problem_text(problem))
        return UNREADABLE if unreadable(error.problems) else PROBLEMS
    if isinstance(error, CycloptsError | OSError):
        err.print(Text.assemble(("✗ ", "bold red"), _message(error)))
        return UNREADABLE
    for kind, code in _EXIT_CODES:
        if isinstance(error, kind):
            err.print(Text.assemble(("✗ ", "bold red"), str(error)))
            return code
    return None


def _message(error: CycloptsError | OSError) -> str:
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}"
    return f"{error}\nSee: graphspec --help"
