"""The data browser: the examples, and which of them all viewers show to the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from graphspec.engines.base import Array
from graphspec.inspect.examples import Stage, class_counts, stage_of
from graphspec.inspect.pictures.examples import ExamplesPicture
from graphspec.train.feeding import SplitName
from graphspec_gui.buttons import IconButton
from graphspec_gui.theme import space, theme
from graphspec_gui.viewers.charts import Bar, Bars
from graphspec_gui.viewers.example import PROBES
from graphspec_gui.viewers.halves import Controls, Halves, Side
from graphspec_gui.viewers.images import of_example, scale
from graphspec_gui.viewers.network import Network
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.tiles import NOTHING, TileGrid, Tiles
from graphspec_gui.viewers.viewer import Viewer

MOST = 200
"""Examples that are augmented or preprocessed for a look: whitening them all would take long."""
_EXPORTED = 8
"""Examples beside each other in an exported picture."""
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".npy")
_STAGES: dict[Stage, str] = {
    "raw": "As they are",
    "augmented": "Augmented",
    "preprocessed": "Preprocessed",
}


class DataPanel(Viewer):
    """The examples of each split with their classes; those that are clicked go to the network.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    file_name = "examples"

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self.setAcceptDrops(True)
        self._network: Network | None = None
        self._numbers: Array = np.zeros(0, np.int64)
        self._made: Array | None = None
        self._chosen: tuple[object, ...] = ()
        self._seed = 0
        self.split = _combo("Split", "Which part of the data")
        self.classes = _combo("Class", "Examples of one class only")
        self.stage = _combo("Stage", "What has been done to the examples")
        self.again = IconButton("mdi6.dice-multiple-outline", "Draw the augmentation again", self)
        opens = IconButton(
            "mdi6.image-plus-outline", "Show your own pictures to the network…", self
        )
        for box in (self.split, self.classes, self.stage):
            box.activated.connect(lambda _: self._list())
        self.again.clicked.connect(self._draw_again)
        opens.clicked.connect(self._ask)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Controls(self, self.split, self.classes, self.stage, self.again, opens))
        self.grid = TileGrid("Examples", self, several=True)
        self.grid.chosen.connect(lambda index, *_: self._pick(index))
        self.grid.toggled.connect(self._toggle)
        self.grid.extended.connect(self._pick_all)
        self.grid.pointed.connect(self._point)
        self.balance = Bars("Examples of each class", self)
        side = QWidget(self)
        side.setObjectName("page")
        lines = QVBoxLayout(side)
        lines.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        self.facts = QLabel(self)
        self.stated, self.readout = QLabel(self), QLabel(self)
        for label in (self.facts, self.stated, self.readout):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setProperty("muted", True)
        heading = QLabel("Examples of each class", self)
        heading.setFont(theme().font("strong"))
        self._heading = heading
        for widget in (self.readout, self.facts, self.stated):
            lines.addWidget(widget)
        lines.addSpacing(space(1))
        lines.addWidget(heading)
        lines.addWidget(self.balance)
        lines.addStretch(1)
        area = Side(side, "About the examples", self)
        column.addWidget(Halves(self.grid, area, self, shares=(3, 2)), 1)

    def look(self, network: Network) -> None:
        """List the examples, where they are others than before."""
        data = network.data
        if self._network is None or self._network.data is not data:
            self._fill(network)
        self._network = network
        self._show_example()

    def forget(self) -> None:
        """Let go of the data."""
        self._network = None
        self.source.looks.cancel("data")
        self.grid.set_tiles(NOTHING)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take pictures."""
        if self._dropped(event):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Show pictures to the network, with Ctrl besides those that are shown already."""
        paths = self._dropped(event)
        if paths:
            event.acceptProposedAction()
            held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            self.source.read(*paths, add=bool(held))

    def _dropped(self, event: QDropEvent) -> list[Path]:
        urls = event.mimeData().urls()
        paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
        good = len(paths) == len(urls) and all(path.suffix.lower() in ENDINGS for path in paths)
        return paths if good and self._network is not None else []

    @property
    def has_picture(self) -> bool:
        """Whether there are examples."""
        return self._network is not None and self.grid.tiles.count > 0

    def picture(self) -> ExamplesPicture:
        """The first examples as they are shown, and how many there are of each class."""
        network = self._network
        assert network is not None
        split: SplitName = self.split.currentData()
        x, _ = network.data.parts[split]
        made = x[self._numbers[:_EXPORTED]] if self._made is None else self._made[:_EXPORTED]
        names = network.data.classes
        counts: dict[str, dict[str, int]] = {
            part: dict(zip(names, class_counts(y, len(names)).tolist(), strict=True))
            for part, (_, y) in network.data.parts.items()
            if names
        }
        captions = tuple(self.grid.tiles.caption(i) for i in range(len(made)))
        stage = self.stage.currentData()
        return ExamplesPicture({stage: made}, captions, counts, self.title(f"{split} examples"))

    def _fill(self, network: Network) -> None:
        self._network = network
        data, config = network.data, network.config
        chosen = self.split.currentData()
        self.split.clear()
        for split, (x, _) in data.parts.items():
            self.split.addItem(f"{split} ({len(x):,})", split)
        self.split.setCurrentIndex(max(0, self.split.findData(chosen)))
        self.classes.clear()
        self.classes.addItem("All classes", -1)
        for i, name in enumerate(data.classes):
            self.classes.addItem(name, i)
        self.classes.setEnabled(bool(data.classes))
        self.classes.setToolTip(
            "Examples of one class only" if data.classes else "These examples have no classes"
        )
        before = self.stage.currentData()
        self.stage.clear()
        for stage, words in _STAGES.items():
            if (
                stage == "raw"
                or (stage == "augmented" and config.augment)
                or (stage == "preprocessed" and config.preprocess)
            ):
                self.stage.addItem(words, stage)
        self.stage.setCurrentIndex(max(0, self.stage.findData(before)))
        self.stage.setEnabled(self.stage.count() > 1)
        self.stage.setToolTip(
            "What has been done to the examples"
            if self.stage.isEnabled()
            else "This network's settings neither preprocess nor augment"
        )
        shape, (low, high) = network.shape, network.span()
        x = next(iter(data.parts.values()))[0]
        steps = ", ".join(item.kind for item in config.preprocess) or "none"
        changes = ", ".join(item.kind for item in config.augment) or "none"
        self.facts.setText(
            f"{data.name}: {'×'.join(map(str, shape))} {x.dtype}, {low:g} to {high:g}\n"
            f"Preprocessing: {steps}\nAugmentation: {changes}"
        )
        self._list()

    def _list(self) -> None:
        network = self._network
        if network is None:
            return
        split: SplitName = self.split.currentData()
        x, y = network.data.parts[split]
        wanted, stage = self.classes.currentData(), self.stage.currentData()
        names = network.data.classes
        self._numbers = np.arange(len(x)) if wanted < 0 else np.flatnonzero(y == wanted)
        self.again.setVisible(stage == "augmented")
        self._heading.setVisible(bool(names))
        self.balance.setVisible(bool(names))
        if names:
            counts = class_counts(y, len(names))
            self.balance.set_bars(
                [
                    Bar(name, count / max(counts.max(), 1), f"{count:,}")
                    for name, count in zip(names, counts.tolist(), strict=True)
                ]
            )
        self.source.looks.cancel("data")
        if stage == "raw":
            self._show(x[self._numbers[:1]], None)
            return
        numbers, seed = self._numbers[:MOST], self._seed

        def work() -> Iterator[Array]:
            yield stage_of(
                network.data, network.config.augment, x[numbers], y[numbers], stage, seed
            )

        self.source.looks.ask("data", work, lambda made: self._show(np.asarray(made), len(numbers)))

    def _show(self, made: Array, count: int | None) -> None:
        network = self._network
        assert network is not None
        self._made = None if count is None else made
        split: SplitName = self.split.currentData()
        x, y = network.data.parts[split]
        stage = self.stage.currentData()
        low, high = scale(made, centred=False) if stage == "preprocessed" else network.span()
        numbers = self._numbers if count is None else self._numbers[:count]
        self.stated.setVisible(stage == "preprocessed")
        if stage == "preprocessed" and made.size:
            self.stated.setText(
                f"These {len(made):,} preprocessed: {made.min():.3g} to {made.max():.3g}, "
                f"mean {made.mean(dtype=np.float64):.3g}, deviation "
                f"{made.std(dtype=np.float64):.3g}"
            )

        def image(i: int) -> QImage:
            return of_example(x[numbers[i]] if count is None else made[i], low, high)

        def caption(i: int) -> str:
            label = y[numbers[i]]
            return network.probe.class_name(int(label)) if network.data.classes else f"{numbers[i]}"

        self.grid.set_tiles(
            Tiles(
                len(numbers),
                image,
                caption,
                lambda i: f"{split} {numbers[i]}, {caption(i)}",
            ),
            keep=True,
        )
        self._show_example()
        self._point(-1, -1, -1)

    def _point(self, index: int, row: int, column: int) -> None:
        """Tell the numbers under the mouse, as they are at the chosen stage."""
        network = self._network
        if network is None or index < 0 or row < 0 or not network.is_image:
            self.readout.setText(
                "A click shows an example to the network; Ctrl adds one more, Shift all up to it."
            )
            return
        split: SplitName = self.split.currentData()
        number = int(self._numbers[index])
        x = network.data.parts[split][0][number] if self._made is None else self._made[index]
        numbers = ", ".join(f"{float(value):.4g}" for value in x[:, row, column])
        self.readout.setText(f"{split} {number}, row {row}, column {column}: {numbers}")

    def _show_example(self) -> None:
        split, example = self.split.currentData(), self.source.example
        places = {
            item: place
            for item in self.source.examples
            if item.split == split and (place := self._place(item.number)) >= 0
        }
        self.grid.mark(frozenset(places.values()))
        # Others than before: the keys may have gone elsewhere meanwhile.
        if (example, self.grid.tiles) != self._chosen:
            self._chosen = (example, self.grid.tiles)
            self.grid.choose(-1 if example is None else places.get(example, -1))

    def _place(self, number: int) -> int:
        """Where an example is in the grid, or −1."""
        place = int(np.searchsorted(self._numbers, number))
        there = place < self.grid.tiles.count and self._numbers[place] == number
        return place if there else -1

    def _pick(self, index: int) -> None:
        self.source.pick(self.split.currentData(), int(self._numbers[index]))

    def _toggle(self, index: int) -> None:
        self.source.toggle(self.split.currentData(), int(self._numbers[index]))

    def _pick_all(self, first: int, last: int) -> None:
        places = range(first, last + 1) if first <= last else range(first, last - 1, -1)
        numbers = (int(self._numbers[place]) for place in places[:PROBES])
        self.source.pick(self.split.currentData(), *numbers)

    def _draw_again(self) -> None:
        self._seed += 1
        self._list()

    def _ask(self) -> None:
        endings = " ".join(f"*{ending}" for ending in ENDINGS)
        names, _ = QFileDialog.getOpenFileNames(
            self, "Show your own pictures to the network", "", f"Pictures ({endings})"
        )
        if names:
            self.source.read(*map(Path, names))


def _combo(name: str, tip: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return made
