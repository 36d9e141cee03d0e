"""The gradient check of layers: each backward against differences, with every number shown."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

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

from graphspec.inspect.gradient_check import VERDICTS, ParamCheck, Sample, Verdict, worst
from graphspec.inspect.layer_check import check_layer
from graphspec.layers.base import Layer
from graphspec.tensor import TensorSpec
from graphspec_gui.canvas.node_item import Mark
from graphspec_gui.job import Job
from graphspec_gui.theme import space, theme

SAMPLES = 6
"""Numbers of each array that are checked."""
Subject = tuple[Layer, tuple[TensorSpec, ...]]
"""A layer, and what it reads."""
STATES: dict[Verdict, str] = {
    "good": "ok",
    "ok": "ok",
    "high": "advice",
    "suspicious": "warning",
    "wrong": "error",
}
_MEANS: dict[Verdict, str] = {
    "good": "the gradients agree.",
    "ok": "usually fine for a function with kinks.",
    "high": "too far apart for a function without kinks.",
    "suspicious": "far apart: look at the backward of this layer.",
    "wrong": "the gradient is probably wrong.",
}
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_EXPLAINED = {
    "kink": "the step crosses a kink: no fault",
    "rounding": "within the rounding of the output: no fault",
    "": "",
}


class GradientDialog(QDialog):
    """Checks layers one after another, off the UI thread, and shows what was found as it comes.

    Args:
        subjects: the layers with what they read.
        mark: is given a mark for each layer that has been checked; none at the end.
        parent: the window that it belongs to.
    """

    def __init__(
        self,
        subjects: Sequence[Subject],
        mark: Callable[[dict[str, Mark]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("gradient_check")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        one = len(subjects) == 1
        what = subjects[0][0].id if one else f"{len(subjects)} layers"
        self.setWindowTitle(f"Gradient check of {what}")
        self.resize(space(106), space(72))
        self.checks: list[tuple[str, ParamCheck]] = []
        self._mark = mark
        self._marks: dict[str, Mark] = {}
        self._rows: list[QTreeWidgetItem] = []
        self._build()
        theme().changed.connect(self._dress)
        self._work = _Work(subjects)
        self.bar.setRange(0, 1000)
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
        """Check no further array."""
        self._work.stopped.set()

    def done(self, result: int) -> None:
        """Take the marks away, and work no longer."""
        self.stop()
        self._mark({})
        super().done(result)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(1))
        self.verdict = self._label("Checking…")
        self.verdict.setFont(theme().font("title"))
        column.addWidget(self.verdict)
        lead = self._label(
            "What backward computes against (f(x + h) − f(x − h))/2h, in double precision, on "
            "random inputs of three examples."
        )
        lead.setProperty("muted", True)
        column.addWidget(lead)
        self.table = self._tree(
            "Gradients",
            ("layer", "gradient of", "verdict", "worst error", "checked", "at kinks", "rounding"),
            (3, 4, 5, 6),
            (24, 14, 15, 12, 10, 10, 12),
        )
        self.table.currentItemChanged.connect(lambda *_: self._show_samples())
        column.addWidget(self.table, 3)
        self.samples = self._tree(
            "Numbers of the chosen gradient",
            ("place", "backward", "differences", "relative error", "explained"),
            (1, 2, 3),
            (20, 18, 18, 14, 26),
        )
        column.addWidget(self.samples, 2)
        row = QHBoxLayout()
        row.setSpacing(space(1))
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName("Gradients checked")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(space(1))
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

    def _tree(
        self, name: str, titles: Sequence[str], numbers: Sequence[int], widths: Sequence[float]
    ) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setAccessibleName(name)
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setHeaderLabels(list(titles))
        tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for place in numbers:
            tree.headerItem().setTextAlignment(place, _RIGHT)
        for place, width in enumerate(widths):
            tree.header().resizeSection(place, space(width))
        return tree

    def _label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _take(self, layer: str, check: ParamCheck) -> None:
        self.checks.append((layer, check))
        counts = [check.count("kink"), check.count("rounding")]
        texts = [layer, check.name, check.verdict, _error(check.error), str(len(check.samples))]
        item = QTreeWidgetItem(self.table, texts + [str(count or "") for count in counts])
        self._rows.append(item)
        item.setIcon(2, theme().state_icon(STATES[check.verdict]))
        item.setToolTip(2, f"{check.verdict}: {_MEANS[check.verdict]}")
        for place in (3, 4, 5, 6):
            item.setTextAlignment(place, _RIGHT)
        found = worst(check for name, check in self.checks if name == layer)
        self._marks[layer] = Mark(STATES[found], f"gradient {found}")
        self._mark(dict(self._marks))
        if self.table.currentItem() is None:
            self.table.setCurrentItem(item)

    def _progress(self, share: float) -> None:
        self.bar.setValue(round(1000 * share))

    def _dress(self) -> None:
        for item, (_, check) in zip(self._rows, self.checks, strict=True):
            item.setIcon(2, theme().state_icon(STATES[check.verdict]))

    def _end(self, _: object = None) -> None:
        self.bar.hide()
        self.cancel.hide()
        if self._work.stopped.is_set():
            self.verdict.setText("Stopped before the end.")
        elif not self.checks:
            self.verdict.setText("Nothing here has a gradient: there are labels alone.")
        else:
            found = worst(check for _, check in self.checks)
            self.verdict.setText(f"{found.capitalize()}: {_MEANS[found]}")
            self._say_state("error" if found == "wrong" else "")
            self._choose_worst(found)

    def _fail(self, reason: str) -> None:
        self.bar.hide()
        self.cancel.hide()
        self.verdict.setText(reason)
        self._say_state("error")

    def _say_state(self, state: str) -> None:
        self.verdict.setProperty("state", state)
        self.verdict.style().polish(self.verdict)

    def _choose_worst(self, found: Verdict) -> None:
        if VERDICTS.index(found) >= VERDICTS.index("high"):
            at = next(i for i, (_, check) in enumerate(self.checks) if check.verdict == found)
            self.table.setCurrentItem(self._rows[at])

    def _show_samples(self) -> None:
        self.samples.clear()
        current = self.table.currentItem()
        if current is None:
            return
        for sample in self.checks[self._rows.index(current)][1].samples:
            item = QTreeWidgetItem(self.samples, _told(sample))
            for place in (1, 2):
                item.setFont(place, theme().font("mono"))
            for place in (1, 2, 3):
                item.setTextAlignment(place, _RIGHT)


class _Stopped(Exception):
    """Nobody wants to know any more."""


class _Work(QObject):
    """Goes through the layers in a thread of the pool."""

    found = Signal(str, object)
    share = Signal(float)

    def __init__(self, subjects: Sequence[Subject]) -> None:
        super().__init__()
        self.stopped = threading.Event()
        self._subjects = subjects
        self._place = 0

    def run(self) -> None:
        try:
            for place, (layer, inputs) in enumerate(self._subjects):
                self._place = place
                for check in check_layer(layer, inputs, samples=SAMPLES, progress=self._tell):
                    self.found.emit(layer.id, check)
        except _Stopped:
            return

    def _tell(self, share: float) -> None:
        if self.stopped.is_set():
            raise _Stopped
        self.share.emit((self._place + share) / len(self._subjects))


def _told(sample: Sample) -> list[str]:
    place = ", ".join(map(str, sample.index)) or "–"
    numbers = [f"{value:.10g}" for value in (sample.analytic, sample.numeric)]
    return [f"[{place}]", *numbers, _error(sample.error), _EXPLAINED[sample.explained]]


def _error(value: float) -> str:
    return f"{value:.1e}" if math.isfinite(value) else "not a number"
