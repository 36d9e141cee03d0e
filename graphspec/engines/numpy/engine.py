"""The engine that runs plans with numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from graphspec.engines.base import Array
from graphspec.engines.numpy.executable import NumpyExecutable
from graphspec.engines.numpy.winograd import workspace
from graphspec.memory import NO_WORKSPACE, Workspace
from graphspec.plan import Plan


class NumpyEngine:
    """Runs plans layer by layer with the layers' own numpy: portable, and every engine's oracle.

    ``dtype`` is the type of every weight, value and gradient of its executables: float32 to train,
    float64 to check gradients. With ``accuracy`` ``fast``, 3×3 convolutions in float32 are done by
    Winograd's F(4×4); with ``accurate`` none is.
    """

    name = "numpy"
    # Convolutions, ReLU and max pooling use a second one, but no bit depends on it.
    threads = 1

    def __init__(
        self,
        dtype: Literal["float32", "float64"] = "float32",
        accuracy: Literal["fast", "accurate"] = "fast",
    ) -> None:
        self.dtype, self.accuracy = dtype, accuracy

    @property
    def environment(self) -> dict[str, Any]:
        """What else the bits of its results depend on."""
        return {"accuracy": self.accuracy}

    def load(
        self, plan: Plan, *, seed: int, weights: Mapping[str, Array] | None = None
    ) -> NumpyExecutable:
        """Allocate and initialise; ``weights`` (by full name) replace the drawn ones.

        Raises:
            EngineError: a weight's name or shape does not belong to the plan.
        """
        dtype, accurate = np.dtype(self.dtype), self.accuracy == "accurate"
        return NumpyExecutable(plan, seed, weights, dtype, accurate=accurate)

    def workspace(self, plan: Plan, batch: int, *, training: bool = True) -> Workspace:
        """What it takes besides what the layers do: the arrays of its faster convolutions."""
        by_winograd = self.dtype == "float32" and self.accuracy == "fast"
        return workspace(plan, batch) if by_winograd else NO_WORKSPACE
