"""A node on the canvas: a layer, an input of the graph, or a folded group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.looks import Looks
from graphspec_gui.canvas.picture import FOLDED, INPUT_GROUP, NodePicture, height_of

if TYPE_CHECKING:
    from graphspec_gui.canvas.scene import CanvasScene

MARGIN = 18.0
"""How far ports, their names and badges reach over the border."""
_ICON, _GAP = 16.0, 8.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a node beyond the document: found out by checking, and so a bit later."""

    shape: str = ""
    params: str = ""
    macs: str = ""
    memory: str = ""
    """Of the output of one example in float32: what training keeps."""
    state: str = "ok"
    bad_ports: frozenset[int] = frozenset()
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What an overlay says about a node: a colour of the theme by name, and a word for it.

    ``color`` is "ok", "advice", "warning", "error" or "accent"; ``badge`` is short plain text.
    """

    color: str
    badge: str = ""


class _Line(NamedTuple):
    """A line of text on a node."""

    text: str
    at: QPointF
    room: QRectF
    font: QFont
    color: QPen
    near: bool
    """Whether it is drawn only where the zoom lets it be read."""


class NodeItem(QGraphicsItem):
    """Draws one node; the mouse is the view's business.

    Args:
        node: what is drawn.
        scene: whose looks and zoom it is drawn with.
    """

    def __init__(self, node: NodePicture, scene: CanvasScene) -> None:
        super().__init__()
        self.canvas = scene
        self.node = node
        self.facts = Facts()
        self.mark: Mark | None = None
        self.chosen = False
        self.hovered = False
        self.lit_port: int | None = None
        self._lines: tuple[_Line, ...] = ()
        self.setPos(*node.position)
        self.setZValue(2)

    def show_node(self, node: NodePicture) -> None:
        """Draw another picture of the same node."""
        if node.size != self.node.size:
            self.prepareGeometryChange()
        self.node = node
        self._lines = ()
        self.setPos(*node.position)
        self.update()

    def show_facts(self, facts: Facts) -> None:
        """Draw what has been found out."""
        if facts != self.facts:
            self.facts = facts
            self._lines = ()
            self.update()

    def port_point(self, place: int) -> QPointF:
        """Where a port is, in the scene; that of the next free place sits at the right end."""
        width = self.node.size[0]
        ports = self.node.ports
        at = ports[place].at if place < len(ports) else 0.96
        return self.pos() + QPointF(width * (1 + at) / 2, 0)

    def output_point(self) -> QPointF:
        """Where edges leave, in the scene."""
        width, height = self.node.size
        return self.pos() + QPointF(width / 2, height)

    def rect(self) -> QRectF:
        """The node's own rectangle, in its own coordinates."""
        return QRectF(0, 0, *self.node.size)

    def boundingRect(self) -> QRectF:
        """The rectangle with what reaches over it."""
        width, height = self.node.size
        return QRectF(-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN)

    def shape(self) -> QPainterPath:
        """Where it is hit."""
        return _outline(self.node.group)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionGraphicsItem,
        widget: QWidget | None = None,
    ) -> None:
        """Draw it, with as much as can be read at the zoom."""
        looks = self.canvas.looks
        node = self.node
        near = self.canvas.zoom >= metrics.NEAR
        if self.mark is not None:
            self._paint_mark(painter, looks)
        outline = _outline(node.group)
        if node.group == FOLDED:
            self._paint_stack(painter, looks)
        if node.group == INPUT_GROUP:
            painter.fillPath(outline, looks.raised)
        else:
            painter.fillPath(outline, looks.surface)
            painter.fillPath(_stripe(node.group), looks.group(node.group))
        painter.strokePath(outline, self._border(looks))
        if not self._lines:
            self._lines = tuple(self._laid_out(looks))
        seen = option.exposedRect
        for line in self._lines:
            # A pan draws a strip of many nodes: most of their text lies beside it.
            if (near or not line.near) and line.room.intersects(seen):
                painter.setFont(line.font)
                painter.setPen(line.color)
                painter.drawText(line.at, line.text)
        if self.facts.state != "ok" or (near and self.facts.shape):
            self._paint_state(painter, looks)
        if near or self.canvas.port_hints is not None:
            self._paint_ports(painter, looks)
        if node.is_output:
            self._paint_tag(painter, looks)

    def _border(self, looks: Looks) -> QPen:
        if self.chosen:
            return looks.selected_border
        if self.facts.state in ("error", "warning"):
            return looks.state_border[self.facts.state]
        return looks.hover_border if self.hovered else looks.node_border

    def _laid_out(self, looks: Looks) -> Iterator[_Line]:
        """The words that there is room for, each where it stands."""
        title, kind, shape, params, macs, memory = self._fitted(looks)
        left, right = metrics.STRIPE + 10, self.node.size[0] - 12
        first = 24 if self.node.group == INPUT_GROUP else 23
        last = self.node.size[1] - 12
        font, advance = looks.text_font, looks.text_metrics.horizontalAdvance
        known = looks.text if self.facts.shape else looks.muted
        beside = left + advance(shape) + _GAP
        for text, x, y, face, color, near in (
            (title, left, first, looks.title_font, looks.text, False),
            (shape, left, last, font, known, False),
            (kind, left, 41, font, looks.muted, False),
            (memory, beside, last, font, looks.muted, True),
            (params, right - advance(params), last, font, looks.muted, True),
            (macs, right - advance(macs), 41, font, looks.muted, True),
        ):
            if text:
                size = looks.title_metrics if face is looks.title_font else looks.text_metrics
                room = size.boundingRect(text).translated(x, y).adjusted(-2, -2, 2, 2)
                yield _Line(text, QPointF(x, y), room, face, color, near)

    def _fitted(self, looks: Looks) -> tuple[str, str, str, str, str, str]:
        """The words that there is room for: title, kind, shape, parameters, work, memory."""
        node, facts = self.node, self.facts
        room = node.size[0] - metrics.STRIPE - 10 - 12
        advance = looks.text_metrics.horizontalAdvance
        kind = node.brief if node.group == FOLDED else f"{node.kind}  {node.brief}".strip()
        if node.group == INPUT_GROUP:
            kind = ""
        title = f"▸ {node.title}" if node.group == FOLDED else node.title
        shape = facts.shape or "shape unknown"
        if node.group == INPUT_GROUP and not shape.startswith("label"):
            shape = f"input  {shape}"
        shape = _cut(shape, looks.text_metrics, room)
        params = facts.params if advance(shape) + advance(facts.params) + 8 <= room else ""
        kind = _cut(kind, looks.text_metrics, room)
        macs = facts.macs if advance(kind) + advance(facts.macs) + 8 <= room else ""
        taken = advance(shape) + advance(params) + advance(facts.memory) + 2 * _GAP
        memory = facts.memory if taken <= room else ""
        title = _cut(title, looks.title_metrics, room - _ICON)
        return title, kind, shape, params, macs, memory

    def _paint_state(self, painter: QPainter, looks: Looks) -> None:
        target = QRectF(self.node.size[0] - _ICON - 8, 9, _ICON, _ICON)
        scale = painter.worldTransform().m11() * painter.device().devicePixelRatioF()
        icon = looks.icon(self.facts.state, max(4, round(_ICON * scale)))
        if self.facts.state == "ok":
            painter.setOpacity(0.55)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(looks.soft[self.facts.state])
            painter.drawEllipse(target.adjusted(-3, -3, 3, 3))
        painter.drawPixmap(target, icon, QRectF(icon.rect()))
        painter.setOpacity(1)

    def _paint_ports(self, painter: QPainter, looks: Looks) -> None:
        node, facts = self.node, self.facts
        width, radius = node.size[0], metrics.PORT_RADIUS
        many = len(node.ports) > 1
        painter.setFont(looks.port_font)
        hints = self.canvas.port_hints
        for index, port in enumerate(node.ports):
            x = width * (1 + port.at) / 2
            bad = port.place in facts.bad_ports
            verdict = hints.get((node.id, port.place)) if hints is not None else None
            if hints is not None and verdict is None:
                painter.setPen(looks.node_border)
                painter.setBrush(looks.surface)
            elif verdict == "":
                painter.setPen(looks.selected_border)
                painter.setBrush(looks.accent_soft)
                radius = metrics.PORT_RADIUS + 2
            elif bad or port.source is None:
                painter.setPen(looks.state_border["error" if bad else "warning"])
                painter.setBrush(looks.soft["error"] if bad else looks.surface)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(looks.edge_color)
                radius = metrics.PORT_RADIUS - 1
            if self.lit_port == index:
                painter.setBrush(looks.accent)
            painter.drawEllipse(QPointF(x, 0), radius, radius)
            radius = metrics.PORT_RADIUS
            if bad:
                painter.drawText(QPointF(x - 1.5, 3.5), "!")
            empty = port.source is None
            # Of a layer that adds up many the ports are alike: their names say nothing.
            named = many and not port.name.endswith("]")
            if node.group != FOLDED and (named or empty or bad or hints is not None):
                painter.setPen(looks.state_border["error"] if bad else looks.muted)
                room = looks.port_metrics.horizontalAdvance(port.name)
                beside = x + 9 if index and len(node.ports) == 2 else x - 9 - room
                painter.drawText(QPointF(beside, -5), port.name)
        if hints is not None and (node.id, len(node.ports)) in hints:
            # The place where one more would go, of a layer that takes any number.
            lit = hints[node.id, len(node.ports)] == ""
            painter.setPen(looks.selected_border if lit else looks.node_border)
            painter.setBrush(looks.accent_soft if lit else looks.surface)
            x = width * 1.96 / 2
            painter.drawEllipse(QPointF(x, 0), radius, radius)
            painter.setPen(looks.muted)
            painter.drawText(QPointF(x - 3, -8), "+")
        self._paint_output(painter, looks)

    def _paint_output(self, painter: QPainter, looks: Looks) -> None:
        """Where edges leave, lit up while somebody looks for one that a port may read."""
        radius = metrics.PORT_RADIUS
        senders = self.canvas.sender_hints
        if not senders:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(looks.edge_color)
            radius -= 1
        elif senders.get(self.node.id) == "":
            painter.setPen(looks.selected_border)
            painter.setBrush(looks.accent_soft)
            radius += 2
        else:
            painter.setPen(looks.node_border)
            painter.setBrush(looks.surface)
        painter.drawEllipse(QPointF(self.node.size[0] / 2, self.node.size[1]), radius, radius)

    def _paint_tag(self, painter: QPainter, looks: Looks) -> None:
        """The flag of an output of the graph, on the lower border."""
        width, height = self.node.size
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(looks.accent)
        painter.drawRoundedRect(QRectF(width - 60, height - 5, 48, 15), 7, 7)
        painter.setPen(looks.on_accent)
        painter.setFont(looks.port_font)
        painter.drawText(
            QRectF(width - 60, height - 5, 48, 15), Qt.AlignmentFlag.AlignCenter, "output"
        )

    def _paint_stack(self, painter: QPainter, looks: Looks) -> None:
        """Two more cards behind: there is more inside."""
        width, height = self.node.size
        painter.setPen(looks.node_border)
        painter.setBrush(looks.raised)
        for step in (8, 4):
            painter.drawRoundedRect(
                QRectF(step, height - 20, width - 2 * step, 20 + step),
                metrics.RADIUS,
                metrics.RADIUS,
            )

    def _paint_mark(self, painter: QPainter, looks: Looks) -> None:
        mark = self.mark
        assert mark is not None
        color = looks.accent if mark.color == "accent" else looks.state[mark.color]
        width, height = self.node.size
        painter.setPen(QPen(color, 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(-5, -5, width + 10, height + 10), 12, 12)
        if mark.badge:
            room = looks.port_metrics.horizontalAdvance(mark.badge) + 12
            badge = QRectF(-5, -MARGIN, min(room, width), 14)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawRoundedRect(badge, 7, 7)
            painter.setPen(looks.on_accent)
            painter.setFont(looks.port_font)
            painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, mark.badge)


def _cut(text: str, font: QFontMetricsF, room: float) -> str:
    if font.horizontalAdvance(text) <= room:
        return text
    return font.elidedText(text, Qt.TextElideMode.ElideMiddle, room)


@cache
def _outline(group: str) -> QPainterPath:
    path = QPainterPath()
    height = height_of(group)
    radius = height / 2 if group == INPUT_GROUP else metrics.RADIUS
    path.addRoundedRect(QRectF(0, 0, metrics.NODE_WIDTH, height), radius, radius)
    return path


@cache
def _stripe(group: str) -> QPainterPath:
    bar = QPainterPath()
    bar.addRect(QRectF(0, 0, metrics.STRIPE, 200))
    return _outline(group).intersected(bar)
