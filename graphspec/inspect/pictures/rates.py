"""What different learning rates do, as curves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.learning_rate import RateCurve
from graphspec.inspect.pictures.sheet import INK, SMALL, Picture, colour, quiet_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = 3.0
"""How far above the lowest loss the picture reaches, in units of what was gained."""


@dataclass(frozen=True, eq=False)
class RatePicture(Picture):
    """The loss over the learning rate, on a logarithmic scale, with the lowest point marked."""

    curve: RateCurve
    title: str
    start: float | None = None
    """The loss before any step, where that is known."""
    dots: bool = False
    """Whether every rate was tried on its own, rather than one after the other."""

    def numbers(self) -> dict[str, Any]:
        """Rates, losses, and the rate of the smallest loss."""
        return {
            "rate": np.array(self.curve.rates),
            "loss": np.array(self.curve.losses),
            "lowest": self.curve.lowest,
            "start": self.start,
        }

    def draw(self, figure: Figure) -> None:
        """A curve; a rate whose loss was not finite is a cross at the upper edge."""
        axes = figure.add_subplot()
        rates, losses = np.array(self.curve.rates), np.array(self.curve.losses)
        fine = np.isfinite(losses)
        axes.plot(rates[fine], losses[fine], color=colour(0), marker="o" if self.dots else "", ms=4)
        axes.set_xscale("log")
        above = axes.get_xaxis_transform()
        axes.plot(
            rates[~fine], np.full((~fine).sum(), 0.97), "x", color=colour(1), transform=above, ms=6
        )
        if not fine.all():
            axes.text(rates[~fine][0], 0.92, "not finite", color=colour(1), transform=above,
                      fontsize=SMALL, ha="right", va="top")  # fmt: skip
        if self.start is not None:
            axes.axhline(self.start, color=INK, lw=0.8, ls=":")
            axes.annotate(
                f"before the step: {self.start:.4g}", (rates[0], self.start), xytext=(0, 3),
                textcoords="offset points", fontsize=SMALL,
            )  # fmt: skip
        if fine.any():
            self._mark(axes)
        axes.set(title=self.title, xlabel="learning rate", ylabel="loss")
        axes.margins(y=0.16)
        # What a rate gains is small beside what too large a one loses: such a curve leaves above.
        smallest = min(self.curve.losses)
        gain = self.curve.losses[0] - smallest
        if 0 < gain < math.inf and losses[fine].max() > smallest + _SHOWN * gain:
            axes.set_ylim(smallest - 0.4 * gain, smallest + _SHOWN * gain)
        quiet_grid(axes)

    def _mark(self, axes: Axes) -> None:
        lowest, smallest = self.curve.lowest, min(self.curve.losses)
        axes.plot([lowest], [smallest], "o", color=colour(1), ms=6, zorder=3)
        axes.annotate(
            f"lowest {smallest:.4g} at {lowest:.2g}",
            (lowest, smallest),
            xytext=(0, -13),
            textcoords="offset points",
            ha=_side(lowest, np.array(self.curve.rates)),
            color=colour(1),
            fontsize=SMALL,
        )


def _side(rate: float, rates: Array) -> str:
    """Where a label must begin to stay inside the picture."""
    share = np.log(rate / rates[0]) / np.log(rates[-1] / rates[0]) if len(rates) > 1 else 0.5
    return "right" if share > 0.85 else "left" if share < 0.15 else "center"
