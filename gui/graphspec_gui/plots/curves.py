"""The arithmetic of a curve before it is drawn: what is on its x axis, and how it is smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from graphspec.train.history import Series

Numbers = npt.NDArray[np.float64]
XAxis = Literal["step", "epoch", "time"]
X_AXES: tuple[XAxis, ...] = get_args(XAxis)
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Curve:
    """What is drawn as one line: ``x`` rising, ``y``, a name, and how it looks.

    ``run`` is the name of its run where there are several, and ``front`` whether that is the one
    in front: its lines are on top. ``color`` is a place in the theme's series; ``dash`` tells
    kinds of curves of one run apart. Only a ``noisy`` curve is smoothed.
    """

    key: tuple[str, str]
    name: str
    x: Numbers
    y: Numbers
    color: int
    dash: int = 0
    noisy: bool = True
    run: str = ""
    front: bool = False

    @property
    def told(self) -> str:
        """The name, with that of its run where there are several."""
        return f"{self.run}: {self.name}" if self.run else self.name


@dataclass(frozen=True)
class Mark:
    """A moment when something was changed: where, and in a word what."""

    x: float
    text: str
    color: int


def x_of(series: Series, axis: XAxis, begun: float) -> Numbers:
    """Where the points of a curve stand: at steps, epochs, or seconds after ``begun``."""
    if axis == "step":
        return series.steps
    if axis == "epoch":
        return series.epochs
    # In a log of an older version the time of day may have been set back on the way.
    return np.maximum.accumulate(series.times) - begun


class RunningMean:
    """sᵢ = (Σⱼ wⁱ⁻ʲ·xⱼ) / (Σⱼ wⁱ⁻ʲ), over j ≤ i, of a curve that grows.

    It is TensorBoard's smoothing: an exponential average without the bias towards 0 at its
    beginning. NaN and infinity are left out. ``weight`` is from 0 (nothing is smoothed) to below
    1. Of a curve that has grown, only what is new is worked out.

    Raises:
        ValueError: the weight is none of these.
    """

    def __init__(self, weight: float) -> None:
        if not 0 <= weight < 1:
            raise ValueError(f"a curve is smoothed by a weight from 0 to below 1, not {weight:g}")
        self.weight = weight
        self._means = np.zeros(0)
        self._sums = (0.0, 0.0)

    def of(self, values: Numbers) -> Numbers:
        """The means of all values; those that were given before must stand at the beginning."""
        new = values[len(self._means) :]
        if len(new):
            finite = np.isfinite(new)
            sums = _decayed_sum(np.where(finite, new, 0.0), self.weight, self._sums[0])
            weights = _decayed_sum(finite.astype(np.float64), self.weight, self._sums[1])
            with np.errstate(invalid="ignore", divide="ignore"):
                means = np.where(weights > 0, sums / weights, np.nan)
            self._means = np.concatenate([self._means, means])
            self._sums = (float(sums[-1]), float(weights[-1]))
        return self._means


def _decayed_sum(x: Numbers, weight: float, before: float) -> Numbers:
    """yᵢ = w·yᵢ₋₁ + xᵢ: within blocks by one product of matrices, from block to block in turn."""
    blocks = -(-len(x) // _BLOCK)
    padded = np.zeros(blocks * _BLOCK)
    padded[: len(x)] = x
    distance = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
    kernel = np.where(distance >= 0, weight ** np.maximum(distance, 0), 0.0)
    inside = padded.reshape(blocks, _BLOCK) @ kernel.T
    carried, powers = before, weight ** np.arange(1, _BLOCK + 1)
    starts = np.empty(blocks)
    for i, last in enumerate(inside[:, -1].tolist()):
        starts[i] = carried
        carried = last + carried * powers[-1]
    return np.asarray((inside + starts[:, None] * powers).reshape(-1)[: len(x)])


def nearest(x: Numbers, place: float) -> int | None:
    """The point whose x, in rising order, is nearest to a place; None where there is none."""
    if len(x) == 0:
        return None
    right = int(np.searchsorted(x, place))
    if right == 0:
        return 0
    if right == len(x):
        return right - 1
    return right if x[right] - place < place - x[right - 1] else right - 1
