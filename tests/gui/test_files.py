"""What happens when other programs write to a file that is open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.text_dialog import TextDialog, changed_part, differences
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from graphspec import api, edit, zoo
from graphspec import document as documents
from graphspec.graph import GraphSpec
from tests.gui.questions import answer

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def file(window: MainWindow, tmp_path: Path) -> Path:
    path = tmp_path / "net.json"
    documents.save(zoo.load("lenet5"), path)
    window.files.open(path)
    return path


def change(path: Path, filters: int = 9) -> None:
    """What another program does: it puts another file in the place of this one."""
    documents.save(edit.set_field(documents.load(path), "conv1", "filters", filters), path)


def banner(qtbot: QtBot, window: MainWindow) -> Banner:
    qtbot.waitUntil(lambda: window.current.banner is not None)
    return window.current.banner


def filters(window: MainWindow) -> int:
    return window.document.spec.by_id["conv1"].filters


def test_a_change_on_disk_is_told_and_can_be_taken_over(qtbot, window, file):
    change(file)
    shown = banner(qtbot, window)
    assert "net.json was changed by another program" in shown.label.text()
    assert filters(window) == 6
    qtbot.mouseClick(shown.buttons["Reload"], LEFT)
    assert filters(window) == 9
    assert not window.document.modified
    assert window.current.banner is None
    window.document.undo_stack.undo()
    assert filters(window) == 6


def test_the_change_is_shown_line_by_line(qtbot, window, file):
    change(file)
    qtbot.mouseClick(banner(qtbot, window).buttons["Show differences"], LEFT)
    text = window.findChild(TextDialog).text.toPlainText()
    minus, plus = (
        [line for line in text.splitlines() if line.startswith(sign) and "conv1" in line]
        for sign in "-+"
    )
    assert '"filters": 9' in minus[0]
    assert '"filters": 6' in plus[0]
    assert window.current.banner is not None


def test_what_is_kept_is_there_to_be_saved(qtbot, window, file):
    change(file)
    qtbot.mouseClick(banner(qtbot, window).buttons["Keep mine"], LEFT)
    assert filters(window) == 6
    assert window.document.modified
    assert window.files.save(window.current)
    assert documents.load(file).by_id["conv1"].filters == 6


def test_saving_over_another_programs_work_asks_first(qtbot, window, file):
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    change(file)
    answer("Cancel")
    assert not window.files.save(window.current)
    assert documents.load(file).by_id["conv1"].filters == 9
    answer("Replace it")
    assert window.files.save(window.current)
    assert "first" in documents.load(file).by_id


def test_our_own_saving_is_no_change(qtbot, window, file):
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    window.files.save(window.current)
    window.files.look_at_disk()
    qtbot.wait(200)
    assert window.current.banner is None


def test_a_file_that_is_gone_is_told_and_can_be_written_again(qtbot, window, file):
    text = file.read_text(encoding="utf-8")
    file.unlink()
    shown = banner(qtbot, window)
    assert "net.json was deleted" in shown.label.text()
    assert window.document.modified
    # Whoever moved it may bring it back.
    file.write_text(text, encoding="utf-8")
    qtbot.waitUntil(lambda: window.current.banner is None)
    file.unlink()
    qtbot.mouseClick(banner(qtbot, window).buttons["Save"], LEFT)
    assert file.read_text(encoding="utf-8") == text
    assert not window.document.modified
    assert window.current.banner is None


def test_a_second_change_is_seen_as_well(qtbot, window, file):
    change(file, 9)
    qtbot.mouseClick(banner(qtbot, window).buttons["Reload"], LEFT)
    change(file, 11)
    qtbot.mouseClick(banner(qtbot, window).buttons["Reload"], LEFT)
    assert filters(window) == 11


def test_a_change_that_is_told_already_leaves_the_keyboard_where_it_is(qtbot, window, file):
    change(file, 9)
    shown = banner(qtbot, window)
    shown.buttons["Keep mine"].setFocus()
    change(file, 11)
    qtbot.waitUntil(lambda: '"filters": 11' in (window.current.found or ""))
    assert window.current.banner is shown
    assert shown.buttons["Keep mine"].hasFocus()
    qtbot.mouseClick(shown.buttons["Show differences"], LEFT)
    assert '"filters": 11' in window.findChild(TextDialog).text.toPlainText()
    window.findChild(TextDialog).close()
    qtbot.mouseClick(shown.buttons["Keep mine"], LEFT)
    window.files.look_at_disk()
    assert window.current.banner is None


def make_unreadable(file: Path) -> None:
    """Put what cannot be read in the file's place, whatever rights the user has."""
    file.unlink()
    file.mkdir()


