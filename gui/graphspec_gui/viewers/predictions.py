"""What the network answers: for the examples, and where it is wrong over a split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from graphspec.engines.base import Array
from graphspec.inspect.metrics import confusion_matrix
from graphspec.inspect.mistakes import Mistake, most_wrong
from graphspec.inspect.pictures.confusion import ConfusionPicture
from graphspec.train.evaluate import find_class_scores
from graphspec.train.feeding import SplitName
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.halves import Controls, Halves
from graphspec_gui.viewers.images import of_example
from graphspec_gui.viewers.matrix import Matrix
from graphspec_gui.viewers.network import Network
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.tiles import NOTHING, TileGrid, Tiles
from graphspec_gui.viewers.top_answers import TopAnswers
from graphspec_gui.viewers.viewer import Viewer
from graphspec_gui.viewers.waiting import Waiting

MOST = 2_000
"""Examples of a split that are classified for the matrix."""
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities (N, K) and labels (N,) of the first examples of a split, and of which step."""

    split: SplitName
    step: int | None
    probabilities: Array
    labels: Array


class PredictionsPanel(Viewer):
    """The likeliest classes of the examples, the confusion matrix, and what is most wrong.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    file_name = "confusion"

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._network: Network | None = None
        self._asked: tuple[object, ...] = ()
        self._counted: tuple[object, ...] = ()
        self._answers: Answers | None = None
        self._halted = False
        self._mistakes: tuple[Mistake, ...] = ()
        self.split = QComboBox(self)
        self.split.setAccessibleName("Split")
        self.split.setToolTip(
            "Whose examples are classified. The test split is left for graphspec evaluate, which "
            "counts its uses"
        )
        self.split.activated.connect(lambda _: self._classify())
        self.waiting = Waiting("Examples classified", self)
        self.halt = QPushButton("Cancel", self)
        self.halt.clicked.connect(self._press)
        self.halt.hide()
        self.every = QPushButton("Show all mistakes", self)
        self.every.setToolTip("Show the mistakes of every pair of classes")
        self.every.clicked.connect(self._show_all)
        self.every.hide()
        self.facts = QLabel(self)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        self.top = TopAnswers(source.show, self)
        self.matrix = Matrix(self)
        self.matrix.chosen.connect(lambda *_: self._list())
        self.matrix.pointed.connect(self._point)
        self.readout = QLabel(self)
        self.heading = QLabel(self)
        self.heading.setFont(theme().font("strong"))
        for label in (self.facts, self.readout, self.heading):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(label is not self.facts)
        self.facts.setMinimumHeight(space(3.5))
        for label in (self.facts, self.readout):
            label.setProperty("muted", True)
        self.grid = TileGrid("Mistakes", self)
        self.grid.chosen.connect(lambda index, *_: self._pick(index))
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(
            Controls(self, self.split, self.facts, self.waiting, self.halt, self.every)
        )
        left, right = QWidget(self), QWidget(self)
        for half in (left, right):
            half.setObjectName("page")
        lines = QVBoxLayout(left)
        lines.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        lines.addWidget(self.readout)
        lines.addWidget(self.matrix, 1)
        rest, said = QVBoxLayout(right), QVBoxLayout()
        rest.setContentsMargins(0, space(1), 0, 0)
        # The tiles have a margin of their own.
        said.setContentsMargins(space(1.5), 0, space(1.5), 0)
        said.addWidget(self.top, 1)
        said.addWidget(self.heading)
        rest.addLayout(said, 1)
        rest.addWidget(self.grid, 1)
        column.addWidget(Halves(left, right, self, shares=(1, 1)), 1)

    def look(self, network: Network) -> None:
        """Ask for the answers."""
        examples = self.source.examples
        if find_class_scores(network.probe.plan) is None or not network.data.classes:
            self.say("This network gives no scores of classes, so it predicts none.")
            return
        if self._network is None or self._network.data is not network.data:
            chosen = self.split.currentData()
            self.split.clear()
            for name in network.data.parts:
                if name != "test":
                    self.split.addItem(name.capitalize(), name)
            wanted = self.split.findData(chosen or "validation")
            self.split.setCurrentIndex(max(wanted, 0))
        self._network = network
        probe = network.probe
        if (network, examples) != self._asked:
            self._asked = (network, examples)
            x = np.stack([example.x for example in examples])

            def take(found: object) -> None:
                self.top.set_answers(network, examples, np.asarray(found))
                self.top.set_current(self.source.example)

            self.source.looks.ask(
                "prediction",
                lambda: iter([probe.probabilities(x)]),
                take,
                about=(network.run, self.source.examples),
            )
        elif not self.source.looks.asks("prediction"):
            self.top.set_current(self.source.example)
        split: SplitName = self.split.currentData()
        if (network, split) != self._counted and not self._halted:
            other = self._counted[1:] != (split,)
            self._counted = (network, split)
            first = self._answers is None or self._answers.split != split
            if first and other:
                # Newer weights of the same are counted anew without a word.
                self.facts.setText("Classifying…")
                self.waiting.begin()
            self.halt.setText("Cancel")
            self.halt.setVisible(first)
            self.source.looks.ask(
                "answers",
                lambda: _answer(network, split),
                self._take,
                self._ended,
                about=(network.run, split),
            )

    @property
    def has_picture(self) -> bool:
        """Whether the split has been classified."""
        return self._network is not None and self._answers is not None

    def picture(self) -> ConfusionPicture:
        """The matrix of the split."""
        network, answers = self._network, self._answers
        assert network is not None
        assert answers is not None
        what = f"answers for {len(answers.labels):,} {answers.split} examples"
        title = self.title(what, answers.step)
        return ConfusionPicture(self.matrix.counts, network.data.classes, title)

    def forget(self) -> None:
        """Let go of the network."""
        self._network, self._asked, self._counted, self._answers = None, (), (), None
        self._halted = False
        self._ended()
        self.grid.set_tiles(NOTHING)
        for key in ("prediction", "answers"):
            self.source.looks.cancel(key)

    def _classify(self) -> None:
        self._halted = False
        self.touch()

    def _press(self) -> None:
        """Cancel, or begin again after that; what was counted before stays."""
        if not self.source.looks.asks("answers"):
            self._classify()
            return
        self.source.looks.cancel("answers")
        self._halted, self._counted = True, ()
        self.waiting.end()
        self.facts.setText("Cancelled.")
        self.halt.setText("Classify")

    def _ended(self, reason: str = "") -> None:
        self.waiting.end()
        self.halt.hide()
        if reason:
            self.facts.setText(reason)

    def _take(self, found: object) -> None:
        if isinstance(found, float):
            self.waiting.tell(found)
            return
        assert isinstance(found, Answers)
        assert self._network is not None
        self._answers = found
        names = self._network.data.classes
        predicted = found.probabilities.argmax(axis=1)
        self._mistakes = most_wrong(found.probabilities, found.labels, count=None)
        right = float((predicted == found.labels).mean())
        of = len(self._network.data.parts[found.split][0])
        count = f"{len(found.labels):,} examples"
        if of > len(found.labels):
            count = f"the first {len(found.labels):,} of {of:,} examples"
        at = "" if found.step is None else f" at step {found.step:,}"
        self.facts.setText(f"{right:.1%} right of {count}{at}")
        self.matrix.set_counts(confusion_matrix(found.labels, predicted, len(names)), names)
        self._point(-1, -1)
        self._list()

    def _show_all(self) -> None:
        self.matrix.choose(None)
        self._list()

    @property
    def shown(self) -> tuple[Mistake, ...]:
        """The mistakes that are shown: all, or those of the chosen cell."""
        cell = self.matrix.current
        if cell is None or cell[0] == cell[1]:
            return self._mistakes
        return tuple(item for item in self._mistakes if (item.label, item.predicted) == cell)

    def _list(self) -> None:
        network, answers = self._network, self._answers
        if network is None or answers is None:
            return
        shown, name = self.shown, network.probe.class_name
        cell = self.matrix.current
        pair = cell is not None and cell[0] != cell[1]
        self.every.setVisible(pair)
        words = f"{name(cell[0])} taken for {name(cell[1])}" if pair and cell else "Most wrong"
        self.heading.setText(f"{words}: {len(shown):,}")
        x = network.data.parts[answers.split][0]
        low, high = network.span()

        def image(i: int) -> QImage:
            return of_example(x[shown[i].example], low, high)

        def caption(i: int) -> str:
            item = shown[i]
            return f"{name(item.label)}\n→ {name(item.predicted)} {item.certainty:.0%}"

        self.grid.set_tiles(
            Tiles(
                len(shown),
                image,
                caption,
                lambda i: (
                    f"{answers.split} {shown[i].example}, {name(shown[i].label)} taken for "
                    f"{name(shown[i].predicted)} with {shown[i].certainty:.1%}"
                ),
            )
        )

    def _pick(self, index: int) -> None:
        if self._answers is not None:
            self.source.pick(self._answers.split, self.shown[index].example)

    def _point(self, row: int, column: int) -> None:
        if row >= 0 and row < len(self.matrix.counts):
            self.readout.setText(self.matrix.describe(row, column))
        elif self.matrix.tells_counts:
            self.readout.setText("Rows are classes; click a cell to see its mistakes.")
        else:
            self.readout.setText("Rows are classes; point at a cell for its count, or click it.")


def _answer(network: Network, split: SplitName) -> Iterator[float | Answers]:
    """Classify the first examples of a split; says how far it is on the way."""
    x, y = network.data.parts[split]
    count = min(len(x), MOST)
    parts = []
    for start in range(0, count, _BATCH):
        parts.append(network.probe.probabilities(x[start : min(start + _BATCH, count)]))
        yield min(start + _BATCH, count) / count
    yield Answers(split, network.step, np.concatenate(parts), y[:count])
