"""Codes of examples as points in the plane, a colour a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import INK, LABEL, Picture, bare

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# matplotlib's map of twenty colours: more classes than a palette for colour-blind people holds, so
# that each class is also named where its points lie.
_MAP = "tab20"
_WIDE = 5.6


@dataclass(frozen=True, eq=False)
class CodesPicture(Picture):
    """Points (N, 2) with their labels (N,)."""

    points: Array
    labels: Array
    names: Sequence[str]
    title: str

    def numbers(self) -> dict[str, Any]:
        """The points and their labels."""
        return {"points": self.points, "labels": self.labels, "names": list(self.names)}

    def extent(self) -> tuple[float, float]:
        """As high as the points are, within reason."""
        width, height = np.ptp(self.points, axis=0)
        return _WIDE, _WIDE * min(max(height / (width or 1.0), 0.4), 1.2) + 0.4

    def draw(self, figure: Figure) -> None:
        """The points, and each class's name at their median."""
        from matplotlib import colormaps

        axes = figure.add_subplot()
        for k in np.unique(self.labels):
            own = self.points[self.labels == k]
            colour = colormaps[_MAP]((2 * int(k) % 20 + int(k) // 10 % 2) / 19.999)
            axes.scatter(
                own[:, 0], own[:, 1], s=5, color=colour, alpha=0.8, linewidths=0, rasterized=True
            )
            axes.annotate(
                self.names[int(k)],
                np.median(own, axis=0),
                ha="center",
                va="center",
                color=INK,
                fontsize=LABEL,
                weight="bold",
                bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none", "alpha": 0.75},
            )
        axes.set_title(self.title)
        axes.set_aspect("equal")
        bare(axes)
