"""Where the network looks: what its answer does as a square slides over the image."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from graphspec.engines.base import Array
from graphspec.inspect.occlusion import Occlusion, occlude
from graphspec.inspect.pictures.occlusion import OcclusionPicture
from graphspec_gui.number_box import NumberBox
from graphspec_gui.theme import space
from graphspec_gui.viewers.charts import ColourScale
from graphspec_gui.viewers.example import Example
from graphspec_gui.viewers.fill import FillChoice
from graphspec_gui.viewers.halves import Controls, Halves
from graphspec_gui.viewers.images import Map, as_seen, by_map, scale
from graphspec_gui.viewers.network import Network
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.tiles import NOTHING, TileGrid, Tiles
from graphspec_gui.viewers.viewer import Viewer
from graphspec_gui.viewers.waiting import Waiting

Measure = Literal["probability", "drop", "log_odds"]
_MEASURES: dict[Measure, str] = {
    "probability": "Probability",
    "drop": "Fall of the probability",
    "log_odds": "Fall of the log-odds",
}
_BATCH = 32
_PIXELS = 280
"""The side of the picture that the map is laid over, before it is scaled to its tile."""


class OcclusionPanel(Viewer):
    """A heat map for each class that is ticked, filling in as the square slides.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    file_name = "occlusion"
    unmade = "Tick a class, and press Cover."

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._network: Network | None = None
        self._example: Example | None = None
        self._maps: dict[Example, tuple[Occlusion, Network]] = {}
        self._ticked = False
        self.square = _spin("Side of the square in pixels", "Size ")
        self.stride = _spin("How far the square moves, in pixels", "Stride ")
        self.fill = FillChoice(self)
        self.fill.changed.connect(self._allow)
        self.measure = QComboBox(self)
        self.measure.setAccessibleName("What the colours show")
        self.measure.setToolTip("What the colours show")
        for key, words in _MEASURES.items():
            self.measure.addItem(words, key)
        self.measure.activated.connect(lambda _: self._draw())
        self.button = QPushButton("Cover", self)
        self.button.setProperty("main", True)
        self.button.clicked.connect(self._press)
        self.waiting = Waiting("Positions visited", self)
        opaque = QLabel("Opacity", self)
        opaque.setProperty("muted", True)
        opaque.setMinimumHeight(space(3.5))
        self.opacity = QSlider(Qt.Orientation.Horizontal, self)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(65)
        self.opacity.setFixedSize(space(12), space(3.5))
        self.opacity.setAccessibleName("Opacity of the map")
        self.opacity.setToolTip("Opacity of the map over the image")
        self.opacity.valueChanged.connect(lambda _: self._draw())
        self.scale = ColourScale(self)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(
            Controls(
                self,
                self.square,
                self.stride,
                self.fill,
                self.button,
                self.waiting,
                self.measure,
                opaque,
                self.opacity,
                self.scale,
            )
        )
        self.grid = TileGrid("Occlusion maps", self, side=120, largest=320)
        self.grid.pointed.connect(self._point)
        self.grid.chosen.connect(self._point)
        side = QWidget(self)
        side.setObjectName("page")
        lines = QVBoxLayout(side)
        lines.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        self.readout = QLabel(self)
        self.readout.setTextFormat(Qt.TextFormat.PlainText)
        self.readout.setWordWrap(True)
        self.readout.setProperty("muted", True)
        lines.addWidget(self.readout)
        self.classes = QListWidget(self)
        self.classes.setAccessibleName("Classes whose maps are drawn")
        self.classes.itemChanged.connect(lambda _: self._tick())
        lines.addWidget(self.classes, 1)
        column.addWidget(Halves(self.grid, side, self, shares=(3, 1)), 1)

    def look(self, network: Network) -> None:
        """Show the example that would be covered, and the map if it is of this one."""
        example = self.source.example
        if not network.is_image or example is None:
            self.say("A square slides over images, and these examples are none.")
            return
        if self._network is None or self._network.shape != network.shape:
            side = min(network.shape[1:])
            for box, value in ((self.square, side // 4), (self.stride, side // 14)):
                box.setRange(1, side)
                box.setValue(max(1, value))
        self.fill.set_image(network.shape[0], network.span())
        names = [network.probe.class_name(i) for i in range(len(network.data.classes))]
        before = self._network
        other = before is None or before.data is not network.data
        self._network = network
        # Later weights of the same run leave the map, which says of which step it is.
        anew = other or (before is not network and not network.run)
        if anew or self._example is not example:
            self._example = example
            self.cancel()
        shown = () if anew else self.source.examples
        self._maps = {item: self._maps[item] for item in shown if item in self._maps}
        if other or self.classes.count() != len(names):
            self._list(names)
        self._tick_likeliest()
        self._draw()

    @property
    def found(self) -> Occlusion | None:
        """What has been found of the example that is looked at."""
        return self._maps[self._example][0] if self._example in self._maps else None

    @property
    def has_picture(self) -> bool:
        """Whether there are maps, and a class is ticked."""
        known = self._network is not None and self._example is not None
        return known and self.found is not None and bool(self.chosen)

    def picture(self) -> OcclusionPicture:
        """The maps of the classes that are ticked."""
        network, found, chosen = self._network, self.found, self.chosen
        assert network is not None
        assert found is not None
        assert self._example is not None
        names = [network.probe.class_name(k) for k in range(len(found.whole))]
        title = self.title(f"{self._example.title}, covered in parts")
        log_odds = self.measure.currentData() == "log_odds"
        opacity = self.opacity.value() / 100
        return OcclusionPicture(found, chosen, names, title, log_odds, opacity)

    def forget(self) -> None:
        """Let go of the network."""
        self.cancel()
        self._network = self._example = None
        self._maps = {}
        self.grid.set_tiles(NOTHING)

    def cancel(self) -> None:
        """Cover no more; what has been found stays."""
        self.source.looks.cancel("occlusion")
        self._stand_by()

    def _press(self) -> None:
        network, example = self._network, self._example
        if self.source.looks.asks("occlusion"):
            self.cancel()
            return
        if network is None or example is None:
            return
        fill = self.fill.fill()
        size, stride = self.square.value(), self.stride.value()
        self._maps.pop(example, None)
        self.waiting.begin()

        def take(found: object) -> None:
            assert isinstance(found, Occlusion)
            self._maps[example] = (found, network)
            self.waiting.tell(found.done)
            self._tick_likeliest()
            self._draw()

        self.source.looks.ask(
            "occlusion",
            lambda: occlude(
                network.probe, example.x, size=size, stride=stride, fill=fill, batch=_BATCH
            ),
            take,
            self._ended,
        )
        self._allow()

    def _ended(self, reason: str) -> None:
        self._stand_by()
        if reason:
            self.readout.setText(reason)

    def _stand_by(self) -> None:
        self.waiting.end()
        self._allow()

    def _allow(self) -> None:
        """What the button does, or why it cannot."""
        busy = self.source.looks.asks("occlusion")
        self.button.setText("Cancel" if busy else "Cover")
        self.button.setEnabled(busy or not self.fill.problem)
        self.button.setToolTip("" if busy else self.fill.problem)

    def _list(self, names: list[str]) -> None:
        """The classes, of which none is ticked yet."""
        self._ticked = False
        self.classes.blockSignals(True)
        self.classes.clear()
        for name in names:
            item = QListWidgetItem(name, self.classes)
            item.setFlags(
                Qt.ItemFlag.ItemIsUserCheckable
                | Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
            )
            item.setCheckState(Qt.CheckState.Unchecked)
        self.classes.blockSignals(False)

    def _tick(self) -> None:
        """The user has ticked a class, or no longer."""
        self._ticked = bool(self.chosen)
        self._draw()
        self.weigh()

    def _tick_likeliest(self) -> None:
        """Tick the class that the network takes the example for, unless the user has chosen."""
        if self.found is None or self._ticked:
            return
        self.classes.blockSignals(True)
        likeliest = int(self.found.whole.argmax())
        for i in range(self.classes.count()):
            state = Qt.CheckState.Checked if i == likeliest else Qt.CheckState.Unchecked
            self.classes.item(i).setCheckState(state)
        self.classes.blockSignals(False)

    @property
    def chosen(self) -> tuple[int, ...]:
        """The classes that are ticked."""
        ticked = Qt.CheckState.Checked
        count = self.classes.count()
        return tuple(i for i in range(count) if self.classes.item(i).checkState() == ticked)

    def values(self, class_: int) -> Array:
        """What the colours show for a class, (R, C)."""
        assert self.found is not None
        measure: Measure = self.measure.currentData()
        if measure == "drop":
            return self.found.drop(class_)
        if measure == "log_odds":
            return self.found.log_odds_drop(class_)
        return np.asarray(self.found.covered[class_])

    def _draw(self) -> None:
        network, example, found = self._network, self._example, self.found
        if network is None or example is None:
            return
        base = as_seen(example.x, *network.span())
        self.scale.setVisible(found is not None)
        if found is None:
            self.grid.set_tiles(Tiles(1, lambda _: base, lambda _: "Press Cover"))
            self.readout.setText(
                "A square covers a part of the image after another: where the probability of a "
                "class falls, the network looked. Press Cover to begin."
            )
            return
        shown = self.chosen
        name: Map = "size" if self.measure.currentData() == "probability" else "sign"
        maps = [self.values(k) for k in shown]
        low, high = (
            (0.0, 1.0)
            if name == "size"
            else scale(np.concatenate([m.ravel() for m in maps] or [np.zeros(1)]), centred=True)
        )
        self.scale.set_scale(low, high, name)
        opacity = self.opacity.value() / 100

        def image(i: int) -> QImage:
            return laid_over(base, by_map(maps[i], low, high, name), found, opacity)

        def caption(i: int) -> str:
            return f"{network.probe.class_name(shown[i])} {found.whole[shown[i]]:.1%}"

        self.grid.set_tiles(Tiles(len(shown), image, caption), keep=True)
        self._point(-1, -1, -1)

    def _point(self, index: int, row: int, column: int) -> None:
        found, network = self.found, self._network
        if found is None or network is None:
            return
        if not self.chosen:
            self.readout.setText("Tick a class to see its map.")
            return
        if index < 0 or row < 0:
            of = None if self._example is None else self._maps[self._example][1].step
            step = "" if of is None else f"Weights of step {of:,}. "
            self.readout.setText(f"{step}Point at a map for its numbers.")
            return
        k = self.chosen[index]
        image = found.image.shape[1:]
        pixel = _PIXELS / max(image)
        r = int(np.abs(found.tops + found.size[0] / 2 - (row + 0.5) / pixel).argmin())
        c = int(np.abs(found.lefts + found.size[1] / 2 - (column + 0.5) / pixel).argmin())
        value = float(found.covered[k, r, c])
        covered = f"{value:.2%}" if np.isfinite(value) else "not yet known"
        measure: Measure = self.measure.currentData()
        shown = float(self.values(k)[r, c])
        if measure == "probability" or not np.isfinite(shown):
            fall = ""
        elif measure == "drop":
            fall = f": a fall of {shown:.2%}"
        else:
            fall = f": the log-odds fall by {shown:.3g}"
        self.readout.setText(
            f"{network.probe.class_name(k)}: {float(found.whole[k]):.2%} uncovered, {covered} with "
            f"rows {found.tops[r]}–{found.tops[r] + found.size[0] - 1} and columns "
            f"{found.lefts[c]}–{found.lefts[c] + found.size[1] - 1} covered{fall}"
        )


def laid_over(base: QImage, heat: QImage, found: Occlusion, opacity: float) -> QImage:
    """A map over its image: every value where the middle of the square was."""
    factor = _PIXELS / max(base.width(), base.height())
    made = QImage(
        round(base.width() * factor), round(base.height() * factor), QImage.Format.Format_ARGB32
    )
    made.fill(Qt.GlobalColor.black)
    painter = QPainter(made)
    painter.drawImage(QRectF(0, 0, made.width(), made.height()), base)
    down = float(found.tops[1] - found.tops[0]) if len(found.tops) > 1 else float(found.size[0])
    right = float(found.lefts[1] - found.lefts[0]) if len(found.lefts) > 1 else found.size[1]
    place = QRectF(
        (found.lefts[0] + (found.size[1] - right) / 2) * factor,
        (found.tops[0] + (found.size[0] - down) / 2) * factor,
        right * len(found.lefts) * factor,
        down * len(found.tops) * factor,
    )
    painter.setOpacity(opacity)
    painter.drawImage(place, heat)
    painter.end()
    return made


def _spin(name: str, prefix: str) -> NumberBox:
    made = NumberBox(name, 1, 1)
    made.setToolTip(name)
    made.setPrefix(prefix)
    return made
