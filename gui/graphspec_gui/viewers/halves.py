"""How viewers are laid out: two halves, beside or above each other, and rows of controls."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSplitter, QVBoxLayout, QWidget

from graphspec_gui.flow import Flow
from graphspec_gui.theme import space


class Halves(QSplitter):
    """What is looked at and what is said of it: side by side where there is room, else stacked.

    Args:
        main: the pictures.
        side: what is said of them.
        parent: where they stand.
        shares: how the room is divided.
    """

    def __init__(
        self, main: QWidget, side: QWidget, parent: QWidget, shares: tuple[int, int] = (3, 2)
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        self.addWidget(main)
        self.addWidget(side)
        self._shares = shares
        self._wide: bool | None = None
        self._moved = False
        self.splitterMoved.connect(self._keep)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn when the shape of the room does, and divide it until somebody has done so."""
        super().resizeEvent(event)
        wide = self.width() > 1.25 * self.height()
        if wide != self._wide or not self._moved:
            self._wide, self._moved = wide, False
            self.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
            whole = self.width() if wide else self.height()
            total = sum(self._shares)
            self.setSizes([whole * share // total for share in self._shares])
            for i, share in enumerate(self._shares):
                self.setStretchFactor(i, share)

    def _keep(self) -> None:
        self._moved = True


class Side(QScrollArea):
    """What is said of the pictures, to be scrolled by keys where it has no room.

    Args:
        page: what it holds.
        name: what it is, for screen readers.
        parent: where it stands.
    """

    def __init__(self, page: QWidget, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setWidget(page)


class Controls(QWidget):
    """Controls side by side, in as many rows as it takes."""

    def __init__(self, parent: QWidget, *widgets: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(space(1.5), space(0.5), space(1.5), space(1))
        holder = QWidget(self)
        flow = Flow(holder, space(1))
        for widget in widgets:
            flow.addWidget(widget)
        column.addWidget(holder)
