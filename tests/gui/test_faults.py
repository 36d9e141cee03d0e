"""The app under faults, a hundred times each: workers that die or hang, full disks, its own death.

And what must be gone when a window has closed: objects, threads and processes.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import shiboken6
from graphspec_gui.docks import DOCKS
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.training.panel import TrainingPanel
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from graphspec import edit, zoo
from graphspec.graph import GraphSpec
from graphspec.train.events import Step
from tests.gui.faults import fill_disk, linux_only
from tests.gui.questions import answer
from tests.train.nets import network

ORPHANED = 5.0
"""Seconds after which nobody may be left of an app that died."""
CYCLES = 50

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")


def endless(**training: object) -> GraphSpec:
    found = network()
    fields = {"data": "spiral", "epochs": 1_000_000, "evaluate_every": 500, "checkpoint_every": 50}
    for name, value in (fields | training).items():
        found = edit.set_value(found, f"training.{name}", value)
    return found


class Trained:
    """A window that trains, and starts the next worker where the last one died."""

    def __init__(self, qtbot, window: MainWindow) -> None:
        self.qtbot, self.window, self.training = qtbot, window, window.training
        window.show_dock("training_dock")
        panel = window.docks["training_dock"].widget()
        assert isinstance(panel, TrainingPanel)
        self.panel = panel
        window.new(endless())

    def start(self) -> int:
        """Train, or go on, until the worker has made a step; its number as a process."""
        before = time.time()
        if self.training.shown is None:
            self.training.start(self.window.document.spec)
        else:
            self.training.go_on(self.training.shown.run)
        self.wait(lambda: self.training.worker is not None)
        self.wait(lambda: isinstance(self.last, Step) and self.last.time > before)
        return self.training.worker.pid

    @property
    def last(self):
        history = self.training.history
        return None if history is None else history.last

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()))

    def rest(self, seconds: float) -> None:
        """Let the app run for a while."""
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > end)


@pytest.fixture
def trained(qtbot, window: MainWindow) -> Trained:
    return Trained(qtbot, window)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_workers_that_are_killed_are_told_of_and_their_run_goes_on(trained, seed):
    moments = random.Random(seed)
    for _ in range(10):
        pid = trained.start()
        trained.rest(moments.uniform(0, 0.3))
        os.kill(pid, signal.SIGKILL)
        trained.wait(lambda: trained.training.state == "idle")
        trained.wait(lambda: "signal 9" in trained.panel.trouble.text())
        assert not psutil.pid_exists(pid)
    assert not psutil.Process().children(recursive=True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_workers_that_hang_are_told_of_and_can_be_ended(trained, seed, monkeypatch):
    monkeypatch.setattr("graphspec_gui.training.controller.SILENT", 1.0)
    monkeypatch.setattr("graphspec_gui.training.standing.SILENT", 1.0)
    moments = random.Random(seed)
    for _ in range(10):
        pid = trained.start()
        trained.rest(moments.uniform(0, 0.3))
        os.kill(pid, signal.SIGSTOP)
        trained.wait(lambda: "has not answered" in trained.panel.state.text())
        trained.wait(trained.panel.end.isVisible)
        QTest.mouseClick(trained.panel.end, Qt.MouseButton.LeftButton)
        trained.wait(lambda: trained.training.state == "idle")
        assert not psutil.pid_exists(pid)
    assert not psutil.Process().children(recursive=True)


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("seed", range(5))
def test_disks_that_are_full_for_a_while_lose_nothing(trained, seed):
    moments = random.Random(seed)
    pid = trained.start()
    for _ in range(10):
        trained.rest(moments.uniform(0, 0.3))
        fill_disk(pid, full=True)
        trained.wait(lambda: "File too large" in trained.panel.trouble.text())
        assert trained.training.state == "paused"
        step = trained.last.step
        fill_disk(pid, full=False)
        trained.panel.pause.trigger()  # "Go on", rather than wait for the next try
        trained.wait(lambda: not trained.panel.trouble.isVisible())
        trained.wait(lambda step=step: trained.last.step > step)
    trained.training.stop()
    trained.wait(lambda: trained.training.state == "idle")
    trained.wait(lambda: trained.training.history.ended is not None)
    steps = trained.training.history.series["train/loss"].steps
    assert steps.tolist() == list(range(1, len(steps) + 1))


# An app that trains; it tells the number of its worker.
APP = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
import graphspec_gui
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from graphspec import zoo
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.window import MainWindow

folder = Path(sys.argv[1])
app = QApplication(["x"])
window = MainWindow(Settings(folder / "s.ini"), Journal(folder / "journal"))
document = window.new(zoo.load("tiny_convnet"))
window.show()
window.training.start(document.spec)

def tell():
    worker = window.training.worker
    if worker is None:
        QTimer.singleShot(10, tell)
    else:
        print(worker.pid, flush=True)

tell()
app.exec()
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_no_worker_is_left_of_an_app_that_is_killed(tmp_path, monkeypatch, seed):
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    app = subprocess.Popen(
        [sys.executable, "-c", APP, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert app.stdout is not None
    worker = psutil.Process(int(app.stdout.readline()))
    time.sleep(random.Random(seed).uniform(0, 3))
    app.kill()
    app.wait()
    app.stdout.close()
    end = time.monotonic() + ORPHANED
    while not gone(worker) and time.monotonic() < end:
        time.sleep(0.05)
    if not gone(worker):
        worker.kill()
        pytest.fail(f"a worker is left {ORPHANED:g} seconds after its app")


def gone(process: psutil.Process) -> bool:
    """Whether it has ended; who has taken it over may not have asked for its exit code yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def census() -> Counter[str]:
    """Every Qt object that Python knows of, by its class."""
    QApplication.processEvents()
    # What one collection frees may hold what the next one finds.
    while gc.collect():
        pass
    return Counter(type(found).__name__ for found in shiboken6.getAllValidWrappers())


