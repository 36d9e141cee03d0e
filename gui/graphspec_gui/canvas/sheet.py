"""A part of the scene in pixels, at one scale, which grows as a view moves over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap

if TYPE_CHECKING:
    from graphspec_gui.canvas.zoom_view import ZoomView

AROUND = 160
"""Pixels that are drawn beyond each side of what can be seen."""
STEP, BLOCK = 64, 400
"""Pixels that are added to one side, and how long a part of it is drawn at once."""
MOST_PARTS = 60
"""When more parts than these are out of date, all of it is drawn."""
_EDGE = 3
"""Pixels around what changed that are drawn anew too: lines are smoothed over their border."""

Draw = Callable[[QPainter, QRect], None]


class Sheet:
    """Keeps what has been drawn.

    A *place* is a point of the scene in pixels at the view's zoom: it stays when the view scrolls.

    Args:
        view: over what moves.
        draw: draws a part of the viewport, or beside it, with a painter in its coordinates.
    """

    def __init__(self, view: ZoomView, draw: Draw) -> None:
        self._view, self._draw = view, draw
        self.ratio = view.devicePixelRatioF()
        self.size = view.viewport().size()
        """Those of the view that it was made for."""
        self.scale = view.transform()
        """From the scene to places."""
        self.drawn = QRect()
        """The places of which there is a picture."""
        margin = 2 * (AROUND + STEP)
        self._pixels = QPixmap((self.size + QSize(margin, margin)) * self.ratio)
        self._pixels.setDevicePixelRatio(self.ratio)
        self._corner = QPoint()
        """The place of the upper left pixel."""
        self._stale: list[QRect] = []
        """Parts of what is drawn that show the scene as it was."""
        self._growth = QRect()
        """What is being drawn beside it, ..."""
        self._blocks: list[QRect] = []
        """... and what of that is still missing."""

    def fits(self) -> bool:
        """Whether it is for the view as it is now."""
        view = self._view
        return (self.ratio, self.size, self.scale) == (
            view.devicePixelRatioF(),
            view.viewport().size(),
            view.transform(),
        )

    def shown(self) -> QRect:
        """The places that can be seen."""
        viewport, now = self._view.viewport(), self._view.viewportTransform()
        return QRect(QPoint(round(-now.dx()), round(-now.dy())), viewport.size())

    def forget(self, rect: QRect) -> None:
        """A part of the viewport, or of what is beside it, is out of date."""
        self._blocks = []
        if len(self._stale) >= MOST_PARTS:
            self.drawn, self._stale = QRect(), []
        else:
            place = rect.translated(self.shown().topLeft())
            self._stale.append(place.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE))

    def paint(self, painter: QPainter, places: QRect) -> None:
        """Draw what has been drawn of some places, with a painter in places."""
        # Whole pixels of the screen: between them it would be blurred.
        corner = ((places.topLeft() - self._corner).toPointF() * self.ratio).toPoint()
        source = QRectF(corner.toPointF(), places.size().toSizeF() * self.ratio)
        painter.drawPixmap(QRectF(places), self._pixels, source)

    def draw_shown(self) -> None:
        """Draw what of the view is missing or out of date."""
        shown, drawn = self.shown(), self.drawn
        if drawn.intersects(shown):
            # Where a pan was too fast, what it shows in a moment too.
            shown = shown.adjusted(
                -STEP if shown.left() < drawn.left() else 0,
                -STEP if shown.top() < drawn.top() else 0,
                STEP if shown.right() > drawn.right() else 0,
                STEP if shown.bottom() > drawn.bottom() else 0,
            )
        self._bring_up_to_date(shown)

    def draw_ahead(self) -> bool:
        """Draw some of what a pan would show next; return whether there was anything left."""
        if self._stale:
            self._bring_up_to_date(self.drawn)
            return True
        if not self._blocks and not self._begin_side():
            return False
        self._paint([self._blocks.pop()])
        if not self._blocks:
            self.drawn |= self._growth
        return True

    def begin(self) -> None:
        """Have what is shown drawn by ``draw_ahead``, block by block."""
        self._make_room_for(self.shown())
        self._grow(self.shown())

    # --- Within ---------------------------------------------------------------------------------

    def _bring_up_to_date(self, wanted: QRect) -> None:
        """Have a picture of these places."""
        if not self.drawn.intersects(wanted):
            self.drawn, self._stale = QRect(), []
        self._make_room_for(wanted)
        before, self.drawn = self.drawn, self.drawn | wanted
        parts = [part & before for part in self._stale if part.intersects(wanted)]
        parts += _beyond(before, self.drawn)
        self._stale = [
            part for part in self._stale if part.intersects(before) and not part.intersects(wanted)
        ]
        parts = _distinct(parts)
        if parts:
            self._blocks = []
            self._paint(parts)

    def _begin_side(self) -> bool:
        """Choose the side that a pan reaches first; return whether there is one."""
        shown, drawn = self.shown(), self.drawn
        sides = (
            (shown.left() - drawn.left(), (-STEP, 0, 0, 0)),
            (shown.top() - drawn.top(), (0, -STEP, 0, 0)),
            (drawn.right() - shown.right(), (0, 0, STEP, 0)),
            (drawn.bottom() - shown.bottom(), (0, 0, 0, STEP)),
        )
        ahead, further = min(sides)
        if ahead > AROUND - STEP:
            return False
        wanted = drawn.adjusted(*further) & shown.adjusted(-AROUND, -AROUND, AROUND, AROUND)
        self._make_room_for(wanted)
        (side,) = _distinct(_beyond(self.drawn, self.drawn | wanted))
        self._grow(side)
        return True

    def _grow(self, part: QRect) -> None:
        self._growth = part
        self._blocks = [
            QRect(x, y, BLOCK, BLOCK) & part
            for x in range(part.left(), part.right() + 1, BLOCK)
            for y in range(part.top(), part.bottom() + 1, BLOCK)
        ]

    def _paint(self, parts: list[QRect]) -> None:
        painter = QPainter(self._pixels)
        painter.setRenderHints(self._view.renderHints())
        place = self.shown().topLeft()
        painter.translate(place - self._corner)
        for part in parts:
            painter.save()
            painter.setClipRect(part.translated(-place))
            self._draw(painter, part.translated(-place))
            painter.restore()
        painter.end()

    def _make_room_for(self, wanted: QRect) -> None:
        """Keep other places than now, if these are not all among them."""
        room = QRect(self._corner, self._pixels.deviceIndependentSize().toSize())
        if room.contains(wanted):
            return
        by = wanted.center() - room.center()
        unit = _whole(self.ratio)
        if unit:
            by = QPoint(by.x() // unit * unit, by.y() // unit * unit)
        self._corner += by
        self._blocks = []
        if unit and not self.drawn.isEmpty():
            self._pixels.scroll(*(by * -self.ratio).toTuple(), self._pixels.rect())
            self.drawn &= room.translated(by)
        else:
            self.drawn = QRect()


def _whole(ratio: float) -> int:
    """The least number of pixels that is a whole number of the screen's; 0 if it is large."""
    steps = (n for n in range(1, STEP) if abs(n * ratio - round(n * ratio)) < 0.01)
    return next(steps, 0)


def _beyond(inner: QRect, outer: QRect) -> list[QRect]:
    """What a rectangle around another one has over, under and beside it."""
    if inner.isEmpty():
        return [outer]
    wide, high = (outer.left(), outer.right()), (inner.top(), inner.bottom())
    return [
        _box(*wide, outer.top(), inner.top() - 1),
        _box(*wide, inner.bottom() + 1, outer.bottom()),
        _box(outer.left(), inner.left() - 1, *high),
        _box(inner.right() + 1, outer.right(), *high),
    ]


def _box(left: int, right: int, top: int, bottom: int) -> QRect:
    return QRect(QPoint(left, top), QPoint(right, bottom))


def _distinct(parts: list[QRect]) -> list[QRect]:
    """Parts, without those that lie within another one."""
    found: list[QRect] = []
    for part in sorted(parts, key=lambda rect: -rect.width() * rect.height()):
        if not part.isEmpty() and not any(other.contains(part) for other in found):
            found.append(part)
    return found
