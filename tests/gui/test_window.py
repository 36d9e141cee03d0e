"""The window: documents in tabs, files, actions, what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.files import empty_network
from graphspec_gui.offers import tell_mishap
from graphspec_gui.palette import CommandPalette
from graphspec_gui.settings import Settings
from graphspec_gui.template_dialog import EMPTY, TemplateDialog
from graphspec_gui.text_dialog import TextDialog
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from graphspec import document as documents
from graphspec import edit, zoo
from graphspec.errors import SpecError
from tests.gui.questions import answer

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.json"
    documents.save(zoo.load("lenet5"), path)
    return path


def rename(window: MainWindow, new: str = "first") -> None:
    document = window.document
    assert document is not None
    old = document.spec.layers[0].id
    document.apply(edit.rename(document.spec, old, new), "Rename")


def drop(window: MainWindow, target: QWidget, *paths: Path) -> None:
    """Drop files on a widget, as the system does: on the window, at the widget's place."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, left, no = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
    middle = target.mapTo(window, target.rect().center())
    handle = window.windowHandle()
    entered = QDragEnterEvent(middle, action, data, left, no)
    QApplication.sendEvent(handle, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(handle, QDropEvent(QPointF(middle), action, data, left, no))


def test_it_starts_with_three_things_to_do(qtbot: QtBot, window: MainWindow):
    assert window.welcome.isVisible()
    assert list(window.welcome.cards) == ["look", "mend", "train"]
    qtbot.mouseClick(window.welcome.cards["mend"], Qt.MouseButton.LeftButton)
    assert not window.welcome.isVisible()
    assert window.document.analysis.count("error") == 1
    assert window.document.selection == {"conv1"}


def test_each_of_the_three_things_opens_what_it_says(qtbot, window):
    qtbot.mouseClick(window.welcome.cards["look"], Qt.MouseButton.LeftButton)
    assert window.document.analysis.count("error") == 0
    assert window.close_tab(window.current)
    qtbot.mouseClick(window.welcome.cards["train"], Qt.MouseButton.LeftButton)
    assert window.docks["plots_dock"].isVisible()
    qtbot.waitUntil(lambda: window.training.state == "running", timeout=30_000)
    window.training.stop()
    qtbot.waitUntil(lambda: window.training.state == "idle", timeout=30_000)


def test_new_from_every_template(qtbot, window):
    window.menus["file.new"].trigger()
    dialog = window.findChild(TemplateDialog)
    names = [dialog.list.item(i).text() for i in range(dialog.list.count())]
    assert names == [EMPTY, *zoo.names()]
    dialog.list.setFocus()
    for name in ("lenet5", "resnet18"):
        dialog.list.setCurrentRow(names.index(name))
        assert dialog.about.text()
    assert "11,689,512 parameters" in dialog.facts.text()
    dialog.list.setCurrentRow(names.index("lenet5"))
    qtbot.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    assert window.document.spec == zoo.load("lenet5")
    assert window.document.path is None


def test_new_from_a_pattern(qtbot, window):
    window.menus["file.new_pattern"].trigger()
    dialog = window.findChild(TemplateDialog)
    dialog.pattern.setFocus()
    dialog.pattern.selectAll()
    qtbot.keyClicks(dialog.pattern, "INPUT -> CONVV -> FC")
    assert "Did you mean" in dialog.verdict.text()
    assert not dialog.create_button.isEnabled()
    dialog.pattern.selectAll()
    qtbot.keyClicks(dialog.pattern, "INPUT -> [CONV -> RELU]*2 -> FC")
    assert "parameters" in dialog.verdict.text()
    qtbot.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    kinds = [layer.kind for layer in window.document.spec.layers]
    assert kinds == ["conv2d", "relu", "conv2d", "relu", "linear", "softmax_loss"]


def test_save_and_reopen_gives_the_same_network(qtbot, window, tmp_path, monkeypatch):
    path = tmp_path / "mine.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.new(zoo.load("lenet5"))
    rename(window)
    assert window.isWindowModified()
    assert window.windowTitle().startswith("lenet5[*]")
    qtbot.keyClick(window, Qt.Key.Key_S, CTRL)
    spec = window.document.spec
    assert not window.isWindowModified()
    assert window.windowTitle().startswith("mine.json[*]")
    qtbot.keyClick(window, Qt.Key.Key_W, CTRL)
    assert window.document is None
    window.files.open(path)
    assert window.document.spec == spec
    assert window.settings.recent == (path,)


def test_a_file_that_is_open_comes_to_the_front(window, file):
    first = window.files.open(file)
    window.new(empty_network())
    assert window.files.open(file) is first
    assert window.document is first
    assert sum(1 for _ in window.tabs()) == 2


def test_unsaved_work_is_asked_about(qtbot, window, file):
    window.files.open(file)
    rename(window)
    tab = window.current
    answer("Cancel")
    assert not window.close_tab(tab)
    assert window.current is tab
    answer("Save")
    assert window.close_tab(tab)
    assert documents.load(file).layers[0].id == "first"


def test_the_window_does_not_close_over_unsaved_work(window, file):
    window.files.open(file)
    rename(window)
    answer("Cancel")
    assert not window.close()
    assert window.isVisible()
    answer("Discard")
    assert window.close()
    assert documents.load(file).layers[0].id == "conv1"


def test_what_cannot_be_read_says_where_and_opens_nothing(qtbot, window, tmp_path):
    bad = tmp_path / "bad.json"
    text = documents.dumps(zoo.load("lenet5")).replace('"filters": 6', '"filters": -6')
    bad.write_text(text.replace('"units": 84', '"units": "x"'), encoding="utf-8")
    assert window.files.open(bad) is None
    banner = window.findChild(QWidget, "banner")
    assert "bad.json cannot be opened. Line 6" in banner.label.text()
    qtbot.mouseClick(banner.buttons["Show all 2 problems"], Qt.MouseButton.LeftButton)
    shown = window.findChild(TextDialog).text.toPlainText()
    assert "filters" in shown
    assert "units" in shown
    # Asked for again it is told again, not twice.
    assert window.files.open(bad) is None
    qtbot.waitUntil(window.findChildren(Banner)[-1].isVisible)
    assert [found.isVisible() for found in window.findChildren(Banner)].count(True) == 1


@pytest.mark.parametrize("dock", ["canvas", "json_dock", "properties_dock"])
def test_a_file_dropped_anywhere_opens(qtbot, window, file, dock):
    window.new(empty_network())
    window.show_dock("json_dock")
    panel = window.current.view.viewport() if dock == "canvas" else window.docks[dock].widget()
    inner = panel.findChild(QLineEdit) or panel
    drop(window, inner, file)
    qtbot.waitUntil(lambda: window.document.path == file)


def test_two_documents_have_their_own_history(window, file):
    first = window.files.open(file)
    rename(window)
    second = window.new(zoo.load("mlp"))
    assert not window.menus["edit.undo"].isEnabled()
    assert window.menus["edit.undo"].reason == "Nothing has been done yet."
    window.menus["view.previous_tab"].trigger()
    assert window.document is first
    window.menus["edit.undo"].trigger()
    assert first.spec.layers[0].id == "conv1"
    assert second.spec == zoo.load("mlp")


def test_actions_have_names_words_and_keys_of_their_own(window):
    window.new(zoo.load("lenet5"))
    actions = [action for _, action in window.actions_by_place()]
    names = [action.objectName() for action in actions]
    assert len(set(names)) == len(names)
    assert all(names)
    # Keys of the window are its alone; those of a dock count while it has the focus.
    window_wide = Qt.ShortcutContext.WindowShortcut
    keys = [
        (key.toString(), None if action.shortcutContext() == window_wide else action.parent())
        for action in actions
        for key in action.shortcuts()
    ]
    clashes = [
        (key, other)
        for i, (key, place) in enumerate(keys)
        for other, elsewhere in keys[:i]
        if key == other and (place is elsewhere or None in (place, elsewhere))
    ]
    assert clashes == []


def test_the_palette_finds_an_action_and_does_it(qtbot, window):
    window.new(zoo.load("lenet5"))
    rename(window)
    qtbot.keyClick(window, Qt.Key.Key_P, CTRL | SHIFT)
    palette = window.findChild(CommandPalette)
    qtbot.keyClicks(palette.search, "undo")
    assert "Undo Rename" in palette.list.item(0).text()
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert window.document.spec == zoo.load("lenet5")
    assert not palette.isVisible()


def test_the_palette_lists_everything_and_why_not(qtbot, window):
    window.menus["view.palette"].trigger()
    palette = window.findChild(CommandPalette)
    assert palette.list.count() == len(window.actions_by_place())
    qtbot.keyClicks(palette.search, "save as")
    assert "No network is open" in palette.list.item(0).text()
    # A disabled one is not done.
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.search.clear()
    qtbot.keyClicks(palette.search, "unsaved")
    icon = palette.list.item(0).icon().pixmap(16).toImage()
    grey = QColor(theme().colors.disabled).rgb()
    assert grey in {icon.pixel(x, y) for x in range(16) for y in range(16)}
    palette.search.clear()
    qtbot.keyClicks(palette.search, "xyzzy")
    assert "No command has these words" in palette.list.item(0).text()


def test_the_palette_lists_the_canvas_and_the_docks(window):
    window.new(zoo.load("lenet5"))
    places = {place for place, _ in window.actions_by_place()}
    assert {"File", "Edit", "View", "Help", "Canvas", "Problems"} <= places


def test_light_and_dark_are_switched_and_remembered(window, settings):
    window.menus["view.dark"].trigger()
    assert theme().colors.dark
    assert settings.scheme == "dark"
    window.menus["view.light"].trigger()
    assert not theme().colors.dark
    window.menus["view.system"].trigger()
    assert settings.scheme == "system"


def test_a_layer_of_the_palette_is_added_below_what_is_selected(qtbot, window):
    window.new(zoo.load("lenet5"))
    window.document.select(["pool1"])
    panel = window.docks["layers_dock"].widget()
    panel.search.setFocus()
    qtbot.keyClicks(panel.search, "dropout")
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    (name,) = window.document.selection
    assert window.document.spec.by_id[name].inputs == ("pool1",)
    assert window.document.spec.by_id[name].kind == "dropout"


def test_recent_files_are_on_the_start_page(qtbot, window, file):
    window.files.open(file)
    window.close_tab(window.current)
    link = next(
        button for button in window.welcome.findChildren(QPushButton) if button.text() == "net.json"
    )
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert window.document.path == file


def test_a_damaged_settings_file_is_no_obstacle(qtbot, tmp_path):
    path = tmp_path / "s.ini"
    path.write_text("[General]\nscheme=purple\nrecent=@Invalid()\nwindow\\geometry=x\n")
    settings = Settings(path)
    assert settings.scheme == "system"
    assert settings.recent == ()
    assert settings.silenced == frozenset()
    # PySide takes this for a pickle.
    python = r"@Variant(\0\0\0\x7f\0\0\0\x17PySide::PyObjectWrapper\0)"
    path.write_text(f"[General]\nscheme={python}\nrecent={python}\nleft_running={python}\n")
    settings = Settings(path)
    assert settings.scheme == "system"
    assert settings.recent == ()
    assert settings.left_running is None


def test_a_mishap_is_told_and_the_app_goes_on(qtbot, window):
    tell_mishap(window, "Traceback: it was us")
    banner = window.findChild(QWidget, "banner")
    qtbot.mouseClick(banner.buttons["Show details"], Qt.MouseButton.LeftButton)
    assert "it was us" in window.findChild(QDialog, "text_dialog").text.toPlainText()


def test_opening_and_closing_leaves_nothing_behind(qtbot, window):
    from graphspec_gui.document import StudioDocument
    from graphspec_gui.tab import EditorTab

    for _ in range(5):
        window.new(zoo.load("lenet5"))
        window.close_tab(window.current)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.findChildren(EditorTab) == []
    assert window.findChildren(StudioDocument) == []


def test_the_menu_of_recent_files(window, file):
    window.files.open(file)
    menu = window.menus._recent
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.text()] == [
        "net.json",
        "Forget these",
    ]
    menu.actions()[-1].trigger()
    assert window.settings.recent == ()


