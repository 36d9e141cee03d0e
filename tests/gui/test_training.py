"""Training from the window, with a real child process, through real clicks and keys."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.training.panel import TrainingPanel
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox

from graphspec import edit
from graphspec.graph import GraphSpec
from graphspec.train.rundir import Run
from tests.train.nets import network


@pytest.fixture
def window(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    made = MainWindow(Settings(tmp_path / "settings.ini"), Journal(tmp_path / "journal"))
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    worker = made.training.worker
    made.training.kill()
    if worker is not None:
        assert worker.wait(10)
    made.training.worker = None
    for tab in list(made.tabs()):
        tab.document.undo_stack.setClean()
    assert made.close()
    made.deleteLater()


def spec(**training: object) -> GraphSpec:
    fields = {"data": "spiral", "epochs": 100_000, "evaluate_every": 500, "checkpoint_every": 500}
    found = network()
    for name, value in (fields | training).items():
        found = edit.set_value(found, f"training.{name}", value)
    return found


def panel(window: MainWindow) -> TrainingPanel:
    found = window.docks["training_dock"].widget()
    assert isinstance(found, TrainingPanel)
    window.show_dock("training_dock")
    return found


def running(qtbot, window: MainWindow) -> None:
    def stepped() -> bool:
        history = window.training.history
        return history is not None and "train/loss" in history.series

    qtbot.waitUntil(stepped, timeout=20_000)


def answer(words: str) -> None:
    """Press a button of the question that is asked next."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, press)
            return
        found = [button for button in box.buttons() if button.text().replace("&", "") == words]
        QTest.mouseClick(found[0], Qt.MouseButton.LeftButton)

    QTimer.singleShot(20, press)


def test_train_pause_step_change_the_rate_and_stop(qtbot, window):
    window.new(spec())
    dock = panel(window)
    QTest.mouseClick(dock.main, Qt.MouseButton.LeftButton)
    assert window.training.state == "preparing"
    running(qtbot, window)
    dock.pause.trigger()
    qtbot.waitUntil(lambda: window.training.state == "paused")
    qtbot.waitUntil(lambda: "paused" in dock.state.text())
    assert dock.pause.text() == "Go on"
    steps = len(window.training.history.series["train/loss"])
    dock.step.trigger()
    qtbot.waitUntil(lambda: len(window.training.history.series["train/loss"]) == steps + 1)
    dock.rate.setFocus()
    dock.rate.selectAll()
    QTest.keyClicks(dock.rate, "0.0025")
    QTest.keyClick(dock.rate, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: [c.value for c in window.training.history.changes if c.field == "rate"] == [0.0025]
    )
    dock.pause.trigger()
    qtbot.waitUntil(lambda: window.training.state == "running")
    dock.stop.trigger()
    qtbot.waitUntil(lambda: window.training.state == "idle", timeout=20_000)
    qtbot.waitUntil(lambda: "can go on" in dock.state.text())
    assert Run(window.training.shown.run.path).status == "stopped"


def test_the_keys_train_and_ask_to_stop(qtbot, window):
    window.new(spec())
    panel(window)
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    running(qtbot, window)
    answer("Go on")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.training.state == "running"
    answer("Stop")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.training.state == "idle", timeout=20_000)


def test_a_single_step_begins_a_training_that_waits(qtbot, window):
    window.new(spec())
    panel(window).step.trigger()
    running(qtbot, window)
    qtbot.waitUntil(lambda: window.training.state == "paused", timeout=20_000)
    assert len(window.training.history.series["train/loss"]) == 1


def test_settings_are_edited_in_the_document_and_can_be_undone(qtbot, window):
    document = window.new(spec())
    dock = panel(window)
    editor = dock.form["batch"]
    box = editor.focusProxy() or editor
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "32")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert document.spec.training.batch == 32
    document.undo_stack.undo()
    assert document.spec.training.batch == 64


def test_a_broken_network_cannot_be_trained_and_says_why(qtbot, window):
    document = window.new(spec())
    document.apply(edit.remove_layers(document.spec, ["hidden"], reconnect=False), "Break it")
    document.look_now()
    dock = panel(window)
    qtbot.waitUntil(lambda: not dock.start.isEnabled())
    assert "Problems dock" in dock.start.reason
    assert not dock.main.isEnabled()


def test_data_that_is_not_there_is_told(qtbot, window):
    window.new(spec(data="/no/such/data.csv"))
    with qtbot.waitSignal(window.training.failed, timeout=20_000) as failed:
        panel(window).start.trigger()
    assert "no/such/data.csv" in failed.args[0]
    assert "no/such/data.csv" in panel(window).training.trouble


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_worker_that_is_killed_is_told_and_its_run_goes_on(qtbot, window):
    window.new(spec(checkpoint_every=5))
    panel(window).start.trigger()
    running(qtbot, window)
    qtbot.waitUntil(lambda: len(window.training.history.snapshots) > 2, timeout=20_000)
    with qtbot.waitSignal(window.training.failed, timeout=20_000) as failed:
        os.kill(window.training.worker.pid, signal.SIGKILL)
    assert "signal 9" in failed.args[0]
    run = window.training.shown.run
    window.training.go_on(run)
    qtbot.waitUntil(
        lambda: (
            window.training.history.started is not None and window.training.history.started.resumed
        ),
        timeout=20_000,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_worker_that_hangs_can_be_ended(qtbot, window, monkeypatch):
    monkeypatch.setattr("graphspec_gui.training.controller.SILENT", 1.0)
    window.new(spec())
    dock = panel(window)
    dock.start.trigger()
    running(qtbot, window)
    os.kill(window.training.worker.pid, signal.SIGSTOP)
    qtbot.waitUntil(lambda: window.training.hangs, timeout=10_000)
    qtbot.waitUntil(lambda: dock.end.isVisible())
    QTest.mouseClick(dock.end, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.training.state == "idle", timeout=10_000)


@pytest.mark.parametrize(("words", "status"), [("Stop it", "stopped"), ("Leave it running", "")])
def test_closing_the_window_asks_what_becomes_of_the_training(qtbot, window, words, status):
    document = window.new(spec(epochs=200))
    panel(window).start.trigger()
    running(qtbot, window)
    run = window.training.shown.run
    document.undo_stack.setClean()
    answer("Cancel")
    assert not window.close()
    answer(words)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    if status:
        assert run.status == status
    else:
        qtbot.waitUntil(lambda: run.status == "finished", timeout=60_000)
