"""Turning what files hold as labels into class indices with names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import Budget, FilePath
from graphspec.errors import DataError

MOST_CLASSES = 100_000


def class_indices(
    values: npt.NDArray[Any], path: FilePath, budget: Budget, *, what: str = "the labels"
) -> npt.NDArray[np.int64]:
    """Whole numbers of any type as int64 class indices (N,).

    Raises:
        DataError: a label is negative or above ``MOST_CLASSES``.
    """
    budget.require(8 * values.size, path, what)
    if values.size:
        lowest, highest = int(values.min()), int(values.max())
        if lowest < 0 or highest >= MOST_CLASSES:
            bad = lowest if lowest < 0 else highest
            raise DataError(
                f"{str(path)!r}: {what} have the value {bad}; classes are numbered from 0 and "
                f"there may be {MOST_CLASSES:,} of them. Number the classes 0, 1, 2 …"
            )
    return values.astype(np.int64)


def numbered_classes(*parts: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """Names "0", "1", … for as many classes as the labels have."""
    return tuple(str(i) for i in range(max(int(part.max()) for part in parts if part.size) + 1))
