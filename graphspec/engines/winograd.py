"""The matrices of Winograd's convolution, F(m×m, 3×3): m·m outputs of a 3×3 filter at once.

A tile of (m+2)² pixels d and a filter g give m² outputs

    Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A

with one multiplication per pixel of the tile in place of nine per output: 36 for 16 outputs
(m = 4, four times fewer), 16 for 4 outputs (m = 2, 2.25 times fewer). ⊙ is the product of
elements, so that a sum over channels is taken in the middle, where it is (m+2)² products of
matrices. Everything is linear, so the gradients are the transposes, from right to left:

    dM = A dY Aᵀ,   dU = dM ⊙ V,   dV = dM ⊙ U,   dg = Gᵀ dU G,   dd = B dV Bᵀ

The matrices are Cook and Toom's: two polynomials (the filter, and the outputs' weights) are
multiplied by way of their values at m + 1 points and at infinity.

Source: Lavin & Gray, Fast Algorithms for Convolutional Neural Networks (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 1.0, -1.0, 2.0, -2.0)}


@dataclass(frozen=True, slots=True)
class Winograd:
    """Aᵀ (m, t), G (t, 3) and Bᵀ (t, t) for outputs of m × m in tiles of t × t, t = m + 2."""

    outputs: int
    tile: int
    at: Matrix
    g: Matrix
    bt: Matrix


@cache
def winograd(outputs: int) -> Winograd:
    """The matrices for m = ``outputs``, 2 or 4.

    Aᵀ[i, j] = aⱼⁱ,  G[j, k] = aⱼᵏ / ∏_{l≠j} (aⱼ − a_l),  and row j of Bᵀ holds the coefficients of
    ∏_{l≠j} (x − a_l). The last column and rows stand for infinity.
    """
    points = np.array(_POINTS[outputs])
    tile = outputs + 2
    at, g, bt = np.zeros((outputs, tile)), np.zeros((tile, 3)), np.zeros((tile, tile))
    at[:, :-1] = points ** np.arange(outputs)[:, None]
    at[-1, -1] = 1
    for j, point in enumerate(points):
        others = np.delete(points, j)
        g[j] = point ** np.arange(3) / np.prod(point - others)
        bt[j, :-1] = np.poly(others)[::-1]
    g[-1, -1] = 1
    bt[-1] = np.poly(points)[::-1]
    return Winograd(outputs, tile, at, g, bt)
