"""The whole canvas in a corner: click or drag in it to go there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from graphspec_gui.theme import space, theme

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

RESTS = 150
"""Milliseconds after a change until the map shows it."""
_WIDTH, _HEIGHT = 22, 18
_PAD = 6.0
_MARGIN = 120.0


class Minimap(QWidget):
    """Draws the picture once and keeps it; only the frame of what is seen is drawn each time.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._kept: QPixmap | None = None
        self._wanted = True
        self._area = QRectF()
        self.setObjectName("minimap")
        self.setAccessibleName("Overview")
        self.setToolTip("Click or drag to go there")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(RESTS)
        self._redraw.timeout.connect(self._forget_now)
        # At once: in the colours of before it would stand out.
        theme().changed.connect(self._forget_now)
        view.horizontalScrollBar().valueChanged.connect(lambda _: self.update())
        view.verticalScrollBar().valueChanged.connect(lambda _: self.update())

    @property
    def wanted(self) -> bool:
        """Whether it is to be seen when there is something on the canvas."""
        return self._wanted

    def want(self, on: bool) -> None:
        """Show or hide it."""
        self._wanted = on
        self.place()

    def forget(self) -> None:
        """The picture is another one; it is drawn anew when things have come to rest."""
        if not self._redraw.isActive():
            self._redraw.start()

    def place(self) -> None:
        """Sit in the lower right corner, as tall or wide as the picture asks for."""
        room = self._view.rect()
        bounds = self._view.canvas.bounds()
        width, height = float(space(_WIDTH)), float(space(_HEIGHT))
        if not bounds.isEmpty():
            shape = bounds.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
            if shape.width() / shape.height() > width / height:
                height = max(space(8), width * shape.height() / shape.width())
            else:
                # A long column gets a tall, narrow map.
                height = min(float(room.height() - space(4)), space(40.0))
                width = max(space(7), min(width, height * shape.width() / shape.height()))
        self.setGeometry(
            round(room.width() - width - space(2)),
            round(room.height() - height - space(2)),
            round(width),
            round(height),
        )
        fits = room.width() > space(72) and room.height() > space(30)
        self.setVisible(self._wanted and fits and len(self._view.picture.nodes) > 1)
        self._kept = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the kept picture, and what is seen of it."""
        ratio = self.devicePixelRatioF()
        if self._kept is None or self._kept.devicePixelRatio() != ratio:
            self._kept = self._picture(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._kept)
        seen = self._view.visible_rect()
        rect = QRectF(self._to_map(seen.topLeft()), self._to_map(seen.bottomRight()))
        accent = theme().color("accent")
        painter.setPen(QPen(accent, 1.5))
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), 28))
        painter.drawRect(rect.intersected(QRectF(self.rect()).adjusted(1, 1, -1, -1)))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where it was clicked."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        scale, corner = self._fit()
        self._view.centerOn((at - corner) / scale)

    def _to_map(self, point: QPointF) -> QPointF:
        scale, corner = self._fit()
        return point * scale + corner

    def _fit(self) -> tuple[float, QPointF]:
        """The scale, and where the scene's origin is."""
        area = self._area
        if area.isEmpty():
            return 1.0, QPointF()
        wide = (self.width() - 2 * _PAD) / area.width()
        high = (self.height() - 2 * _PAD) / area.height()
        scale = min(wide, high)
        middle = QRectF(self.rect()).center()
        return scale, middle - area.center() * scale

    def _picture(self, ratio: float) -> QPixmap:
        kept = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        kept.setDevicePixelRatio(ratio)
        kept.fill(Qt.GlobalColor.transparent)
        self._area = self._view.canvas.bounds().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
        painter = QPainter(kept)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme()
        painter.setPen(QPen(colors.color("border"), 1))
        painter.setBrush(colors.color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setClipRect(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        scale, corner = self._fit()
        painter.translate(corner)
        painter.scale(scale, scale)
        self._view.canvas.far().paint_map(painter, self._area, scale)
        painter.end()
        return kept

    def _forget_now(self) -> None:
        self.place()
        self.update()
