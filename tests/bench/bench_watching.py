"""The studio while it watches: how long its window is not served, and what training pays for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

pytest.importorskip("PySide6", reason="the desktop app is not installed")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from graphspec_gui.app import serve_this_thread
from graphspec_gui.docks import what_draws
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
from graphspec.recipe.config import TrainConfig
from graphspec.train.events import Step
from graphspec.train.history import Series
from graphspec.train.rundir import EVENTS, Run
from graphspec.train.session import create_run, train_run
from tests.bench.timing import report
from tests.train.nets import linear, new_run

POINTS = 1_000_000
SECONDS = 8
TURNS, SLICE, SETTLE = 20, 1.5, 0.7
"""Slices of watching, and their seconds, before which things settle."""


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
    # As in an app whose docks are filled.
    for _ in what_draws():
        pass
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
    # While something is trained, closing asks what is to become of it.
    if window.training.worker is not None:
        window.training.kill()
        loop_until(lambda: window.training.worker is None)
    window.close()


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

    def steps() -> int:
        history = window.training.history
        return 0 if history is None else len(history.series.get("train/loss", ()))

    window.training.go_on(live)
    loop_until(steps)
    before = steps()
    gaps = gaps_for(SECONDS)
    rate = (steps() - before) / SECONDS
    report(f"with {rate:,.0f} events/s besides: p99 gap", f"{np.quantile(gaps, 0.99):.0f} ms", "50")
    report("its longest gap", f"{gaps.max():.0f} ms")


def endless(name: str, folder: Path) -> Run:
    """A run on two threads that goes on and on, and tells of every step."""
    spec = zoo.load(name)
    rare: dict[str, Any] = {
        "epochs": 1_000_000, "steps": None, "early_stopping": None, "log_every": 1,
        "evaluate_every": 1_000_000, "checkpoint_every": 1_000_000, "checkpoint_seconds": None,
    }  # fmt: skip
    if name == "cifar_convnet":
        # As W1: numbers of its shape, 64 at a time.
        rng = np.random.default_rng(0)
        images = rng.integers(0, 255, (2000, 3, 32, 32), dtype=np.uint8)
        np.savez(folder / "images.npz", x=images, y=rng.integers(0, 10, 2000))
        rare |= {"data": str(folder / "images.npz"), "batch": 64}
    training = (spec.training or TrainConfig()).model_copy(update=rare)
    spec = spec.model_copy(update={"training": training})
    return create_run(spec, training, folder / "runs" / "live", threads=2)


@pytest.mark.parametrize(
    "docks", [("plots",), ("plots", "activations", "weights")], ids=lambda docks: "+".join(docks)
)
@pytest.mark.parametrize("name", ["tiny_convnet", "lenet5", "cifar_convnet"])
def test_training_is_not_slowed(tmp_path, monkeypatch, name, docks):
    """One training, while the app that shows it works and while it is suspended, in turns.

    A suspended app is as good as none: it takes nothing of the processor, asks for no weights and
    writes nothing. A slice in which it works is compared with those before and after.
    """
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    run = endless(name, tmp_path)
    command = [sys.executable, "-m", "tests.bench.watcher", str(run.path)]
    slices: list[tuple[float, float]] = []
    with subprocess.Popen(
        [*command, *(f"{dock}_dock" for dock in docks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        worker = psutil.Process(int(process.stdout.readline()))
        app, taken = psutil.Process(process.pid), 0.0
        time.sleep(SETTLE)
        for turn in range(2 * TURNS + 1):
            watched = turn % 2 == 1
            (app.resume if watched else app.suspend)()
            # What was made before is read and drawn.
            time.sleep(SETTLE)
            before, begun = processor(app), time.time()
            time.sleep(SLICE)
            slices.append((begun, time.time()))
            taken += processor(app) - before
        worker.kill()
        app.resume()
        process.stdin.close()
    losses = lost(run, slices)
    low, high = spread_of_median(losses)
    seconds = sum(end - begun for begun, end in slices[1::2])
    series = run.read_history().history.series["train/loss"]
    report(
        f"{name}, {', '.join(docks)}: slowed by being watched by",
        f"{np.median(losses):.1f} % ({low:.1f} to {high:.1f})",
        f"goal 5 %; {speed(series, *slices[0]):,.0f} steps/s alone, and the app took "
        f"{taken / seconds:.1%} of a core",
    )


def processor(process: psutil.Process) -> float:
    """Seconds of the processor that a process has taken."""
    times = process.cpu_times()
    return float(times.user + times.system)


def speed(series: Series, begun: float, end: float) -> float:
    """Steps a second between two moments, by the times at which the run's log has them."""
    first, last = np.interp([begun, end], series.times, series.steps)
    return float(last - first) / (end - begun)


def lost(run: Run, slices: Sequence[tuple[float, float]]) -> np.ndarray:
    """How much slower every other slice was than the mean of its neighbours, in percent."""
    series = run.read_history().history.series["train/loss"]
    speeds = np.array([speed(series, *moments) for moments in slices])
    return 100 * (1 - 2 * speeds[1::2] / (speeds[:-1:2] + speeds[2::2]))


def spread_of_median(values: np.ndarray) -> tuple[float, float]:
    """Where the median lies with 95 % of confidence, by drawing the values again and again."""
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(values, (10_000, len(values))), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(low), float(high)


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