def test_list_of_templates_has_a_name(window):
    dialog = TemplateDialog(window)
    assert dialog.findChild(QListWidget, "templates").accessibleName()
    dialog.deleteLater()


def test_names_from_files_are_never_markup(qtbot, window, tmp_path):
    trap = "<img src='file:trap.png'><b>x"
    path = tmp_path / f"{trap.replace('/', '')}.json"
    spec = edit.set_value(zoo.load("lenet5"), "name", trap)
    documents.save(edit.set_field(spec, "conv1", "stride", 2), path)
    window.files.open(path)
    window.document.select(["conv1"])
    for name in window.docks:
        window.show_dock(name)
        QApplication.processEvents()
    window.menus["file.differences"].trigger()
    window.files._refuse(path, SpecError(trap))
    labels = [
        label.text()
        for label in window.findChildren(QLabel)
        if label.textFormat() != Qt.TextFormat.PlainText
    ]
    assert [text for text in labels if "trap" in text] == []
    tips = [widget.toolTip() for widget in window.findChildren(QWidget)]
    tips += [window._pages.tabToolTip(0)]
    assert [tip for tip in tips if "<img" in tip] == []
    assert "&lt;img" in window._pages.tabToolTip(0)
    window.close_tab(window.current)
    tips = [button.toolTip() for button in window.welcome.findChildren(QPushButton)]
    assert [tip for tip in tips if "<img" in tip] == []


def test_the_start_page_fits_a_window_of_850_pixels(qtbot, window, tmp_path):
    for i in range(9):
        window.settings.add_recent(tmp_path / f"network-{i}.json")
    window._turned()
    window.resize(1360, 850)
    bar = window.welcome.verticalScrollBar()
    qtbot.waitUntil(lambda: window.welcome.height() > 400 and bar.maximum() == 0)
