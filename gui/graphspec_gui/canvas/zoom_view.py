"""A view that zooms at the cursor and pans without scroll bars."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.frame_buffer import FrameBuffer
from graphspec_gui.canvas.scene import CanvasScene

OUTSIDE = 4_000.0
"""How far beyond its content the canvas can be scrolled, in scene units."""
ROOM = 24
"""What is fitted keeps so many pixels from the border."""
READABLE = 0.8
"""The zoom that a network is opened at which does not fit at one that can be read."""


class ZoomView(QGraphicsView):
    """Looks at a scene from nearer or further away.

    Args:
        parent: the widget around it.
    """

    zoomed = Signal()
    canvas: CanvasScene

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.untouched = True
        """Whether it shows what it showed first."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )
        # What changes is drawn into a picture that is kept; Qt need not keep track of it too.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.NoViewportUpdate)
        self.frame = FrameBuffer(self, self.paint_part, self.paint_rough)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)

    @property
    def zoom(self) -> float:
        """How large the scene is drawn: 1 is 100 %."""
        return self.transform().m11()

    def visible_rect(self) -> QRectF:
        """The part of the scene that can be seen."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def paint_part(self, painter: QPainter, part: QRect) -> None:
        """Draw a part of the viewport."""
        raise NotImplementedError

    def paint_rough(self, painter: QPainter, part: QRect) -> None:
        """Draw a part of the viewport fast."""
        raise NotImplementedError

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Show another part of the picture."""
        super().scrollContentsBy(dx, dy)
        self.viewport().update()

    def set_zoom(self, zoom: float, at: QPoint | None = None, *, settle: bool = True) -> None:
        """Zoom, keeping the point of the scene under a point of the viewport where it is.

        Args:
            zoom: 1 is 100 %.
            at: the point of the viewport; None is its middle.
            settle: whether this is the zoom to stay at, and not one of many in a row.
        """
        zoom = max(metrics.ZOOM_LEAST, min(zoom, metrics.ZOOM_MOST))
        at = self.viewport().rect().center() if at is None else at
        before = self.mapToScene(at)
        self.frame.zoomed(settle=settle)
        self.resetTransform()
        self.scale(zoom, zoom)
        self.canvas.zoom = zoom
        after = self.mapFromScene(before)
        self.pan(after.x() - at.x(), after.y() - at.y())
        self.zoomed.emit()

    def pan(self, dx: float, dy: float) -> None:
        """Scroll by pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + round(dx))
        down.setValue(down.value() + round(dy))

    def fit_rect(self, rect: QRectF) -> None:
        """Show a rectangle of the scene whole; of an empty one the middle, at 100 %."""
        if rect.isEmpty():
            self.set_zoom(1.0)
            self.centerOn(0, 0)
            return
        room = self.viewport().rect()
        wide = max(room.width() - 2 * ROOM, 1) / rect.width()
        high = max(room.height() - 2 * ROOM, 1) / rect.height()
        self.set_zoom(min(wide, high, 1.0))
        self.centerOn(rect.center())

    def show_start(self) -> None:
        """Show everything if that can be read, else its top at a size that can."""
        bounds = self.canvas.bounds()
        self.fit_rect(bounds)
        if bounds.isEmpty() or self.zoom >= metrics.NEAR:
            return
        self.set_zoom(READABLE)
        half = self.viewport().height() / 2 / self.zoom
        first = next(iter(self.canvas.node_items.values()))
        middle = first.sceneBoundingRect().center().x()
        self.centerOn(middle, bounds.top() + half - ROOM / self.zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Until somebody looks elsewhere, begin again with the room that there is now."""
        super().resizeEvent(event)
        if self.untouched:
            self.show_start()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; with Shift, or two fingers sideways, scroll across."""
        self.untouched = False
        turned, by_pixels = event.angleDelta(), event.pixelDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(turned.y() or turned.x()) / 2, 0)
        elif not by_pixels.isNull() and abs(turned.x()) > abs(turned.y()):
            self.pan(-by_pixels.x(), -by_pixels.y())
        else:
            at = event.position().toPoint()
            self.set_zoom(self.zoom * 1.0015 ** turned.y(), at, settle=False)
        event.accept()
