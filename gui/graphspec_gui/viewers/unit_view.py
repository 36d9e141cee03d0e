"""How one unit comes to its activation, drawn: patch × filter + bias, and what it sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphspec.engines.base import Array
from graphspec.inspect.unit import UnitSum
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.images import Map, by_map, draw, fitted, of_example, scale, table

MOST = 6
"""Channels that are drawn: those whose products add up to most."""
_READABLE = 30
_WIDEST = 44.0
"""Pixels of a cell, which "-0.0007" fits into."""
_TALL = 72


@dataclass(frozen=True, eq=False)
class UnitSight:
    """A unit with its value for an example, and the part of the example that it sees.

    ``total`` is None for layers that are no sums of products; ``box`` is (top, left, bottom,
    right) in pixels, None for examples that are no images.
    """

    words: str
    image: Array
    span: tuple[float, float]
    box: tuple[int, int, int, int] | None
    total: UnitSum | None


class UnitView(QWidget):
    """Draws a unit's sum. The words are for screen readers too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sight: UnitSight | None = None
        self.setFont(theme().font("caption"))
        self.setAccessibleName("How the unit comes to its activation")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    @property
    def sight(self) -> UnitSight | None:
        """What it draws."""
        return self._sight

    def set_sight(self, sight: UnitSight | None) -> None:
        """Draw another unit, or none."""
        self._sight = sight
        self.setVisible(sight is not None)
        if sight is not None:
            self.setAccessibleDescription(f"{sight.words}. {self.arithmetic}")
        self.updateGeometry()
        self.update()

    @property
    def arithmetic(self) -> str:
        """The sum in one line."""
        if self._sight is None or self._sight.total is None:
            return ""
        total = self._sight.total
        inner = float(total.products.sum(dtype=np.float64))
        sign = "+" if total.bias >= 0 else "−"
        return f"Σ {inner:.4g} {sign} bias {abs(total.bias):.4g} = {total.activation:.4g}"

    def sizeHint(self) -> QSize:
        """The rows that there are."""
        line = self.fontMetrics().height() + space(0.5)
        if self._sight is None:
            return QSize(0, 0)
        rows = [array for array, _, _ in self._rows()]
        return QSize(
            space(30), 2 * line + _TALL + space(1) + sum(line + self._height(a) for a in rows)
        )

    def minimumSizeHint(self) -> QSize:
        """No narrower than the words."""
        return QSize(space(24), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The example with what is seen, then patch, filter and products."""
        sight = self._sight
        if sight is None:
            return
        painter = QPainter(self)
        metrics, colors = self.fontMetrics(), theme()
        line = metrics.height() + space(0.5)
        painter.setFont(colors.font("strong"))
        painter.setPen(colors.color("text"))
        painter.drawText(QPointF(0, metrics.ascent() + 2), sight.words)
        y = float(line)
        if self.arithmetic:
            # Before what it is made of, which may have to be scrolled to.
            painter.setFont(colors.font("mono"))
            painter.drawText(QPointF(0, y + metrics.ascent() + 1), self.arithmetic)
            y += line
        painter.setFont(self.font())
        image = of_example(sight.image, *sight.span)
        place = fitted(QRectF(0, y, _TALL, _TALL), image.width(), image.height())
        place.moveLeft(1)
        draw(painter, place, image)
        painter.setPen(colors.color("border"))
        painter.drawRect(place)
        if sight.box is not None:
            self._draw_box(painter, place, image.width(), sight.box)
            top, left, bottom, right = sight.box
            painter.setPen(colors.color("muted"))
            text = f"sees rows {top}–{bottom - 1},\ncolumns {left}–{right - 1}"
            beside = QRectF(place.right() + space(1), y, self.width() - place.right(), _TALL)
            painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, text)
        y += _TALL + space(1)
        for array, name, words in self._rows():
            painter.setPen(colors.color("muted"))
            painter.drawText(QPointF(0, y + metrics.ascent()), words)
            y += line - 2
            self._draw_channels(painter, y, array, name)
            y += self._height(array) + 2

    def _rows(self) -> list[tuple[Array, Map, str]]:
        total = None if self._sight is None else self._sight.total
        if total is None:
            return []
        shape = total.patch.shape
        shape = (1,) * (3 - len(shape)) + shape
        parts = [part.reshape(shape) for part in (total.patch, total.weight, total.products)]
        strength = np.abs(parts[2].sum(axis=(1, 2)))
        chosen = np.sort(np.argsort(-strength, kind="stable")[:MOST])
        of = "" if len(strength) <= MOST else f" (channels {', '.join(map(str, chosen))})"
        if parts[0].shape[1] * parts[0].shape[2] > 4096:
            return []
        return [
            (parts[0][chosen], "size", f"what it reads{of}"),
            (parts[1][chosen], "sign", "× filter"),
            (parts[2][chosen], "sign", "= products"),
        ]

    def _cell(self, array: Array) -> float:
        channels, height, width = array.shape
        room = (max(self.width(), space(28)) - space(1) * channels) / channels / width
        return float(min(room, _WIDEST if channels == 1 else max(_TALL / height, 3.0), _WIDEST))

    def _height(self, array: Array) -> int:
        return int(self._cell(array) * array.shape[1]) + space(1)

    def _draw_channels(self, painter: QPainter, y: float, array: Array, name: Map) -> None:
        low, high = scale(array, centred=name == "sign")
        cell = self._cell(array)
        for k, values in enumerate(array):
            x = 1 + k * (cell * array.shape[2] + space(1))
            rect = QRectF(x, y, cell * array.shape[2], cell * array.shape[1])
            draw(painter, rect, by_map(values, low, high, name))
            painter.setPen(theme().color("border"))
            painter.drawRect(rect)
            if cell >= _READABLE:
                colours = table(name)
                for r, c in np.ndindex(*values.shape):
                    value = float(values[r, c])
                    shade = colours[int(np.clip((value - low) / (high - low) * 255, 0, 255))]
                    bright = shade @ np.array([0.299, 0.587, 0.114])
                    painter.setPen(QColor("#000000" if bright > 140 else "#ffffff"))
                    where = QRectF(x + c * cell, y + r * cell, cell, cell)
                    painter.drawText(where, Qt.AlignmentFlag.AlignCenter, _short(value))

    def _draw_box(
        self, painter: QPainter, place: QRectF, width: int, box: tuple[int, int, int, int]
    ) -> None:
        cell = place.width() / width
        top, left, bottom, right = box
        seen = QRectF(
            place.left() + left * cell,
            place.top() + top * cell,
            (right - left) * cell,
            (bottom - top) * cell,
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().color("surface"), 4))
        painter.drawRect(seen)
        painter.setPen(QPen(theme().color("accent"), 2))
        painter.drawRect(seen)


def _short(value: float) -> str:
    """A number in few letters: the smaller, the fewer digits."""
    return f"{value:.2g}" if abs(value) >= 0.01 else f"{value:.1g}"
