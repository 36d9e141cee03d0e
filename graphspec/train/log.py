"""The event log of a run: one event a line, of which a valid beginning can always be read.

A line counts once its line end has been written. What follows the first damaged line is not read,
and is removed before anything is added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphspec import atomic
from graphspec.train.events import Changed, Event, parse_line

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a log has been read: the file's identity, and a position in bytes."""

    file: int
    offset: int

    def moved(self, count: int) -> Cursor:
        """The same, so many bytes further on."""
        return Cursor(self.file, self.offset + count)


@dataclass(frozen=True, slots=True)
class Tail:
    """What a log held beyond a cursor.

    ``restarted`` tells that the log was cut since (its run was resumed): ``events`` is then the
    whole log, and what was read before should be forgotten.
    """

    events: tuple[Event, ...]
    cursor: Cursor
    restarted: bool = False


def read_log(path: Path, cursor: Cursor | None = None, *, most: int | None = None) -> Tail:
    """Read the events beyond a cursor, or all; a missing log has none.

    With ``most``, no more bytes than that are read at once: whoever shows a long log as it is
    read asks again until nothing comes. A line is far shorter than a sensible number.
    """
    data, start, restarted = read_beyond(path, cursor, most=most)
    events, used = _parse(data)
    return Tail(tuple(events), start.moved(used), restarted)


def read_beyond(
    path: Path, cursor: Cursor | None, *, most: int | None = None
) -> tuple[bytes, Cursor, bool]:
    """The bytes beyond a cursor, where they begin, and whether the log was cut since."""
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            restarted = cursor is not None and (
                cursor.file not in (0, status.st_ino) or status.st_size < cursor.offset
            )
            start = 0 if cursor is None or restarted else cursor.offset
            file.seek(start)
            data = file.read(-1 if most is None else most)
    except FileNotFoundError:
        return b"", Cursor(0, 0), cursor is not None and cursor.offset > 0
    return data, Cursor(status.st_ino, start), restarted


def _parse(data: bytes) -> tuple[list[Event], int]:
    """The events of the valid beginning of ``data``, and its length."""
    events: list[Event] = []
    used = 0
    for line in data.splitlines(keepends=True):
        event = parse_line(line) if line.endswith(b"\n") else None
        if event is None:
            break
        events.append(event)
        used += len(line)
    return events, used


def first_event(path: Path) -> Event | None:
    """The first event, without reading the rest."""
    try:
        with path.open("rb") as file:
            return parse_line(file.readline(_BLOCK))
    except OSError:
        return None


def events_backwards(path: Path, *, only: bytes = b"") -> Iterator[Event]:
    """The events from the last one on backwards, reading no more of the file than is asked for.

    With ``only``, lines without these bytes are passed over, which is far faster than parsing.
    """
    try:
        with path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            rest, torn = b"", True
            while position > 0:
                size = min(_BLOCK, position)
                position -= size
                file.seek(position)
                # The first piece may be the end of a line that begins in an earlier block, and
                # the last one of all is a line that was never ended.
                rest, *lines = (file.read(size) + rest).split(b"\n")
                if lines and torn:
                    lines.pop()
                    torn = False
                for line in reversed(lines):
                    event = parse_line(line) if only in line else None
                    if event is not None:
                        yield event
            event = parse_line(rest) if not torn and only in rest else None
            if event is not None:
                yield event
    except FileNotFoundError:
        return


class LogWriter:
    """Adds events to a log. Only the holder of the run's lock may have one.

    Raises:
        OSError: as the system gives it (full disk, read-only folder); the log then ends with the
            last event that was written whole.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o666)
        self.size = os.fstat(self._handle).st_size

    def write(self, event: Event) -> None:
        """Add one event; readers see it at once, a power cut may still lose it."""
        line = event.to_line()
        try:
            written = os.write(self._handle, line)
            while written < len(line):
                written += os.write(self._handle, line[written:])
        except OSError:
            os.ftruncate(self._handle, self.size)
            raise
        self.size += len(line)

    def sync(self) -> None:
        """Flush everything to the disk."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def cut(path: Path, lost: Path, *, step: int, offset: int) -> list[Event]:
    """Cut a log back to a checkpoint, so that a history has every step once.

    Events of later steps go to the end of ``lost``; what is kept is returned. Events at the
    checkpoint's own step stay, though they may have come after it was saved.

    Args:
        path: the log.
        lost: where the cut events go.
        step: the checkpoint's step; 0 with an offset of 0 keeps nothing.
        offset: the log's size when the checkpoint was saved.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    events, valid = _parse(data)
    staying: list[Event] = []
    kept = 0
    for event in events:
        if kept >= offset and (offset == 0 or event.step > step):
            break
        staying.append(event)
        kept = data.index(b"\n", kept) + 1
    if kept < valid:
        with lost.open("ab") as file:
            file.write(data[kept:valid])
            file.flush()
            os.fsync(file.fileno())
    if kept < len(data):
        # A new file, not a shorter one: readers in the middle notice by its identity.
        atomic.write_bytes(path, data[:kept])
    return staying


def changes_to_replay(kept: Sequence[Event], lost: Path, step: int) -> list[Changed]:
    """The changes that a resumed training has to make again, in order; pauses are none.

    A change that was made by hand replaces those of the same thing that an earlier session made
    later on.
    """
    made = [
        event
        for event in (*read_log(lost).events, *kept)
        if isinstance(event, Changed) and event.field != "paused" and not event.replayed
    ]
    pending: list[Changed] = []
    for event in sorted(made, key=lambda event: event.time):
        pending = [
            before for before in pending if before.step < event.step or before.what != event.what
        ]
        pending.append(event)
    later = [event for event in pending if event.step >= step]
    return sorted(later, key=lambda event: event.step)
