"""What layers share that go through a sequence step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.axes import expect_rank
from graphspec.layers.base import Example, Layer, ParamSpec, Window
from graphspec.tensor import TensorSpec


class Recurrent(Layer):
    """A state is carried from step to step; the output has it for every step.

    All sums that the gates of one step need stand side by side: wₓ (D, G·H), w_h (H, G·H), b (G·H).
    """

    group: ClassVar[str] = "Sequence"
    gates: ClassVar[int] = 1
    """G, how many sums every unit takes."""

    units: int = Field(gt=0, le=2**31 - 1)
    """H, the length of the state."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A sequence of four steps, and a single step."""
        return (
            Example(cls(id="states", units=3, inputs=("x",)), (TensorSpec((4, 2)),)),
            Example(cls(id="states", units=2, inputs=("x",)), (TensorSpec((1, 5)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(T, D) → (T, H)."""
        (x,) = inputs
        expect_rank(x, 2, "steps × features")
        return TensorSpec((x.shape[0], self.units))

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight_x`` (D, G·H), ``weight_h`` (H, G·H) and ``bias`` (G·H,)."""
        size, width = inputs[0].shape[1], self.gates * self.units
        return {
            "weight_x": ParamSpec((size, width), self.init, fan_in=size, fan_out=self.units),
            "weight_h": ParamSpec(
                (self.units, width), self.init, fan_in=self.units, fan_out=self.units
            ),
            "bias": ParamSpec((width,), ZEROS, decay=False),
        }

    def macs(self, *inputs: TensorSpec) -> int:
        """T · (D + H) · G·H."""
        steps, size = inputs[0].shape
        return steps * (size + self.units) * self.gates * self.units

    def window(self) -> Window | None:
        """A step sees all steps before it."""
        return None
