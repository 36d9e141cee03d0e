"""The examples that a classifier gets most wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array


@dataclass(frozen=True, slots=True)
class Mistake:
    """One example that is taken for another class, and how sure the network is of both."""

    example: int
    label: int
    predicted: int
    certainty: float
    """The probability of the class that it is taken for."""
    right: float
    """The probability of its own class."""


def most_wrong(
    probabilities: Array, labels: Array, *, count: int | None = 24
) -> tuple[Mistake, ...]:
    """The wrong answers whose own class has the smallest probability: the largest −ln p first.

    Args:
        probabilities: (N, K).
        labels: (N,).
        count: how many at most; None gives all of them.
    """
    predicted = probabilities.argmax(axis=1)
    own = probabilities[np.arange(len(labels)), labels]
    wrong = np.flatnonzero(predicted != labels)
    order = wrong[np.argsort(own[wrong], kind="stable")][:count]
    return tuple(
        Mistake(
            int(i), int(labels[i]), int(predicted[i]), float(probabilities[i].max()), float(own[i])
        )
        for i in order
    )
