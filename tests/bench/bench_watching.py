"""The studio while it watches: how long its window is not served, and what training pays for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="the desktop app is not installed")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from graphspec_gui.app import serve_this_thread
from graphspec_gui.journal import Journal
from graphspec_gui.plots.panel import PlotsPanel
from graphspec_gui.runs.library import FactsReader
from graphspec_gui.runs.shown import ShownRun, ShownRuns
from graphspec_gui.settings import Settings
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from graphspec import zoo
from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.train.events import Evaluated, Step
from graphspec.train.rundir import EVENTS, Run
from graphspec.train.session import create_run, train_run
from tests.bench.timing import report
from tests.train.nets import linear, new_run

POINTS = 1_000_000
SECONDS = 8
TURNS = 5


@pytest.fixture(scope="module")
def app() -> QApplication:
    found = QApplication.instance()
    made = found if isinstance(found, QApplication) else QApplication([])
    theme().apply(made)
    serve_this_thread()
    return made


def loop_until(done: Callable[[], object], timeout: float = 120.0) -> None:
    loop = QEventLoop()
    end = time.monotonic() + timeout
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if done() or time.monotonic() > end else None)
    look.start(20)
    loop.exec()


def loop_for(seconds: float) -> None:
    end = time.monotonic() + seconds
    loop_until(lambda: time.monotonic() > end)


def gaps_for(seconds: float) -> np.ndarray:
    end = time.monotonic() + seconds
    return gaps_until(lambda: time.monotonic() > end)


def gaps_until(done: Callable[[], bool]) -> np.ndarray:
    """How long the event loop did not come to a timer of 2 ms, in milliseconds."""
    times: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: times.append(time.perf_counter()))
    timer.start(2)
    loop_until(done)
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


def test_a_long_run_is_opened(app, tmp_path):
    run = new_run(tmp_path / "long", linear(), data="spiral")
    step = Step(
        step=1, epoch=0.1, loss=1.0, losses={"loss": 1.0}, penalties={}, rate=0.1, grad_norm=1.0,
        accuracy=0.5,
    )  # fmt: skip
    with (run.path / EVENTS).open("wb") as log:
        for number in range(1, POINTS + 1):
            changes = {"step": number, "epoch": number / 10, "loss": 1 / number}
            log.write(step.model_copy(update=changes).to_line())
    runs = ShownRuns()
    panel = PlotsPanel(runs)
    panel.resize(1100, 320)
    panel.show()
    begun = time.perf_counter()
    shown = runs.show(run)
    gaps = gaps_until(lambda: len(shown.follower.history.series.get("train/loss", ())) == POINTS)
    report("a run of a million steps is read in", f"{time.perf_counter() - begun:.1f} s")
    report("meanwhile: p99 gap of the window", f"{np.quantile(gaps, 0.99):.0f} ms", "goal 50 ms")
    report("its longest gap", f"{gaps.max():.0f} ms")
    runs.close()


@pytest.fixture
def window(app, tmp_path, monkeypatch) -> Iterator[MainWindow]:
    """The whole app, with the docks that it has at first and the plots in front."""
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    window = MainWindow(Settings(tmp_path / "settings.ini"), Journal(tmp_path / "journal"))
    window.show()
    window.show_dock("plots_dock")
    loop_for(1)
    yield window
    window.close()


def endless(name: str) -> GraphSpec:
    spec = zoo.load(name)
    training = (spec.training or TrainConfig()).model_copy(
        update={"epochs": 1_000_000, "steps": None, "early_stopping": None}
    )
    return spec.model_copy(update={"training": training})


def test_the_window_is_served(window, tmp_path):
    run = new_run(tmp_path / "runs" / "long", linear(), data="spiral")
    list(train_run(run.path))
    shown = window.runs.show(run)
    loop_until(lambda: shown.follower.history.ended is not None)
    million(shown)
    still = gaps_for(2)
    report("a million steps are drawn: longest gap of the window", f"{still.max():.0f} ms")
    live = new_run(
        tmp_path / "runs" / "live", linear(), data="spiral", epochs=1_000_000, evaluate_every=1000,
        checkpoint_every=100_000,
    )  # fmt: skip
    window.training.go_on(live)
    loop_until(lambda: window.training.history is not None and window.training.history.last)
    series = window.training.history.series["train/loss"]
    before = len(series)
    gaps = gaps_for(SECONDS)
    rate = (len(series) - before) / SECONDS
    window.training.kill()
    loop_until(lambda: window.training.worker is None)
    report(f"with {rate:,.0f} events/s besides: p99 gap", f"{np.quantile(gaps, 0.99):.0f} ms", "50")
    report("its longest gap", f"{gaps.max():.0f} ms")


@pytest.mark.parametrize("name", ["spiral_net", "tiny_convnet"])
def test_training_is_not_slowed(window, tmp_path, name):
    """One training, watched and left alone in turns: an app that is open is no watcher."""
    spec = endless(name)
    run = create_run(spec, spec.training, tmp_path / "runs" / "live")
    command = [sys.executable, "-m", "graphspec.worker", str(run.path)]
    counts: dict[bool, list[int]] = {False: [], True: []}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        loop_until(lambda: isinstance(run.last, Step | Evaluated))
        loop_for(1)
        for _ in range(TURNS):
            for watched in (False, True):
                shown = window.runs.show(run) if watched else None
                # What was made before is read and drawn.
                loop_for(1)
                before = step_of(run)
                loop_for(2)
                counts[watched].append(step_of(run) - before)
                if shown is not None:
                    window.runs.drop(shown)
        process.kill()
    pairs = zip(counts[False], counts[True], strict=True)
    losses = [100 * (1 - watched / alone) for alone, watched in pairs]
    report(
        f"{name}, {np.median(counts[False]) / 2:,.0f} steps/s: slowed by being watched by",
        f"{np.median(losses):.1f} % ({min(losses):.1f} to {max(losses):.1f})",
        "goal 5 %",
    )


def step_of(run: Run) -> int:
    last = run.last
    assert last is not None
    return last.step


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
