"""The docks of the window: where they stand, and when what they hold is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QToolBar

from graphspec_gui.collecting import pause, spare
from graphspec_gui.dock import Dock
from graphspec_gui.docks import DOCKS, DockSpec, what_draws
from graphspec_gui.job import Job
from graphspec_gui.panel import Panel
from graphspec_gui.theme import space

if TYPE_CHECKING:
    from graphspec_gui.window import MainWindow


_LOWER = 0.36
"""Of the window's height, what the docks at its foot take at most at first."""
_TURN = 5
"""Milliseconds between two pieces, in which the window is served."""


class DockArea(QObject):
    """All docks of a window, by their names; they are empty until they are filled.

    Args:
        window: the main window.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.by_name: dict[str, Dock] = {}
        self._filling = False

    def place(self) -> None:
        """Make every dock, where it is at first."""
        with self._at_rest():
            for spec in DOCKS:
                self._add(spec)

    def fill(self) -> None:
        """Make what the docks hold, where it is not there yet."""
        while empty := self._empty():
            self._fill(empty[0])

    def fill_by_and_by(self) -> None:
        """Make what the docks hold, first those in front, and load it in another thread."""
        self._filling = True
        pause()
        self._load_next()

    def stop_filling(self) -> None:
        """Leave empty what is empty: all is filled, or the window is about to close."""
        if self._filling:
            self._filling = False
            spare()

    def forget(self) -> None:
        """Let every dock forget the document."""
        for dock in self.by_name.values():
            panel = dock.widget()
            if isinstance(panel, Panel):
                panel.set_document(None)

    def show(self, name: str) -> None:
        """Show a dock and bring it in front of those that share its place."""
        if name in self.by_name:
            dock = self.by_name[name]
            self._fill(next(spec for spec in DOCKS if spec.name == name))
            panel = dock.widget()
            hidden = dock.isHidden()
            dock.show()
            dock.raise_()
            if hidden and isinstance(panel, Panel) and dock.width() < panel.sizeHint().width():
                width = panel.sizeHint().width()
                self._window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)

    def hide(self, dock: QDockWidget) -> None:
        """Hide a dock; those beside it stay as wide as they are, and the canvas takes its room."""
        others = {
            other: other.width()
            for other in self.by_name.values()
            if other is not dock
            and self._window.dockWidgetArea(other) == self._window.dockWidgetArea(dock)
            and other.isVisible()
            and not other.isFloating()
        }
        dock.hide()
        self._window.resizeDocks(list(others), list(others.values()), Qt.Orientation.Horizontal)

    def reset(self) -> None:
        """Put every dock where it was at first; and the toolbar, which Qt lets people hide."""
        for dock in self.by_name.values():
            dock.setFloating(False)
            dock.hide()
        # Laid out without docks, so that Qt gives up the bars of tabs that they had.
        layout = self._window.layout()
        assert layout is not None
        layout.activate()
        with self._at_rest():
            for spec in DOCKS:
                dock = self.by_name[spec.name]
                self._window.removeDockWidget(dock)
                self._place(spec, dock)
        for bar in self._window.findChildren(QToolBar):
            bar.show()
        self.size()
        self.raise_first()

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Lay the window out only when all docks stand.

        A window that is laid out while a bar of tabs is being made makes it twice, and shows the
        one that nobody knows of for good.
        """
        layout = self._window.layout()
        assert layout is not None
        layout.setEnabled(False)
        try:
            yield
        finally:
            layout.setEnabled(True)
            layout.invalidate()

    def _add(self, spec: DockSpec) -> None:
        dock = Dock(spec.title, self._window, self.hide)
        dock.setObjectName(spec.name)
        self.by_name[spec.name] = dock
        self._place(spec, dock)

    def _empty(self) -> list[DockSpec]:
        empty = [spec for spec in DOCKS if self.by_name[spec.name].widget() is None]
        return sorted(empty, key=lambda spec: self.by_name[spec.name].visibleRegion().isEmpty())

    def _load_next(self) -> None:
        if not self._filling:
            return
        if empty := self._empty():
            job = Job(empty[0].load)
            job.made.connect(lambda _: self._loaded(empty[0]))
            job.start()
        else:
            self._bring(what_draws())

    def _bring(self, pieces: Iterator[None]) -> None:
        """Take a piece in each turn of the event loop, and with the last one be done."""
        if not self._filling:
            return
        if next(pieces, pieces) is pieces:
            self.stop_filling()
        else:
            QTimer.singleShot(_TURN, self, lambda: self._bring(pieces))

    def _loaded(self, spec: DockSpec) -> None:
        if self._filling:
            self._fill(spec)
            # The window is served before the next one.
            QTimer.singleShot(_TURN, self, self._load_next)

    def _fill(self, spec: DockSpec) -> None:
        dock = self.by_name[spec.name]
        if dock.widget() is not None:
            return
        panel = dock.hold(partial(spec.make, self._window))
        panel.setAccessibleName(spec.title)
        dock.visibilityChanged.connect(panel.set_in_front)
        panel.set_in_front(not dock.isVisible() or not dock.visibleRegion().isEmpty())
        self._window.document_changed.connect(panel.set_document)
        panel.set_document(self._window.document)
        if spec.name == "training_dock":
            self._window.menus.put_training(panel.actions(), panel.actions()[:4])
        if self._window.settings.first_start and not self._empty():
            self.size()

    def _place(self, spec: DockSpec, dock: QDockWidget) -> None:
        self._window.addDockWidget(spec.area, dock)
        for other in DOCKS:
            if other is spec:
                break
            if spec.stack and other.stack == spec.stack:
                self._window.tabifyDockWidget(self.by_name[other.name], dock)
            elif spec.beside == other.name:
                self._window.splitDockWidget(
                    self.by_name[other.name], dock, Qt.Orientation.Horizontal
                )
        dock.setVisible(spec.shown)

    def size(self) -> None:
        """Give the docks that are there at first their sizes; a low window keeps its canvas."""
        low = self._window.height() / space() * _LOWER
        for orientation, sizes in (
            (Qt.Orientation.Horizontal, {"layers_dock": 26, "properties_dock": 42}),
            (Qt.Orientation.Vertical, {"problems_dock": min(40, low)}),
        ):
            docks = [self.by_name[name] for name in sizes if name in self.by_name]
            self._window.resizeDocks(docks, [space(size) for size in sizes.values()], orientation)

    def raise_first(self) -> None:
        """Bring those in front that are in front at first."""
        for name in ("properties_dock", "problems_dock"):
            self.by_name[name].raise_()
