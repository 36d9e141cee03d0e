"""Work that viewers ask for, done off the UI thread and answered in it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator

from PySide6.QtCore import QObject, Signal, Slot

from graphspec.errors import GraphspecError

_LONGEST_REST = 0.25
_SHARE = 0.003
"""Of a core that a training may be working on, for each question that comes again and again."""

Work = Callable[[], Iterator[object]]


class _Task:
    """One question: an iterator of answers, taken a step at a time."""

    def __init__(
        self,
        key: str,
        work: Work,
        answer: Callable[[object], None],
        ended: Callable[[str], None] | None,
        about: object,
    ) -> None:
        self.key, self.work, self.answer, self.ended = key, work, answer, ended
        self.about = about
        self.not_before = 0.0
        self.seconds = 0.0
        self.steps: Iterator[object] | None = None
        self.begun = self.cancelled = False


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
        # By key, what the latest question that was answered was about, and when it may come again.
        self._rests: dict[str, tuple[object, float]] = {}
        self._current: dict[str, _Task] = {}
        self._newer: dict[str, _Task] = {}
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
        *,
        about: object = None,
    ) -> None:
        """Ask something, and forget what was asked under the same key.

        Args:
            key: whose question it is.
            work: makes the iterator; runs in the other thread.
            answer: takes each value, in this thread.
            ended: told in this thread when there are no more: why not, or "" where all went well.
            about: where it is given, and is what the question before was about, only the weights
                are newer: while a training goes on it then waits until that one is answered, so
                that answers come at all; and the longer the more they took of the processor.
        """
        if self._closed:
            return
        task = _Task(key, work, answer, ended, about)
        going = self._current.get(key)
        newer = self.gentle and about is not None
        if newer and going is not None and going.begun and going.about == about:
            self._newer[key] = task
            return
        self.cancel(key)
        self._begin(task)

    def _begin(self, task: _Task) -> None:
        before, again = self._rests.get(task.key, (None, 0.0))
        if self.gentle and task.about is not None and task.about == before:
            task.not_before = again
        self._current[task.key] = task
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="looks", daemon=True)
            self._thread.start()
        with self._wake:
            self._waiting.append(task)
            self._wake.notify()

    def asks(self, key: str) -> bool:
        """Whether a question of this key is still being answered."""
        return key in self._current

    def rests(self, key: str) -> bool:
        """Whether it is too soon for a question to come again, while a training goes on."""
        return self.gentle and time.monotonic() < self._rests.get(key, (None, 0.0))[1]

    def cancel(self, key: str) -> None:
        """Want no more answers to it."""
        self._newer.pop(key, None)
        task = self._current.pop(key, None)
        if task is not None:
            task.cancelled = True
            with self._wake:
                self._wake.notify()

    def close(self) -> None:
        """Answer nothing any more, and wait for the step that is being made."""
        for key in tuple(self._current):
            self.cancel(key)
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            task = self._next()
            if task is None:
                return
            begun, used = time.monotonic(), time.thread_time()
            try:
                if task.steps is None:
                    task.steps = task.work()
                value = next(task.steps)
            except StopIteration:
                task.seconds += time.thread_time() - used
                if task.about is not None:
                    self._rests[task.key] = task.about, time.monotonic() + task.seconds / _SHARE
                self._over.emit(task, None)
            except Exception as error:  # told to the user, or raised where the app hears of it
                self._over.emit(task, error)
            else:
                task.seconds += time.thread_time() - used
                self._said.emit(task, value)
                if self.gentle:
                    time.sleep(min(time.monotonic() - begun, _LONGEST_REST))
                with self._wake:
                    self._waiting.append(task)

    def _next(self) -> _Task | None:
        """The next one whose time has come, as soon as there is one; None at the end."""
        with self._wake:
            while True:
                self._drop_unwanted()
                if self._closed:
                    return None
                now = time.monotonic()
                for task in self._waiting:
                    if task.not_before <= now:
                        self._waiting.remove(task)
                        task.begun = True
                        return task
                times = [task.not_before - now for task in self._waiting]
                self._wake.wait(min(times, default=None))

    def _drop_unwanted(self) -> None:
        for task in [task for task in self._waiting if task.cancelled]:
            self._waiting.remove(task)
            # It may be in the middle of a file, which is then taken away.
            if isinstance(task.steps, Generator):
                task.steps.close()

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
        if (newer := self._newer.pop(task.key, None)) is not None:
            self._begin(newer)
        expected = isinstance(error, GraphspecError | OSError | MemoryError)
        if task.ended is not None:
            task.ended("" if error is None else str(error) or type(error).__name__)
        self.answered.emit()
        if error is not None and not expected:
            raise error
