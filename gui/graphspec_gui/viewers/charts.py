"""Small charts of the viewers: bars, histograms over time, and the scale of a colour map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphspec.engines.base import Array
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.images import Map, by_map


@dataclass(frozen=True)
class Bar:
    """One bar: its name, length (0 to 1), what stands behind it, and whether it is marked."""

    name: str
    share: float
    value: str
    marked: bool = False


class Bars(QWidget):
    """Bars with their names and values, one below the other.

    Args:
        name: what they tell, for screen readers.
        parent: where they stand.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFont(theme().font("caption"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._bars: tuple[Bar, ...] = ()
        theme().changed.connect(self.update)

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What they tell."""
        return self._bars

    def set_bars(self, bars: Sequence[Bar]) -> None:
        """Tell something else."""
        self._bars = tuple(bars)
        told = "; ".join(
            f"{bar.name} {bar.value}{' (right)' if bar.marked else ''}" for bar in self._bars
        )
        self.setAccessibleDescription(told)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """A row for each bar."""
        return QSize(space(30), len(self._bars) * self._row + space(0.5))

    def minimumSizeHint(self) -> QSize:
        """All rows."""
        return QSize(space(16), self.sizeHint().height())

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + space(0.75)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw name, bar and value, each in its column."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, colors = self.fontMetrics(), theme()
        names = [f"✓ {bar.name}" if bar.marked else bar.name for bar in self._bars]
        left = min(
            max((metrics.horizontalAdvance(name) for name in names), default=0), self.width() // 3
        )
        right = max((metrics.horizontalAdvance(bar.value) for bar in self._bars), default=0)
        start, end = left + space(1), self.width() - right - space(1)
        for i, (bar, name) in enumerate(zip(self._bars, names, strict=True)):
            y = i * self._row
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, left)
            painter.setPen(colors.color("ok" if bar.marked else "text"))
            line = QRectF(0, y, left, self._row)
            right_middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(line, right_middle, text)
            track = QRectF(start, y + self._row / 2 - 4, max(end - start, 0), 8)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("raised"))
            painter.drawRoundedRect(track, 4, 4)
            if bar.share > 0:
                filled = QRectF(track)
                filled.setWidth(max(track.width() * min(bar.share, 1.0), 2))
                painter.setBrush(colors.color("ok" if bar.marked else "accent"))
                painter.drawRoundedRect(filled, min(4, filled.width() / 2), 4)
            painter.setPen(colors.color("muted"))
            place = QRectF(end, y, self.width() - end, self._row)
            painter.drawText(place, right_middle, bar.value)


@dataclass(frozen=True, eq=False)
class Ridge:
    """A histogram at one time: ``counts`` (B,) over ``edges`` (B + 1,), and when it was."""

    when: str
    counts: Array
    edges: Array


class RidgeChart(QWidget):
    """Histograms over time, one behind the other: the newest is in front.

    Args:
        title: what is counted.
        parent: where it stands.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._ridges: tuple[Ridge, ...] = ()
        self.setAccessibleName(title)
        self.setFont(theme().font("caption"))
        self.setMinimumHeight(space(16))
        theme().changed.connect(self.update)

    @property
    def ridges(self) -> tuple[Ridge, ...]:
        """The histograms, oldest first."""
        return self._ridges

    def set_ridges(self, ridges: Sequence[Ridge]) -> None:
        """Show others, oldest first."""
        self._ridges = tuple(ridges)
        told = f"{len(ridges)} histograms"
        if ridges:
            low, high = float(ridges[-1].edges[0]), float(ridges[-1].edges[-1])
            told += f"; at {ridges[-1].when} from {low:.3g} to {high:.3g}"
        self.setAccessibleDescription(told)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a dozen."""
        return QSize(space(28), space(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw from the back to the front."""
        from pyqtgraph.functions import arrayToQPolygonF

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, colors = self.fontMetrics(), theme()
        painter.setPen(colors.color("text"))
        painter.setFont(colors.font("strong"))
        title = painter.fontMetrics()
        painter.drawText(QPointF(0, title.ascent()), self._title)
        painter.setFont(self.font())
        if not self._ridges:
            painter.setPen(colors.color("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "none yet")
            return
        low = min(float(item.edges[0]) for item in self._ridges)
        high = max(float(item.edges[-1]) for item in self._ridges)
        span = (high - low) or 1.0
        label = max(metrics.horizontalAdvance(item.when) for item in self._ridges) + space(1)
        area = QRectF(0, title.height() + space(1), self.width() - label, self.height()).adjusted(
            1, 0, 0, -title.height() - metrics.height() - space(1.5)
        )
        count = len(self._ridges)
        tall = area.height() * (0.35 if count > 1 else 0.95)
        gap = (area.height() - tall) / max(count - 1, 1)
        for i, item in enumerate(self._ridges):
            base = area.top() + tall + i * gap if count > 1 else area.bottom()
            x = area.left() + (item.edges - low) / span * area.width()
            # Density: bins of histograms of other widths are comparable. The root shows tails.
            density = item.counts / np.maximum(np.diff(item.edges), 1e-30)
            height = np.sqrt(density / (density.max() or 1.0)) * tall
            steps = np.concatenate([[0], np.repeat(height, 2), [0]])
            outline = arrayToQPolygonF(np.repeat(x, 2), base - steps)
            newest = i == count - 1
            fill = colors.color("accent_soft" if newest else "surface")
            painter.setBrush(fill)
            painter.setPen(QPen(colors.color("accent" if newest else "outline"), 1))
            painter.drawPolygon(outline)
            # Counted from the newest, which must not go without its words.
            every = max(1, -(-metrics.height() // max(int(gap), 1))) if count > 1 else 1
            if (count - 1 - i) % every == 0:
                painter.setPen(colors.color("muted"))
                painter.drawText(QPointF(area.right() + space(0.5), base), item.when)
        self._axis(painter, area, low, high)

    def _axis(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        metrics, colors = self.fontMetrics(), theme()
        y = area.bottom() + metrics.ascent() + space(0.5)
        painter.setPen(colors.color("muted"))
        painter.drawText(QPointF(area.left(), y), f"{low:.3g}")
        text = f"{high:.3g}"
        painter.drawText(QPointF(area.right() - metrics.horizontalAdvance(text), y), text)
        if low < 0 < high:
            x = area.left() - low / (high - low) * area.width()
            painter.setPen(QPen(colors.color("border"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


class ColourScale(QWidget):
    """The colours of a map with the numbers at its ends."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high = 0.0, 1.0
        self._map: Map = "size"
        self.setFont(theme().font("caption"))
        self.setAccessibleName("Colour scale")
        self.setFixedSize(QSize(space(24), space(3.5)))
        theme().changed.connect(self.update)

    def set_scale(self, low: float, high: float, name: Map) -> None:
        """Tell what the ends stand for."""
        self._low, self._high, self._map = low, high, name
        self.setAccessibleDescription(f"from {low:.3g} to {high:.3g}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the numbers on both sides of the colours."""
        painter = QPainter(self)
        metrics = self.fontMetrics()
        low, high = f"{self._low:.3g}", f"{self._high:.3g}"
        y = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.setPen(theme().color("muted"))
        painter.drawText(QPointF(0, y), low)
        painter.drawText(QPointF(self.width() - metrics.horizontalAdvance(high), y), high)
        left = metrics.horizontalAdvance(low) + space(0.5)
        right = self.width() - metrics.horizontalAdvance(high) - space(0.5)
        colours = by_map(np.arange(256.0)[None], 0, 255, self._map)
        painter.drawImage(QRectF(left, self.height() // 2 - 4, right - left, 8), colours)
