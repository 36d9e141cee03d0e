"""Examples of a data set in three rows: as they are, augmented, and preprocessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.errors import DataError
from graphspec.inspect.pictures.sheet import QUIET, SMALL, Picture, bare
from graphspec.inspect.pictures.tiles import show_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class ExamplesPicture(Picture):
    """A column an example; ``stages`` has images (N, C, H, W) by what was done to them.

    ``counts`` are the examples of each class by split, for those who read the numbers.
    """

    stages: Mapping[str, Array]
    captions: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    title: str

    def numbers(self) -> dict[str, Any]:
        """The images, and the number of examples of each class by split."""
        return {**self.stages, "counts": {name: dict(of) for name, of in self.counts.items()}}

    def extent(self) -> tuple[float, float]:
        """A row for each stage."""
        columns = len(self.captions)
        return 6.4, 0.5 + len(self.stages) * 6.4 / max(columns, 4) * 1.15

    def draw(self, figure: Figure) -> None:
        """Every stage with its own range of grey.

        Raises:
            DataError: the examples are no images.
        """
        if next(iter(self.stages.values())).ndim != 4:
            raise DataError("these examples are no images: write their numbers with -o data.json")
        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        grid = figure.subplots(len(self.stages), len(self.captions), squeeze=False)
        for row, (stage, images) in zip(grid, self.stages.items(), strict=True):
            for i, axes in enumerate(row):
                show_image(axes, images[i] if images.shape[1] in (1, 3) else images[i][:1])
                bare(axes)
                if stage == next(iter(self.stages)):
                    axes.set_title(self.captions[i], fontsize=SMALL, weight="normal")
            row[0].set_ylabel(stage, fontsize=SMALL, color=QUIET)


def count_table(counts: Mapping[str, Array], classes: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Counts (K,) by split, with the classes' names."""
    return {
        split: {name: int(n) for name, n in zip(classes, of, strict=True)}
        for split, of in counts.items()
        if len(np.atleast_1d(of)) == len(classes)
    }
