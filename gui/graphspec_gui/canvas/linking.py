"""Drawing an edge with the mouse, from either end, or picking one up that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPen

from graphspec import edit
from graphspec.edit import port_name
from graphspec.graph import GraphSpec
from graphspec_gui.canvas.adding import Wish
from graphspec_gui.canvas.edge_path import flowing
from graphspec_gui.canvas.gestures import Gesture
from graphspec_gui.canvas.hits import OUTPUT, Hit, hit
from graphspec_gui.canvas.legal import may_force, verdicts, verdicts_from

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

_SNAP = 28.0
"""How near the mouse must come to a port, in scene units."""


class Link(Gesture):
    """An edge that follows the mouse.

    Either ``source`` is fixed and a port is wanted, or ``port`` (a layer and a place) is fixed and
    a source is wanted. ``picked`` is the port that the edge came off, if it was there before.
    """

    def __init__(
        self,
        view: CanvasView,
        event: QMouseEvent,
        anchor: QPointF,
        *,
        source: str | None = None,
        port: tuple[str, int] | None = None,
        picked: tuple[str, int] | None = None,
    ) -> None:
        super().__init__(view, event)
        self._anchor, self._source, self._port, self._picked = anchor, source, port, picked
        self._end = anchor
        self._target: tuple[str, int] | str | None = None
        self._reason = ""
        self._verdicts: Mapping[tuple[str, int], str] = {}
        self._senders: Mapping[str, str] = {}

    @classmethod
    def of(cls, view: CanvasView, event: QMouseEvent, found: Hit) -> Link | None:
        """The link that begins at a port; None at the ports of a folded group."""
        node = found.node
        assert node is not None
        if node.node.members:
            return None
        if found.port == OUTPUT:
            return cls(view, event, node.output_point(), source=node.node.id)
        index = found.port
        if index is None or index >= len(node.node.ports):
            return None
        port = node.node.ports[index]
        place = (node.node.id, port.place)
        if port.source is None:
            return cls(view, event, node.port_point(index), port=place)
        start = view.canvas.node_items[view.picture.shown[port.source]].output_point()
        return cls(view, event, start, source=port.source, picked=place)

    def move(self, event: QMouseEvent) -> None:
        """Light up what is in question when the mouse first moves."""
        if not self.moved and (event.position().toPoint() - self.start).manhattanLength() > 3:
            self._look()
        super().move(event)

    def follow(self, at: QPoint, keys: Qt.KeyboardModifier) -> None:
        """Snap to what can be connected, and say why something cannot."""
        view = self.view
        found = hit(view, at, reach=_SNAP / min(view.zoom, 1.0))
        self._end, self._target, self._reason = view.mapToScene(at), None, ""
        if found.node is not None and self._source is not None:
            self._aim_at_port(found)
        elif found.node is not None:
            self._aim_at_source(found)
        view.bubble.say_beside(self._reason, at)
        view.viewport().update()

    def release(self, event: QMouseEvent) -> None:
        """Connect, disconnect, or offer what fits."""
        view, at = self.view, event.position().toPoint()
        target, reason = self._target, self._reason
        self.cancel()
        if not self.moved:
            self._click()
            return
        forced = may_force(reason) and bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if target is not None and (not reason or forced):
            if isinstance(target, str):
                self._connect(target, self._port)
            else:
                self._connect(self._source, target)
        elif target is not None:
            view.say(reason)
        elif hit(view, at).node is None:
            self._let_go(at)

    def cancel(self) -> None:
        """Let everything look as before."""
        self.view.canvas.show_hints(None)
        self.view.bubble.hide()
        self.view.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """The edge so far."""
        if not self.moved:
            return
        looks = self.view.canvas.looks
        color = looks.state["error"] if self._reason else looks.accent
        painter.setPen(QPen(color, 2.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        backward = self._source is None
        ends = (self._end, self._anchor) if backward else (self._anchor, self._end)
        painter.drawPath(flowing(*ends))

    def _look(self) -> None:
        view = self.view
        spec, shapes = view.document.spec, view.document.analysis.shapes
        if self._source is not None:
            self._verdicts = verdicts(spec, shapes, self._source)
            if self._picked is not None:
                # Back to where it came from is always right.
                self._verdicts = {**self._verdicts, self._picked: ""}
            view.canvas.show_hints(self._verdicts)
        elif self._port is not None:
            self._senders = verdicts_from(spec, shapes, *self._port)
            view.canvas.show_hints({}, self._senders)

    def _aim_at_port(self, found: Hit) -> None:
        node = found.node
        assert node is not None
        name = node.node.id
        index = found.port
        if index is None or index == OUTPUT:
            # Anywhere on a node means its first port that is free and fits.
            ports = [port for port in node.node.ports if (name, port.place) in self._verdicts]
            free = [port for port in ports if port.source is None] or ports
            fitting = [port for port in free if not self._verdicts[name, port.place]]
            best = fitting or free
            if not best:
                self._reason = (
                    "Unfold the group to connect to a layer in it."
                    if node.node.members
                    else "An input of the graph reads nothing."
                )
                self._target = (name, 0)
                return
            index = node.node.ports.index(best[0])
        ports_here = node.node.ports
        place = ports_here[index].place if index < len(ports_here) else index
        self._target = (name, place)
        self._reason = self._verdicts.get(
            (name, place), "Unfold the group to connect to a layer in it."
        )
        self._end = node.port_point(index)

    def _aim_at_source(self, found: Hit) -> None:
        node = found.node
        assert node is not None
        self._target = node.node.id
        self._reason = self._senders.get(
            node.node.id, "Unfold the group to connect to a layer in it."
        )
        self._end = node.output_point()

    def _connect(self, source: str | None, port: tuple[str, int] | None) -> None:
        assert source is not None
        assert port is not None
        view, picked = self.view, self._picked
        if picked == port:
            return
        layer = view.document.spec.by_id[port[0]]

        def change(spec: GraphSpec) -> GraphSpec:
            # First the new edge: a port of many that is emptied shifts those behind it.
            new = edit.connect(spec, source, *port)
            return new if picked is None else edit.disconnect(new, *picked)

        where = f"{port[0]}.{port_name(layer, port[1])}"
        view.make_edit(change, f"Connect {source} to {where}")

    def _let_go(self, at: QPoint) -> None:
        view, picked = self.view, self._picked
        point = view.mapToScene(at)
        if picked is not None:
            view.make_edit(
                lambda spec: edit.disconnect(spec, *picked),
                f"Disconnect {self._source} from {picked[0]}",
            )
            return
        view.ask_for_layer(
            Wish(at=(point.x(), point.y()), source=self._source, port=self._port, alone=True)
        )

    def _click(self) -> None:
        """A press on a port that never moved selects its node."""
        name = self._source if self._picked is None else self._picked[0]
        name = name or (self._port[0] if self._port else None)
        if name is not None:
            self.view.choose_edges(())
            self.view.document.select([name])
            self.view.make_current(self.view.picture.shown[name])
