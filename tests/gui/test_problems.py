from __future__ import annotations

from pathlib import Path

import pytest
from graphspec_gui.buttons import IconButton
from graphspec_gui.document import StudioDocument
from graphspec_gui.problems.panel import ProblemsPanel
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from graphspec import document as documents
from graphspec import edit, zoo

CORPUS = Path(__file__).parents[1] / "corpus"
FOUND = sorted([*(CORPUS / "checks").glob("*.json"), *(CORPUS / "lint").glob("*.json")])
"""A network for every problem, and one for every piece of advice."""


@pytest.fixture
def panel(window: MainWindow) -> ProblemsPanel:
    window.new(zoo.load("lenet5"))
    found = window.docks["problems_dock"].widget()
    assert isinstance(found, ProblemsPanel)
    return found


@pytest.fixture
def document(panel: ProblemsPanel) -> StudioDocument:
    assert panel.document is not None
    return panel.document


def broken(document: StudioDocument) -> None:
    document.apply(edit.set_field(document.spec, "conv2", "stride", 2), "Break")
    document.look_now()


def test_problems_are_listed_while_editing(qtbot, panel, document):
    assert panel.rows == []
    assert "can be trained" in panel.message.text()
    document.apply(edit.set_field(document.spec, "conv2", "stride", 2), "Break")
    qtbot.waitUntil(lambda: len(panel.rows) == 1)
    assert panel.rows[0].problem.code == "window-remainder"
    assert not panel.empty.isVisible()


def test_a_click_selects_the_layer(qtbot, panel, document):
    broken(document)
    qtbot.mouseClick(panel.rows[0].trouble.label, Qt.MouseButton.LeftButton)
    assert document.selection == {"conv2"}
    assert panel.rows[0].property("chosen") is True
    document.select([])
    panel.rows[0].setFocus()
    qtbot.keyClick(panel.rows[0], Qt.Key.Key_Return)
    assert document.selection == {"conv2"}


def test_one_click_mends_it_and_undo_breaks_it_again(qtbot, panel, document):
    before = document.spec
    broken(document)
    problem, button = panel.rows[0].problem, panel.rows[0].trouble.buttons[0]
    words = button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert problem not in document.analysis.problems
    assert document.undo_stack.undoText() == words
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.spec is before


@pytest.fixture
def alone(qtbot: QtBot) -> ProblemsPanel:
    """The panel without a window around it."""
    made = ProblemsPanel(lambda _: None)
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    return made


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_every_fix_button_removes_its_problem(qtbot, make_document, alone, path):
    spec = documents.load(path)
    panel, document = alone, make_document(spec)
    panel.set_document(document)
    count = len(document.analysis.problems)
    for i in range(count):
        for j in range(len(document.analysis.problems[i].fixes)):
            row = panel.rows[i]
            problem = row.problem
            qtbot.mouseClick(row.trouble.buttons[j], Qt.MouseButton.LeftButton)
            assert document.spec != spec
            assert problem not in document.analysis.problems
            document.undo_stack.undo()
            document.look_now()
            assert document.spec == spec


def test_the_status_bar_counts_and_leads_to_the_list(qtbot, window, panel, document):
    button = window.findChild(QPushButton, "status_problems")
    assert button.text() == "No problems"
    broken(document)
    assert button.text() == "1 problem"
    # What is not known now holds no place.
    assert window.findChild(QLabel, "status_work").isHidden()
    window.docks["problems_dock"].hide()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.isVisible()


def test_advice_can_be_silenced_and_asked_for_again(qtbot, window, panel, document, settings):
    document.apply(edit.set_field(document.spec, "conv1", "kernel", 6), "Even")
    document.apply(edit.set_field(document.spec, "conv1", "pad", "same"), "Even")
    document.look_now()
    rows = [row for row in panel.rows if row.problem.code == "even-kernel"]
    assert len(rows) == 1
    bell = rows[0].findChild(IconButton)
    qtbot.mouseClick(bell, Qt.MouseButton.LeftButton)
    assert "even-kernel" not in {row.problem.code for row in panel.rows}
    assert settings.silenced == {"even-kernel"}
    # A document that is opened later is not asked either.
    other = window.new(document.spec)
    assert "even-kernel" not in {problem.code for problem in other.analysis.problems}
    panel._bar.menu.actions()[0].trigger()
    assert "even-kernel" in {row.problem.code for row in panel.rows}
    assert settings.silenced == frozenset()


def test_keys_go_through_the_problems(qtbot, window, panel, document):
    broken(document)
    qtbot.keyClick(window, Qt.Key.Key_F8)
    assert document.selection == {"conv2"}
    problem = document.analysis.problems[0]
    qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert problem not in document.analysis.problems


def test_rows_that_stay_keep_the_focus(panel, document):
    broken(document)
    row = panel.rows[0]
    document.apply(edit.rename(document.spec, "image", "picture"), "Rename")
    document.apply(edit.set_field(document.spec, "conv1", "stride", 3), "Break more")
    document.look_now()
    kept = [other for other in panel.rows if other is row]
    assert kept == [row] or row.problem not in document.analysis.problems


def test_what_is_a_layers_name_is_no_markup(panel, document):
    broken(document)
    label = panel.rows[0].trouble.label
    assert label.textFormat() == Qt.TextFormat.PlainText
