"""The weights of a dense layer as a heat map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphspec.inspect.pictures.sheet import DIVERGING, Picture
from graphspec.inspect.pictures.tiles import scale
from graphspec.inspect.weight_matrix import WeightMatrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Beyond this many units their names would lie over each other.
_NAMED = 30


@dataclass(frozen=True, eq=False)
class MatrixPicture(Picture):
    """A row for each unit, a column for each input, white at 0; ``names`` are the units'."""

    found: WeightMatrix
    title: str
    names: tuple[str, ...] = ()

    def numbers(self) -> dict[str, Any]:
        """The matrix, the norms of its rows, and its noise."""
        found = self.found
        numbers = {"matrix": found.matrix, "norms": found.norms, "noise": found.noise}
        return numbers | {"names": list(self.names)}

    def draw(self, figure: Figure) -> None:
        """The matrix as wide as the page."""
        axes = figure.add_subplot()
        matrix = self.found.matrix
        low, high = scale(matrix, centred=True)
        drawn = axes.imshow(matrix, cmap=DIVERGING, vmin=low, vmax=high, aspect="auto")
        axes.set_title(self.title)
        axes.set_xlabel("input")
        axes.set_ylabel("unit")
        if self.names and len(matrix) <= _NAMED:
            axes.set_yticks(range(len(matrix)), self.names)
        bar = figure.colorbar(drawn, ax=axes, pad=0.01, fraction=0.03, aspect=40)
        bar.outline.set_visible(False)
