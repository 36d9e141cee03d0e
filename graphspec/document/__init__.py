"""A document: a spec as JSON text, read strictly and written canonically.

``load`` and ``loads`` read, ``save`` and ``dumps`` write, ``schema`` describes. Reading runs no
code, opens nothing but the file itself, and raises nothing but ``SpecError``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from graphspec import atomic
from graphspec.document import reader, scanner, writer
from graphspec.document.json_schema import schema
from graphspec.document.reader import is_newer
from graphspec.document.scanner import MAX_BYTES
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec

__all__ = ["dumps", "is_newer", "load", "loads", "locate", "save", "schema"]


def loads(text: str | bytes, *, source: str | None = None) -> GraphSpec:
    """Read a spec from JSON text; old formats are brought up to date.

    Args:
        text: the document, as text or as UTF-8.
        source: where it came from, to be named with the error.

    Raises:
        SpecError: the text is not a valid document. It carries every problem that was found, with
            its code, JSON path, line and column.
    """
    try:
        return reader.read(text)
    except SpecError as error:
        if source is not None:
            error.add_note(f"in {source}")
        raise


def load(path: str | os.PathLike[str]) -> GraphSpec:
    """Read a spec from a file.

    Raises:
        SpecError: the file cannot be read (``unreadable``), or is not a valid document.
    """
    return loads(_read_file(Path(path)), source=os.fspath(path))


def locate(problems: Iterable[Problem], path: str | os.PathLike[str]) -> tuple[Problem, ...]:
    """Add to problems of the spec that was read from a file where they stand in it.

    Raises:
        SpecError: the file cannot be read any more, or is no JSON.
    """
    return reader.place(problems, _read_file(Path(path)))


def dumps(spec: GraphSpec, *, schema_address: str | None = None) -> str:
    """Write a spec as canonical JSON text: every field, in a fixed order, one layer a line.

    Args:
        spec: what is written.
        schema_address: what ``"$schema"`` says, for text editors; None leaves it out.

    Raises:
        SpecError: the spec was made in Python with a value that no document may hold, such as a
            number beyond 2⁶³ or a control character; what is written can always be read.
    """
    text = writer.write(spec, schema_address)
    if problems := scanner.scan(text).problems:
        raise SpecError(problems)
    return text


def save(spec: GraphSpec, path: str | os.PathLike[str]) -> str:
    """Write a spec to a file, whole or not at all, and return the text of the file.

    The ``"$schema"`` that the file has already stays.

    Raises:
        SpecError: as ``dumps``.
        OSError: the file cannot be written; what stood there before is untouched.
    """
    text = dumps(spec, schema_address=_schema_address(Path(path)))
    atomic.write_text(path, text)
    return text


def _schema_address(path: Path) -> str | None:
    """What ``"$schema"`` says in a file, if there is one and it can be read."""
    try:
        value = scanner.scan(scanner.decode(_read_file(path))).value
    except SpecError:
        return None
    address = value.get("$schema") if isinstance(value, dict) else None
    return address if isinstance(address, str) else None


def _read_file(path: Path) -> bytes:
    try:
        # A pipe or a device could keep us waiting for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _unreadable(path, "it is not a file")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(path, reason.lower()) from error


def _unreadable(path: Path, reason: str) -> SpecError:
    return SpecError([Problem("unreadable", f"cannot read {str(path)!r}: {reason}")])
