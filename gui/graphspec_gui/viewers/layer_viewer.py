"""What the viewers of one layer share: which layer it is, and its histograms over time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal
from weakref import WeakKeyDictionary

from PySide6.QtWidgets import QComboBox, QWidget

from graphspec.inspect.over_time import (
    Histogram,
    LayerHistograms,
    checkpoint_histograms,
    layer_histograms,
)
from graphspec.train.rundir import Run
from graphspec_gui.viewers.charts import Ridge
from graphspec_gui.viewers.network import Network
from graphspec_gui.viewers.source import ProbeSource
from graphspec_gui.viewers.viewer import Viewer

EXAMPLES = 64
"""Examples over which activations and gradients are counted."""
MOST = 24
"""Histograms that are drawn behind each other."""


class LayerViewer(Viewer):
    """Follows the layer that is selected in the document, or the one that is chosen here.

    Args:
        source: the network and the example.
        parent: who owns it.
    """

    def __init__(self, source: ProbeSource, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self.network: Network | None = None
        self.layer = ""
        self.box = QComboBox(self)
        self.box.setAccessibleName("Layer")
        self.box.setToolTip("The layer that is looked at: the one that is selected, or this one")
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.box.activated.connect(lambda _: self._choose())
        self._selected: frozenset[str] = frozenset()
        self._moments: WeakKeyDictionary[Run, dict[str, dict[int, LayerHistograms]]]
        self._moments = WeakKeyDictionary()
        source.runs.restarted.connect(self._forget_moments)

    def names(self, network: Network) -> tuple[str, ...]:
        """The layers that can be looked at."""
        raise NotImplementedError

    def follow(self, network: Network) -> str:
        """Which layer is to be looked at; "" where there is none."""
        self.network = network
        names = self.names(network)
        if names != tuple(self.box.itemText(i) for i in range(self.box.count())):
            self.box.clear()
            self.box.addItems(names)
        chosen = frozenset() if self.document is None else self.document.selection
        if chosen != self._selected:
            self._selected = chosen
            (only,) = chosen if len(chosen) == 1 else ("",)
            if only in names:
                self.layer = only
        if self.layer not in names:
            self.layer = names[0] if names else ""
        self.box.setCurrentText(self.layer)
        return self.layer

    def count_over_time(self, key: str, network: Network, layer: str) -> None:
        """Make the histograms of the checkpoints that have none yet; ``ridges`` has them then."""
        run, known = network.run, self._moments_of(network, layer)
        if (network.step or 0) in known:
            self.show_ridges(known)
            return
        parts = network.data.parts
        x, y = parts["validation" if "validation" in parts else "train"]

        def work() -> Iterator[tuple[int, LayerHistograms]]:
            read = network.probe.pipeline.apply(x[:EXAMPLES], network.probe.dtype)
            feeds = network.data.binding.feeds(read, y[:EXAMPLES])
            yield network.step or 0, layer_histograms(network.probe.executable, feeds, layer)
            if run is not None:
                steps = {*known, network.step or 0}
                yield from checkpoint_histograms(run, network.probe, feeds, layer, known=steps)

        def take(found: object) -> None:
            assert isinstance(found, tuple)
            if run is None:
                known.clear()
            known[found[0]] = found[1]
            self.show_ridges(known)

        self.source.looks.ask(key, work, take, about=(run, layer))

    def show_ridges(self, moments: Mapping[int, LayerHistograms]) -> None:
        """Draw histograms by step; those of a run that goes on become more."""
        raise NotImplementedError

    def _moments_of(self, network: Network, layer: str) -> dict[int, LayerHistograms]:
        if network.run is None:
            return {}
        return self._moments.setdefault(network.run, {}).setdefault(layer, {})

    def _forget_moments(self, run: Run) -> None:
        self._moments.pop(run, None)

    def _choose(self) -> None:
        self.layer = self.box.currentText()
        document = self.document
        if document is not None and self.layer in document.spec.by_id:
            self._selected = frozenset([self.layer])
            document.select([self.layer])
        self.touch()


def ridges(
    moments: Mapping[int, LayerHistograms], kind: Literal["values", "gradients", "weights"]
) -> list[Ridge]:
    """Histograms as ridges, oldest first, of so many steps as can be told apart."""
    found: list[tuple[int, Histogram]] = []
    for step, moment in sorted(moments.items()):
        histogram: Histogram | None = getattr(moment, kind)
        if histogram is not None:
            found.append((step, histogram))
    if len(found) > MOST:
        found = [found[round(i * (len(found) - 1) / (MOST - 1))] for i in range(MOST)]
    return [Ridge(f"step {step:,}", item.counts, item.edges) for step, item in found]
