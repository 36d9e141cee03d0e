"""The loss as a function of the weights, seen along one direction or on a plane of two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Literal, NamedTuple

import numpy as np

from graphspec.engines.base import Array, Executable, Feeds
from graphspec.engines.generators import generator
from graphspec.errors import EngineError, NonFiniteError, OptionError
from graphspec.layers.base import ParamSpec
from graphspec.recipe.penalties.base import Penalty
from graphspec.train.evaluate import evaluate_batches

Direction = Mapping[str, Array]
"""What is added to the weights, by full name; a weight that is not in it stays."""
Normalisation = Literal["filter", "none"]


class Loss(NamedTuple):
    """The mean loss over the examples, and the sum of all regularisation terms."""

    data: float
    penalty: float

    @property
    def total(self) -> float:
        """What training minimises."""
        return self.data + self.penalty


@dataclass(frozen=True, eq=False)
class Ray:
    """The loss at W + a·W₁ for every a; infinity where it is not finite."""

    positions: Array
    data: Array
    penalty: Array
    here: Loss
    """The loss at W itself, a = 0."""

    @property
    def total(self) -> Array:
        """Data loss and penalties."""
        return np.asarray(self.data + self.penalty)


@dataclass(frozen=True, eq=False)
class Plane:
    """The loss at W + a·W₁ + b·W₂: ``data`` and ``penalty`` are (b, a), the lowest b first."""

    first: Array
    second: Array
    data: Array
    penalty: Array
    here: Loss

    @property
    def total(self) -> Array:
        """Data loss and penalties."""
        return np.asarray(self.data + self.penalty)


def positions(span: float, points: int) -> Array:
    """An odd number of equal steps from −span to span, with 0 in the middle exactly.

    Raises:
        OptionError: ``points`` is even or below 3, or ``span`` is not above 0.
    """
    if points < 3 or points % 2 == 0:
        raise OptionError(
            f"{points} points have none in the middle, where the network is: take an odd number, "
            "at least 3"
        )
    if not (span > 0 and math.isfinite(span)):
        raise OptionError(f"the span is {span:g}, and must be above 0")
    half = points // 2
    return span * (np.arange(points) - half) / half


def random_direction(
    executable: Executable, *, seed: int = 0, name: str = "1", normalise: Normalisation = "filter"
) -> dict[str, Array]:
    """A random direction in the space of all trained weights.

    Every number is drawn from a normal distribution. With ``normalise="filter"`` the part that
    belongs to one unit is brought to the length of the unit's own weights, d ← d·‖w‖/‖d‖, and
    biases and scales stay where they are: a network whose weights are ten times larger, followed
    by a normalisation, then looks the same.

    Args:
        executable: the network.
        seed: of the draw.
        name: another name gives another direction from the same seed.
        normalise: "filter" or "none".

    Source: Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, section 4.
    """
    rng = generator(seed, f"direction:{name}")
    direction = {}
    weights = executable.weights()
    for full, param in executable.plan.params.items():
        if not param.trained:
            continue
        drawn = rng.standard_normal(param.shape)
        if normalise == "filter":
            drawn = _like_units(drawn, weights[full], param)
        direction[full] = drawn
    return direction


def between(start: Mapping[str, Array], end: Mapping[str, Array]) -> dict[str, Array]:
    """The direction from some weights to others: at a = 1 one is there.

    Raises:
        EngineError: they are of two networks.
    """
    for name in start:
        if name not in end or end[name].shape != start[name].shape:
            raise EngineError(f"there is no {name!r} of the same shape at the other end")
    return {name: end[name].astype(np.float64) - start[name] for name in start}


def loss_here(
    executable: Executable, batches: Sequence[Feeds], penalties: Sequence[Penalty] = ()
) -> Loss:
    """The mean data loss over the batches, and the penalties, with the weights as they are.

    Infinity where the loss is not finite.

    Raises:
        FeedError: a batch does not fit the plan.
        EngineError: the network has no loss.
    """
    plan = executable.plan
    if not plan.losses:
        raise EngineError(
            f"the network {plan.spec.name!r} has no loss to look at; add a loss layer"
        )
    try:
        data = evaluate_batches(executable, batches).loss
    except NonFiniteError:
        data = math.inf
    weights = executable.weights()
    penalty = sum(
        item.value(weights[name].astype(np.float64))
        for item in penalties
        for name, param in plan.params.items()
        if param.trained and param.decay and item.covers(name.rsplit(".", 1)[0])
    )
    return Loss(data, penalty)


def loss_along_ray(
    executable: Executable,
    batches: Sequence[Feeds],
    direction: Direction,
    positions: Array,
    penalties: Sequence[Penalty] = (),
) -> Ray:
    """L(W + a·W₁) for every a in ``positions``; at a = 0 it is the loss of the network as it is.

    The network is evaluated as ``evaluate`` does, with running statistics, and left as it was.

    Raises:
        FeedError: a batch does not fit the plan.
        EngineError: the network has no loss, or the direction is of another network.

    Source: CS231n notes, Optimization 1, visualizing the loss function.
    """
    here, found = _walk(
        executable, batches, (direction,), [(float(a),) for a in positions], penalties
    )
    data, penalty = np.array(found).T
    return Ray(np.asarray(positions, np.float64), data, penalty, here)


def loss_on_plane(
    executable: Executable,
    batches: Sequence[Feeds],
    directions: tuple[Direction, Direction],
    first: Array,
    second: Array,
    penalties: Sequence[Penalty] = (),
) -> Plane:
    """L(W + a·W₁ + b·W₂) for every a in ``first`` and b in ``second``; (b, a).

    Raises:
        FeedError: a batch does not fit the plan.
        EngineError: the network has no loss, or a direction is of another network.

    Source: CS231n notes, Optimization 1, visualizing the loss function.
    """
    steps = [(float(a), float(b)) for b in second for a in first]
    here, found = _walk(executable, batches, directions, steps, penalties)
    data, penalty = np.array(found).T.reshape(2, len(second), len(first))
    return Plane(np.asarray(first, np.float64), np.asarray(second, np.float64), data, penalty, here)


def _walk(
    executable: Executable,
    batches: Sequence[Feeds],
    directions: Sequence[Direction],
    steps: Sequence[tuple[float, ...]],
    penalties: Sequence[Penalty],
) -> tuple[Loss, list[Loss]]:
    before = executable.state()
    own = executable.plan.params
    for direction in directions:
        for name, way in direction.items():
            if name not in own or way.shape != own[name].shape:
                raise EngineError(f"the direction {name!r} {way.shape} is of another network")
    here = loss_here(executable, batches, penalties)
    found = []
    try:
        for step in steps:
            arrays = dict(before.arrays)
            for factor, direction in zip(step, directions, strict=True):
                for name, way in direction.items():
                    arrays[name] = arrays[name] + factor * way
            executable.restore(replace(before, arrays=arrays))
            found.append(loss_here(executable, batches, penalties))
    finally:
        executable.restore(before)
    return here, found


def _like_units(drawn: Array, weight: Array, param: ParamSpec) -> Array:
    if not param.decay:
        return np.zeros(param.shape)
    axis = _unit_axis(param)
    axes = None if axis is None else tuple(i for i in range(len(param.shape)) if i != axis)
    lengths = np.sqrt(np.sum(drawn**2, axis=axes, keepdims=True))
    wanted = np.sqrt(np.sum(weight.astype(np.float64) ** 2, axis=axes, keepdims=True))
    return np.asarray(drawn * wanted / np.where(lengths > 0, lengths, 1))


def _unit_axis(param: ParamSpec) -> int | None:
    """The axis that counts the units: along the others lie the ``fan_in`` weights of one.

    Dense weights are (inputs, units) and filters (units, channels, …), which only a square matrix
    leaves open.
    """
    size = prod(param.shape)
    fits = [i for i, n in enumerate(param.shape) if n and size // n == param.fan_in]
    if not fits:
        return None
    return fits[-1] if len(param.shape) == 2 else fits[0]
