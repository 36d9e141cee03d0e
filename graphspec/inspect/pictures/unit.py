"""The arithmetic of one unit as pictures: patch × weights = products, which are summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphspec.engines.base import Array
from graphspec.inspect.pictures.column import Column
from graphspec.inspect.pictures.sheet import Picture
from graphspec.inspect.pictures.tiles import Tiles
from graphspec.inspect.unit import UnitSum

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class UnitPicture(Picture):
    """What a unit reads, what it multiplies that by, and the products; a tile for each channel."""

    found: UnitSum
    title: str

    def numbers(self) -> dict[str, Any]:
        """Patch, weights, products, bias and activation."""
        found = self.found
        return {
            "patch": found.patch,
            "weight": found.weight,
            "products": found.products,
            "bias": found.bias,
            "activation": found.activation,
        }

    @property
    def _column(self) -> Column:
        found = self.found
        total = float(found.products.sum())
        words = f"= products; Σ {total:.4g} + bias {found.bias:.4g} = {found.activation:.4g}"
        return Column(
            {
                "patch": Tiles(_tiles(found.patch), f"{self.title}, what it reads"),
                "weight": Tiles(_tiles(found.weight), "× weights", centred=True),
                "products": Tiles(_tiles(found.products), words, centred=True),
            }
        )

    def extent(self) -> tuple[float, float]:
        """Of the three below each other."""
        return self._column.extent()

    def draw(self, figure: Figure) -> None:
        """Each in a row of its own."""
        self._column.draw(figure)


def _tiles(values: Array) -> Array:
    return values if values.ndim == 3 else values.reshape(1, 1, -1)
