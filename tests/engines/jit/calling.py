"""Calls of single kernels from tests: arguments are arrays, whole numbers and floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphspec.engines.jit.builder import SIGNATURE, float_bits
from graphspec.engines.jit.compiler import Emit, native
from graphspec.engines.jit.target import Target


def arguments(*values: Any) -> Any:
    """The ``args`` of a kernel: addresses of arrays, integers, and floats by their bits."""
    numbers = [
        value.ctypes.data
        if isinstance(value, np.ndarray)
        else float_bits(value)
        if isinstance(value, float)
        else int(value)
        for value in values
    ]
    return np.array(numbers, np.int64)


def call(
    name: str, emit: Emit, *values: Any, chunks: int = 1, target: Target | None = None
) -> None:
    """Do all chunks of a kernel, in this thread."""
    args = arguments(*values)
    SIGNATURE(native(name, emit, target))(args.ctypes.data, 0, chunks, 0)


def guarded(size: int, edge: int = 64) -> tuple[Any, Any]:
    """An array between canaries, and a view of it with them: ``check`` looks whether they live."""
    whole = np.full(size + 2 * edge, 12345.0, np.float32)
    return whole[edge : edge + size], whole


def check(whole: Any, edge: int = 64) -> None:
    """Nothing has been written before or behind a guarded array."""
    assert (whole[:edge] == 12345.0).all(), "written in front of the array"
    assert (whole[-edge:] == 12345.0).all(), "written behind the array"
