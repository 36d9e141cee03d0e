"""What is drawn over the canvas in its own pixels, and told of what the mouse rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPathStroker

from graphspec_gui.canvas.facts import port_tip
from graphspec_gui.canvas.hits import hit
from graphspec_gui.theme import theme

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

_RING = 10.0
"""Pixels across the ring around an edge."""
HINT = "Double-click or start typing to add a layer"


def paint_focus(view: CanvasView, painter: QPainter) -> None:
    """A ring around the current edge, node, or all of the canvas, while keys are used here."""
    item = view.canvas.node_items.get(view.current or "")
    if not view.hasFocus():
        return
    painter.setPen(view.canvas.looks.focus_border)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    edge = view.current_edge
    if edge is not None:
        if view.by_keyboard:
            stroker = QPainterPathStroker()
            stroker.setWidth(_RING / view.zoom)
            stroker.setCapStyle(Qt.PenCapStyle.RoundCap)
            ring = stroker.createStroke(view.canvas.edge_items[edge.key].path).simplified()
            painter.drawPath(view.mapFromScene(ring))
    elif item is None:
        if view.by_keyboard:
            painter.drawRect(QRectF(view.viewport().rect()).adjusted(1, 1, -1, -1))
    elif view.by_keyboard or not item.chosen or len(view.selected_nodes()) > 1:
        # To the mouse what alone is selected says enough by its own border.
        rect = view.mapFromScene(item.mapRectToScene(item.rect())).boundingRect()
        painter.drawRoundedRect(QRectF(rect).adjusted(-5, -5, 5, 5), 10, 10)


def paint_hint(view: CanvasView, painter: QPainter) -> None:
    """What to do with an empty canvas."""
    if view.document.spec.layers or view.add_popup.isVisible():
        return
    painter.setPen(view.canvas.looks.muted)
    painter.setFont(theme().font("title"))
    room = QRectF(view.viewport().rect())
    painter.drawText(
        room.adjusted(0, room.height() * 0.5, 0, 0), Qt.AlignmentFlag.AlignCenter, HINT
    )


def tip_at(view: CanvasView, at: QPoint) -> str:
    """What a tooltip says of a point; "" where there is nothing to say."""
    found = hit(view, at)
    if found.node is not None:
        node = found.node.node
        if found.port is not None and 0 <= found.port < len(node.ports) and not node.members:
            return port_tip(node, found.port, view.document.analysis)
        return found.node.facts.tip
    if found.edge is not None:
        edge = found.edge.edge
        shape = f": {found.edge.label}" if found.edge.label else ""
        return f"{edge.reads} → {edge.reader}{shape}"
    if found.frame is not None:
        return f"Group {found.frame.frame.id}, {len(found.frame.frame.members)} layers"
    return ""
