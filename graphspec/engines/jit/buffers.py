"""Values and the memory that they live in, before and after addresses are settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Home = Literal["arena", "kept", "feed", "outside"]
FLOAT = np.dtype(np.float32)


@dataclass(eq=False, slots=True)
class Buffer:
    """A piece of memory.

    ``home`` says who gives it: ``arena`` memory is lent from the first row that touches it to the
    last, and then given to other buffers; ``kept`` memory keeps its content between calls; ``feed``
    is what the caller feeds, at another address each time; ``outside`` are arrays that the
    executable owns (weights, gradients of weights, running statistics).
    """

    name: str
    nbytes: int
    home: Home = "arena"
    lasting: bool = False
    """Of arena memory: whether it must hold until the end of the call, as somebody reads it."""
    memory: Array | None = field(default=None, repr=False)
    """The bytes that it lies in, once that is settled."""
    offset: int = 0

    @property
    def address(self) -> int:
        """Where it starts."""
        assert self.memory is not None, f"{self.name} has no memory yet"
        return int(self.memory.ctypes.data) + self.offset

    def bytes(self) -> Array:
        """Its memory as ``nbytes`` bytes."""
        assert self.memory is not None, f"{self.name} has no memory yet"
        return self.memory[self.offset : self.offset + self.nbytes]


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """Numbers in a buffer: dense, C-ordered, with the batch first.

    ``shape`` is always the canonical one, (N, C, H, W) for images. Images are stored as N, H, W, C
    (``channels_last``); everything else is stored as its shape says. A part of a concatenation lies
    among the others: rows of neighbouring numbers (a pixel's channels), ``pitch`` numbers apart.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    dtype: np.dtype[Any] = FLOAT
    channels_last: bool = False
    offset: int = 0
    """Bytes from the start of the buffer."""
    pitch: int = 0
    """0 where the rows are dense, as they are unless a lowering has said ``apart``."""

    @property
    def size(self) -> int:
        """How many numbers."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        return self.size * self.dtype.itemsize

    @property
    def row(self) -> int:
        """Numbers from one row of neighbouring numbers to the next."""
        return self.pitch or self.shape[1 if self.channels_last else -1]

    @property
    def address(self) -> int:
        """Where the first number is."""
        return self.buffer.address + self.offset

    def view(self) -> Array:
        """The numbers as an array of the canonical shape, on the same memory."""
        memory = self.buffer.memory
        assert memory is not None, f"{self.buffer.name} has no memory yet"
        start = self.buffer.offset + self.offset
        shape = self.shape
        if self.channels_last:
            n, c, h, w = shape
            shape = (n, h, w, c)
        if self.pitch:
            rows = prod(shape[:-1])
            end = start + self.dtype.itemsize * ((rows - 1) * self.pitch + shape[-1])
            flat = memory[start:end].view(self.dtype)
            steps = [self.pitch * prod(shape[i + 1 : -1]) for i in range(len(shape) - 1)]
            strides = [self.dtype.itemsize * step for step in (*steps, 1)]
            array = np.lib.stride_tricks.as_strided(flat, shape, strides)
        else:
            array = memory[start : start + self.nbytes].view(self.dtype).reshape(shape)
        return array.transpose(0, 3, 1, 2) if self.channels_last else array


def outside(name: str, array: Array) -> Value:
    """A value over an array that somebody else owns; it must be C-contiguous."""
    memory = array.reshape(-1).view(np.uint8)
    return Value(Buffer(name, array.nbytes, "outside", memory=memory), array.shape, array.dtype)


def channels_of(value: Value, start: int, count: int) -> Value:
    """Some of the channels (or features) of a value, where they lie."""
    shape = (value.shape[0], count, *value.shape[2:])
    offset = value.offset + value.dtype.itemsize * start
    return Value(value.buffer, shape, value.dtype, value.channels_last, offset, value.row)


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether a value of this shape, batch included, is stored with its channels last."""
    return len(shape) == 4
