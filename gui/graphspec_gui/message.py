"""Message boxes, with the app's own icons."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from graphspec_gui.icons import app_icon
from graphspec_gui.theme import space, theme


class Message(QMessageBox):
    """Something told or asked in front of the window, as plain text.

    Args:
        kind: whether it asks, warns, tells of what went wrong, or of the app itself.
        name: its objectName.
        text: what it says, in a sentence.
        more: a sentence more.
        parent: what it stands in front of.
    """

    def __init__(
        self,
        kind: Literal["question", "warning", "error", "about"],
        name: str,
        text: str,
        more: str,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        self.setInformativeText(more)
        self._kind = kind
        theme().changed.connect(self._paint)
        self._paint()
        if (layout := self.layout()) is not None:
            layout.setContentsMargins(space(2), space(2), space(2), space(2))

    def _paint(self) -> None:
        if self._kind == "about":
            icon = app_icon()
        elif self._kind == "question":
            icon = theme().icon("mdi6.help-circle-outline", "accent")
        else:
            icon = theme().state_icon(self._kind)
        side = QSize(space(4), space(4)) * (2 if self._kind == "about" else 1)
        self.setIconPixmap(icon.pixmap(side, self.devicePixelRatioF()))
