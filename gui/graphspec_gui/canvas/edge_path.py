"""The lines that edges are drawn along, and how much of a long one is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from math import ceil

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

PIECE = 512.0
"""A line is cut into pieces about as long as this, in scene units."""
_BEND = 12.0
_WIDE = 8.0
"""How far beside its path a pen still draws, in scene units."""


class EdgePath:
    """A path that is drawn as far as it can be seen.

    A stroke takes the time of the whole path even where next to nothing of it can be seen: a
    millisecond for a curve across 30 nodes, of which a pan shows a strip of 10 pixels. So it is
    cut into pieces, and those in sight are drawn as one line. What it looks like does not depend
    on how much of it is drawn, for the pieces are always the same.

    Args:
        path: one line without gaps.
    """

    def __init__(self, path: QPainterPath) -> None:
        self.whole = path
        self._pieces: list[tuple[QRectF, QPainterPath]] | None = None

    def seen(self, part: QRectF) -> Iterator[QPainterPath]:
        """The lines that show what of it lies in a part of the scene."""
        if self._pieces is None:
            self._pieces = [(_reach(piece), piece) for piece in _cut(self.whole)]
        for there, run in groupby(self._pieces, lambda entry: entry[0].intersects(part)):
            if there:
                yield _joined([piece for _, piece in run])


def rounded(points: Sequence[QPointF]) -> QPainterPath:
    """A line along points, with round corners."""
    path = QPainterPath(points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = corner - before, after - corner
        one, two = _length(into), _length(out)
        bend = min(_BEND, one / 2, two / 2)
        if bend < 1:
            path.lineTo(corner)
            continue
        path.lineTo(corner - into * (bend / one))
        path.quadTo(corner, corner + out * (bend / two))
    path.lineTo(points[-1])
    return path


def flowing(start: QPointF, end: QPointF) -> QPainterPath:
    """A curve that leaves downwards and arrives from above."""
    path = QPainterPath(start)
    if abs(start.x() - end.x()) < 0.5 and end.y() > start.y():
        path.lineTo(end)
        return path
    reach = max(28.0, min(160.0, abs(end.y() - start.y()) / 2))
    path.cubicTo(start + QPointF(0, reach), end - QPointF(0, reach), end)
    return path


def _cut(path: QPainterPath) -> Iterator[QPainterPath]:
    """The pieces of a path: straight lines, and curves by de Casteljau's construction."""
    elements = [path.elementAt(index) for index in range(path.elementCount())]
    at, index = QPointF(elements[0].x, elements[0].y), 1
    while index < len(elements):
        taken = 3 if elements[index].isCurveTo() else 1
        points = [at, *(QPointF(e.x, e.y) for e in elements[index : index + taken])]
        across = sum(_length(b - a) for a, b in pairwise(points))
        for left in range(max(1, ceil(across / PIECE)), 0, -1):
            first, points = _split(points, 1 / left)
            piece = QPainterPath(first[0])
            if taken == 3:
                piece.cubicTo(*first[1:])
            else:
                piece.lineTo(first[1])
            yield piece
        at, index = points[0], index + taken


def _split(points: list[QPointF], share: float) -> tuple[list[QPointF], list[QPointF]]:
    """The control points of the first share of a Bézier curve, and those of the rest."""
    first, rest = [points[0]], [points[-1]]
    while len(points) > 1:
        points = [a + (b - a) * share for a, b in pairwise(points)]
        first.append(points[0])
        rest.append(points[-1])
    return first, rest[::-1]


def _joined(pieces: Sequence[QPainterPath]) -> QPainterPath:
    if len(pieces) == 1:
        return pieces[0]
    path = QPainterPath(pieces[0])
    for piece in pieces[1:]:
        path.connectPath(piece)
    return path


def _reach(piece: QPainterPath) -> QRectF:
    return piece.controlPointRect().adjusted(-_WIDE, -_WIDE, _WIDE, _WIDE)


def _length(vector: QPointF) -> float:
    return abs(vector.x()) + abs(vector.y())
