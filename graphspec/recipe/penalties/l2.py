"""L2 regularisation."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.penalties.base import Array, Penalty


class L2(Penalty):
    """Squared L2 norm: λ Σ w², or ½ λ Σ w² with ``half``, whose gradient is then λ w.

    The notes use λ Σ w² in Linear Classification and ½ λ Σ w² in Neural Networks 2; here it is
    said. The ``half`` form is what other tools call weight decay of λ with SGD.
    """

    kind: Literal["l2"] = "l2"
    """The name of this penalty."""
    strength: float = Field(ge=0)
    """λ."""
    half: bool = True
    """Whether the term has the factor ½."""

    def value(self, w: Array) -> float:
        """λ Σ w² (times ½)."""
        return float((0.5 if self.half else 1.0) * self.strength * np.vdot(w, w))

    def add_gradient(self, w: Array, dw: Array) -> None:
        """dw += 2 λ w (times ½)."""
        dw += (1.0 if self.half else 2.0) * self.strength * w
