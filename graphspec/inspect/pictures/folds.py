"""Cross-validation: what every fold says of every choice, their mean, and their spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import Picture, colour, quiet_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TICKS = 8
"""Choices of which each can be written below the axis."""


@dataclass(frozen=True, eq=False)
class FoldsPicture(Picture):
    """A point for each fold, a line through the means, and bars of one standard deviation.

    Source: CS231n notes, Image Classification, cross-validation.
    """

    choices: Array
    """What was tried, such as the numbers of neighbours (K,)."""
    accuracies: Array
    """(K, folds)."""
    title: str
    along: str = "k, the number of neighbours"

    @property
    def means(self) -> Array:
        """The mean over the folds."""
        return np.asarray(self.accuracies.mean(axis=1))

    @property
    def stds(self) -> Array:
        """√(Σ(a − ā)²/folds)."""
        return np.asarray(self.accuracies.std(axis=1))

    def numbers(self) -> dict[str, Any]:
        """The points, their means and standard deviations."""
        return {
            "k": self.choices,
            "points": self.accuracies,
            "mean": self.means,
            "std": self.stds,
        }

    def draw(self, figure: Figure) -> None:
        """The points faintly, the line and its bars over them, the best mean marked."""
        axes = figure.add_subplot()
        folds = self.accuracies.shape[1]
        axes.plot(
            np.repeat(self.choices, folds),
            self.accuracies.ravel(),
            "o",
            color=colour(5),
            ms=4,
            label=f"each of {folds} folds",
        )
        axes.errorbar(
            self.choices,
            self.means,
            yerr=self.stds,
            color=colour(0),
            capsize=3,
            lw=1.4,
            label="mean ± one standard deviation",
        )
        best = int(self.means.argmax())
        axes.plot(self.choices[best], self.means[best], "o", color=colour(1), ms=6, zorder=5)
        axes.annotate(
            f"k = {self.choices[best]}: {self.means[best]:.4f}",
            (self.choices[best], self.means[best]),
            xytext=(7, 7),
            textcoords="offset points",
            color=colour(1),
        )
        axes.set(title=self.title, xlabel=self.along, ylabel="accuracy")
        axes.margins(y=0.12)
        if len(self.choices) <= _TICKS:
            axes.set_xticks(self.choices)
        axes.legend(loc="lower left")
        quiet_grid(axes)
