"""A foreign file that has been opened, read from front to end under a budget."""

from __future__ import annotations

import io
import math
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DAMAGED, Budget, FilePath, decoding, unsafe

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Array = npt.NDArray[Any]


class Stream(io.RawIOBase):
    """A foreign file that is read from front to end, counting every byte against the budget.

    ``most_left`` bounds what can still come, so that an array is never allocated for data that
    the file cannot hold.
    """

    def __init__(self, raw: IO[bytes], path: FilePath, most: int, budget: Budget) -> None:
        super().__init__()
        self.path, self.budget = path, budget
        self._raw, self._most, self._taken = raw, most, 0

    @property
    def most_left(self) -> int:
        """No more than this many bytes can still be read."""
        return max(0, self._most - self._taken)

    def readable(self) -> bool:
        """Always; a stream is only for reading."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill ``buffer`` as far as one read goes; 0 at the end of the file."""
        view = memoryview(buffer).cast("B")
        with decoding(self.path, "readable to its end"):
            data = self._raw.read(min(len(view), 1 << 20))
        self._taken += len(data)
        if self._taken > self.budget.total_bytes:
            self.budget.require(self._taken, self.path, "its unpacked content")
        view[: len(data)] = data
        return len(data)

    def exactly(self, count: int, what: str) -> bytes:
        """The next ``count`` bytes; ``UnsafeFileError`` when the file ends before them."""
        return self.array(np.dtype(np.uint8), (count,), what).tobytes()

    def array(self, dtype: np.dtype[Any], shape: tuple[int, ...], what: str) -> Array:
        """The next values as a new C-contiguous array in the machine's own byte order."""
        # A dimension of 0 must not hide others that numpy itself could not count.
        elements = math.prod(max(size, 1) for size in shape)
        needed = math.prod(shape) * dtype.itemsize
        if len(shape) > 32 or elements > self.budget.elements:
            raise unsafe(
                self.path,
                f"{what} claims the shape {shape_text(shape)}, and the budget allows "
                f"{self.budget.elements:,} elements in at most 32 dimensions",
                "If the file is really that large, pass a larger Budget(elements=...)",
            )
        self.budget.require(self._taken + needed, self.path, what)
        if needed > self.most_left:
            raise unsafe(
                self.path,
                f"{what} claims {needed:,} bytes, and the file can hold at most "
                f"{self.most_left:,} more",
                DAMAGED,
            )
        array = np.empty(shape, dtype)
        if needed:
            view = memoryview(array.reshape(-1).view(np.uint8).data)
            filled = 0
            while filled < needed:
                got = self.readinto(view[filled:])
                if not got:
                    raise unsafe(
                        self.path, f"{what} ends after {filled:,} of {needed:,} bytes", DAMAGED
                    )
                filled += got
        if not dtype.isnative:
            array = array.byteswap(inplace=True).view(dtype.newbyteorder("="))
        return array

    def rest(self) -> bytes:
        """Everything up to the end of the file."""
        content = io.BytesIO()
        while piece := self.read(1 << 20):
            content.write(piece)
        return content.getvalue()

    def end(self) -> None:
        """Raise ``UnsafeFileError`` unless the file ends here."""
        if self.readinto(bytearray(1)):
            raise unsafe(self.path, "more bytes follow where it should end", DAMAGED)


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape in at most about 80 characters, for messages."""
    text = "×".join(f"{size}" if size < 10**20 else f"{size:.2e}" for size in shape[:8])
    return f"{text}×…" if len(shape) > 8 else text or "()"
