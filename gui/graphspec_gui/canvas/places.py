"""Where the nodes of one view are: by the document, or made up while it says nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer

from graphspec import edit
from graphspec.graph import GraphSpec, Position
from graphspec_gui.canvas import layout
from graphspec_gui.canvas.picture import Picture, draw
from graphspec_gui.canvas.placing import place_near, unplaced

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

AT_ONCE = 120
"""Graphs of so many nodes are laid out while they open; larger ones in a thread."""
SETTLED = 30
"""Milliseconds of quiet after an edit before edges look for a way around nodes; half of one more
for each node."""


class _Layout(NamedTuple):
    """An answer of the layout engine, and what it was asked for."""

    found: dict[str, Position]
    only: Collection[str] | None
    first: bool


class Places(QObject):
    """Positions that the document does not have, layouts, and the routes of edges.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.elsewhere: dict[str, Position] = {}
        self._spec = view.document.spec
        self._layouts = layout.Background(self._arranged, self)
        self._routes = layout.Background(self._routed, self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._ask_for_routes)
        self._find(self._spec)

    def base(self) -> GraphSpec:
        """The document's spec, with a position for every node."""
        spec = self._view.document.spec
        known = dict(spec.layout)
        names = {*spec.input_by_id, *spec.by_id}
        missing = {n: at for n, at in self.elsewhere.items() if n in names and n not in known}
        return edit.move(spec, missing.items()) if missing else spec

    def of(self, name: str) -> Position:
        """Where a node is in the document, or where it has been put for want of that."""
        known = dict(self._view.document.spec.layout)
        return known[name] if name in known else self.elsewhere.get(name, (0.0, 0.0))

    def in_document(self, places: Mapping[str, Position]) -> dict[str, Position]:
        """Positions in the document for nodes that are to be drawn at some places."""
        picture = self._view.picture
        found: dict[str, Position] = {}
        for name, (x, y) in places.items():
            node = picture.nodes.get(name)
            if node is None:
                continue
            if not node.members:
                found[name] = picture.closing.opened((x, y))
                continue
            # What is folded moves as one.
            dx, dy = x - node.position[0], y - node.position[1]
            for member in node.members:
                old = self.of(member)
                found[member] = (old[0] + dx, old[1] + dy)
        return found

    def follow(self, spec: GraphSpec) -> None:
        """The document holds another spec: find places for what is new in it."""
        before, self._spec = self._spec, spec
        if len(before.layers) == len(spec.layers):
            # A layer that was renamed elsewhere stays where it is.
            for old, new in zip(before.layers, spec.layers, strict=True):
                if old.id != new.id and old.id in self.elsewhere:
                    self.elsewhere.setdefault(new.id, self.elsewhere[old.id])
        self._find(spec)

    def arrange(self, only: Collection[str] | None = None) -> None:
        """Lay out all nodes, or some, in a thread; the answer becomes one command."""
        picture = self._view.picture
        self._layouts.ask(lambda: _Layout(layout.arrange(picture, only), only, False))

    def route_soon(self) -> None:
        """Lead edges around nodes when things have come to rest."""
        # What Python holds while it asks for the routes of a large graph holds the app up too.
        self._soon.start(SETTLED + len(self._view.picture.nodes) // 2)

    def _find(self, spec: GraphSpec) -> None:
        known = {**self.elsewhere, **dict(spec.layout)}
        names = {*spec.input_by_id, *spec.by_id}
        known = {name: at for name, at in known.items() if name in names}
        if not unplaced(spec, known):
            return
        self.elsewhere |= place_near(spec, known)
        if known or len(names) < 2:
            return
        whole = draw(spec, (), self.elsewhere)
        if len(names) <= AT_ONCE:
            self.elsewhere |= layout.arrange(whole)
        else:
            self._layouts.ask(lambda: _Layout(layout.arrange(whole), None, True))

    def _arranged(self, answer: _Layout) -> None:
        view = self._view
        if answer.first:
            self.elsewhere |= answer.found
            view.refresh()
            view.show_start()
            return
        moves = self.in_document(answer.found)
        everything = answer.only is None
        text = "Lay out everything" if everything else "Lay out the selection"
        if view.make_edit(lambda spec: edit.move(spec, moves.items()), text) and everything:
            view.fit()

    def _ask_for_routes(self) -> None:
        picture = self._view.picture
        if picture.edges:
            self._routes.ask(lambda: (picture, layout.routes(picture)))

    def _routed(self, answer: tuple[Picture, dict[tuple[str, int], layout.Route]]) -> None:
        picture, found = answer
        if picture is self._view.picture:
            self._view.canvas.show_routes(found)
