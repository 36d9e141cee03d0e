"""Everything is reached by Tab, shows that it has the focus, and has a name for screen readers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphspec_gui.examination import ExaminationDialog
from graphspec_gui.gradients import GradientDialog
from graphspec_gui.runs.comparison import Comparison
from graphspec_gui.runs.panel import RunsPanel
from graphspec_gui.text_dialog import TextDialog
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QDialog,
    QDockWidget,
    QWidget,
)

from graphspec import document as documents
from graphspec import edit
from graphspec.train.rundir import Run
from tests.gui.viewing import spec, train

MOST = 500
"""Stops of Tab after which something must hold it captive."""


def dock_of(widget: QWidget) -> QDockWidget | None:
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def can_be_seen(widget: QWidget) -> bool:
    dock = dock_of(widget)
    return widget.isVisible() and (dock is None or not dock.visibleRegion().isEmpty())


def is_page(widget: QWidget) -> bool:
    """The page inside a scroll area, which lends its focus to the area."""
    parent = widget.parentWidget()
    return isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget


def wanted(top: QWidget) -> set[QWidget]:
    tab = Qt.FocusPolicy.TabFocus
    return {
        widget
        for widget in top.findChildren(QWidget)
        if widget.window() is top
        and widget.focusPolicy() & tab == tab
        and widget.focusProxy() is None
        and widget.isEnabled()
        and can_be_seen(widget)
        and not is_page(widget)
    }


def picture(widget: QWidget) -> QImage:
    """How a widget looks, with what stands right around it."""
    top = widget.window()
    place = QRect(widget.mapTo(top, QPoint(0, 0)), widget.size()).adjusted(-3, -3, 3, 3)
    return top.grab(place).toImage()


def walk(top: QWidget) -> Iterator[tuple[QWidget, bool]]:
    """Press Tab until it comes round: where it stops, and whether that could be seen."""
    first: QWidget | None = None
    for _ in range(MOST):
        now = QApplication.focusWidget()
        if now is None or now is top:
            QTest.keyClick(top, Qt.Key.Key_Tab)
            continue
        if now is first:
            return
        first = first or now
        before = picture(now)
        while QApplication.focusWidget() is now:
            # On the canvas it goes from node to node.
            QTest.keyClick(now, Qt.Key.Key_Tab)
            if now.objectName() != "canvas":
                break
        yield now, picture(now) != before
    pytest.fail(f"Tab does not come round: it is at {name_of(QApplication.focusWidget())}")


def name_of(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or text or '(no name)'}"


def check(top: QWidget) -> None:
    QApplication.processEvents()
    names = {name_of(w) for w in wanted(top) if not w.objectName().startswith("qt_")}
    assert {name for name in names if name.endswith("(no name)")} == set()
    stops = dict(walk(top))
    assert {name_of(w) for w in wanted(top) - set(stops)} == set(), "not reached"
    assert {name_of(w) for w in stops if not can_be_seen(w)} == set(), "reached, and hidden"
    assert {name_of(w) for w, seen in stops.items() if not seen} == set(), "focus not seen"


@pytest.fixture
def working(window: MainWindow, trained: Run) -> MainWindow:
    """A network with a trained run, as large as most screens."""
    window.resize(1500, 950)
    window.new(spec())
    window.document.select(["conv"])
    window.runs.show(trained)
    return window


def test_the_start_page(window):
    check(window)


@pytest.mark.parametrize(
    "docks",
    [
        ("layers_dock", "properties_dock", "problems_dock"),
        ("json_dock", "training_dock", "plots_dock"),
        ("help_dock", "runs_dock"),
        ("data_dock",),
        ("activations_dock",),
        ("weights_dock",),
        ("occlusion_dock",),
        ("predictions_dock",),
    ],
    ids=lambda docks: docks[0],
)
def test_every_dock(qtbot, working, docks):
    for name in docks:
        working.show_dock(name)
    if docks[0] in ("data_dock", "activations_dock", "weights_dock", "occlusion_dock"):
        panel = working.docks[docks[0]].widget()
        qtbot.waitUntil(lambda: panel.export.isEnabled() or docks[0] == "occlusion_dock")
    check(working)


def test_the_dialogs(qtbot, working, tmp_path):
    def ask(name: str) -> QDialog:
        working.menus[name].trigger()
        return QApplication.activeModalWidget()

    for name in ("file.new", "file.new_pattern", "help.about"):
        dialog = ask(name)
        qtbot.waitUntil(dialog.isActiveWindow)
        check(dialog)
        dialog.reject()
    working.current.view.operations.check_gradients()
    dialog = working.findChild(GradientDialog)
    qtbot.waitUntil(lambda: not dialog.running)
    check(dialog)
    dialog.accept()
    working.docks["training_dock"].widget().examine.trigger()
    dialog = working.findChild(ExaminationDialog)
    qtbot.waitUntil(lambda: not dialog.running)
    check(dialog)
    dialog.accept()
    documents.save(working.document.spec, tmp_path / "net.json")
    working.files.open(tmp_path / "net.json")
    document = working.document
    document.apply(edit.set_field(document.spec, "conv", "filters", 9), "Nine filters")
    working.menus["file.differences"].trigger()
    dialog = working.findChild(TextDialog)
    check(dialog)
    dialog.accept()


def test_the_comparison(qtbot, working, tmp_path):
    for name in ("one", "other"):
        train(tmp_path / "runs" / name, seed=len(name))
    working.show_dock("runs_dock")
    panel = working.docks["runs_dock"].widget()
    assert isinstance(panel, RunsPanel)
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 2)
    panel.view.selectAll()
    panel.compare.trigger()
    dialog = working.findChild(Comparison)
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 0)
    check(dialog)
    dialog.close()
