"""Reading feeds: the arrays that come in, checked against the plan before anything runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.errors import FeedError
from graphspec.layers.scoring import can_be_distribution
from graphspec.plan import Plan
from graphspec.spelling import did_you_mean
from graphspec.tensor import TensorSpec

Array = npt.NDArray[Any]


def read_feeds(
    feeds: Mapping[str, Array],
    needed: Mapping[str, TensorSpec],
    known: Collection[str],
    dtype: np.dtype[Any],
    soft: Collection[str] = (),
) -> dict[str, Array]:
    """The arrays of the needed inputs, with the batch as first axis, in the engine's types.

    Values become ``dtype`` by plain conversion: uint8 images keep their range of 0 to 255, scaling
    is for preprocessing. Labels become ``intp``; those in ``soft`` may be class probabilities
    (batch, …, classes) instead, which become ``dtype``. An array that has the type already is not
    copied. Feeds of inputs that are known but not needed are ignored.

    Raises:
        FeedError: an input is missing, unknown, empty, of the wrong shape or type, or has another
            batch size than the others; a label is not a class of its input, or probabilities do
            not sum to one.
    """
    for name in feeds:
        if name not in needed and name not in known:
            raise FeedError(f"the graph has no input {name!r}{did_you_mean(name, known)}")
    arrays: dict[str, Array] = {}
    for name, tensor in needed.items():
        if name not in feeds:
            raise FeedError(
                f"input {name!r} ({tensor}) is missing: what is asked for needs it. "
                f"Feed {{{name!r}: array}}"
            )
        array = np.asarray(feeds[name])
        if name in soft and array.dtype.kind == "f" and _is_soft(tensor, array):
            arrays[name] = _probabilities(name, array, dtype)
            continue
        _refuse_shape(name, tensor, array)
        arrays[name] = _labels(name, tensor, array) if tensor.dtype == "int" else array
        if tensor.dtype == "float" and array.dtype != dtype:
            arrays[name] = _floats(name, array, dtype)
    _refuse_unequal(arrays)
    return arrays


def soft_labels(plan: Plan) -> frozenset[str]:
    """The label inputs that may be fed with class probabilities: everything reading them can."""
    layers = [node.layer for node in plan.nodes]
    return frozenset(
        name
        for name, tensor in plan.inputs.items()
        if tensor.dtype == "int" and can_be_distribution(name, layers)
    )


def _is_soft(tensor: TensorSpec, array: Array) -> bool:
    return len(array) > 0 and array.shape[1:] == (*tensor.shape, tensor.classes)


def _probabilities(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    off = np.abs(array.sum(axis=-1, dtype=np.float64) - 1)
    # Written so that NaN is refused too.
    if not (array.min() >= 0 and off.max() <= 1e-3):
        bad = int(
            np.argmax(
                ~((array >= 0).all(axis=-1) & (off <= 1e-3)).reshape(len(array), -1).all(axis=1)
            )
        )
        raise FeedError(
            f"{name}[{bad}] is no distribution over the classes: its probabilities must be at "
            "least 0 and sum to 1"
        )
    return array.astype(dtype, copy=False)


def _refuse_shape(name: str, tensor: TensorSpec, array: Array) -> None:
    if array.shape[1:] == tensor.shape and array.ndim:
        if len(array) == 0:
            raise FeedError(f"input {name!r} is an empty batch: feed at least one example")
        return
    expected = ", ".join(["batch", *map(str, tensor.shape)])
    raise FeedError(
        f"input {name!r} must have the shape ({expected}), but the array has {array.shape}"
        f"{_shape_advice(name, tensor, array)}"
    )


def _shape_advice(name: str, tensor: TensorSpec, array: Array) -> str:
    """What to do about the usual slips; nothing where none of them explains the shape."""
    shape = array.shape
    if shape == tensor.shape:
        return f": the batch axis is missing. For one example feed {name}[None]"
    if len(tensor.shape) == 3:
        channels, height, width = tensor.shape
        if shape[1:] == (height, width, channels):
            return f": the channels come last. Feed {name}.transpose(0, 3, 1, 2)"
        if channels == 1 and shape[1:] == (height, width):
            return f": the channel axis is missing. Feed {name}[:, None]"
    if tensor.shape == () and shape[1:] == (1,):
        return f": feed {name}[:, 0]"
    if len(shape) == 2 and shape[1] == tensor.size:
        return (
            f": the examples are flat. Feed {name}.reshape(-1, {', '.join(map(str, tensor.shape))})"
        )
    if tensor.classes is not None and shape[1:] == (*tensor.shape, tensor.classes):
        return f": labels are class numbers, not one-hot rows. Feed {name}.argmax(axis=-1)"
    return ""


def _floats(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    if array.dtype.kind not in "fiub":
        raise FeedError(f"input {name!r} must hold real numbers, but the array has {array.dtype}")
    return array.astype(dtype)


def _labels(name: str, tensor: TensorSpec, array: Array) -> Array:
    if array.dtype.kind not in "iu":
        raise FeedError(
            f"input {name!r} is a {tensor}: it takes whole numbers, but the array has "
            f"{array.dtype}. Feed {name}.astype(np.int64) if the values are class numbers"
        )
    classes = tensor.classes
    if classes is not None and (array.min() < 0 or array.max() >= classes):
        position = tuple(int(i) for i in np.argwhere((array < 0) | (array >= classes))[0])
        at = position[0] if len(position) == 1 else position
        raise FeedError(
            f"{name}[{at}] is {int(array[position])}, but the classes are 0 to {classes - 1}"
        )
    return array.astype(np.intp, copy=False)


def _refuse_unequal(arrays: Mapping[str, Array]) -> None:
    if len({len(array) for array in arrays.values()}) > 1:
        sizes = ", ".join(f"{name}: {len(array)}" for name, array in arrays.items())
        raise FeedError(f"the inputs have different batch sizes ({sizes})")
