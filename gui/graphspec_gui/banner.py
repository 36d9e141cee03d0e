"""A message across the top of a document or the window, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from graphspec_gui.theme import ICON, space, theme


class Banner(QFrame):
    """One sentence, and buttons; pressing one takes the banner away unless it is to stay.

    Args:
        text: what has happened; shown as plain text.
        choices: the words of each button with what it does; None only closes.
        parent: where it is shown.
        stay: the words of buttons that leave the banner where it is.
        notice: whether it only tells something, and warns of nothing.
    """

    def __init__(
        self,
        text: str,
        choices: dict[str, Callable[[], object] | None],
        parent: QWidget | None = None,
        *,
        stay: tuple[str, ...] = (),
        notice: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._notice = notice
        self.setProperty("notice", notice)
        self.setAccessibleName("Message")
        self.setAccessibleDescription(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(space(2), space(1), space(2), space(1))
        row.setSpacing(space(1))
        self._icon = QLabel(self)
        row.addWidget(self._icon)
        self.label = QLabel(text, self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        # After the policy, to which it adds that the height depends on the width.
        self.label.setWordWrap(True)
        row.addWidget(self.label, 1)
        self.buttons: dict[str, QPushButton] = {}
        for words, act in choices.items():
            button = QPushButton(words, self)
            button.setAccessibleName(words)
            button.clicked.connect(
                lambda _=False, act=act, keep=words in stay: self._press(act, keep)
            )
            row.addWidget(button)
            self.buttons[words] = button
        theme().changed.connect(self._paint)
        self._paint()

    def _press(self, act: Callable[[], object] | None, keep: bool) -> None:
        if not keep:
            self.hide()
            self.deleteLater()
        if act is not None:
            act()

    def _paint(self) -> None:
        icon = (
            theme().icon("mdi6.information-outline", "accent")
            if self._notice
            else theme().state_icon("warning")
        )
        self._icon.setPixmap(icon.pixmap(QSize(ICON, ICON), self.devicePixelRatioF()))
