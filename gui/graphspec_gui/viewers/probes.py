"""The examples that viewers show to the network, small, to go from one to another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from graphspec_gui.theme import plain_tip, space, theme
from graphspec_gui.viewers.example import Example
from graphspec_gui.viewers.images import draw, fitted, of_example
from graphspec_gui.viewers.source import ProbeSource

_SIDE = 4.0
_CROSS = 14
_EDGE = 12


class ProbeStrip(QWidget):
    """The examples that have been picked, where there are several; one of them is looked at.

    A click or the arrow keys look at another one; Delete, or the cross that the mouse brings up,
    leaves it out.

    Args:
        source: what holds the examples.
        parent: where it stands.
    """

    def __init__(self, source: ProbeSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._source = source
        self._under = -1
        self._of: object = None
        self._images: dict[Example, QImage] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Examples that are shown to the network")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme().changed.connect(self.update)
        source.changed.connect(self.show_probes)
        self.show_probes()

    def show_probes(self) -> None:
        """Show the examples of now."""
        source = self._source
        self.setVisible(source.network is not None and len(source.examples) > 1)
        if source.example is not None:
            self.setAccessibleDescription(
                f"{source.example.title}, {self._at + 1} of {len(source.examples)}"
            )
        self.updateGeometry()
        self.update()

    def place(self, index: int) -> QRect:
        """Where an example is."""
        side, step = space(_SIDE), space(_SIDE + 0.75)
        row, column = divmod(index, self._columns(self.width()))
        return QRect(_EDGE + column * step, space(0.5) + row * step, side, side)

    def cross(self, index: int) -> QRect:
        """Where the cross is that leaves an example out."""
        corner = self.place(index).topRight()
        return QRect(corner.x() - _CROSS + 4, corner.y() - 3, _CROSS, _CROSS)

    def hasHeightForWidth(self) -> bool:
        """As many rows as it takes."""
        return True

    def heightForWidth(self, width: int) -> int:
        """All rows."""
        rows = -(-len(self._source.examples) // self._columns(width))
        return rows * space(_SIDE + 0.75) + space(0.25)

    def sizeHint(self) -> QSize:
        """Those that there are, beside each other."""
        return QSize(space(30), self.heightForWidth(max(self.width(), space(30))))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each, with a ring around the one that is looked at."""
        network = self._source.network
        if network is None:
            return
        if self._of is not network.data:
            self._of, self._images = network.data, {}
        kept, self._images = self._images, {}
        painter = QPainter(self)
        for i, example in enumerate(self._source.examples):
            image = kept.get(example) or of_example(example.x, *network.span())
            self._images[example] = image
            self._draw(painter, QRectF(self.place(i)), image, example is self._source.example)
        if 0 <= self._under < len(self._source.examples):
            self._draw_cross(painter, self.cross(self._under))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at the example under the mouse, or leave it out."""
        index = self._index(event.position())
        if event.button() != Qt.MouseButton.LeftButton or index < 0:
            return
        example = self._source.examples[index]
        if self.cross(index).contains(event.position().toPoint()):
            self._source.drop(example)
        else:
            self._source.show(example)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Bring up the cross."""
        self._hover(self._index(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Take the cross away."""
        self._hover(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look at another one, or leave out the one that is looked at."""
        key, source = Qt.Key(event.key()), self._source
        last = len(source.examples) - 1
        places = {
            Qt.Key.Key_Left: self._at - 1,
            Qt.Key.Key_Right: self._at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and source.example is not None:
            source.drop(source.example)
        elif key not in places:
            super().keyPressEvent(event)
        elif 0 <= places[key] <= last:
            source.show(source.examples[places[key]])

    def focusInEvent(self, event: object) -> None:
        """Show where the focus is."""
        self.update()

    def focusOutEvent(self, event: object) -> None:
        """Show it no longer."""
        self.update()

    def event(self, event: QEvent) -> bool:
        """Say what is under the mouse."""
        if isinstance(event, QHelpEvent):
            index = self._index(QPointF(event.pos()))
            if index < 0:
                QToolTip.hideText()
            else:
                words = self._source.examples[index].title
                if self.cross(index).contains(event.pos()):
                    words = f"Leave out {words}"
                QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    @property
    def _at(self) -> int:
        source = self._source
        return -1 if source.example is None else source.examples.index(source.example)

    def _columns(self, width: int) -> int:
        return max(1, (width - 2 * _EDGE) // space(_SIDE + 0.75))

    def _hover(self, index: int) -> None:
        if index != self._under:
            self._under = index
            self.update()

    def _index(self, point: QPointF) -> int:
        where = point.toPoint()
        found = (
            i
            for i in range(len(self._source.examples))
            if self.place(i).contains(where) or (i == self._under and self.cross(i).contains(where))
        )
        return next(found, -1)

    def _draw(self, painter: QPainter, place: QRectF, image: QImage, current: bool) -> None:
        colors = theme()
        box = fitted(place, image.width(), image.height())
        draw(painter, box, image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(colors.color("border"))
        painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))
        if current:
            painter.setPen(QPen(colors.color("accent"), 3 if self.hasFocus() else 2))
            painter.drawRect(box.adjusted(-2, -2, 2, 2))

    def _draw_cross(self, painter: QPainter, rect: QRect) -> None:
        colors = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.color("outline"))
        painter.setBrush(colors.color("surface"))
        painter.drawEllipse(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QPen(colors.color("text"), 1.5))
        arm = QRectF(rect).adjusted(4.5, 4.5, -4.5, -4.5)
        painter.drawLine(arm.topLeft(), arm.bottomRight())
        painter.drawLine(arm.topRight(), arm.bottomLeft())
