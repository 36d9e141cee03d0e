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
    (``channels_last``); everything else is stored as its shape says.
    """

    buffer: Buffer
    shape: tuple[int, ...]
    dtype: np.dtype[Any] = FLOAT
    channels_last: bool = False
    offset: int = 0
    """Bytes from the start of the buffer."""

    @property
    def size(self) -> int:
        """How many numbers."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes."""
        return self.size * self.dtype.itemsize

    @property
    def address(self) -> int:
        """Where the first number is."""
        return self.buffer.address + self.offset

    def view(self) -> Array:
        """The numbers as an array of the canonical shape, on the same memory."""
        memory = self.buffer.memory
        assert memory is not None, f"{self.buffer.name} has no memory yet"
        start = self.buffer.offset + self.offset
        flat = memory[start : start + self.nbytes].view(self.dtype)
        if not self.channels_last:
            return flat.reshape(self.shape)
        n, c, h, w = self.shape
        return flat.reshape(n, h, w, c).transpose(0, 3, 1, 2)


def outside(name: str, array: Array) -> Value:
    """A value over an array that somebody else owns; it must be C-contiguous."""
    memory = array.reshape(-1).view(np.uint8)
    return Value(Buffer(name, array.nbytes, "outside", memory=memory), array.shape, array.dtype)


def is_image(shape: tuple[int, ...]) -> bool:
    """Whether a value of this shape, batch included, is stored with its channels last."""
    return len(shape) == 4
