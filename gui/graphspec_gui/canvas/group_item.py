"""The frame around a group that is unfolded, with its name on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.picture import FramePicture

if TYPE_CHECKING:
    from graphspec_gui.canvas.scene import CanvasScene


class FrameItem(QGraphicsItem):
    """Draws one frame; it is taken hold of by its title alone.

    Args:
        frame: what is drawn.
        scene: whose looks and zoom it is drawn with.
    """

    def __init__(self, frame: FramePicture, scene: CanvasScene) -> None:
        super().__init__()
        self.canvas = scene
        self.frame = frame
        self.chosen = False
        self.hovered = False
        self._show_depth()

    def show_frame(self, frame: FramePicture) -> None:
        """Draw another picture of the same frame."""
        self.prepareGeometryChange()
        self.frame = frame
        self._show_depth()
        self.update()

    def boundingRect(self) -> QRectF:
        """The frame and its border."""
        return QRectF(*self.frame.rect).adjusted(-2, -2, 2, 2)

    def title_rect(self) -> QRectF:
        """Where the name stands, in the scene: a click there selects, its arrow folds."""
        x, y, width, _ = self.frame.rect
        text = self.canvas.looks.text_metrics.horizontalAdvance(self._title())
        return QRectF(x, y, min(width, text + 24), metrics.FRAME_TITLE)

    def arrow_rect(self) -> QRectF:
        """Where the arrow that folds the group is."""
        x, y, _, _ = self.frame.rect
        return QRectF(x, y, 22, metrics.FRAME_TITLE)

    def shape(self) -> QPainterPath:
        """Where it is hit."""
        path = QPainterPath()
        path.addRect(self.title_rect())
        return path

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the ground, the border and the name."""
        looks = self.canvas.looks
        rect = QRectF(*self.frame.rect)
        painter.setPen(looks.frame_selected if self.chosen else looks.frame_border)
        painter.setBrush(looks.frame_fill[self.frame.depth % 2])
        painter.drawRoundedRect(rect, 12, 12)
        painter.setFont(looks.text_font)
        painter.setPen(looks.text if self.hovered or self.chosen else looks.muted)
        painter.drawText(QPointF(rect.x() + 10, rect.y() + 16), self._title())

    def _title(self) -> str:
        return f"▾ {self.frame.title}"

    def _show_depth(self) -> None:
        # Outer frames lie below inner ones, and all of them below the edges.
        self.setZValue(-10 + self.frame.depth / 100)