def test_a_file_that_cannot_be_read_is_told_and_not_replaced_unasked(qtbot, window, file):
    text = file.read_bytes()
    make_unreadable(file)
    shown = banner(qtbot, window)
    assert "net.json cannot be read any more: " in shown.label.text()
    assert window.document.modified
    told: list[str] = []
    answer("Cancel", told)
    assert not window.files.save(window.current)
    assert "cannot be read" in told[0]
    file.rmdir()
    file.write_bytes(text)
    qtbot.waitUntil(lambda: window.current.banner is None)
    assert window.files.save(window.current)


def test_a_broken_file_is_not_taken_over(qtbot, window, file):
    file.write_text("{", encoding="utf-8")
    qtbot.mouseClick(banner(qtbot, window).buttons["Reload"], LEFT)
    assert filters(window) == 6
    assert window.document is not None


def test_a_save_that_fails_says_so_and_can_be_made_elsewhere(window, tmp_path, monkeypatch):
    window.new(zoo.load("lenet5"))
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    targets = iter([tmp_path / "gone" / "net.json", tmp_path / "here.json"])
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(next(targets)), ""))
    told: list[str] = []
    answer("Cancel", told)
    assert not window.files.save(window.current)
    assert told == ["net.json was not saved: No such file or directory"]
    assert window.document.modified
    assert window.document.path is None
    window.document.set_path(tmp_path / "gone" / "net.json")
    answer("Save as…")
    assert window.files.save(window.current)
    assert window.document.path == tmp_path / "here.json"
    assert documents.load(window.document.path) == window.document.spec
    assert not window.document.modified


def test_what_is_write_protected_is_not_replaced(window, file, monkeypatch):
    before = file.read_bytes()
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    # The superuser of a container may write to any file.
    monkeypatch.setattr(os, "access", lambda path, mode: path != file)
    told: list[str] = []
    answer("Cancel", told)
    assert not window.files.save(window.current)
    assert told == ["net.json was not saved: it is write-protected"]
    assert file.read_bytes() == before


def test_what_is_no_text_any_more_is_not_replaced_unasked(qtbot, window, file):
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    file.write_bytes(b"\xff\xfe\x00")
    assert "was changed by another program" in banner(qtbot, window).label.text()
    answer("Cancel")
    assert not window.files.save(window.current)
    assert file.read_bytes() == b"\xff\xfe\x00"


def test_what_another_program_writes_right_after_us_is_told(qtbot, window, file, monkeypatch):
    save = documents.save

    def save_and_be_replaced(spec: GraphSpec, path: Path) -> str:
        text = save(spec, path)
        save(edit.set_field(spec, "conv1", "filters", 31), path)
        return text

    monkeypatch.setattr(documents, "save", save_and_be_replaced)
    window.document.apply(edit.set_field(window.document.spec, "conv1", "filters", 7), "More")
    assert window.files.save(window.current)
    window.files.look_at_disk()
    assert "was changed by another program" in banner(qtbot, window).label.text()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_file_that_is_open_is_found_on_another_way(window, file, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(file)
    (tmp_path / "sub").mkdir()
    document = window.document
    assert window.files.open(link) is document
    assert window.files.open(tmp_path / "sub" / ".." / "net.json") is document
    assert len(list(window.tabs())) == 1


def test_save_as_proposes_a_name_that_every_system_takes(window, monkeypatch):
    window.new(zoo.load("lenet5"))
    document = window.document
    document.apply(edit.set_value(document.spec, "name", "a/b: <c>"), "Name")
    asked: list[str] = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *args: (asked.append(args[2]), ("", ""))[1]
    )
    assert not window.files.save_as(window.current)
    assert os.path.basename(asked[0]) == "a_b___c.json"


