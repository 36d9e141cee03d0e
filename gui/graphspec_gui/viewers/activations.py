"""What a layer gives for the example, unit by unit, as training goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from graphspec.engines.base import Array
from graphspec.inspect.activations import LayerActivity, activity_so_far, visible_layers
from graphspec.inspect.over_time import LayerHistograms
from graphspec.inspect.pictures.tiles import Tiles as TilesPicture
from graphspec.inspect.probe import Probe
from graphspec.inspect.unit import unit_sum
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.linear import Linear
from graphspec.summary import summarise
from graphspec_gui.theme import space
from graphspec_gui.viewers.charts import ColourScale, RidgeChart
from graphspec_gui.viewers.example import Example
from graphspec_gui.viewers.halves import Controls, Halves, Side
from graphspec_gui.viewers.images import by_map, scale
from graphspec_gui.viewers.layer_viewer import LayerViewer, ridges
from graphspec_gui.viewers.network import Network
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.tiles import NOTHING, TileGrid, Tiles
from graphspec_gui.viewers.unit_view import UnitSight, UnitView

COUNTED = 256
"""Examples, at the most, over which a unit must give the same to be called dead."""


class ActivationsPanel(LayerViewer):
    """Maps of the selected layer, the arithmetic of the unit that is clicked, and histograms.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    file_name = "activations"

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._asked: tuple[object, ...] = ()
        self._counted: tuple[object, ...] = ()
        self._of: tuple[object, ...] = ()
        self._values: Array | None = None
        self._activity: LayerActivity | None = None
        self._activity_step: int | None = None
        self._activity_of = 0
        self._unit: tuple[int, int, int] | None = None
        self.scale = ColourScale(self)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Controls(self, self.box, self.scale))
        self.grid = TileGrid("Activations", self, side=64, largest=144)
        self.grid.chosen.connect(self._pick)
        self.grid.pointed.connect(self._point)
        side = QWidget(self)
        side.setObjectName("page")
        lines = QVBoxLayout(side)
        lines.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        self.readout = _label(self)
        self.facts = _label(self)
        self.unit = UnitView(self)
        self.unit.hide()
        self.values_chart = RidgeChart("Activations over time", self)
        self.gradients_chart = RidgeChart("Gradients over time", self)
        for widget in (
            self.readout,
            self.facts,
            self.unit,
            self.values_chart,
            self.gradients_chart,
        ):
            if widget is self.values_chart:
                lines.addSpacing(space(1))
            lines.addWidget(widget)
        lines.addStretch(1)
        area = Side(side, "About the maps", self)
        column.addWidget(Halves(self.grid, area, self), 1)
        self._say_nothing_pointed()

    def names(self, network: Network) -> tuple[str, ...]:
        """Layers whose values the example alone decides."""
        return visible_layers(network.probe)

    def look(self, network: Network) -> None:
        """Ask for the maps, and for what is counted over many examples."""
        layer, example = self.follow(network), self.source.example
        if not layer or example is None:
            self.say("This network has no layer whose values an example decides.")
            return
        asked = (network, example, layer)
        if asked != self._asked:
            if self._asked[2:] != (layer,):
                self._unit = None
                self.unit.set_sight(None)
                self.grid.choose(-1)
                self._say_nothing_pointed()
            self._asked = asked
            probe = network.probe

            def work() -> Iterator[Array]:
                yield probe.values(example.x[None], [layer])[layer][0]

            self.source.looks.ask(
                "activations", work, self._show, self._refused, about=(network.run, example, layer)
            )
        if (network, layer) != self._counted:
            if self._of != (network.run, layer):
                self._activity = None
            self._counted, self._of = (network, layer), (network.run, layer)
            parts = network.data.parts
            x = parts["validation" if "validation" in parts else "train"][0][:COUNTED]
            probe = network.probe
            self.source.looks.ask(
                "activity",
                lambda: (
                    (network.step, count, len(x), found[layer])
                    for count, found in activity_so_far(probe, x, [layer])
                ),
                self._count,
                about=(network.run, layer),
            )
            self.count_over_time("activations over time", network, layer)

    @property
    def has_picture(self) -> bool:
        """Whether the maps are there."""
        return not (self._values is None or self.network is None or self.source.example is None)

    def picture(self) -> TilesPicture:
        """The maps, beside the example that they are of."""
        values, network, example = self._values, self.network, self.source.example
        assert values is not None
        assert network is not None
        assert example is not None
        maps = values if values.ndim == 3 else values.reshape(1, 1, -1)
        return TilesPicture(
            maps,
            self.title(f"{self.layer} of {example.title}"),
            names=tuple(map(str, range(len(maps)))) if values.ndim == 3 else (),
            beside=example.x if network.is_image else None,
        )

    def forget(self) -> None:
        """Let go of the network."""
        self.network, self._asked, self._counted, self._values = None, (), (), None
        self.grid.set_tiles(NOTHING)
        self.unit.set_sight(None)
        for key in ("activations", "activity", "activations over time", "unit"):
            self.source.looks.cancel(key)

    def show_ridges(self, moments: Mapping[int, LayerHistograms]) -> None:
        """Draw the histograms."""
        self.values_chart.set_ridges(ridges(moments, "values"))
        gradients = ridges(moments, "gradients")
        self.gradients_chart.set_ridges(gradients)
        self.gradients_chart.setVisible(bool(gradients))

    def _show(self, found: object) -> None:
        values = np.asarray(found)
        self._values = values
        maps = values if values.ndim == 3 else values.reshape(-1, 1, 1)
        centred = bool((values < 0).any())
        low, high = scale(values, centred=centred)
        self.scale.set_scale(low, high, "sign" if centred else "size")
        dead = frozenset() if self._activity is None else frozenset(self._activity.dead.tolist())

        def image(i: int) -> QImage:
            return by_map(maps[i], low, high, "sign" if centred else "size")

        def caption(i: int) -> str:
            words = f"{i}" if maps.shape[1:] != (1, 1) else f"{i}: {maps[i, 0, 0]:.3g}"
            return f"⚠ {words} dead" if i in dead else words

        self.grid.set_tiles(
            Tiles(
                len(maps),
                image,
                caption,
                lambda i: (
                    f"unit {i}, {float(maps[i].min()):.3g} to {float(maps[i].max()):.3g}"
                    f"{', dead' if i in dead else ''}"
                ),
                dead,
            ),
            keep=True,
        )
        self._say_facts()
        if self._unit is not None:
            self._ask_unit(*self._unit)

    def _count(self, found: object) -> None:
        assert isinstance(found, tuple)
        step, count, of, activity = found
        # What was counted with weights before stands until all is counted with newer ones.
        if count < of and self._activity is not None and self._activity_step != step:
            return
        self._activity_step, self._activity_of, self._activity = step, count, activity
        if self._values is not None:
            self._show(self._values)

    def _say_facts(self) -> None:
        assert self._values is not None
        words = [
            f"{'×'.join(map(str, self._values.shape))}, "
            f"{float((self._values == 0).mean()):.0%} zeros for this example"
        ]
        if self._activity is not None:
            dead = len(self._activity.dead)
            count = len(self._activity.largest)
            step = self._activity_step
            at = "" if step is None else f" at step {step:,}"
            words.append(
                f"Over {self._activity_of} examples{at}: "
                f"{self._activity.share_of_zeros:.0%} zeros, "
                f"{'no unit' if dead == 0 else f'{dead} of {count} units'} dead"
            )
        self.facts.setText("\n".join(words))

    def _point(self, unit: int, row: int, column: int) -> None:
        if unit < 0 or self._values is None:
            self._say_nothing_pointed()
            return
        if self._values.ndim == 3:
            value = float(self._values[unit, row, column])
            self.readout.setText(f"unit {unit}, row {row}, column {column}: {value:.5g}")
        else:
            self.readout.setText(f"unit {unit}: {float(self._values.reshape(-1)[unit]):.5g}")

    def _say_nothing_pointed(self) -> None:
        self.readout.setText("Point at a unit for its value, click for its arithmetic.")

    def _pick(self, unit: int, row: int, column: int) -> None:
        if self._values is None:
            return
        if row < 0 and self._values.ndim == 3:  # by keyboard: where it answers most
            place = np.unravel_index(int(self._values[unit].argmax()), self._values[unit].shape)
            row, column = int(place[0]), int(place[1])
            self.grid.choose(unit, (row, column))
        self._unit = (unit, row, column)
        self._ask_unit(unit, row, column)

    def _ask_unit(self, unit: int, row: int, column: int) -> None:
        network, example, layer = self.network, self.source.example, self.layer
        if network is None or example is None or self._values is None:
            return
        place = (row, column) if self._values.ndim == 3 else None
        if unit >= len(self._values.reshape(len(self._values), -1)):
            return
        value = self._values[unit, row, column] if place else self._values.reshape(-1)[unit]
        where = f" at row {row}, column {column}" if place else ""
        words = f"{layer}, unit {unit}{where}: {float(value):.4g}"

        def work() -> Iterator[UnitSight]:
            yield sight(network, example, layer, unit, place, words)

        self.source.looks.ask("unit", work, self._show_unit)

    def _show_unit(self, found: object) -> None:
        assert isinstance(found, UnitSight)
        self.unit.set_sight(found)

    def _refused(self, reason: str) -> None:
        if reason:
            self.say(reason)


def sight(
    network: Network,
    example: Example,
    layer: str,
    unit: int,
    place: tuple[int, int] | None,
    words: str,
) -> UnitSight:
    """What a unit sees of an example, and its sum where it is one."""
    probe: Probe = network.probe
    node = probe.plan.by_id[layer].layer
    is_sum = isinstance(node, Conv2d) or (isinstance(node, Linear) and place is None)
    total = unit_sum(probe, example.x, layer, unit, place) if is_sum else None
    box = None
    if example.x.ndim == 3:
        image = (example.x.shape[1], example.x.shape[2])
        field = {row.id: row for row in summarise(probe.plan.spec).rows}[layer].field
        seen = place is not None and field is not None
        box = field.box(*place, image) if seen and field and place else (0, 0, *image)
    return UnitSight(words, example.x, network.span(), box, total)


def _label(parent: QWidget) -> QLabel:
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setProperty("muted", True)
    return made
