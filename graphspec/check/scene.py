"""What the fixes of a graph look at: its layers, edges and shapes, by number and by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from graphspec.check.shapes import Shapes, infer_layer
from graphspec.check.wiring import Wiring
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.spelling import Speller
from graphspec.tensor import TensorSpec

Apply = Callable[[GraphSpec], GraphSpec]
Proposals = Iterator[tuple[str, Apply]]

TRIAL = "trial"
"""The id of a layer that is only tried out."""


class Scene:
    """One analysed graph."""

    def __init__(self, spec: GraphSpec, wiring: Wiring, shapes: Shapes) -> None:
        self.spec, self.wiring, self.shapes = spec, wiring, shapes
        self.speller = Speller(wiring.names)

    def number(self, name: str) -> int | None:
        """The number of the node that a name belongs to."""
        return self.wiring.names.get(name)

    def layer(self, number: int) -> Layer:
        """The layer at a place of the document."""
        return self.spec.layers[number]

    def name(self, number: int) -> str:
        """The id of an input or layer."""
        return self.spec.layers[number].id if number >= 0 else self.spec.inputs[-1 - number].id

    def shape(self, number: int | None) -> TensorSpec | None:
        """What an input or layer gives, where that is known."""
        return None if number is None else self.shapes.of.get(number)

    def tensors(self, number: int) -> tuple[TensorSpec, ...] | None:
        """What a layer reads, where all of it is known."""
        found = [self.shape(source) for source in self.wiring.sources[number]]
        known = tuple(tensor for tensor in found if tensor is not None)
        return known if len(known) == len(found) else None

    def labels(self) -> list[str]:
        """The inputs that are class labels."""
        return [item.id for item in self.spec.inputs if item.classes is not None]

    def depends(self, reader: int, source: int) -> bool:
        """Whether a layer reads another one, directly or not."""
        seen: set[int] = set()
        queue = [reader]
        while queue:
            number = queue.pop()
            if number == source:
                return True
            if number >= 0 and number not in seen:
                seen.add(number)
                queue += [item for item in self.wiring.sources[number] if item is not None]
        return False

    def may_read(self, number: int, source: str) -> bool:
        """Whether a layer can read a node without closing a cycle."""
        found = self.number(source)
        return found is not None and not self.depends(found, number)

    def above(self, number: int) -> str | None:
        """The nearest layer above a place that could be read there, or the first float input."""
        for i in range(number - 1, max(number - 50, -1), -1):
            layer = self.layer(i)
            if not layer.is_loss and self.number(layer.id) == i and not self.depends(i, number):
                return layer.id
        return next((item.id for item in self.spec.inputs if item.classes is None), None)


def changed(layer: Layer, **fields: Any) -> Layer | None:
    """A copy of a layer with other values in its fields, or None when they are not allowed."""
    values = {name: getattr(layer, name) for name in type(layer).model_fields}
    try:
        return type(layer).model_validate({**values, **fields})
    except ValidationError:
        return None


def made(kind: str, **fields: Any) -> Layer | None:
    """A new layer of a kind, or None where there is no such kind or it does not take this."""
    cls = BY_KIND.get(kind)
    if cls is None:
        return None
    try:
        return cls.model_validate({"id": TRIAL, "inputs": (), **fields})
    except ValidationError:
        return None


def result(layer: Layer | None, *tensors: TensorSpec) -> TensorSpec | None:
    """What a layer gives, or None where it cannot take what it reads."""
    if layer is None:
        return None
    found = infer_layer(layer, tensors)
    return None if isinstance(found, Problem) else found


def works(apply: Apply, spec: GraphSpec) -> bool:
    """Whether an edit can be made at all."""
    try:
        apply(spec)
    except SpecError:
        return False
    return True
