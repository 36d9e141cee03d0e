"""The app's tests run without a screen, in a folder of their own for everything it remembers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the desktop app is not installed")
pytest.importorskip("pytestqt", reason="the desktop app's tests need pytest-qt")
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from graphspec_gui.canvas.view import CanvasView
from graphspec_gui.collecting import collect_here
from graphspec_gui.document import StudioDocument
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graphspec import zoo
from graphspec.graph import GraphSpec
from graphspec.train.rundir import Run
from tests.gui.canvas_hands import Hands
from tests.gui.viewing import Room, train

PATIENCE = 60_000
"""Milliseconds; a wait ends with what it waits for, so that only a failing test takes them."""


class PatientBot(QtBot):
    """Waits for what a test waits for until nobody would, on however busy a machine."""

    waitUntil = partialmethod(QtBot.waitUntil, timeout=PATIENCE)
    waitSignal = partialmethod(QtBot.waitSignal, timeout=PATIENCE)


@pytest.fixture
def qtbot(qtbot: QtBot, request: pytest.FixtureRequest) -> QtBot:
    """The bot of pytest-qt with more patience."""
    return PatientBot(request)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["graphspec-studio"]


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    """Every test sees the app as its users do: in its own style, in the light colours."""
    collect_here()
    if qapp.styleSheet() == "":
        theme().apply(qapp)
    theme().choose("light")


@pytest.fixture
def lenet() -> GraphSpec:
    return zoo.load("lenet5")


@pytest.fixture
def make_document(qapp: QApplication) -> Iterator[Callable[..., StudioDocument]]:
    made: list[StudioDocument] = []

    def make(spec: GraphSpec, path: Path | None = None) -> StudioDocument:
        made.append(StudioDocument(spec, path))
        return made[-1]

    yield make
    for document in made:
        document.deleteLater()


@pytest.fixture
def hands(qtbot: QtBot, make_document: Callable[..., StudioDocument]) -> Callable[..., Hands]:
    """Show a network on a canvas of its own, all of it or as it opens, and give its hands."""

    def show(spec: GraphSpec, *, fit: bool = True) -> Hands:
        view = CanvasView(make_document(spec))
        qtbot.addWidget(view)
        view.resize(1000, 800)
        view.show()
        view.activateWindow()
        qtbot.waitUntil(view.isActiveWindow)
        view.setFocus()
        if fit:
            view.fit()
        return Hands(view)

    return show


@pytest.fixture
def document(make_document: Callable[..., StudioDocument], lenet: GraphSpec) -> StudioDocument:
    """LeNet-5, open for editing."""
    return make_document(lenet)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def make_window(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Settings], MainWindow]]:
    """Open the app's window, with nothing open; runs go to ``tmp_path/runs``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHSPEC_RUNS", str(tmp_path / "runs"))
    opened: list[MainWindow] = []

    def make(settings: Settings) -> MainWindow:
        made = MainWindow(settings, Journal(tmp_path / f"journal{len(opened) or ''}"))
        opened.append(made)
        # As on most screens: the one of the tests is smaller.
        made.resize(1440, 896)
        made.show()
        made.activateWindow()
        qtbot.waitUntil(made.isActiveWindow)
        return made

    yield make
    for made in opened:
        training = made.training
        qtbot.waitUntil(lambda training=training: training.state != "preparing")
        training.kill()
        qtbot.waitUntil(lambda training=training: training.worker is None)
        for tab in list(made.tabs()):
            # What is still to be read would make it unsaved again.
            tab.document.settled()
            tab.document.undo_stack.setClean()
            tab.document.set_draft(None)
        assert made.close()
        made.deleteLater()
    # pytest runs no event loop in which they would go by themselves.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def window(make_window: Callable[[Settings], MainWindow], settings: Settings) -> MainWindow:
    """The app's window, with nothing open and nothing remembered."""
    return make_window(settings)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small network that has been trained, for the viewers to look into."""
    return train(tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """Runs, a source, and room for the docks that look through it."""
    made = Room(qtbot)
    yield made
    made.runs.close()
