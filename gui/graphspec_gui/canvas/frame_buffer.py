"""The last picture of the canvas, kept, so that the next one draws only what differs.

More is kept than can be seen. A pan shows another part of the picture, and what comes near at its
sides is drawn between two frames. While the zoom is being turned the picture is shown larger or
smaller, and drawn anew when that comes to rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, QTimer
from PySide6.QtGui import QPainter, QPixmap, QRegion, QTransform

if TYPE_CHECKING:
    from graphspec_gui.canvas.zoom_view import ZoomView

RESTS = 90
"""Milliseconds without a turn of the wheel after which the zoom has come to rest."""
AROUND = 160
"""Pixels that are drawn beyond each side of what can be seen."""
STEP, BLOCK, EVERY = 64, 400, 8
"""Pixels that are added to one side, how long a part of it is drawn at once, and how often (ms)."""
MOST_PARTS = 60
"""When more parts than these are out of date, all of it is drawn."""
_EDGE = 3
"""Pixels around what changed that are drawn anew too: lines are smoothed over their border."""

Draw = Callable[[QPainter, QRect], None]


class FrameBuffer:
    """Keeps a view's picture in pixels.

    A *place* is a point of the scene in pixels at the view's zoom: it stays when the view scrolls.

    Args:
        view: whose; it tells of every change.
        draw: draws a part of the viewport, or beside it, with a painter in its coordinates.
        rough: draws all of it fast, for what no picture is kept of while zooming.
    """

    def __init__(self, view: ZoomView, draw: Draw, rough: Draw) -> None:
        self._view, self._draw, self._rough = view, draw, rough
        self._kept = QPixmap()
        self._corner = QPoint()
        """The place of the pixmap's upper left pixel."""
        self._scale = QTransform()
        """From the scene to places, when the picture was drawn."""
        self._drawn = QRect()
        """The places of which there is a picture."""
        self._stale: list[QRect] = []
        """Parts of it that show the scene as it was."""
        self._strip = QRect()
        """What is being drawn beside it, ..."""
        self._blocks: list[QRect] = []
        """... and what of that is still missing."""
        self._turning = QTimer(view)
        self._turning.setSingleShot(True)
        self._turning.setInterval(RESTS)
        self._turning.timeout.connect(self.forget)
        self._ahead = QTimer(view)
        self._ahead.setInterval(EVERY)
        self._ahead.timeout.connect(self.draw_ahead)

    def forget(self, rect: QRect | None = None) -> None:
        """A part of the viewport, or of what is beside it, is out of date; or all of it."""
        self._blocks = []
        if rect is None or len(self._stale) >= MOST_PARTS:
            self._drawn, self._stale = QRect(), []
        else:
            place = rect.translated(self._shown().topLeft())
            self._stale.append(place.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE))
        self._view.viewport().update()

    def zoomed(self, *, settle: bool) -> None:
        """The scale is another one; with ``settle`` it will not change again at once."""
        if settle or self._drawn.isEmpty():
            self._turning.stop()
            self.forget()
        else:
            self._turning.start()
            self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """Draw the picture onto the viewport, after bringing it up to date."""
        view = self._view
        whole = view.viewport().rect()
        ratio = view.devicePixelRatioF()
        if abs(painter.deviceTransform().m11() - ratio) > 0.01:
            # Not the screen: a picture at another scale is being taken.
            self._draw(painter, whole)
        elif self._turning.isActive() and not self._drawn.isEmpty():
            self._paint_turning(painter)
        else:
            shown = self._shown()
            self._fit(ratio)
            self._bring_up_to_date(self._and_on(shown))
            corner = (shown.topLeft() - self._corner).toPointF() * ratio
            # Between whole pixels of the screen it would be blurred.
            source = QRectF(corner.toPoint().toPointF(), whole.size().toSizeF() * ratio)
            painter.drawPixmap(QRectF(whole), self._kept, source)
            if not self._ahead.isActive():
                self._ahead.start()

    def draw_ahead(self) -> bool:
        """Draw some of what a pan would show next; return whether there may be more of it."""
        if self._turning.isActive() or not self._drawn.contains(self._shown()):
            # Painting comes first, and begins with this again.
            self._ahead.stop()
        elif self._stale:
            self._bring_up_to_date(self._drawn)
        elif self._blocks or self._begin_strip():
            self._paint([self._blocks.pop()])
            if not self._blocks:
                self._drawn |= self._strip
        else:
            self._ahead.stop()
        return self._ahead.isActive()

    # --- Within ---------------------------------------------------------------------------------

    def _shown(self) -> QRect:
        """The places that can be seen."""
        viewport, now = self._view.viewport(), self._view.viewportTransform()
        return QRect(QPoint(round(-now.dx()), round(-now.dy())), viewport.size())

    def _fit(self, ratio: float) -> None:
        margin = 2 * (AROUND + STEP)
        size = (self._view.viewport().size() + QSize(margin, margin)) * ratio
        if size != self._kept.size() or ratio != self._kept.devicePixelRatio():
            self._kept = QPixmap(size)
            self._kept.setDevicePixelRatio(ratio)
            self._drawn, self._stale = QRect(), []

    def _bring_up_to_date(self, wanted: QRect) -> None:
        """Have a picture of these places."""
        if not self._drawn.intersects(wanted):
            self._drawn, self._stale = QRect(), []
            self._scale = self._view.transform()
        self._make_room_for(wanted)
        before, self._drawn = self._drawn, self._drawn | wanted
        parts = [part & before for part in self._stale if part.intersects(wanted)]
        parts += _beyond(before, self._drawn)
        self._stale = [
            part for part in self._stale if part.intersects(before) and not part.intersects(wanted)
        ]
        parts = _distinct(parts)
        if parts:
            self._blocks = []
            self._paint(parts)

    def _and_on(self, shown: QRect) -> QRect:
        """What is to be drawn at once: where a pan was too fast, what it shows in a moment too."""
        drawn = self._drawn
        if not drawn.intersects(shown):
            return shown
        return shown.adjusted(
            -STEP if shown.left() < drawn.left() else 0,
            -STEP if shown.top() < drawn.top() else 0,
            STEP if shown.right() > drawn.right() else 0,
            STEP if shown.bottom() > drawn.bottom() else 0,
        )

    def _begin_strip(self) -> bool:
        """Choose the side that a pan reaches first; return whether there is one."""
        shown, drawn = self._shown(), self._drawn
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
        (self._strip,) = _distinct(_beyond(self._drawn, self._drawn | wanted))
        self._blocks = _blocks(self._strip)
        return True

    def _paint(self, parts: list[QRect]) -> None:
        painter = QPainter(self._kept)
        painter.setRenderHints(self._view.renderHints())
        place = self._shown().topLeft()
        painter.translate(place - self._corner)
        for part in parts:
            painter.save()
            painter.setClipRect(part.translated(-place))
            self._draw(painter, part.translated(-place))
            painter.restore()
        painter.end()

    def _make_room_for(self, wanted: QRect) -> None:
        """Keep other places than now, if these are not all among them."""
        room = QRect(self._corner, self._kept.deviceIndependentSize().toSize())
        if room.contains(wanted):
            return
        by = wanted.center() - room.center()
        ratio = self._kept.devicePixelRatio()
        unit = _whole(ratio)
        if unit:
            by = QPoint(by.x() // unit * unit, by.y() // unit * unit)
        self._corner += by
        self._blocks = []
        if unit and not self._drawn.isEmpty():
            self._kept.scroll(*(by * -ratio).toTuple(), self._kept.rect())
            self._drawn &= room.translated(by)
        else:
            self._drawn = QRect()

    def _paint_turning(self, painter: QPainter) -> None:
        """The kept picture at another scale, and around it a rough one."""
        back, _ = self._scale.inverted()
        change = back * self._view.viewportTransform()
        whole, drawn = QRectF(self._view.viewport().rect()), QRectF(self._drawn)
        covered = change.mapRect(drawn)
        if not covered.contains(whole):
            painter.save()
            rest = QRegion(whole.toRect()) - QRegion(covered.toAlignedRect())
            painter.setClipRegion(rest)
            self._rough(painter, whole.toRect())
            painter.restore()
        ratio = self._kept.devicePixelRatio()
        corner = QRectF(self._drawn.translated(-self._corner))
        source = QRectF(corner.topLeft() * ratio, corner.size() * ratio)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setTransform(change, True)
        painter.drawPixmap(drawn, self._kept, source)
        painter.restore()


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


def _blocks(strip: QRect) -> list[QRect]:
    """A strip in parts that are not long."""
    return [
        QRect(x, y, BLOCK, BLOCK) & strip
        for x in range(strip.left(), strip.right() + 1, BLOCK)
        for y in range(strip.top(), strip.bottom() + 1, BLOCK)
    ]


def _distinct(parts: list[QRect]) -> list[QRect]:
    """Parts, without those that lie within another one."""
    found: list[QRect] = []
    for part in sorted(parts, key=lambda rect: -rect.width() * rect.height()):
        if not part.isEmpty() and not any(other.contains(part) for other in found):
            found.append(part)
    return found
