"""All runs of the workspace, kept up to date by a thread that reads their folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from graphspec.train.facts import RunFacts, facts_of
from graphspec.train.remarks import REMARKS
from graphspec.train.rundir import CONFIG, EVENTS, list_runs

PERIOD = 1_000
"""Milliseconds between two looks at the folder."""
_FILES = (EVENTS, CONFIG, REMARKS)
Stamp = tuple[tuple[int, int] | None, ...]


class FactsReader:
    """Reads the facts of all runs in a folder, and of those that have changed only."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, RunFacts]] = {}

    def read(self, folder: Path) -> list[RunFacts]:
        """The facts, newest run first."""
        now: dict[str, tuple[Stamp, RunFacts]] = {}
        for run in list_runs(folder):
            key = str(run.path)
            stamp = _stamp(run.path)
            known = self._known.get(key)
            # A process that is killed changes no file of its run.
            if known is None or known[0] != stamp or known[1].status == "running":
                known = stamp, facts_of(run)
            now[key] = known
        self._known = now
        return [facts for _, facts in now.values()]


class RunLibrary(QObject):
    """The runs of a folder. It looks at it once a second while somebody watches.

    Args:
        folder: tells the folder; asked at every look.
        parent: who owns it.
    """

    changed = Signal()
    """``facts`` are others now."""
    _look = Signal()

    def __init__(self, folder: Callable[[], Path], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.facts: tuple[RunFacts, ...] | None = None
        """The runs, newest first; None until they have been read."""
        self.folder = folder
        self._thread = QThread(self)
        self._thread.setObjectName("run library")
        self._reader = _Reader(folder)
        self._reader.moveToThread(self._thread)
        self._reader.read.connect(self._take)
        self._look.connect(self._reader.look)
        self._thread.finished.connect(self._reader.deleteLater)
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD)
        self._timer.timeout.connect(self._look)

    def watch(self, on: bool) -> None:
        """Begin to look, or stop looking."""
        if on and not self._timer.isActive():
            self._thread.start()
            self._timer.start()
            self._look.emit()
        elif not on:
            self._timer.stop()

    def look_now(self) -> None:
        """Look at once: something has just been changed."""
        if self._thread.isRunning():
            self._look.emit()

    def close(self) -> None:
        """Stop for good."""
        self._timer.stop()
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def _take(self, facts: tuple[RunFacts, ...]) -> None:
        if facts != self.facts:
            self.facts = facts
            self.changed.emit()


class _Reader(QObject):
    read = Signal(object)

    def __init__(self, folder: Callable[[], Path]) -> None:
        super().__init__()
        self._folder = folder
        self._reader = FactsReader()

    @Slot()
    def look(self) -> None:
        try:
            found = tuple(self._reader.read(self._folder()))
        except OSError:
            return  # the disk is away: the next look may succeed
        self.read.emit(found)


def _stamp(run: Path) -> Stamp:
    found: list[tuple[int, int] | None] = []
    for name in _FILES:
        try:
            status = os.stat(run / name)
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)
