"""Following a run: its history as it grows, whoever trains it."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from graphspec.errors import GraphspecError
from graphspec.train.history import History
from graphspec.train.log import Cursor
from graphspec.train.rundir import SPEC, Run, Status

PERIOD = 300
"""Milliseconds between two looks at the log."""
PART = 1 << 17
"""Bytes that are read at once: more would keep other threads waiting."""
_LOOKS_PER_STATUS = 2
_BETWEEN = 0.1
"""Seconds between two times that a long log is told of while it is read: each is drawn, and what
came meanwhile would all be drawn in one turn of the event loop."""


class RunFollower(QObject):
    """The history of a run, kept up to date by a thread that reads its directory.

    ``history`` and ``status`` are changed in the UI thread only, right before the signals. Close
    it before it goes.

    Args:
        run: the run, running, ended or not begun yet.
        parent: who owns it.
    """

    advanced = Signal()
    """``history`` has grown."""
    restarted = Signal()
    """The log was cut, because the run went on from an earlier checkpoint: ``history`` is new."""
    status_changed = Signal(str)
    gone = Signal(object)
    """Somebody has renamed the run, to this path, or removed it (None): nothing more is read."""

    def __init__(self, run: Run, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.run = run
        self.history = History()
        self.status: Status = "new"
        self.opened = False
        """Whether the beginning of what there is has been read."""
        self._closed = False
        self._thread = QThread(self)
        self._thread.setObjectName("run follower")
        self._reader = _Reader(run)
        self._reader.moveToThread(self._thread)
        self._reader.read.connect(self._take)
        self._reader.status.connect(self._take_status)
        self._reader.gone.connect(self._tell_gone)
        self._thread.started.connect(self._reader.begin)
        self._thread.finished.connect(self._reader.deleteLater)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        # What was read before is still on the way, and would be told all the same.
        self._closed = True
        self._thread.quit()
        self._thread.wait()

    @Slot(object, bool)
    def _take(self, history: History, restarted: bool) -> None:
        if self._closed:
            return
        self.history, self.opened = history, True
        if restarted:
            self.restarted.emit()
        self.advanced.emit()

    @Slot(str)
    def _take_status(self, status: Status) -> None:
        if self._closed:
            return
        # It is looked at first, and told after what was read.
        self.status, self.opened = status, True
        self.status_changed.emit(status)

    @Slot(object)
    def _tell_gone(self, to: Path | None) -> None:
        if not self._closed:
            self.gone.emit(to)


class _Reader(QObject):
    """Reads the log in its own thread, and sends it as curves that are ready to draw."""

    read = Signal(object, bool)
    status = Signal(str)
    gone = Signal(object)

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._identity: Identity | None = None
        self._cursor: Cursor | None = None
        self._history = History()
        self._known: Status | None = None
        self._looks = 0
        self._untold = self._restarted = False
        self._told = 0.0

    @Slot()
    def begin(self) -> None:
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self._look()

    def _look(self) -> None:
        self._looks += 1
        try:
            if not self._is_there():
                return
            # The status first: what a worker wrote before it ended is then in the log.
            status = self._run.status if self._looks % _LOOKS_PER_STATUS == 1 else None
            part = self._run.read_history(self._cursor, most=PART)
        except (OSError, GraphspecError):
            return  # somebody deletes it, or its disk is away: the next look may succeed
        before = 0 if self._cursor is None or part.restarted else self._cursor.offset
        self._cursor = part.cursor
        if part.restarted:
            self._history = part.history
        else:
            self._history.extend(part.history)
        self._untold |= part.history.last is not None or part.restarted
        self._restarted |= part.restarted
        # A part that is full: there is more, at once, but others come first. What a training adds
        # meanwhile can wait for its turn: who runs after every line takes a core from it.
        full = part.cursor.offset - before > PART // 2
        if self._untold and (not full or time.monotonic() - self._told > _BETWEEN):
            self.read.emit(self._history.as_of_now(), self._restarted)
            self._untold = self._restarted = False
            self._told = time.monotonic()
        self._timer.setInterval(0 if full else PERIOD)
        if status is not None and status != self._known:
            self._known = status
            self.status.emit(status)

    def _is_there(self) -> bool:
        """Whether the run is where it was; if only its disk is away, it may come back."""
        path = self._run.path
        found = _identity(path)
        if found is not None:
            self._identity = found
            return True
        if path.parent.is_dir():
            self.gone.emit(_find(self._identity, path.parent))
            self._timer.stop()
        return False


Identity = tuple[int, int, int]


def _identity(run: Path) -> Identity | None:
    """What a run keeps when it is renamed, and no other one has; None where there is no run."""
    try:
        # Not of the folder: the number of one that was removed goes to the next that is made.
        status = (run / SPEC).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns


def _find(identity: Identity | None, among: Path) -> Path | None:
    """Where a run is by now, in the folder that it was in."""
    if identity is None:
        return None
    return next((path for path in among.iterdir() if _identity(path) == identity), None)
