"""Every problem of a graph, with the memory of the engine that will run it."""

from __future__ import annotations

from graphspec import check
from graphspec.engines.choosing import workspace_of
from graphspec.errors import Problem
from graphspec.graph import GraphSpec


def find_problems(spec: GraphSpec, *, budget: int | None = None) -> tuple[Problem, ...]:
    """List every problem of a graph; it can be run if none of them is an error.

    Args:
        spec: the graph.
        budget: the bytes that a step of training may take (of a graph without a training block:
            a forward pass over one example), with the engine that is taken where none is named.
            None takes 80 % of this machine's memory.
    """
    return check.find_problems(spec, budget=budget, workspace=workspace_of(spec))
