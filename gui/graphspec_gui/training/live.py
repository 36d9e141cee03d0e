"""What can be changed while it trains: the rate, the penalties, and what layers drop."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.train.changing import drops_of, strengths_of
from graphspec.train.control import Change, SetDrop, SetPenalty, SetRate
from graphspec.train.history import History
from graphspec_gui.theme import space, theme

_MOST = 6
"""Layers with a field each; of more, one field sets all."""
ALL = "drop of all"


class LiveSettings(QWidget):
    """A field for each; Enter applies it from the next step on.

    Args:
        parent: where it stands.
    """

    wanted = Signal(object)
    """A command for the training."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, space(1), 0, 0)
        column.setSpacing(space(0.5))
        heading = QLabel("This run, from its next step on", self)
        heading.setFont(theme().font("strong"))
        column.addWidget(heading)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(space(1))
        self._grid.setVerticalSpacing(space(0.5))
        # As in the form of the next run, below.
        self._grid.setColumnMinimumWidth(0, space(11))
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self.trouble = QLabel(self)
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        self.trouble.setWordWrap(True)
        self.trouble.setProperty("state", "error")
        self.trouble.hide()
        column.addWidget(self.trouble)
        self.fields: dict[str, QLineEdit] = {}
        self._values: dict[str, float] = {}
        self._made_for: tuple[object, object] | None = None

    def show_run(self, spec: GraphSpec, config: TrainConfig, history: History) -> None:
        """Show what is in force in a run: its settings, and what was changed since."""
        if self._made_for != (spec, config):
            self._made_for = spec, config
            self._make(spec, config)
        values = dict(self._values)
        for change in history.changes:
            if change.what in values:
                values[change.what] = float(change.value)
        shared = {values[name] for name in values if name.startswith("drop of ")}
        if len(shared) == 1:
            values[ALL] = shared.pop()
        for name, field in self.fields.items():
            text = f"{values[name]:.6g}" if name in values else ""
            if not field.hasFocus() and field.text() != text:
                field.setText(text)

    def _make(self, spec: GraphSpec, config: TrainConfig) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.fields.clear()
        self.trouble.hide()
        drops = drops_of(spec)
        self._values = {"rate": config.update.rate}
        tip = "The update rule's rate, which the schedule scales."
        self._add("rate", tip, 1e6, _set_rate, above=True)
        for name, strength in strengths_of(config).items():
            what = f"{name} penalty"
            self._values[what] = strength
            self._add(what, "Its strength λ.", 1e6, partial(_penalty, name))
        self._values |= {f"drop of {layer}": drop for layer, drop in drops.items()}
        tip = "The probability that a number is dropped."
        if len(drops) > _MOST:
            self._add(ALL, tip, 0.999, partial(_drop, list(drops)))
        else:
            for layer in drops:
                self._add(f"drop of {layer}", tip, 0.999, partial(_drop, [layer]))

    def _add(
        self,
        name: str,
        tip: str,
        most: float,
        commands: Callable[[float], list[Change]],
        *,
        above: bool = False,
    ) -> None:
        label = QLabel(name, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setProperty("muted", True)
        field = QLineEdit(self)
        field.setObjectName(f"live {name}")
        field.setAccessibleName(f"{name} from now on")
        field.setFont(theme().font("mono"))
        field.setToolTip(f"{tip} Enter applies it from the next step on.")
        bounds = f"above 0 and at most {most:,.7g}" if above else f"from 0 to {most:,.7g}"

        def apply() -> None:
            value = _number(field.text())
            good = value is not None and (value > 0 if above else value >= 0) and value <= most
            field.setProperty("state", "" if good else "error")
            field.style().polish(field)
            self.trouble.setText(f"{name} must be a number {bounds}.")
            self.trouble.setVisible(not good)
            if good and value is not None:
                for command in commands(value):
                    self.wanted.emit(command)

        def forget() -> None:
            # What stands there is then no longer what was typed.
            if field.property("state") == "error":
                field.setProperty("state", "")
                field.style().polish(field)
                self.trouble.hide()

        field.returnPressed.connect(apply)
        field.editingFinished.connect(lambda: None if field.hasFocus() else forget())
        label.setBuddy(field)
        row = self._grid.rowCount()
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(field, row, 1)
        self.fields[name] = field


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _set_rate(value: float) -> list[Change]:
    return [SetRate(rate=value)]


def _penalty(name: str, value: float) -> list[Change]:
    return [SetPenalty(name=name, strength=value)]


def _drop(layers: list[str], value: float) -> list[Change]:
    return [SetDrop(layer=layer, drop=value) for layer in layers]
