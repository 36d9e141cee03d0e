"""All viewers in the window, while a real worker trains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from tests.gui.viewing import spec

VIEWERS = ("data_dock", "activations_dock", "weights_dock", "occlusion_dock", "predictions_dock")


@pytest.fixture
def window(qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    made = MainWindow(Settings(tmp_path / "settings.ini"), Journal(tmp_path / "journal"))
    made.show()
    qtbot.waitExposed(made)
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
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_viewers_follow_a_training(qtbot, window):
    window.new(spec(epochs=100_000, checkpoint_every=20, evaluate_every=20))
    for name in VIEWERS:
        window.show_dock(name)
    (source,) = window.findChildren(ProbeSource)
    qtbot.waitUntil(lambda: source.network is not None, timeout=15_000)
    assert source.network.step is None
    window.training.start(window.document.spec)
    qtbot.waitUntil(lambda: bool(source.network and source.network.step), timeout=30_000)
    assert source.looks.gentle
    first = source.network.step
    qtbot.waitUntil(lambda: source.network.step > first, timeout=15_000)
    assert source.trouble == ""


def test_closing_the_window_ends_the_work(qtbot, window):
    window.new(spec())
    window.show_dock("data_dock")
    (source,) = window.findChildren(ProbeSource)
    qtbot.waitUntil(lambda: source.network is not None, timeout=15_000)
    thread = source.looks._thread
    window.document.undo_stack.setClean()
    assert window.close()
    assert not thread.is_alive()
