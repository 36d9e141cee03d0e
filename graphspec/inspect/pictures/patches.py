"""The images that a unit answers to most, each with the box of what it saw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import SMALL, Picture, bare
from graphspec.inspect.pictures.tiles import show_image
from graphspec.inspect.top_patches import Patch

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class PatchPicture(Picture):
    """Images (N, C, H, W) with their patches, strongest first."""

    images: Array
    patches: tuple[Patch, ...]
    title: str

    def numbers(self) -> dict[str, Any]:
        """Which examples, how strong, where, and the boxes."""
        return {
            "examples": [patch.example for patch in self.patches],
            "values": [patch.value for patch in self.patches],
            "places": [list(patch.place) for patch in self.patches],
            "boxes": [list(patch.box or ()) for patch in self.patches],
        }

    def extent(self) -> tuple[float, float]:
        """As high as the rows need."""
        columns = self._columns
        rows = -(-len(self.patches) // columns)
        return 1.6 * columns, 1.8 * rows + 0.4

    @property
    def _columns(self) -> int:
        return max(2, math.ceil(math.sqrt(len(self.patches))))

    def draw(self, figure: Figure) -> None:
        """Each image with its box, and its answer above."""
        from matplotlib.patches import Rectangle

        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        columns = self._columns
        grid = figure.subplots(-(-len(self.patches) // columns), columns, squeeze=False)
        for i, axes in enumerate(grid.flat):
            bare(axes)
            if i >= len(self.patches):
                axes.set_visible(False)
                continue
            patch = self.patches[i]
            show_image(axes, self.images[i])
            axes.set_title(f"{patch.value:.3g}  (no. {patch.example})", fontsize=SMALL - 1)
            if patch.box is not None:
                top, left, bottom, right = patch.box
                corner = (left - 0.5, top - 0.5)
                axes.add_patch(
                    Rectangle(corner, right - left, bottom - top, fill=False, ec="#e69f00", lw=1.8)
                )
