"""One walk over a graph, and all that it finds out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from graphspec.check.fixes import Proposer
from graphspec.check.shapes import infer_shapes
from graphspec.check.training import training_problems
from graphspec.check.use import use_problems
from graphspec.check.wiring import wire
from graphspec.errors import Problem
from graphspec.graph import GraphSpec
from graphspec.tensor import TensorSpec

_SECTIONS = {"inputs": 0, "layers": 1, "outputs": 2, "training": 3}
FIXED_AT_ONCE = 100
"""Only the first problems of a document carry fixes, and in a long one fewer: each fix is tried
out, and whoever has a thousand problems does not choose among a thousand fixes."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one walk over a graph finds out.

    ``order`` holds the ids of the layers so that each comes after what it reads (layers on a
    cycle or behind one are left out); ``shapes`` what every input and layer gives, where that is
    known; ``problems`` everything that is wrong, in the order of the document.
    """

    order: tuple[str, ...]
    shapes: Mapping[str, TensorSpec]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the graph from being compiled."""
        return tuple(problem for problem in self.problems if problem.is_error)


def analyse(spec: GraphSpec) -> Analysis:
    """Order the layers, infer every shape, and list every problem with its fixes.

    The time grows with the number of layers and edges alone.
    """
    wiring = wire(spec)
    shapes = infer_shapes(spec, wiring)
    problems = [*wiring.problems, *shapes.problems, *use_problems(spec, wiring)]
    problems += training_problems(spec, wiring, shapes)
    if problems:
        problems.sort(key=_place)
        proposer = Proposer(spec, wiring, shapes)
        count = max(10, min(FIXED_AT_ONCE, 100_000 // max(len(spec.layers), 1)))
        problems[:count] = [
            replace(problem, fixes=(*problem.fixes, *proposer.fixes(problem)))
            for problem in problems[:count]
        ]
    ids = [layer.id for layer in spec.layers]
    names = wiring.names
    of = shapes.of
    return Analysis(
        tuple([ids[i] for i in wiring.order if names.get(ids[i]) == i]),
        {name: of[number] for name, number in names.items() if number in of},
        tuple(problems),
    )


def _place(problem: Problem) -> tuple[int, int]:
    """Where in the document a problem stands, for sorting."""
    path = problem.path
    section = _SECTIONS.get(str(path[0]), 4) if path else 5
    second = path[1] if len(path) > 1 else 0
    return section, second if isinstance(second, int) else 0
