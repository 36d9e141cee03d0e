"""How often a run has been looked at through its test set.

A test set is an honest judge once: whoever chooses among models by it has trained on it. Each use
is a line that is added to a file beside the log, in one write, so that neither two evaluations at
once nor one beside the writer of the run can lose a count.

Source: CS231n notes, Image Classification, validation sets.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from graphspec.errors import RunError

FILE = "test-uses.jsonl"


def count_test_use(folder: Path, checkpoint: str | int) -> int:
    """Note a use of the test set, and return how many there have been, this one included.

    Raises:
        RunError: it cannot be noted.
    """
    line = json.dumps({"time": time.time(), "checkpoint": checkpoint}) + "\n"
    try:
        handle = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise RunError(
            f"the use of the test set cannot be noted in the run {str(folder)!r}: "
            f"{error.strerror}. Allow writing to it, or evaluate a copy"
        ) from error
    return uses_of_test(folder)


def uses_of_test(folder: Path) -> int:
    """How often a run was evaluated on its test split."""
    try:
        return (folder / FILE).read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0
