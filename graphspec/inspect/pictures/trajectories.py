"""The ways that update rules take over a surface of two weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import INK, Picture, colour
from graphspec.recipe.rules.adagrad import Adagrad
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.momentum import Momentum
from graphspec.recipe.rules.nesterov import Nesterov
from graphspec.recipe.rules.rmsprop import RMSprop
from graphspec.recipe.rules.sgd import Sgd

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Surface:
    """A function of two weights, its gradient, where the ways begin, and what is drawn of it."""

    name: str
    f: Callable[[Array, Array], Array]
    gradient: Callable[[Array], Array]
    start: tuple[float, float]
    reach: tuple[float, float, float, float]
    """The least and largest first weight, then those of the second."""


SADDLE = Surface(
    "a saddle: x² − y²",
    lambda x, y: x**2 - y**2,
    lambda w: np.array([2.0, -2.0]) * w,
    (1.0, 1e-6),
    (-1.3, 1.3, -1.0, 1.0),
)
VALLEY = Surface(
    "a narrow valley: x²/20 + y²",
    lambda x, y: x**2 / 20 + y**2,
    lambda w: np.array([0.1, 2.0]) * w,
    (-4.0, 0.9),
    (-4.5, 1.8, -1.2, 1.2),
)
RULES: Mapping[str, UpdateRule] = {
    "sgd": Sgd(rate=0.01),
    "momentum": Momentum(rate=0.01),
    "nesterov": Nesterov(rate=0.01),
    "adagrad": Adagrad(rate=0.3),
    "rmsprop": RMSprop(rate=0.01),
    "adam": Adam(rate=0.03),
}


@dataclass(frozen=True, eq=False)
class Trajectories(Picture):
    """Lines of equal loss, and the way of every rule over them.

    Source: CS231n notes, Neural Networks 3, the animations of A. Radford that it shows.
    """

    size: ClassVar[tuple[float, float]] = (9.4, 3.9)

    surfaces: tuple[Surface, ...]
    ways: tuple[Mapping[str, Array], ...]
    """For each surface the weights after every step by rule, (steps + 1, 2)."""

    def numbers(self) -> dict[str, Any]:
        """The ways, by surface and rule."""
        return {
            surface.name: dict(ways) for surface, ways in zip(self.surfaces, self.ways, strict=True)
        }

    def draw(self, figure: Figure) -> None:
        """A panel for each surface, one legend for all."""
        grid = figure.subplots(1, len(self.surfaces), squeeze=False)[0]
        for axes, surface, ways in zip(grid, self.surfaces, self.ways, strict=True):
            left, right, low, high = surface.reach
            x, y = np.meshgrid(np.linspace(left, right, 81), np.linspace(low, high, 81))
            heights = surface.f(x, y)
            axes.contourf(x, y, heights, levels=18, cmap="Greys", alpha=0.3)
            axes.contour(x, y, heights, levels=18, colors="white", linewidths=0.6)
            for i, (name, way) in enumerate(ways.items()):
                axes.plot(way[:, 0], way[:, 1], color=colour(i), lw=1.5, label=name)
                axes.plot(way[-1, 0], way[-1, 1], "o", color=colour(i), ms=5, mec="white", mew=0.6)
            axes.plot(*surface.start, "x", color=INK, ms=6, mew=1.5)
            axes.set(title=surface.name, xlim=(left, right), ylim=(low, high), xlabel="x")
        grid[0].set_ylabel("y")
        lines, names = grid[0].get_legend_handles_labels()
        figure.legend(lines, names, loc="outside right center")


def trajectories(
    rules: Mapping[str, UpdateRule] = RULES,
    surfaces: tuple[Surface, ...] = (SADDLE, VALLEY),
    *,
    steps: int = 120,
) -> Trajectories:
    """Let every rule go so many steps over each surface.

    Args:
        rules: by the name in the legend.
        surfaces: where.
        steps: how many updates.
    """
    ways = tuple(
        {name: _walk(rule, surface, steps) for name, rule in rules.items()} for surface in surfaces
    )
    return Trajectories(surfaces, ways)


def _walk(rule: UpdateRule, surface: Surface, steps: int) -> Array:
    w = np.array(surface.start)
    slots = rule.slots(w)
    way = [w.copy()]
    for step in range(steps):
        rule.update(w, surface.gradient(w), slots, rate=rule.rate, step=step)
        way.append(w.copy())
    return np.array(way)
