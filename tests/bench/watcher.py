"""The studio in a process of its own: ``python -m tests.bench.watcher RUN DOCK…``.

It trains the run, with these docks beside one another. When the training has begun and all is
shown it prints the number of the training's process; the end of its standard input ends both.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from graphspec_gui.app import serve_this_thread
from graphspec_gui.journal import Journal
from graphspec_gui.settings import Settings
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from graphspec.train.events import Step
from graphspec.train.rundir import Run


def main(path: Path, names: list[str]) -> None:
    app = QApplication([])
    theme().apply(app)
    serve_this_thread()
    run = Run(path)
    home = path.parent / "home"
    window = MainWindow(Settings(home / "settings.ini"), Journal(home / "journal"))
    window.resize(1680, 1050)
    window.new(run.spec)
    window.show()
    window.show_dock("training_dock")
    for dock in window.docks.values():
        if window.dockWidgetArea(dock) == Qt.DockWidgetArea.BottomDockWidgetArea:
            window.removeDockWidget(dock)
    for name in names:
        dock = window.docks[name]
        window.addDockWidget(
            Qt.DockWidgetArea.BottomDockWidgetArea, dock, Qt.Orientation.Horizontal
        )
        window.show_dock(name)
    window.training.go_on(run)
    seen = QTimer(window)

    def look() -> None:
        history, worker = window.training.history, window.training.worker
        if worker is not None and history is not None and isinstance(history.last, Step):
            seen.stop()
            print(worker.pid, flush=True)

    seen.timeout.connect(look)
    seen.start(100)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    app.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
