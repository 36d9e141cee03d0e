"""The inputs of a graph: images, features, targets and labels."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from graphspec.layers.base import Identifier
from graphspec.record import Record
from graphspec.tensor import TensorSpec

Extent = Annotated[int, Field(gt=0, le=2**31 - 1)]


class Input(Record):
    """A named input of the graph: an array of a fixed shape, or a class label.

    ``{"shape": [3, 32, 32]}`` is an image, channels first; ``{"classes": 10}`` is one whole
    number in [0, 10) per example; both together are a label per position.
    """

    id: Identifier
    """The name that layers read this input by."""
    shape: Annotated[tuple[Extent, ...], Field(max_length=8)] | None = None
    """The shape of one example, channels first, batch left out."""
    classes: Extent | None = None
    """For labels: how many classes there are; the values are 0 … classes − 1."""

    @model_validator(mode="after")
    def _has_shape_or_classes(self) -> Self:
        if self.shape is None and self.classes is None:
            raise ValueError('an input needs a "shape" (such as [1, 28, 28]) or "classes"')
        return self

    def tensor(self) -> TensorSpec:
        """What flows out of this input."""
        if self.classes is None:
            return TensorSpec(self.shape or ())
        return TensorSpec(self.shape or (), "int", self.classes)
