"""The canvas by keyboard: arrows walk along edges and onto them, Tab goes through the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QKeyEvent

from graphspec import edit
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.adding import Wish
from graphspec_gui.canvas.facts import describe, describe_edge
from graphspec_gui.canvas.picture import EdgePicture

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
_WAYS = {
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
}


class Keyboard:
    """What the keys do that are no shortcuts.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._nudges = 0

    def place(self) -> QPoint:
        """Where the current edge or node is in the view, or the middle of the view."""
        view, room = self._view, self._view.viewport().rect()
        edge, item = view.current_edge, view.canvas.node_items.get(view.current or "")
        if edge is not None:
            point = view.mapFromScene(view.canvas.edge_items[edge.key].middle())
        elif item is not None:
            point = view.mapFromScene(item.sceneBoundingRect().center())
        else:
            return room.center()
        return point if room.contains(point) else room.center()

    def describe(self) -> None:
        """Tell screen readers what the keyboard is about."""
        view = self._view
        edge, item = view.current_edge, view.canvas.node_items.get(view.current or "")
        if edge is not None:
            shape = view.canvas.edge_items[edge.key].label
            view.setAccessibleDescription(describe_edge(edge, shape))
        elif item is not None:
            view.setAccessibleDescription(describe(item.node, item.facts))

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key asks for; False when it is not for the canvas."""
        key, keys = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        control = Qt.KeyboardModifier.ControlModifier
        shift = Qt.KeyboardModifier.ShiftModifier
        if key in _WAYS:
            if keys & (control | Qt.KeyboardModifier.AltModifier):
                self._nudge(*_WAYS[key])
            else:
                self._walk(*_WAYS[key], extend=bool(keys & shift))
            return True
        if key in _MODIFIERS:
            return False
        self._nudges += 1
        if key == Qt.Key.Key_Escape:
            if not self._view.document.selection and not self._view.chosen_edges:
                return False
            self._view.choose_edges(())
            self._view.document.select(())
            return True
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._go(self._order()[0 if key == Qt.Key.Key_Home else -1 :][:1])
            return True
        text = event.text()
        typed = len(text) == 1 and text.isalpha() and not keys & ~shift
        if typed:
            self.ask(text)
        return typed

    def ask(self, text: str = "") -> None:
        """Search for a layer: for the selected edge, or to read what is selected."""
        view = self._view
        edges = [view.picture.edges[key] for key in view.chosen_edges if key in view.picture.edges]
        edge = edges[0] if len(edges) == 1 else None
        at = None
        if edge is None and not view.document.selection:
            middle = view.visible_rect().center()
            at = (middle.x(), middle.y())
        view.ask_for_layer(Wish(at=at, edge=edge), text)

    def tab(self, forward: bool) -> bool:
        """Go to the next node in the order of the document; False past the ends."""
        order = self._order()
        current = self._view.current
        at = order.index(current) if current in order else -1 if forward else len(order)
        at += 1 if forward else -1
        if not 0 <= at < len(order):
            return False
        self._go([order[at]])
        return True

    def edges(self) -> list[EdgePicture]:
        """Those at the current node: what it reads, then what reads it."""
        node, there = self._node(), self._view.picture.edges.values()
        reads = [edge for edge in there if edge.target == node]
        return reads + [edge for edge in there if edge.source == node]

    def next_edge(self, step: int = 1) -> None:
        """Select one of them, the first or the one after that which is selected."""
        view, found = self._view, self.edges()
        at = found.index(view.current_edge) + step if view.current_edge is not None else 0
        edge = found[at % len(found)]
        view.make_current(self._node())
        view.document.select(())
        view.choose_edges({edge.key})
        view.by_keyboard = True
        middle = view.canvas.edge_items[edge.key].middle()
        view.ensureVisible(QRectF(middle.x() - 1, middle.y() - 1, 2, 2), 96, 96)
        view.viewport().update()

    def _node(self) -> str | None:
        """The one whose edges are gone through: of an edge that was clicked, what reads it."""
        current, edge = self._view.current, self._view.current_edge
        if edge is None or current in (edge.target, edge.source):
            return current
        return edge.target

    def _order(self) -> list[str]:
        return list(dict.fromkeys(self._view.picture.shown.values()))

    def _go(self, names: list[str], *, extend: bool = False) -> None:
        view = self._view
        for name in names:
            chosen = view.members([name])
            view.choose_edges(())
            view.make_current(name)
            view.document.select([*view.document.selection, *chosen] if extend else chosen)
            item = view.canvas.node_items[name]
            view.ensureVisible(item.mapRectToScene(item.rect()), 48, 48)

    def _walk(self, dx: int, dy: int, *, extend: bool) -> None:
        """Along the edges up and down; sideways to the nearest node, from an edge to the next."""
        view = self._view
        current = view.current
        nodes = view.picture.nodes
        edge = view.current_edge
        if edge is not None and dy:
            self._go([edge.target if dy > 0 else edge.source])
            return
        if edge is not None:
            self.next_edge(dx)
            return
        if current is None or current not in nodes:
            self._go(self._order()[:1])
            return
        here = nodes[current]
        if dy > 0:
            found = [e.target for e in view.picture.edges.values() if e.source == current]
        elif dy < 0:
            found = [port.source or "" for port in here.ports]
            found = [view.picture.shown[name] for name in found if name in view.picture.shown]
        else:
            found = [
                name
                for name, node in nodes.items()
                if (node.position[0] - here.position[0]) * dx > 0
                and abs(node.position[1] - here.position[1])
                <= 2 * abs(node.position[0] - here.position[0])
            ]
            found.sort(key=lambda name: _away(nodes[name].position, here.position))
        found = [name for name in found if name != current]
        self._go(found[:1], extend=extend)

    def _nudge(self, dx: int, dy: int) -> None:
        """Move what is selected by a step of the grid; steps in a row are one command."""
        view = self._view
        nodes = view.selected_nodes()
        step = metrics.GRID
        moves = view.places.in_document(
            {
                name: (
                    view.picture.nodes[name].position[0] + dx * step,
                    view.picture.nodes[name].position[1] + dy * step,
                )
                for name in nodes
            }
        )
        if moves:
            view.make_edit(
                lambda spec: edit.move(spec, moves.items()),
                "Nudge " + (nodes[0] if len(nodes) == 1 else f"{len(nodes)} nodes"),
                merge=f"nudge {self._nudges} {' '.join(sorted(nodes))}",
            )


def _away(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + 2 * abs(one[1] - other[1])
