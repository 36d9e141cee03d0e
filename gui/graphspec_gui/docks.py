"""The docks: what they are called, where they stand at first, and what they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

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

    ``name`` is its objectName; ``make`` makes what it holds, which is in ``module`` of this
    package; ``keys`` shows it and hides it; ``shown`` says whether it is there at the first start;
    docks with the same ``stack`` start as tabs of one another, and one that is ``beside`` another
    to its right. ``needs`` brings what else it takes long to load.
    """

    name: str
    title: str
    icon: str
    area: Qt.DockWidgetArea
    make: Callable[[MainWindow], Panel]
    module: str
    keys: str = ""
    shown: bool = True
    stack: str = ""
    beside: str = ""
    needs: Callable[[], object] = lambda: None

    def load(self) -> None:
        """Import what ``make`` would: in another thread, or it keeps the window waiting."""
        import_module(f"graphspec_gui.{self.module}")
        self.needs()


# Imported when they are made: the window is up before that.


def _layers(window: MainWindow) -> Panel:
    from graphspec_gui.catalog.panel import CatalogPanel

    return CatalogPanel(window.add_layer, window)


def _json(window: MainWindow) -> Panel:
    from graphspec_gui.json_view.panel import JsonPanel

    return JsonPanel(window)


def _properties(window: MainWindow) -> Panel:
    from graphspec_gui.forms.properties import PropertiesPanel

    panel = PropertiesPanel(window)
    panel.reference_wanted.connect(lambda: window.show_dock("help_dock"))
    return panel


def _engines_and_fields() -> None:
    from graphspec.engines.choosing import why_not_jit
    from graphspec.recipe.config import TrainConfig
    from graphspec_gui.forms.fields import fields_of

    why_not_jit("float32")
    fields_of(TrainConfig)


def _training(window: MainWindow) -> Panel:
    from graphspec_gui.training.panel import TrainingPanel

    return TrainingPanel(window.training, window.say, window)


def _reference(window: MainWindow) -> Panel:
    from graphspec_gui.reference.panel import ReferencePanel

    return ReferencePanel(window)


def _problems(window: MainWindow) -> Panel:
    from graphspec_gui.problems.panel import ProblemsPanel

    return ProblemsPanel(window.set_silenced, window)


def _plots(window: MainWindow) -> Panel:
    from graphspec_gui.plots.panel import PlotsPanel

    return PlotsPanel(window.runs, window)


def _runs(window: MainWindow) -> Panel:
    from graphspec_gui.runs.drawing import compare_runs
    from graphspec_gui.runs.panel import RunsPanel

    return RunsPanel(
        window.runs,
        window.training,
        window.files.open,
        lambda runs: compare_runs(window, runs),
        window,
    )


def _data(window: MainWindow) -> Panel:
    from graphspec_gui.viewers.data import DataPanel

    return DataPanel(_source(window), window)


def _activations(window: MainWindow) -> Panel:
    from graphspec_gui.viewers.activations import ActivationsPanel

    return ActivationsPanel(_source(window), window)


def _weights(window: MainWindow) -> Panel:
    from graphspec_gui.viewers.weights import WeightsPanel

    return WeightsPanel(_source(window), window)


def _occlusion(window: MainWindow) -> Panel:
    from graphspec_gui.viewers.occlusion import OcclusionPanel

    return OcclusionPanel(_source(window), window)


def _predictions(window: MainWindow) -> Panel:
    from graphspec_gui.viewers.predictions import PredictionsPanel

    return PredictionsPanel(_source(window), window)


def _source(window: MainWindow) -> ProbeSource:
    """What all viewers of a window look through."""
    from graphspec_gui.viewers.source import ProbeSource

    found = window.findChild(ProbeSource)
    if found is None:
        found = ProbeSource(window.runs, window, window.training.ask_weights)
        found.set_document(window.document)
        window.document_changed.connect(found.set_document)
    return found


DOCKS: tuple[DockSpec, ...] = (
    DockSpec(
        "layers_dock",
        "Layers",
        "mdi6.shape-outline",
        Qt.DockWidgetArea.LeftDockWidgetArea,
        _layers,
        "catalog.panel",
        "Ctrl+Shift+K",
        needs=lambda: tuple(BY_KIND.values()),
    ),
    DockSpec(
        "json_dock",
        "JSON",
        "mdi6.code-json",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _json,
        "json_view.panel",
        "Ctrl+J",
        shown=False,
    ),
    DockSpec(
        "properties_dock",
        "Properties",
        "mdi6.tune-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _properties,
        "forms.properties",
        "Ctrl+I",
        beside="json_dock",
        stack="properties",
    ),
    DockSpec(
        "training_dock",
        "Training",
        "mdi6.play-circle-outline",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _training,
        "training.panel",
        "Ctrl+T",
        stack="properties",
        needs=_engines_and_fields,
    ),
    DockSpec(
        "help_dock",
        "Reference",
        "mdi6.book-open-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        _reference,
        "reference.panel",
        stack="properties",
        shown=False,
    ),
    DockSpec(
        "problems_dock",
        "Problems",
        "mdi6.alert-circle-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _problems,
        "problems.panel",
        "Ctrl+Shift+M",
        stack="bottom",
    ),
    DockSpec(
        "plots_dock",
        "Plots",
        "mdi6.chart-line",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _plots,
        "plots.panel",
        "Ctrl+P",
        stack="bottom",
    ),
    DockSpec(
        "runs_dock",
        "Runs",
        "mdi6.format-list-bulleted",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _runs,
        "runs.panel",
        "Ctrl+Shift+R",
        stack="bottom",
        needs=lambda: import_module("graphspec_gui.runs.drawing"),
    ),
    DockSpec(
        "data_dock",
        "Data",
        "mdi6.image-multiple-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _data,
        "viewers.data",
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "activations_dock",
        "Activations",
        "mdi6.view-grid-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _activations,
        "viewers.activations",
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "weights_dock",
        "Weights",
        "mdi6.grid",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _weights,
        "viewers.weights",
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "occlusion_dock",
        "Occlusion",
        "mdi6.image-filter-center-focus",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _occlusion,
        "viewers.occlusion",
        shown=False,
        stack="bottom",
    ),
    DockSpec(
        "predictions_dock",
        "Predictions",
        "mdi6.poll",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        _predictions,
        "viewers.predictions",
        shown=False,
        stack="bottom",
    ),
)