def live(qtbot, folder: Path, *, trains: bool) -> None:
    """A short life of a window: documents, every dock, a training, and the end."""
    window = MainWindow(Settings(folder / "settings.ini"), Journal(folder / "journal"))
    window.show()
    for spec in (zoo.load("lenet5"), endless()):
        document = window.new(spec)
        document.apply(edit.rename(spec, spec.layers[0].id, "first"), "Rename")
        document.undo_stack.undo()
    for dock in DOCKS:
        window.show_dock(dock.name)
        QApplication.processEvents()
    if trains:
        window.training.start(endless())
        qtbot.waitUntil(lambda: window.training.state == "running")
        qtbot.waitUntil(lambda: len(window.training.history.series.get("train/loss", ())) > 0)
        answer("Stop it")
        window.close()
    else:
        assert window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.slow
def test_documents_and_trainings_leave_nothing_in_a_window_that_stays(trained):
    window, training = trained.window, trained.training
    for dock in DOCKS:
        window.show_dock(dock.name)

    def use() -> None:
        for name in ("lenet5", "resnet18"):
            spec = zoo.load(name)
            document = window.new(spec)
            document.apply(edit.rename(spec, spec.layers[0].id, "first"), "Rename")
            QApplication.processEvents()
            document.undo_stack.undo()
            document.undo_stack.setClean()
            assert window.close_tab(window.current)
        trained.start()
        training.stop()
        trained.wait(lambda: training.state == "idle")
        training.reset()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    for _ in range(2):
        use()
    before, widgets = census(), len(QApplication.allWidgets())
    for _ in range(CYCLES // 5):
        use()
    assert census() - before == Counter()
    assert len(QApplication.allWidgets()) == widgets
    assert len(training.runs) == 0


@pytest.mark.slow
def test_fifty_lives_leave_nothing(qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    # What is made once and kept, as icons and fonts are, is there after the first.
    for trains in (True, False):
        live(qtbot, tmp_path, trains=trains)
    before, widgets = census(), len(QApplication.allWidgets())
    for i in range(CYCLES):
        live(qtbot, tmp_path, trains=i % 5 == 0)
    assert census() - before == Counter()
    assert len(QApplication.allWidgets()) == widgets
    assert threading.enumerate() == [threading.main_thread()]
    assert not psutil.Process().children(recursive=True)
