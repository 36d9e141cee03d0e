"""The gradient by differences, and how far two gradients are apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def numeric_gradient(
    f: Callable[[Array], Array],
    x: Array,
    dy: Array | float = 1.0,
    h: float = 1e-5,
    *,
    centred: bool = True,
) -> Array:
    """The gradient of Σ dy·f(x) with respect to ``x``, one element at a time.

    dxᵢ = Σ dy·(f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h, with an error of order h². Forward differences,
    Σ dy·(f(x + h·eᵢ) − f(x)) / h, have one of order h. The outputs are
    subtracted before they are summed, so that the outputs that an element does not reach add no
    rounding error.

    Args:
        f: the function; it is called twice per element of ``x`` and must be deterministic.
        x: where; float64, any shape. It is left as it was.
        dy: the gradient of the output, of the output's shape; a number stands for all of it.
        h: the step, in units of ``x``.
        centred: whether differences are centred, or forward.

    Raises:
        TypeError: ``x`` is not float64: in float32 the difference is mostly rounding error.

    Source: CS231n notes, Neural Networks 3, gradient checks.
    """
    if x.dtype != np.float64:
        raise TypeError(
            f"a numeric gradient needs float64, but x is {x.dtype}: with a step of {h:g} the "
            "difference would be mostly rounding error. Use x.astype(np.float64)"
        )
    at = x.copy()
    flat = at.reshape(-1)
    dx = np.empty(at.size)
    for i, centre in enumerate(flat.copy()):
        flat[i] = centre + h
        # A function may hand back its own input, which is about to change.
        above = np.array(f(at), copy=True)
        flat[i] = centre - h if centred else centre
        dx[i] = np.sum(dy * (above - f(at))) / (2 * h if centred else h)
        flat[i] = centre
    return dx.reshape(x.shape)


def relative_error(a: Array, n: Array) -> float:
    """The largest relative error between an analytic and a numeric gradient.

    max |a − n| / max(|a|, |n|) over the elements; elements that are both zero agree. NaN on
    either side gives NaN, which passes no threshold.

    Raises:
        ValueError: the shapes differ.

    Source: CS231n notes, Neural Networks 3, gradient checks.
    """
    a, n = np.asarray(a), np.asarray(n)
    if a.shape != n.shape:
        raise ValueError(f"the gradients have different shapes: {a.shape} and {n.shape}")
    larger = np.maximum(np.abs(a), np.abs(n))
    error = np.divide(np.abs(a - n), larger, out=np.zeros(larger.shape), where=larger != 0)
    return float(error.max(initial=0.0))
