"""The last picture of the canvas, kept, so that the next one draws only what differs.

More is kept than can be seen. A pan shows another part of the picture, and what comes near at its
sides is drawn between two frames. While the zoom is being turned the picture is shown larger or
smaller; when that comes to rest it is drawn anew, again between frames, and takes its place.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QTimer
from PySide6.QtGui import QPainter, QRegion

from graphspec_gui.canvas.sheet import Draw, Sheet

if TYPE_CHECKING:
    from graphspec_gui.canvas.zoom_view import ZoomView

RESTS = 90
"""Milliseconds without a turn of the wheel after which the zoom has come to rest."""
EVERY, FOR = 8, 0.004
"""How often something is drawn between frames (ms), and after how long it is enough (s)."""


class FrameBuffer:
    """Keeps a view's picture in pixels.

    Args:
        view: whose; it tells of every change.
        draw: draws a part of the viewport, or beside it, with a painter in its coordinates.
        rough: draws all of it fast, for what no picture is kept of while zooming.
    """

    def __init__(self, view: ZoomView, draw: Draw, rough: Draw) -> None:
        self._view, self._draw, self._rough = view, draw, rough
        self._sheet: Sheet | None = None
        self._next: Sheet | None = None
        """The one at another zoom that will replace it."""
        self._turning = QTimer(view)
        self._turning.setSingleShot(True)
        self._turning.setInterval(RESTS)
        self._turning.timeout.connect(self._begin_next)
        self._between = QTimer(view)
        self._between.setInterval(EVERY)
        self._between.timeout.connect(self.draw_between)

    def forget(self, rect: QRect | None = None) -> None:
        """A part of the viewport, or of what is beside it, is out of date; or all of it."""
        if rect is None or self._next is not None or self._sheet is None:
            self._sheet = self._next = None
        else:
            self._sheet.forget(rect)
        self._view.viewport().update()

    def zoomed(self, *, settle: bool) -> None:
        """The scale is another one; with ``settle`` it will not change again at once."""
        self._next = None
        if settle:
            self._turning.stop()
            self.forget()
        else:
            self._turning.start()
            self._view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """Draw the picture onto the viewport, after bringing it up to date."""
        whole = self._view.viewport().rect()
        if abs(painter.deviceTransform().m11() - self._view.devicePixelRatioF()) > 0.01:
            # Not the screen: a picture at another scale is being taken.
            self._draw(painter, whole)
            return
        sheet = self._sheet
        changing = self._turning.isActive() or self._next is not None
        if changing and sheet is not None and not sheet.drawn.isEmpty():
            self._paint_scaled(painter, sheet)
            return
        if sheet is None or not sheet.fits():
            sheet = self._sheet = Sheet(self._view, self._draw)
        sheet.draw_shown()
        shown = sheet.shown()
        painter.save()
        painter.translate(-shown.topLeft())
        sheet.paint(painter, shown)
        painter.restore()
        if not self._between.isActive():
            self._between.start()

    def draw_between(self) -> bool:
        """Draw some of what will be shown next; return whether there may be more of it."""
        if self._turning.isActive():
            self._between.stop()
        elif self._next is not None:
            self._draw_next(self._next)
        elif not self._draw_ahead():
            self._between.stop()
        return self._between.isActive()

    # --- Within ---------------------------------------------------------------------------------

    def _begin_next(self) -> None:
        self._next = Sheet(self._view, self._draw)
        self._next.begin()
        self._between.start()

    def _draw_next(self, sheet: Sheet) -> None:
        enough = perf_counter() + FOR
        whole = not sheet.fits()
        while not whole and perf_counter() < enough:
            sheet.draw_ahead()
            whole = not sheet.drawn.isEmpty()
        if whole:
            self._sheet, self._next = sheet, None
            self._view.viewport().update()

    def _draw_ahead(self) -> bool:
        """Draw beside what is shown; return whether there may be more of it."""
        enough = perf_counter() + FOR
        sheet = self._sheet
        # What can be seen is the painting's, which has this begin again.
        more = sheet is not None and sheet.fits() and sheet.drawn.contains(sheet.shown())
        while more and sheet is not None and perf_counter() < enough:
            more = sheet.draw_ahead()
        return more

    def _paint_scaled(self, painter: QPainter, sheet: Sheet) -> None:
        """The picture at another scale than its own, and around it a rough one."""
        back, _ = sheet.scale.inverted()
        change = back * self._view.viewportTransform()
        whole = QRectF(self._view.viewport().rect())
        covered = change.mapRect(QRectF(sheet.drawn))
        if not covered.contains(whole):
            painter.save()
            rest = QRegion(whole.toRect()) - QRegion(covered.toAlignedRect())
            painter.setClipRegion(rest)
            self._rough(painter, whole.toRect())
            painter.restore()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setTransform(change, True)
        sheet.paint(painter, sheet.drawn)
        painter.restore()
