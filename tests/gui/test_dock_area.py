"""The docks: remembered, named, filled late, and at rest where nobody sees them."""

from __future__ import annotations

import subprocess
import sys

from graphspec_gui.buttons import IconButton
from graphspec_gui.dock import Dock
from graphspec_gui.docks import DOCKS
from graphspec_gui.journal import Journal
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QLabel,
    QMainWindow,
    QTabBar,
    QTextEdit,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from graphspec import zoo

FIRST_START = """
import sys
from pathlib import Path
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtWidgets import QApplication, QTabBar

app = QApplication([])
theme().apply(app)
folder = Path(sys.argv[1])
window = MainWindow(Settings(folder / "settings.ini"), Journal(folder / "journal"), late=True)
window.show()
app.processEvents()
bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window]
tabs = sorted([bar.tabText(i) for i in range(bar.count())] for bar in bars)
assert tabs == [["Problems", "Plots", "Runs"], ["Properties", "Training"]], tabs
"""


def test_docks_that_share_a_place_have_one_bar_of_tabs(tmp_path):
    # A process of its own, as the app starts: not every window is laid out meanwhile.
    done = subprocess.run(
        [sys.executable, "-c", FIRST_START, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_docks_that_are_put_back_leave_no_bar_of_tabs_behind(qtbot, window):
    window.docks["plots_dock"].setFloating(True)
    window.show_dock("json_dock")
    window.menus["view.reset_docks"].trigger()
    window.resize(window.width(), window.height() + 100)
    bars = [bar for bar in window.findChildren(QTabBar) if bar.parent() is window]
    shown = [bar for bar in bars if bar.geometry().intersects(window.rect()) and bar.isVisible()]
    tabs = sorted([bar.tabText(i) for i in range(bar.count())] for bar in shown)
    assert tabs == [["Problems", "Plots", "Runs"], ["Properties", "Training"]]


def test_docks_are_remembered(qtbot, window, settings, tmp_path):
    window.docks["problems_dock"].hide()
    window.show_dock("json_dock")
    window.close()
    again = MainWindow(settings, Journal(tmp_path / "journal2"))
    qtbot.addWidget(again)
    again.show()
    assert again.docks["problems_dock"].isHidden()
    assert not again.docks["json_dock"].isHidden()
    (bar,) = again.findChildren(QToolBar)
    bar.toggleViewAction().trigger()
    assert bar.isHidden()
    again.menus["view.reset_docks"].trigger()
    assert not bar.isHidden()
    assert not again.docks["problems_dock"].isHidden()
    assert again.docks["json_dock"].isHidden()
    again.close()


def test_docks_that_were_moved_stand_where_they_were_put(qtbot, window, settings, tmp_path):
    plots = window.docks["plots_dock"]
    window.show_dock("plots_dock")
    (floats,) = (
        button
        for button in plots.titleBarWidget().findChildren(IconButton)
        if "float" in button.accessibleName()
    )
    qtbot.mouseClick(floats, Qt.MouseButton.LeftButton)
    plots.setGeometry(60, 70, 500, 400)
    left = Qt.DockWidgetArea.LeftDockWidgetArea
    window.addDockWidget(left, window.docks["training_dock"])
    window.tabifyDockWidget(window.docks["layers_dock"], window.docks["runs_dock"])
    window.close()
    again = MainWindow(settings, Journal(tmp_path / "journal2"))
    qtbot.addWidget(again)
    again.show()
    assert again.docks["plots_dock"].isFloating()
    assert again.docks["plots_dock"].geometry() == plots.geometry()
    assert again.dockWidgetArea(again.docks["training_dock"]) == left
    assert again.docks["runs_dock"] in again.tabifiedDockWidgets(again.docks["layers_dock"])
    again.close()


def test_the_window_fits_the_screen_at_its_first_start(qtbot, settings, tmp_path):
    window = MainWindow(settings, Journal(tmp_path / "journal"))
    qtbot.addWidget(window)
    window.show()
    screen = window.screen().availableGeometry()
    least = window.minimumSizeHint().width()
    assert window.width() <= max(least, 0.95 * screen.width())
    assert window.height() < screen.height()
    assert window.docks["problems_dock"].height() < 0.4 * window.height()
    window.close()


def test_every_dock_has_a_name_and_a_switch(window):
    for spec in DOCKS:
        dock = window.docks[spec.name]
        assert dock.objectName() == spec.name
        assert dock.widget().accessibleName()
        action = window.menus[f"view.{spec.name}"]
        was = dock.isHidden()
        action.trigger()
        assert dock.isHidden() != was
        action.trigger()
        assert dock.isHidden() == was


def test_docks_can_be_filled_after_the_window_is_up(qtbot, settings, tmp_path):
    window = MainWindow(settings, Journal(tmp_path / "journal"), late=True)
    qtbot.addWidget(window)
    window.show()
    assert all(dock.widget() is None for dock in window.docks.values())
    document = window.new(zoo.load("lenet5"))
    with qtbot.waitSignal(window.painted):
        pass
    window.show_dock("occlusion_dock")
    filled = [name for name, dock in window.docks.items() if dock.widget() is not None]
    assert filled == ["occlusion_dock"]
    window.dock_area.fill_by_and_by()
    qtbot.waitUntil(lambda: all(dock.widget() for dock in window.docks.values()))
    assert all(dock.widget().document is document for dock in window.docks.values())
    window.close()


def test_every_command_is_in_the_palette_before_the_docks_are_filled(qtbot, settings, tmp_path):
    window = MainWindow(settings, Journal(tmp_path / "journal"), late=True)
    qtbot.addWidget(window)
    early = {(place, action.text()) for place, action in window.actions_by_place()}
    window.dock_area.fill()
    assert early == {(place, action.text()) for place, action in window.actions_by_place()}
    assert "Training" in {place for place, _ in early}
    window.close()


def test_a_dock_behind_another_rests_until_it_is_in_front(window, monkeypatch):
    window.new(zoo.load("lenet5"))
    window.show_dock("training_dock")
    panel = window.docks["properties_dock"].widget()
    seen = []
    refresh = panel.refresh
    monkeypatch.setattr(panel, "refresh", lambda: (seen.append(1), refresh()))
    window.document.select(["conv1"])
    assert not seen
    window.show_dock("properties_dock")
    assert seen == [1]
    window.document.select(["conv2"])
    assert seen == [1, 1]


class Layouts(QObject):
    """Counts how often a widget is asked to lay itself out."""

    count = 0

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_window_is_laid_out_for_a_dock_that_needs_room_and_not_for_its_texts(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = Dock("Panel", window, QWidget.hide)
    panel = dock.hold(QWidget)
    label = QLabel("1", panel)
    label.setMinimumWidth(200)
    QVBoxLayout(panel).addWidget(label)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    window.setCentralWidget(QTextEdit())
    window.resize(900, 500)
    window.show()
    assert dock.widget() is panel
    window.resizeDocks([dock], [230], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: panel.width() == 230)
    layouts = Layouts()
    window.installEventFilter(layouts)
    qtbot.wait(50)  # what is left of showing it
    layouts.count = 0
    for number in range(20):
        label.setText(str(number))
        qtbot.wait(1)
    assert layouts.count == 0
    label.setMinimumWidth(500)
    qtbot.waitUntil(lambda: panel.width() >= 500)
    # What changes while nobody sees it counts when it is shown.
    dock.hide()
    label.setMinimumWidth(700)
    dock.show()
    qtbot.waitUntil(lambda: panel.width() >= 700)
