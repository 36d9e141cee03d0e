"""What layers give for examples: how large it is, how much is zero, what is dead or saturated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.probe import BATCH, Probe
from graphspec.record import kind_of

SATURATED = 0.25
"""The share of saturated values from which a layer counts as saturated."""
_BINS = 40
_FLAT = 0.01
# By kind, the slope of a function from its value.
_SLOPES: Mapping[str, Callable[[Array], Array]] = {
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y * y,
}


@dataclass(frozen=True, eq=False)
class LayerActivity:
    """One layer over a set of examples.

    A unit is a channel of an image, or one number of a vector. ``largest`` and ``smallest`` (U,)
    are each unit's over all examples and places; ``zeros`` (U,) its share of zeros. ``counts``
    over ``edges`` is the histogram of all values of the first batch.
    """

    id: str
    kind: str
    mean: float
    std: float
    zeros: Array
    largest: Array
    smallest: Array
    counts: Array
    edges: Array
    saturated: float | None = None
    """Of a sigmoid or tanh, the share of values where its slope is below 0.01."""

    @property
    def is_saturated(self) -> bool:
        """Whether more than a quarter of the values pass next to no gradient on."""
        return self.saturated is not None and self.saturated > SATURATED

    @property
    def share_of_zeros(self) -> float:
        """Of all values."""
        return float(self.zeros.mean())

    @property
    def dead(self) -> Array:
        """The units that give the same number everywhere and for every example, by number.

        Of a layer behind a ReLU these are the dead ones of the notes: always zero.
        """
        return np.flatnonzero(self.largest == self.smallest)


def layer_activity(
    probe: Probe,
    x: Array,
    layers: Sequence[str] | None = None,
    *,
    batch: int = BATCH,
    progress: Callable[[float], object] = lambda _: None,
) -> Mapping[str, LayerActivity]:
    """How active the units of layers are over a set of examples, by id in running order.

    Args:
        probe: the network.
        x: examples (N, …) as its data set has them.
        layers: their ids; None takes every layer that reads the examples and is no loss.
        batch: how many examples are run at a time.
        progress: is called with the share of the examples; what it raises ends it.

    Raises:
        FeedError, SpecError: as for ``Probe.values``.

    Source: CS231n notes, Neural Networks 1 (saturated and dead units), and Visualizing what
    ConvNets learn: dead filters show as maps of zeros.
    """
    names = visible_layers(probe) if layers is None else tuple(layers)
    latest: Mapping[str, LayerActivity] = {}
    for count, found in activity_so_far(probe, x, names, batch=batch):
        latest = found
        progress(count / len(x))
    return latest


def activity_so_far(
    probe: Probe, x: Array, layers: Sequence[str], *, batch: int = BATCH
) -> Iterator[tuple[int, Mapping[str, LayerActivity]]]:
    """As ``layer_activity``, after each batch: over how many examples, and how active they are.

    Raises:
        FeedError, SpecError: as for ``Probe.values``.
    """
    kinds = {node.id: kind_of(node.layer) for node in probe.plan.nodes}
    sums = {name: _Sums(_SLOPES.get(kinds[name])) for name in layers}
    for start, values in zip(
        range(0, len(x), batch), probe.stream(x, layers, batch=batch), strict=True
    ):
        for name, value in values.items():
            sums[name].add(value)
        found = {name: sums[name].activity(name, kinds[name]) for name in layers}
        yield min(start + batch, len(x)), found


def visible_layers(probe: Probe) -> tuple[str, ...]:
    """The layers whose values the examples alone decide: losses and what reads labels are not."""
    reached = {probe.input}
    names = []
    for node in probe.plan.nodes:
        if not node.layer.is_loss and all(source in reached for source in node.layer.inputs):
            reached.add(node.id)
            names.append(node.id)
    return tuple(names)


def by_unit(value: Array) -> Array:
    """Values (N, U, …) as (U, everything else); a single number per example is one unit."""
    if value.ndim == 1:
        return value[None]
    return np.moveaxis(value, 1, 0).reshape(value.shape[1], -1)


class _Sums:
    """Running figures of one layer, so that no activations need be kept."""

    def __init__(self, slope: Callable[[Array], Array] | None) -> None:
        self.slope, self.flat = slope, 0
        self.count = 0
        self.total = self.squares = 0.0
        self.zeros: Array | None = None
        self.largest = self.smallest = self.counts = self.edges = np.zeros(0)

    def add(self, value: Array) -> None:
        units = by_unit(value)
        zeros = (units == 0).sum(axis=1)
        largest, smallest = units.max(axis=1), units.min(axis=1)
        if self.zeros is None:
            self.zeros, self.largest, self.smallest = zeros, largest, smallest
            self.counts, self.edges = np.histogram(value[np.isfinite(value)], bins=_BINS)
        else:
            self.zeros = self.zeros + zeros
            self.largest = np.maximum(self.largest, largest)
            self.smallest = np.minimum(self.smallest, smallest)
        if self.slope is not None:
            self.flat += int((self.slope(value) < _FLAT).sum())
        self.count += value.size
        self.total += float(value.sum(dtype=np.float64))
        self.squares += float(np.square(value, dtype=np.float64).sum())

    def activity(self, name: str, kind: str) -> LayerActivity:
        assert self.zeros is not None
        mean = self.total / self.count
        return LayerActivity(
            id=name,
            kind=kind,
            mean=mean,
            std=max(self.squares / self.count - mean**2, 0.0) ** 0.5,
            zeros=self.zeros / (self.count / len(self.zeros)),
            largest=self.largest,
            smallest=self.smallest,
            counts=self.counts,
            edges=self.edges,
            saturated=None if self.slope is None else self.flat / self.count,
        )
