"""The docks: what they are called, where they stand at first, and what they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from graphspec_gui.forms.properties import PropertiesPanel
from graphspec_gui.panel import Panel

if TYPE_CHECKING:
    from graphspec_gui.window import MainWindow

LAYOUT = "layout-1"
"""Changes when the docks do, so that an older arrangement is not taken for one of these."""


@dataclass(frozen=True, slots=True)
class DockSpec:
    """One dock.

    ``name`` is its objectName; ``make`` makes what it holds; ``keys`` shows it and hides it;
    ``shown`` says whether it is there at the first start; docks with the same ``stack`` start as
    tabs of one another.
    """

    name: str
    title: str
    icon: str
    area: Qt.DockWidgetArea
    make: Callable[[MainWindow], Panel]
    keys: str = ""
    shown: bool = True
    stack: str = ""


DOCKS: tuple[DockSpec, ...] = (
    DockSpec(
        "properties_dock",
        "Properties",
        "mdi6.tune-variant",
        Qt.DockWidgetArea.RightDockWidgetArea,
        lambda window: PropertiesPanel(window),
        "Ctrl+I",
    ),
)
