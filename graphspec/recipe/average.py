"""A running average of the weights, kept while training goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from graphspec.record import Record

Array = npt.NDArray[Any]


class Ema(Record):
    """An exponential moving average: after every step a ← d·a + (1 − d)·w.

    It begins with the weights that training starts from, which fade to a half after 0.69/(1 − d)
    steps. The running statistics of normalisation are averaged like weights. Wherever the network
    is evaluated while it trains, the average is evaluated too; the raw weights alone choose the
    best checkpoint. ``averaged`` gives it to ``evaluate``, ``predict`` and ensembles.

    Source: CS231n notes, Neural Networks 3, model ensembles; Polyak and Juditsky 1992,
    Acceleration of Stochastic Approximation by Averaging.
    """

    kind: Literal["ema"] = "ema"
    """The name of this average."""
    decay: float = Field(default=0.999, ge=0, lt=1)
    """d: the share of the average that a step leaves. Typical: 0.9 to 0.9999, so that 1/(1 − d) is
    a small share of all steps."""


class RunningAverage:
    """A running exponential average of weights: a ← d·a + (1 − d)·w, beginning with the first.

    After weights w₀ … wₜ it is dᵗ·w₀ + (1 − d)·Σ dᵗ⁻ⁱ·wᵢ over i = 1 … t. It is held in float64.

    Args:
        decay: d.
        weights: an average to go on with.

    Raises:
        ValueError: the decay is not in [0, 1).
    """

    def __init__(self, decay: float, weights: Mapping[str, Array] | None = None) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), and is {decay}")
        self.decay = decay
        self._sums = {name: np.array(w, np.float64) for name, w in (weights or {}).items()}

    def update(self, weights: Mapping[str, Array]) -> None:
        """Take in the weights after a step."""
        for name, w in weights.items():
            if name not in self._sums:
                self._sums[name] = np.array(w, np.float64)
            else:
                self._sums[name] *= self.decay
                self._sums[name] += (1 - self.decay) * w

    def weights(self) -> dict[str, Array]:
        """Copies of the averages, by full name."""
        return {name: array.copy() for name, array in self._sums.items()}
