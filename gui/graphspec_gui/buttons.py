"""Small buttons and pictures whose icons follow the theme."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMenu, QToolButton, QWidget

from graphspec_gui.theme import ICON, theme


class IconButton(QToolButton):
    """A button that is an icon, with its words as tooltip and for screen readers.

    Args:
        icon: the name of a Material icon.
        words: what it does.
        parent: where it stands.
    """

    def __init__(self, icon: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = icon
        self.setIconSize(QSize(ICON, ICON))
        self.setMinimumSize(ICON + 8, ICON + 8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.say(words)
        theme().changed.connect(self._paint)
        self._paint()

    def say(self, words: str) -> None:
        """Change what it does, in words."""
        self.setToolTip(words)
        self.setAccessibleName(words)

    def _paint(self) -> None:
        self.setIcon(theme().icon(self._name, "muted"))


class MenuButton(QToolButton):
    """A button with an icon and a word that opens a menu.

    Args:
        icon: the name of a Material icon.
        words: what the menu lists.
        menu: what is opened.
        parent: where it stands.
    """

    def __init__(self, icon: str, words: str, menu: QMenu, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = icon
        self.setText(words)
        self.setAccessibleName(words)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme().changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        self.setIcon(theme().icon(self._name))


class IconAction(QAction):
    """An icon inside a line of text."""

    def __init__(self, icon: str, words: str, parent: QWidget) -> None:
        super().__init__(words, parent)
        self._name = icon
        self.setToolTip(words)
        theme().changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        self.setIcon(theme().icon(self._name, "muted"))


class Picture(QLabel):
    """An icon that is only looked at.

    Args:
        icon: the name of a Material icon.
        color: the name of a colour of the theme.
        size: its side, in device-independent pixels.
        parent: where it stands.
    """

    def __init__(self, icon: str, color: str, size: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._color, self._side = icon, color, size
        theme().changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        icon = theme().icon(self._name, self._color)
        self.setPixmap(icon.pixmap(QSize(self._side, self._side), self.devicePixelRatioF()))


class StatePicture(QLabel):
    """The icon of a severity, or of "ok"."""

    def __init__(self, state: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        theme().changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        icon = theme().state_icon(self._state)
        self.setPixmap(icon.pixmap(QSize(ICON, ICON), self.devicePixelRatioF()))
