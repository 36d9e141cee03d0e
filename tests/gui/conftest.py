"""The app's tests run without a screen, in a folder of their own for everything it remembers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="the desktop app is not installed")
pytest.importorskip("pytestqt", reason="the desktop app's tests need pytest-qt")
os.environ["QT_QPA_PLATFORM"] = "offscreen"

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


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["graphspec-studio"]


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    """Every test sees the app as its users do: in its own style, in the light colours."""
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
def document(make_document: Callable[..., StudioDocument], lenet: GraphSpec) -> StudioDocument:
    """LeNet-5, open for editing."""
    return make_document(lenet)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def window(
    qtbot: QtBot, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The app's window, with nothing open and nothing remembered."""
    monkeypatch.chdir(tmp_path)
    made = MainWindow(settings, Journal(tmp_path / "journal"))
    made.show()
    qtbot.waitExposed(made)
    yield made
    for tab in list(made.tabs()):
        tab.document.undo_stack.setClean()
    made.close()
    made.deleteLater()
    # pytest runs no event loop in which it would go by itself.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
