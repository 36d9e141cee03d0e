"""A dock: its title bar, and the place that holds its panel still."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QWidget

from graphspec_gui.buttons import IconButton
from graphspec_gui.panel import Panel
from graphspec_gui.theme import space, theme


class Dock(QDockWidget):
    """A dock whose panel may change its texts without the window being laid out for it.

    Args:
        title: its name, for its bar and for menus.
        window: the main window.
        hide: closes it.
    """

    def __init__(self, title: str, window: QWidget, hide: Callable[[QDockWidget], object]) -> None:
        super().__init__(title, window)
        self.setAccessibleName(title)
        self.setTitleBarWidget(_Title(self, hide))

    def widget(self) -> Panel | None:  # type: ignore[override]
        """The panel that it holds."""
        place = super().widget()
        return place.panel if isinstance(place, _Place) else None

    def hold(self, make: Callable[[QWidget], Panel]) -> Panel:
        """Make a panel in its place, and hold it there."""
        place = _Place(self, make)
        self.setWidget(place)
        return place.panel


class _Place(QWidget):
    """Holds a panel, and tells the window only when it needs more or less room than before.

    A layout tells those around it whenever it has been done, for every new text of a label (in
    QLayout::activate: "ideally only if sizeHint() or sizePolicy() has changed"). A main window
    then lays out all of its docks, with an animation for each, and is painted.
    """

    def __init__(self, dock: QDockWidget, make: Callable[[QWidget], Panel]) -> None:
        super().__init__(dock)
        # Made where it stays: what is moved is dressed anew, with everything in it.
        self.panel = make(self)
        self._told = self.minimumSizeHint()

    def sizeHint(self) -> QSize:
        """As the panel would like it."""
        return self.panel.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """The least that the panel needs."""
        return self.panel.minimumSizeHint().expandedTo(self.panel.minimumSize())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give all of it to the panel."""
        self.panel.setGeometry(self.rect())

    def event(self, event: QEvent) -> bool:
        """Hear that the panel was laid out."""
        if event.type() == QEvent.Type.LayoutRequest:
            least = self.minimumSizeHint()
            if least != self._told:
                self._told = least
                self.updateGeometry()
        return super().event(event)


class _Title(QWidget):
    """A dock's name, and the buttons that let it float and close it."""

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
