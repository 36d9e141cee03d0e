"""How the error of a numeric gradient depends on its step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.inspect.gradient_check import StepSweep
from graphspec.inspect.pictures.sheet import SMALL, Picture, colour, quiet_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class SweepPicture(Picture):
    """The error over the step, both logarithmic: a U, with its lowest point marked."""

    sweep: StepSweep
    title: str

    def numbers(self) -> dict[str, Any]:
        """Steps, errors, and the best step."""
        return {
            "h": np.array(self.sweep.steps),
            "error": np.array(self.sweep.errors),
            "best": self.sweep.best,
        }

    def draw(self, figure: Figure) -> None:
        """A curve with a dot for each step."""
        axes = figure.add_subplot()
        errors = np.array(self.sweep.errors)
        shown = np.where(errors > 0, errors, np.nan)
        axes.loglog(self.sweep.steps, shown, color=colour(0), marker="o", ms=4)
        best, lowest = self.sweep.best, min(self.sweep.errors)
        axes.plot([best], [lowest], "o", color=colour(1), ms=6, zorder=3)
        axes.annotate(
            f"best h = {best:.0e}: {lowest:.1e}",
            (best, lowest),
            xytext=(0, -14),
            textcoords="offset points",
            ha="center",
            color=colour(1),
            fontsize=SMALL,
        )
        axes.set(title=self.title, xlabel="step h", ylabel="relative error")
        axes.margins(y=0.15)
        quiet_grid(axes)
