"""The bias trick: a linear layer with its biases as one more row of its weights, and back.

f = x·w + b = [x, 1]·[w; b]: the scores and the number of parameters stay the same.

Source: CS231n notes, Linear classification, bias trick.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphspec.edit import free_id, insert_on_edge, remove_layers, set_field
from graphspec.engines.base import Array
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.append_one import AppendOne
from graphspec.layers.linear import Linear


def use_bias_trick(spec: GraphSpec, name: str) -> GraphSpec:
    """The same network with [w; b] (D + 1, M) in the place of w (D, M) and b (M,) of a layer.

    An ``append_one`` layer comes in front of it. What starts at other values than zero, a
    ``bias_init``, starts like the weights from then on.

    Raises:
        SpecError: there is no linear layer of that name with a bias (code ``bias-trick``).
    """
    layer = _linear(spec, name, bias=True)
    one = AppendOne(id=free_id(spec, f"{name}_one"), inputs=layer.inputs)
    return set_field(insert_on_edge(spec, layer.inputs[0], name, 0, one), name, "bias", False)


def use_bias(spec: GraphSpec, name: str) -> GraphSpec:
    """The network with w and b of their own again: ``use_bias_trick`` undone.

    Raises:
        SpecError: there is no linear layer of that name that reads an ``append_one``.
    """
    layer = _linear(spec, name, bias=False)
    one = spec.by_id.get(layer.inputs[0])
    if not isinstance(one, AppendOne):
        raise _refused(f"{name!r} reads no append_one layer, so its weights hold no bias")
    return set_field(remove_layers(spec, [one.id]), name, "bias", True)


def join_bias(weights: Mapping[str, Array], name: str) -> dict[str, Array]:
    """A network's weights with [w; b] for the layer, as ``use_bias_trick`` has it."""
    joined = dict(weights)
    bias = joined.pop(f"{name}.bias")
    joined[f"{name}.weight"] = np.vstack([joined[f"{name}.weight"], bias])
    return joined


def part_bias(weights: Mapping[str, Array], name: str) -> dict[str, Array]:
    """A network's weights with w and b for the layer: views of the rows of [w; b]."""
    both = weights[f"{name}.weight"]
    return {**weights, f"{name}.weight": both[:-1], f"{name}.bias": both[-1]}


def _linear(spec: GraphSpec, name: str, *, bias: bool) -> Linear:
    layer = spec.by_id.get(name)
    if not isinstance(layer, Linear) or layer.bias != bias:
        which = "with a bias" if bias else "without a bias"
        raise _refused(f"the bias trick is for a linear layer {which}, and {name!r} is none")
    return layer


def _refused(message: str) -> SpecError:
    return SpecError([Problem("bias-trick", message)])
