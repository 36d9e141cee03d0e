"""Subtracting the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.preprocess.base import Array, Chunks, PreprocessStep, reduced_axes


class Mean(PreprocessStep):
    """Subtracts the mean of the training split, so that the data is centred.

    Source: CS231n notes, Neural Networks 2, data preprocessing.
    """

    kind: Literal["mean"] = "mean"
    """The name of this step."""
    per: Literal["feature", "channel", "single"] = "feature"
    """One mean for each number of an example, for each channel, or for everything."""

    def fit(self, chunks: Chunks) -> dict[str, Array]:
        """The mean, in the shape of one example with 1 along the axes that share it."""
        return {"mean": fit_mean(chunks, self.per)}

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """x − mean."""
        y: Array = x - fitted["mean"].astype(x.dtype)
        return y


def fit_mean(chunks: Chunks, per: str) -> Array:
    """The mean over chunks; a second pass adds the mean of what the first one left over."""
    mean = _mean_about(chunks, per, np.zeros(()))
    return mean + _mean_about(chunks, per, mean)


def _mean_about(chunks: Chunks, per: str, about: Array) -> Array:
    total: Array = np.zeros(())
    count = 0
    for chunk in chunks():
        axes = reduced_axes(chunk.ndim, per)
        total = total + (chunk - about).sum(axis=axes, keepdims=True)
        count += int(np.prod([chunk.shape[axis] for axis in axes]))
    return np.asarray(total[0] / count)
