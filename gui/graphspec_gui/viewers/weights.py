"""The weights of a layer as images or a matrix, how noisy they are, and how they spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from graphspec.engines.base import Array
from graphspec.inspect.filters import Filters, drawable_layers, filters_so_far
from graphspec.inspect.over_time import LayerHistograms
from graphspec.inspect.pictures.matrix import MatrixPicture
from graphspec.inspect.pictures.tiles import Tiles as TilesPicture
from graphspec.inspect.pictures.tiles import in_colour
from graphspec.inspect.weight_matrix import WeightMatrix, matrix_layers, matrix_so_far
from graphspec.train.evaluate import find_class_scores
from graphspec_gui.theme import space
from graphspec_gui.viewers.charts import ColourScale, RidgeChart
from graphspec_gui.viewers.halves import Controls, Halves, Side
from graphspec_gui.viewers.heat_map import HeatMap, MatrixSight, matrix_sight
from graphspec_gui.viewers.images import as_seen, by_map, scale, table
from graphspec_gui.viewers.layer_viewer import LayerViewer, ridges
from graphspec_gui.viewers.network import Network
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.tiles import NOTHING, TileGrid, Tiles
from graphspec_gui.viewers.waiting import Waiting

_COLOURS = -1


@dataclass(frozen=True, eq=False)
class FiltersSight:
    """Filters, and the numbers that the ends of their colours stand for."""

    filters: Filters
    span: tuple[float, float]


class WeightsPanel(LayerViewer):
    """Filters in colour or by channel, templates or matrices of dense layers, norms and noise.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    file_name = "weights"

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._asked: tuple[object, ...] = ()
        self._of: tuple[object, ...] = ()
        self._found: Filters | WeightMatrix | None = None
        self._span = (0.0, 1.0)
        self._halted = False
        self._of_classes = False
        self.channel = QComboBox(self)
        self.channel.setAccessibleName("Channel")
        self.channel.setToolTip("Which channel of what the layer reads")
        self.channel.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.channel.activated.connect(lambda _: self._draw())
        self.scale = ColourScale(self)
        self.waiting = Waiting("Weights measured", self)
        self.halt = QPushButton("Cancel", self)
        self.halt.clicked.connect(self._press)
        self.halt.hide()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(
            Controls(self, self.box, self.channel, self.scale, self.waiting, self.halt)
        )
        self.grid = TileGrid("Weights", self, side=56, largest=160)
        self.grid.pointed.connect(self._point)
        self.grid.chosen.connect(lambda index, *_: self._tell(index))
        self.matrix = HeatMap("Weights", self)
        self.matrix.pointed.connect(self._point_at_matrix)
        self.shown = QStackedWidget(self)
        self.shown.addWidget(self.grid)
        self.shown.addWidget(self.matrix)
        side = QWidget(self)
        side.setObjectName("page")
        lines = QVBoxLayout(side)
        lines.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        self.readout, self.facts = QLabel(self), QLabel(self)
        for label in (self.readout, self.facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setProperty("muted", True)
            lines.addWidget(label)
        self.chart = RidgeChart("Weights over time", self)
        lines.addSpacing(space(1))
        lines.addWidget(self.chart)
        lines.addStretch(1)
        area = Side(side, "About the weights", self)
        column.addWidget(Halves(self.shown, area, self), 1)

    def names(self, network: Network) -> tuple[str, ...]:
        """Convolutions and dense layers."""
        executable = network.probe.executable
        found = {*drawable_layers(executable), *matrix_layers(executable)}
        return tuple(node.id for node in network.probe.plan.nodes if node.id in found)

    def look(self, network: Network) -> None:
        """Ask for the weights."""
        layer = self.follow(network)
        if not layer:
            self.say(
                "No layer of this network has weights to look at: those are of conv2d, linear and "
                "drop_connect_linear."
            )
            return
        if (network, layer) == self._asked:
            return
        if (network.run, layer) != self._of:
            self._of, self._halted = (network.run, layer), False
            self.grid.choose(-1)
        self._asked = (network, layer)
        executable = network.probe.executable
        pair = find_class_scores(network.probe.plan)
        self._of_classes = pair is not None and pair.per_class and pair.scores == layer
        images = layer in drawable_layers(executable)
        table("sign")  # which is made in this thread, before the other one needs it

        def work() -> Iterator[Filters | WeightMatrix | FiltersSight | MatrixSight]:
            steps: Iterator[Filters | WeightMatrix] = (
                filters_so_far(executable, layer) if images else matrix_so_far(executable, layer)
            )
            for i, found in enumerate(islice(steps, 1 if self._halted else None)):
                yield found if i else _sight(found)

        self.source.looks.ask("weights", work, self._show, self._ended, about=self._of)
        self.count_over_time("weights over time", network, layer)

    @property
    def has_picture(self) -> bool:
        """Whether the weights are there."""
        return self._found is not None and self.network is not None

    def picture(self) -> TilesPicture | MatrixPicture:
        """The filters, in colour or of the chosen channel; or the matrix."""
        found, channel = self._found, self.channel.currentData()
        assert found is not None
        if isinstance(found, WeightMatrix):
            rows = tuple(map(self._name, range(len(found.matrix))))
            return MatrixPicture(found, self.title(f"weights of {found.layer}"), rows)
        colours = channel == _COLOURS
        images = in_colour(found.images) if colours else found.images[:, channel]
        names = tuple(self._name(i) for i in range(len(images)))
        part = "" if colours or found.images.shape[1] == 1 else f", channel {channel}"
        title = self.title(f"weights of {found.layer}{part}")
        return TilesPicture(images, title, names, centred=not colours)

    def forget(self) -> None:
        """Let go of the network."""
        self.network, self._asked, self._of, self._found = None, (), (), None
        self._ended()
        self.grid.set_tiles(NOTHING)
        for key in ("weights", "weights over time"):
            self.source.looks.cancel(key)

    def show_ridges(self, moments: Mapping[int, LayerHistograms]) -> None:
        """Draw the histograms."""
        self.chart.set_ridges(ridges(moments, "weights"))

    def _press(self) -> None:
        """Cancel the norms and the noise, which take long where there are many weights; or begin.

        The images stay, and newer ones come.
        """
        self._halted = self.source.looks.asks("weights")
        if self._halted:
            self.source.looks.cancel("weights")
            self._ended()
        else:
            self._asked = ()
            self.touch()

    def _ended(self, reason: str = "") -> None:
        self.waiting.end()
        self.halt.setText("Measure")
        self.halt.setVisible(self._found is not None and self._found.done < 1)
        self._tell_facts(reason)

    def _show(self, found: object) -> None:
        if isinstance(found, MatrixSight):
            self._found = found.matrix
            self._draw_matrix(found)
        elif isinstance(found, FiltersSight):
            self._span = found.span
            self._draw_filters(found.filters)
        else:
            assert isinstance(found, Filters | WeightMatrix)
            self._found = found
        assert self._found is not None
        done = self._found.done
        if done < 1 and not self._halted:
            if self.waiting.isHidden():
                self.waiting.begin()
                self.halt.setText("Cancel")
                self.halt.show()
            if done > 0:
                self.waiting.tell(done)
        self._tell_facts()

    def _draw_filters(self, found: Filters) -> None:
        self.shown.setCurrentWidget(self.grid)
        channels = found.images.shape[1]
        before = self._found
        other = not isinstance(before, Filters) or before.layer != found.layer
        if other or self.channel.count() - (channels == 3) != channels:
            self.channel.clear()
            if channels == 3:
                self.channel.addItem("In colour", _COLOURS)
            for i in range(channels):
                self.channel.addItem(f"Channel {i} of {channels}", i)
        self.channel.setVisible(channels > 1)
        self._found = found
        self._draw()

    def _draw_matrix(self, sight: MatrixSight) -> None:
        found = sight.matrix
        self.shown.setCurrentWidget(self.matrix)
        self.channel.hide()
        self.scale.show()
        self.scale.set_scale(-sight.largest, sight.largest, "sign")
        self.matrix.set_matrix(found.matrix, sight.image, self._name)
        self._point_at_matrix(-1, -1)

    def _draw(self) -> None:
        found = self._found
        if not isinstance(found, Filters):
            return
        channel = self.channel.currentData()
        low, high = self._span
        self.scale.set_scale(low, high, "sign")
        self.scale.setVisible(channel != _COLOURS)

        def image(i: int) -> QImage:
            if channel == _COLOURS:
                return as_seen(found.images[i], low, high)
            return by_map(found.images[i, channel], low, high, "sign")

        self.grid.set_tiles(Tiles(len(found.images), image, self._name, self._describe), keep=True)
        self._point(-1, -1, -1)

    def _tell_facts(self, trouble: str = "") -> None:
        """How many weights there are, and once they are known their norms and noise."""
        found = self._found
        if found is None:
            self.facts.setText(trouble)
            return
        if isinstance(found, WeightMatrix):
            words = f"{len(found.matrix):,} units that read {found.matrix.shape[1]:,} numbers"
            noise = "what a random matrix would have too, all before training and less where a "
            noise = f": {noise}layer has learnt"
        else:
            words = f"{len(found.images):,} images of {'×'.join(map(str, found.images.shape[1:]))}"
            noise = " in ripples below 4 pixels: half or more in random numbers, little in smooth "
            noise = f"{noise}filters"
        if found.done == 1:
            words += f"\nNorms {found.norms.min():.3g} to {found.norms.max():.3g}"
            if np.isfinite(found.noise).any():
                words += f"\nNoise {np.nanmean(found.noise):.0%} of the energy{noise}"
        elif self._halted:
            words += "\nNorms and noise are not worked out."
        self.facts.setText("\n".join(filter(None, (words, trouble))))

    def _name(self, index: int) -> str:
        network = self.network
        named = network is not None and self._of_classes
        return network.probe.class_name(index) if network and named else str(index)

    def _describe(self, index: int) -> str:
        assert self._found is not None
        norm = float(self._found.norms[index])
        words = self._name(index)
        if np.isnan(norm):
            return words
        words += f": norm {norm:.4g}"
        if isinstance(self._found, WeightMatrix):
            return words
        noise = float(self._found.noise[index])
        return words if np.isnan(noise) else f"{words}, noise {noise:.0%}"

    def _tell(self, index: int) -> None:
        self.readout.setText(self._describe(index))

    def _point(self, index: int, row: int, column: int) -> None:
        if not isinstance(self._found, Filters):
            return
        if index >= 0:
            values: Array = self._found.images[index, :, row, column]
            chosen = self.channel.currentData()
            shown = values if chosen == _COLOURS else values[chosen : chosen + 1]
            numbers = ", ".join(f"{float(value):.4g}" for value in shown)
            self.readout.setText(f"{self._describe(index)}\nrow {row}, column {column}: {numbers}")
        elif self.grid.current >= 0:
            self._tell(self.grid.current)
        else:
            self.readout.setText("Point at a filter for its numbers.")

    def _point_at_matrix(self, row: int, column: int) -> None:
        if row < 0 and self.matrix.current is not None:
            row, column = self.matrix.current
        if row >= 0 and isinstance(self._found, WeightMatrix):
            value = float(self._found.matrix[row, column])
            self.readout.setText(f"unit {self._describe(row)}\ninput {column}: {value:.4g}")
        else:
            self.readout.setText("Point at the matrix for its numbers.")


def _sight(found: Filters | WeightMatrix) -> FiltersSight | MatrixSight:
    """What is drawn at once, and takes too long for the UI thread where it is large."""
    if isinstance(found, WeightMatrix):
        return matrix_sight(found)
    return FiltersSight(found, scale(found.images, centred=True))
