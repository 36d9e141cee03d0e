"""Histograms over time, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.inspect.over_time import Histogram, LayerHistograms
from graphspec.inspect.pictures.sheet import QUIET, SMALL, Picture, colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class HistoryPicture(Picture):
    """Activations, gradients and weights of a layer by the step of the checkpoint."""

    title: str
    moments: Mapping[int, LayerHistograms]

    def _kinds(self) -> dict[str, dict[int, Histogram]]:
        kinds: dict[str, dict[int, Histogram]] = {}
        for step, moment in sorted(self.moments.items()):
            for kind in ("values", "gradients", "weights"):
                found = getattr(moment, kind)
                if found is not None:
                    kinds.setdefault(kind, {})[step] = found
        return kinds

    def numbers(self) -> dict[str, Any]:
        """Counts and edges by kind and step."""
        return {
            kind: {
                str(step): {"counts": item.counts, "edges": item.edges}
                for step, item in steps.items()
            }
            for kind, steps in self._kinds().items()
        }

    def draw(self, figure: Figure) -> None:
        """A column a kind; the newest in front."""
        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        kinds = self._kinds()
        names = {"values": "activations", "gradients": "gradients", "weights": "weights"}
        columns = figure.subplots(1, len(kinds), squeeze=False)[0]
        for axes, (kind, steps) in zip(columns, kinds.items(), strict=True):
            axes.set_title(names[kind])
            _ridge(axes, steps)
        columns[0].set_ylabel("step", color=QUIET, fontsize=SMALL)


def _ridge(axes: Axes, steps: Mapping[int, Histogram]) -> None:
    count = len(steps)
    for i, item in enumerate(steps.values()):
        density = item.counts / np.maximum(np.diff(item.edges), 1e-30)
        height = np.sqrt(density / (density.max() or 1.0)) * (1.6 if count > 1 else 0.9)
        base = float(count - 1 - i)
        axes.fill_between(
            np.repeat(item.edges, 2)[1:-1],
            base,
            base + np.repeat(height, 2),
            facecolor="white",
            edgecolor=colour(0),
            linewidth=1.0,
            zorder=i + 1,
        )
    axes.set_yticks([count - 1.0 - i for i in range(count)], [str(step) for step in steps])
    axes.tick_params(length=0, labelsize=SMALL)
