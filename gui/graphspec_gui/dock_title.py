"""The title bar of a dock."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QWidget

from graphspec_gui.buttons import IconButton
from graphspec_gui.theme import space, theme


class DockTitle(QWidget):
    """A dock's name, and the buttons that let it float and close it.

    Args:
        dock: whose title it is.
        hide: closes it.
    """

    def __init__(self, dock: QDockWidget, hide: Callable[[QDockWidget], object]) -> None:
        super().__init__(dock)
        self.setObjectName("dock_title")
        row = QHBoxLayout(self)
        row.setContentsMargins(space(2), space(0.5), space(1), space(0.5))
        row.setSpacing(0)
        label = QLabel(dock.windowTitle(), self)
        label.setFont(theme().font("strong"))
        row.addWidget(label, 1)
        name = dock.windowTitle()
        floats = IconButton("mdi6.dock-window", f"Let {name} float, or put it back", self)
        floats.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        closes = IconButton("mdi6.close", f"Close {name}", self)
        closes.clicked.connect(lambda: hide(dock))
        row.addWidget(floats)
        row.addWidget(closes)
