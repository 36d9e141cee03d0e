"""One allocation for all passing values: buffers that are never alive together share its bytes.

Each buffer is alive from the first row that touches it to the last. Placed largest first, each at
the lowest offset where it meets no placed buffer that is alive at the same time (interval
colouring, as in Pisarchyk and Lee 2020, Efficient Memory Management for Deep Neural Net
Inference)::

    bytes │ ┌──── conv1 ────────┐
          │ ├── conv2 ──┐ ┌ dx ┐│
          │ └───────────┘ └────┘│
          └──────────────────────── rows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graphspec.engines.jit.buffers import Array, Buffer
from graphspec.errors import EngineError

ALIGNMENT = 64
"""Bytes of a cache line."""
# Kernels may be told to stay off the power of two; a page beside every array costs little.
_CANARY = 0xC9
_GUARD = 256


class Span(NamedTuple):
    """A buffer with the first and the last row that touch it."""

    buffer: Buffer
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where every buffer lies, and how many bytes that takes."""

    spans: tuple[Span, ...]
    offsets: tuple[int, ...]
    size: int


def lay_out(spans: Sequence[Span], *, guard: int = 0) -> Layout:
    """Give every buffer its offset, with ``guard`` bytes kept free on both sides of it."""
    order = sorted(range(len(spans)), key=lambda i: (-spans[i].buffer.nbytes, spans[i].first, i))
    firsts = np.array([span.first for span in spans], np.int64)
    lasts = np.array([span.last for span in spans], np.int64)
    starts = np.zeros(len(spans), np.int64)
    ends = np.zeros(len(spans), np.int64)
    placed = np.zeros(len(spans), bool)
    size = 0
    for i in order:
        span = spans[i]
        need = _aligned(span.buffer.nbytes) + 2 * guard
        beside = placed & (firsts <= span.last) & (lasts >= span.first)
        at = _lowest_gap(starts[beside], ends[beside], need)
        starts[i], ends[i], placed[i] = at, at + need, True
        size = max(size, at + need)
    return Layout(tuple(spans), tuple(int(start) + guard for start in starts), size)


def _lowest_gap(starts: Array, ends: Array, need: int) -> int:
    at = 0
    for j in np.argsort(starts, kind="stable"):
        if starts[j] - at >= need:
            break
        at = max(at, int(ends[j]))
    return at


def _aligned(size: int) -> int:
    return -(-max(size, 1) // ALIGNMENT) * ALIGNMENT


def allocate(size: int, *, zeros: bool = False) -> Array:
    """Fresh bytes that start on a cache line; pages come in when they are first touched."""
    raw = (np.zeros if zeros else np.empty)(size + ALIGNMENT, np.uint8)
    skip = -raw.ctypes.data % ALIGNMENT
    return raw[skip : skip + size]


class Arena:
    """The memory that all programs of one executable share, as only one runs at a time.

    With ``guarded`` (for tests) every buffer has canaries around it, and memory is filled with NaN
    before each call, so that what is written beside a buffer or read before it is written shows.
    """

    def __init__(self, *, guarded: bool = False) -> None:
        self.guarded = guarded
        self.memory = allocate(0)
        self.version = 0
        """Counts the moves: addresses of before hold no more."""

    @property
    def guard(self) -> int:
        """Bytes to keep free around each buffer."""
        return _GUARD if self.guarded else 0

    def reserve(self, size: int) -> None:
        """Be at least this large."""
        if size > len(self.memory):
            self.memory = allocate(size)
            self.version += 1

    def lend(self, layout: Layout) -> None:
        """Give the buffers of a layout their memory."""
        for span, offset in zip(layout.spans, layout.offsets, strict=True):
            span.buffer.memory, span.buffer.offset = self.memory, offset

    def mark(self, layout: Layout) -> None:
        """Before a guarded call: NaN everywhere (0xff… is one), canaries around the buffers."""
        self.memory[: layout.size] = 0xFF
        for span, offset in zip(layout.spans, layout.offsets, strict=True):
            self.memory[offset - _GUARD : offset] = _CANARY
            self.memory[offset + span.buffer.nbytes : offset + span.buffer.nbytes + _GUARD] = (
                _CANARY
            )

    def check(self, layout: Layout) -> None:
        """After a guarded call: refuse buffers beside which something was written.

        Only where a guard belongs to no other buffer that shares these bytes can it tell.

        Raises:
            EngineError: a canary is dead; it names the buffer.
        """
        covered = np.zeros(layout.size, bool)
        for span, offset in zip(layout.spans, layout.offsets, strict=True):
            covered[offset : offset + span.buffer.nbytes] = True
        for span, offset in zip(layout.spans, layout.offsets, strict=True):
            end = offset + span.buffer.nbytes
            for part in (slice(offset - _GUARD, offset), slice(end, end + _GUARD)):
                dead = (self.memory[part] != _CANARY) & ~covered[part]
                if dead.any():
                    where = "before" if part.start < offset else "after"
                    raise EngineError(
                        f"something was written {where} {span.buffer.name!r} "
                        f"({int(dead.sum())} bytes): a kernel is wrong"
                    )
