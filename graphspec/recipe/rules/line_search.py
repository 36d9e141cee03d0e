"""How far to go along a direction: the strong Wolfe conditions.

Source: Nocedal and Wright 2006, Numerical Optimization, algorithms 3.5 and 3.6, with the cubic
interpolation of formula 3.59.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from graphspec.recipe.rules.base import Array

ENOUGH = 1e-4
"""c₁: the share of the decrease that the slope promises which a step must bring."""
FLATTER = 0.9
"""c₂: the share of the first slope's size that may be left where a step ends."""
MOST = 25
"""How many places are tried before the best one so far is taken."""
_MARGIN = 0.1
# Ends so close to each other have the same loss but for rounding.
_CLOSEST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place along the direction: w + t·d, its loss and gradient, and the slope dᵀ·gradient."""

    t: float
    loss: float
    gradient: Array
    slope: float


def strong_wolfe(at: Callable[[float], Place], start: Place, t: float) -> Place | None:
    """A place with loss ≤ loss₀ + c₁·t·slope₀ and |slope| ≤ c₂·|slope₀|.

    Where rounding leaves no such place, the lowest one that was met; None when none was lower than
    the start.

    Args:
        at: the place at a t > 0; its numbers need not be finite.
        start: the place at t = 0, whose slope is negative.
        t: the first length to try.
    """
    before = start
    for tried in range(1, MOST + 1):
        place = at(t)
        if _too_high(place, start) or (tried > 1 and place.loss >= before.loss):
            return _zoom(at, start, before, place, MOST - tried)
        if abs(place.slope) <= -FLATTER * start.slope:
            return place
        if place.slope >= 0:
            return _zoom(at, start, place, before, MOST - tried)
        step = t - before.t
        before, t = place, min(max(_cubic(before, place), t + step), t + 9 * step)
    return before


def _zoom(
    at: Callable[[float], Place], start: Place, low: Place, high: Place, tries: int
) -> Place | None:
    """Narrow an interval that holds a good place; ``low`` is its end with the lower loss."""
    for _ in range(tries):
        width = high.t - low.t
        if abs(width) <= _CLOSEST * max(abs(low.t), abs(high.t)):
            break
        t = _cubic(low, high)
        ends = sorted((low.t + _MARGIN * width, high.t - _MARGIN * width))
        place = at(min(max(t, ends[0]), ends[1]))
        if _too_high(place, start) or place.loss >= low.loss:
            high = place
            continue
        if abs(place.slope) <= -FLATTER * start.slope:
            return place
        if place.slope * width >= 0:
            high = low
        low = place
    return low if low.loss < start.loss else None


def _too_high(place: Place, start: Place) -> bool:
    # The comparison is this way round because it is false for NaN.
    return not place.loss <= start.loss + ENOUGH * place.t * start.slope


def _cubic(a: Place, b: Place) -> float:
    """Where the cubic through both losses and slopes is lowest; the middle where it has no such."""
    middle = (a.t + b.t) / 2
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not math.isfinite(square) or square < 0:
        return middle
    d2 = math.copysign(math.sqrt(square), b.t - a.t)
    bottom = b.slope - a.slope + 2 * d2
    return middle if bottom == 0 else b.t - (b.t - a.t) * (b.slope + d2 - d1) / bottom
