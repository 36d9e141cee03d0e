"""What preprocessing does to points in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import QUIET, Picture, colour
from graphspec.recipe.preprocess.base import PreprocessStep
from graphspec.recipe.preprocess.mean import Mean
from graphspec.recipe.preprocess.pca import Pca
from graphspec.recipe.preprocess.pipeline import Pipeline
from graphspec.recipe.preprocess.std import Std
from graphspec.recipe.preprocess.whiten import Whiten

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Chain = tuple[str, tuple[PreprocessStep, ...]]
ROWS: tuple[tuple[Chain, ...], ...] = (
    (("original data", ()), ("zero-centred", (Mean(),)), ("normalised", (Mean(), Std()))),
    (("original data", ()), ("decorrelated", (Pca(),)), ("whitened", (Whiten(),))),
)
"""The two pictures of the notes: subtract the mean, divide by the deviation; rotate, and whiten."""


@dataclass(frozen=True, eq=False)
class PreprocessingPicture(Picture):
    """The same points before and after several chains of steps, a panel for each.

    Source: CS231n notes, Neural Networks 2, data preprocessing.
    """

    panels: tuple[tuple[tuple[str, Array], ...], ...]
    """Rows of (title, points)."""

    def extent(self) -> tuple[float, float]:
        """A square for each panel."""
        return 2.7 * len(self.panels[0]), 2.9 * len(self.panels)

    def numbers(self) -> dict[str, Any]:
        """The points of every panel by its title."""
        return {title: points for row in self.panels for title, points in row}

    def draw(self, figure: Figure) -> None:
        """One scale for all panels, with both axes through zero."""
        from matplotlib.ticker import MaxNLocator

        grid = figure.subplots(len(self.panels), len(self.panels[0]), squeeze=False)
        reach = 1.05 * max(np.abs(points).max() for row in self.panels for _, points in row)
        ticks = [tick for tick in MaxNLocator(4).tick_values(-reach, reach) if abs(tick) < reach]
        for line, row in zip(grid, self.panels, strict=True):
            for axes, (title, points) in zip(line, row, strict=True):
                axes.axhline(0, color=QUIET, lw=0.7)
                axes.axvline(0, color=QUIET, lw=0.7)
                axes.scatter(points[:, 0], points[:, 1], s=7, color=colour(0), alpha=0.5, lw=0)
                axes.set(title=title, xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
                axes.spines[["left", "bottom"]].set_visible(False)
                axes.tick_params(length=0)
                axes.set(xticks=ticks, yticks=ticks)


def cloud(count: int = 400, *, seed: int = 0) -> Array:
    """Points whose two numbers go together, away from zero: (count, 2)."""
    rng = np.random.default_rng(seed)
    slanted = rng.normal(size=(count, 2)) @ np.array([[1.6, 0.9], [0.0, 0.5]])
    return np.asarray(slanted + np.array([1.8, 1.2]))


def preprocessing_picture(
    points: Array, rows: Sequence[Sequence[Chain]] = ROWS
) -> PreprocessingPicture:
    """Fit every chain to the points and apply it to them, as training does.

    Args:
        points: (N, 2).
        rows: chains of steps by the title of their panel, row by row.

    Raises:
        DataError: a step does not suit the points.
    """
    panels = tuple(
        tuple(
            (title, Pipeline.fit(steps, points).apply(points, np.float64)) for title, steps in row
        )
        for row in rows
    )
    return PreprocessingPicture(panels)
