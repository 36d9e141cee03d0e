"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from graphspec.recipe.rules.base import Array, UpdateRule


class Sgd(UpdateRule):
    """Vanilla update: w ← w − rate·dw.

    Source: CS231n notes, Neural Networks 3, parameter updates.
    """

    kind: Literal["sgd"] = "sgd"
    """The name of this rule."""

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """w ← w − rate·dw."""
        dw *= rate
        w -= dw
