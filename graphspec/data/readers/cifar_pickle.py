"""The python version of CIFAR, decoded without Python's unpickler.

A pickle is a program: loading one runs what it names, and even one that may name nothing but
numpy can crash the process. CIFAR's batches use some twenty opcodes. They are decoded here into
inert values: a name stays text, a call stays a record of its parts and is never made. The pixels
are then found in those records, checked, and read with ``frombuffer``.
Source of the opcodes: CPython's pickletools, protocols 0 to 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import Budget, FilePath, decoding, unsafe
from graphspec.data.readers.labels import class_indices
from graphspec.data.safe_io import read_bytes

_PIXELS = 3 * 32 * 32
# CIFAR-100's training batch has some 300,000.
_MOST_STEPS = 500_000
_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")


@dataclass(slots=True, eq=False)
class _Call:
    """A call that the pickle asks for and that nobody makes."""

    function: Any
    arguments: Any
    state: Any = None


class _Mark:
    """The place on the stack where a list, tuple or dict begins."""


_MARK = _Mark()


def read_pickled_batch(
    path: FilePath, labels: Literal["fine", "coarse"], budget: Budget
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Pixels (N, 3072) and class indices (N,) of one batch file.

    Raises:
        DataError: the file is not a batch of CIFAR-10 or CIFAR-100 as their home page has it.
    """
    data = read_bytes(path, budget)
    # The bytes, the strings cut out of them, and the copy of the pixels.
    budget.require(3 * len(data), path, "decoding it")
    with decoding(path, "a batch of CIFAR"):
        batch = _Decoder(data).run()
        if not isinstance(batch, dict):
            raise ValueError("not a dictionary")
        x = _pixels(batch[b"data"])
        values = batch.get(b"labels", batch.get(labels.encode() + b"_labels"))
        if not isinstance(values, list) or any(type(value) is not int for value in values):
            raise ValueError(f"no list of {labels} labels")
        y = np.array(values, np.int64)
    if y.shape != x.shape[:1]:
        raise unsafe(path, f"it has {len(x)} images and {len(y)} labels", "Get it again")
    return x, class_indices(y, path, budget)


def _pixels(call: Any) -> npt.NDArray[np.uint8]:
    """The array that ``numpy.core.multiarray._reconstruct`` would have been asked to fill.

    Its state is (version, shape, type, whether in Fortran order, bytes).
    """
    if not isinstance(call, _Call) or call.function not in _RECONSTRUCT:
        raise ValueError("data is not an array")
    _, shape, kind, fortran, content = call.state
    if not isinstance(kind, _Call) or kind.function != "numpy dtype" or kind.arguments[0] != b"u1":
        raise ValueError("data is not of type uint8")
    rows, columns = shape
    if columns != _PIXELS or type(rows) is not int or rows < 1 or fortran is not False:
        raise ValueError(f"data is not of shape (N, {_PIXELS}) in C order")
    if not isinstance(content, bytes) or len(content) != rows * columns:
        raise ValueError("data is cut short")
    return np.frombuffer(content, np.uint8).reshape(rows, columns).copy()


class _Decoder:
    """A stack, a memo and a position in the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that is left when the pickle stops."""
        for _ in range(_MOST_STEPS):
            code = self.take(1)
            if code == b".":
                return self.stack.pop()
            self.step(code)
        raise ValueError(f"more than {_MOST_STEPS:,} steps")

    def take(self, count: int) -> bytes:
        """The next bytes."""
        piece = self.data[self.at : self.at + count]
        if len(piece) != count:
            raise ValueError("cut short")
        self.at += count
        return piece

    def number(self, width: int, *, signed: bool = False) -> int:
        """The next little-endian whole number of ``width`` bytes."""
        return int.from_bytes(self.take(width), "little", signed=signed)

    def line(self) -> str:
        """The next line of text, as a GLOBAL has two of."""
        end = self.data.index(b"\n", self.at, self.at + 200)
        text = self.data[self.at : end].decode("ascii")
        self.at = end + 1
        return text

    def since_mark(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        for start in range(len(self.stack) - 1, -1, -1):
            if self.stack[start] is _MARK:
                items = self.stack[start + 1 :]
                del self.stack[start:]
                return items
        raise ValueError("no mark")

    def step(self, code: bytes) -> None:
        """One opcode, by what it puts on the stack or does to its top."""
        push, pop = self.stack.append, self.stack.pop
        match code:
            case b"\x80":
                self.take(1)
            case b"(":
                push(_MARK)
            case b"}":
                push({})
            case b"]":
                push([])
            case b")":
                push(())
            case b"t":
                push(tuple(self.since_mark()))
            case b"\x85" | b"\x86" | b"\x87":
                count = code[0] - 0x84
                items = [pop() for _ in range(count)]
                push(tuple(reversed(items)))
            case b"K":
                push(self.number(1))
            case b"M":
                push(self.number(2))
            case b"J":
                push(self.number(4, signed=True))
            case b"N":
                push(None)
            case b"\x88" | b"\x89":
                push(code == b"\x88")
            case b"U":
                push(self.take(self.number(1)))
            case b"T":
                push(self.take(self.number(4)))
            case b"c":
                push(f"{self.line()} {self.line()}")
            case b"q":
                self.memo[self.number(1)] = self.stack[-1]
            case b"r":
                self.memo[self.number(4)] = self.stack[-1]
            case b"h":
                push(self.memo[self.number(1)])
            case b"j":
                push(self.memo[self.number(4)])
            case b"R":
                arguments = pop()
                push(_Call(pop(), arguments))
            case b"b":
                state = pop()
                self.stack[-1].state = state
            case b"a" | b"e":
                items = [pop()] if code == b"a" else self.since_mark()
                self.stack[-1].extend(items)
            case b"s" | b"u":
                items = [pop(), pop()][::-1] if code == b"s" else self.since_mark()
                # Hashing a deeply nested tuple would overflow the C stack.
                if any(type(key) is not bytes for key in items[::2]):
                    raise ValueError("a key that is not text")
                self.stack[-1].update(zip(items[::2], items[1::2], strict=True))
            case _:
                raise ValueError(f"opcode {code!r} at byte {self.at - 1} is not one of CIFAR's")
