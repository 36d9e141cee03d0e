"""The status bar: problems counted, what the network costs, what is selected."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStatusBar, QWidget

from graphspec.quantities import size
from graphspec_gui.panel import Panel
from graphspec_gui.theme import ICON, space, theme

_WORDS = {
    "error": ("problem", "problems"),
    "warning": ("warning", "warnings"),
    "advice": ("piece of advice", "pieces of advice"),
}


class _Figures(Panel):
    """What stands in the status bar of the document in front."""

    problems_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(space(1), 0, space(2), 0)
        row.setSpacing(space(2))
        self.problems = QPushButton(self)
        self.problems.setObjectName("status_problems")
        self.problems.setProperty("flat", True)
        self.problems.setToolTip("Show the problems")
        self.problems.clicked.connect(lambda: self.problems_wanted.emit())
        row.addWidget(self.problems)
        row.addStretch(1)
        self.chosen = self._label("status_selection", row)
        self.costs = self._label("status_size", row)
        self.work = self._label("status_work", row)
        self.memory = self._label("status_memory", row)
        self.memory.setToolTip("What training keeps of one example: every output, in float32")
        theme().changed.connect(self.touch)

    def refresh(self) -> None:
        document = self.document
        labels = (self.chosen, self.costs, self.work, self.memory)
        for widget in (self.problems, *labels):
            widget.setVisible(document is not None)
        if document is None:
            return
        findings = document.analysis
        counts = {name: findings.count(name) for name in _WORDS}
        words = [f"{count:,} {_WORDS[name][count != 1]}" for name, count in counts.items() if count]
        text = ", ".join(words) or "No problems"
        worst = next((name for name, count in counts.items() if count), "ok")
        self.problems.setText(text)
        self.problems.setAccessibleName(text)
        self.problems.setIcon(theme().state_icon(worst))
        self.problems.setIconSize(QSize(ICON, ICON))
        chosen = document.selection
        self.chosen.setText(f"{len(chosen)} selected" if chosen else "")
        total = findings.total
        layers = f"{len(document.spec.layers):,} layers"
        # While something is broken, only some of the layers can be counted.
        whole = bool(findings.rows)
        self.costs.setText(f"{layers}, {total.params:,} parameters" if whole else layers)
        self.work.setText(f"{short(total.macs)} MACs" if whole else "")
        kept = sum(row.activation_bytes for row in findings.rows.values())
        self.memory.setText(f"{size(kept)} an example" if whole else "")
        self.work.setToolTip(
            f"{total.macs:,} multiply-accumulates: the work of one example forward"
        )
        for label in labels:
            # One that says nothing would hold its place, and the others away from the edge.
            label.setVisible(bool(label.text()))

    def _label(self, name: str, row: QHBoxLayout) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setProperty("muted", True)
        row.addWidget(label)
        return label


class Status(QStatusBar):
    """The status bar of the window.

    Args:
        window: the main window.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAccessibleName("Status")
        self.setSizeGripEnabled(False)
        self.figures = _Figures(self)
        self.addPermanentWidget(self.figures, 1)
        window.document_changed.connect(self.figures.set_document)  # type: ignore[attr-defined]
        window_show = window.show_dock  # type: ignore[attr-defined]
        self.figures.problems_wanted.connect(lambda: window_show("problems_dock"))


def short(number: int) -> str:
    """A large number in four characters or so: ``416520`` → ``417 k``."""
    for unit, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            value = number / unit
            return f"{value:.3g} {letter}" if value < 999.5 else f"{value:.0f} {letter}"
    return str(number)
