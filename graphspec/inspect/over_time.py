"""How what a layer gives, its gradients and its weights spread out as training goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array, Executable, Feeds, Tap
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import CheckpointError
from graphspec.inspect.probe import Probe
from graphspec.train.checkpoint import read_weights
from graphspec.train.rundir import Run

BINS = 40


@dataclass(frozen=True, eq=False)
class Histogram:
    """``counts`` (B,) of finite numbers between ``edges`` (B + 1,)."""

    counts: Array
    edges: Array

    @classmethod
    def of(cls, values: Array) -> Histogram:
        """Count numbers in bins of equal width; what is not finite is left out."""
        return cls(*np.histogram(values[np.isfinite(values)].astype(np.float64), bins=BINS))


@dataclass(frozen=True, eq=False)
class LayerHistograms:
    """One layer with the weights of one step.

    ``gradients`` are those of the loss by what the layer gives, None where no loss depends on it;
    ``weights`` None where the layer has none.
    """

    values: Histogram
    gradients: Histogram | None
    weights: Histogram | None


def layer_histograms(executable: Executable, feeds: Feeds, layer: str) -> LayerHistograms:
    """Look at one layer, in evaluation mode.

    Args:
        executable: the network with its weights.
        feeds: examples and labels, as the network reads them.
        layer: its id.

    Raises:
        SpecError: there is no such layer.
        FeedError: an input is missing or wrong.

    Source: CS231n notes, Setting up the data and the model: activations and gradients per layer.
    """
    plan = executable.plan
    if plan.losses:
        taps = executable.grad(feeds, taps=[Tap(layer), Tap(layer, "grad")]).taps
        values, gradients = taps[Tap(layer)], taps[Tap(layer, "grad")]
    else:
        values, gradients = executable.run(feeds, outputs=[layer]).values[layer], None
    weights = executable.weights().get(f"{layer}.weight")
    return LayerHistograms(
        Histogram.of(values),
        None if gradients is None else Histogram.of(gradients),
        None if weights is None else Histogram.of(weights),
    )


def checkpoint_histograms(
    run: Run, probe: Probe, feeds: Feeds, layer: str, *, known: Collection[int] = ()
) -> Iterator[tuple[int, LayerHistograms]]:
    """The same for every checkpoint that a run keeps, with its step, oldest first.

    A checkpoint that training replaces in the meantime is left out. Errors as for
    ``layer_histograms``.

    Args:
        run: the run.
        probe: its network.
        feeds: examples and labels, as the network reads them.
        layer: the layer's id.
        known: steps to leave out.
    """
    engine = NumpyEngine(probe.dtype)
    for entry in run.checkpoints:
        if entry.step in known:
            continue
        try:
            weights = read_weights(run.checkpoint_path(entry), entry.sha256)
        except CheckpointError:
            if entry in run.checkpoints:
                raise
            continue
        executable = engine.load(probe.plan, seed=0, weights=weights)
        yield entry.step, layer_histograms(executable, feeds, layer)
