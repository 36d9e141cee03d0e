"""The gradient check of layers: each backward against differences, with every number shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from graphspec.inspect.gradient_check import VERDICTS, ParamCheck, Sample, Verdict, worst
from graphspec.inspect.layer_check import check_layer
from graphspec.layers.base import Layer
from graphspec.tensor import TensorSpec
from graphspec_gui.canvas.node_item import Mark
from graphspec_gui.theme import space, theme
from graphspec_gui.work_dialog import Tell, WorkDialog

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


class GradientDialog(WorkDialog):
    """The gradients of layers, one after another, and the numbers of the chosen one.

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
        super().__init__(
            "Checking…",
            "What backward computes against (f(x + h) − f(x − h))/2h, in double precision, on "
            "random inputs of three examples.",
            "Gradients checked",
            parent,
        )
        self.setObjectName("gradient_check")
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
        self.begin(lambda tell: _checked(subjects, tell))

    def done(self, result: int) -> None:
        """Take the marks away, and work no longer."""
        self._mark({})
        super().done(result)

    def _build(self) -> None:
        self.table = self._tree(
            "Gradients",
            ("layer", "gradient of", "verdict", "worst error", "checked", "at kinks", "rounding"),
            (3, 4, 5, 6),
            (24, 14, 15, 12, 10, 10, 12),
        )
        self.table.currentItemChanged.connect(lambda *_: self._show_samples())
        self.body.addWidget(self.table, 3)
        self.samples = self._tree(
            "Numbers of the chosen gradient",
            ("place", "backward", "differences", "relative error", "explained"),
            (1, 2, 3),
            (20, 18, 18, 14, 26),
        )
        self.body.addWidget(self.samples, 2)

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

    def take(self, found: object) -> None:
        """Show a gradient, and mark its layer."""
        assert isinstance(found, _Checked)
        layer, check = found
        self.checks.append((layer, check))
        counts = [check.count("kink"), check.count("rounding")]
        texts = [layer, check.name, check.verdict, _error(check.error), str(len(check.samples))]
        item = QTreeWidgetItem(self.table, texts + [str(count or "") for count in counts])
        self._rows.append(item)
        item.setIcon(2, theme().state_icon(STATES[check.verdict]))
        item.setToolTip(2, f"{check.verdict}: {_MEANS[check.verdict]}")
        for place in (3, 4, 5, 6):
            item.setTextAlignment(place, _RIGHT)
        verdict = worst(check for name, check in self.checks if name == layer)
        self._marks[layer] = Mark(STATES[verdict], f"gradient {verdict}")
        self._mark(dict(self._marks))
        if self.table.currentItem() is None:
            self.table.setCurrentItem(item)

    def _dress(self) -> None:
        for item, (_, check) in zip(self._rows, self.checks, strict=True):
            item.setIcon(2, theme().state_icon(STATES[check.verdict]))

    def conclude(self) -> tuple[str, bool]:
        """The worst of all, which is chosen."""
        if self.stopped:
            return "Stopped before the end.", False
        if not self.checks:
            return "Nothing here has a gradient: there are labels alone.", False
        found = worst(check for _, check in self.checks)
        self._choose_worst(found)
        return f"{found.capitalize()}: {_MEANS[found]}", found == "wrong"

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


class _Checked(NamedTuple):
    """A gradient of a layer."""

    layer: str
    check: ParamCheck


def _checked(subjects: Sequence[Subject], tell: Tell) -> Iterator[_Checked]:
    for place, (layer, inputs) in enumerate(subjects):

        def tell_all(share: float, place: int = place) -> None:
            tell((place + share) / len(subjects))

        for check in check_layer(layer, inputs, samples=SAMPLES, progress=tell_all):
            yield _Checked(layer.id, check)


def _told(sample: Sample) -> list[str]:
    place = ", ".join(map(str, sample.index)) or "–"
    # Plus zero: of −0 nobody needs to know the sign.
    numbers = [f"{value + 0.0:.10g}" for value in (sample.analytic, sample.numeric)]
    return [f"[{place}]", *numbers, _error(sample.error), _EXPLAINED[sample.explained]]


def _error(value: float) -> str:
    return f"{value:.1e}" if math.isfinite(value) else "not a number"
