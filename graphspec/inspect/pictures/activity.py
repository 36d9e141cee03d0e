"""How active the layers of a network are, as one row a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.inspect.activations import LayerActivity
from graphspec.inspect.pictures.sheet import QUIET, SMALL, Picture, bare, colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class ActivityPicture(Picture):
    """The histogram of every layer's values, and beside it its share of zeros and dead units."""

    found: Mapping[str, LayerActivity]
    title: str

    def numbers(self) -> dict[str, Any]:
        """The figures of every layer."""
        return {
            name: {
                "mean": item.mean,
                "std": item.std,
                "share_of_zeros": item.share_of_zeros,
                "dead": item.dead,
                "saturated": item.saturated,
                "units": len(item.zeros),
                "counts": item.counts,
                "edges": item.edges,
            }
            for name, item in self.found.items()
        }

    def extent(self) -> tuple[float, float]:
        """A row a layer."""
        return 6.4, 0.5 * len(self.found) + 0.6

    def draw(self, figure: Figure) -> None:
        """One small histogram a layer, all as high as their highest bar."""
        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        rows = figure.subplots(len(self.found), 1, squeeze=False)[:, 0]
        for axes, item in zip(rows, self.found.values(), strict=True):
            bare(axes)
            axes.stairs(item.counts, item.edges, fill=True, color=colour(0), alpha=0.85)
            low, high = item.edges[0], item.edges[-1]
            pad = (high - low) or 1.0
            axes.set_xlim(low - 0.55 * pad, high + 0.75 * pad)
            axes.set_ylim(0, max(1, int(np.max(item.counts))) * 1.05)
            axes.axhline(0, color=QUIET, lw=0.6)
            left, right = axes.transAxes, axes.transAxes
            axes.text(0, 0.5, item.id, transform=left, va="center", fontsize=SMALL, weight="bold")
            axes.text(
                1,
                0.5,
                f"{item.share_of_zeros:.0%} zeros, {len(item.dead)} of {len(item.zeros)} dead\n"
                f"{low:.3g} to {high:.3g}",
                transform=right,
                ha="right",
                va="center",
                fontsize=SMALL - 1,
                color=QUIET,
            )
