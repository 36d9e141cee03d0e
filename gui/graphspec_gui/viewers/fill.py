"""What covered pixels become: a value of the image, or any number or colour."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QComboBox, QHBoxLayout, QLineEdit, QToolButton, QWidget

from graphspec.errors import DataError
from graphspec.inspect.occlusion import read_fill
from graphspec_gui.theme import ICON, space, theme

_CHOICES = {
    "mean": "Mean of the image",
    "low": "Darkest value",
    "high": "Brightest value",
    "own": "Your own value",
}


class FillChoice(QWidget):
    """A choice of values, with a field for one's own; for images in colour a button as well.

    Args:
        parent: where it stands.
    """

    changed = Signal()
    """``problem`` or the value is another one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._channels, self._span = 1, (0.0, 1.0)
        self.problem = ""
        """Why there is no value; empty while there is one."""
        self.choice = QComboBox(self)
        self.choice.setAccessibleName("What covered pixels become")
        self.choice.setToolTip("What covered pixels become")
        for key, words in _CHOICES.items():
            self.choice.addItem(words, key)
        self.choice.currentIndexChanged.connect(lambda _: self._weigh())
        self.value = QLineEdit("0.5", self)
        self.value.setAccessibleName("Value of covered pixels")
        self.value.setFixedWidth(space(16))
        self.value.textChanged.connect(lambda _: self._weigh())
        self.color = QToolButton(self)
        self.color.setProperty("outlined", True)
        self.color.setIconSize(QSize(ICON, ICON))
        self.color.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.color.setToolTip("Choose a colour…")
        self.color.setAccessibleName("Choose a colour…")
        self.color.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(space(1))
        for widget in (self.choice, self.value, self.color):
            row.addWidget(widget)
        theme().changed.connect(self._weigh)
        self._weigh()

    def set_image(self, channels: int, span: tuple[float, float]) -> None:
        """Say what is covered: images of so many channels, between these numbers."""
        if (channels, span) != (self._channels, self._span):
            self._channels, self._span = channels, span
            self.value.setText(f"{(span[0] + span[1]) / 2:g}")
            self._weigh()

    def fill(self) -> tuple[float, ...] | float | None:
        """What ``occlude`` takes.

        Raises:
            DataError: what is written is no value.
        """
        choice = self.choice.currentData()
        if choice == "own":
            return read_fill(self.value.text(), self._channels)
        return {"mean": None, "low": self._span[0], "high": self._span[1]}[choice]

    def _weigh(self) -> None:
        own, words = self.choice.currentData() == "own", "One number"
        low, high = self._span
        if self._channels > 1:
            words += f", or {self._channels} with commas between them"
        self.value.setVisible(own)
        self.color.setVisible(own and self._channels == 3)
        try:
            self.fill()
            self.problem = ""
        except DataError as error:
            self.problem = str(error)
        self.value.setToolTip(self.problem or f"{words}; the data is from {low:g} to {high:g}")
        self.value.setProperty("state", "error" if self.problem else None)
        self.value.style().polish(self.value)
        self.color.setIcon(self._swatch())
        self.changed.emit()

    def _seen(self) -> QColor:
        """What is written, as a colour; the nearest one where it is beyond the data's range."""
        low, high = self._span
        try:
            values = read_fill(self.value.text(), self._channels)
        except DataError:
            values = (low,)
        shares = [(value - low) / ((high - low) or 1.0) for value in values]
        red, green, blue = (min(max(share, 0.0), 1.0) for share in (shares * 3)[:3])
        return QColor.fromRgbF(red, green, blue)

    def _swatch(self) -> QIcon:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(QSize(ICON, ICON) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setPen(theme().color("outline"))
        painter.setBrush(self._seen())
        painter.drawRect(1, 1, ICON - 3, ICON - 3)
        painter.end()
        return QIcon(picture)

    def _ask(self) -> None:
        chosen = QColorDialog.getColor(self._seen(), self, "Colour of covered pixels")
        if chosen.isValid():
            low, high = self._span
            shares = (chosen.redF(), chosen.greenF(), chosen.blueF())
            self.value.setText(", ".join(f"{low + share * (high - low):.4g}" for share in shares))
