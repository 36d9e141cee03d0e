"""The start page: three things to do with a small network, ways to begin, and recent files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.buttons import Picture
from graphspec_gui.theme import Role, plain_tip, space, theme

SAMPLE = "tiny_convnet"
"""The network of the three things: small enough to be read at a glance."""
WIDEST = 108
"""Steps of the grid that the page is wide at most."""
NARROW = 76
"""Steps of the grid below which there is one column."""
RECENT = 4
"""Files that are listed, as many as there are ways to begin; the File menu lists all."""


class Welcome(QScrollArea):
    """What is shown while no document is open.

    Args:
        parent: the window.
    """

    sample_wanted = Signal(str)
    """One of the three things was chosen: "look", "mend" or "train"."""
    file_wanted = Signal(str)

    def __init__(self, beginnings: Mapping[str, Callable[[], object]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAccessibleName("Start page")
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(space(44))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(self)
        page.setObjectName("page")
        middle = QHBoxLayout(page)
        middle.setContentsMargins(space(4), space(4), space(4), space(2))
        middle.addStretch(1)
        body = QWidget(page)
        body.setMaximumWidth(space(WIDEST))
        middle.addWidget(body, 100)
        middle.addStretch(1)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_text("Describe a network, see it checked, train it.", "display", body))
        column.addSpacing(space(1))
        lead = "New here? Three things to do with a small network for handwritten digits:"
        column.addWidget(_text(lead, "body", body, muted=True))
        column.addSpacing(space(2))
        self._rows: list[QBoxLayout] = []
        cards = QHBoxLayout()
        self._rows.append(cards)
        cards.setSpacing(space(2))
        self.cards: dict[str, QPushButton] = {}
        for number, (name, icon, title, words, button) in enumerate(_THINGS, start=1):
            cards.addWidget(self._card(number, name, icon, title, words, button), 1)
        column.addLayout(cards)
        column.addSpacing(space(3))
        columns = QHBoxLayout()
        self._rows.append(columns)
        columns.setSpacing(space(2))
        column.addLayout(columns)
        begin = QVBoxLayout()
        begin.setSpacing(0)
        begin.addWidget(_text("Begin", "title", body))
        for words, act in beginnings.items():
            button_ = _link(words, body)
            button_.clicked.connect(lambda _=False, act=act: act())
            begin.addWidget(button_)
        begin.addStretch(1)
        columns.addLayout(begin, 1)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        columns.addLayout(self._recent, 1)
        # As wide as the third card, so that both stand below the other two.
        columns.addWidget(QWidget(body), 1)
        column.addStretch(1)
        self.setWidget(page)
        self._body = body
        self.show_recent(())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand below each other what has no room side by side."""
        super().resizeEvent(event)
        narrow = self.viewport().width() < space(NARROW)
        for row in self._rows:
            row.setDirection(
                QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
            )

    def show_recent(self, paths: tuple[Path, ...]) -> None:
        """List the files that were open last."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._recent.addWidget(_text("Recent", "title", self._body))
        for path in paths[:RECENT]:
            button = _link(path.name, self._body)
            button.setToolTip(plain_tip(str(path)))
            button.setAccessibleDescription(str(path))
            button.clicked.connect(lambda _=False, path=path: self.file_wanted.emit(str(path)))
            self._recent.addWidget(button)
        if not paths:
            empty = "Files that you open are listed here. Drop one anywhere to open it."
            label = _text(empty, "body", self._body, muted=True)
            # Beside the words of the first link, which is taller.
            label.setContentsMargins(1, space(0.75), 0, 0)
            self._recent.addWidget(label)
        self._recent.addStretch(1)

    def _card(
        self, number: int, name: str, icon: str, title: str, words: str, button: str
    ) -> QFrame:
        card = QFrame(self)
        card.setProperty("card", True)
        column = QVBoxLayout(card)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(1))
        head = QHBoxLayout()
        head.setSpacing(space(1))
        head.addWidget(Picture(icon, "accent", space(3), card))
        head.addWidget(_text(f"{number}. {title}", "title", card), 1)
        column.addLayout(head)
        column.addWidget(_text(words, "body", card, muted=True))
        column.addStretch(1)
        press = QPushButton(button, card)
        press.setObjectName(f"welcome_{name}")
        press.setAccessibleName(f"{title}: {button}")
        press.clicked.connect(lambda: self.sample_wanted.emit(name))
        column.addWidget(press, 0, Qt.AlignmentFlag.AlignLeft)
        self.cards[name] = press
        return card


_THINGS = (
    (
        "look",
        "mdi6.vector-polyline",
        "Look around",
        "See the layers and the shapes between them. Change a filter: every shape below follows.",
        "Open it",
    ),
    (
        "mend",
        "mdi6.wrench-outline",
        "Mend a stride",
        "A stride that does not fit: read the sum that fails in the Problems dock, and press a "
        "fix.",
        "Break it",
    ),
    (
        "train",
        "mdi6.play-outline",
        "Train it",
        "A few seconds on 1,797 real digits. Watch the curves, and look inside with the panels "
        "behind them.",
        "Train it now",
    ),
)


def _text(words: str, role: Role, parent: QWidget, *, muted: bool = False) -> QLabel:
    label = QLabel(words, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(theme().font(role))
    label.setWordWrap(True)
    label.setProperty("muted", muted)
    return label


def _link(words: str, parent: QWidget) -> QPushButton:
    button = QPushButton(words.replace("&", "&&"), parent)
    button.setProperty("flat", True)
    button.setProperty("link", True)
    button.setAccessibleName(words)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
