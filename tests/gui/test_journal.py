"""Unsaved work outlives a crash, and is offered again."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.journal import Journal, Left
from graphspec_gui.offers import offer_left_behind
from PySide6.QtCore import Qt

from graphspec import document as documents
from graphspec import edit, zoo
from graphspec.train.lock import RunLock
from tests.gui.questions import answer

LEFT = Qt.MouseButton.LeftButton

# An app that edits without end: each command sets the filters to one more, and says so.
EDITOR = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
import graphspec_gui
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from graphspec import edit, zoo
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.window import MainWindow

folder = Path(sys.argv[1])
app = QApplication(["x"])
window = MainWindow(Settings(folder / "s.ini"), Journal(folder / "journal"))
document = window.new(zoo.load("lenet5"))

def more():
    filters = document.spec.by_id["conv1"].filters + 1
    document.apply(edit.set_field(document.spec, "conv1", "filters", filters), "More")
    # What is written down here was done before, so it may be one command behind.
    window.journal.wait()
    print(filters, flush=True)
    QTimer.singleShot(0, more)

more()
app.exec()
"""


def crash(folder: Path, after: int) -> int:
    """Kill the app after some commands; the filters of the last one that was finished."""
    child = subprocess.Popen(
        [sys.executable, "-c", EDITOR, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    last = 0
    for _ in range(after):
        last = int(child.stdout.readline())
    # At a random moment of what comes next.
    time.sleep(random.Random(after).uniform(0, 0.05))
    child.kill()
    # It may have gone on until the signal arrived.
    rest = child.stdout.read().splitlines()
    child.stdout.close()
    child.wait()
    whole = [int(line) for line in rest if line.isdigit()]
    return max([last, *whole])


def check_crash(folder: Path, after: int) -> None:
    done = crash(folder, after)
    (left,) = Journal(folder / "journal").left_behind()
    # The command in which it died may be there or not.
    assert left.spec.by_id["conv1"].filters in (done, done + 1)


@pytest.mark.parametrize("after", [1, 4])
def test_a_killed_app_loses_the_last_command_at_most(tmp_path, after):
    check_crash(tmp_path, after)


@pytest.mark.slow
@pytest.mark.parametrize("after", range(1, 101))
def test_a_hundred_kills(tmp_path, after):
    check_crash(tmp_path, after)


def leave(tmp_path: Path, filters: int = 99, draft: str | None = None) -> Path:
    """What a crash leaves: an entry of a process that lives no more."""
    path = tmp_path / "net.json"
    documents.save(zoo.load("lenet5"), path)
    dead = Journal(tmp_path / "journal")
    changed = edit.set_field(zoo.load("lenet5"), "conv1", "filters", filters)
    dead.note("a", Left(changed, path, path.read_text(encoding="utf-8"), draft))
    assert dead.wait(60)
    # Its lock goes with its process.
    lock = dead._lock
    assert isinstance(lock, RunLock)
    lock.release()
    dead._lock = None
    return path


def test_work_is_offered_again_and_comes_back_unsaved(qtbot, window, tmp_path):
    path = leave(tmp_path)
    offer_left_behind(window)
    banner = window.findChild(Banner)
    assert "without saving net.json" in banner.label.text()
    qtbot.mouseClick(banner.buttons["Open it"], LEFT)
    assert window.document.spec.by_id["conv1"].filters == 99
    assert window.document.path == path
    assert window.document.modified
    # The file is as it was; nobody wrote over it, and nobody is said to have changed it.
    assert documents.load(path).by_id["conv1"].filters == 6
    assert window.current.banner is None
    # A second crash would not lose it either.
    assert window.journal.wait(60)
    assert len(list(window.journal.folder.glob("*.json"))) == 1
    assert window.journal.left_behind() == []


def test_text_that_was_not_right_yet_comes_back_too(qtbot, window, tmp_path):
    leave(tmp_path, draft='{"half')
    offer_left_behind(window)
    qtbot.mouseClick(window.findChild(Banner).buttons["Open it"], LEFT)
    text = window.docks["json_dock"].widget()
    assert text.editor.toPlainText() == '{"half'
    assert text.message.isVisible()
    assert window.document.spec.by_id["conv1"].filters == 99
    assert window.journal.wait(60)
    (kept,) = window.journal.folder.glob("*.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["draft"] == '{"half'


def test_a_file_that_was_changed_after_the_crash_is_told(qtbot, window, tmp_path):
    path = leave(tmp_path)
    documents.save(edit.set_field(zoo.load("lenet5"), "conv1", "filters", 12), path)
    offer_left_behind(window)
    qtbot.mouseClick(window.findChild(Banner).buttons["Open it"], LEFT)
    assert window.document.spec.by_id["conv1"].filters == 99
    assert "net.json was changed by another program" in window.current.banner.label.text()


def test_it_comes_back_into_the_tab_in_which_its_file_was_opened_meanwhile(qtbot, window, tmp_path):
    path = leave(tmp_path)
    offer_left_behind(window)
    window.files.open(path)
    qtbot.mouseClick(window.findChild(Banner).buttons["Open it"], LEFT)
    assert len(list(window.tabs())) == 1
    assert window.document.spec.by_id["conv1"].filters == 99
    assert window.document.modified
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert window.document.spec.by_id["conv1"].filters == 6
    assert not window.document.modified


def test_it_can_be_thrown_away(qtbot, window, tmp_path):
    leave(tmp_path)
    offer_left_behind(window)
    qtbot.mouseClick(window.findChild(Banner).buttons["Throw it away"], LEFT)
    assert window.document is None
    assert window.journal.left_behind() == []


def test_another_app_that_is_running_is_left_alone(window, tmp_path):
    other = Journal(tmp_path / "journal")
    other.note("a", Left(zoo.load("lenet5"), None))
    assert other.wait(60)
    assert window.journal.left_behind() == []
    window.journal.clear_left_behind()
    assert list(other.folder.glob("*.json"))
    other.close()


def test_what_dies_after_the_offer_is_not_thrown_away_with_it(qtbot, window, tmp_path):
    leave(tmp_path, 20)
    offer_left_behind(window)
    leave(tmp_path, 30)
    qtbot.mouseClick(window.findChild(Banner).buttons["Throw it away"], LEFT)
    (left,) = window.journal.left_behind()
    assert left.spec.by_id["conv1"].filters == 30


def test_one_app_alone_offers_it_until_it_is_answered(tmp_path):
    leave(tmp_path)
    first, second = Journal(tmp_path / "journal"), Journal(tmp_path / "journal")
    assert len(first.left_behind()) == 1
    assert second.left_behind() == []
    first.close()
    assert len(second.left_behind()) == 1
    second.close()


def test_two_that_died_over_one_file_come_back_side_by_side(qtbot, window, tmp_path):
    leave(tmp_path, 20)
    leave(tmp_path, 30)
    offer_left_behind(window)
    qtbot.mouseClick(window.findChild(Banner).buttons["Open it"], LEFT)
    tabs = list(window.tabs())
    assert {tab.document.spec.by_id["conv1"].filters for tab in tabs} == {20, 30}
    # The one that is saved second does not replace the first unasked.
    assert window.files.save(tabs[0])
    answer("Cancel")
    assert not window.files.save(tabs[1])


def test_saving_and_closing_leave_nothing(window, tmp_path):
    path = tmp_path / "net.json"
    documents.save(zoo.load("lenet5"), path)
    window.files.open(path)
    window.document.apply(edit.rename(window.document.spec, "conv1", "first"), "Rename")
    assert window.journal.wait(60)
    assert len(list(window.journal.folder.glob("*.json"))) == 1
    window.files.save(window.current)
    assert window.journal.wait(60)
    assert list(window.journal.folder.glob("*.json")) == []
    window.close()
    assert not window.journal.folder.exists()


UNREADABLE = {
    "a.json": b"{",
    "b.json": b'{"format": "graphspec-journal/1", "text": "["}',
    "c.json": b"\xff\xfe",
    "d.json": b'{"format": "graphspec-journal/2", "text": "all of it"}',
}


def leave_unreadable(tmp_path: Path) -> None:
    folder = tmp_path / "journal" / "dead"
    folder.mkdir(parents=True)
    for name, text in UNREADABLE.items():
        (folder / name).write_bytes(text)


def test_what_cannot_be_read_is_kept_and_told_once(qtbot, window, tmp_path):
    leave_unreadable(tmp_path)
    offer_left_behind(window)
    (banner,) = window.findChildren(Banner)
    kept = tmp_path / "journal" / "unreadable"
    assert "4 documents" in banner.label.text()
    assert str(kept) in banner.label.text()
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {
        f"dead-{name}": text for name, text in UNREADABLE.items()
    }
    assert not (tmp_path / "journal" / "dead").exists()
    qtbot.mouseClick(banner.buttons["Close"], LEFT)
    later = Journal(tmp_path / "journal")
    assert later.left_behind() == []
    assert later.aside == []
    assert len(list(kept.iterdir())) == 4
    later.close()


def test_what_cannot_be_read_outlives_the_answer_about_the_rest(qtbot, window, tmp_path):
    leave(tmp_path)
    leave_unreadable(tmp_path)
    # It cannot be moved either.
    (tmp_path / "journal" / "unreadable").write_text("a file where the folder should be")
    offer_left_behind(window)
    (offer,) = (b for b in window.findChildren(Banner) if "Throw it away" in b.buttons)
    qtbot.mouseClick(offer.buttons["Throw it away"], LEFT)
    folder = tmp_path / "journal" / "dead"
    assert {path.name: path.read_bytes() for path in folder.glob("*.json")} == UNREADABLE


def test_a_journal_that_cannot_be_written_says_so_and_goes_on_once_it_can(qtbot, tmp_path):
    root = tmp_path / "journal"
    root.write_text("a file where the folder should be")
    journal = Journal(root)
    with qtbot.waitSignal(journal.failed) as failed:
        journal.note("a", Left(zoo.load("lenet5"), None))
    assert failed.args == ["File exists"]
    assert not journal.wait(60)
    root.unlink()
    qtbot.waitUntil(journal.wait)
    assert len(list(journal.folder.glob("*.json"))) == 1
    journal.close()


def test_the_window_warns_while_the_journal_cannot_be_written(qtbot, window, tmp_path):
    window.journal.folder.parent.mkdir()
    window.journal.folder.write_text("a file where the folder should be")
    document = window.new(zoo.load("lenet5"))
    document.apply(edit.rename(document.spec, "conv1", "first"), "Rename")
    qtbot.waitUntil(lambda: window.findChild(Banner) is not None)
    assert "cannot be kept for the case of a crash" in window.findChild(Banner).label.text()
    window.journal.folder.unlink()
    qtbot.waitUntil(lambda: window.findChild(Banner) is None)
    assert window.journal.wait(60)


def test_work_that_is_not_in_the_new_journal_stays_in_the_old(qtbot, window, tmp_path):
    leave(tmp_path)
    offer_left_behind(window)
    window.journal.folder.write_text("a file where the folder should be")
    qtbot.mouseClick(window.findChild(Banner).buttons["Open it"], LEFT)
    assert window.document.spec.by_id["conv1"].filters == 99
    assert len(window.journal.left_behind()) == 1
    window.journal.folder.unlink()
    qtbot.waitUntil(window.journal.wait)
