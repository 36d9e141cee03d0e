"""Work that viewers ask for, done off the UI thread and answered in it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal, Slot

from graphspec.errors import GraphspecError

_LONGEST_REST = 0.25

Work = Callable[[], Iterator[object]]


class _Task:
    """One question: an iterator of answers, taken a step at a time."""

    def __init__(
        self,
        key: str,
        work: Work,
        answer: Callable[[object], None],
        ended: Callable[[str], None] | None,
    ) -> None:
        self.key, self.work, self.answer, self.ended = key, work, answer, ended
        self.steps: Iterator[object] | None = None
        self.cancelled = False


class Looks(QObject):
    """One thread that answers questions in turn, a step of each at a time.

    A question is an iterator: every value that it yields is an answer. Of questions with the same
    key only the latest counts. Long ones do not hold up short ones, and whoever cancels is heard
    between two steps. Close it before it goes.
    """

    answered = Signal()
    """Somebody has just been given an answer, or told that there are no more."""
    _said = Signal(object, object)
    _over = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gentle = False
        """Whether to rest as long as was worked, because a training needs the processor."""
        self._waiting: deque[_Task] = deque()
        self._current: dict[str, _Task] = {}
        self._wake = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._said.connect(self._tell)
        self._over.connect(self._end)

    def ask(
        self,
        key: str,
        work: Work,
        answer: Callable[[object], None],
        ended: Callable[[str], None] | None = None,
    ) -> None:
        """Ask something, and forget what was asked under the same key.

        Args:
            key: whose question it is.
            work: makes the iterator; runs in the other thread.
            answer: takes each value, in this thread.
            ended: told in this thread when there are no more: why not, or "" where all went well.
        """
        self.cancel(key)
        if self._closed:
            return
        task = _Task(key, work, answer, ended)
        self._current[key] = task
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="looks", daemon=True)
            self._thread.start()
        with self._wake:
            self._waiting.append(task)
            self._wake.notify()

    def asks(self, key: str) -> bool:
        """Whether a question of this key is still being answered."""
        return key in self._current

    def cancel(self, key: str) -> None:
        """Want no more answers to it."""
        task = self._current.pop(key, None)
        if task is not None:
            task.cancelled = True

    def close(self) -> None:
        """Answer nothing any more, and wait for the step that is being made."""
        for key in tuple(self._current):
            self.cancel(key)
        with self._wake:
            self._closed = True
            self._waiting.clear()
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._closed:
                    self._wake.wait()
                if self._closed:
                    return
                task = self._waiting.popleft()
            if task.cancelled:
                continue
            begun = time.monotonic()
            try:
                if task.steps is None:
                    task.steps = task.work()
                value = next(task.steps)
            except StopIteration:
                self._over.emit(task, None)
            except Exception as error:  # told to the user, or raised where the app hears of it
                self._over.emit(task, error)
            else:
                self._said.emit(task, value)
                if self.gentle:
                    time.sleep(min(time.monotonic() - begun, _LONGEST_REST))
                with self._wake:
                    self._waiting.append(task)

    @Slot(object, object)
    def _tell(self, task: _Task, value: object) -> None:
        if not task.cancelled:
            task.answer(value)
            self.answered.emit()

    @Slot(object, object)
    def _end(self, task: _Task, error: Exception | None) -> None:
        if task.cancelled:
            return
        self._current.pop(task.key, None)
        expected = isinstance(error, GraphspecError | OSError | MemoryError)
        if task.ended is not None:
            task.ended("" if error is None else str(error) or type(error).__name__)
        self.answered.emit()
        if error is not None and not expected:
            raise error
