"""Closing the window while it trains: stop, or leave it running, and what the next start offers."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator

import psutil
import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.journal import Journal
from graphspec_gui.offers import offer_left_running
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from graphspec import edit
from graphspec.train.lock import holder_of
from graphspec.train.rundir import Run
from tests.gui.questions import answer
from tests.gui.test_training import panel, running, spec

CLICK = Qt.MouseButton.LeftButton
signals = pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")


@signals
def test_a_worker_that_hangs_does_not_keep_the_window_open(qtbot, window):
    document = window.new(spec())
    panel(window).start.trigger()
    running(qtbot, window)
    document.undo_stack.setClean()
    worker = window.training.worker
    os.kill(worker.pid, signal.SIGSTOP)
    answer("Stop it")
    assert not window.close()
    answer("Wait")
    assert not window.close()
    answer("End it at once")
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not worker.alive


@pytest.mark.parametrize(("words", "status"), [("Stop it", "stopped"), ("Leave it running", "")])
def test_closing_the_window_asks_what_becomes_of_the_training(qtbot, window, words, status):
    document = window.new(spec(epochs=200))
    panel(window).start.trigger()
    running(qtbot, window)
    run = window.training.shown.run
    document.undo_stack.setClean()
    answer("Cancel")
    assert not window.close()
    worker = window.training.worker
    answer(words)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert worker.wait(60)
    if status:
        assert run.status == status
    else:
        qtbot.waitUntil(lambda: run.status == "finished")


@pytest.fixture
def asked() -> Iterator[Callable[..., list[str]]]:
    """Answer each kind of question with a button, and tell which were asked."""
    hand, names, buttons = QTimer(), [], {}

    def press() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            names.append(box.objectName())
            words = buttons[box.objectName()]
            (button,) = (item for item in box.buttons() if item.text().replace("&", "") == words)
            QTest.mouseClick(button, CLICK)

    def start(**answers: str) -> list[str]:
        buttons.update(answers)
        return names

    hand.timeout.connect(press)
    hand.start(20)
    yield start
    hand.stop()


def change(window: MainWindow, name: str) -> None:
    document = window.document
    document.apply(edit.set_value(document.spec, "name", name), "Another name")


@signals
def test_unsaved_work_is_asked_about_once_and_what_is_waited_for_is_told(qtbot, window, asked):
    window.new(spec())
    panel(window).start.trigger()
    running(qtbot, window)
    change(window, "one")
    names = asked(unsaved="Discard", training_goes_on="Stop it")
    pid = window.training.worker.pid
    os.kill(pid, signal.SIGSTOP)
    assert not window.close()
    assert names == ["unsaved", "training_goes_on"]
    QApplication.processEvents()
    (banner,) = (item for item in window.findChildren(Banner) if item.isVisible())
    assert "then the window closes" in banner.label.text()
    # What is edited while it saves is asked about all the same.
    window.new(spec())
    change(window, "another")
    os.kill(pid, signal.SIGCONT)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert names == ["unsaved", "training_goes_on", "unsaved"]


def test_unsaved_work_is_asked_about_again_where_the_window_stays(qtbot, window, asked):
    window.new(spec())
    panel(window).start.trigger()
    running(qtbot, window)
    change(window, "one")
    names = asked(unsaved="Discard", training_goes_on="Cancel")
    for _ in range(2):
        assert not window.close()
    assert names == 2 * ["unsaved", "training_goes_on"]
    assert window.training.state == "running"


@pytest.fixture
def left(qtbot, window) -> Iterator[Run]:
    """A run whose training goes on without the window that began it."""
    document = window.new(spec())
    panel(window).start.trigger()
    running(qtbot, window)
    document.undo_stack.setClean()
    run, worker = window.training.shown.run, window.training.worker
    answer("Leave it running")
    assert window.close()
    assert run.status == "running"
    yield run
    worker.kill()
    assert worker.wait(60)


@pytest.fixture
def again(qtbot, window, left: Run, tmp_path) -> Iterator[MainWindow]:
    """The app at its next start."""
    made = MainWindow(window.settings, Journal(tmp_path / "again"))
    made.show()
    yield made
    made.training.kill()
    qtbot.waitUntil(lambda: made.training.worker is None)
    for tab in made.tabs():
        tab.document.undo_stack.setClean()
    assert made.close()
    made.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def offered(window: MainWindow) -> Banner:
    offer_left_running(window)
    QApplication.processEvents()
    (banner,) = (item for item in window.findChildren(Banner) if item.isVisible())
    return banner


@signals
def test_it_is_taken_over_at_the_next_start(qtbot, left, again):
    pid = holder_of(left.path)
    banner = offered(again)
    assert banner.label.text() == f"{left.name}, which you left running, is still being trained."
    QTest.mouseClick(banner.buttons["Take it over"], CLICK)
    qtbot.waitUntil(lambda: again.training.state == "running")
    qtbot.waitUntil(lambda: holder_of(left.path) == again.training.worker.pid)
    assert again.training.worker.pid != pid
    assert again.docks["training_dock"].isVisible()
    assert again.document.spec == left.spec
    offer_left_running(again)
    assert not any(item.isVisible() for item in again.findChildren(Banner))


@signals
def test_one_that_died_meanwhile_goes_on(qtbot, left, again):
    psutil.Process(holder_of(left.path)).kill()
    qtbot.waitUntil(lambda: left.status == "interrupted")
    banner = offered(again)
    assert "was interrupted" in banner.label.text()
    QTest.mouseClick(banner.buttons["Go on with it"], CLICK)
    qtbot.waitUntil(lambda: again.training.state == "running")
    assert again.training.worker.run == left.path


@signals
def test_one_that_has_finished_is_shown(qtbot, left, again):
    psutil.Process(holder_of(left.path)).send_signal(signal.SIGINT)
    qtbot.waitUntil(lambda: left.status == "stopped")
    text = (left.path / "events.jsonl").read_text()
    (left.path / "events.jsonl").write_text(text.replace('"stopped"', '"complete"'))
    banner = offered(again)
    assert "has finished" in banner.label.text()
    assert list(banner.buttons) == ["Show it", "Close"]
    QTest.mouseClick(banner.buttons["Show it"], CLICK)
    assert again.runs.current.run.path == left.path


@signals
def test_one_whose_folder_is_gone_is_told_of(qtbot, left, again):
    psutil.Process(holder_of(left.path)).kill()
    qtbot.waitUntil(lambda: left.status == "interrupted")
    shutil.rmtree(left.path)
    banner = offered(again)
    assert "no longer where it was" in banner.label.text()
    assert list(banner.buttons) == ["Close"]
