"""Many small images on one sheet: the maps of a layer, or its filters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import DIVERGING, MAP, QUIET, SMALL, Picture, bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDE = 6.4
# Beyond this many, tiles are too small for a title each.
_TITLED = 40


@dataclass(frozen=True, eq=False)
class Tiles(Picture):
    """Images (F, h, w), or (F, h, w, 3) in colour from 0 to 1, in as many rows as look square.

    ``centred`` maps numbers to colours with white at 0, as weights want it; else the lowest of
    all is darkest. All tiles share one scale, so that they can be compared. ``beside`` is a
    picture to show on the left, such as the image that the maps come from.
    """

    images: Array
    title: str
    names: tuple[str, ...] = ()
    centred: bool = False
    beside: Array | None = None

    def numbers(self) -> dict[str, Any]:
        """The images as they were given."""
        return {"images": self.images, "names": list(self.names)}

    @property
    def _columns(self) -> int:
        return max(1, math.ceil(math.sqrt(len(self.images) * 1.4)))

    def extent(self) -> tuple[float, float]:
        """As high as the rows need."""
        rows = -(-len(self.images) // self._columns)
        height, width = self.images.shape[1:3]
        bar = 0.55 if self.images.ndim == 3 else 0.0
        tile = (_WIDE - (1.6 if self.beside is not None else 0) - bar) / self._columns
        label = 0.16 if self._titled else 0.0
        return _WIDE, min(max(rows * (tile * height / width + label) + 0.4, 1.6), 12.0)

    @property
    def _titled(self) -> bool:
        return bool(self.names) and len(self.images) <= _TITLED

    def draw(self, figure: Figure) -> None:
        """The tiles, and a bar for their scale where they are not in colour."""
        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        area: Any = figure
        if self.beside is not None:
            parts: Any = figure.subfigures(1, 2, width_ratios=(1.6, _WIDE - 1.6))
            area = parts[1]
            axes = parts[0].subplots()
            show_image(axes, self.beside)
            bare(axes)
        columns = self._columns
        rows = -(-len(self.images) // columns)
        grid = area.subplots(rows, columns, squeeze=False)
        low, high = scale(self.images, centred=self.centred)
        drawn = None
        for i, axes in enumerate(grid.flat):
            bare(axes)
            if i >= len(self.images):
                axes.set_visible(False)
                continue
            drawn = axes.imshow(
                self.images[i],
                cmap=DIVERGING if self.centred else MAP,
                vmin=low,
                vmax=high,
                interpolation="nearest",
            )
            if self._titled:
                axes.set_title(self.names[i], fontsize=SMALL - 2, weight="normal", color=QUIET)
        if drawn is not None and self.images.ndim == 3:
            bar = area.colorbar(drawn, ax=grid, pad=0.01, fraction=0.03, aspect=40)
            bar.outline.set_visible(False)


def scale(images: Array, *, centred: bool) -> tuple[float, float]:
    """The numbers that the ends of the colours stand for."""
    low, high = float(np.nanmin(images)), float(np.nanmax(images))
    if centred:
        high = max(abs(low), abs(high)) or 1.0
        low = -high
    return (low, high) if high > low else (low, low + 1.0)


def in_colour(images: Array) -> Array:
    """Filters (F, 3, h, w) as colour images (F, h, w, 3): grey is 0, on one scale for all."""
    largest = float(np.abs(images).max()) or 1.0
    return np.moveaxis(0.5 + 0.5 * images / largest, 1, -1)


def show_image(axes: Axes, image: Array) -> None:
    """An image (C, H, W) of any range as people know it: grey, or in colour."""
    low, high = float(image.min()), float(image.max())
    shown = (image - low) / (high - low) if high > low else np.zeros_like(image, np.float64)
    if len(image) == 3:
        axes.imshow(np.moveaxis(shown, 0, -1), interpolation="nearest")
    else:
        axes.imshow(shown[0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
