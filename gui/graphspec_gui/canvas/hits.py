"""What of the scene is under a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF

from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.edge_item import EdgeItem
from graphspec_gui.canvas.group_item import FrameItem
from graphspec_gui.canvas.node_item import NodeItem

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

OUTPUT = -1
"""In place of a port: where edges leave a node."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What is there; of things that lie on each other the one on top."""

    node: NodeItem | None = None
    port: int | None = None
    """Of the node: the port's index, or ``OUTPUT``."""
    edge: EdgeItem | None = None
    frame: FrameItem | None = None

    @property
    def item(self) -> NodeItem | EdgeItem | FrameItem | None:
        """Whichever it is."""
        return self.node or self.edge or self.frame


def hit(view: CanvasView, at: QPoint, *, reach: float = metrics.PORT_REACH) -> Hit:
    """Look for a port first, then a node, an edge, and the title of a frame."""
    point = view.mapToScene(at)
    around = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
    items = view.canvas.items(around)
    nodes = [item for item in items if isinstance(item, NodeItem)]
    if view.zoom >= metrics.FAR:
        port = _nearest_port(view, nodes, point, reach)
        if port is not None:
            return port
    for node in nodes:
        if node.mapRectToScene(node.rect()).contains(point):
            return Hit(node=node)
    for item in items:
        if isinstance(item, EdgeItem) and item.shape().contains(point):
            return Hit(edge=item)
    for item in items:
        if isinstance(item, FrameItem) and item.title_rect().contains(point):
            return Hit(frame=item)
    return Hit()


def _nearest_port(
    view: CanvasView, nodes: list[NodeItem], point: QPointF, reach: float
) -> Hit | None:
    best, least = None, reach
    hints = view.canvas.port_hints
    for node in nodes:
        count = len(node.node.ports)
        indices = [*range(count), OUTPUT]
        if hints is not None and (node.node.id, count) in hints:
            indices.append(count)
        for index in indices:
            spot = node.output_point() if index == OUTPUT else node.port_point(index)
            away = (spot - point).manhattanLength()
            if away < least:
                best, least = Hit(node=node, port=index), away
    return best
