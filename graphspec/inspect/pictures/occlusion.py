"""Where on an image a network looks: the occlusion map over the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphspec.engines.base import Array
from graphspec.inspect.occlusion import Occlusion
from graphspec.inspect.pictures.sheet import MAP, QUIET, SMALL, Picture, bare
from graphspec.inspect.pictures.tiles import show_image

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class OcclusionPicture(Picture):
    """The image, and for each class asked for a map of its probability, dark where it falls.

    A point of the map is the middle of the occluder. ``log_odds`` draws the fall of the log-odds
    instead, bright where it is large.
    """

    found: Occlusion
    classes: tuple[int, ...]
    names: Sequence[str]
    title: str
    log_odds: bool = False
    opacity: float = 0.75

    def numbers(self) -> dict[str, Any]:
        """The probabilities of the classes, uncovered and by position, and the positions."""
        found = self.found
        return {
            "classes": [self.names[k] for k in self.classes],
            "tops": found.tops,
            "lefts": found.lefts,
            "size": list(found.size),
            "whole": found.whole[list(self.classes)],
            "covered": found.covered[list(self.classes)],
            "log_odds_drop": np.stack([found.log_odds_drop(k) for k in self.classes]),
        }

    def extent(self) -> tuple[float, float]:
        """A square for the image and one for each class."""
        return 2.0 + 2.5 * len(self.classes), 2.7

    def draw(self, figure: Figure) -> None:
        """The image, then the maps laid over it."""
        figure.suptitle(self.title, x=0.01, ha="left", weight="bold")
        panels = figure.subplots(1, 1 + len(self.classes), squeeze=False)[0]
        image = self.found.image
        show_image(panels[0], image)
        bare(panels[0])
        height, width = self.found.size
        caption = f"occluder {height}×{width}"
        panels[0].set_title(caption, fontsize=SMALL, weight="normal", color=QUIET)
        left, top = self.found.lefts[0] - 0.5, self.found.tops[0] - 0.5
        panels[0].add_patch(_rectangle(left, top, width, height))
        for axes, class_ in zip(panels[1:], self.classes, strict=True):
            values = self._values(class_)
            show_image(axes, image)
            drawn = axes.imshow(
                values,
                cmap=MAP,
                alpha=self.opacity,
                extent=self._extent(),
                interpolation="nearest",
            )
            axes.set_xlim(-0.5, image.shape[2] - 0.5)
            axes.set_ylim(image.shape[1] - 0.5, -0.5)
            bare(axes)
            whole = self.found.whole[class_]
            axes.set_title(f"{self.names[class_]}: {whole:.1%} uncovered", fontsize=SMALL)
            bar = figure.colorbar(drawn, ax=axes, pad=0.02, fraction=0.046)
            bar.outline.set_visible(False)
            bar.set_label("fall of the log-odds" if self.log_odds else "probability")

    def _values(self, class_: int) -> Array:
        if self.log_odds:
            return self.found.log_odds_drop(class_)
        return np.asarray(self.found.covered[class_])

    def _extent(self) -> tuple[float, float, float, float]:
        """The edges of the map on the image: its cells lie around the occluder's middles."""
        (height, width), tops, lefts = self.found.size, self.found.tops, self.found.lefts
        down = tops[1] - tops[0] if len(tops) > 1 else height
        right = lefts[1] - lefts[0] if len(lefts) > 1 else width
        top, left = tops[0] + (height - 1 - down) / 2, lefts[0] + (width - 1 - right) / 2
        return left, left + right * len(lefts), top + down * len(tops), top


def _rectangle(left: float, top: float, width: float, height: float) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((left, top), width, height, fill=False, ec="#d55e00", lw=1.4)
