"""The last picture of the canvas, kept, so that the next one draws only what differs.

Panning shifts it and draws the strip that came into sight. While the zoom is being turned it is
shown larger or smaller, and drawn anew when that comes to rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QTimer
from PySide6.QtGui import QPainter, QPixmap, QRegion, QTransform

if TYPE_CHECKING:
    from graphspec_gui.canvas.zoom_view import ZoomView

RESTS = 90
"""Milliseconds without a turn of the wheel after which the zoom has come to rest."""
_EDGE = 3
"""Pixels around what changed that are drawn anew too: lines are smoothed over their border."""

MOST_PARTS = 60
"""When more parts than these are out of date, all of it is drawn."""

Draw = Callable[[QPainter, QRect], None]


class FrameBuffer:
    """Keeps a view's picture in pixels.

    Args:
        view: whose; it tells of every change.
        draw: draws a part of the viewport with a painter in its coordinates.
        rough: draws all of it fast, for what no picture is kept of while zooming.
    """

    def __init__(self, view: ZoomView, draw: Draw, rough: Draw) -> None:
        self._view, self._draw, self._rough = view, draw, rough
        self._kept: QPixmap | None = None
        self._drawn_by = QTransform()
        self._stale: list[QRect] = []
        self._turning = QTimer(view)
        self._turning.setSingleShot(True)
        self._turning.setInterval(RESTS)
        self._turning.timeout.connect(self.forget)

    def forget(self, rect: QRect | None = None) -> None:
        """A part of the picture is out of date, or all of it."""
        whole = self._view.viewport().rect()
        if rect is None or len(self._stale) >= MOST_PARTS:
            self._stale = [whole]
        else:
            self._stale.append(rect.adjusted(-_EDGE, -_EDGE, _EDGE, _EDGE) & whole)
        self._view.viewport().update()

    def scroll(self, dx: int, dy: int) -> None:
        """The view shows another part of the scene, so many pixels from the last one."""
        if self._turning.isActive() or self._kept is None:
            return
        ratio = self._kept.devicePixelRatio()
        across, down = dx * ratio, dy * ratio
        if not across.is_integer() or not down.is_integer():
            self.forget()
            return
        self._kept.scroll(round(across), round(down), self._kept.rect())
        whole = self._view.viewport().rect()
        self._stale = [part.translated(dx, dy) for part in self._stale]
        # What came into sight, across the whole of its side; parts may overlap in a corner.
        width, height = whole.width(), whole.height()
        if dx:
            self._stale.append(QRect(0 if dx > 0 else width + dx, 0, abs(dx), height))
        if dy:
            self._stale.append(QRect(0, 0 if dy > 0 else height + dy, width, abs(dy)))
        self._drawn_by = self._view.viewportTransform()
        self._view.viewport().update()

    def zoomed(self, *, settle: bool) -> None:
        """The scale is another one; with ``settle`` it will not change again at once."""
        if settle or self._kept is None:
            self._turning.stop()
            self.forget()
        else:
            self._turning.start()
            self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """Draw the picture onto the viewport, after bringing it up to date."""
        view = self._view
        ratio = view.devicePixelRatioF()
        if abs(painter.deviceTransform().m11() - ratio) > 0.01:
            # Not the screen: a picture at another scale is being taken.
            self._draw(painter, view.viewport().rect())
        elif self._turning.isActive() and self._kept is not None:
            self._paint_turning(painter)
        else:
            self._bring_up_to_date(ratio)
            assert self._kept is not None
            painter.drawPixmap(0, 0, self._kept)

    def _bring_up_to_date(self, ratio: float) -> None:
        whole = self._view.viewport().rect()
        size = whole.size() * ratio
        if self._kept is None or self._kept.size() != size:
            self._kept = QPixmap(size)
            self._kept.setDevicePixelRatio(ratio)
            self._stale = [whole]
        if not self._stale:
            return
        painter = QPainter(self._kept)
        painter.setRenderHints(self._view.renderHints())
        for part in _distinct(self._stale):
            painter.save()
            painter.setClipRect(part)
            self._draw(painter, part)
            painter.restore()
        painter.end()
        self._stale = []
        self._drawn_by = self._view.viewportTransform()

    def _paint_turning(self, painter: QPainter) -> None:
        """The kept picture at another scale, and around it a rough one."""
        kept = self._kept
        assert kept is not None
        back, _ = self._drawn_by.inverted()
        change = back * self._view.viewportTransform()
        whole = self._view.viewport().rect()
        covered = change.mapRect(QRectF(whole))
        if not covered.contains(QRectF(whole)):
            painter.save()
            painter.setClipRegion(QRegion(whole) - QRegion(covered.toAlignedRect()))
            self._rough(painter, whole)
            painter.restore()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setTransform(change, True)
        painter.drawPixmap(0, 0, kept)
        painter.restore()


def _distinct(parts: list[QRect]) -> list[QRect]:
    """Parts, without those that lie within another one."""
    found: list[QRect] = []
    for part in sorted(parts, key=lambda rect: -rect.width() * rect.height()):
        if not part.isEmpty() and not any(other.contains(part) for other in found):
            found.append(part)
    return found