def test_save_as_does_not_take_the_file_of_another_tab(window, file, monkeypatch):
    before = file.read_text(encoding="utf-8")
    window.new(zoo.load("tiny_convnet"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    answer("OK")
    assert not window.files.save_as(window.current)
    assert file.read_text(encoding="utf-8") == before
    assert window.document.path is None
    # Its own file is what it is saved to.
    window.bring_to_front(window.files.tab_of(file))
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    assert window.files.save_as(window.current)
    assert file.read_text(encoding="utf-8") != before


def test_save_as_asks_about_the_file_that_a_name_without_an_ending_means(window, file, monkeypatch):
    before = file.read_text(encoding="utf-8")
    window.close_tab(window.files.tab_of(file))
    window.new(zoo.load("tiny_convnet"))
    name = str(file.with_suffix(""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))
    answer("Cancel")
    assert not window.files.save_as(window.current)
    assert file.read_text(encoding="utf-8") == before
    answer("Replace")
    assert window.files.save_as(window.current)
    assert documents.load(file) == window.document.spec


def test_unsaved_changes_are_shown(window, file):
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    window.menus["file.differences"].trigger()
    text = window.findChild(TextDialog).text.toPlainText()
    assert '+    {"id": "first"' in text
    assert '-    {"id": "conv1"' in text


def test_a_runs_folder_opens_its_network(qtbot, window, tmp_path):
    spec = edit.set_value(zoo.load("linear_softmax"), "training.steps", 2)
    run = api.fit(spec, run=tmp_path / "run")
    with qtbot.waitSignal(window.run_opened) as opened:
        window.files.open(run.path)
    assert opened.args == [run.path]
    assert window.document.spec.name == "linear_softmax"
    assert window.document.path is None


def test_another_folder_is_refused(window, tmp_path):
    assert window.files.open(tmp_path) is None
    assert any("no run directory" in shown.label.text() for shown in window.findChildren(Banner))


def test_differences():
    text = differences("a\nb\nc", "a\nB\nc", "old", "new")
    assert "-b" in text.splitlines()
    assert "+B" in text.splitlines()
    assert differences("a", "a", "old", "new") == "There is no difference."


@pytest.mark.parametrize(
    ("line", "other", "part"),
    [
        ('"filters": 6, "pad": 2', '"filters": 16, "pad": 2', "6"),
        ('"filters": 16, "pad": 2', '"filters": 6, "pad": 2', "16"),
        ('"bias": true', '"bias": false', "true"),
        ('"a", "b"', '"a", "b", "c"', ""),
        ("aa", "aaa", "aa"),
        ("", "x", ""),
    ],
)
def test_what_differs_in_a_line(line, other, part):
    start, end = changed_part(line, other)
    assert line[start:end] == part


def test_what_differs_in_a_line_stands_out_in_the_dialog(qtbot, window, file):
    change(file)
    qtbot.mouseClick(banner(qtbot, window).buttons["Show differences"], LEFT)
    dialog = window.findChild(TextDialog)
    block = next(
        block
        for number in range(dialog.text.blockCount())
        if (block := dialog.text.document().findBlockByNumber(number)).text().startswith("-  ")
    )
    qtbot.waitUntil(lambda: len(block.layout().formats()) > 1)
    strong = [form for form in block.layout().formats() if form.format.fontWeight() > 400]
    assert [block.text()[form.start : form.start + form.length] for form in strong] == ["9"]
    # A layer is one long line: none of it is out of sight.
    assert dialog.text.horizontalScrollBar().maximum() == 0
