"""What people say of a run: a note, and a star."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from graphspec import atomic
from graphspec.errors import RunWriteError
from graphspec.record import Record

REMARKS = "remarks.json"


class Remarks(Record):
    """What somebody wrote about a run; training neither reads nor writes it."""

    note: str = Field(default="", max_length=10_000)
    """Anything that should be remembered of it."""
    starred: bool = False
    """Whether it is one of the runs that matter."""


def read_remarks(run: Path) -> Remarks:
    """The remarks in a run's folder; none where the file is missing or damaged."""
    try:
        return Remarks.model_validate_json((run / REMARKS).read_bytes())
    except (OSError, ValidationError):
        return Remarks()


def write_remarks(run: Path, remarks: Remarks) -> None:
    """Write the remarks, whole or not at all; the run may be trained meanwhile.

    Raises:
        RunWriteError: they cannot be written.
    """
    try:
        atomic.write_text(run / REMARKS, remarks.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise RunWriteError(
            f"cannot write a note to the run {str(run)!r}: {error.strerror or error}. Make room "
            "or allow writing; nothing else of the run has changed."
        ) from error
