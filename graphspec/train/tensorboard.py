"""A run's scalars as an event file that TensorBoard reads, written without TensorBoard.

An event file is a row of records. A record is its length, a checksum of the length, the bytes,
and a checksum of the bytes; the bytes are an ``Event`` message in protocol buffers' encoding. Of
that message four fields are needed: wall_time = 1 (double), step = 2 (integer), file_version = 3
(text) and summary = 5; a summary holds values = 1, and a value tag = 1 (text) and
simple_value = 2 (float).

Sources: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto,
tensorflow/core/lib/io/record_writer.cc; RFC 3720, appendix B.4 (CRC-32C).
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from graphspec import atomic
from graphspec.train.events import Event, Started
from graphspec.train.history import scalars_of
from graphspec.train.rundir import Run

FOLDER = "tensorboard"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            # 0x82F63B78 is Castagnoli's polynomial, its bits reversed.
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of some bytes."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    """A checksum as records hold it: rotated and shifted, so that it differs from a plain one."""
    value = crc32c(data)
    value = ((value >> 15) | (value << 17)) & 0xFFFFFFFF
    return struct.pack("<I", (value + 0xA282EAD8) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    """One record of an event file."""
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _field(number: int, kind: int, content: bytes) -> bytes:
    key = _varint(number << 3 | kind)
    return key + _varint(len(content)) + content if kind == _BYTES else key + content


def version_record(time: float) -> bytes:
    """The record that every event file begins with."""
    return record(
        _field(1, _FIXED64, struct.pack("<d", time)) + _field(3, _BYTES, b"brain.Event:2")
    )


def scalars_record(time: float, step: int, scalars: Mapping[str, float]) -> bytes:
    """One record with the values of some tags at a step."""
    values = b"".join(
        _field(
            1,
            _BYTES,
            _field(1, _BYTES, tag.encode()) + _field(2, _FIXED32, struct.pack("<f", value)),
        )
        for tag, value in scalars.items()
    )
    return record(
        _field(1, _FIXED64, struct.pack("<d", time))
        + _field(2, _VARINT, _varint(step))
        + _field(5, _BYTES, values)
    )


def _records(events: Iterable[Event]) -> bytes:
    parts = []
    for event in events:
        scalars = scalars_of(event)
        if scalars:
            parts.append(scalars_record(event.time, event.step, scalars))
    return b"".join(parts)


def _file_name(time: float, number: int) -> str:
    return f"events.out.tfevents.{int(time):010d}.graphspec.{number}"


def export_tensorboard(run: Run, folder: str | os.PathLike[str] | None = None) -> Path:
    """Write the history of a run as one event file, and return the folder for ``--logdir``.

    Args:
        run: the run.
        folder: where to; None takes ``tensorboard`` in the run. An earlier export is replaced.

    Raises:
        OSError: it cannot be written.
    """
    target = run.path / FOLDER if folder is None else Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    started = run.started
    time = started.time if started else 0.0
    for old in target.glob("events.out.tfevents.*.graphspec.*"):
        old.unlink()
    atomic.write_bytes(target / _file_name(time, 0), version_record(time) + _records(run.events))
    return target


class LiveWriter:
    """Writes event files while a run trains: one a session.

    A session that goes on from a checkpoint leaves the files before it as they are; TensorBoard
    shows the later values of a step.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def write(self, event: Event) -> None:
        """Add an event's scalars.

        Raises:
            OSError: they cannot be written.
        """
        if isinstance(event, Started) and self._handle is None:
            self._open(event.time)
        scalars = scalars_of(event)
        if scalars and self._handle is not None:
            os.write(self._handle, scalars_record(event.time, event.step, scalars))

    def _open(self, time: float) -> None:
        self._folder.mkdir(exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        numbers = itertools.count()
        path = self._folder / _file_name(time, next(numbers))
        while path.exists():
            path = self._folder / _file_name(time, next(numbers))
        self._handle = os.open(path, flags, 0o666)
        os.write(self._handle, version_record(time))

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
