"""The docks: what they are called, where they stand at first, and what they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from graphspec_gui.catalog.panel import CatalogPanel
from graphspec_gui.forms.properties import PropertiesPanel
from graphspec_gui.json_view.panel import JsonPanel
from graphspec_gui.panel import Panel
from graphspec_gui.plots.panel import PlotsPanel
from graphspec_gui.problems.panel import ProblemsPanel
from graphspec_gui.reference.panel import ReferencePanel
from graphspec_gui.training.panel import TrainingPanel

if TYPE_CHECKING:
    from graphspec_gui.window import MainWindow

LAYOUT = "layout-2"
"""Changes when the docks do, so that an older arrangement is not taken for one of these."""


@dataclass(frozen=True, slots=True)
class DockSpec:
    """One dock.

    ``name`` is its objectName; ``make`` makes what it holds; ``keys`` shows it and hides it;
    ``shown`` says whether it is there at the first start; docks with the same ``stack`` start as
    tabs of one another, and one that is ``beside`` another to its right.
    """

    name: str
    title: str
    icon: str
    area: Qt.DockWidgetArea
    make: Callable[[MainWindow], Panel]
    keys: str = ""
    shown: bool = True
    stack: str = ""
    beside: str = ""


DOCKS: tuple[DockSpec, ...] = (
    DockSpec(
        "layers_dock",
        "Layers",
        "mdi6.shape-outline",
        Qt.DockWidgetArea.LeftDockWidgetArea,
        lambda window: CatalogPanel(window.add_layer, window),
        "Ctrl+Shift+K",
    ),
    DockSpec(
        "json_dock",
        "JSON",
        "mdi6.code-json",
        Qt.DockWidgetArea.RightDockWidgetArea,
        lambda window: JsonPanel(window),
        "Ctrl+J",
        shown=False,
    ),
    DockSpec(
        "properties_dock",
        "Properties",
        "mdi6.tune-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        lambda window: PropertiesPanel(window),
        "Ctrl+I",
        beside="json_dock",
        stack="properties",
    ),
    DockSpec(
        "training_dock",
        "Training",
        "mdi6.play-circle-outline",
        Qt.DockWidgetArea.RightDockWidgetArea,
        lambda window: TrainingPanel(window.training, window),
        "Ctrl+T",
        stack="properties",
    ),
    DockSpec(
        "help_dock",
        "Layer reference",
        "mdi6.book-open-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        lambda window: ReferencePanel(window),
        stack="properties",
        shown=False,
    ),
    DockSpec(
        "problems_dock",
        "Problems",
        "mdi6.alert-circle-outline",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        lambda window: ProblemsPanel(window.set_silenced, window),
        "Ctrl+Shift+M",
        stack="bottom",
    ),
    DockSpec(
        "plots_dock",
        "Plots",
        "mdi6.chart-line",
        Qt.DockWidgetArea.BottomDockWidgetArea,
        lambda window: PlotsPanel(window.runs, window),
        "Ctrl+P",
        stack="bottom",
    ),
)
