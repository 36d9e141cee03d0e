"""The docks: what they are called, where they stand at first, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from graphspec.layers.catalog import BY_KIND
from graphspec_gui.panel import Panel

if TYPE_CHECKING:
    from graphspec_gui.viewers.source import ProbeSource
    from graphspec_gui.window import MainWindow

LAYOUT = "layout-3"
"""Changes when the docks do, so that an older arrangement is not taken for one of these."""


@dataclass(frozen=True, slots=True)
class DockSpec:
    """One dock.

    ``name`` is its objectName; ``make`` makes what it holds, for a window and in the place that
    it has there; ``keys`` shows it and hides it; ``shown`` says whether it is there at the first
    start; docks with the same ``stack`` start as tabs of one another, and one that is ``beside``
    another to its right. ``needs`` are modules without Qt that it takes long to import: another
    thread does so before.
    """

    name: str
    title: str
    icon: str
    area: Qt.DockWidgetArea
    make: Callable[[MainWindow, QWidget], Panel]
    keys: str = ""
    shown: bool = True
    stack: str = ""
    beside: str = ""
    needs: tuple[str, ...] = ()

    def load(self) -> None:
        """Import what it needs. Not what uses Qt, whose classes are made when first asked for."""
        for name in self.needs:
            import_module(name)


# Imported when they are made: the window is up before that.


def _layers(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.catalog.panel import CatalogPanel

    return CatalogPanel(window.add_layer, place)


def _json(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.json_view.panel import JsonPanel

    return JsonPanel(place)


def _properties(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.forms.properties import PropertiesPanel

    panel = PropertiesPanel(place)
    panel.reference_wanted.connect(lambda: window.show_dock("help_dock"))
    return panel


def _training(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.training.panel import TrainingPanel

    panel = TrainingPanel(window.training, window.say, place)
    # From the canvas too: the keys that train are the whole window's.
    window.addActions([panel.start, panel.step])
    return panel


def _reference(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.reference.panel import ReferencePanel

    return ReferencePanel(place)


def _problems(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.problems.panel import ProblemsPanel

    return ProblemsPanel(window.set_silenced, place)


def _plots(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.plots.panel import PlotsPanel

    return PlotsPanel(window.runs, place)


def _runs(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.runs.drawing import compare_runs
    from graphspec_gui.runs.panel import RunsPanel

    return RunsPanel(
        window.runs,
        window.training,
        window.files.open,
        lambda runs: compare_runs(window, runs),
        place,
    )


def _data(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.viewers.data import DataPanel

    return DataPanel(_source(window), place)


def _activations(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.viewers.activations import ActivationsPanel

    return ActivationsPanel(_source(window), place)


def _weights(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.viewers.weights import WeightsPanel

    return WeightsPanel(_source(window), place)


def _occlusion(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.viewers.occlusion import OcclusionPanel

    return OcclusionPanel(_source(window), place)


def _predictions(window: MainWindow, place: QWidget) -> Panel:
    from graphspec_gui.viewers.predictions import PredictionsPanel

    return PredictionsPanel(_source(window), place)


def _source(window: MainWindow) -> ProbeSource:
    """What all viewers of a window look through."""
    from graphspec_gui.viewers.source import ProbeSource

    found = window.findChild(ProbeSource)
    if found is None:
        found = ProbeSource(window.runs, window, window.training.ask_weights)
        found.set_document(window.document)
        window.document_changed.connect(found.set_document)
    return found


def what_draws() -> Iterator[None]:
    """Bring what plots and pictures are drawn with, which at once takes 0.3 s."""
    for name in ("QtCore", "QtGui", "QtWidgets"):
        # pyqtgraph asks for every class of these, and so makes it.
        module = import_module(f"PySide6.{name}")
        for attribute in dir(module):
            getattr(module, attribute)
        yield
    import_module("pyqtgraph")
    yield
    import_module("graphspec_gui.plots.chart")


DOCKS: tuple[DockSpec, ...] = (
    DockSpec(
        "layers_dock",
        "Layers",
        "mdi6.shape-outline",
        Qt.DockWidgetArea.LeftDockWidgetArea,
        _layers,
        "Ctrl+Shift+K",
        needs=("graphspec.check", *(f"graphspec.layers.{kind}" for kind in BY_KIND)),
    ),
    DockSpec(
        "json_dock",
        "JSON",
        "mdi6.code-json",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _json,
        "Ctrl+J",
        shown=False,
    ),
    DockSpec(
        "properties_dock",
        "Properties",
        "mdi6.tune-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _properties,
        "Ctrl+I",
        beside="json_dock",
        stack="properties",
        needs=("graphspec.engines.choosing",),
    ),
    DockSpec(
        "training_dock",
        "Training",
        "mdi6.play-circle-outline",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _training,
        "Ctrl+T",
        stack="properties",
        needs=("graphspec.train.session", "graphspec.engines.jit.target", "psutil"),
    ),
    DockSpec(
        "help_dock",
        "Reference",
        "mdi6.book-open-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _reference,
        stack="properties",
        shown=False,
    ),
    DockSpec(
        "problems_dock",
        "Problems",
        "mdi6.alert-circle-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _problems,
        "Ctrl+Shift+M",
        stack="bottom",
    ),
    DockSpec(
        "plots_dock",
        "Plots",
        "mdi6.chart-line",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _plots,
        "Ctrl+P",
        stack="bottom",
        needs=("multiprocessing", "cProfile", "pydoc", "xml.dom.minidom"),
    ),
    DockSpec(
        "runs_dock",
        "Runs",
        "mdi6.format-list-bulleted",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _runs,
        "Ctrl+Shift+R",
        stack="bottom",
        needs=("graphspec.train.facts", "graphspec.train.remarks", "graphspec.train.comparing"),
    ),
    DockSpec(
        "data_dock",
        "Data",
        "mdi6.image-multiple-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _data,
        shown=False,
        stack="bottom",
        needs=("graphspec.api", "graphspec.inspect.pictures.examples"),
    ),
    DockSpec(
        "activations_dock",
        "Activations",
        "mdi6.view-grid-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _activations,
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "weights_dock",
        "Weights",
        "mdi6.grid",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _weights,
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "occlusion_dock",
        "Occlusion",
        "mdi6.image-filter-center-focus",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _occlusion,
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "predictions_dock",
        "Predictions",
        "mdi6.poll",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _predictions,
        shown=False,
        stack="bottom",
    ),
)
