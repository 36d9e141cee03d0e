"""Examples that are blends of two."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.augment.base import Array, Augmentation


class Mixup(Augmentation):
    """Blends every example with another one of its batch, and their answers in the same share.

    x ← λ·x + (1 − λ)·x′ and y ← λ·y + (1 − λ)·y′, with λ ~ Beta(α, α) for each pair and x′, y′ the
    batch in a random order. Class labels become class probabilities, so every loss that reads them
    must take these: softmax_loss and logistic_loss do. The accuracy of a training batch is then
    the share of blends whose highest score is at the class that has the larger part in them;
    validation and test examples are whole ones. Examples need not be images.

    Source: Zhang et al. 2018, mixup: Beyond Empirical Risk Minimization.
    """

    kind: Literal["mixup"] = "mixup"
    """The name of this augmentation."""
    alpha: float = Field(default=0.2, gt=0, le=100)
    """α: near 0 most blends are almost one of the two, at 1 every share is equally likely. The
    paper takes 0.2 on ImageNet and 1 on CIFAR-10."""

    def change(self, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """λ·x + (1 − λ)·x′, and the same of y."""
        partner = rng.permutation(len(x))
        share = rng.beta(self.alpha, self.alpha, len(x))
        return _blend(x, x[partner], share), _blend(y, y[partner], share)


def _blend(a: Array, b: Array, share: Array) -> Array:
    weight = share.astype(a.dtype).reshape(-1, *[1] * (a.ndim - 1))
    blended: Array = weight * a + (1 - weight) * b
    return blended
