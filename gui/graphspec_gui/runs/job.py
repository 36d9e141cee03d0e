"""Work that is done off the UI thread, and answered in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from graphspec.errors import GraphspecError


class Answer(QObject):
    """How a job ended: one of its signals comes once."""

    made = Signal(object)
    failed = Signal(str)
    """Why not, in a sentence."""


class Job(QRunnable):
    """Calls a function in the pool. Keep it until it has answered.

    Connect methods of objects that live in the UI thread: a plain function would be called in
    the pool's.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self._make = make
        self.answer = Answer()

    def start(self) -> None:
        """Begin."""
        QThreadPool.globalInstance().start(self)

    def run(self) -> None:
        """Do it, and send what it made or the reason why not."""
        try:
            made = self._make()
        except (GraphspecError, OSError) as error:
            self.answer.failed.emit(str(error))
        else:
            self.answer.made.emit(made)
