"""What advice looks at: the layers of a graph without errors, and who reads whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphspec import edit
from graphspec.check import analyse
from graphspec.edit.revise import revise
from graphspec.errors import Fix, JsonPath, Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer, ParamSpec
from graphspec.layers.catalog import BY_KIND
from graphspec.record import kind_of
from graphspec.tensor import TensorSpec

UNCHANGING = frozenset({"dropout", "flatten", "reshape", "gaussian_noise"})
"""Kinds that only hand on what they read, apart from noise."""
NORMALISING = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm"})


@dataclass(frozen=True)
class Scene:
    """A graph without errors, with every shape known."""

    spec: GraphSpec
    shapes: dict[str, TensorSpec]
    order: tuple[str, ...]
    readers: dict[str, list[Layer]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: GraphSpec) -> Scene:
        """Look at a graph.

        Raises:
            SpecError: it has errors; advice comes after them.
        """
        analysis = analyse(spec)
        if analysis.errors:
            raise SpecError(analysis.errors)
        scene = cls(spec, dict(analysis.shapes), analysis.order)
        for i, layer in enumerate(spec.layers):
            scene.places[layer.id] = i
            for name in layer.inputs:
                scene.readers.setdefault(name, []).append(layer)
        return scene

    def kinds(self, *kinds: str) -> Iterator[Layer]:
        """The layers of some kinds, in the order of the document."""
        return (layer for layer in self.spec.layers if kind_of(layer) in kinds)

    def source(self, layer: Layer) -> Layer | None:
        """The layer that a layer's first port reads; None for an input of the graph."""
        return self.spec.by_id.get(layer.inputs[0])

    def behind(self, layer: Layer, through: frozenset[str] = UNCHANGING) -> Layer | None:
        """The nearest layer in front of one that does more than hand on its input."""
        found = self.source(layer)
        while found is not None and kind_of(found) in through:
            found = self.source(found)
        return found

    def ahead(self, layer: Layer, through: frozenset[str] = UNCHANGING) -> Iterator[Layer]:
        """The nearest layers that use what a layer gives."""
        queue, seen = [layer.id], {layer.id}
        while queue:
            for reader in self.readers.get(queue.pop(), ()):
                if reader.id in seen:
                    continue
                seen.add(reader.id)
                if kind_of(reader) in through:
                    queue.append(reader.id)
                else:
                    yield reader

    def params(self, layer: Layer) -> dict[str, ParamSpec]:
        """The arrays that a layer owns."""
        return dict(layer.params(*(self.shapes[name] for name in layer.inputs)))

    def has_weights(self, layer: Layer) -> bool:
        """Whether it is a layer of neurons: it owns weights that are trained, beyond scales."""
        return any(item.trained and item.decay for item in self.params(layer).values())

    def is_hidden(self, layer: Layer) -> bool:
        """Whether a layer of neurons stands between this one and every loss and output."""
        queue, seen = [layer.id], {layer.id}
        while queue:
            for reader in self.readers.get(queue.pop(), ()):
                if self.has_weights(reader):
                    return True
                if reader.id not in seen:
                    seen.add(reader.id)
                    queue.append(reader.id)
        return False

    def advice(
        self,
        code: str,
        message: str,
        layer: Layer | None = None,
        *,
        at: str = "",
        path: JsonPath = (),
        arithmetic: str | None = None,
        fix: Fix | None = None,
    ) -> Problem:
        """One piece of advice."""
        if layer is not None:
            path = ("layers", self.places[layer.id], *([at] if at else []))
        return Problem(
            code,
            message,
            path,
            layer=None if layer is None else layer.id,
            arithmetic=arithmetic,
            fixes=() if fix is None else (fix,),
            severity="advice",
        )


def setting(path: str, value: Any, label: str = "") -> Fix:
    """The fix that sets one value."""
    shown = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
    return Fix(label or f"set {path} to {shown}", partial(edit.set_value, path=path, value=value))


def removal(layer: Layer) -> Fix:
    """The fix that takes a layer out; what read it reads what it read."""
    return Fix(f"remove {layer.id}", partial(edit.remove_layers, ids=(layer.id,)))


def exchange(layer: Layer, kind: str) -> Fix:
    """The fix that puts another kind without fields of its own in a layer's place."""
    return Fix(f"make {layer.id} a {kind}", partial(_exchanged, name=layer.id, kind=kind))


def _exchanged(spec: GraphSpec, *, name: str, kind: str) -> GraphSpec:
    make: Callable[..., Layer] = BY_KIND[kind]
    return revise(
        spec,
        layers=(
            make(id=item.id, inputs=item.inputs) if item.id == name else item
            for item in spec.layers
        ),
    )


def depth(spec: GraphSpec) -> int:
    """N of an "N-layer network": the most layers of neurons on one path, the input not counted.

    Source: CS231n notes, Neural Networks 1, neural network architectures.

    Raises:
        SpecError: the graph has errors.
    """
    return depth_of(Scene.of(spec))


def depth_of(scene: Scene) -> int:
    """As ``depth``, of a graph that is looked at already."""
    deep: dict[str, int] = {}
    for name in scene.order:
        layer = scene.spec.by_id[name]
        before = max((deep.get(source, 0) for source in layer.inputs), default=0)
        deep[name] = before + scene.has_weights(layer)
    return max(deep.values(), default=0)
