"""Points in the plane, on the ground of what a classifier answers there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import INK, QUIET, SMALL, Picture, bare, colour, mixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TIE = "#ffffff"
"""The ground where two classes have equally many votes: that of no class."""
_GROUND = 0.35


@dataclass(frozen=True, eq=False)
class Ground:
    """The answers on a grid: ``labels`` (rows, columns), the lowest ordinate first.

    ``ties`` is true where no class has more votes than all others; None where there are no votes.
    """

    title: str
    labels: Array
    abscissae: Array
    ordinates: Array
    ties: Array | None = None
    note: str = ""

    def numbers(self) -> dict[str, Any]:
        """The grid and its answers."""
        return {
            "labels": self.labels,
            "ties": np.zeros(self.labels.shape, bool) if self.ties is None else self.ties,
            "x": self.abscissae,
            "y": self.ordinates,
        }

    def colours(self) -> Array:
        """The colour of every cell, (rows, columns, 3): a tint for each class, white for ties."""
        classes = int(self.labels.max()) + 1
        tints = np.array([mixed(i, _GROUND) for i in range(classes)])
        picture = tints[self.labels]
        if self.ties is not None:
            picture[self.ties] = 1.0
        return np.asarray(picture)


@dataclass(frozen=True, eq=False)
class RegionsPicture(Picture):
    """Panels side by side: the points alone, and the regions of several classifiers."""

    title: str
    points: Array
    """(N, 2)."""
    labels: Array
    grounds: tuple[Ground, ...]
    classes: tuple[str, ...] = ()
    columns: int = 3
    alone: bool = True
    """Whether the first panel shows the points without a ground."""

    def extent(self) -> tuple[float, float]:
        """A square for each panel."""
        panels = len(self.grounds) + self.alone
        columns = min(panels, self.columns)
        return 2.9 * columns + 0.1, 3.2 * -(-panels // columns) + 0.3

    def numbers(self) -> dict[str, Any]:
        """The points, and every grid by its title."""
        grounds: Mapping[str, Any] = {ground.title: ground.numbers() for ground in self.grounds}
        return {"points": self.points, "labels": self.labels, "regions": grounds}

    def draw(self, figure: Figure) -> None:
        """Every panel with the same points and the same limits."""
        panels = len(self.grounds) + self.alone
        columns = min(panels, self.columns)
        grid = figure.subplots(-(-panels // columns), columns, squeeze=False).ravel()
        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        for axes in grid[panels:]:
            axes.set_visible(False)
        if self.alone:
            _points(grid[0], self.points, self.labels)
            grid[0].set_title("the data", weight="normal")
        for axes, ground in zip(grid[int(self.alone) :], self.grounds, strict=False):
            paint(axes, ground)
            _points(axes, self.points, self.labels)
            axes.set_title(ground.title, weight="normal")
            if ground.note:
                axes.set_xlabel(ground.note, fontsize=SMALL, color=QUIET)
        first = self.grounds[0]
        for axes in grid[:panels]:
            bare(axes)
            axes.set_aspect("equal")
            axes.set_xlim(*_edges(first.abscissae)[[0, -1]])
            axes.set_ylim(*_edges(first.ordinates)[[0, -1]])
        if any(ground.ties is not None and ground.ties.any() for ground in self.grounds):
            figure.supxlabel("white: two classes have the same number of votes", fontsize=SMALL)


def paint(axes: Axes, ground: Ground) -> None:
    """Fill every cell with its colour."""
    x, y = _edges(ground.abscissae), _edges(ground.ordinates)
    axes.imshow(
        ground.colours(),
        origin="lower",
        extent=(x[0], x[-1], y[0], y[-1]),
        interpolation="nearest",
        aspect="auto",
    )


def _points(axes: Axes, points: Array, labels: Array) -> None:
    for label in np.unique(labels):
        chosen = points[labels == label]
        axes.scatter(
            chosen[:, 0],
            chosen[:, 1],
            s=9,
            color=colour(int(label)),
            edgecolors=INK,
            linewidths=0.3,
        )


def _edges(middles: Array) -> Array:
    """Where cells begin and end, from their middles."""
    half = (middles[1] - middles[0]) / 2
    return np.append(middles - half, middles[-1] + half)
