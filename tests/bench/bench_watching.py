"""The studio while it watches: how long its window is not served, and what training pays for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the desktop app is not installed")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from graphspec_gui.plots.panel import PlotsPanel
from graphspec_gui.runs.library import FactsReader
from graphspec_gui.runs.shown import ShownRun, ShownRuns
from graphspec_gui.theme import theme
from graphspec_gui.training.worker_process import WorkerProcess
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from graphspec.train.events import Evaluated, Step
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from tests.bench.timing import report
from tests.train.nets import linear, new_run

POINTS = 1_000_000
SECONDS = 8


@pytest.fixture(scope="module")
def app() -> QApplication:
    found = QApplication.instance()
    made = found if isinstance(found, QApplication) else QApplication([])
    theme().apply(made)
    return made


def loop_until(done, timeout: float = 120.0) -> None:
    loop = QEventLoop()
    end = time.monotonic() + timeout
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if done() or time.monotonic() > end else None)
    look.start(20)
    loop.exec()


def gaps_during(seconds: float) -> np.ndarray:
    """How long the event loop did not come to a timer of 2 ms, in milliseconds."""
    times: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: times.append(time.perf_counter()))
    timer.start(2)
    end = time.monotonic() + seconds
    loop_until(lambda: time.monotonic() > end)
    return 1000 * np.diff(times)


def million(shown: ShownRun) -> None:
    """A million points on every curve of a run's steps, as if that many had been made."""
    history = shown.follower.history
    rng = np.random.default_rng(0)
    steps = np.arange(100.0, 100.0 + POINTS)
    for tag in ("train/loss", "train/accuracy", "train/rate", "train/grad_norm"):
        noise = rng.normal(1, 0.1, POINTS)
        history.series[tag].add(np.stack([steps, steps / 10, steps, noise], axis=1))
    shown.follower.advanced.emit()


def live_run(path: Path) -> Run:
    return new_run(
        path, linear(), data="spiral", epochs=1_000_000, evaluate_every=1000,
        checkpoint_every=100_000,
    )  # fmt: skip


def test_the_window_is_served(app, tmp_path):
    runs = ShownRuns()
    panel = PlotsPanel(runs)
    panel.resize(1100, 320)
    panel.show()
    run = new_run(tmp_path / "long", linear(), data="spiral")
    list(train_run(run.path))
    shown = runs.show(run)
    loop_until(lambda: shown.follower.history.ended is not None)
    million(shown)
    still = gaps_during(2)
    report("a million steps are drawn: longest gap of the window", f"{still.max():.0f} ms")
    live = live_run(tmp_path / "live")
    worker = WorkerProcess(live.path)
    other = runs.show(live)
    loop_until(lambda: "train/loss" in other.follower.history.series)
    before = len(other.follower.history.series["train/loss"])
    gaps = gaps_during(SECONDS)
    rate = (len(other.follower.history.series["train/loss"]) - before) / SECONDS
    worker.kill()
    worker.wait(10)
    runs.close()
    report(f"with {rate:,.0f} events/s besides: p99 gap", f"{np.quantile(gaps, 0.99):.0f} ms", "50")
    report("its longest gap", f"{gaps.max():.0f} ms")


def steps_in(path: Path, seconds: float, wait) -> int:
    """How many steps a worker of its own makes in a while."""
    run = live_run(path)
    command = [sys.executable, "-m", "graphspec.worker", str(run.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while run.started is None:
            time.sleep(0.05)
        wait(run, seconds)
        last = run.last
        process.kill()
    assert isinstance(last, Step | Evaluated)
    return last.step


def test_training_is_not_slowed(app, tmp_path):
    def alone(_: Run, seconds: float) -> None:
        time.sleep(seconds)

    # Made before: opening a dock is not watching.
    runs = ShownRuns()
    panel = PlotsPanel(runs)
    panel.resize(1100, 320)
    panel.show()

    def watched(run: Run, seconds: float) -> None:
        shown = runs.show(run)
        end = time.monotonic() + seconds
        loop_until(lambda: time.monotonic() > end)
        runs.drop(shown)

    ratios = []
    for turn in range(3):
        a = steps_in(tmp_path / f"alone-{turn}", 4, alone)
        b = steps_in(tmp_path / f"watched-{turn}", 4, watched)
        ratios.append(b / a)
    loss = 100 * (1 - float(np.median(ratios)))
    report("training is slowed by being watched by", f"{loss:.1f} %", "goal 5 %")


def test_a_thousand_runs_are_listed(tmp_path):
    run = new_run(tmp_path / "first", linear(), data="spiral", epochs=2)
    list(train_run(run.path))
    for number in range(1000):
        shutil.copytree(run.path, tmp_path / "runs" / str(number))
    reader = FactsReader()
    begun = time.perf_counter()
    assert len(reader.read(tmp_path / "runs")) == 1000
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    reader.read(tmp_path / "runs")
    again = time.perf_counter() - begun
    report("the facts of a thousand runs", f"{1000 * first:.0f} ms", "goal 1000 ms")
    report("looking at them again", f"{1000 * again:.0f} ms")
