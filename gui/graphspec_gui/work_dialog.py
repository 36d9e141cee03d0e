"""A dialog over work that goes on beside the UI: a verdict, what is found as it comes, and Stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.job import Job
from graphspec_gui.progress_bar import ProgressBar
from graphspec_gui.theme import space, theme

Tell = Callable[[float], None]
"""Is given the share that is done; it raises what ends the work when nobody wants it any more."""


class WorkDialog(QDialog):
    """Its ``body`` lies between the verdict and the bar; ``begin`` when it is filled.

    Args:
        doing: the verdict while there is none.
        lead: what is done, in a sentence or two.
        share: what a screen reader calls the bar.
        parent: the window that it belongs to.
    """

    def __init__(self, doing: str, lead: str, share: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(1))
        self.verdict = self.label(doing)
        self.verdict.setFont(theme().font("title"))
        column.addWidget(self.verdict)
        words = self.label(lead)
        words.setProperty("muted", True)
        column.addWidget(words)
        self.body = QVBoxLayout()
        self.body.setSpacing(space(1))
        column.addLayout(self.body, 1)
        row = QHBoxLayout()
        row.setSpacing(space(1))
        self.bar = ProgressBar(self)
        self.bar.setAccessibleName(share)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(space(1))
        self.bar.setRange(0, 1000)
        row.addWidget(self.bar, 1)
        self.cancel = QPushButton("Stop", self)
        self.cancel.clicked.connect(self.stop)
        row.addWidget(self.cancel)
        row.addStretch(0)
        close = QPushButton("Close", self)
        close.setDefault(True)
        close.clicked.connect(self.accept)
        row.addWidget(close)
        column.addLayout(row)

    def begin(self, find: Callable[[Tell], Iterator[object]]) -> None:
        """Let ``find`` work in a thread of the pool; each thing that it finds is taken here."""
        self._work = _Work(find)
        # Methods, so that they are called in this thread.
        self._work.share.connect(self._progress)
        self._work.found.connect(self.take)
        self.destroyed.connect(self._work.stopped.set)
        job = Job(self._work.run)
        job.made.connect(self._end)
        job.failed.connect(self._fail)
        job.start()

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return self.bar.isVisibleTo(self)

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped it."""
        return self._work.stopped.is_set()

    def stop(self) -> None:
        """Look no further."""
        self._work.stopped.set()

    def done(self, result: int) -> None:
        """Work no longer."""
        self.stop()
        super().done(result)

    def take(self, found: object) -> None:
        """Show one thing that was found."""
        raise NotImplementedError

    def conclude(self) -> tuple[str, bool]:
        """The verdict at the end, and whether something is wrong."""
        raise NotImplementedError

    def label(self, text: str) -> QLabel:
        """Plain text over as many lines as it needs."""
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _progress(self, share: float) -> None:
        self.bar.setValue(round(1000 * share))

    def _fail(self, reason: str) -> None:
        self._say(reason, wrong=True)

    def _end(self, _: object) -> None:
        words, wrong = self.conclude()
        self._say(words, wrong=wrong)

    def _say(self, words: str, *, wrong: bool) -> None:
        self.bar.hide()
        self.cancel.hide()
        self.verdict.setText(words)
        self.verdict.setProperty("state", "error" if wrong else "")
        self.verdict.style().polish(self.verdict)


class _Stopped(Exception):
    """Nobody wants to know any more."""


class _Work(QObject):
    found = Signal(object)
    share = Signal(float)

    def __init__(self, find: Callable[[Tell], Iterator[object]]) -> None:
        super().__init__()
        self.stopped = threading.Event()
        self._find = find

    def run(self) -> None:
        try:
            for found in self._find(self._tell):
                self.found.emit(found)
        except _Stopped:
            return

    def _tell(self, share: float) -> None:
        if self.stopped.is_set():
            raise _Stopped
        self.share.emit(share)
