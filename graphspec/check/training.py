"""What is wrong with the training block, given its graph."""

from __future__ import annotations

from collections.abc import Iterator

from graphspec.errors import Problem
from graphspec.graph import GraphSpec


def training_problems(spec: GraphSpec) -> Iterator[Problem]:
    """Compare the training block with the graph that it trains."""
    return iter(())
