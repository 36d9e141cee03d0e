"""Starting the app."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from graphspec import zoo
from graphspec_gui.collecting import collect_here
from graphspec_gui.icons import app_icon
from graphspec_gui.journal import Journal
from graphspec_gui.offers import offer_left_behind, offer_left_running, tell_mishap
from graphspec_gui.settings import APPLICATION, ORGANISATION, Settings, data_folder
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow

SWITCH = 0.0001
"""Seconds after which a thread that computes lets another one go on."""


def serve_this_thread() -> None:
    """Let no other thread keep the window waiting: not for garbage, nor for the interpreter.

    Drawing gives the interpreter away at every other call of Qt. With Python's own 5 ms until it
    is given back, one picture took half a second while a long log was read.
    """
    collect_here()
    sys.setswitchinterval(SWITCH)


def main(argv: Sequence[str]) -> int:
    """Open the app with some files or runs, and return its exit code when it is closed."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    # Qt's loop never comes to Python's handler; what was not saved is in the journal.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    app = QApplication(["graphspec-studio"])
    serve_this_thread()
    app.setOrganizationName(ORGANISATION)
    app.setApplicationName(APPLICATION)
    app.setApplicationDisplayName("graphspec studio")
    app.setDesktopFileName("graphspec-studio")
    app.setWindowIcon(app_icon())
    settings = Settings()
    theme().choose(settings.scheme)
    theme().apply(app)
    window = MainWindow(settings, Journal(data_folder() / "journal"), late=True)
    sys.excepthook = _Mishap(window)
    window.painted.connect(lambda: _begin(window, argv))
    window.show()
    return app.exec()


def _begin(window: MainWindow, names: Sequence[str]) -> None:
    window.dock_area.fill_by_and_by()
    offer_left_behind(window)
    offer_left_running(window)
    for name in names:
        if name in zoo.names() and not Path(name).exists():
            window.new(zoo.load(name))
        else:
            window.files.open(Path(name))


class _Mishap:
    """Tells of a defect of ours: the app goes on, and what was edited is in the journal."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(text)
        tell_mishap(self._window, text)


def run() -> None:
    """The entry point of the installed ``graphspec-studio`` command."""
    sys.exit(main(sys.argv[1:]))
