"""Rotation onto the principal axes of the data, and reduction to the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.errors import DataError
from graphspec.recipe.preprocess.base import Array, Chunks, PreprocessStep
from graphspec.recipe.preprocess.mean import fit_mean

# The covariance of D features takes 8·D² bytes, and its decomposition several times that.
_MOST_FEATURES = 8192


class PrincipalAxes(PreprocessStep):
    """The directions that the training split varies along, one at right angles to the other.

    Σ = (x − mean)ᵀ(x − mean)/N = U·S·Uᵀ, S falling. Of the two directions of an axis it takes the
    one whose largest number is positive.
    """

    components: int | None = Field(default=None, gt=0)
    """k, how many numbers are kept; null keeps all."""

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """(…) → (k,); there are no more than features, and ``fit`` says so."""
        return (min(self.components or prod(shape), prod(shape)),)

    def fit(self, chunks: Chunks) -> dict[str, Array]:
        """The mean, the first axes in columns, their variances, and the total of all variances.

        Raises:
            DataError: there are fewer features than components, or too many for a covariance.
        """
        mean = fit_mean(chunks, "feature").reshape(-1)
        size = len(mean)
        if self.components is not None and self.components > size:
            raise DataError(
                f"{self.components} principal components cannot be made of {size} features; keep "
                f"at most {size}"
            )
        if size > _MOST_FEATURES:
            raise DataError(
                f"the covariance of {size:,} features would have {size**2:,} numbers; principal "
                f"axes are for at most {_MOST_FEATURES:,} features. Use smaller images, or std"
            )
        covariance = np.zeros((size, size))
        count = 0
        for chunk in chunks():
            centred = chunk.reshape(len(chunk), -1) - mean
            covariance += centred.T @ centred
            count += len(chunk)
        axes, variances, _ = np.linalg.svd(covariance / count, hermitian=True)
        largest = axes[np.abs(axes).argmax(axis=0), np.arange(size)]
        axes *= np.where(largest < 0, -1.0, 1.0)
        return {
            "mean": mean,
            "axes": np.ascontiguousarray(axes[:, : self.components]),
            "variances": variances[: self.components].copy(),
            "total": np.asarray(variances.sum()),
        }


class Pca(PrincipalAxes):
    """Centres the data and turns it so that its features do not go together; keeps the first.

    With Σ = (x − mean)ᵀ(x − mean)/N of the training split and its decomposition Σ = U·S·Uᵀ, S
    falling: y = (x − mean)·U[:, :k]. Examples become vectors of k numbers, so the network's input
    has the shape [k]. The first k hold the share Σᵢ₌₁ᵏ Sᵢ / Σ S of the variance.

    Source: CS231n notes, Neural Networks 2, data preprocessing.
    """

    kind: Literal["pca"] = "pca"
    """The name of this step."""

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """(x − mean)·U."""
        return rotate(x, fitted)


def rotate(x: Array, fitted: Mapping[str, Array]) -> Array:
    """(x − mean)·U, with every example as a vector.

    Raises:
        DataError: the examples have another size than those that the axes were fitted to.
    """
    vectors = x.reshape(len(x), -1)
    if vectors.shape[1:] != fitted["mean"].shape:
        raise DataError(
            f"the principal axes were fitted to examples of {len(fitted['mean'])} numbers, and "
            f"these have {vectors.shape[1]}: give examples as the training data has them"
        )
    centred = vectors - fitted["mean"].astype(x.dtype)
    return np.asarray(centred @ fitted["axes"].astype(x.dtype))
