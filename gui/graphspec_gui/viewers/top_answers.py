"""The likeliest classes of every example that is shown to the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from graphspec.engines.base import Array
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.charts import Bar, Bars
from graphspec_gui.viewers.example import Example
from graphspec_gui.viewers.images import draw, fitted, of_example
from graphspec_gui.viewers.network import Network

_TOP = 5
_SIDE = 4.0


class TopAnswers(QScrollArea):
    """Bars for each example, with its picture where there are several; a click looks at one.

    Args:
        choose: takes the example that is clicked.
        parent: where it stands.
    """

    def __init__(self, choose: Callable[[Example], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._choose = choose
        self._answers: tuple[_Answer, ...] = ()
        self._revealed: Example | None = None
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._page = QWidget(self)
        self._page.setObjectName("page")
        self._lines = QVBoxLayout(self._page)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(space(1))
        self._lines.addStretch(1)
        self.setWidget(self._page)

    @property
    def charts(self) -> tuple[Bars, ...]:
        """The bars of each example, in their order."""
        return tuple(answer.bars for answer in self._answers)

    def set_answers(
        self, network: Network, examples: Sequence[Example], probabilities: Array
    ) -> None:
        """Show the answers (N, K) for so many examples."""
        for answer in self._answers[len(examples) :]:
            self._lines.removeWidget(answer)
            answer.deleteLater()
        made = [_Answer(self._choose, self._page) for _ in examples[len(self._answers) :]]
        for answer in made:
            self._lines.insertWidget(self._lines.count() - 1, answer)
        self._answers = (*self._answers[: len(examples)], *made)
        several = len(examples) > 1
        edge = space(0.5) if several else 0
        self._lines.setContentsMargins(0, edge, 0, edge)
        for answer, example, row in zip(self._answers, examples, probabilities, strict=True):
            answer.show_answer(network, example, row, several)
        self.updateGeometry()

    def set_current(self, example: Example | None) -> None:
        """Mark the one that is looked at, and bring it into sight."""
        for answer in self._answers:
            answer.set_current(answer.example is example)
        if example is not self._revealed:
            self._revealed = example
            # Once the lines have their places: some may have come just now.
            QTimer.singleShot(0, self, self._reveal)

    def _reveal(self) -> None:
        for answer in self._answers:
            if answer.is_current:
                self.verticalScrollBar().setValue(answer.y() - space(0.5))

    def sizeHint(self) -> QSize:
        """All of them."""
        return self._page.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Two bars of one of them: the dock does not grow when they come."""
        return QSize(space(16), space(5))


class _Answer(QWidget):
    """One example with its likeliest classes."""

    def __init__(self, choose: Callable[[Example], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._choose = choose
        self.example: Example | None = None
        self._network: Network | None = None
        self._several = self.is_current = False
        self.bars = Bars("", self)
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._title.setFont(theme().font("caption"))
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        self._column.addWidget(self._title)
        self._column.addWidget(self.bars)
        theme().changed.connect(self.update)

    def show_answer(self, network: Network, example: Example, row: Array, several: bool) -> None:
        self._network, self.example, self._several = network, example, several
        self._title.setText(example.title)
        self._title.setVisible(several)
        self._column.setContentsMargins(space(_SIDE + 2) if several else 0, 0, 0, 0)
        self.setCursor(Qt.CursorShape.PointingHandCursor if several else Qt.CursorShape.ArrowCursor)
        self.bars.setAccessibleName(f"The likeliest classes of {example.title}")
        order = np.argsort(-row, kind="stable")[:_TOP].tolist()
        name = network.probe.class_name
        self.bars.set_bars(
            [Bar(name(k), float(row[k]), f"{row[k]:.1%}", k == example.label) for k in order]
        )
        self.update()

    def set_current(self, current: bool) -> None:
        self.is_current = current
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the example, and a line beside the one that is looked at."""
        network, example = self._network, self.example
        if not self._several or network is None or example is None:
            return
        painter = QPainter(self)
        if self.is_current:
            painter.fillRect(0, 0, 3, self.height(), theme().color("accent"))
        image = of_example(example.x, *network.span())
        place = QRectF(space(1), 2, space(_SIDE), space(_SIDE))
        box = fitted(place, image.width(), image.height())
        draw(painter, box, image)
        painter.setPen(theme().color("border"))
        painter.drawRect(box.adjusted(-0.5, -0.5, 0.5, 0.5))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at this one."""
        if event.button() == Qt.MouseButton.LeftButton and self.example is not None:
            self._choose(self.example)
