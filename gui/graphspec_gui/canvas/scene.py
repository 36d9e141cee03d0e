"""The scene: one item per node, edge and frame, brought up to date by what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsScene, QStyleOptionGraphicsItem

from graphspec_gui.canvas.edge_item import EdgeItem
from graphspec_gui.canvas.facts import facts_of, labels_of
from graphspec_gui.canvas.far import FarPicture
from graphspec_gui.canvas.group_item import FrameItem
from graphspec_gui.canvas.looks import Looks
from graphspec_gui.canvas.node_item import Mark, NodeItem
from graphspec_gui.canvas.picture import Picture
from graphspec_gui.findings import Findings
from graphspec_gui.theme import theme

Route = tuple[tuple[float, float], ...]
EdgeKey = tuple[str, int]
STRAY = 0.75
"""How far the ends of a route may be from those of its edge, in scene units."""


class CanvasScene(QGraphicsScene):
    """All items of one canvas.

    ``show_picture`` compares with what is there, and touches only what differs. ``port_hints`` is
    None, or while an edge is being drawn says for each port that is in question why it cannot
    be connected ("" where it can); ``sender_hints`` says the same of each node that could be read.
    """

    changed_picture = Signal()
    """Something is drawn otherwise: whoever keeps a drawing of the whole makes it anew."""

    def __init__(self, picture: Picture, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.looks = Looks()
        self.zoom = 1.0
        self.port_hints: Mapping[tuple[str, int], str] | None = None
        self.sender_hints: Mapping[str, str] = {}
        self.picture = picture
        self.findings: Findings | None = None
        self.node_items: dict[str, NodeItem] = {}
        self.edge_items: dict[EdgeKey, EdgeItem] = {}
        self.frame_items: dict[str, FrameItem] = {}
        self.marks: Mapping[str, Mark] = {}
        self._edges_of: dict[str, list[EdgeItem]] = {}
        self._routes: Mapping[EdgeKey, Route] = {}
        self._bounds: QRectF | None = None
        self._far: FarPicture | None = None
        theme().changed.connect(self._dress)
        empty = Picture({}, {}, {}, {}, picture.closing)
        self._replace(empty, picture)

    def show_picture(self, picture: Picture) -> None:
        """Draw another picture."""
        before, self.picture = self.picture, picture
        self._bounds = None
        self._replace(before, picture)
        self._tell_changed()

    def show_findings(self, findings: Findings) -> None:
        """Draw shapes, costs and problems."""
        self.findings = findings
        self._tell(self.node_items, self.edge_items.values())
        self._tell_changed()

    def show_selection(
        self, ids: Collection[str], edges: Collection[EdgeKey], frames: Collection[str]
    ) -> None:
        """Mark what is selected."""
        shown = self.picture.shown
        chosen = {shown[name] for name in ids if name in shown}
        for name, node in self.node_items.items():
            if node.chosen != (name in chosen):
                node.chosen = not node.chosen
                node.setZValue(3 if node.chosen else 2)
                node.update()
        for key, edge in self.edge_items.items():
            if edge.chosen != (key in edges):
                edge.chosen = not edge.chosen
                edge.update()
        for name, frame in self.frame_items.items():
            if frame.chosen != (name in frames):
                frame.chosen = not frame.chosen
                frame.update()
        self._tell_changed()

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """Draw an overlay; a folded group shows the mark of the first of its layers with one."""
        self.marks = marks
        for name, item in self.node_items.items():
            members = item.node.members or (name,)
            mark = next((marks[member] for member in members if member in marks), None)
            if mark != item.mark:
                item.mark = mark
                item.update()
        self._tell_changed()

    def show_routes(self, routes: Mapping[EdgeKey, Route]) -> None:
        """Lead edges around nodes; each route holds as long as its ends stay where they are."""
        self._routes = routes
        for item in self.edge_items.values():
            item.follow()
        self._tell_changed()

    def show_hints(
        self,
        ports: Mapping[tuple[str, int], str] | None,
        senders: Mapping[str, str] | None = None,
    ) -> None:
        """Light up the ports that an edge may go to or come from, or go back to normal."""
        self.port_hints, self.sender_hints = ports, senders or {}
        for item in self.node_items.values():
            item.update()

    def route(self, key: EdgeKey, start: QPointF, end: QPointF) -> list[QPointF] | None:
        """The way of an edge between two points, if there is one that still holds."""
        found = self._routes.get(key)
        if found is None:
            return None
        first, last = QPointF(*found[0]), QPointF(*found[-1])
        if (first - start).manhattanLength() > STRAY or (last - end).manhattanLength() > STRAY:
            return None
        return [QPointF(x, y) for x, y in found]

    def drag_to(self, positions: Mapping[str, QPointF]) -> None:
        """Show nodes elsewhere while they are being dragged; the picture stays as it is."""
        moved: dict[EdgeKey, EdgeItem] = {}
        for name, point in positions.items():
            self.node_items[name].setPos(point)
            for edge in self._edges_of.get(name, ()):
                moved[edge.edge.key] = edge
        for edge in moved.values():
            edge.follow()
        self._far = None

    def edges_of(self, name: str) -> list[EdgeItem]:
        """The edges that begin or end at a node."""
        return self._edges_of.get(name, [])

    def bounds(self) -> QRectF:
        """The rectangle around all nodes and frames; empty when there are none."""
        if self._bounds is None:
            boxes = [(*node.position, *node.size) for node in self.picture.nodes.values()]
            boxes += [frame.rect for frame in self.picture.frames.values()]
            if not boxes:
                return QRectF()
            left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
            right = max(box[0] + box[2] for box in boxes)
            bottom = max(box[1] + box[3] for box in boxes)
            self._bounds = QRectF(left, top, right - left, bottom - top)
        return QRectF(self._bounds)

    def paint_items(self, painter: QPainter, part: QRectF) -> None:
        """Draw the items in a part of the scene.

        ``QGraphicsScene.render`` would scale each part by itself, a hair otherwise than its
        neighbour: lines would not meet.
        """
        option = QStyleOptionGraphicsItem()
        mode, order = Qt.ItemSelectionMode.IntersectsItemBoundingRect, Qt.SortOrder.AscendingOrder
        for item in self.items(part, mode, order):
            painter.save()
            painter.translate(item.pos())
            option.exposedRect = part.translated(-item.pos())
            item.paint(painter, option, None)
            painter.restore()

    def far(self) -> FarPicture:
        """All of it as it is drawn from afar, made when it is first asked for."""
        if self._far is None:
            self._far = FarPicture(self)
        return self._far

    def _tell_changed(self) -> None:
        self._far = None
        self.changed_picture.emit()

    def _replace(self, before: Picture, after: Picture) -> None:
        stale = [key for key, edge in before.edges.items() if after.edges.get(key) != edge]
        moved = set()
        for key in stale:
            self.removeItem(self.edge_items.pop(key))
        for name in before.nodes.keys() - after.nodes.keys():
            self.removeItem(self.node_items.pop(name))
        for name, node in after.nodes.items():
            old = before.nodes.get(name)
            if old is None:
                self.node_items[name] = NodeItem(node, self)
                self.addItem(self.node_items[name])
            elif old is node and self.node_items[name].pos() == QPointF(*node.position):
                continue
            elif old != node or self.node_items[name].pos() != QPointF(*node.position):
                self.node_items[name].show_node(node)
            else:
                continue
            moved.add(name)
        for name in before.frames.keys() - after.frames.keys():
            self.removeItem(self.frame_items.pop(name))
        for name, frame in after.frames.items():
            if name not in self.frame_items:
                self.frame_items[name] = FrameItem(frame, self)
                self.addItem(self.frame_items[name])
            elif before.frames[name] != frame:
                self.frame_items[name].show_frame(frame)
        fresh = []
        for key, edge in after.edges.items():
            if key not in self.edge_items:
                self.edge_items[key] = EdgeItem(edge, self)
                self.addItem(self.edge_items[key])
                fresh.append(self.edge_items[key])
            elif edge.source in moved or edge.target in moved:
                self.edge_items[key].follow()
        if stale or fresh:
            self._edges_of = {}
            for item in self.edge_items.values():
                self._edges_of.setdefault(item.edge.source, []).append(item)
                self._edges_of.setdefault(item.edge.target, []).append(item)
        if self.findings is not None:
            self._tell(moved, fresh)
        for name in moved:
            members = after.nodes[name].members or (name,)
            self.node_items[name].mark = next(
                (self.marks[member] for member in members if member in self.marks), None
            )

    def _tell(self, nodes: Iterable[str], edges: Iterable[EdgeItem]) -> None:
        findings = self.findings
        assert findings is not None
        for name in nodes:
            item = self.node_items[name]
            item.show_facts(facts_of(item.node, findings))
        labels = labels_of(findings)
        for edge in edges:
            target = self.node_items[edge.edge.target]
            bad = edge.edge.place in target.facts.bad_ports and not target.node.members
            edge.show_label(labels(edge.edge.reads), bad)

    def _dress(self) -> None:
        self.looks = Looks()
        for item in self.node_items.values():
            item.show_node(item.node)
        self.update()
        self._tell_changed()
