"""What is wrong with a training or a network: the doctor's findings, with their numbers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.inspect.doctor import CHECKS, examine
from graphspec.inspect.finding import Finding, Verdict
from graphspec.train.history import History
from graphspec.train.rundir import Run
from graphspec_gui.job import Job
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.network import Network, open_run, open_spec

_WORDS: dict[Verdict, str] = {"good": "good", "bad": "bad", "unknown": "cannot be told"}
_ICONS: dict[Verdict, tuple[str, str]] = {
    "good": ("mdi6.check-circle-outline", "ok"),
    "bad": ("mdi6.close-octagon-outline", "error"),
    "unknown": ("mdi6.help-circle-outline", "muted"),
}


class ExaminationDialog(QDialog):
    """Examines off the UI thread, and shows what was found as it comes.

    Args:
        subject: a run, or a network that has not been trained.
        select: is given the layers of a finding that is chosen.
        parent: the window that it belongs to.
    """

    def __init__(
        self,
        subject: Run | GraphSpec,
        select: Callable[[Sequence[str]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("examination")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Examination of {subject.name}")
        self.resize(space(112), space(58))
        self.findings: list[Finding] = []
        self._select = select
        self._rows: list[QTreeWidgetItem] = []
        self._by_itself = False
        self._build()
        theme().changed.connect(self._dress)
        self._work = _Work(subject)
        self._work.share.connect(self._progress)
        self._work.found.connect(self._take)
        self.destroyed.connect(self._work.stopped.set)
        job = Job(self._work.run)
        job.made.connect(self._end)
        job.failed.connect(self._fail)
        job.start()

    @property
    def running(self) -> bool:
        """Whether there is more to come."""
        return self.bar.isVisibleTo(self)

    def stop(self) -> None:
        """Look no further."""
        self._work.stopped.set()

    def done(self, result: int) -> None:
        """Work no longer."""
        self.stop()
        super().done(result)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(1))
        self.verdict = self._label("Examining…")
        self.verdict.setFont(theme().font("title"))
        column.addWidget(self.verdict)
        lead = self._label(
            "Sanity checks of the first loss, of updates, activations and generalisation. At last "
            "a copy learns twenty examples by heart; Stop skips what is left."
        )
        lead.setProperty("muted", True)
        column.addWidget(lead)
        self.table = QTreeWidget(self)
        self.table.setAccessibleName("Findings")
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setHeaderLabels(["check", "verdict", "what was measured"])
        for place, width in enumerate((22, 18, 64)):
            self.table.header().resizeSection(place, space(width))
        self.table.currentItemChanged.connect(lambda *_: self._chosen())
        self.table.itemClicked.connect(lambda *_: self._chosen())
        column.addWidget(self.table, 1)
        self.measured, self.advice, self.about = (self._label("") for _ in range(3))
        self.advice.setFont(theme().font("strong"))
        self.about.setProperty("muted", True)
        for label, name in (
            (self.measured, "What was measured"),
            (self.advice, "What to do"),
            (self.about, "What it is about"),
        ):
            label.setAccessibleName(name)
            column.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(space(1))
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName("Share examined")
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

    def _label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _take(self, finding: Finding) -> None:
        self.findings.append(finding)
        texts = [finding.check, _WORDS[finding.verdict], finding.measured]
        self._rows.append(QTreeWidgetItem(self.table, texts))
        self._dress()
        if self.table.currentItem() is None:
            self._choose(0)

    def _progress(self, share: float) -> None:
        self.bar.setValue(round(1000 * share))

    def _dress(self) -> None:
        for item, finding in zip(self._rows, self.findings, strict=True):
            item.setIcon(1, theme().icon(*_ICONS[finding.verdict]))

    def _end(self, _: object = None) -> None:
        self.bar.hide()
        self.cancel.hide()
        bad = [i for i, finding in enumerate(self.findings) if finding.verdict == "bad"]
        stopped = len(self.findings) < len(CHECKS)
        words = f"{len(bad)} of {len(self.findings)} checks found something bad."
        if not bad:
            words = "Nothing bad was found."
        self.verdict.setText(f"{words} It was stopped before the end." if stopped else words)
        self._say_state("error" if bad else "")
        if bad and self.table.currentItem() is self._rows[0]:
            self._choose(bad[0])

    def _fail(self, reason: str) -> None:
        self.bar.hide()
        self.cancel.hide()
        self.verdict.setText(reason)
        self._say_state("error")

    def _say_state(self, state: str) -> None:
        self.verdict.setProperty("state", state)
        self.verdict.style().polish(self.verdict)

    def _choose(self, at: int) -> None:
        """Show a finding; what is selected on the canvas stays, since nobody asked."""
        self._by_itself = True
        self.table.setCurrentItem(self._rows[at])
        self._by_itself = False

    def _chosen(self) -> None:
        current = self.table.currentItem()
        if current is None:
            return
        finding = self.findings[self._rows.index(current)]
        self.measured.setText(finding.measured)
        self.advice.setText(finding.advice)
        about = ", ".join(finding.params or finding.layers)
        self.about.setText(f"About {about}" if about else "")
        if finding.layers and not self._by_itself:
            self._select(finding.layers)


class _Stopped(Exception):
    """Nobody wants to know any more."""


class _Work(QObject):
    """Opens the network and goes through the checks, in a thread of the pool."""

    found = Signal(object)
    share = Signal(float)

    def __init__(self, subject: Run | GraphSpec) -> None:
        super().__init__()
        self.stopped = threading.Event()
        self._subject = subject

    def run(self) -> None:
        network, history = _open(self._subject)
        # It leaves the other cores to a training.
        engine = NumpyEngine(network.config.dtype)
        try:
            for finding in examine(
                network.probe, network.data, network.config, engine, history, progress=self._tell
            ):
                self.found.emit(finding)
        except _Stopped:
            return

    def _tell(self, share: float) -> None:
        if self.stopped.is_set():
            raise _Stopped
        self.share.emit(share)


def _open(subject: Run | GraphSpec) -> tuple[Network, History | None]:
    opened: Iterator[Network]
    if isinstance(subject, GraphSpec):
        return next(open_spec(subject, None)), None
    if subject.latest is None:
        # It broke before it saved any weights.
        opened = open_spec(subject.spec.model_copy(update={"training": subject.config}), None)
    else:
        opened = open_run(subject, "best", None, live=False)
    return next(opened), subject.read_history().history
