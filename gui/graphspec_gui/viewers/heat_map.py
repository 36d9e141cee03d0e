"""A matrix as a heat map that can be pointed at and walked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphspec.engines.base import Array
from graphspec.inspect.weight_matrix import WeightMatrix
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.images import by_map, draw, scale

MOST = 1024
"""Rows, and columns, beyond which those beside each other are drawn as one."""
_CELL = 32.0
_SEEN = 6.0


@dataclass(frozen=True, eq=False)
class MatrixSight:
    """A matrix, its picture, and the number that its strongest colours stand for."""

    matrix: WeightMatrix
    image: QImage
    largest: float


def matrix_sight(matrix: WeightMatrix) -> MatrixSight:
    """Draw a matrix, which takes too long for the UI thread where it is a large one."""
    drawn = strongest(matrix.matrix)
    low, high = scale(drawn, centred=True)
    return MatrixSight(matrix, by_map(drawn, low, high, "sign"), high)


class HeatMap(QWidget):
    """Numbers by colour, white at 0: a row for each unit, a column for each input.

    A click or the arrow keys choose a number.

    Args:
        name: what it shows, for screen readers.
        parent: where it stands.
    """

    pointed = Signal(int, int)
    """The row and the column under the mouse, or chosen; −1 where nothing is."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._matrix: Array = np.zeros((0, 0))
        self._image = QImage()
        self._name: Callable[[int], str] = str
        self._left = 0
        self._current: tuple[int, int] | None = None
        self.setFont(theme().font("caption"))
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(space(20), space(16))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    @property
    def current(self) -> tuple[int, int] | None:
        """The row and the column that are chosen."""
        return self._current

    def set_matrix(self, matrix: Array, image: QImage, name: Callable[[int], str]) -> None:
        """Show another matrix (M, D) by its picture; ``name`` says what a row is called."""
        if matrix.shape != self._matrix.shape:
            self._current = None
        self._matrix, self._name = matrix, name
        self._image = image
        metrics = self.fontMetrics()
        names = map(name, range(min(len(matrix), MOST)))
        self._left = max(map(metrics.horizontalAdvance, names), default=0) + space(1)
        self._say()
        self.update()

    def sizeHint(self) -> QSize:
        """Room to see something."""
        return QSize(space(40), space(30))

    def cell(self, row: int, column: int) -> QRectF:
        """Where a number is."""
        area = self._area()
        rows, columns = self._matrix.shape
        width, height = area.width() / columns, area.height() / rows
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the numbers, the rows' names where there is room, and what is chosen."""
        painter = QPainter(self)
        colors, metrics = theme(), self.fontMetrics()
        painter.fillRect(self.rect(), colors.color("surface"))
        rows, columns = self._matrix.shape
        if rows == 0 or columns == 0:
            return
        area = self._area()
        draw(painter, area, self._image)
        painter.setPen(colors.color("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(-0.5, -0.5, 0.5, 0.5))
        painter.setPen(colors.color("muted"))
        heading = f"inputs, 0 to {columns - 1:,} →"
        painter.drawText(QPointF(area.left(), area.top() - space(0.75)), heading)
        for row in range(0, rows, _round(metrics.height() * rows / area.height())):
            place = self.cell(row, 0)
            middle = place.center().y() + (metrics.ascent() - metrics.descent()) / 2
            name = metrics.elidedText(
                self._name(row), Qt.TextElideMode.ElideRight, int(area.left() - space(1))
            )
            right = area.left() - space(0.75) - metrics.horizontalAdvance(name)
            painter.drawText(QPointF(right, middle), name)
        if self._current is not None:
            self._ring(painter, self._current)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the number under the mouse."""
        place = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._choose(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what is under the mouse."""
        self.pointed.emit(*(self._at(event.position()) or (-1, -1)))

    def leaveEvent(self, event: QEvent) -> None:
        """Say that the mouse has gone."""
        self.pointed.emit(-1, -1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from number to number, Home and End along the row."""
        rows, columns = self._matrix.shape
        row, column = self._current or (0, 0)
        places = {
            Qt.Key.Key_Left: (row, column - 1),
            Qt.Key.Key_Right: (row, column + 1),
            Qt.Key.Key_Up: (row - 1, column),
            Qt.Key.Key_Down: (row + 1, column),
            Qt.Key.Key_Home: (row, 0),
            Qt.Key.Key_End: (row, columns - 1),
        }
        wanted = places.get(Qt.Key(event.key()))
        if wanted is None or self._matrix.size == 0:
            super().keyPressEvent(event)
            return
        wanted = wanted if self._current is not None else (0, 0)
        if 0 <= wanted[0] < rows and 0 <= wanted[1] < columns:
            self._choose(wanted)

    def focusInEvent(self, event: object) -> None:
        """Show where the focus is."""
        self.update()

    def focusOutEvent(self, event: object) -> None:
        """Show it no longer."""
        self.update()

    def _choose(self, place: tuple[int, int]) -> None:
        self._current = place
        self._say()
        self.update()
        self.pointed.emit(*place)

    def _say(self) -> None:
        rows, columns = self._matrix.shape
        words = f"{rows} units, {columns} inputs"
        if self._current is not None:
            row, column = self._current
            value = float(self._matrix[row, column])
            words = f"{self._name(row)}, input {column}: {value:.4g}"
        self.setAccessibleDescription(words)

    def _area(self) -> QRectF:
        rows, columns = self._matrix.shape
        left = min(self._left, self.width() // 3) + space(0.5)
        top = self.fontMetrics().height() + space(1.5)
        width = min(self.width() - left - space(1), columns * _CELL)
        height = min(self.height() - top - space(1), rows * _CELL)
        return QRectF(left, top, max(width, 1), max(height, 1))

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        area = self._area()
        rows, columns = self._matrix.shape
        if rows == 0 or columns == 0 or not area.contains(point):
            return None
        row = int((point.y() - area.top()) / area.height() * rows)
        column = int((point.x() - area.left()) / area.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)

    def _ring(self, painter: QPainter, place: tuple[int, int]) -> None:
        rect = self.cell(*place)
        # One among a thousand is smaller than a pixel: its ring must be seen all the same.
        wide = max(_SEEN - rect.width(), 0.0) / 2
        high = max(_SEEN - rect.height(), 0.0) / 2
        rect.adjust(-wide, -high, wide, high)
        painter.setPen(QPen(theme().color("surface"), 4))
        painter.drawRect(rect)
        painter.setPen(QPen(theme().color("accent"), 3 if self.hasFocus() else 2))
        painter.drawRect(rect)


def _round(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is no less than this."""
    steps: Iterator[int] = (factor * 10**power for power in count() for factor in (1, 2, 5))
    return next(step for step in steps if step >= least)


def strongest(values: Array, most: int = MOST) -> Array:
    """A matrix of at most so many rows and columns: of those beside each other the strongest.

    A mean would show a large matrix as if it were nothing but zeros.
    """
    for axis in (0, 1):
        length = values.shape[axis]
        if length <= most:
            continue
        starts = np.linspace(0, length, most, endpoint=False).astype(np.int64)
        high = np.maximum.reduceat(values, starts, axis=axis)
        low = np.minimum.reduceat(values, starts, axis=axis)
        values = np.where(high >= -low, high, low)
    return values
