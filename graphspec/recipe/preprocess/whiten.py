"""Rotation onto the principal axes, and equal variance along all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.preprocess.base import Array
from graphspec.recipe.preprocess.pca import PrincipalAxes, rotate


class Whiten(PrincipalAxes):
    """PCA, with every axis divided by its standard deviation: y = (x − mean)·U/√(S + ε).

    Axes that hardly vary are mostly noise, which whitening makes as large as everything else; ε
    holds that down. The variance along an axis becomes S/(S + ε).

    Source: CS231n notes, Neural Networks 2, data preprocessing.
    """

    kind: Literal["whiten"] = "whiten"
    """The name of this step."""
    eps: float = Field(default=1e-5, gt=0)
    """ε, in units of the variance."""

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """(x − mean)·U/√(S + ε)."""
        y = rotate(x, fitted)
        y /= np.sqrt(fitted["variances"] + self.eps).astype(x.dtype)
        return y
