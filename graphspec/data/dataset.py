"""A data set in memory: examples, what they should be answered with, and where they are from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.data.splits import Indices, Split, folds, split
from graphspec.errors import DataError

Array = npt.NDArray[Any]
_X_TYPES = (np.dtype(np.uint8), np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Examples with their classes or targets.

    ``x`` is (N, C, H, W) for images, channels first, or (N, D) for features, as uint8, float32
    or float64: kept as the source has it, so that images take a byte a value. ``y`` is class
    indices (N,) as int64, or real targets (N, K) as float32 or float64. ``classes`` names the
    classes; it is empty for real targets. ``x_test`` and ``y_test`` are the test part that a set
    comes with, when it does. The arrays are made read-only.

    Raises:
        DataError: the parts do not fit each other, or hold NaN or infinity.
    """

    name: str
    x: Array
    y: Array
    classes: tuple[str, ...] = ()
    x_test: Array | None = None
    y_test: Array | None = None
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        self._check_part(self.x, self.y, "")
        if (self.x_test is None) != (self.y_test is None):
            raise self._error("it has one of x_test and y_test; give both or neither")
        if self.x_test is not None and self.y_test is not None:
            self._check_part(self.x_test, self.y_test, "_test")
            if self.x_test.shape[1:] != self.x.shape[1:] or self.x_test.dtype != self.x.dtype:
                raise self._error(
                    f"one example of x is {self.x.shape[1:]} {self.x.dtype} and one of x_test is "
                    f"{self.x_test.shape[1:]} {self.x_test.dtype}; they must agree"
                )
            if self.y_test.shape[1:] != self.y.shape[1:]:
                raise self._error(f"y is {self.y.shape} and y_test is {self.y_test.shape}")
        for key in ("x", "y", "x_test", "y_test"):
            array = getattr(self, key)
            if array is not None:
                fixed = array.view()
                fixed.flags.writeable = False
                object.__setattr__(self, key, fixed)

    def __repr__(self) -> str:
        test = "" if self.x_test is None else f" + {len(self.x_test)} test"
        what = f"{len(self.classes)} classes" if self.classes else "real targets"
        shape = "×".join(str(size) for size in self.shape)
        return f"<Dataset {self.name!r}: {len(self)}{test} × {shape} {self.x.dtype}, {what}>"

    def __len__(self) -> int:
        return len(self.x)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, without the batch."""
        return tuple(self.x.shape[1:])

    def subset(self, indices: npt.ArrayLike) -> Dataset:
        """The chosen examples, in the given order, with the same test part."""
        chosen = np.asarray(indices)
        return replace(self, x=self.x[chosen], y=self.y[chosen])

    def split(
        self,
        *,
        validation: float = 0.0,
        test: float = 0.0,
        seed: int | None = 0,
        stratified: bool = False,
    ) -> Split:
        """Divide the examples (not the test part that comes with the set); see ``split``."""
        return split(
            len(self),
            validation=validation,
            test=test,
            seed=seed,
            labels=self._labels() if stratified else None,
        )

    def folds(
        self, k: int, *, seed: int | None = None, stratified: bool = False
    ) -> tuple[tuple[Indices, Indices], ...]:
        """Pairs of index arrays for k-fold cross-validation; see ``folds``."""
        return folds(len(self), k, seed=seed, labels=self._labels() if stratified else None)

    def info(self) -> dict[str, Any]:
        """Facts about the set as JSON values: shape, type, range, bytes, counts per class."""
        arrays = [a for a in (self.x, self.y, self.x_test, self.y_test) if a is not None]
        facts: dict[str, Any] = {
            "name": self.name,
            "shape": list(self.shape),
            "dtype": str(self.x.dtype),
            "range": [self.x.min().item(), self.x.max().item()],
            "train": len(self.x),
            "test": 0 if self.x_test is None else len(self.x_test),
            "bytes": sum(array.nbytes for array in arrays),
            "source": self.source,
            "licence": self.licence,
        }
        if self.classes:
            facts["classes"] = list(self.classes)
            facts["counts"] = self._counts(self.y)
            facts["test_counts"] = [] if self.y_test is None else self._counts(self.y_test)
        else:
            facts["targets"] = self.y.shape[1]
            facts["target_range"] = [self.y.min().item(), self.y.max().item()]
        return facts

    def _counts(self, y: Array) -> list[int]:
        return [int(count) for count in np.bincount(y, minlength=len(self.classes))]

    def _labels(self) -> Array:
        if not self.classes:
            raise self._error("its targets are real numbers, so it cannot be split by class")
        return self.y

    def _error(self, what: str) -> DataError:
        return DataError(f"data set {self.name!r}: {what}.")

    def _check_part(self, x: Array, y: Array, part: str) -> None:
        if x.ndim not in (2, 4) or 0 in x.shape:
            raise self._error(
                f"x{part} has the shape {x.shape}; it must be (N, C, H, W) for images or (N, D) "
                "for features, with no size of 0"
            )
        if x.dtype not in _X_TYPES:
            raise self._error(f"x{part} is {x.dtype}; convert it to uint8, float32 or float64")
        if len(x) != len(y):
            raise self._error(f"x{part} has {len(x)} examples and y{part} has {len(y)}")
        require_finite(x, f"data set {self.name!r}: x{part}")
        if not self.classes:
            if y.ndim != 2 or y.dtype not in _X_TYPES[1:] or y.shape[1] == 0:
                raise self._error(
                    f"y{part} is {y.dtype} of shape {y.shape}; real targets are float32 or "
                    "float64 of shape (N, K), and class indices need the names of their classes"
                )
            require_finite(y, f"data set {self.name!r}: y{part}")
            return
        if y.ndim != 1 or y.dtype != np.int64:
            raise self._error(
                f"y{part} is {y.dtype} of shape {y.shape}; class indices are int64 of shape (N,)"
            )
        lowest, highest = int(y.min()), int(y.max())
        if lowest < 0 or highest >= len(self.classes):
            raise self._error(
                f"y{part} has the class {lowest if lowest < 0 else highest}, and its "
                f"{len(self.classes)} classes are 0 to {len(self.classes) - 1}"
            )


def require_finite(array: Array, what: str) -> None:
    """Refuse NaN and infinity, without a temporary as large as the array.

    Raises:
        DataError: it says where, with ``what`` in front of the place.
    """
    if array.dtype.kind != "f" or (np.isfinite(array.min()) and np.isfinite(array.max())):
        return
    for i, example in enumerate(array):
        bad = np.argwhere(~np.isfinite(example))
        if len(bad):
            place = [int(index) for index in (i, *bad[0])]
            raise DataError(
                f"{what}{place} is {example[tuple(bad[0])]}; every value must be finite. "
                "Remove or repair such examples."
            )
