"""The arithmetic of one unit: patch × filter + bias = activation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphspec.engines.base import Array
from graphspec.errors import Problem, SpecError
from graphspec.inspect.probe import Probe
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.linear import Linear
from graphspec.layers.sliding import place


@dataclass(frozen=True, eq=False)
class UnitSum:
    """What a unit of a convolution or a linear layer adds up for one example.

    ``patch`` is what it reads and ``weight`` what it is multiplied by, both (C, h, w) for a
    convolution (zeros where the patch lies in the padding) and of the input's shape for a linear
    layer. activation = Σ patch·weight + bias.
    """

    layer: str
    unit: int
    place: tuple[int, ...]
    patch: Array
    weight: Array
    bias: float
    activation: float

    @property
    def products(self) -> Array:
        """patch·weight, element by element."""
        return np.asarray(self.patch * self.weight)


def unit_sum(
    probe: Probe, example: Array, layer: str, unit: int, position: tuple[int, int] | None = None
) -> UnitSum:
    """Spell out how a unit comes to its activation.

    Args:
        probe: the network.
        example: one example as its data set has it, without the batch.
        layer: a conv2d or a linear layer.
        unit: the filter, or the column of a linear layer's weights.
        position: the row and the column in a convolution's map.

    Raises:
        SpecError: the layer is of another kind, or the unit or the position is not there.
        FeedError: the example has the wrong shape.
    """
    node = probe.plan.by_id.get(layer)
    if node is None or not isinstance(node.layer, Conv2d | Linear):
        raise _refusal(
            layer,
            f"{layer!r} is no conv2d or linear layer: of these alone a unit is a sum of products",
        )
    shape = node.output.shape
    where: tuple[int, ...] = () if position is None else position
    if len(where) != len(shape) - 1 or any(
        not 0 <= n < extent for n, extent in zip((unit, *where), shape, strict=True)
    ):
        raise _refusal(
            layer,
            f"unit {unit} at {where or 'no place'} is not in {layer!r}, which gives "
            f"{'×'.join(map(str, shape))}",
        )
    (source,) = node.layer.inputs
    names = [layer] if source == probe.input else [source, layer]
    values = probe.values(example[None], names)
    x = (
        probe.pipeline.apply(example[None], probe.dtype)
        if source == probe.input
        else values[source]
    )
    weights = probe.executable.weights()
    bias = float(weights[f"{layer}.bias"][unit]) if node.layer.bias else 0.0
    if isinstance(node.layer, Conv2d):
        weight = weights[f"{layer}.weight"][unit]
        patch = _patch(node.layer, x[0], unit, (where[0], where[1]))
    else:
        weight = weights[f"{layer}.weight"][:, unit].reshape(x[0].shape)
        patch = x[0]
    return UnitSum(layer, unit, where, patch, weight, bias, float(values[layer][0, unit, *where]))


def _patch(layer: Conv2d, x: Array, unit: int, position: tuple[int, int]) -> Array:
    """What one filter sees at one place, (C/G, h, w)."""
    sliding = place(
        (x.shape[1], x.shape[2]),
        layer.kernel,
        layer.stride,
        layer.pad,
        layer.dilation,
        layer.rounding,
    )
    channels = len(x) // layer.groups
    first = unit // (layer.filters // layer.groups) * channels
    padded = sliding.pad(x[first : first + channels])
    patch = np.empty((channels, *sliding.kernel), x.dtype)
    for i, j, index in sliding.positions():
        patch[:, i, j] = padded[index][:, *position]
    return patch


def _refusal(layer: str, message: str) -> SpecError:
    return SpecError([Problem("unknown-unit", message, layer=layer)])
