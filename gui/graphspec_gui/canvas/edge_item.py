"""An edge on the canvas: from the bottom of a node to a port, with the shape that flows there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.edge_path import EdgePath, flowing, rounded
from graphspec_gui.canvas.picture import EdgePicture

if TYPE_CHECKING:
    from graphspec_gui.canvas.scene import CanvasScene

REACH = 12.0
"""How far from its line an edge is hit by the mouse."""


class EdgeItem(QGraphicsItem):
    """Draws one edge.

    Args:
        edge: what is drawn.
        scene: whose nodes it joins.
    """

    def __init__(self, edge: EdgePicture, scene: CanvasScene) -> None:
        super().__init__()
        self.canvas = scene
        self.edge = edge
        self.label = ""
        self.bad = False
        self.chosen = False
        self.hovered = False
        self._path = EdgePath(QPainterPath())
        self.points: list[QPointF] = []
        self._ends = (QPointF(), QPointF())
        self._label_rect = QRectF()
        self._label_at = QPointF()
        self.setZValue(1)
        self.follow()

    def show_edge(self, edge: EdgePicture) -> None:
        """Draw another picture of the same edge."""
        self.edge = edge
        self.follow()

    def show_label(self, label: str, bad: bool) -> None:
        """Write the shape that flows here, and whether it is wrong where it goes."""
        if (label, bad) != (self.label, self.bad):
            self.prepareGeometryChange()
            self.label, self.bad = label, bad
            self._place_label()
            self.update()

    def follow(self) -> None:
        """Draw the line anew between the nodes where they now are."""
        nodes = self.canvas.node_items
        source, target = nodes[self.edge.source], nodes[self.edge.target]
        start, end = source.output_point(), target.port_point(self.edge.port)
        self.prepareGeometryChange()
        self._ends = (start, end)
        route = self.canvas.route(self.edge.key, start, end)
        self.points = route or [start, end]
        self._path = EdgePath(rounded(route) if route else flowing(start, end))
        self._place_label()
        self.update()

    @property
    def path(self) -> QPainterPath:
        """Its line, from end to end."""
        return self._path.whole

    def middle(self) -> QPointF:
        """The point half way along its line."""
        return self.path.pointAtPercent(0.5)

    def boundingRect(self) -> QRectF:
        """The line and its label."""
        return self.path.boundingRect().adjusted(-4, -4, 4, 4).united(self._label_rect)

    def shape(self) -> QPainterPath:
        """Where it is hit."""
        stroker = QPainterPathStroker()
        stroker.setWidth(REACH)
        return stroker.createStroke(self.path)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw the line, and near enough its label."""
        looks = self.canvas.looks
        if self.chosen or self.hovered:
            pen = looks.edge_selected
        else:
            pen = looks.edge_error if self.bad else looks.edge
        for line in self._path.seen(option.exposedRect):
            painter.strokePath(line, pen)
        if self.label and self.canvas.zoom >= metrics.NEAR and not self._label_rect.isEmpty():
            painter.setFont(looks.port_font)
            painter.setPen(looks.state_border["error"] if self.bad else looks.muted)
            painter.drawText(self._label_at, self.label)

    def _place_label(self) -> None:
        """Beside the line: above the port it goes to, or half way down its longest stretch."""
        self._label_rect = QRectF()
        if not self.label or self._ends[1].y() - self._ends[0].y() < 24:
            return
        width = self.canvas.looks.port_metrics.horizontalAdvance(self.label)
        if len(self.points) > 2:
            one, two = max(pairwise(self.points), key=lambda ends: abs(ends[1].y() - ends[0].y()))
            at = (one + two) / 2
        else:
            at = self._ends[1] - QPointF(0, 13)
        self._label_rect = QRectF(at.x() + 6, at.y() - 7, width + 4, 14)
        self._label_at = QPointF(at.x() + 8, at.y() + 4)
