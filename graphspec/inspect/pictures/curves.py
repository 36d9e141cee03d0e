"""Curves of one or many runs over each other: what a chart of the studio shows, for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphspec.engines.base import Array
from graphspec.inspect.pictures.sheet import QUIET, SMALL, Picture, colour, quiet_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.", (0, (6, 2, 1, 2, 1, 2)))
_FAINT = 0.25
_HALF, _WHOLE = 46, 100
"""Letters of the legend for which half the width, or all of it, is enough."""
_MARK_ROWS, _MARKS_TOLD = 4, 8
"""Of more marks, none is told in words: they would stand on each other."""
_ROW = 0.18
"""Inches of a row of the legend."""


@dataclass(frozen=True, eq=False)
class Line:
    """A curve ``y`` (N,) over ``x`` (N,), with its place in the palette and among the dashes.

    ``behind`` are the points (x, y) that it is the running mean of, drawn faintly; None where it is
    drawn as it is.
    """

    name: str
    x: Array
    y: Array
    colour: int
    dash: int = 0
    behind: tuple[Array, Array] | None = None


class CurvesPicture(Picture):
    """Every line is in the legend, below the axes; changes made on the way are dotted lines.

    Args:
        lines: the curves.
        title: what they are of.
        x_label: what the x axis counts.
        marks: where something was changed, in a word what, and its run's place in the palette.
        log: whether the x axis and the y axis are logarithmic.
        view: the ranges of x and y that are shown; None shows everything.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        title: str,
        x_label: str,
        *,
        marks: Sequence[tuple[float, str, int]] = (),
        log: tuple[bool, bool] = (False, False),
        view: tuple[tuple[float, float], tuple[float, float]] | None = None,
    ) -> None:
        self.lines, self.title, self.x_label = tuple(lines), title, x_label
        self.marks, self.log, self.view = tuple(marks), log, view

    def extent(self) -> tuple[float, float]:
        """Higher, the more lines there are to be named."""
        width, height = self.size
        return width, height + _ROW * -(-len(self.lines) // self._columns)

    @property
    def _columns(self) -> int:
        return 1 if any(len(line.name) > _HALF for line in self.lines) else 2

    def draw(self, figure: Figure) -> None:
        """Draw the faint points first, so that every line is above them."""
        axes = figure.subplots()
        quiet_grid(axes)
        for line in self.lines:
            if line.behind is not None:
                axes.plot(*line.behind, color=colour(line.colour), alpha=_FAINT, linewidth=0.8)
        for line in self.lines:
            dashes = _DASHES[line.dash % len(_DASHES)]
            # By itself a line through one point is not seen.
            axes.plot(
                line.x, line.y, linestyle=dashes, color=colour(line.colour), linewidth=1.3,
                label=_short(line.name), marker="o" if len(line.x) == 1 else "", markersize=3,
            )  # fmt: skip
        marks = [mark for mark in self.marks if mark[0] > 0 or not self.log[0]]
        for i, (x, words, place) in enumerate(marks):
            axes.axvline(x, color=colour(place), linestyle=":", linewidth=1.0)
            if len(marks) > _MARKS_TOLD:
                continue
            axes.annotate(
                words, (x, 1.0 - (i % _MARK_ROWS) / _MARK_ROWS), (-2, -2),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points", rotation=90, ha="right", va="top",
                fontsize=SMALL, color=QUIET,
            )  # fmt: skip
        axes.set_title(self.title)
        axes.set_xlabel(self.x_label)
        axes.set_xscale("log" if self.log[0] else "linear")
        axes.set_yscale("log" if self.log[1] else "linear")
        if self.view is not None:
            axes.set_xlim(*self.view[0])
            axes.set_ylim(*self.view[1])
        if self.lines:
            figure.legend(loc="outside lower left", ncols=self._columns)

    def numbers(self) -> dict[str, Any]:
        """The points of each curve by its name; smoothed where that is what is shown."""
        return {line.name: {self.x_label: line.x, "value": line.y} for line in self.lines}


def _short(name: str) -> str:
    """A name without its middle where there is no room: its end tells it from others."""
    half = _WHOLE // 2
    return name if len(name) <= _WHOLE else f"{name[: half - 1]}…{name[-half:]}"
