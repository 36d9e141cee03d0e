"""A run's history straight from its log: steps that look alike are read as columns, at once.

Most lines of a log are steps. As values they take six times as long to read, because each is made
and checked by itself; a million of them is a long wait. What is taken here is what
``events.parse_line`` takes, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json

from graphspec.train.events import Step, parse_line
from graphspec.train.history import History, places_of
from graphspec.train.log import Cursor, read_beyond

_MARK = b'"type":"step"'
_WHERE = ("step", "epoch", "time")
_NUMBERS = (*_WHERE, "loss", "rate", "grad_norm", "momentum", "accuracy")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a log held beyond a cursor, as curves; see ``log.Tail``."""

    history: History
    cursor: Cursor
    restarted: bool = False


def read_history(path: Path, cursor: Cursor | None = None, *, most: int | None = None) -> Reading:
    """Read the history beyond a cursor, or all of it, as ``log.read_log`` reads events.

    Args:
        path: the log; a missing one is empty.
        cursor: where an earlier reading ended.
        most: bytes that are read at once.
    """
    data, start, restarted = read_beyond(path, cursor, most=most)
    history = History()
    used, damaged = 0, False
    lines = data.split(b"\n")[:-1]
    for alike, group in groupby(lines, lambda line: _MARK in line):
        part = list(group)
        if not (alike and _add_steps(history, part)):
            # What follows the first damaged line is not read.
            events = [event for event in takewhile(bool, map(parse_line, part)) if event]
            history.add(events)
            damaged = len(events) < len(part)
            part = part[: len(events)]
        used += sum(map(len, part)) + len(part)
        if damaged:
            break
    return Reading(history, start.moved(used), restarted)


def _add_steps(history: History, lines: list[bytes]) -> bool:
    """Add steps that have the same fields as columns; False, and nothing added, where they differ.

    Then, and where anything is damaged, they have to be read one by one.
    """
    first, last = parse_line(lines[0]), parse_line(lines[-1])
    if not (isinstance(first, Step) and isinstance(last, Step)):
        return False
    try:
        rows = from_json(b"[" + b",".join(lines) + b"]", allow_inf_nan=False)
        columns = _columns(rows) if len(rows) == len(lines) else None
    except (ValueError, OverflowError):
        return False
    if columns is None:
        return False
    values = {tag: columns[place] for tag, place in places_of(first).items()}
    steps, epochs, times = (columns[name, None] for name in _WHERE)
    history.add_steps(steps, epochs, times, values, last)
    return True


Columns = dict[tuple[str, str | None], npt.NDArray[np.float64]]


def _columns(rows: list[Any]) -> Columns | None:
    """The numbers of steps by field and name; None where they are not steps with the same ones."""
    first = rows[0]
    keys = first.keys()
    if any(type(row) is not dict or row.keys() != keys for row in rows):
        return None
    if any(row["type"] != "step" for row in rows) or any(type(r["step"]) is not int for r in rows):
        return None
    lists: dict[tuple[str, str | None], list[Any]] = {
        (name, None): [row[name] for row in rows] for name in _NUMBERS if name in keys
    }
    for name in ("losses", "penalties"):
        inner = [row[name] for row in rows]
        names = inner[0].keys()
        if any(type(values) is not dict or values.keys() != names for values in inner):
            return None
        lists |= {(name, of): [values[of] for values in inner] for of in names}
    columns: Columns = {}
    for place, values in lists.items():
        kinds = set(map(type, values))
        if kinds <= {int, float}:
            columns[place] = np.array(values, dtype=np.float64)
            if not np.isfinite(columns[place]).all():
                return None
        elif kinds != {type(None)}:
            return None
    return columns
