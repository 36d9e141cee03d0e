"""What can be done on a canvas: each a method, for an action, a key or the mouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from graphspec import edit
from graphspec.errors import SpecError
from graphspec.graph import UNCONNECTED, GraphSpec, Position
from graphspec.layers.base import Layer
from graphspec.tensor import TensorSpec
from graphspec_gui.canvas import adding, edits, placing
from graphspec_gui.canvas.adding import Wish
from graphspec_gui.canvas.connecting import ConnectDialog
from graphspec_gui.canvas.export import ENDINGS, export
from graphspec_gui.canvas.picture import group_names
from graphspec_gui.export_dialog import ExportDialog

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView


class Operations:
    """Does what the canvas offers, on what is selected.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def add(self, kind: str, wish: Wish, words: Sequence[str] = ()) -> str:
        """Add a layer; returns why it cannot be, "" when it is done."""
        view = self._view
        shapes, chosen = view.document.analysis.shapes, self._chosen()
        try:
            spec, name = adding.add(view.places.base(), shapes, kind, words, wish, chosen)
        except SpecError as error:
            return error.problems[0].message
        view.choose_edges(())
        view.document.apply(spec, f"Add {name}", select=[name])
        view.make_current(name)
        view.show_whole(name)
        return ""

    def enter(self, name: str) -> None:
        """What Enter and a double click do: unfold a group, or edit what a layer is set to."""
        view = self._view
        if name in view.folded:
            self.fold(name)
        elif name in view.document.spec.by_id:
            view.inline.set_fields(view.document.spec.by_id[name])
        elif name in view.picture.nodes:
            view.inline.set_input(view.document.spec.input_by_id[name])

    def fold(self, name: str) -> None:
        """Fold a group, or unfold it."""
        view = self._view
        folding = name not in view.folded
        view.set_folded(view.folded ^ {name})
        if folding:
            view.make_current(view.picture.shown[group_names(view.document.spec)[name][0]])

    def delete(self) -> None:
        """Remove what is selected, edges too; readers are led to what was read."""
        view = self._view
        keys = sorted(view.chosen_edges, reverse=True)
        chosen = sorted(view.document.selection)

        def change(spec: GraphSpec) -> GraphSpec:
            # From the last place on: an emptied port of many shifts those behind it.
            for reader, place in keys:
                spec = edit.disconnect(spec, reader, place)
            return edit.remove_layers(spec, chosen) if chosen else spec

        what = f"{len(chosen)} nodes" if len(chosen) > 1 else "".join(chosen) or "edge"
        view.choose_edges(())
        view.make_edit(change, f"Delete {what}", select=())

    def copy(self) -> None:
        """Put what is selected on the clipboard, as the text of a document."""
        view = self._view
        text = edits.cut_out(view.places.base(), view.document.selection)
        QGuiApplication.clipboard().setText(text)

    def cut(self) -> None:
        """Copy what is selected, and remove it with its edges."""
        self.copy()
        view = self._view
        chosen = sorted(view.document.selection)
        view.make_edit(
            lambda spec: edit.remove_layers(spec, chosen, reconnect=False),
            f"Cut {chosen[0] if len(chosen) == 1 else f'{len(chosen)} nodes'}",
            select=(),
        )

    def paste(self) -> None:
        """Add what is on the clipboard, under free names."""
        view = self._view
        text = QGuiApplication.clipboard().text()
        if not text.strip():
            view.say("The clipboard holds no text. Copy layers first, here or in another window.")
            return
        added: tuple[str, ...] = ()

        def change(spec: GraphSpec) -> GraphSpec:
            nonlocal added
            spec, added = edits.paste(spec, text)
            return spec

        try:
            spec = change(view.places.base())
        except SpecError as error:
            view.say(f"The clipboard holds no layers: {error.problems[0].message}")
            return
        view.document.apply(spec, f"Paste {len(added)} nodes", select=added)
        view.show_whole(*added)

    def duplicate(self) -> None:
        """Copy the selected layers beside themselves."""
        view = self._view
        chosen = [name for name in view.document.selection if name in view.document.spec.by_id]
        spec, copies = edit.duplicate(view.places.base(), chosen)
        view.document.apply(
            spec,
            f"Duplicate {chosen[0] if len(chosen) == 1 else f'{len(chosen)} layers'}",
            select=copies.values(),
        )

    def connect(self) -> None:
        """Choose a port that is to read the selected node."""
        (source,) = self._view.document.selection
        ConnectDialog(self._view, source).open()

    def disconnect(self) -> None:
        """Take away the selected edges, or all that the selected layers read."""
        view = self._view
        keys = set(view.chosen_edges)
        if not keys:
            spec = view.document.spec
            keys = {
                (name, place)
                for name in view.document.selection
                if name in spec.by_id
                for place, source in enumerate(spec.by_id[name].inputs)
                if source != UNCONNECTED
            }

        def change(spec: GraphSpec) -> GraphSpec:
            for reader, place in sorted(keys, reverse=True):
                spec = edit.disconnect(spec, reader, place)
            return spec

        view.choose_edges(())
        view.make_edit(change, "Disconnect")

    def bypass(self) -> None:
        """Lead what reads the selected layers past them."""
        view = self._view
        layers = [name for name in self._chosen() if name in view.document.spec.by_id]
        view.make_edit(
            lambda spec: edits.bypass(spec, layers),
            f"Bypass {layers[0] if len(layers) == 1 else f'{len(layers)} layers'}",
        )

    def output(self) -> None:
        """Make the selected layers outputs, or if they all are, make them none."""
        view = self._view
        spec = view.document.spec
        layers = [name for name in self._chosen() if name in spec.by_id]
        on = not set(layers).issubset(spec.outputs)
        view.make_edit(
            lambda spec: edits.set_outputs(spec, layers, on=on),
            "Make it an output" if on else "Make it no output",
        )

    def group(self) -> None:
        """Put the selected layers into a new group, and ask for its name."""
        view = self._view
        nodes = view.selected_nodes()
        if len(nodes) == 1 and nodes[0] in view.folded:
            view.say(f"{nodes[0]} is a group already. Unfold it to group layers in it.")
            return
        spec = view.document.spec
        layers = [name for name in self._chosen() if name in spec.by_id]
        groups = group_names(spec)
        inside = [parts[:-1] for parts in (name.split(".") for name in layers)]
        outer = ""
        for parts in zip(*inside, strict=False):
            if len(set(parts)) > 1:
                break
            outer += parts[0] + "."
        number = 1
        while f"{outer}group{number}" in groups or f"{outer}group{number}" in spec.by_id:
            number += 1
        name = f"group{number}"
        whole = outer + name
        before = [(layer, f"{whole}.{layer[len(outer) :]}") for layer in layers]
        done = view.make_edit(
            lambda spec: edit.group(spec, layers, name),
            f"Group {len(layers)} layers",
            select=[new for _, new in before],
        )
        if done:
            self.fold(whole)
            if whole in view.picture.nodes:
                view.inline.rename(whole)

    def ungroup(self) -> None:
        """Dissolve the groups that are selected."""
        view = self._view
        names = self.groups()
        # From within outwards, so that each is still called what it was.
        names.sort(key=lambda name: -name.count("."))
        folded = view.folded
        view.folded = folded - set(names)
        chosen = [_without_groups(name, names) for name in view.document.selection]

        def change(spec: GraphSpec) -> GraphSpec:
            for name in names:
                spec = edit.ungroup(spec, name)
            return spec

        if not view.make_edit(change, f"Ungroup {', '.join(names)}", select=chosen):
            view.set_folded(folded)

    def fold_selected(self) -> None:
        """Fold the groups that are selected, or unfold them."""
        view = self._view
        names = self.groups()
        if set(names) & view.folded:
            view.set_folded(view.folded - set(names))
        else:
            view.set_folded(view.folded | set(names))

    def fold_all(self) -> None:
        """Fold every outermost group."""
        view = self._view
        view.set_folded({name for name in group_names(view.document.spec) if "." not in name})
        view.fit()

    def unfold_all(self) -> None:
        """Unfold every group."""
        self._view.set_folded(())
        self._view.fit()

    def align(self, side: placing.Side) -> None:
        """Line the selected nodes up."""
        view = self._view
        self._move_to(placing.aligned(view.document.spec, self._places(), side), f"Align {side}")

    def spread(self, axis: int) -> None:
        """Space the selected nodes evenly, across (0) or down (1)."""
        self._move_to(placing.spread(self._places(), axis), "Space evenly")

    def export(self) -> None:
        """Ask where to, and draw the canvas into a file."""
        view = self._view
        stem = view.document.path.stem if view.document.path else view.document.spec.name
        name = "".join(c if c.isalnum() or c in "-_." else "_" for c in stem)
        ExportDialog("Export the canvas", name, ENDINGS, self.export_to, view)

    def export_to(self, path: Path) -> None:
        """Draw the canvas into a file, and say so."""
        view = self._view
        try:
            export(view.canvas, path)
        except (OSError, ValueError) as error:
            view.say(f"The picture was not written: {error}")
        else:
            view.say(f"The picture is in {path}")

    def check_gradients(self) -> None:
        """Compare the backward of what is selected, or else of every layer, with differences."""
        from graphspec_gui.gradients import GradientDialog

        view = self._view
        view.document.settling.emit()
        view.document.look_now()
        GradientDialog(list(self.checkable()), view.set_overlay, view).show()

    def checkable(self) -> Iterator[tuple[Layer, tuple[TensorSpec, ...]]]:
        """Those layers that are selected, or else all, of which it is known what they read."""
        view = self._view
        findings, spec = view.document.analysis, view.document.spec
        for name in self._chosen() or view.picture.shown:
            layer = spec.by_id.get(name)
            if layer is None or findings.state(name) == "error":
                continue
            inputs = findings.inputs(layer)
            if inputs is not None:
                yield layer, inputs

    def groups(self) -> list[str]:
        """The groups that a command is about: those folded, or the innermost around each layer."""
        view = self._view
        found: dict[str, None] = {}
        for name in view.selected_nodes():
            if name in view.folded:
                found[name] = None
            elif "." in name:
                found[name.rpartition(".")[0]] = None
        whole = [
            name
            for name, frame in view.picture.frames.items()
            if view.document.selection and view.document.selection.issuperset(frame.members)
        ]
        # A whole outer group was selected by its title: it is meant, not what is in it.
        outer = [name for name in whole if not any(name.startswith(o + ".") for o in whole)]
        inside = {name for name in found if any(name.startswith(o + ".") for o in outer)}
        return [*outer, *(name for name in found if name not in inside and name not in outer)]

    def _places(self) -> dict[str, Position]:
        view = self._view
        return {name: view.picture.nodes[name].position for name in view.selected_nodes()}

    def _move_to(self, places: Mapping[str, Position], text: str) -> None:
        moves = self._view.places.in_document(places)
        self._view.make_edit(lambda spec: edit.move(spec, moves.items()), text)

    def select_all(self) -> None:
        """Select every input and layer."""
        self._view.choose_edges(())
        self._view.document.select(self._view.picture.shown)

    def arrange_selected(self) -> None:
        """Lay out the selected nodes."""
        self._view.places.arrange(self._view.selected_nodes())

    def enter_selected(self) -> None:
        """Edit the selected node."""
        self.enter(self._view.selected_nodes()[0])

    def rename(self) -> None:
        """Edit the name of the selected node or group."""
        self._view.inline.rename(self._view.selected_nodes()[0])

    def fit(self) -> None:
        """Show the selection whole, or everything."""
        view = self._view
        view.fit(view.document.selection)

    def _chosen(self) -> list[str]:
        """The selected inputs and layers, in the order of the document."""
        view = self._view
        return [name for name in view.picture.shown if name in view.document.selection]


def _without_groups(name: str, groups: Sequence[str]) -> str:
    for group in groups:
        if name.startswith(group + "."):
            outer, dot, _ = group.rpartition(".")
            name = outer + dot + name[len(group) + 1 :]
    return name
