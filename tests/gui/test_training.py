"""Training from the window, with a real child process, through real clicks and keys."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.runs.table import PLACES
from graphspec_gui.training import controller
from graphspec_gui.training.controller import workspace
from graphspec_gui.training.machine import Machine, MachineForm
from graphspec_gui.training.panel import TrainingPanel
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt, QThreadPool
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from graphspec import edit
from graphspec.engines import choosing
from graphspec.graph import GraphSpec
from graphspec.train.lock import RunLock, holder_of
from graphspec.train.rundir import Run
from graphspec.train.session import create_run
from tests.gui.faults import fill_disk, linux_only
from tests.gui.questions import answer
from tests.train.nets import network


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


def change(dock: TrainingPanel, name: str, text: str) -> None:
    field = dock.live.fields[name]
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def running(qtbot, window: MainWindow) -> None:
    def stepped() -> bool:
        history = window.training.history
        return history is not None and "train/loss" in history.series

    qtbot.waitUntil(stepped)


def test_train_pause_step_change_settings_and_stop(qtbot, window):
    window.new(spec(penalties=[{"kind": "l2", "strength": 0.01}]))
    dock = panel(window)
    QTest.mouseClick(dock.main, Qt.MouseButton.LeftButton)
    assert window.training.state == "preparing"
    running(qtbot, window)
    dock.pause.trigger()
    qtbot.waitUntil(lambda: window.training.state == "paused")
    qtbot.waitUntil(lambda: "paused" in dock.state.text())
    assert dock.pause.text() == "Go on"
    assert dock.pause.toolTip() == "Go on"
    assert dock.next.isVisible()
    # What cannot be is said, and not sent.
    change(dock, "rate", "0")
    assert dock.live.trouble.isVisible()
    assert "above 0" in dock.live.trouble.text()
    change(dock, "drop of drop", "1.5")
    assert "from 0 to 0.999" in dock.live.trouble.text()
    steps = len(window.training.history.series["train/loss"])
    dock.step.trigger()
    qtbot.waitUntil(lambda: len(window.training.history.series["train/loss"]) == steps + 1)
    change(dock, "rate", "0.0025")
    change(dock, "l2 penalty", "0.5")
    change(dock, "drop of drop", "0.75")
    assert not dock.live.trouble.isVisible()
    made = [("rate", 0.0025), ("l2 penalty", 0.5), ("drop of drop", 0.75)]
    qtbot.waitUntil(
        lambda: (
            [(c.what, c.value) for c in window.training.history.changes if c.field != "paused"]
            == made
        )
    )
    dock.main.setFocus()
    qtbot.waitUntil(
        lambda: [f.text() for f in dock.live.fields.values()] == ["0.0025", "0.5", "0.75"]
    )
    assert dock.facts["memory"].text().endswith("MiB")
    dock.pause.trigger()
    qtbot.waitUntil(lambda: window.training.state == "running")
    dock.stop.trigger()
    qtbot.waitUntil(lambda: window.training.state == "idle")
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
    qtbot.waitUntil(lambda: window.training.state == "idle")


def test_the_keys_train_from_the_canvas(qtbot, window):
    window.new(spec())
    view = window.current.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_F10)
    running(qtbot, window)
    qtbot.waitUntil(lambda: window.training.state == "paused")
    window.training.stop()
    qtbot.waitUntil(window.docks["training_dock"].widget().start.isEnabled)
    QTest.keyClick(view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert window.training.state == "preparing"


def test_a_single_step_begins_a_training_that_waits(qtbot, window):
    window.new(spec())
    panel(window).step.trigger()
    running(qtbot, window)
    qtbot.waitUntil(lambda: window.training.state == "paused")
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
    with qtbot.waitSignal(window.training.failed) as failed:
        panel(window).start.trigger()
    assert "no/such/data.csv" in failed.args[0]
    assert "no/such/data.csv" in panel(window).training.trouble


def test_folded_settings_open_by_themselves_where_something_is_wrong(qtbot, window):
    document = window.new(spec())
    dock = panel(window)
    assert not dock.form["seed"].isVisible()
    QTest.mouseClick(dock.form.sections["Beginning"].button, Qt.MouseButton.LeftButton)
    assert dock.form["seed"].isVisible()
    document.apply(
        edit.set_value(document.spec, "training.average", {"kind": "ema", "decay": 0.9}), "Average"
    )
    qtbot.waitUntil(lambda: dock.form.sections["Update"].button.text() == "Update · 1 changed")


def test_the_engine_of_a_run_is_chosen_and_no_part_of_the_file(qtbot, window):
    document = window.new(spec())
    dock = panel(window)
    dock.form.sections["This computer"].set_open(True)
    dock.machine.engine.setFocus()
    while dock.machine.engine.currentText() != "numpy":
        QTest.keyClick(dock.machine.engine, Qt.Key.Key_Down)
    assert not dock.machine.threads.isEnabled()
    dock.start.trigger()
    running(qtbot, window)
    assert window.training.history.started.engine == "numpy"
    assert not document.modified


def test_where_the_fast_engine_cannot_be_used_the_form_says_so(qtbot, monkeypatch):
    monkeypatch.setattr(choosing, "find_spec", lambda name: None)
    choosing._why_not_here.cache_clear()
    try:
        form = MachineForm()
        qtbot.addWidget(form)
        form.show()
        assert form.note.isVisible()
        assert form.note.text().startswith("It will be numpy: the package llvmlite is missing")
        assert not form.threads.isEnabled()
        # That is numpy's as well.
        form.accuracy.setCurrentText("accurate")
        assert form.chosen == Machine(None, None, "accurate")
        form.engine.setCurrentText("jit")
        assert form.note.text().startswith("jit cannot be used here: the package llvmlite")
        form.engine.setCurrentText("numpy")
        assert form.note.text() == "The numpy engine computes on one thread."
        assert form.chosen == Machine("numpy", None, "accurate")
    finally:
        choosing._why_not_here.cache_clear()


@linux_only
def test_a_disk_that_is_full_is_told_for_as_long_as_it_is(qtbot, window):
    window.new(spec(checkpoint_every=5))
    dock = panel(window)
    dock.start.trigger()
    running(qtbot, window)
    fill_disk(window.training.worker.pid, full=True)
    qtbot.waitUntil(lambda: dock.trouble.isVisible())
    # Neither the log nor a checkpoint could be written, so it was told by the pipe.
    assert not window.training.history.paused
    assert window.training.state == "paused"
    assert "File too large" in dock.trouble.text()
    banner = window.findChild(Banner)
    assert "File too large" in banner.label.text()
    fill_disk(window.training.worker.pid, full=False)
    steps = window.training.history.last.step
    qtbot.waitUntil(lambda: not dock.trouble.isVisible())
    assert not [found for found in window.findChildren(Banner) if found.isVisible()]
    qtbot.waitUntil(lambda: window.training.history.last.step > steps)
    assert window.training.state == "running"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_worker_that_is_killed_is_told_and_its_run_goes_on(qtbot, window):
    window.new(spec(checkpoint_every=5))
    panel(window).start.trigger()
    running(qtbot, window)
    qtbot.waitUntil(lambda: len(window.training.history.snapshots) > 2)
    with qtbot.waitSignal(window.training.failed) as failed:
        os.kill(window.training.worker.pid, signal.SIGKILL)
    assert "signal 9" in failed.args[0]
    run = window.training.shown.run
    window.training.go_on(run)
    qtbot.waitUntil(
        lambda: (
            window.training.history.started is not None and window.training.history.started.resumed
        ),
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_worker_that_hangs_can_be_ended(qtbot, window, monkeypatch):
    monkeypatch.setattr("graphspec_gui.training.controller.SILENT", 1.0)
    window.new(spec())
    dock = panel(window)
    dock.start.trigger()
    running(qtbot, window)
    os.kill(window.training.worker.pid, signal.SIGSTOP)
    qtbot.waitUntil(lambda: window.training.hangs)
    qtbot.waitUntil(lambda: dock.end.isVisible())
    QTest.mouseClick(dock.end, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.training.state == "idle")


def test_what_is_still_prepared_when_the_window_closes_is_not_begun(qtbot, window):
    document = window.new(spec())
    panel(window).start.trigger()
    assert window.training.state == "preparing"
    document.undo_stack.setClean()
    assert window.close()
    QApplication.processEvents()
    assert window.training.worker is None
    assert len(window.runs) == 0


def test_reset_takes_the_curves_away_and_begins_anew(qtbot, window):
    window.new(spec())
    dock = panel(window)
    assert not dock.reset.isEnabled()
    assert "No training" in dock.reset.reason
    dock.start.trigger()
    running(qtbot, window)
    first = window.training.shown.run
    qtbot.waitUntil(dock.reset.isEnabled)
    dock.reset.trigger()
    qtbot.waitUntil(lambda: window.training.shown is None)
    assert len(window.runs) == 0
    assert first.status == "stopped"
    qtbot.waitUntil(lambda: dock.state.text() == "Ctrl+Enter trains the network in front.")
    dock.step.trigger()
    running(qtbot, window)
    qtbot.waitUntil(lambda: window.training.state == "paused")
    assert window.training.shown.run.path != first.path
    assert len(window.training.history.series["train/loss"]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
def test_a_run_of_another_process_is_followed_and_taken_over(qtbot, window, tmp_path, request):
    network = spec()
    run = create_run(network, network.training, tmp_path / "runs" / "elsewhere")
    worker = [sys.executable, "-m", "graphspec.worker", str(run.path), "--detached"]
    other = subprocess.Popen(worker)
    request.addfinalizer(lambda: (other.kill(), other.wait()))
    qtbot.waitUntil(lambda: run.status == "running", timeout=30_000)
    dock = panel(window)
    assert not dock.take_over.isEnabled()
    window.files.open(run.path)
    qtbot.waitUntil(lambda: str(other.pid) in dock.state.text(), timeout=30_000)
    qtbot.waitUntil(lambda: bool(dock.facts["speed"].text()), timeout=30_000)
    assert dock.facts["speed"].text().endswith(" examples/s")
    qtbot.waitUntil(lambda: bool(dock.facts["memory"].text()), timeout=30_000)
    assert dock.facts["time left"].text()
    QTest.mouseClick(dock.take, Qt.MouseButton.LeftButton)
    assert other.wait(60) == 0
    qtbot.waitUntil(dock.pause.isEnabled)
    assert not dock.take.isVisible()
    dock.pause.trigger()
    qtbot.waitUntil(lambda: window.training.state == "paused")
    steps = window.training.history.series["train/loss"].steps
    # No step is made twice, and none is left out.
    assert steps.tolist() == list(range(1, len(steps) + 1))


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
def test_a_run_that_another_process_takes_from_here_is_told_and_taken_back(qtbot, window):
    window.new(spec())
    dock = panel(window)
    dock.start.trigger()
    running(qtbot, window)
    run = window.training.shown.run
    os.kill(holder_of(run.path), signal.SIGINT)
    qtbot.waitUntil(lambda: window.training.state == "idle")
    other = subprocess.Popen([sys.executable, "-m", "graphspec.worker", run.path, "--detached"])
    qtbot.waitUntil(lambda: str(other.pid) in dock.state.text())
    qtbot.waitUntil(dock.take.isVisible)
    QTest.mouseClick(dock.take, Qt.MouseButton.LeftButton)
    assert other.wait(60) == 0
    qtbot.waitUntil(lambda: window.training.state == "running")
    qtbot.waitUntil(lambda: not dock.take.isVisible())


def test_on_windows_no_run_is_taken_over_and_the_button_says_why(
    qtbot, window, tmp_path, monkeypatch
):
    monkeypatch.setattr(controller, "sys", SimpleNamespace(platform="win32"))
    network = spec()
    run = create_run(network, network.training, tmp_path / "runs" / "elsewhere")
    dock = panel(window)
    with RunLock(run.path):
        window.files.open(run.path)
        qtbot.waitUntil(dock.take.isVisible)
        assert not dock.take.isEnabled()
        assert not dock.take_over.isEnabled()
        assert "On Windows" in dock.take_over.reason
        assert dock.take_over.reason in dock.take.toolTip()


@pytest.fixture
def let_go(monkeypatch):
    """No run is made until it is set."""
    made = threading.Event()

    def slow(*given, **named):
        made.wait()
        return create_run(*given, **named)

    monkeypatch.setattr(controller, "create_run", slow)
    return made


def test_what_is_being_prepared_can_be_stopped_and_leaves_no_run(qtbot, window, let_go):
    window.new(spec())
    dock = panel(window)
    QTest.mouseClick(dock.main, Qt.MouseButton.LeftButton)
    assert window.training.state == "preparing"
    qtbot.waitUntil(dock.bar.isVisible)
    assert dock.bar.maximum() == 0
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.training.state == "idle"
    let_go.set()
    QThreadPool.globalInstance().waitForDone()
    assert not any(workspace().iterdir())
    assert window.training.shown is None
    # What is begun next is not mistaken for it.
    qtbot.waitUntil(dock.main.isEnabled)
    QTest.mouseClick(dock.main, Qt.MouseButton.LeftButton)
    running(qtbot, window)


@pytest.mark.parametrize("stops", [True, False])
def test_a_window_that_closes_first_leaves_no_run_that_was_being_prepared(window, let_go, stops):
    document = window.new(spec())
    window.training.start(document.spec)
    if stops:
        window.training.stop()
    document.undo_stack.setClean()
    threading.Timer(0.1, let_go.set).start()
    assert window.close()  # and it waits for what goes on in the pool
    assert let_go.is_set()
    assert not any(workspace().iterdir())


def test_a_run_that_is_ready_and_not_yet_begun_goes_with_the_window_too(window):
    document = window.new(spec())
    window.training.start(document.spec)
    QThreadPool.globalInstance().waitForDone()
    assert any(workspace().iterdir())
    assert window.training.state == "preparing"
    document.undo_stack.setClean()
    assert window.close()
    assert not any(workspace().iterdir())


def test_a_run_that_is_renamed_is_told_of_by_its_new_name(qtbot, window):
    window.new(spec(epochs=1))
    dock = panel(window)
    dock.start.trigger()
    running(qtbot, window)
    qtbot.waitUntil(lambda: "has finished" in dock.state.text())
    window.show_dock("runs_dock")
    runs = window.docks["runs_dock"].widget()
    qtbot.waitUntil(lambda: runs.rows.rowCount() == 1)
    runs.rows.setData(runs.rows.index(0, PLACES["name"]), "my-run")
    qtbot.waitUntil(lambda: dock.state.text().startswith("my-run has finished"))
