"""What follows the gradients in a step: penalties, the global norm, the update, constraints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from graphspec.engines.base import Array, Step
from graphspec.engines.numpy.state import State
from graphspec.recipe.rules.base import UpdateRule


def penalise(state: State, gradients: Mapping[str, Array], step: Step) -> tuple[float, ...]:
    """Add every penalty's gradient in place, and give the penalties' values."""
    values = []
    for penalty in step.penalties:
        terms = []
        for name, dw in gradients.items():
            if state.plan.params[name].decay and penalty.covers(layer_of(name)):
                w = state.weights[name]
                terms.append(penalty.value(w))
                penalty.add_gradient(w, dw)
        values.append(sum(terms, 0.0))
    return tuple(values)


def update(
    state: State, gradients: Mapping[str, Array], norm: float, rule: UpdateRule, step: Step
) -> None:
    """Clip the gradients, whose global norm is ``norm``, and change the weights."""
    state.slots_for(rule)
    clip = step.clip_norm is not None and norm > step.clip_norm
    for name, dw in gradients.items():
        w = state.weights[name]
        if clip and step.clip_norm is not None:
            dw *= step.clip_norm / norm
        if state.plan.params[name].decay:
            rule.decay_weight(w, rate=step.rate)
        rule.update(w, dw, state.slots[name], rate=step.rate, step=step.index)
    constrain(state, gradients, step)


def constrain(state: State, names: Iterable[str], step: Step) -> None:
    """Bring weights back to the constraints."""
    for name in names:
        param = state.plan.params[name]
        for constraint in step.constraints:
            if param.decay and constraint.covers(layer_of(name)):
                constraint.project(state.weights[name], param.fan_in)


def layer_of(name: str) -> str:
    """``conv1`` of ``conv1.weight``."""
    return name.rsplit(".", 1)[0]


def is_finite(array: Array) -> bool:
    """Whether all numbers are."""
    return bool(np.isfinite(array).all())


def norm_of_each(gradients: Mapping[str, Array]) -> dict[str, float]:
    """√(Σ dw²) of every parameter."""
    return {name: global_norm({name: dw}) for name, dw in gradients.items()}


def global_norm(gradients: Mapping[str, Array]) -> float:
    """√(Σ dw²) over all parameters."""
    squares = sum(float(np.vdot(dw, dw)) for dw in gradients.values())
    if not math.isfinite(squares):
        # Squares of large float32 numbers overflow before the numbers themselves do.
        squares = sum(float(np.square(dw, dtype=np.float64).sum()) for dw in gradients.values())
    return math.sqrt(squares)
