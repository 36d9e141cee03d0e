"""How large numbers become on their way through a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graphspec.inspect.pictures.sheet import INK, QUIET, SMALL, Picture, colour, quiet_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMED = 24
"""Layers of which every name can still be read."""


@dataclass(frozen=True, eq=False)
class MomentsPicture(Picture):
    """The second moment of what every layer gives, a curve for each initialiser.

    Source: CS231n notes, Neural Networks 2, weight initialization.
    """

    size: ClassVar[tuple[float, float]] = (7.2, 4.2)

    moments: Mapping[str, Mapping[str, float]]
    """By initialiser and layer, in running order."""
    title: str
    start: float | None = None
    """The second moment of the input."""

    def numbers(self) -> dict[str, Any]:
        """The moments, and that of the input."""
        return {"moments": {name: dict(row) for name, row in self.moments.items()},
                "input": self.start}  # fmt: skip

    def draw(self, figure: Figure) -> None:
        """Curves on a logarithmic scale, named at their ends; a moment of zero ends a curve."""
        axes = figure.add_subplot()
        layers = list(next(iter(self.moments.values())))
        places = np.arange(1, len(layers) + 1)
        ends = []
        for i, (name, row) in enumerate(self.moments.items()):
            values = np.array([row[layer] for layer in layers])
            values = np.where((values > 0) & np.isfinite(values), values, np.nan)
            axes.plot(places, values, color=colour(i), marker=".", ms=4)
            if np.isfinite(values).any():
                last = int(np.flatnonzero(np.isfinite(values))[-1])
                ends.append((float(np.log10(values[last])), places[last], name, colour(i)))
            else:
                ends.append((-np.inf, 1, f"{name} (zero or not finite)", colour(i)))
        axes.set_yscale("log")
        if self.start is not None and self.start > 0:
            axes.axhline(self.start, color=INK, lw=0.8, ls=":")
            axes.text(1, self.start, "input ", transform=axes.get_yaxis_transform(), ha="right",
                      va="bottom", fontsize=SMALL, color=QUIET)  # fmt: skip
        low, high = axes.get_ylim()
        height = np.log10(high) - np.log10(low)
        at = np.inf
        # From the top down, each name at least a line below the one before it.
        for end, place, name, hue in sorted(ends, reverse=True):
            at = min(at - 0.055 * height, max(end, np.log10(low)))
            axes.annotate(
                name, (place, 10.0**at), xytext=(7, 0), textcoords="offset points", color=hue,
                fontsize=SMALL, va="center", annotation_clip=False,
            )  # fmt: skip
        axes.set_xlim(0.5, len(layers) + max(1.5, 0.13 * len(layers)))
        if len(layers) <= _NAMED:
            axes.set_xticks(places, layers, rotation=60, ha="right", rotation_mode="anchor")
        else:
            axes.set_xlabel("layer, in running order")
        axes.set(title=self.title, ylabel="mean of y²")
        quiet_grid(axes, "y")
