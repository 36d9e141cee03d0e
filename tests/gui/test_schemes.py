"""A window that changed its colours looks like one that was opened in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphspec_gui.docks import DOCKS
from graphspec_gui.settings import Settings
from graphspec_gui.theme import theme
from graphspec_gui.viewers.activations import ActivationsPanel
from graphspec_gui.viewers.occlusion import OcclusionPanel
from graphspec_gui.viewers.viewer import Viewer
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import TimeoutError as Unlike

from graphspec import edit
from graphspec.train.rundir import Run
from tests.gui.viewing import spec, train


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    return [train(folder / name, seed=i, epochs=3) for i, name in enumerate(("one", "two"))]


@pytest.fixture
def still_cursors(qapp: QApplication):
    flash = qapp.cursorFlashTime()
    qapp.setCursorFlashTime(0)
    yield
    qapp.setCursorFlashTime(flash)


def furnish(qtbot, window: MainWindow, runs: list[Run]) -> None:
    """Open a network with a problem in it, beside two runs, and let every dock show what it has."""
    document = window.new(spec())
    document.apply(edit.set_field(document.spec, "conv", "kernel", 20), "Kernel of 20")
    document.select(["relu"])
    for run in runs:
        window.runs.show(run)
    for dock in DOCKS:
        window.show_dock(dock.name)
        window.resizeDocks([window.docks["plots_dock"]], [480], Qt.Orientation.Vertical)
        panel = window.docks[dock.name].widget()
        if isinstance(panel, OcclusionPanel):
            qtbot.waitUntil(panel.button.isEnabled)
            qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
        if isinstance(panel, Viewer):
            qtbot.waitUntil(panel.export.isEnabled)
        if isinstance(panel, ActivationsPanel):
            place = panel.grid.place(2).center()
            qtbot.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
        window.grab()


def seen(qtbot, window: MainWindow, dock: str) -> QImage:
    """All of the window, with a dock in front, as it is while it has the focus."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.show_dock(dock)
    window.docks[dock].setFocus()
    return window.grab().toImage()


def difference(a: QImage, b: QImage) -> str:
    """How many pixels differ, and where the first of them is."""
    at = [
        (x, y)
        for y in range(min(a.height(), b.height()))
        for x in range(min(a.width(), b.width()))
        if a.pixel(x, y) != b.pixel(x, y)
    ]
    return f"{a.size()} and {b.size()}: {len(at)} pixels, first {at[:1]}"


@pytest.mark.parametrize(("first", "then"), [("light", "dark"), ("dark", "light")])
def test_every_dock_is_the_same_picture(
    qtbot, make_window, tmp_path: Path, runs, still_cursors, first, then
):
    theme().choose(first)
    changed = make_window(Settings(tmp_path / "changed.ini"))
    furnish(qtbot, changed, runs)
    theme().choose(then)
    opened = make_window(Settings(tmp_path / "opened.ini"))
    furnish(qtbot, opened, runs)
    unlike = []
    for dock in DOCKS:
        pair: list[QImage] = []

        def same(name: str = dock.name, pair: list[QImage] = pair) -> bool:
            pair[:] = (seen(qtbot, window, name) for window in (changed, opened))
            return pair[0] == pair[1]

        try:
            qtbot.waitUntil(same)
        except Unlike:
            for image, which in zip(pair, ("changed", "opened"), strict=True):
                image.save(str(tmp_path / f"{dock.name}-{which}.png"))
            unlike.append(f"{dock.name}: {difference(*pair)}")
    assert not unlike, tmp_path
