"""The legend of a chart: which line is which, and what it is worth under the crosshair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphspec_gui.theme import plain_tip, space, theme

_SAMPLE = 14
_GAP = space(1.5)


@dataclass(frozen=True)
class Entry:
    """One line: its name, its value in words, and how it is drawn.

    ``run`` is the run that it belongs to where there are several; ``front`` whether that is the
    one in front.
    """

    name: str
    value: str
    color: int
    dash: Qt.PenStyle
    run: str = ""
    front: bool = False

    @property
    def told(self) -> str:
        """The name and the value."""
        return f"{self.run + ': ' if self.run else ''}{self.name} {self.value}".strip()


class _Word(NamedTuple):
    """Something in a row: the name of a run, or (with its entry) a sample and its words."""

    text: str
    width: int
    entry: Entry
    names_run: bool = False


class Legend(QWidget):
    """Samples of lines with their names, each run's behind the run's; what has no room is counted.

    It paints itself: names come from files and are never markup.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._lines = 2
        self.setFont(theme().font("caption"))
        self._strong = theme().font("caption")
        self._strong.setBold(True)
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
            told = ", ".join(item.told for item in wanted)
            self.setAccessibleDescription(told)
            self.setToolTip(plain_tip(told))
            self.update()

    def set_lines(self, lines: int) -> None:
        """Take so many rows, whether they are full or not, so that charts do not jump."""
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(space(20), self._lines * self._row)

    @property
    def _row(self) -> int:
        return self.fontMetrics().height() + space(0.5)

    def rows(self) -> tuple[list[list[_Word]], int]:
        """What stands in each row, and how many entries have no room."""
        rows: list[list[_Word]] = [[]]
        room, used, run = self.width(), 0, ""
        for i, entry in enumerate(self._entries):
            words = self._words(entry, named=entry.run != run)
            width = sum(word.width + _GAP for word in words) - _GAP
            rest = len(self._entries) - i
            last = len(rows) >= self._lines
            reserved = _GAP + self._rest_width(rest - 1) if last and rest > 1 else 0
            if used and used + width + reserved > room:
                if last:
                    return rows, rest
                rows.append([])
                used = 0
            run = entry.run
            rows[-1] += words
            used += width + _GAP
        return rows, 0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw row after row."""
        painter = QPainter(self)
        colors = theme().colors
        metrics = self.fontMetrics()
        rows, rest = self.rows()
        x = 0
        for place, row in enumerate(rows):
            x, top = 0, place * self._row
            for word in row:
                left = x
                if not word.names_run:
                    pen = QPen(QColor(colors.series[word.entry.color % len(colors.series)]), 2)
                    pen.setStyle(word.entry.dash)
                    painter.setPen(pen)
                    middle = top + metrics.height() / 2
                    painter.drawLine(QLineF(x, middle, x + _SAMPLE, middle))
                    left += _SAMPLE + space(0.5)
                strong = word.names_run and word.entry.front
                painter.setFont(self._strong if strong else self.font())
                painter.setPen(QColor(colors.text if word.names_run else colors.muted))
                space_ = QRectF(left, top, min(x + word.width, self.width()) - left, self._row)
                shown = painter.fontMetrics().elidedText(
                    word.text, Qt.TextElideMode.ElideMiddle, int(space_.width()) + 1
                )
                painter.drawText(space_, Qt.AlignmentFlag.AlignLeft, shown)
                x += word.width + _GAP
        if rest:
            painter.setFont(self.font())
            painter.setPen(QColor(colors.muted))
            base = (len(rows) - 1) * self._row + metrics.ascent()
            painter.drawText(QPointF(x, base), f"+{rest} more")

    def _words(self, entry: Entry, *, named: bool) -> list[_Word]:
        advance = self.fontMetrics().horizontalAdvance
        text = f"{entry.name} {entry.value}".strip()
        words = [_Word(text, _SAMPLE + space(0.5) + advance(text) + 1, entry)]
        if named and entry.run:
            metrics = QFontMetrics(self._strong if entry.front else self.font())
            # A long name leaves room for what it is the name of.
            most = max(self.width() - words[0].width - 2 * _GAP - self._rest_width(99), space(8))
            width = min(metrics.horizontalAdvance(entry.run) + 1, most)
            words.insert(0, _Word(entry.run, width, entry, names_run=True))
        return words

    def _rest_width(self, rest: int) -> int:
        return self.fontMetrics().horizontalAdvance(f"+{rest} more")
