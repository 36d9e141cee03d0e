"""The running statistics of batch normalisation, taken anew for given weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from graphspec.engines.base import Array, Executable, Feeds, Tap
from graphspec.layers.batch_norm import BatchNorm


def batch_statistics(executable: Executable, batches: Iterable[Feeds]) -> dict[str, Array]:
    """The running statistics of batch normalisation for the weights as they are.

    The means over the batches (weighted by their size) of each batch's mean and biased variance,
    in training mode; by full name. Nothing in the executable changes.

    Raises:
        FeedError: a batch does not fit the plan.
    """
    nodes = {
        node.id: node.layer.inputs[0]
        for node in executable.plan.nodes
        if isinstance(node.layer, BatchNorm)
    }
    if not nodes:
        return {}
    taps = [Tap(source) for source in dict.fromkeys(nodes.values())]
    sums: dict[str, Any] = {}
    examples = 0
    for feeds in batches:
        size = len(next(iter(feeds.values())))
        examples += size
        values = executable.run(feeds, outputs=list(nodes), training=True, taps=taps).taps
        for name, source in nodes.items():
            x = values[Tap(source)].astype(np.float64)
            axes = (0, *range(2, x.ndim))
            for what, figure in (("mean", x.mean(axis=axes)), ("variance", x.var(axis=axes))):
                key = f"{name}.{what}"
                sums[key] = sums.get(key, 0.0) + size * figure
    return {name: total / examples for name, total in sums.items()}
