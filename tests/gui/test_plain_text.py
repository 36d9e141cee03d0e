"""Text from files is shown as it is: none of it is ever taken for markup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graphspec_gui.message import Message
from graphspec_gui.runs.comparison import Comparison
from graphspec_gui.runs.panel import RunsPanel
from graphspec_gui.window import MainWindow
from PIL import Image
from PySide6 import QtGui
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QPushButton,
    QTabBar,
    QToolTip,
    QWidget,
)

from graphspec import api, edit
from graphspec import document as documents
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.train.remarks import Remarks, write_remarks
from tests.gui.viewing import spec

TRAP = "<img src='file:trap.png'><b>x &lt;i>"
NAME = "<b>x &lt;i>"
"""What of it can be the name of a file."""


@pytest.fixture
def hostile(tmp_path: Path) -> GraphSpec:
    """A network that is called a trap, and learns classes that are."""
    for place in range(10):
        folder = tmp_path / "images" / f"{NAME} {place}"
        folder.mkdir(parents=True)
        for i in range(4):
            Image.fromarray(np.full((8, 8), 40 * i, np.uint8)).save(folder / f"{i}.png")
    made = spec(data=str(tmp_path / "images"), data_options={"colour": "grey"})
    made = edit.set_value(made, "training.split", {"validation": 4})
    return edit.set_value(made, "name", TRAP)


def tips(model: object, parent: QModelIndex) -> Iterator[str]:
    for row in range(model.rowCount(parent)):
        for column in range(
            1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
        ):
            index = model.index(row, column, parent)
            yield str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            if column == 0:
                yield from tips(model, index)


def texts() -> Iterator[str]:
    """Every text that Qt shows as HTML if it looks like it."""
    for top in QApplication.topLevelWidgets():
        for widget in (top, *top.findChildren(QWidget)):
            yield widget.toolTip()
            if isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText:
                yield widget.text()
            if isinstance(widget, QTabBar):
                yield from (widget.tabToolTip(i) for i in range(widget.count()))
            if isinstance(widget, QAbstractItemView) and widget.model() is not None:
                yield from tips(widget.model(), QModelIndex())
        yield from (action.toolTip() for action in top.findChildren(QAction))
    yield QToolTip.text()


def taken_for_markup() -> set[str]:
    """Texts with the trap in them that Qt would not show as they are."""
    return {
        text
        for text in texts()
        if QtGui.Qt.mightBeRichText(text) and ("<img" in text or "<b>" in text or "x &lt;i" in text)
    }


def point_at(widget: QWidget, at: QPoint) -> None:
    """Rest the mouse there until the tooltip comes."""
    help_ = QHelpEvent(QHelpEvent.Type.ToolTip, at, widget.mapToGlobal(at))
    QApplication.sendEvent(widget, help_)


def test_a_document_and_its_file(qtbot, window: MainWindow, hostile, tmp_path):
    path = tmp_path / f"{NAME}.json"
    documents.save(edit.set_field(hostile, "conv", "kernel", 20), path)
    window.files.open(path)
    window.document.select(["conv"])
    for name in window.docks:
        window.show_dock(name)
        QApplication.processEvents()
        assert taken_for_markup() == set(), name
    editor = window.docks["json_dock"].widget().editor
    window.show_dock("json_dock")
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, f'{{"format": "graphspec/1", "{TRAP}": 1}}')
    qtbot.waitUntil(lambda: NAME in next(iter(editor.wrong_lines.values()), ""))
    point_at(editor.viewport(), QPoint(5, 5))
    assert QToolTip.isVisible()
    assert taken_for_markup() == set()
    window.menus["file.differences"].trigger()
    window.files._refuse(path, SpecError(TRAP))
    window._training_failed(TRAP)
    window.current.view.say(TRAP)
    Message("question", "trap", TRAP, TRAP, window)
    assert taken_for_markup() == set()
    for tab in list(window.tabs()):
        tab.document.undo_stack.setClean()
        tab.document.set_draft(None)
        window.close_tab(tab)
    links = window.welcome.findChildren(QPushButton)
    link = next(item for item in links if item.text() == path.name.replace("&", "&&"))
    assert "&lt;b&gt;" in link.toolTip()
    assert taken_for_markup() == set()


def test_runs_classes_and_pictures(qtbot, window: MainWindow, hostile, tmp_path):
    runs = [
        api.fit(hostile, run=tmp_path / "runs" / f"{NAME} {i}", engine="numpy") for i in range(2)
    ]
    for run in runs:
        write_remarks(run.path, Remarks(note=TRAP))
    window.new(hostile)
    for run in runs:
        window.runs.show(run)
    picture = tmp_path / f"{NAME}.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(picture)
    for name in ("data", "activations", "weights", "occlusion", "predictions"):
        window.show_dock(f"{name}_dock")
        panel = window.docks[f"{name}_dock"].widget()
        qtbot.waitUntil(lambda panel=panel: panel.stack.currentWidget() is panel.body)
        if name == "data":
            panel.source.read(picture, picture)
            qtbot.waitUntil(lambda panel=panel: panel.source.example.title == picture.name)
        point_at(panel.probes, panel.probes.place(0).center())
        assert taken_for_markup() == set(), name
    window.show_dock("plots_dock")
    window.show_dock("runs_dock")
    panel = window.docks["runs_dock"].widget()
    assert isinstance(panel, RunsPanel)
    qtbot.waitUntil(lambda: panel.rows.rowCount() == 2)
    assert taken_for_markup() == set()
    panel.view.selectAll()
    panel.compare.trigger()
    dialog = window.findChild(Comparison)
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 0)
    assert TRAP in {dialog.table.item(i, 0).text() for i in range(dialog.table.rowCount())}
    assert taken_for_markup() == set()
