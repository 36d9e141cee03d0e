"""Pictures of one kind below each other, one for each of several examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphspec.inspect.pictures.sheet import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Column(Picture):
    """One picture below the other, by what each is of."""

    pictures: dict[str, Picture]

    def numbers(self) -> dict[str, Any]:
        """The numbers of each by its place from 0, with what it is of as ``example``."""
        return {
            str(i): {"example": name, **picture.numbers()}
            for i, (name, picture) in enumerate(self.pictures.items())
        }

    def extent(self) -> tuple[float, float]:
        """As wide as the widest, and as high as all of them."""
        sizes = [picture.extent() for picture in self.pictures.values()]
        return max(width for width, _ in sizes), sum(height for _, height in sizes)

    def draw(self, figure: Figure) -> None:
        """Each in a row of its own."""
        heights = [picture.extent()[1] for picture in self.pictures.values()]
        rows: Any = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
        for row, picture in zip(rows[:, 0], self.pictures.values(), strict=True):
            picture.draw(row)


def below_each_other(pictures: dict[str, Picture]) -> Picture:
    """The only picture there is, or a column of several."""
    return next(iter(pictures.values())) if len(pictures) == 1 else Column(pictures)
