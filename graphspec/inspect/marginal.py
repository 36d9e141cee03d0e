"""Averaging over the noise of training: many passes with dropout in place of one without it.

Evaluation usually takes the mean over the noise inside each noisy layer, which is exact only where
what follows is linear. The mean of the outputs of T passes nears that of the whole network, with an
error that falls as 1/√T, and their spread says how sure the network is.

Source: CS231n notes, Neural Networks 2, marginalising noise by sampling; Gal and Ghahramani 2016,
Dropout as a Bayesian Approximation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from graphspec.engines.base import Array, Executable, Feeds
from graphspec.engines.generators import generator, read_state
from graphspec.errors import Problem, SpecError
from graphspec.train.evaluate import ClassScores


def sampled_probabilities(
    executable: Executable,
    batches: Iterable[Feeds],
    pair: ClassScores,
    weights: Mapping[str, Array],
    *,
    samples: int,
    seed: int = 0,
) -> Array:
    """The mean class probabilities (N, C) of several passes, each with noise of its own.

    The executable is left as it was. ``weights`` are those that the loss of ``pair`` may own.

    Raises:
        SpecError: fewer than one sample is asked for; no layer draws anything; or a layer keeps
            running statistics, which training passes would not use (code ``no-samples``).
    """
    _refuse_unsuitable(executable, samples)
    before = executable.state()
    total: Array | None = None
    try:
        for sample in range(samples):
            drawn = {name: read_state(generator(seed + sample, name)) for name in before.generators}
            executable.restore(replace(before, generators=drawn))
            parts = []
            for feeds in batches:
                run = executable.run(feeds, outputs=[pair.scores], training=True)
                parts.append(pair.probabilities(run.values[pair.scores], weights))
            one = np.concatenate(parts)
            total = one if total is None else total + one
    finally:
        executable.restore(before)
    assert total is not None
    mean: Array = total / samples
    return mean


def _refuse_unsuitable(executable: Executable, samples: int) -> None:
    plan = executable.plan
    keeping = [name for name, param in plan.params.items() if not param.trained]
    if samples < 1:
        message = f"the number of samples must be at least 1, and is {samples}"
    elif not any(node.layer.draws for node in plan.nodes):
        message = (
            f"no layer of {plan.spec.name!r} draws noise in training (dropout, gaussian_noise …), "
            "so that every pass would be the same: evaluate it without samples"
        )
    elif keeping:
        layer = keeping[0].rpartition(".")[0]
        message = (
            f"{layer!r} keeps running statistics, and a pass with the noise of training would take "
            "those of the batch instead: evaluate it without samples"
        )
    else:
        return
    raise SpecError([Problem("no-samples", message)])
