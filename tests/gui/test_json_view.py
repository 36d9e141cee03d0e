from __future__ import annotations

import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.document import StudioDocument
from graphspec_gui.json_view.panel import JsonPanel
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPushButton

from graphspec import document as documents
from graphspec import edit, zoo
from tests.gui.questions import answer

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(window: MainWindow) -> JsonPanel:
    window.new(zoo.load("lenet5"))
    window.show_dock("json_dock")
    found = window.docks["json_dock"].widget()
    assert isinstance(found, JsonPanel)
    return found


@pytest.fixture
def document(panel: JsonPanel) -> StudioDocument:
    assert panel.document is not None
    return panel.document


def replace(qtbot, panel: JsonPanel, old: str, new: str) -> None:
    """Select some text with the cursor, and type something else in its place."""
    found = panel.editor.document().find(old)
    assert not found.isNull()
    panel.editor.setFocus()
    panel.editor.setTextCursor(found)
    qtbot.keyClicks(panel.editor, new)


def test_it_shows_the_document_as_it_is_saved(panel, document):
    assert panel.editor.toPlainText() == documents.dumps(document.spec)


def test_typing_changes_the_graph(qtbot, panel, document):
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    qtbot.waitUntil(lambda: document.spec.by_id["conv1"].filters == 8)
    assert document.undo_stack.undoText() == "Edit the JSON"
    # What was typed stays as it was typed.
    assert '"filters": 8' in panel.editor.toPlainText()


def test_edits_elsewhere_change_the_text(panel, document):
    document.apply(edit.rename(document.spec, "conv1", "first"), "Rename")
    assert '"id": "first"' in panel.editor.toPlainText()
    document.undo_stack.undo()
    assert '"id": "first"' not in panel.editor.toPlainText()


def test_a_mistake_marks_its_line_and_keeps_the_last_good_graph(qtbot, panel, document):
    before = document.spec
    replace(qtbot, panel, '"filters": 6', '"filters": -6')
    qtbot.waitUntil(lambda: panel.editor.wrong_lines != {})
    line = next(
        i
        for i, text in enumerate(panel.editor.toPlainText().splitlines(), start=1)
        if '"filters": -6' in text
    )
    assert list(panel.editor.wrong_lines) == [line]
    assert "whole number above 0" in panel.message.text()
    assert panel.message.isVisible()
    assert document.spec is before
    replace(qtbot, panel, '"filters": -6', '"filters": 7')
    qtbot.waitUntil(lambda: document.spec.by_id["conv1"].filters == 7)
    assert not panel.message.isVisible()
    assert panel.editor.wrong_lines == {}


def test_lines_of_problems_stay_marked(qtbot, panel, document):
    document.apply(edit.set_field(document.spec, "conv1", "stride", 2), "Break the stride")
    qtbot.waitUntil(lambda: panel.editor.wrong_lines != {})
    marked = panel.editor.wrong_lines
    # Other colours are no other text.
    with qtbot.assertNotEmitted(panel.editor.textChanged):
        theme().choose("dark")
    # What is typed and taken back leaves the network as it was, with its problems.
    panel.editor.setFocus()
    qtbot.keyClicks(panel.editor, " ")
    qtbot.keyClick(panel.editor, Qt.Key.Key_Backspace)
    with qtbot.waitSignal(panel._settle.timeout):
        pass
    assert panel.editor.wrong_lines == marked


def test_text_that_is_no_json_is_marked_too_and_can_be_thrown_away(qtbot, panel, document):
    replace(qtbot, panel, '"format"', "format")
    qtbot.waitUntil(lambda: panel.editor.wrong_lines != {})
    assert 2 in panel.editor.wrong_lines
    # Someone edits the graph meanwhile: the text is not taken away unasked.
    document.apply(edit.rename(document.spec, "conv1", "first"), "Rename")
    assert '"id": "first"' not in panel.editor.toPlainText()
    button = panel.findChild(QPushButton, "json_restore")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert panel.editor.toPlainText() == documents.dumps(document.spec)
    assert not panel.message.isVisible()


def test_undo_in_the_text_undoes_the_graph(qtbot, panel, document):
    before = document.spec
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    qtbot.waitUntil(lambda: document.spec.by_id["conv1"].filters == 8)
    while panel.editor.document().isUndoAvailable():
        qtbot.keyClick(panel.editor, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: document.spec == before)
    assert panel.editor.toPlainText() == documents.dumps(before)


def test_undo_in_the_text_goes_on_with_what_was_done_elsewhere(qtbot, panel, document):
    before = document.spec
    document.apply(edit.set_field(document.spec, "conv2", "filters", 7), "Seven")
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    qtbot.waitUntil(lambda: document.spec.by_id["conv1"].filters == 8)
    while panel.editor.document().isUndoAvailable():
        qtbot.keyClick(panel.editor, Qt.Key.Key_Z, CTRL)
    qtbot.waitUntil(lambda: document.undo_stack.count() == 1)
    qtbot.keyClick(panel.editor, Qt.Key.Key_Z, CTRL)
    assert document.spec == before
    qtbot.keyClick(panel.editor, Qt.Key.Key_Y, CTRL)
    assert document.spec.by_id["conv2"].filters == 7
    assert panel.editor.toPlainText() == documents.dumps(document.spec)


def test_a_change_elsewhere_is_told_beside_the_mistake(qtbot, panel, document):
    replace(qtbot, panel, '"filters": 6', '"filters": 6x')
    qtbot.waitUntil(panel.message.isVisible)
    document.apply(edit.set_field(document.spec, "conv2", "filters", 7), "Seven")
    document.apply(edit.set_field(document.spec, "conv2", "filters", 8), "Eight")
    mistake, changed = panel.message.text().splitlines()
    assert mistake.startswith("Line 6: 6x is not a JSON number")
    assert changed.startswith("The network was changed elsewhere")


