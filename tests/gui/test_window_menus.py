"""Menus, docks and dialogs of the window, through clicks."""

from __future__ import annotations

from graphspec_gui.buttons import MenuButton
from graphspec_gui.docks import DOCKS
from graphspec_gui.palette import CommandPalette
from graphspec_gui.template_dialog import TemplateDialog
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QToolBar, QToolButton

from graphspec import zoo
from graphspec.recipe.config import TrainConfig
from graphspec.train.session import create_run


def test_the_menus_hold_editing_and_training(window):
    window.new(zoo.load("spiral_net"))
    titles = {
        action.text().replace("&", ""): action.menu() for action in window.menuBar().actions()
    }
    for menu in titles.values():
        menu.aboutToShow.emit()
    names = {action.objectName() for action in titles["Edit"].actions()}
    assert {"edit.undo", "canvas.cut", "canvas.copy", "canvas.paste", "canvas.find"} <= names
    names = {action.objectName() for action in titles["Training"].actions()}
    assert {"training.start", "training.pause", "training.step", "training.reset"} <= names


def test_a_run_is_opened_by_a_dialog(window, tmp_path, monkeypatch):
    run = create_run(zoo.load("spiral_net"), TrainConfig(data="spiral"), tmp_path / "a-run")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(run.path))
    window.menus["file.open_run"].trigger()
    assert window.document.spec == run.spec
    assert window.runs.current.run.path == run.path


def test_the_text_and_its_neighbour_share_no_room_that_one_leaves(qtbot, window):
    window.resize(1400, 850)
    window.new(zoo.load("lenet5"))
    properties = window.docks["properties_dock"]
    before = properties.width()
    window.menus["view.json_dock"].trigger()
    qtbot.waitUntil(lambda: window.docks["json_dock"].width() > 200)
    narrow = properties.width()
    title = window.docks["json_dock"].titleBarWidget()
    (close,) = (b for b in title.findChildren(QToolButton) if b.accessibleName() == "Close JSON")
    close.click()
    qtbot.waitUntil(lambda: not window.docks["json_dock"].isVisible())
    QApplication.processEvents()
    assert properties.width() <= max(before, narrow) + 2


def test_the_number_of_classes_of_a_pattern_can_be_read(qtbot, window):
    dialog = TemplateDialog(window)
    dialog.show()
    dialog.show_pattern()
    QApplication.processEvents()
    field = dialog.classes.lineEdit()
    assert field.width() > field.fontMetrics().horizontalAdvance(field.text())
    dialog.reject()


def test_the_panels_button_lists_every_dock_and_shows_one(qtbot, window):
    (button,) = window.findChildren(MenuButton)
    menu = button.menu()
    listed = [action.text() for action in menu.actions() if action.isCheckable()]
    assert listed == [spec.title for spec in DOCKS]
    assert window.docks["weights_dock"].isHidden()
    action = window.menus["view.weights_dock"]

    def choose() -> None:
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())

    QTimer.singleShot(0, choose)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    qtbot.waitUntil(window.docks["weights_dock"].isVisible)
    assert action.isChecked()


def test_the_toolbar_has_switches_for_the_docks_of_the_first_start(window):
    (bar,) = window.findChildren(QToolBar)
    shown = {action.objectName() for action in bar.actions()}
    for spec in DOCKS:
        assert (f"view.{spec.name}" in shown) == spec.shown


def test_the_palette_closes_with_the_document_whose_commands_it_lists(window):
    window.open_sample("look")
    window.menus["view.palette"].trigger()
    palette = window.findChild(CommandPalette)
    assert palette.isVisible()
    window.close_tab(window.current)
    assert not palette.isVisible()
