"""The properties dock, used as its users use it: by typing, clicking and choosing."""

from __future__ import annotations

import pytest
from graphspec_gui.buttons import IconButton
from graphspec_gui.document import StudioDocument
from graphspec_gui.findings import look
from graphspec_gui.forms.editors import SEVERAL_VALUES, ChoiceEdit, FlagEdit, LineEdit
from graphspec_gui.forms.properties import NOTHING_SHARED, PropertiesPanel
from graphspec_gui.forms.shares import SHARE
from graphspec_gui.forms.sums import MEASURE
from graphspec_gui.forms.timing import batch_of
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QTreeWidget
from pytestqt.qtbot import QtBot

from graphspec import edit, zoo
from graphspec.engines.choosing import why_not_jit


@pytest.fixture
def panel(window: MainWindow) -> PropertiesPanel:
    window.new(zoo.load("lenet5"))
    found = window.docks["properties_dock"].widget()
    assert isinstance(found, PropertiesPanel)
    return found


@pytest.fixture
def document(panel: PropertiesPanel) -> StudioDocument:
    assert panel.document is not None
    return panel.document


def line(panel: PropertiesPanel, name: str) -> QLineEdit:
    editor = panel.form[name]
    assert isinstance(editor, LineEdit)
    return editor.line


def write(qtbot: QtBot, field: QLineEdit, text: str) -> None:
    """Click into a field, and type over what is there."""
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    field.selectAll()
    if text:
        qtbot.keyClicks(field, text)
    else:
        qtbot.keyClick(field, Qt.Key.Key_Delete)


def choose(qtbot: QtBot, box: QComboBox, word: str) -> None:
    """Go to a word of a list with the arrow keys."""
    box.setFocus()
    key = Qt.Key.Key_Down if box.findText(word) > box.currentIndex() else Qt.Key.Key_Up
    while box.currentText() != word:
        qtbot.keyClick(box, key)


def words(panel: PropertiesPanel) -> str:
    QApplication.processEvents()
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def test_typing_changes_the_layer_at_once(qtbot, panel, document):
    document.select(["conv1"])
    write(qtbot, line(panel, "filters"), "12")
    assert document.spec.by_id["conv1"].filters == 12
    # Typing "1" and then "2" is one step.
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Set filters of conv1"