def test_what_is_selected_is_lit_up(panel, document):
    document.select(["fc1"])
    line = panel.editor._chosen[0]
    assert '"id": "fc1"' in panel.editor.toPlainText().splitlines()[line - 1]


def test_problems_of_the_graph_are_marked_at_their_lines(qtbot, panel, document):
    document.apply(edit.set_field(document.spec, "conv1", "stride", 2), "Break")
    document.look_now()
    (line,) = panel.editor.wrong_lines
    assert '"id": "conv1"' in panel.editor.toPlainText().splitlines()[line - 1]


def test_a_hidden_view_catches_up_when_it_is_shown(window, panel, document):
    window.docks["json_dock"].hide()
    document.apply(edit.rename(document.spec, "conv1", "first"), "Rename")
    assert '"id": "first"' not in panel.editor.toPlainText()
    window.show_dock("json_dock")
    assert '"id": "first"' in panel.editor.toPlainText()


def test_two_documents_do_not_mix(qtbot, window, panel, document):
    panel.editor.moveCursor(QTextCursor.MoveOperation.End)
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    # Before the text has settled, another document comes to the front.
    other = window.new(zoo.load("mlp"))
    assert document.spec.by_id["conv1"].filters == 8
    assert panel.editor.toPlainText() == documents.dumps(other.spec)
    assert not other.modified


def test_a_long_text_follows_when_it_has_come_to_rest(qtbot, window, panel):
    resnet = window.new(zoo.load("resnet50"))
    spec = resnet.spec
    for i in range(60):
        layer = spec.layers[-2].model_copy(update={"id": f"extra{i}"})
        spec = edit.add_layer(spec, layer)
    resnet.apply(spec, "Grow")
    for x in range(3):
        resnet.apply(edit.move(resnet.spec, [("extra1", (float(x), 0.0))]), "Move", "drag")
    wanted = documents.dumps(resnet.spec)
    qtbot.waitUntil(lambda: panel.editor.toPlainText() == wanted)


WRONG = '"filters": 6x'


@pytest.fixture
def wrong(qtbot, window, panel, document, tmp_path) -> str:
    """The text with a mistake, of a document with a file."""
    path = tmp_path / "net.json"
    window.current.on_disk = documents.save(document.spec, path)
    document.set_path(path)
    replace(qtbot, panel, '"filters": 6', WRONG)
    qtbot.waitUntil(lambda: panel.editor.wrong_lines != {})
    return panel.editor.toPlainText()


def test_text_that_is_wrong_waits_behind_another_document(qtbot, window, panel, document, wrong):
    assert document.modified
    window.new(zoo.load("linear_softmax"))
    assert WRONG not in panel.editor.toPlainText()
    window.turn(-1)
    assert panel.editor.toPlainText() == wrong
    assert panel.editor.wrong_lines != {}
    assert "Line" in panel.message.text()
    replace(qtbot, panel, WRONG, '"filters": 7')
    qtbot.waitUntil(lambda: document.spec.by_id["conv1"].filters == 7)
    assert document.draft is None


def test_saving_says_that_text_that_is_wrong_is_not_saved(qtbot, window, panel, document, wrong):
    qtbot.keyClick(panel.editor, Qt.Key.Key_S, CTRL)
    assert documents.load(document.path) == document.spec
    assert "the text in the JSON view has mistakes" in window.current.banner.label.text()
    assert panel.editor.toPlainText() == wrong
    assert document.modified
    answer("Cancel")
    assert not window.close_tab(window.current)
    assert panel.editor.toPlainText() == wrong
    qtbot.mouseClick(panel.restore, Qt.MouseButton.LeftButton)
    document.undo_stack.setClean()
    assert not document.modified


def test_what_was_typed_a_moment_ago_is_saved(qtbot, window, panel, document, tmp_path):
    path = tmp_path / "net.json"
    window.current.on_disk = documents.save(document.spec, path)
    document.set_path(path)
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    assert document.spec.by_id["conv1"].filters == 6
    qtbot.keyClick(panel.editor, Qt.Key.Key_S, CTRL)
    assert documents.load(path).by_id["conv1"].filters == 8
    assert not document.modified


def test_training_right_after_typing_takes_what_was_typed(qtbot, window, panel, document):
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    assert document.spec.by_id["conv1"].filters == 6
    qtbot.keyClick(panel.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.training.prepared is not None)
    assert window.training.prepared.spec.by_id["conv1"].filters == 8


def test_training_tells_that_wrong_text_is_no_part_of_it(qtbot, window, panel, document):
    replace(qtbot, panel, '"filters": 6', '"filters": -')
    qtbot.keyClick(panel.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.training.prepared is not None)
    assert window.training.prepared.spec.by_id["conv1"].filters == 6
    (told,) = window.findChildren(Banner)
    assert "mistakes" in told.label.text()


def test_what_was_typed_is_read_when_the_keyboard_goes_elsewhere(qtbot, window, panel, document):
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    window.current.view.setFocus()
    assert document.spec.by_id["conv1"].filters == 8
    assert document.draft is None


def test_undo_of_the_window_goes_back_before_what_was_typed_a_moment_ago(
    qtbot, window, panel, document
):
    document.apply(edit.rename(document.spec, "conv1", "first"), "Rename")
    replace(qtbot, panel, '"filters": 6', '"filters": 8')
    window.menus["edit.undo"].trigger()
    assert document.spec.by_id["first"].filters == 6
    assert document.draft is None
