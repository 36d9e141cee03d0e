"""The examples themselves: how many of each class, and what training makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from graphspec.engines.base import Array
from graphspec.recipe.augment.base import Augmentation
from graphspec.train.feeding import TrainingData

Stage = Literal["raw", "augmented", "preprocessed"]


def class_counts(y: Array, classes: int) -> Array:
    """How many examples (N,) there are of each class, (classes,)."""
    return np.bincount(y, minlength=classes)


def augmented(
    data: TrainingData, augment: Sequence[Augmentation], x: Array, y: Array, seed: int = 0
) -> Array:
    """Examples as one draw of the augmentations leaves them, before preprocessing.

    Args:
        data: what they are from; it knows whether labels are blended.
        augment: the changes, in order.
        x: examples (N, …) as the data set has them.
        y: their labels or targets.
        seed: of the draw; training draws others.
    """
    rng = np.random.default_rng(seed)
    if data.mixed_classes is not None:
        y = np.eye(data.mixed_classes, dtype=data.dtype)[y]
    for change in augment:
        x, y = change.change(x, y, rng)
    return x


def stage_of(
    data: TrainingData,
    augment: Sequence[Augmentation],
    x: Array,
    y: Array,
    stage: Stage,
    seed: int = 0,
) -> Array:
    """Examples as they are, augmented, or preprocessed as the network reads them."""
    if stage == "augmented":
        return augmented(data, augment, x, y, seed)
    return data.pipeline.apply(x, data.dtype) if stage == "preprocessed" else x
