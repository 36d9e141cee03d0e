"""Units at right angles to each other, which keeps lengths through linear layers."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from graphspec.initialisers.base import Initialiser, unit_axis


class Orthogonal(Initialiser):
    """Units at right angles to each other, which keeps lengths through linear layers.

    As a matrix of units × inputs, w·wᵀ = gain²·1 (with more units than inputs, wᵀ·w). It is the Q
    of the QR decomposition of random normal numbers, with the signs that make it uniform. Source:
    Saxe et al. 2013, Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Networks.
    """

    kind: Literal["orthogonal"] = "orthogonal"
    """The name of this initialiser."""
    gain: float = Field(default=1.0, gt=0)
    """What the matrix is multiplied by. Typical: 1; √2 before ReLU."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        axis = unit_axis(shape, fan_in)
        rest = shape[:axis] + shape[axis + 1 :]
        units, inputs = shape[axis], prod(rest)
        tall = rng.standard_normal((max(units, inputs), min(units, inputs)))
        q, r = np.linalg.qr(tall)
        q *= self.gain * np.where(np.diagonal(r) < 0, -1.0, 1.0)
        w = q if units >= inputs else q.T
        return np.ascontiguousarray(np.moveaxis(w.reshape(units, *rest), 0, axis))
