"""Every problem of a graph in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphspec.errors import Problem, ShapeError
from graphspec.graph import GraphSpec
from graphspec.tensor import TensorSpec


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one walk over a graph finds out.

    ``order`` holds the ids of the layers so that each comes after what it reads (layers on a
    cycle are left out); ``shapes`` what every input and layer gives, where that is known.
    """

    order: tuple[str, ...]
    shapes: Mapping[str, TensorSpec]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the graph from being compiled."""
        return tuple(problem for problem in self.problems if problem.is_error)


def analyse(spec: GraphSpec) -> Analysis:
    """Order the layers, infer every shape, and list every problem."""
    problems: list[Problem] = []
    shapes: dict[str, TensorSpec] = {item.id: item.tensor() for item in spec.inputs}
    order: list[str] = []
    index = {layer.id: i for i, layer in enumerate(spec.layers)}
    waiting = dict(index)
    progress = True
    while progress:
        progress = False
        for name, i in list(waiting.items()):
            layer = spec.layers[i]
            if any(source in waiting for source in layer.inputs):
                continue
            del waiting[name]
            order.append(name)
            progress = True
            if any(source not in shapes for source in layer.inputs):
                continue
            try:
                shapes[name] = layer.infer(*(shapes[source] for source in layer.inputs))
            except ShapeError as error:
                (problem,) = error.problems
                problems.append(replace(problem, layer=name, path=("layers", i, *problem.path)))
    return Analysis(tuple(order), shapes, tuple(problems))


def check(spec: GraphSpec) -> tuple[Problem, ...]:
    """List every problem of a graph; an empty tuple means that it compiles."""
    return analyse(spec).problems
