"""Which classes are taken for which: a matrix with a row a class and a column an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import INK, MAP, SMALL, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Beyond this many classes a number does not fit into its cell.
_NUMBERED = 20


@dataclass(frozen=True, eq=False)
class ConfusionPicture(Picture):
    """Counts (K, K) of examples by class and by answer, coloured by their share of the row."""

    counts: Array
    names: Sequence[str]
    title: str

    def numbers(self) -> dict[str, Any]:
        """The counts and the classes."""
        return {"counts": self.counts, "classes": list(self.names)}

    def extent(self) -> tuple[float, float]:
        """Square, and larger for more classes."""
        side = min(max(0.42 * len(self.names), 3.0), 9.0) + 1.2
        return side, side

    def draw(self, figure: Figure) -> None:
        """The cells, with their counts where there is room."""
        axes = figure.add_subplot()
        shares = self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap=MAP, vmin=0, vmax=1)
        places = range(len(self.names))
        axes.set_xticks(places, self.names, rotation=45, ha="right")
        axes.set_yticks(places, self.names)
        axes.set_xlabel("answer")
        axes.set_ylabel("class")
        axes.set_title(self.title)
        if len(self.names) > _NUMBERED:
            return
        for (row, column), count in np.ndenumerate(self.counts):
            if count:
                colour = INK if shares[row, column] > 0.6 else "white"
                axes.text(
                    column, row, f"{count}", ha="center", va="center", color=colour, fontsize=SMALL
                )
