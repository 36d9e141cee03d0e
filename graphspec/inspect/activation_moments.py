"""How large the numbers are that flow through a network before it is trained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphspec.engines.base import Array, Executable, Tap
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.initialisers.base import Initialiser
from graphspec.plan import compile_graph


def activation_moments(executable: Executable, feeds: Mapping[str, Array]) -> dict[str, float]:
    """The second moment of what every layer gives, mean(y²), by id in running order.

    In a healthy network it neither vanishes nor explodes with depth. Losses are left out.

    Raises:
        FeedError: an input is missing, unknown, empty, or of the wrong shape or type.

    Source: CS231n notes, Neural Networks 2, weight initialization.
    """
    plan = executable.plan
    names = [node.id for node in plan.nodes if not node.layer.is_loss]
    taps = [Tap(name) for name in names]
    found = executable.run(feeds, outputs=names, training=True, taps=taps).taps
    return {tap.node: float(np.mean(np.square(found[tap], dtype=np.float64))) for tap in taps}


def compare_initialisers(
    spec: GraphSpec,
    feeds: Mapping[str, Array],
    initialisers: Mapping[str, Initialiser],
    *,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """``activation_moments`` of a network for each way to start its weights.

    Layers that name an initialiser keep it. All start from the same random stream.

    Args:
        spec: the network.
        feeds: examples, as the network is trained on them.
        initialisers: what to compare, by a name of your choice.
        seed: the seed of the weights.

    Raises:
        SpecError: the network has problems.
        FeedError: as for ``activation_moments``.
    """
    engine = NumpyEngine("float64")
    return {
        name: activation_moments(engine.load(compile_graph(spec, init=init), seed=seed), feeds)
        for name, init in initialisers.items()
    }
