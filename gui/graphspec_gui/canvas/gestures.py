"""What the mouse does from press to release: pan, select, drag, draw an edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QApplication

from graphspec import edit
from graphspec.graph import UNCONNECTED, GraphSpec
from graphspec.layers.base import Layer
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.edge_item import EdgeItem
from graphspec_gui.canvas.edits import put_on_edge
from graphspec_gui.canvas.hits import Hit, hit

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

_MORE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Gesture:
    """One press, its moves and its release.

    Args:
        view: where it happens.
        event: the press.
    """

    moves_nodes = False
    scrolls = True
    """Whether the view scrolls when it comes to the border."""

    def __init__(self, view: CanvasView, event: QMouseEvent) -> None:
        self.view = view
        self.button = event.button()
        self.start = event.position().toPoint()
        self.origin = view.mapToScene(self.start)
        """Where it began in the scene: the wheel may zoom before it ends."""
        self.keys = event.modifiers()
        self.moved = False
        view.border.begin(self.start)

    def move(self, event: QMouseEvent) -> None:
        """The mouse is elsewhere."""
        at, keys = event.position().toPoint(), event.modifiers()
        away = (at - self.start).manhattanLength()
        if self.moved or away >= QApplication.startDragDistance():
            self.moved = True
            self.follow(at, keys)
            if self.scrolls:
                self.view.border.follow(at, lambda: self.follow(at, keys))

    def follow(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """Show what would come of it."""

    def release(self, event: QMouseEvent) -> None:
        """Do it."""

    def cancel(self) -> None:
        """Undo what was shown."""

    def paint(self, painter: QPainter) -> None:
        """Draw over the scene, in its coordinates."""


class Pan(Gesture):
    """Moves the canvas along with the mouse."""

    scrolls = False

    def __init__(self, view: CanvasView, event: QMouseEvent) -> None:
        super().__init__(view, event)
        self._last = self.start
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def follow(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """Pan by what it moved since."""
        self.view.pan(self._last.x() - at.x(), self._last.y() - at.y())
        self._last = at


class Rubber(Gesture):
    """Selects what a rectangle touches; with Shift or Ctrl in addition."""

    def __init__(self, view: CanvasView, event: QMouseEvent) -> None:
        super().__init__(view, event)
        self._before = view.document.selection if self.keys & _MORE else frozenset()
        self._rect = QRectF()
        if not self.keys & _MORE:
            view.choose_edges(())
            view.document.select(())

    def follow(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """Select as it grows."""
        view = self.view
        self._rect = QRectF(self.origin, view.mapToScene(at)).normalized()
        touched = [
            name
            for name, node in view.picture.nodes.items()
            if self._rect.intersects(QRectF(*node.position, *node.size))
        ]
        view.document.select([*self._before, *view.members(touched)])
        view.viewport().update()

    def release(self, event: QMouseEvent) -> None:
        """Take the band away."""
        self.view.viewport().update()

    def cancel(self) -> None:
        """Select what was selected."""
        self.view.document.select(self._before)
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """The band."""
        if self._rect.isNull():
            return
        accent = self.view.canvas.looks.accent
        pen = QPen(accent, 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.setBrush(QColor(accent.red(), accent.green(), accent.blue(), 32))
        painter.drawRect(self._rect)


class Drag(Gesture):
    """Moves the selected nodes; one that nothing is connected to may be dropped on an edge."""

    moves_nodes = True

    def __init__(self, view: CanvasView, event: QMouseEvent, name: str | None) -> None:
        super().__init__(view, event)
        self._name = name
        self._fresh = name is not None and name not in view.selected_nodes()
        if name is not None:
            view.choose_edges(())
            chosen = view.members([name])
            if self._fresh and self.keys & _MORE:
                view.document.select([*view.document.selection, *chosen])
            elif self._fresh:
                view.document.select(chosen)
            view.make_current(name)
        self._nodes = view.selected_nodes()
        self._from = {n: QPointF(*view.picture.nodes[n].position) for n in self._nodes}
        self._shift = QPointF()
        self._edge: EdgeItem | None = None

    def follow(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """Show the nodes where they would go: on the grid, with Alt anywhere."""
        view = self.view
        shift = view.mapToScene(at) - self.origin
        if not keys & Qt.KeyboardModifier.AltModifier:
            first = self._from[self._nodes[0]] if self._nodes else QPointF()
            wanted = first + shift
            shift = QPointF(_snapped(wanted.x()), _snapped(wanted.y())) - first
        self._shift = shift
        view.canvas.drag_to({name: at + shift for name, at in self._from.items()})
        self._edge = self._edge_below(at)
        view.hover.show_drop_edge(self._edge)
        view.viewport().update()

    def release(self, event: QMouseEvent) -> None:
        """Write the new positions into the document, or change the selection by a click."""
        view = self.view
        view.hover.show_drop_edge(None)
        if not self.moved:
            self._click()
            return
        moves = view.places.in_document(
            {
                name: ((at + self._shift).x(), (at + self._shift).y())
                for name, at in self._from.items()
            }
        )
        what = self._nodes[0] if len(self._nodes) == 1 else f"{len(self._nodes)} nodes"
        if self._edge is not None and self._name is not None:
            name, edge = self._name, self._edge.edge

            def change(spec: GraphSpec) -> GraphSpec:
                placed = edit.move(spec, moves.items())
                return put_on_edge(placed, name, edge.reads, edge.reader, edge.place)

            done = view.make_edit(change, f"Put {name} between {edge.reads} and {edge.reader}")
        else:
            done = view.make_edit(lambda spec: edit.move(spec, moves.items()), f"Move {what}")
        if not done:
            self.cancel()

    def cancel(self) -> None:
        """Put the nodes back."""
        self.view.hover.show_drop_edge(None)
        self.view.canvas.drag_to(self._from)
        self.view.viewport().update()

    def _click(self) -> None:
        view = self.view
        if self._name is None or self._fresh:
            return
        members = set(view.members([self._name]))
        if self.keys & _MORE:
            view.document.select(view.document.selection - members)
        else:
            view.document.select(members)

    def _loose(self) -> Layer | None:
        """The one layer that is dragged, if it goes nowhere."""
        spec = self.view.document.spec
        layer = spec.by_id.get(self._name or "")
        if layer is None or len(self._nodes) != 1 or layer.is_loss or layer.id in spec.outputs:
            return None
        return None if any(layer.id in other.inputs for other in spec.layers) else layer

    def _edge_below(self, at: QPoint) -> EdgeItem | None:
        """The edge that the layer would be put on: it reads nothing yet, or was led past."""
        layer = self._loose()
        if layer is None:
            return None
        reads = {source for source in layer.inputs if source != UNCONNECTED}
        point = self.view.mapToScene(at)
        for item in self.view.canvas.items(QRectF(point.x() - 12, point.y() - 12, 24, 24)):
            if (
                isinstance(item, EdgeItem)
                and item.edge.reader != layer.id
                and (not reads or item.edge.reads == layer.inputs[0])
                and item.shape().contains(point)
            ):
                return item
        return None


def begin(view: CanvasView, event: QMouseEvent, space: bool) -> Gesture | None:
    """The gesture that a press begins; None where it does nothing."""
    from graphspec_gui.canvas.linking import Link

    button = event.button()
    if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and space):
        return Pan(view, event)
    if button == Qt.MouseButton.RightButton:
        _select_for_menu(view, hit(view, event.position().toPoint()))
        return None
    if button != Qt.MouseButton.LeftButton:
        return None
    found = hit(view, event.position().toPoint())
    if found.node is not None:
        if found.port is not None and (link := Link.of(view, event, found)) is not None:
            return link
        return Drag(view, event, found.node.node.id)
    if found.edge is not None:
        key = found.edge.edge.key
        more = view.chosen_edges if event.modifiers() & _MORE else frozenset()
        if not more and not event.modifiers() & _MORE:
            view.document.select(())
        view.choose_edges(more ^ {key})
        return None
    if found.frame is not None:
        frame = found.frame
        if frame.arrow_rect().contains(view.mapToScene(event.position().toPoint())):
            view.operations.fold(frame.frame.id)
            return None
        others = view.document.selection if event.modifiers() & _MORE else frozenset()
        view.choose_edges(())
        view.document.select([*others, *frame.frame.members])
        return Drag(view, event, None)
    return Rubber(view, event)


def _select_for_menu(view: CanvasView, found: Hit) -> None:
    """A menu is about what was clicked, unless that is part of the selection."""
    if found.node is not None:
        name = found.node.node.id
        if name not in view.selected_nodes():
            view.choose_edges(())
            view.document.select(view.members([name]))
        view.make_current(name)
    elif found.edge is not None:
        if found.edge.edge.key not in view.chosen_edges:
            view.document.select(())
            view.choose_edges({found.edge.edge.key})
    elif found.frame is not None:
        view.choose_edges(())
        view.document.select(found.frame.frame.members)


def _snapped(value: float) -> float:
    return round(value / metrics.GRID) * metrics.GRID
