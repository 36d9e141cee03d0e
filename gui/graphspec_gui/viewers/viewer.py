"""What all viewers share: a line that says what is looked at, and words where there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.actions import StudioAction
from graphspec_gui.panel import Panel
from graphspec_gui.theme import plain_tip, space, theme
from graphspec_gui.viewers.exporting import ask_export
from graphspec_gui.viewers.images import as_seen, draw, fitted
from graphspec_gui.viewers.network import Network, Weights
from graphspec_gui.viewers.probes import ProbeStrip
from graphspec_gui.viewers.source import ProbeSource

if TYPE_CHECKING:
    from graphspec.inspect.pictures.sheet import Picture

WEIGHTS: dict[Weights, str] = {
    "latest": "Latest weights",
    "best": "Best checkpoint",
    "first": "Before training",
}
NOTHING = "Train a network with Ctrl+Enter, or open a run."
NARROW = 50
"""Steps of the grid below which the weights are chosen below the subject's words."""


class Thumbnail(QWidget):
    """The example that all viewers show to the network, small."""

    def __init__(self, source: ProbeSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._source = source
        self.setFixedSize(QSize(space(4), space(4)))
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it, where it is an image."""
        network, example = self._source.network, self._source.example
        if network is None or example is None or not network.is_image:
            return
        painter = QPainter(self)
        image = as_seen(example.x, *network.span())
        box = fitted(QRectF(self.rect()).adjusted(1, 1, -1, -1), image.width(), image.height())
        draw(painter, box, image)
        painter.setPen(theme().color("border"))
        painter.drawRect(box)


class SubjectBar(QWidget):
    """Which network, with which weights, and which example.

    Args:
        source: where they come from.
        parent: where it stands.
    """

    def __init__(self, source: ProbeSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._source = source
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._rows.setContentsMargins(space(1.5), space(1), space(1.5), space(0.5))
        self._rows.setSpacing(space(1))
        self._thumbnail = Thumbnail(source, self)
        self._words = QLabel(self)
        self._words.setObjectName("subject")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.weights = QComboBox(self)
        self.weights.setAccessibleName("Weights")
        self.weights.setToolTip("Which weights of the run are looked at")
        for key, words in WEIGHTS.items():
            self.weights.addItem(words, key)
        self.weights.activated.connect(lambda _: source.choose(self.weights.currentData()))
        self.save = QToolButton(self)
        self.save.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        subject, choices = QHBoxLayout(), QHBoxLayout()
        subject.addWidget(self._thumbnail)
        subject.addWidget(self._words, 1)
        choices.addWidget(self.weights, 1)
        choices.addWidget(self.save)
        self._rows.addLayout(subject, 1)
        self._rows.addLayout(choices)
        source.changed.connect(self.show_subject)
        self.show_subject()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand in two rows where one has no room for the words."""
        super().resizeEvent(event)
        narrow = self.width() < space(NARROW)
        direction = QBoxLayout.Direction
        self._rows.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)

    def show_subject(self) -> None:
        """Say what is looked at now."""
        network, example = self._source.network, self._source.example
        count = len(self._source.examples)
        # Several have thumbnails of their own, in a row below.
        self._thumbnail.setVisible(network is not None and network.is_image and count == 1)
        self._thumbnail.update()
        self.weights.setCurrentIndex(self.weights.findData(self._source.weights))
        self.weights.setEnabled(self._source.runs.current is not None)
        self.weights.setToolTip(
            "Which weights of the run are looked at"
            if self.weights.isEnabled()
            else "No run is shown: these are the weights that training begins with"
        )
        if network is None:
            self._words.setText("")
            return
        step = "" if network.step is None else f", step {network.step:,}"
        shown = "" if example is None else f"\n{example.title}"
        if example is not None and count > 1:
            shown += f" ({self._source.examples.index(example) + 1} of {count})"
        self._words.setText(f"{network.name}{step}{shown}")
        self._words.setToolTip(plain_tip(self._words.text()))


class Viewer(Panel):
    """A dock that looks into the network.

    A subclass fills ``body``, and overrides ``look``, which is called with the network that is
    open, ``forget``, called where there is none, and ``has_picture`` and ``picture`` for what is
    exported.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    follows = ("selection_changed",)
    file_name: ClassVar[str] = "picture"
    """What an exported file is called at first."""
    unmade: ClassVar[str] = "It is still being worked out."
    """Why there is nothing to export though a network is shown."""

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = source
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = SubjectBar(source, self)
        self.export = StudioAction(
            f"{self.file_name}.export",
            "Export what is shown…",
            self._export,
            self,
            icon="mdi6.export-variant",
        )
        self.addAction(self.export)
        self.bar.save.setDefaultAction(self.export)
        column.addWidget(self.bar)
        self.probes = ProbeStrip(source, self)
        column.addWidget(self.probes)
        self._trouble = QLabel(self)
        self._trouble.setTextFormat(Qt.TextFormat.PlainText)
        self._trouble.setWordWrap(True)
        self._trouble.setProperty("state", "error")
        self._trouble.setContentsMargins(space(1.5), space(0.5), space(1.5), space(0.5))
        column.addWidget(self._trouble)
        self.hint = QLabel(NOTHING, self)
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setWordWrap(True)
        self.hint.setProperty("muted", True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setContentsMargins(space(3), space(3), space(3), space(3))
        self.body = QWidget(self)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.hint)
        self.stack.addWidget(self.body)
        column.addWidget(self.stack, 1)
        self.setMinimumWidth(space(34))
        source.changed.connect(self.touch)
        source.looks.answered.connect(self.weigh)
        self.weigh()

    def refresh(self) -> None:
        """Open what is to be looked at, and look."""
        source = self.source
        source.open()
        network = source.network
        self.bar.setVisible(network is not None or source.runs.current is not None)
        self._trouble.setVisible(network is not None and bool(source.trouble))
        self._trouble.setText(source.trouble)
        if network is None:
            waiting = "Opening the network…" if source.busy else NOTHING
            self.say(source.trouble or waiting)
            self.forget()
        else:
            self.stack.setCurrentWidget(self.body)
            self.look(network)
        self.weigh()

    def weigh(self) -> None:
        """Allow what is shown to be exported, or say why it cannot be."""
        # A hidden dock has not yet heard that there is no network any more.
        shown = self.stack.currentWidget() is self.body and self.source.network is not None
        why = self.unmade if shown else self.hint.text()
        there = shown and self.has_picture
        self.export.allow(None if there else f"There is nothing to export. {why}")

    def say(self, words: str) -> None:
        """Show words in place of pictures."""
        self.hint.setText(words)
        self.stack.setCurrentWidget(self.hint)

    def look(self, network: Network) -> None:
        """Show what there is to see of a network; it may be the same as before."""
        raise NotImplementedError

    def forget(self) -> None:
        """Let go of what was shown; by default there is nothing to do."""

    @property
    def has_picture(self) -> bool:
        """Whether there is anything that ``picture`` could draw; asked after every answer."""
        raise NotImplementedError

    def picture(self) -> Picture:
        """What is shown, as ``graphspec inspect`` draws it; called only where there is one."""
        raise NotImplementedError

    def _export(self) -> None:
        if self.has_picture:
            ask_export(self.picture(), self.file_name, self.source.looks, self)

    def title(self, what: str, step: int | None = None) -> str:
        """A picture's title: the network, its step or an earlier one, and what is shown of it."""
        network = self.source.network
        assert network is not None
        step = network.step if step is None else step
        at = "" if step is None else f", step {step:,}"
        return f"{network.name}{at}: {what}"
