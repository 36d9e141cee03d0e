"""Many small pictures in rows: examples, maps, filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.images import draw, fitted

_KEPT = 600
_MEASURED = 200
_LEFT = space(1.5)
"""Where the first column begins: as far in as the controls above it."""
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


@dataclass(frozen=True)
class Tiles:
    """What a grid shows: how many pictures, and the picture, caption and words of each.

    A caption may have several lines. ``spoken`` is what a screen reader says; ``flagged`` tiles
    are marked as a warning is.
    """

    count: int
    image: Callable[[int], QImage]
    caption: Callable[[int], str] = str
    spoken: Callable[[int], str] | None = None
    flagged: frozenset[int] = frozenset()


NOTHING = Tiles(0, lambda _: QImage())


class TileGrid(QAbstractScrollArea):
    """Pictures of one size in rows, as many beside each other as there is room for.

    Only those that can be seen are made. Arrow keys, Home and End go from tile to tile. Where
    several can be chosen, Ctrl with a click, or Space, adds a tile or takes it out; Shift chooses
    all from the last one on; Ctrl with the keys moves without choosing.

    Args:
        name: what it shows, for screen readers.
        parent: where it stands.
        side: of a picture, in device-independent pixels.
        largest: its side where all of them fit at that size.
        several: whether several tiles can be chosen.
    """

    chosen = Signal(int, int, int)
    """A tile, and the row and column of the pixel in it (−1 by keyboard)."""
    toggled = Signal(int)
    """A tile that is to be chosen besides others, or no longer."""
    extended = Signal(int, int)
    """All tiles from the first of these two to the second, in this order."""
    pointed = Signal(int, int, int)
    """The same as ``chosen`` of what is under the mouse; −1 where nothing is."""

    def __init__(
        self,
        name: str,
        parent: QWidget | None = None,
        *,
        side: int = 56,
        largest: int = 0,
        several: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setFont(theme().font("caption"))
        self.setMinimumHeight(space(8))
        self._side = self._smallest = side
        self._largest = max(side, largest)
        self._tiles = NOTHING
        self._images: dict[int, QImage] = {}
        self._lines, self._words = 1, 0
        self._current = self._anchor = -1
        self._several = several
        self._marked: frozenset[int] = frozenset()
        self._mark: tuple[int, int] | None = None
        theme().changed.connect(self.viewport().update)

    @property
    def tiles(self) -> Tiles:
        """What it shows."""
        return self._tiles

    @property
    def current(self) -> int:
        """The tile that is chosen, or that the keys have gone to; −1 for none."""
        return self._current

    @property
    def marked(self) -> frozenset[int]:
        """The tiles that are chosen where several can be."""
        return self._marked

    def set_tiles(self, tiles: Tiles, *, keep: bool = False) -> None:
        """Show others; with ``keep`` the same one stays chosen, and the rows where they are."""
        self._tiles = tiles
        self._images = {}
        self._measure()
        if not keep:
            self._current, self._mark, self._anchor = -1, None, -1
            self._marked = frozenset()
            self.verticalScrollBar().setValue(0)
        elif self._current >= tiles.count:
            self._current, self._mark = -1, None
        self._arrange()
        self._tell()
        self.viewport().update()

    def choose(self, index: int, mark: tuple[int, int] | None = None) -> None:
        """Mark a tile, and a pixel in it, without saying so."""
        self._current = self._anchor = index if 0 <= index < self._tiles.count else -1
        self._mark = mark
        self._tell()
        self.viewport().update()

    def mark(self, marked: frozenset[int]) -> None:
        """Mark all the tiles that are chosen, without saying so."""
        self._marked = marked
        self._tell()
        self.viewport().update()

    def place(self, index: int) -> QRect:
        """Where a tile's picture is in the viewport."""
        row, column = divmod(index, self._columns)
        x = _LEFT + column * self._step
        y = space(0.5) + row * self._pitch - self.verticalScrollBar().value()
        return QRect(x, y, self._side, self._side)

    def sizeHint(self) -> QSize:
        """Room for a few."""
        return QSize(space(40), space(24))

    @property
    def _step(self) -> int:
        return max(self._side, self._words) + space(1)

    @property
    def _pitch(self) -> int:
        return self._side + self._lines * self.fontMetrics().height() + space(1)

    @property
    def _columns(self) -> int:
        return max(1, (self.viewport().width() - _LEFT) // self._step)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many columns as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tiles that can be seen."""
        painter = QPainter(self.viewport())
        colors = theme()
        top = self.verticalScrollBar().value()
        first = max(0, top // self._pitch) * self._columns
        last = ((top + self.viewport().height()) // self._pitch + 1) * self._columns
        metrics = self.fontMetrics()
        painter.fillRect(event.rect(), colors.color("surface"))
        for index in range(first, min(last, self._tiles.count)):
            rect = self.place(index)
            image = self._image(index)
            box = fitted(QRectF(rect), image.width(), image.height())
            draw(painter, box, image)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            flagged = index in self._tiles.flagged
            painter.setPen(colors.color("warning" if flagged else "border"))
            painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))
            if index == self._current or index in self._marked:
                self._draw_ring(painter, box, index)
            if index == self._current and self._mark is not None and image.width() > 1:
                self._draw_mark(painter, box, image, self._mark)
            words = QRect(rect.left(), rect.bottom() + 3, self._step - 4, metrics.height())
            painter.setPen(colors.color("warning" if flagged else "muted"))
            for line in self._tiles.caption(index).split("\n"):
                text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, words.width())
                painter.drawText(words, Qt.AlignmentFlag.AlignLeft, text)
                words.translate(0, metrics.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the tile under the mouse."""
        index, row, column = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._take(index, (row, column), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what is under the mouse."""
        self.pointed.emit(*self._at(event.position()))

    def viewportEvent(self, event: QEvent) -> bool:
        """Say when the mouse has gone."""
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(-1, -1, -1)
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to another tile."""
        key, count = Qt.Key(event.key()), self._tiles.count
        if key == Qt.Key.Key_Space and self._several and self._current >= 0:
            self._take(self._current, None, Qt.KeyboardModifier.ControlModifier)
            return
        if count == 0 or not (key in _STEPS or key in (Qt.Key.Key_Home, Qt.Key.Key_End)):
            super().keyPressEvent(event)
            return
        if key == Qt.Key.Key_Home or self._current < 0:
            wanted = 0
        elif key == Qt.Key.Key_End:
            wanted = count - 1
        else:
            down, right = _STEPS[key]
            wanted = self._current + down * self._columns + right
        if 0 <= wanted < count:
            self._reveal(wanted)
            if self._several and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self._go(wanted)
            else:
                self._take(wanted, None, event.modifiers())

    def focusInEvent(self, event: object) -> None:
        """Show where the focus is."""
        self.viewport().update()

    def focusOutEvent(self, event: object) -> None:
        """Show it no longer."""
        self.viewport().update()

    def _take(self, index: int, mark: tuple[int, int] | None, held: Qt.KeyboardModifier) -> None:
        """Choose a tile, as the keys that are held with it say."""
        if self._several and held & Qt.KeyboardModifier.ControlModifier:
            self.toggled.emit(index)
            self._go(index)
            self._anchor = index
        elif self._several and held & Qt.KeyboardModifier.ShiftModifier and self._anchor >= 0:
            anchor = self._anchor
            self._go(index)
            self.extended.emit(anchor, index)
            self._anchor = anchor
        else:
            self.choose(index, mark)
            self.chosen.emit(index, *(mark or (-1, -1)))

    def _go(self, index: int) -> None:
        """Be at another tile, without choosing it."""
        self._current, self._mark = index, None
        self._tell()
        self.viewport().update()

    def _draw_ring(self, painter: QPainter, box: QRectF, index: int) -> None:
        chosen = index in self._marked or not self._several
        color = theme().color("accent" if chosen else "muted")
        one = index == self._current and (self.hasFocus() or len(self._marked) > 1)
        painter.setPen(QPen(color, 3 if one else 2))
        painter.drawRect(box.adjusted(-2, -2, 2, 2))

    def _draw_mark(
        self, painter: QPainter, box: QRectF, image: QImage, mark: tuple[int, int]
    ) -> None:
        cell = box.width() / image.width()
        row, column = mark
        pixel = QRectF(box.left() + column * cell, box.top() + row * cell, cell, cell)
        painter.setPen(QPen(theme().color("surface"), 3))
        painter.drawRect(pixel)
        painter.setPen(QPen(theme().color("accent"), 1.5))
        painter.drawRect(pixel)

    def _at(self, point: QPointF) -> tuple[int, int, int]:
        where = point.toPoint() + QPoint(0, self.verticalScrollBar().value())
        column = (where.x() - _LEFT) // self._step
        row = (where.y() - space(0.5)) // self._pitch
        index = row * self._columns + column
        if not (0 <= column < self._columns and row >= 0 and index < self._tiles.count):
            return -1, -1, -1
        image = self._image(index)
        box = fitted(QRectF(self.place(index)), image.width(), image.height())
        if not box.contains(point):
            return -1, -1, -1
        cell = box.width() / max(image.width(), 1)
        return (
            index,
            min(int((point.y() - box.top()) / cell), image.height() - 1),
            min(int((point.x() - box.left()) / cell), image.width() - 1),
        )

    def _image(self, index: int) -> QImage:
        image = self._images.get(index)
        if image is None:
            if len(self._images) >= _KEPT:
                self._images.clear()
            image = self._images[index] = self._tiles.image(index)
        return image

    def _measure(self) -> None:
        """Find how much room the captions need: of the first ones, as others are like them."""
        metrics, count = self.fontMetrics(), min(self._tiles.count, _MEASURED)
        captions = [self._tiles.caption(i).split("\n") for i in range(count)]
        self._lines = max(map(len, captions), default=1)
        widest = max(
            (metrics.horizontalAdvance(line) for item in captions for line in item), default=0
        )
        self._words = min(widest, 2 * self._smallest)

    def _arrange(self) -> None:
        self._side = self._largest
        rows = -(-self._tiles.count // self._columns)
        while self._side > self._smallest and rows * self._pitch > self.viewport().height():
            self._side = max(self._side - space(1), self._smallest)
            rows = -(-self._tiles.count // self._columns)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._pitch // 2)
        bar.setRange(0, max(0, rows * self._pitch + space(1) - self.viewport().height()))

    def _reveal(self, index: int) -> None:
        rect, bar = self.place(index), self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - space(0.5))
        elif rect.top() + self._pitch > self.viewport().height():
            bar.setValue(bar.value() + rect.top() + self._pitch - self.viewport().height())

    def _tell(self) -> None:
        spoken = self._tiles.spoken or self._tiles.caption
        words = spoken(self._current) if self._current >= 0 else f"{self._tiles.count} pictures"
        chosen = self._current in self._marked and len(self._marked) > 1
        self.setAccessibleDescription(f"{words}, one of {len(self._marked)}" if chosen else words)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Draw what has come into sight."""
        self.viewport().update()