def test_undo_works_while_a_field_has_the_focus(qtbot, panel, document, window):
    document.select(["conv1"])
    field = line(panel, "filters")
    write(qtbot, field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.spec.by_id["conv1"].filters == 6
    assert field.text() == "6"
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(field, Qt.Key.Key_Z, shift)
    assert field.text() == "12"


def test_what_is_no_value_says_why_next_to_the_field_and_changes_nothing(qtbot, panel, document):
    document.select(["conv1"])
    before = document.spec
    field = line(panel, "filters")
    write(qtbot, field, "-3")
    assert document.spec is before
    assert "whole number above 0" in panel.form.text_of_problems("filters")
    assert field.property("state") == "error"
    # What is typed stays, whatever is found out about the graph meanwhile.
    document.look_now()
    assert field.text() == "-3"
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "6"
    assert panel.form.text_of_problems("filters") == ""


def test_a_rule_between_two_fields_is_told_at_the_field_that_was_edited(qtbot, panel, document):
    document.select(["conv1"])
    write(qtbot, line(panel, "groups"), "4")
    assert document.spec.by_id["conv1"].groups == 1
    assert "cannot be shared equally" in panel.form.text_of_problems("groups")


def test_a_shape_that_does_not_fit_is_told_at_its_field_with_the_sum_and_fixes(
    qtbot, panel, document
):
    document.select(["conv1"])
    write(qtbot, line(panel, "stride"), "2")
    document.look_now()
    assert "(28 − 5 + 2·2)/2 + 1 = 14.5" in panel.form.text_of_problems("pad")
    button = next(
        button
        for button in panel.findChildren(QPushButton)
        if button.text() == "Set stride of conv1 to 3"
    )
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.spec.by_id["conv1"].stride == 3
    assert panel.form.text_of_problems("pad") == ""
    assert not any(is_marked(panel, name) for name in panel.form.names)


@pytest.mark.parametrize(
    ("field", "value", "marked"),
    [
        ("stride", "2", {"kernel", "stride", "pad"}),
        ("kernel", "40", {"kernel", "pad"}),
        ("dilation", "9", {"kernel", "pad", "dilation"}),
    ],
)
def test_all_fields_of_the_sum_that_fails_are_marked_and_it_is_told_once(
    qtbot, panel, document, field, value, marked
):
    document.select(["conv1"])
    write(qtbot, line(panel, field), value)
    document.look_now()
    assert {name for name in panel.form.names if is_marked(panel, name)} == marked
    told = [name for name in panel.form.names if panel.form.text_of_problems(name)]
    assert told == ["dilation" if field == "dilation" else "pad"]


def is_marked(panel, name: str) -> bool:
    editor = panel.form[name]
    return (editor.focusProxy() or editor).property("state") == "error"


def test_arrow_keys_step_a_number(qtbot, panel, document):
    document.select(["conv1"])
    field = line(panel, "filters")
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert document.spec.by_id["conv1"].filters == 7
    qtbot.keyClick(field, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert document.spec.by_id["conv1"].filters == 17
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.text() == "16"


def test_a_union_offers_its_forms(qtbot, panel, document):
    document.select(["conv1"])
    editor = panel.form["pad"]
    actions = {action.text(): action for action in editor.menu.actions()}
    assert list(actions) == [
        "one number",
        "vertical, horizontal",
        "top, right, bottom, left",
        "same",
    ]
    actions["top, right, bottom, left"].trigger()
    assert document.spec.by_id["conv1"].pad == (2, 2, 2, 2)
    write(qtbot, line(panel, "pad"), "same")
    assert document.spec.by_id["conv1"].pad == "same"


def test_a_switch_and_a_choice(qtbot, panel, document):
    document.select(["conv1"])
    bias = panel.form["bias"]
    assert isinstance(bias, FlagEdit)
    qtbot.mouseClick(bias.box, Qt.MouseButton.LeftButton, pos=bias.box.rect().center())
    bias.box.setFocus()
    if document.spec.by_id["conv1"].bias:
        qtbot.keyClick(bias.box, Qt.Key.Key_Space)
    assert document.spec.by_id["conv1"].bias is False
    rounding = panel.form["rounding"]
    assert isinstance(rounding, ChoiceEdit)
    choose(qtbot, rounding.box, "floor")
    assert document.spec.by_id["conv1"].rounding == "floor"


def test_an_initialiser_has_fields_of_its_own(qtbot, panel, document):
    document.select(["conv1"])
    choose(qtbot, panel.form["init"].box, "normal")
    assert document.spec.by_id["conv1"].init.kind == "normal"
    inside = panel.form["init"].below.form
    write(qtbot, inside["std"].line, "0.5")
    assert document.spec.by_id["conv1"].init.std == 0.5
    choose(qtbot, panel.form["init"].box, "automatic")
    assert document.spec.by_id["conv1"].init is None


def test_renaming_takes_all_that_refers_to_it_along(qtbot, panel, document):
    document.select(["conv1"])
    write(qtbot, line(panel, "id"), "first")
    assert "conv1" in document.spec.by_id
    qtbot.keyClick(line(panel, "id"), Qt.Key.Key_Return)
    assert document.spec.by_id["conv1_relu"].inputs == ("first",)
    assert document.selection == {"first"}
    write(qtbot, line(panel, "id"), "conv2")
    qtbot.keyClick(line(panel, "id"), Qt.Key.Key_Return)
    assert "there is already a layer" in panel.form.text_of_problems("id")


def test_several_layers_are_edited_together(qtbot, panel, document):
    document.select(["conv1", "conv2"])
    field = line(panel, "filters")
    assert field.text() == ""
    assert field.placeholderText() == SEVERAL_VALUES
    assert line(panel, "kernel").text() == "5"
    write(qtbot, field, "9")
    assert [document.spec.by_id[name].filters for name in ("conv1", "conv2")] == [9, 9]
    document.undo_stack.undo()
    assert [document.spec.by_id[name].filters for name in ("conv1", "conv2")] == [6, 16]
    assert field.text() == ""


def test_what_is_wrong_with_one_of_several_layers_is_told_at_its_field_with_its_name(
    qtbot, panel, document
):
    document.select(["conv1", "conv2"])
    write(qtbot, line(panel, "groups"), "4")
    assert panel.form.text_of_problems("groups").startswith("in conv1: 6 filters cannot be shared")
    qtbot.keyClick(line(panel, "groups"), Qt.Key.Key_Escape)
    write(qtbot, line(panel, "stride"), "2")
    document.look_now()
    told = panel.form.text_of_problems("pad")
    assert told.startswith("in conv1: the windows do not tile")
    assert "(28 − 5 + 2·2)/2 + 1 = 14.5" in told
    # What conv2 costs nobody knows before that is mended.
    assert "known when the problems are mended" in words(panel)


def test_of_many_layers_three_problems_are_told_and_how_many_more(panel, document):
    spec = document.spec
    for layer in spec.layers:
        spec = edit.disconnect(spec, layer.id)
    document.apply(spec, "Disconnect")
    document.select(["conv1", "conv2", "pool1", "fc1", "fc2"])
    document.look_now()
    assert sum(text.startswith("In ") for text in words(panel).splitlines()) == 3
    assert "2 more of these layers' problems are in the list of problems." in words(panel)


def test_a_fix_with_long_names_makes_the_form_no_wider_than_its_dock(panel, document):
    spec = edit.rename(document.spec, "conv2", "a_layer_with_quite_a_long_name.and_its_convolution")
    document.apply(edit.disconnect(spec, "conv2_relu"), "Disconnect")
    document.select(["conv2_relu"])
    document.look_now()
    QApplication.processEvents()
    (button,) = (item for item in panel.findChildren(QPushButton) if item.text()[:7] == "Connect")
    assert button.visibleRegion().boundingRect() == button.rect()


def test_a_wrong_output_of_the_network_is_told_at_its_field(qtbot, panel, document):
    document.select([])
    write(qtbot, line(panel, "outputs"), "scores, nothing")
    qtbot.keyClick(line(panel, "outputs"), Qt.Key.Key_Return)
    document.look_now()
    assert panel.form.text_of_problems("outputs") == "there is no layer 'nothing'"


def test_layers_of_different_kinds_share_the_fields_that_they_have_in_common(panel, document):
    document.select(["conv1", "pool1"])
    assert "kernel" in panel.form.names
    assert "filters" not in panel.form.names
    assert "1 conv2d, 1 max_pool2d" in words(panel)


def test_an_input_of_the_graph(qtbot, panel, document):
    document.select(["image"])
    write(qtbot, line(panel, "shape"), "1, 32, 32")
    assert document.spec.input_by_id["image"].shape == (1, 32, 32)
    document.select(["label"])
    write(qtbot, line(panel, "classes"), "5")
    assert document.spec.input_by_id["label"].classes == 5


def test_nothing_selected_is_the_network(qtbot, panel, document):
    document.select([])
    write(qtbot, line(panel, "name"), "mine")
    qtbot.keyClick(line(panel, "name"), Qt.Key.Key_Return)
    assert document.spec.name == "mine"
    table = panel.findChild(QTreeWidget, "share_table")
    names = [table.topLevelItem(i).text(0) for i in range(table.topLevelItemCount())]
    assert set(names) == {"conv1", "conv2", "fc1", "fc2", "scores"}
    item = table.topLevelItem(names.index("fc1"))
    qtbot.mouseClick(
        table.viewport(),
        Qt.MouseButton.LeftButton,
        pos=table.visualItemRect(item).center(),
    )
    assert document.selection == {"fc1"}


def test_the_sums_are_spelled_out_with_their_numbers(panel, document):
    document.select(["conv2"])
    text = words(panel)
    assert "(14 − 5 + 2·0)/1 + 1 = 10" in text
    assert "16·6·5·5 = 2,400" in text
    assert "2,400 + 16 = 2,416" in text
    assert "16·10·10 · 6·5·5 = 240,000" in text
    assert "3.9% of the network's parameters" in text


def test_back_to_the_default(qtbot, panel, document):
    document.select(["conv1"])
    button = next(
        button
        for button in panel.findChildren(QPushButton.__base__)
        if button.accessibleName() == "Default of pad"
    )
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert document.spec.by_id["conv1"].pad == 0
    assert not button.isVisible()


def test_help_follows_the_focus(qtbot, panel, document):
    document.select(["conv1"])
    qtbot.mouseClick(line(panel, "dilation"), Qt.MouseButton.LeftButton)
    assert panel.help.text().startswith("D, the pixels from one element of a filter to the next")


def test_text_from_files_is_never_markup(qtbot, panel, document):
    document.apply(edit.set_value(document.spec, "name", "<img src=x onerror=1>"), "Name")
    document.select([])
    for label in panel.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text()


def test_every_field_of_every_kind_can_be_shown(panel, document):
    from graphspec.layers.catalog import BY_KIND

    for kind, layer in BY_KIND.items():
        example = layer.examples()[0].layer.model_copy(update={"id": f"a_{kind}"})
        document.apply(edit.add_layer(document.spec, example), "Add")
        document.select([f"a_{kind}"])
        assert panel.form.names[0] == "id"


@pytest.mark.skipif(bool(why_not_jit("float32")), reason="there is no fast engine to measure")
def test_the_time_of_a_step_is_measured_and_forgotten_with_the_layers(qtbot, panel, document):
    document.select([])
    sums = panel._sums
    assert sums.table.isColumnHidden(3)
    QTest.mouseClick(sums.measure, Qt.MouseButton.LeftButton)
    assert sums.measure.text() == "Cancel"
    assert sums.progress.isVisible()
    qtbot.waitUntil(lambda: not sums.table.isColumnHidden(3))
    assert sums.measure.text() == MEASURE
    assert not sums.progress.isVisible()
    assert "for a step of 64 examples" in sums.measured.text()
    rows = [sums.table.topLevelItem(i) for i in range(sums.table.topLevelItemCount())]
    assert sum(row.data(3, SHARE) for row in rows) == pytest.approx(1)
    shares = [row.data(3, SHARE) for row in rows]
    assert shares == sorted(shares, reverse=True)
    document.select(["conv2"])
    label, _ = panel._sums._bars["time"]
    assert "of the network's time" in label.text()
    document.apply(edit.set_field(document.spec, "conv1", "filters", 8), "More filters")
    document.look_now()
    assert not label.isVisible()


@pytest.mark.skipif(bool(why_not_jit("float32")), reason="there is no fast engine to measure")
def test_measuring_can_be_cancelled_and_goes_on_behind_another_selection(qtbot, panel, document):
    document.select([])
    QTest.mouseClick(panel._sums.measure, Qt.MouseButton.LeftButton)
    document.select(["conv1"])
    assert not panel._sums.measure.isVisible()
    document.select([])
    assert panel._sums.measure.text() == "Cancel"
    QTest.mouseClick(panel._sums.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel._sums.measure.text() == MEASURE)
    assert panel._sums.measured.text() == "The measuring was cancelled"
    assert panel._sums.table.isColumnHidden(3)
    QTest.mouseClick(panel._sums.measure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not panel._sums.table.isColumnHidden(3))


def test_a_group_is_called_by_its_name(window):
    document = window.new(zoo.load("resnet18"))
    panel = window.docks["properties_dock"].widget()
    inside = [layer.id for layer in document.spec.layers if layer.id.startswith("stage1.block2.")]
    document.select(inside)
    assert "stage1.block2" in words(panel)
    assert "group of 2 conv2d" in words(panel)
    document.select(inside[1:])
    assert f"{len(inside) - 1} selected" in words(panel)


def test_layers_that_share_no_setting_say_so(panel, document):
    document.select(["conv1", "conv1_relu"])
    assert NOTHING_SHARED in words(panel)
    document.select(["conv1", "conv2"])
    assert NOTHING_SHARED not in words(panel)


def test_no_number_of_the_table_is_cut(qtbot, window):
    document = window.new(zoo.load("resnet18"))
    table = window.docks["properties_dock"].widget()._sums.table
    times = {layer.id: 1.2345 for layer in document.spec.layers}
    table.show_findings(document.analysis, times)
    qtbot.waitUntil(table.isVisible)
    rows = [table.topLevelItem(i) for i in range(table.topLevelItemCount())]
    assert "2.36 M" in [row.text(1) for row in rows]
    assert rows[0].text(3) == "1,234 ms"
    for column in (1, 2, 3):
        assert table.columnWidth(column) >= table.sizeHintForColumn(column)


def test_of_a_large_network_few_examples_are_measured(lenet):
    assert batch_of(look(lenet)) == 64
    assert batch_of(look(zoo.load("vgg16"))) < 16


def test_a_field_that_loses_its_form_gives_nothing_to_the_next_one(qtbot, panel, document):
    before = document.spec
    write(qtbot, line(panel, "name"), "")
    field = line(panel, "name")
    assert field.hasFocus()
    held = document.spec
    document.select(["conv1"])
    QApplication.processEvents()
    assert panel.form is not None
    assert "name" not in panel.form.names
    assert document.spec is held
    assert document.spec.by_id["conv1"] == before.by_id["conv1"]


def test_the_reference_opens_from_a_dock_that_floats(qtbot, panel, document, window):
    document.select(["conv1"])
    window.docks["properties_dock"].setFloating(True)
    qtbot.mouseClick(panel.findChild(IconButton, "layer_help"), Qt.MouseButton.LeftButton)
    assert window.docks["help_dock"].isVisible()
