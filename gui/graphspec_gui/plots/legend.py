"""The legend of a chart: which line is which, and what it is worth under the crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphspec_gui.theme import space, theme

_LINES = 2
_SAMPLE = 14


@dataclass(frozen=True)
class Entry:
    """One line: its name, its value in words, and how it is drawn."""

    name: str
    value: str
    color: int
    dash: Qt.PenStyle


class Legend(QWidget):
    """Samples of lines with their names, in at most two rows; what does not fit is counted.

    It paints itself: names come from files and are never markup.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self.setFont(theme().font("caption"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    @property
    def entries(self) -> Sequence[Entry]:
        """What it tells."""
        return self._entries

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Tell of these lines."""
        wanted = tuple(entries)
        if wanted != self._entries:
            self._entries = wanted
            told = ", ".join(f"{item.name} {item.value}".strip() for item in wanted)
            self.setAccessibleDescription(told)
            self.setToolTip(told)
            self.update()

    def sizeHint(self) -> QSize:
        """Two rows, whether they are full or not, so that charts do not jump."""
        return QSize(space(20), _LINES * self._row)

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + space(0.5)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw entry after entry, and begin a new row where one is full."""
        painter = QPainter(self)
        metrics = self.fontMetrics()
        colors = theme().colors
        x, row = 0, 0
        for i, entry in enumerate(self._entries):
            text = f"{entry.name} {entry.value}".strip()
            width = _SAMPLE + space(0.5) + metrics.horizontalAdvance(text)
            rest = f"+{len(self._entries) - i} more"
            reserved = metrics.horizontalAdvance(rest) + space(1) if row == _LINES - 1 else 0
            last = i == len(self._entries) - 1
            if x and x + width + (0 if last else reserved) > self.width():
                if row == _LINES - 1:
                    painter.setPen(QColor(colors.muted))
                    painter.drawText(QPointF(x, row * self._row + metrics.ascent()), rest)
                    return
                x, row = 0, row + 1
            top = row * self._row
            pen = QPen(QColor(colors.series[entry.color % len(colors.series)]), 2, entry.dash)
            painter.setPen(pen)
            middle = top + metrics.height() / 2
            painter.drawLine(QLineF(x, middle, x + _SAMPLE, middle))
            painter.setPen(QColor(colors.muted))
            left = x + _SAMPLE + space(0.5)
            room = QRectF(left, top, self.width() - left, metrics.height())
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, shown)
            x += width + space(1.5)
