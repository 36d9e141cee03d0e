"""Everything that can be done on a canvas, as actions with words, keys and reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from graphspec.graph import UNCONNECTED, GraphSpec
from graphspec_gui.actions import StudioAction, StudioMenu
from graphspec_gui.canvas import metrics, placing
from graphspec_gui.canvas.operations import Operations

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

NOTHING = "Nothing is selected on the canvas."
NO_LAYER = "No layer is selected."
SIDES: tuple[tuple[placing.Side, str, str], ...] = (
    ("left", "Align left", "align-horizontal-left"),
    ("centre", "Align centres", "align-horizontal-center"),
    ("right", "Align right", "align-horizontal-right"),
    ("top", "Align top", "align-vertical-top"),
    ("middle", "Align middles", "align-vertical-center"),
    ("bottom", "Align bottom", "align-vertical-bottom"),
)
_ALIGN = ("canvas.align_", "canvas.spread_")
TIPS = {
    "bypass": "Lead what reads these layers past them; they stay, read by nobody",
    "cut": "Copy what is selected, and remove it with its edges",
    "select_edge": "Left and right go on to its others; typing puts a layer on it, Del removes it",
    "delete": "Remove what is selected; what read it reads on from what it read",
    "connect": "Choose from a list which port is to read the selected node",
    "gradients": "Compare the backward of what is selected, or of every layer, with differences",
    "add": "Search for a layer; the new one reads what is selected",
}


class CanvasActions:
    """Makes the actions of a view, and keeps them up to date.

    Args:
        view: the canvas; the actions are added to it.
        operations: what they do.
    """

    def __init__(self, view: CanvasView, operations: Operations) -> None:
        self._view = view
        self._operations = operations
        self._by_name: dict[str, StudioAction] = {}
        self._make()

    def __getitem__(self, name: str) -> StudioAction:
        return self._by_name[name]

    def menu(self) -> QMenu:
        """The context menu for what is selected."""
        view = self._view
        menu = StudioMenu(view)
        menu.setObjectName("canvas_menu")
        menu.setAccessibleName("Canvas menu")
        names: list[str] = ["canvas.add"]
        if view.chosen_edges and not view.document.selection:
            names += ["canvas.delete"]
        elif view.document.selection:
            names += ["canvas.edit", "canvas.rename", "canvas.connect", "canvas.disconnect", ""]
            names += ["canvas.bypass", "canvas.output", "canvas.group", "canvas.ungroup"]
            names += ["canvas.fold", "", "canvas.cut", "canvas.copy", "canvas.paste"]
            names += ["canvas.duplicate", "canvas.delete", ""]
            names += ["canvas.gradients", "canvas.arrange_selection"]
        else:
            names += ["canvas.paste", "canvas.select_all", "", "canvas.find", "canvas.arrange"]
            names += ["canvas.fold_all", "canvas.unfold_all", "", "canvas.fit", "canvas.export"]
        for name in names:
            if name:
                menu.addAction(self[name])
            else:
                menu.addSeparator()
        if len(view.selected_nodes()) > 1:
            self._add_align(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def fill(self, menu: QMenu) -> None:
        """Put everything into a menu, what lines nodes up in a menu of its own."""
        aligned = False
        for action in self._view.actions():
            if action.objectName().startswith(_ALIGN):
                if not aligned:
                    self._add_align(menu)
                aligned = True
            elif action.isSeparator():
                # Its own: a menu that is cleared takes its separators with it.
                menu.addSeparator()
            else:
                menu.addAction(action)

    def update(self) -> None:
        """Enable what can be done now; say of the rest why it cannot."""
        view = self._view
        spec, selection = view.document.spec, view.document.selection
        nodes = view.selected_nodes()
        layers = [name for name in selection if name in spec.by_id]
        edges = bool(view.chosen_edges)
        allow = {
            "delete": None if selection or edges else NOTHING,
            "copy": None if selection else NOTHING,
            "cut": None if selection else NOTHING,
            "duplicate": None if layers else NO_LAYER,
            "select_all": None if view.picture.nodes else "The canvas is empty.",
            "select_edge": None
            if view.keyboard.edges()
            else "Select a node that is connected: its edges are gone through.",
            "rename": None if len(nodes) == 1 else "Select one node to rename it.",
            "edit": None if len(nodes) == 1 else "Select one node to edit it.",
            "connect": None if len(selection) == 1 else "Select one node to connect it.",
            "disconnect": None
            if edges or _reads(spec, selection)
            else "Select what reads something.",
            "bypass": None if layers else NO_LAYER,
            "output": None if layers else NO_LAYER,
            "group": None if layers else NO_LAYER,
            "ungroup": None if self._operations.groups() else "No layer of a group is selected.",
            "fold": None if self._operations.groups() else "No layer of a group is selected.",
            "fold_all": None if view.picture.frames else "There is no group that is not folded.",
            "unfold_all": None if view.folded else "No group is folded.",
            "arrange": None if len(view.picture.nodes) > 1 else "There is nothing to lay out.",
            "arrange_selection": None if len(nodes) > 1 else "Select two nodes or more.",
            "gradients": None
            if next(self._operations.checkable(), None)
            else "The layers have problems, or what they read has: mend those first.",
            "find": None if view.picture.nodes else "The canvas is empty.",
            "export": None if view.picture.nodes else "The canvas is empty.",
            "spread_across": None if len(nodes) > 2 else "Select three nodes or more.",
            "spread_down": None if len(nodes) > 2 else "Select three nodes or more.",
        }
        for side, _, _ in SIDES:
            allow[f"align_{side}"] = None if len(nodes) > 1 else "Select two nodes or more."
        for name, reason in allow.items():
            self[f"canvas.{name}"].allow(reason)

    def zoomed(self) -> None:
        """Say what can be zoomed no further."""
        zoom = self._view.zoom
        most, least = zoom >= metrics.ZOOM_MOST, zoom <= metrics.ZOOM_LEAST
        self["canvas.zoom_in"].allow("It is as large as it gets." if most else None)
        self["canvas.zoom_out"].allow("It is as small as it gets." if least else None)

    def _add_align(self, menu: QMenu) -> None:
        align = StudioMenu(menu, "Align")
        menu.addMenu(align)
        for name, action in self._by_name.items():
            if name.startswith(_ALIGN):
                align.addAction(action)

    def _make(self) -> None:
        view, do = self._view, self._operations
        rows: tuple[tuple[str, str, Callable[[], object], str, tuple[str, ...]] | None, ...] = (
            ("add", "Add a layer…", view.keyboard.ask, "plus", ("Ctrl+Space",)),
            ("edit", "Edit settings…", do.enter_selected, "pencil-outline", ("Return", "Enter")),
            ("rename", "Rename…", do.rename, "rename-outline", ("F2",)),
            ("connect", "Connect to…", do.connect, "transit-connection-variant", ("Ctrl+L",)),
            ("disconnect", "Disconnect", do.disconnect, "link-off", ("Ctrl+Shift+L",)),
            None,
            ("cut", "Cut", do.cut, "content-cut", ("Ctrl+X",)),
            ("copy", "Copy", do.copy, "content-copy", ("Ctrl+C",)),
            ("paste", "Paste", do.paste, "content-paste", ("Ctrl+V",)),
            ("duplicate", "Duplicate", do.duplicate, "content-duplicate", ("Ctrl+D",)),
            ("delete", "Delete", do.delete, "delete-outline", ("Del", "Backspace")),
            ("select_all", "Select all", do.select_all, "select-all", ("Ctrl+A",)),
            (
                "select_edge",
                "Select the next edge of the node",
                view.keyboard.next_edge,
                "transit-connection",
                (",",),
            ),
            None,
            ("bypass", "Bypass", do.bypass, "debug-step-over", ("Ctrl+B",)),
            ("output", "Make or unmake an output", do.output, "export-variant", ("Ctrl+Shift+O",)),
            ("group", "Group", do.group, "group", ("Ctrl+G",)),
            ("ungroup", "Ungroup", do.ungroup, "ungroup", ("Ctrl+Shift+G",)),
            (
                "fold",
                "Fold or unfold the group",
                do.fold_selected,
                "unfold-less-horizontal",
                ("Ctrl+E",),
            ),
            ("fold_all", "Fold all groups", do.fold_all, "collapse-all-outline", ("Ctrl+Shift+E",)),
            (
                "unfold_all",
                "Unfold all groups",
                do.unfold_all,
                "expand-all-outline",
                ("Ctrl+Alt+E",),
            ),
            None,
            (
                "arrange",
                "Lay out everything",
                view.places.arrange,
                "sitemap-outline",
                ("Ctrl+Shift+A",),
            ),
            (
                "arrange_selection",
                "Lay out the selection",
                do.arrange_selected,
                "sitemap",
                ("Ctrl+Alt+A",),
            ),
            *(
                (f"align_{side}", text, lambda side=side: do.align(side), icon, ())
                for side, text, icon in SIDES
            ),
            (
                "spread_across",
                "Space evenly across",
                lambda: do.spread(0),
                "distribute-horizontal-center",
                (),
            ),
            (
                "spread_down",
                "Space evenly down",
                lambda: do.spread(1),
                "distribute-vertical-center",
                (),
            ),
            None,
            (
                "gradients",
                "Check gradients…",
                do.check_gradients,
                "slope-downhill",
                ("Ctrl+Shift+D",),
            ),
            ("find", "Find a layer…", view.find_bar.ask, "magnify", ("Ctrl+F",)),
            ("fit", "Fit the selection, or everything", do.fit, "fit-to-screen-outline", (".",)),
            (
                "zoom_in",
                "Zoom in",
                lambda: view.set_zoom(view.zoom * 1.25),
                "magnify-plus-outline",
                ("Ctrl++", "Ctrl+="),
            ),
            (
                "zoom_out",
                "Zoom out",
                lambda: view.set_zoom(view.zoom / 1.25),
                "magnify-minus-outline",
                ("Ctrl+-",),
            ),
            (
                "zoom_reset",
                "Zoom to 100 %",
                lambda: view.set_zoom(1.0),
                "magnify-scan",
                ("Ctrl+0",),
            ),
            ("export", "Export as a picture…", do.export, "image-outline", ("Ctrl+Shift+X",)),
        )
        for row in rows:
            if row is None:
                rule = QAction(view)
                rule.setSeparator(True)
                view.addAction(rule)
            else:
                name, text, run, icon, keys = row
                self._put(name, text, run, icon, keys)
        self._put(
            "minimap",
            "Overview in the corner",
            view.minimap.want,
            "map-outline",
            ("Ctrl+M",),
            checkable=True,
        )
        self["canvas.minimap"].setChecked(True)
        self.update()

    def _put(
        self,
        name: str,
        text: str,
        run: Callable[..., object],
        icon: str,
        keys: tuple[str, ...],
        *,
        checkable: bool = False,
    ) -> None:
        view = self._view
        action = StudioAction(
            f"canvas.{name}",
            text,
            run,
            view,
            icon=f"mdi6.{icon}",
            keys=keys,
            tip=TIPS.get(name, ""),
            checkable=checkable,
        )
        self._by_name[action.objectName()] = action
        view.addAction(action)


def _reads(spec: GraphSpec, names: Iterable[str]) -> bool:
    layers = [spec.by_id[name] for name in names if name in spec.by_id]
    return any(source != UNCONNECTED for layer in layers for source in layer.inputs)
