"""Dividing by the standard deviation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.preprocess.base import Array, Chunks, PreprocessStep
from graphspec.recipe.preprocess.mean import fit_mean


class Std(PreprocessStep):
    """Divides by the standard deviation of the training split (about its mean, over N).

    It does not centre: put a ``mean`` step before it. Features that never change are left as they
    are, for there is nothing to divide by.

    Source: CS231n notes, Neural Networks 2, data preprocessing.
    """

    kind: Literal["std"] = "std"
    """The name of this step."""
    per: Literal["feature", "channel", "single"] = "feature"
    """One deviation for each number of an example, for each channel, or for everything."""

    def fit(self, chunks: Chunks) -> dict[str, Array]:
        """σ = √mean((x − mean)²), with 1 in place of 0."""
        mean = fit_mean(chunks, self.per)
        variance = fit_mean(lambda: ((chunk - mean) ** 2 for chunk in chunks()), self.per)
        deviation = np.sqrt(variance)
        # The mean of equal numbers may be off by rounding; what is left over is not a deviation.
        constant = deviation <= 1e-12 * np.abs(mean)
        return {"std": np.where(constant, 1.0, deviation)}

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """x/σ."""
        y: Array = x / fitted["std"].astype(x.dtype)
        return y
