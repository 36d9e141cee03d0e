"""Runs side by side: their results, and everything that was chosen for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from graphspec.quantities import duration
from graphspec.train.comparing import choices_of, differs, side_by_side
from graphspec.train.facts import RunFacts
from graphspec.train.rundir import Run
from graphspec_gui.job import Job
from graphspec_gui.runs.table import best_of, moment, words_of
from graphspec_gui.theme import plain_tip, space, theme

UNLIKE = "≠"
"""Stands before a choice that differs; what is not as in the first run is coloured too."""
_LONGEST = 60
_RESULTS: dict[str, Callable[[RunFacts], str]] = {
    "status": lambda facts: words_of(facts.status),
    "best": lambda facts: f"{best_of(facts)} {facts.monitor or ''}".strip(),
    "loss": lambda facts: "" if facts.loss is None else f"{facts.loss:.4f}",
    "accuracy": lambda facts: "" if facts.accuracy is None else f"{facts.accuracy:.2%}",
    "epoch": lambda facts: "" if facts.epoch is None else f"{facts.epoch:.4g}",
    "time": lambda facts: "" if facts.seconds is None else duration(facts.seconds),
    "engine": lambda facts: facts.engine or "",
    "begun": lambda facts: moment(facts.begun),
    "note": lambda facts: facts.note,
}


class Comparison(QDialog):
    """A table with a column for each run; what differs is marked, and shown alone at first.

    Args:
        runs: two or more runs.
        draw: is given two runs, and draws how the graph of one became the other's.
        parent: the window.
    """

    def __init__(
        self,
        runs: Sequence[RunFacts],
        draw: Callable[[Run, Run], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("comparison")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compare runs")
        self.resize(space(110), space(72))
        self.runs = tuple(runs)
        self._draw = draw
        self._values: dict[str, tuple[Any, ...]] | None = None
        self._build()
        theme().changed.connect(self._show)
        job = Job(lambda: [choices_of(Run(facts.path)) for facts in self.runs])
        job.made.connect(self._take)
        job.failed.connect(self._fail)
        job.start()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(1.5))
        bar = QHBoxLayout()
        bar.setSpacing(space(1.5))
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter: a layer, a setting, a value")
        self.filter.setAccessibleName("Filter the settings")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._show)
        bar.addWidget(self.filter, 1)
        self.only = QCheckBox("Only what differs", self)
        self.only.setChecked(True)
        self.only.toggled.connect(self._show)
        bar.addWidget(self.only)
        column.addLayout(bar)
        self.table = QTableWidget(0, len(self.runs), self)
        self.table.setAccessibleName("Results and settings of the runs")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        # Tab goes on to what stands below; the arrow keys go from cell to cell.
        self.table.setTabKeyNavigation(False)
        self.table.setHorizontalHeaderLabels([facts.name for facts in self.runs])
        self.table.horizontalHeader().setHighlightSections(False)
        across = self.table.horizontalHeader()
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setMinimumSectionSize(space(18))
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        across.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        down = self.table.verticalHeader()
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        down.setDefaultSectionSize(space(3.5))
        self.table.setCornerButtonEnabled(False)
        column.addWidget(self.table, 1)
        self.summary = QLabel("Reading the settings…", self)
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        self.summary.setWordWrap(True)
        self.summary.setProperty("muted", True)
        column.addWidget(self.summary)
        below = QHBoxLayout()
        below.setSpacing(space(1))
        self.before, self.after = QComboBox(self), QComboBox(self)
        for box, at, name in ((self.before, 0, "Graph before"), (self.after, 1, "Graph after")):
            box.setAccessibleName(name)
            box.setFixedWidth(space(28))
            for facts in self.runs:
                # A name that is too long loses its middle: its end tells it from others.
                room, middle = space(22), Qt.TextElideMode.ElideMiddle
                box.addItem(box.fontMetrics().elidedText(facts.name, middle, room))
            box.setCurrentIndex(at)
        self.draw = QPushButton("Draw how the graph changed", self)
        self.draw.clicked.connect(self._draw_graphs)
        close = QPushButton("Close", self)
        close.clicked.connect(self.close)
        for button in (self.draw, close):
            # Enter in the filter presses neither.
            button.setAutoDefault(False)
        words = QLabel("from", self), QLabel("to", self)
        for widget in (words[0], self.before, words[1], self.after, self.draw):
            below.addWidget(widget)
        below.addStretch(1)
        below.addWidget(close)
        column.addLayout(below)

    def _take(self, choices: list[dict[str, Any]]) -> None:
        self._values = side_by_side(choices)
        self._show()

    def _fail(self, reason: str) -> None:
        self.summary.setText(reason)
        self.summary.setProperty("state", "error")
        self.summary.style().polish(self.summary)

    def _show(self) -> None:
        if self._values is None:
            return
        told = {name: [tell(facts) for facts in self.runs] for name, tell in _RESULTS.items()}
        chosen = {
            path: [_words(value) for value in values] for path, values in self._values.items()
        }
        unlike = {path for path, values in self._values.items() if differs(values)}
        rows = [(name, words, False) for name, words in told.items() if any(words)]
        rows += [
            (path, words, path in unlike)
            for path, words in chosen.items()
            if path in unlike or not self.only.isChecked()
        ]
        wanted = self.filter.text().casefold().split()
        rows = [row for row in rows if _has(row[0], row[1], wanted)]
        self.table.setRowCount(len(rows))
        for at, (name, words, marked) in enumerate(rows):
            self.table.setVerticalHeaderItem(
                at, QTableWidgetItem(f"{UNLIKE} {name}" if marked else name)
            )
            for place, text in enumerate(words):
                self.table.setItem(at, place, _cell(text, marked and text != words[0]))
        count = len(unlike)
        if wanted and not rows:
            among = " among what differs" if self.only.isChecked() else ""
            self.summary.setText(f"Nothing{among} has “{self.filter.text().strip()}”.")
        elif count:
            self.summary.setText(
                f"{count:,} of {len(chosen):,} choices {'differs' if count == 1 else 'differ'}; "
                "coloured where it is not as in the first run."
            )
        else:
            self.summary.setText(
                f"All {len(chosen):,} choices are the same: networks and settings."
            )

    def _draw_graphs(self) -> None:
        one, other = self.before.currentIndex(), self.after.currentIndex()
        self._draw(Run(self.runs[one].path), Run(self.runs[other].path))


def _cell(text: str, marked: bool) -> QTableWidgetItem:
    item = QTableWidgetItem(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
    item.setToolTip(plain_tip(text))
    if marked:
        item.setBackground(theme().color("warning_soft"))
        item.setForeground(theme().color("text"))
    return item


def _words(value: Any) -> str:
    if value is None:
        return "–"
    if value == []:
        return "none"
    if isinstance(value, list) and value:
        return "; ".join(map(_words, value)) if _kinds(value) else ", ".join(map(_words, value))
    if _kinds([value]):
        rest = {name: x for name, x in value.items() if name != "kind" and x is not None}
        return " ".join([value["kind"], *(f"{name}={_words(x)}" for name, x in rest.items())])
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kinds(values: list[Any]) -> bool:
    return all(isinstance(value, dict) and "kind" in value for value in values)


def _has(name: str, words: Sequence[str], wanted: Sequence[str]) -> bool:
    hay = "\n".join((name, *words)).casefold()
    return all(word in hay for word in wanted)
