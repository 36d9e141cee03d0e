"""Scaling by fixed numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import field_validator

from graphspec.recipe.preprocess.base import Array, PreprocessStep


class Scale(PreprocessStep):
    """Subtracts one fixed number and divides by another: (x − subtract)/divide."""

    kind: Literal["scale"] = "scale"
    """The name of this step."""
    subtract: float = 0.0
    """What is subtracted first."""
    divide: float = 255.0
    """What is divided by: 255 takes bytes to [0, 1]."""

    @field_validator("divide")
    @classmethod
    def _divisible(cls, value: float) -> float:
        if value == 0:
            raise ValueError("nothing can be divided by 0")
        return value

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """(x − subtract)/divide."""
        return (x - self.subtract) / self.divide
