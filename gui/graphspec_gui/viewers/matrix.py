"""A confusion matrix that can be pointed at and walked through."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphspec.engines.base import Array
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.images import table

_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_READABLE = 20


class Matrix(QWidget):
    """How often each class (row) is taken for each (column); a click or Enter chooses a cell."""

    chosen = Signal(int, int)
    """An actual class and a predicted one."""
    pointed = Signal(int, int)
    """The same of what is under the mouse; −1 where nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: Array = np.zeros((0, 0), np.int64)
        self._names: tuple[str, ...] = ()
        self._current: tuple[int, int] | None = None
        self._at_keys = (0, 0)
        self.setFont(theme().font("caption"))
        self.setAccessibleName("Confusion matrix")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(space(24), space(12))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    @property
    def counts(self) -> Array:
        """What it shows, (K, K)."""
        return self._counts

    @property
    def tells_counts(self) -> bool:
        """Whether there is room for numbers in the cells."""
        return self._frame()[2] >= _READABLE

    @property
    def current(self) -> tuple[int, int] | None:
        """The cell that is chosen."""
        return self._current

    def set_counts(self, counts: Array, names: Sequence[str]) -> None:
        """Show other counts."""
        if tuple(names) != self._names:
            self._current, self._at_keys = None, (0, 0)
        self._counts, self._names = counts, tuple(names)
        self.update()

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Mark a cell, or none, without saying so."""
        self._current = cell
        self.update()

    def sizeHint(self) -> QSize:
        """Room for ten classes."""
        return QSize(space(40), space(40))

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is."""
        left, top, side = self._frame()
        return QRectF(left + column * side, top + row * side, side, side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Nothing is under the mouse any more, and there may be more or less room to say so."""
        super().resizeEvent(event)
        self.pointed.emit(-1, -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cells by their share of the row, with counts where there is room."""
        count = len(self._counts)
        if count == 0:
            return
        painter = QPainter(self)
        metrics, colors = self.fontMetrics(), theme()
        left, top, side = self._frame()
        shares = self._counts / np.maximum(self._counts.sum(axis=1, keepdims=True), 1)
        colours = table("size")
        painter.setPen(colors.color("muted"))
        painter.drawText(QPointF(left, metrics.ascent()), "taken for →")
        # Names in rows that are lower than they are: of every second class, or every third.
        step = max(1, math.ceil(metrics.height() / side))
        for i in range(0, count, step):
            row = QRectF(0, top + i * side, left - space(0.5), step * side)
            text = metrics.elidedText(self._names[i], Qt.TextElideMode.ElideRight, int(row.width()))
            beside = Qt.AlignmentFlag.AlignRight
            if step == 1:
                painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | beside, text)
            else:  # its first row is the one it names
                row.setTop(row.top() + (side - metrics.height()) / 2)
                painter.drawText(row, Qt.AlignmentFlag.AlignTop | beside, text)
            wide = step * side - 2
            head = QRectF(left + i * side, top - metrics.height() - 2, wide, metrics.height())
            text = _beginning(self._names[i], metrics, int(wide))
            centred = Qt.AlignmentFlag.AlignHCenter if step == 1 else Qt.AlignmentFlag.AlignLeft
            painter.drawText(head, centred, text)
        for i, j in np.ndindex(count, count):
            share = float(shares[i, j])
            shade = colours[int(share * 255)]
            rect = self.cell(i, j)
            painter.fillRect(rect.adjusted(0, 0, -1, -1), QColor(*(int(part) for part in shade)))
            if self.tells_counts and self._counts[i, j]:
                bright = shade @ np.array([0.299, 0.587, 0.114])
                painter.setPen(QColor("#000000" if bright > 140 else "#ffffff"))
                painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, f"{self._counts[i, j]}")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._current is not None:
            self._ring(painter, self._current, 2.5)
        if self.hasFocus() and self._at_keys != self._current:
            self._ring(painter, self._at_keys, 1.5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the mouse."""
        cell = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._at_keys = cell
            self._take(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what is under the mouse."""
        cell = self._at(event.position())
        self.pointed.emit(*(cell or (-1, -1)))

    def leaveEvent(self, event: object) -> None:
        """Say that the mouse has gone."""
        self.pointed.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from cell to cell, Enter and Space choose one."""
        key, count = Qt.Key(event.key()), len(self._counts)
        if count and key in _STEPS:
            row, column = self._at_keys
            down, right = _STEPS[key]
            self._at_keys = (
                min(max(row + down, 0), count - 1),
                min(max(column + right, 0), count - 1),
            )
            self.pointed.emit(*self._at_keys)
            self.setAccessibleDescription(self.describe(*self._at_keys))
            self.update()
        elif count and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._take(self._at_keys)
        else:
            super().keyPressEvent(event)

    def describe(self, row: int, column: int) -> str:
        """One cell in words."""
        count, of = int(self._counts[row, column]), int(self._counts[row].sum())
        if row == column:
            return f"{count:,} of {of:,} {self._names[row]} are classified rightly"
        return f"{count:,} of {of:,} {self._names[row]} are taken for {self._names[column]}"

    def _take(self, cell: tuple[int, int]) -> None:
        self.choose(cell)
        self.setAccessibleDescription(self.describe(*cell))
        self.chosen.emit(*cell)

    def _frame(self) -> tuple[float, float, float]:
        metrics, count = self.fontMetrics(), max(len(self._counts), 1)
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0)
        left = min(widest, self.width() // 4) + space(0.5)
        top = 2 * metrics.height() + space(0.5)
        side = min((self.width() - left - 2) / count, (self.height() - top - 2) / count, 48.0)
        return float(left), float(top), max(side, 1.0)

    def _ring(self, painter: QPainter, cell: tuple[int, int], width: float) -> None:
        rect = self.cell(*cell).adjusted(0, 0, -1, -1)
        painter.setPen(QPen(theme().color("surface"), width + 2))
        painter.drawRect(rect)
        painter.setPen(QPen(theme().color("accent"), width))
        painter.drawRect(rect)

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        left, top, side = self._frame()
        row, column = int((point.y() - top) // side), int((point.x() - left) // side)
        count = len(self._counts)
        return (row, column) if 0 <= row < count and 0 <= column < count else None


def _beginning(name: str, metrics: QFontMetrics, width: int) -> str:
    """As much of a name as fits: three letters tell more than one and an ellipsis."""
    while name and metrics.horizontalAdvance(name) > width:
        name = name[:-1]
    return name
