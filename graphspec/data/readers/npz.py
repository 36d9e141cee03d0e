"""Arrays saved by ``numpy.savez``: keys x, y, x_test, y_test, or x_train … as Keras has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DEFAULT_BUDGET, Budget, FilePath, decoding
from graphspec.data.dataset import Dataset
from graphspec.data.readers.labels import class_indices, numbered_classes
from graphspec.data.safe_io import read_npz
from graphspec.errors import DataError

Array = npt.NDArray[Any]
Channels = Literal["auto", "first", "last"]
_COLOUR_DEPTHS = (1, 3, 4)


def load_npz(
    path: FilePath, *, channels: Channels = "auto", budget: Budget = DEFAULT_BUDGET
) -> Dataset:
    """The data set of an ``.npz`` file.

    ``x`` is (N, D) features, (N, H, W) grey images, or (N, C, H, W) or (N, H, W, C) images;
    ``channels`` says which of the last two, and "auto" takes the last axis for the channels when
    only it is 1, 3 or 4. ``y`` is whole numbers (N,) for classes, real numbers (N,) or (N, K) for
    targets, or whole numbers (N, K) for K labels of every example, such as attributes that it has
    (1) or lacks (0); they are kept as targets. ``classes``, if there, names the classes. Whole
    numbers other than uint8 become float32.

    Raises:
        DataError: a key is missing, or the arrays do not fit each other.
    """
    arrays = read_npz(path, budget)
    budget = budget.minus(sum(array.nbytes for array in arrays.values()))
    keys = ("x_train", "y_train") if "x_train" in arrays else ("x", "y")
    missing = [key for key in keys if key not in arrays]
    if missing or ("x_test" in arrays) != ("y_test" in arrays):
        found = ", ".join(repr(key[:60]) for key in sorted(arrays)[:20]) or "none"
        lacks = missing or ["x_test" if "y_test" in arrays else "y_test"]
        raise DataError(
            f"{str(path)!r} has no array {' nor '.join(map(repr, lacks))}; its arrays are {found}. "
            "Save x and y, or x_train and y_train, and if there is a test part x_test and y_test."
        )
    x = _examples(arrays[keys[0]], path, channels, budget)
    y = _answers(arrays[keys[1]], path, budget)
    budget = budget.minus((x.nbytes if x is not arrays[keys[0]] else 0) + y.nbytes)
    x_test = y_test = None
    if "x_test" in arrays:
        x_test = _examples(arrays["x_test"], path, channels, budget)
        y_test = _answers(arrays["y_test"], path, budget)
    classes: tuple[str, ...] = ()
    if y.dtype == np.int64:
        labels = [part for part in (y, y_test) if part is not None and part.dtype == np.int64]
        classes = _names(arrays["classes"], path) if "classes" in arrays else ()
        classes = classes or numbered_classes(*labels)
    return Dataset(
        name=Path(path).stem,
        x=x,
        y=y,
        classes=classes,
        x_test=x_test,
        y_test=y_test,
        source=str(path),
    )


def _examples(x: Array, path: FilePath, channels: Channels, budget: Budget) -> Array:
    if x.dtype.kind not in "buif" or x.ndim not in (2, 3, 4) or x.size == 0:
        raise DataError(
            f"{str(path)!r}: x is {x.dtype} of shape {x.shape}; it must be numbers of shape (N, D) "
            "for features, or (N, H, W), (N, C, H, W) or (N, H, W, C) for images."
        )
    if x.ndim == 3:
        x = x[:, None]
    last = channels == "last" or (
        channels == "auto" and x.shape[-1] in _COLOUR_DEPTHS and x.shape[1] not in _COLOUR_DEPTHS
    )
    native = x.dtype in (np.uint8, np.float32, np.float64)
    size = x.size * (x.itemsize if native else 4)
    turned = x.ndim == 4 and last
    budget.require(size * ((not native) + turned), path, "converting x")
    if turned:
        x = x.transpose(0, 3, 1, 2)
    if not native:
        with decoding(path, "numbers that float32 can hold"), np.errstate(over="raise"):
            x = x.astype(np.float32)
    return np.ascontiguousarray(x)


def _answers(y: Array, path: FilePath, budget: Budget) -> Array:
    if y.ndim == 2 and y.shape[1] == 1 and y.dtype.kind in "bui":
        y = y[:, 0]
    if y.dtype.kind in "bui" and y.ndim == 1 and y.size:
        return class_indices(y, path, budget, what="the labels in y")
    if y.size and (y.ndim == 2 or (y.ndim == 1 and y.dtype.kind == "f")) and y.dtype.kind in "buif":
        budget.require(8 * y.size, path, "converting y")
        with decoding(path, "numbers that float32 can hold"), np.errstate(over="raise"):
            real = y if y.dtype in (np.float32, np.float64) else y.astype(np.float32)
        return real.reshape(len(y), -1)
    raise DataError(
        f"{str(path)!r}: y is {y.dtype} of shape {y.shape}; it must be whole numbers of shape (N,) "
        "for classes, real numbers of shape (N,) or (N, K) for targets, or whole numbers of shape "
        "(N, K) for K labels of every example."
    )


def _names(names: Array, path: FilePath) -> tuple[str, ...]:
    if names.dtype.kind not in "US" or names.ndim != 1 or names.nbytes > 16 << 20:
        raise DataError(
            f"{str(path)!r}: classes is {names.dtype} of shape {names.shape}; it must be a list of "
            "names."
        )
    with decoding(path, "a list of names in UTF-8"):
        return tuple(
            name.decode("utf-8") if isinstance(name, bytes) else str(name)
            for name in names.tolist()
        )
