"""Work that is done off the UI thread, and answered in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from graphspec.errors import GraphspecError

# Kept until they have answered: one that went before would go in the pool's thread, while its
# answer is on the way.
_going: set[Job] = set()


class Job(QObject):
    """Calls a function in the pool; one of the signals comes once, in the thread that made this.

    An error that is not expected is told like any other, and then raised in that thread.
    """

    made = Signal(object)
    """What the function returned."""
    failed = Signal(str)
    """Why it did not, in a sentence."""
    _over = Signal(object, object)

    def __init__(self, make: Callable[[], object]) -> None:
        super().__init__()
        self._make = make
        self._over.connect(self._tell)

    def start(self) -> None:
        """Begin."""
        _going.add(self)
        # Not a QRunnable: PySide leaks one that is done before the pool has taken it over.
        QThreadPool.globalInstance().start(self._run)

    def _run(self) -> None:
        try:
            made = self._make()
        except Exception as error:
            self._over.emit(None, error)
        else:
            self._over.emit(made, None)

    @Slot(object, object)
    def _tell(self, made: object, error: Exception | None) -> None:
        _going.discard(self)
        if error is None:
            self.made.emit(made)
            return
        self.failed.emit(str(error) or type(error).__name__)
        if not isinstance(error, GraphspecError | OSError):
            raise error
