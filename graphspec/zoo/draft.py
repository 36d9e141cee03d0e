"""A network on the way to being a spec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphspec.graph import GraphSpec


class Draft:
    """Collects layers one by one; each reads the one before it unless told otherwise.

    The ids and fields are those of the document, and are checked when the spec is made.
    """

    def __init__(
        self, name: str, shape: Sequence[int], classes: int, source: str = "image"
    ) -> None:
        self.name = name
        self.inputs = {source: {"shape": list(shape)}, "label": {"classes": classes}}
        self.layers: list[dict[str, Any]] = []
        self.last = source

    def add(self, name: str, kind: str, *inputs: str, **fields: Any) -> str:
        """Add a layer; return its id, to be read by others."""
        sources = list(inputs) or [self.last]
        self.layers.append({"id": name, "kind": kind, **fields, "inputs": sources})
        self.last = name
        return name

    def conv_relu(self, name: str, *inputs: str, **fields: Any) -> str:
        """Add a convolution ``<name>`` and its rectifier ``<name>_relu``."""
        conv = self.add(name, "conv2d", *inputs, **fields)
        return self.add(f"{conv}_relu", "relu")

    def linear_relu(self, name: str, units: int) -> str:
        """Add a fully connected layer ``<name>`` and its rectifier ``<name>_relu``."""
        self.add(name, "linear", units=units)
        return self.add(f"{name}_relu", "relu")

    def finish(
        self, loss: str = "softmax_loss", training: dict[str, Any] | None = None
    ) -> GraphSpec:
        """Make what was added last the output, and put the loss on top of it."""
        scores = self.last
        self.add("loss", loss, scores, "label")
        return GraphSpec.model_validate(
            {
                "name": self.name,
                "inputs": self.inputs,
                "layers": self.layers,
                "outputs": [scores],
                "training": training,
            }
        )
