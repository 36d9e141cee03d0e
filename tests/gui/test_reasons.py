"""Whatever cannot be done says why, in every state that the app can be in."""

from __future__ import annotations

from collections.abc import Iterator

from graphspec_gui.actions import StudioAction
from graphspec_gui.files import empty_network
from graphspec_gui.runs.panel import RunsPanel
from graphspec_gui.window import MainWindow
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from graphspec import document as documents
from graphspec import edit
from graphspec.graph import GraphSpec
from tests.gui.viewing import spec, train

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)
SAY_IT_THEMSELVES = {"No file was open yet", "Open a network to edit its layers"}


def states(window: MainWindow, qtbot: QtBot) -> Iterator[str]:
    """Bring the window from state to state: the name of each, in its time."""
    yield "nothing is open"
    window.new(GraphSpec(inputs=(), layers=()))
    yield "a network without inputs"
    window.new(empty_network())
    yield "an empty network"
    document = window.new(spec(epochs=10_000))
    yield "a network"
    document.select(["conv"])
    yield "a layer is chosen"
    document.select(["image"])
    yield "an input is chosen"
    document.select(document.spec.by_id)
    yield "everything is chosen"
    document.apply(edit.set_field(document.spec, "conv", "kernel", 20), "Too large a kernel")
    qtbot.waitUntil(lambda: document.analysis.spec is document.spec)
    yield "a network with a problem"
    document.undo_stack.undo()
    yield "an edit is undone"
    training = window.training
    training.start(document.spec)
    yield "a training is prepared"
    qtbot.waitUntil(lambda: training.state == "running")
    yield "it trains"
    training.pause()
    qtbot.waitUntil(lambda: training.state == "paused")
    yield "it is paused"
    training.stop()
    yield "it is being stopped"
    qtbot.waitUntil(lambda: training.state == "idle")
    yield "it was stopped"
    train(window.runs.current.run.path.parent / "other")
    window.show_dock("runs_dock")
    panel = window.docks["runs_dock"].widget()
    assert isinstance(panel, RunsPanel)
    panel.library.look_now()
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 2)
    for row in range(2):
        panel.view.setCurrentIndex(panel.rows.index(row, 2))
        yield "a run is chosen"
    panel.view.selectAll()
    yield "two runs are chosen"
    path = window.runs.current.run.path.parent / "net.json"
    documents.save(spec(), path)
    window.files.open(path)
    yield "a network is as its file"
    window.document.apply(edit.set_value(spec(), "name", "another"), "Another name")
    yield "it was edited"


def silent_menus(window: MainWindow) -> list[str]:
    """Menus that would not show why something in them is disabled."""
    for menu in window.findChildren(QMenu):
        menu.aboutToShow.emit()
    return [
        menu.title() or menu.objectName()
        for menu in window.findChildren(QMenu)
        if any(isinstance(action, StudioAction) for action in menu.actions())
        and not menu.toolTipsVisible()
    ]


def silent_actions(window: MainWindow) -> list[str]:
    for menu in window.findChildren(QMenu):
        menu.aboutToShow.emit()
    return [
        action.text()
        for action in window.findChildren(QAction)
        if not (action.isEnabled() or action.isSeparator() or action.menu())
        and action.text() not in SAY_IT_THEMSELVES
        and not (
            isinstance(action, StudioAction) and action.reason and action.reason in action.toolTip()
        )
    ]


def silent_controls(window: MainWindow, name: str) -> list[str]:
    window.show_dock(name)
    QApplication.processEvents()
    return [
        f"{type(widget).__name__} {widget.accessibleName()}"
        for widget in window.docks[name].findChildren(QWidget)
        if isinstance(widget, CONTROLS)
        and not isinstance(widget, QScrollBar)
        and widget.isVisible()
        and not widget.isEnabled()
        and widget.parentWidget().isEnabled()
        and not widget.toolTip()
    ]


def test_every_disabled_action_and_control_says_why(qtbot, window):
    for state in states(window, qtbot):
        assert silent_menus(window) == [], state
        assert silent_actions(window) == [], state
        assert {name: said for name in window.docks if (said := silent_controls(window, name))} == (
            {}
        ), state
