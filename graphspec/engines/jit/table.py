"""The table of operations: what one call computes, row by row.

A native row is a kernel with its arguments; neighbouring native rows run in one native call, in
which every thread goes through the rows, does its part of each, and waits for the others only
where a row needs what another thread has written. Where there is little to do in all of them, the
calling thread does everybody's part in turn: to wake the others takes longer. A Python row is a
function, run by the calling thread alone.

Kernels have one signature::

    void kernel(i64 *args, i64 first, i64 last, i64 thread)

``args`` holds addresses, sizes and strides as they are, and float scalars as the bits of a float32.
The kernel does the chunks first … last−1 of the row's ``chunks``. Thread t of T always gets
[n·t//T, n·(t+1)//T), so that every sum is made in the same order each time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Literal

import numpy as np

from graphspec.engines.jit.buffers import Array, Buffer, Value

Argument = Value | int | float
Flops = int | Callable[[], int]
Pass = Literal["prepare", "forward", "backward", "update"]
ROW = 4
"""Numbers of 64 bits in a native row: kernel, args, chunks, flags."""
BARRIER = 1
"""The flag of a row that starts when all threads have finished the rows before it."""
ALONE = 2
"""The flag of rows that the calling thread does by itself, as there is so little to do."""
SMALL = 1 << 18
"""Operations and numbers read of neighbouring rows below which it is quicker to do so."""


@dataclass(frozen=True, slots=True)
class Routine:
    """A kernel that a row calls: its name, which names every choice made in it, and its writer.

    ``emit`` writes it on a ``builder.Kernel``; see ``compiler.native``.
    """

    name: str
    emit: Callable[[Any], None]

    @property
    def address(self) -> int:
        """Where its machine code starts; it is compiled, or read from the cache, at first use."""
        from graphspec.engines.jit.compiler import native

        return native(self.name, self.emit)


@dataclass(frozen=True, slots=True)
class Note:
    """What a row is, for ``graphspec explain``.

    ``layers`` are the layers whose work it does (several where they are fused); ``algorithm`` says
    how, and ``why`` the reason for that choice. ``flops`` counts the additions and multiplications
    really done; a function, where counting takes a while, is called by whoever asks.
    """

    layers: tuple[str, ...] = ()
    stage: Pass = "forward"
    algorithm: str = ""
    why: str = ""
    flops: Flops = 0


@dataclass(frozen=True, slots=True)
class NativeRow:
    """A kernel, its arguments, and the values that it reads and writes."""

    routine: Routine
    args: tuple[Argument, ...]
    chunks: int
    reads: tuple[Value, ...]
    writes: tuple[Value, ...]
    note: Note = Note()


@dataclass(frozen=True, slots=True)
class PythonRow:
    """A function that is run between native rows; it gets the environment of the call."""

    call: Callable[[Any], None]
    reads: tuple[Value, ...]
    writes: tuple[Value, ...]
    note: Note = Note()


Row = NativeRow | PythonRow


@dataclass(slots=True)
class Segment:
    """Neighbouring native rows [first, last) of a bound table, or one Python row."""

    first: int = 0
    last: int = 0
    python: PythonRow | None = None


@dataclass(slots=True)
class BoundTable:
    """Rows with their addresses settled, ready to be run.

    ``native`` is what the interpreter reads, (rows, 4); ``args`` the arguments of all rows one
    after another. ``feeds`` says where in ``args`` the address of each fed array goes.
    """

    segments: list[Segment]
    native: Array
    args: Array
    feeds: list[tuple[int, Value]] = field(default_factory=list)
    notes: list[NativeRow] = field(default_factory=list)

    def feed(self) -> None:
        """Write the addresses of what is fed into the arguments."""
        for i, value in self.feeds:
            self.args[i] = value.address


def bind(rows: Sequence[Row]) -> BoundTable:
    """Settle the addresses of a list of rows whose buffers have their memory."""
    numbers: list[int] = []
    starts: list[int] = []
    feeds: list[tuple[int, Value]] = []
    natives: list[NativeRow] = []
    segments: list[Segment] = []
    for row in rows:
        if isinstance(row, PythonRow):
            segments.append(Segment(python=row))
            continue
        if not segments or segments[-1].python is not None:
            segments.append(Segment(len(natives), len(natives)))
        natives.append(row)
        segments[-1].last = len(natives)
        starts.append(len(numbers))
        for argument in row.args:
            if isinstance(argument, Value) and argument.buffer.home == "feed":
                feeds.append((len(numbers), argument))
                numbers.append(0)
            else:
                numbers.append(_bits(argument))
    args = np.array(numbers, np.int64)
    native = np.zeros((len(natives), ROW), np.int64)
    for i, row in enumerate(natives):
        native[i] = row.routine.address, args.ctypes.data + 8 * starts[i], row.chunks, 0
    for segment in segments:
        _set_barriers(natives, native, segment)
        if sum(map(_work, natives[segment.first : segment.last])) < SMALL:
            native[segment.first : segment.last, 3] |= ALONE
    return BoundTable(segments, native, args, feeds, natives)


def _bits(argument: Argument) -> int:
    if isinstance(argument, Value):
        return argument.address
    if isinstance(argument, float):
        return int(struct.unpack("<I", struct.pack("<f", argument))[0])
    return argument


def _set_barriers(rows: Sequence[NativeRow], native: Array, segment: Segment) -> None:
    """Let a row wait only if it touches what a row since the last wait has touched.

    Updates of different weights, or dw and dx of one layer, go on side by side.
    """
    read: list[tuple[int, int]] = []
    written: list[tuple[int, int]] = []
    for i in range(segment.first, segment.last):
        row = rows[i]
        reads, writes = _ranges(row.reads), _ranges(row.writes)
        if _overlap(writes, written) or _overlap(writes, read) or _overlap(reads, written):
            native[i, 3] |= BARRIER
            read, written = [], []
        read += reads
        written += writes


def _work(row: NativeRow) -> float:
    """Operations and numbers read; where it takes a while to count them, they are many."""
    operations = row.note.flops if isinstance(row.note.flops, int) else inf
    return operations + sum(value.size for value in row.reads)


def _ranges(values: Sequence[Value]) -> list[tuple[int, int]]:
    """The memory of values, as [start, end); whole buffers, as kernels may go beside a slice."""
    return [
        (value.buffer.address, value.buffer.address + value.buffer.nbytes)
        for value in values
        if value.buffer.home != "feed"
    ]


def _overlap(some: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> bool:
    return any(a < d and c < b for a, b in some for c, d in others)


def touched(row: Row) -> set[Buffer]:
    """The buffers that a row reads or writes."""
    return {value.buffer for value in (*row.reads, *row.writes)}
