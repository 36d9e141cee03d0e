"""The part of the properties below the form: shapes and costs, spelled out."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from graphspec.errors import ShapeError
from graphspec.quantities import size
from graphspec_gui.findings import Findings
from graphspec_gui.forms import arithmetic
from graphspec_gui.forms.arithmetic import Line
from graphspec_gui.forms.shares import ShareBar, ShareTable, milliseconds
from graphspec_gui.forms.subject import Subject
from graphspec_gui.progress_bar import ProgressBar
from graphspec_gui.theme import space, theme

MEASURE = "Measure the time of a training step"


class Sums(QWidget):
    """Spells out how a layer's shape and its number of parameters come about.

    Args:
        parent: the page.
    """

    wanted = Signal(str)
    """A layer of the table was chosen."""
    measure_wanted = Signal()
    """The time of a training step is to be measured, or to be measured no further."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(space(1))
        self._lines: list[tuple[str, list[Line]]] | None = None
        self._body: QWidget | None = None
        self._whole = self._going = False
        self._bars: dict[str, tuple[QLabel, ShareBar]] = {}
        self.table = ShareTable(self)
        self.table.wanted.connect(self.wanted)
        self.table.hide()
        self.measure = QPushButton(MEASURE, self)
        self.measure.setProperty("flat", True)
        self.measure.setProperty("link", True)
        self.measure.clicked.connect(lambda: self.measure_wanted.emit())
        self.measure.hide()
        self.progress = ProgressBar(self)
        self.progress.setAccessibleName("Progress of the measuring")
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(space(1))
        self.progress.hide()
        self.measured = _label("", self)
        self.measured.setProperty("muted", True)
        self.measured.hide()

    def say_measured(self, words: str, *, share: float | None = None) -> None:
        """Tell of the measuring; while it goes on, with the share that is done, at first 0."""
        self.measured.setText(words)
        self._going = going = share is not None
        self.measure.setText("Cancel" if going else MEASURE)
        self.measure.setAccessibleName("Cancel the measuring" if going else MEASURE)
        # Before the first row the kernels are made: how long that takes nobody knows.
        self.progress.setRange(0, 100 if share else 0)
        if share:
            self.progress.setValue(round(100 * share))
        self._show_measuring()

    def show_subject(
        self, subject: Subject, findings: Findings, times: Mapping[str, float]
    ) -> None:
        """Show the sums of one layer, or the shares of all; ``times`` are empty if not measured."""
        if len(subject.ids) == 1:
            sections = _sections(subject.ids[0], findings)
        else:
            sections = _totals(subject, findings)
        # Rebuilt only when the words change: the form above is being typed into.
        if sections != self._lines:
            self._lines = sections
            self._build(sections, bars=bool(subject.ids))
        self._show_shares(subject, findings, times)
        whole = not subject.ids and bool(findings.rows)
        self.table.setVisible(whole)
        self._whole = whole
        self._show_measuring()
        if whole:
            self.table.show_findings(findings, times)

    def _show_measuring(self) -> None:
        self.measure.setVisible(self._whole)
        self.measured.setVisible(self._whole and bool(self.measured.text()))
        self.progress.setVisible(self._whole and self._going)

    def _build(self, sections: list[tuple[str, list[Line]]], *, bars: bool) -> None:
        if self._body is not None:
            self._column.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self._body = QWidget(self)
        grid = QGridLayout(self._body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(space(1))
        grid.setVerticalSpacing(space(0.5))
        grid.setColumnMinimumWidth(0, space(11))
        grid.setColumnStretch(1, 1)
        row = 0
        for title, lines in sections:
            if not lines:
                continue
            rule = QFrame(self._body)
            rule.setProperty("rule", True)
            grid.setRowMinimumHeight(row, space(2))
            grid.addWidget(rule, row, 0, 1, 2, Qt.AlignmentFlag.AlignVCenter)
            heading = _label(title, self._body)
            heading.setFont(theme().font("strong"))
            grid.addWidget(heading, row + 1, 0, 1, 2)
            row += 2
            for line in lines:
                name = _label(line.name, self._body)
                name.setProperty("muted", True)
                text = _label(line.text, self._body)
                text.setFont(theme().font("mono"))
                # Both on one baseline: the letters of one width stand higher in their line.
                text.setContentsMargins(0, _drop(), 0, 0)
                text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                text.setAccessibleName(f"{line.name}: {line.text}")
                grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(text, row, 1, Qt.AlignmentFlag.AlignTop)
                row += 1
        self._bars = {}
        if bars:
            for what in ("parameters", "work", "time"):
                label = _label("", self._body)
                label.setProperty("muted", True)
                bar = ShareBar(self._body)
                grid.addWidget(label, row, 0, 1, 2)
                grid.addWidget(bar, row + 1, 0, 1, 2)
                self._bars[what] = (label, bar)
                row += 2
        self._column.insertWidget(0, self._body)
        for widget in (self.table, self.measure, self.measured):
            self._column.addWidget(widget)

    def _show_shares(
        self, subject: Subject, findings: Findings, times: Mapping[str, float]
    ) -> None:
        costs = [findings.costs[name] for name in subject.ids if name in findings.costs]
        total = findings.total
        for what, part, whole in (
            ("parameters", sum(cost.params for cost in costs), total.params),
            ("work", sum(cost.macs for cost in costs), total.macs),
            ("time", sum(times.get(name, 0.0) for name in subject.ids), sum(times.values())),
        ):
            if what not in self._bars:
                continue
            label, bar = self._bars[what]
            share = part / whole if whole else 0.0
            words = f"{share:.1%} of the network's {what}"
            if what == "time":
                words += f", {milliseconds(part)} of a step"
            label.setText(words)
            bar.set_share(share, words)
            # A layer without parameters has no share of them to show.
            known = part > 0
            label.setVisible(known)
            bar.setVisible(known)


def _sections(name: str, findings: Findings) -> list[tuple[str, list[Line]]]:
    spec = findings.spec
    if name in spec.input_by_id:
        tensor = spec.input_by_id[name].tensor()
        numbers = f"{'·'.join(map(str, tensor.shape)) or '1'} = {tensor.size:,}"
        return [("Shape", [Line("gives", str(tensor)), Line("numbers", numbers)])]
    layer = spec.by_id[name]
    sources = findings.inputs(layer)
    if sources is None:
        return [("Shape", [Line("reads", "not known yet: mend what is above it")])]
    try:
        # Types are checked before shapes; a layer at fault is asked for nothing more.
        if findings.state(name) == "error":
            raise ShapeError("")
        shape = arithmetic.spell_shape(layer, sources)
        params = arithmetic.spell_params(layer, sources)
        work = arithmetic.spell_work(layer, sources)
    except ShapeError:
        failing = [
            Line("fails", problem.arithmetic) for problem in findings.of(name) if problem.arithmetic
        ]
        reads = Line("reads", ", ".join(map(str, sources)))
        return [("Shape", [reads, *failing])]
    row = findings.rows.get(name)
    if row is not None and row.field is not None and row.field.size != (1, 1):
        height, width = row.field.size
        shape.append(Line("sees", f"{height}×{width} pixels of the image"))
    return [("Shape", shape), ("Parameters", params), ("Work for one example", work)]


def _totals(subject: Subject, findings: Findings) -> list[tuple[str, list[Line]]]:
    names = subject.ids or tuple(findings.costs)
    costs = [findings.costs[name] for name in names if name in findings.costs]
    layers = [name for name in names if name not in findings.spec.input_by_id]
    if len(costs) < len(layers) or not (subject.ids or findings.rows):
        return [("Cost", [Line("parameters", "known when the problems are mended")])]
    params, macs = sum(cost.params for cost in costs), sum(cost.macs for cost in costs)
    lines = [Line("parameters", f"{params:,}"), Line("MACs", f"{macs:,}")]
    if not subject.ids:
        kept = sum(row.activation_bytes for row in findings.rows.values())
        lines.append(Line("activations", f"{size(kept)} an example"))
    return [("Cost", lines)]


def _drop() -> int:
    """How much further down the name's letters stand in their line than the sum's."""
    name, sum_ = (QFontMetrics(theme().font(role)) for role in ("body", "mono"))
    return max(0, name.ascent() - sum_.ascent())


def _label(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
