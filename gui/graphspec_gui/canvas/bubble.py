"""A message at the bottom of the canvas that goes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QLabel

from graphspec_gui.theme import space, theme

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

STAYS = 7_000
"""Milliseconds that a message stays."""


class Bubble(QLabel):
    """Says why something was not done, or beside the cursor what would happen.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.setObjectName("canvas_bubble")
        self.setAccessibleName("Message")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAYS)
        self._timer.timeout.connect(self.hide)
        self._beside: QPoint | None = None
        theme().changed.connect(self._dress)
        self._dress()
        self.hide()

    def say(self, text: str) -> None:
        """Show a message at the bottom for a while."""
        self._beside = None
        self._show(text)
        self._timer.start()

    def say_beside(self, text: str, at: QPoint) -> None:
        """Show a message beside a point of the view until it is replaced or hidden."""
        self._timer.stop()
        self._beside = at
        if text:
            self._show(text)
        else:
            self.hide()

    def place(self) -> None:
        """Go where the message belongs."""
        room = self._view.rect()
        width = min(space(60), room.width() - space(4))
        self.setFixedWidth(min(width, self._natural_width()))
        self.adjustSize()
        if self._beside is None:
            x = (room.width() - self.width()) // 2
            y = room.height() - self.height() - space(3)
        else:
            x = min(self._beside.x() + space(2), room.width() - self.width() - space())
            y = min(self._beside.y() + space(2), room.height() - self.height() - space())
        self.move(max(x, space()), max(y, space()))

    def _natural_width(self) -> int:
        lines = self.text().splitlines() or [""]
        metrics = self.fontMetrics()
        return max(metrics.horizontalAdvance(line) for line in lines) + space(4)

    def _show(self, text: str) -> None:
        self.setText(text)
        self.place()
        self.show()
        self.raise_()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def _dress(self) -> None:
        colors = theme().colors
        self.setFont(theme().font("body"))
        self.setStyleSheet(
            f"QLabel {{ background: {colors.text}; color: {colors.surface};"
            f" border-radius: 6px; padding: 8px 12px; }}"
        )
