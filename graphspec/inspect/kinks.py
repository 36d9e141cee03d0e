"""Kinks, where a loss has no derivative: which layers have them, and whether one was crossed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graphspec.engines.base import Array
from graphspec.layers.base import Mode
from graphspec.plan import Node, Plan

KINKED = frozenset(
    {
        "attribute_hinge_loss",
        "binary_hinge_loss",
        "hardswish",
        "hinge_loss",
        "l1_loss",
        "leaky_relu",
        "max_pool2d",
        "maximum",
        "maxout",
        "prelu",
        "reduce_max",
        "relu",
        "selu",
        "structured_hinge_loss",
    }
)
"""Kinds that choose the larger of several numbers, or a side of zero."""
# A local derivative that changes by more than these shares (of itself, and of the largest one)
# has jumped: within a step of 1e-5 a smooth one changes by thousandths.
_OF_ITSELF, _OF_LARGEST = 1e-2, 5e-4


def kinked_layers(plan: Plan) -> tuple[str, ...]:
    """The ids of the layers with kinks, in running order."""
    return tuple(node.id for node in plan.nodes if _kind(node) in KINKED)


def crossed_kinks(
    plan: Plan,
    below: Mapping[str, Array],
    above: Mapping[str, Array],
    params: tuple[Mapping[str, Array], Mapping[str, Array]],
    *,
    training: bool = False,
) -> tuple[str, ...]:
    """The layers with kinks of which some choice is another one above than below.

    Who wins a maximum decides where its gradient goes. So a layer has crossed a kink when its own
    derivative jumps from one evaluation to the other; that the derivative of a smooth function
    changes a little is no jump.

    Args:
        plan: the network.
        below: what flowed between the layers in the one evaluation, inputs included, by id.
        above: the same in the other.
        params: the weights of the two evaluations, by full name.
        training: whether they were made as in training.

    Source: CS231n notes, Neural Networks 3, kinks in the objective: keep track of the identities of
    all winners.
    """
    names = []
    for node in plan.nodes:
        if _kind(node) not in KINKED or node.layer.draws:
            continue
        before, after = (
            _local_gradients(node, values, weights, training)
            for values, weights in zip((below, above), params, strict=True)
        )
        if any(_jumped(a, b) for a, b in zip(before, after, strict=True)):
            names.append(node.id)
    return tuple(names)


def _local_gradients(
    node: Node, values: Mapping[str, Array], weights: Mapping[str, Array], training: bool
) -> list[Array]:
    own = {name: weights[f"{node.id}.{name}"] for name in node.params}
    xs = tuple(values[source] for source in node.layer.inputs)
    found = node.layer.forward(xs, own, Mode(training=training))
    back = node.layer.backward(np.ones_like(found.y), found.saved, own)
    return [dx for dx in back.dxs if dx is not None]


def _jumped(before: Array, after: Array) -> bool:
    change = np.abs(after - before)
    size = np.maximum(np.abs(after), np.abs(before))
    largest = float(size.max(initial=0.0))
    return bool(((change > _OF_ITSELF * size) & (change > _OF_LARGEST * largest)).any())


def _kind(node: Node) -> str:
    return str(getattr(node.layer, "kind", ""))
