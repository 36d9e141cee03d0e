"""The whole picture in a few strokes, for when it is too small to read node by node."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.picture import FOLDED, INPUT_GROUP

if TYPE_CHECKING:
    from graphspec_gui.canvas.scene import CanvasScene

TINY = 0.09
"""Below this zoom a node is nothing but a patch of its colour."""
_BADGE, _SMALL_BADGE, _SMALL = 18, 14, 0.25
"""Pixels of a state's badge, those of a small one, and the zoom below which it is small."""
_WORST_LAST = ("advice", "warning", "error")


class FarPicture:
    """Lists of lines and rectangles by colour, made once for each state of the scene.

    A thousand items that paint themselves take too long for one frame; these lists are drawn by
    a handful of calls.
    """

    def __init__(self, scene: CanvasScene) -> None:
        looks = scene.looks
        self._looks = looks
        self._frames = [
            (QRectF(*frame.rect), looks.frame_fill[frame.depth % 2])
            for frame in scene.picture.frames.values()
        ]
        self._lines: dict[str, list[QLineF]] = {"plain": [], "bad": [], "chosen": []}
        for edge in scene.edge_items.values():
            kind = "chosen" if edge.chosen else "bad" if edge.bad else "plain"
            self._lines[kind] += [QLineF(one, two) for one, two in pairwise(edge.points)]
        self._bodies: list[QRectF] = []
        self._pills: list[QRectF] = []
        self._stacks: list[QRectF] = []
        self._states: dict[str, list[QPointF]] = {}
        self._bars: dict[str, tuple[QBrush, list[QRectF]]] = {}
        self._outlined: list[tuple[QPen, list[QRectF]]] = []
        self._titles: list[tuple[float, float, str]] = []
        self._badges: list[tuple[QPointF, str, QColor]] = []
        rings: dict[str, tuple[QColor, list[QRectF]]] = {}
        for item in scene.node_items.values():
            position = item.pos()
            rect = QRectF(position.x(), position.y(), *item.node.size)
            group = item.node.group
            if group == INPUT_GROUP:
                self._pills.append(rect)
            else:
                self._bodies.append(rect)
                bar = QRectF(rect.x(), rect.y(), 16, rect.height())
                self._bars.setdefault(group, (looks.group(group), []))[1].append(bar)
            if group == FOLDED:
                self._stacks.append(QRectF(rect.x() + 12, rect.bottom(), rect.width() - 24, 12))
            state = item.facts.state
            if state != "ok":
                self._states.setdefault(state, []).append(rect.topRight())
            if item.chosen:
                rings.setdefault("accent", (looks.accent, []))[1].append(rect)
            elif state in ("error", "warning"):
                rings.setdefault(state, (looks.state[state], []))[1].append(rect)
            if item.mark is not None:
                name = item.mark.color
                tint = looks.accent if name == "accent" else looks.state[name]
                rings.setdefault(f"mark {name}", (tint, []))[1].append(
                    rect.adjusted(-10, -10, 10, 10)
                )
                beside = QPointF(rect.right() + 24, rect.center().y())
                self._badges.append((beside, item.mark.badge, tint))
            title = looks.far_title(item.node.title)
            self._titles.append((rect.x(), rect.center().y(), title))
        for color, rects in rings.values():
            pen = QPen(color, 3)
            pen.setCosmetic(True)
            self._outlined.append((pen, rects))

    def paint(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        """Draw a part of it with a painter in scene coordinates."""
        painter.fillRect(exposed, self._looks.window)
        self._paint_forms(painter, zoom)
        if zoom >= metrics.TITLES:
            self._paint_words(painter, exposed)
        self._paint_states(painter, exposed, zoom)

    def paint_map(self, painter: QPainter, area: QRectF, zoom: float) -> None:
        """Draw all of it on the ground that is there, without its words."""
        self._paint_forms(painter, zoom)
        self._paint_states(painter, area, zoom)

    def _paint_forms(self, painter: QPainter, zoom: float) -> None:
        looks = self._looks
        for rect, fill in self._frames:
            painter.fillRect(rect, fill)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for kind, color, width in (
            ("plain", looks.edge_color, 1.0),
            ("bad", looks.state["error"], 2.0),
            ("chosen", looks.accent, 2.0),
        ):
            pen = QPen(color, width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines(self._lines[kind])
        painter.setPen(Qt.PenStyle.NoPen)
        if zoom >= TINY:
            thin = QPen(looks.node_border)
            thin.setCosmetic(True)
            painter.setPen(thin)
            painter.setBrush(looks.raised)
            painter.drawRects(self._stacks)
            for pill in self._pills:
                painter.drawRoundedRect(pill, pill.height() / 2, pill.height() / 2)
            painter.setBrush(looks.surface)
            painter.drawRects(self._bodies)
            painter.setPen(Qt.PenStyle.NoPen)
        else:
            painter.setBrush(looks.group(INPUT_GROUP))
            painter.drawRects(self._pills)
        for brush, bars in self._bars.values():
            painter.setBrush(brush)
            painter.drawRects(bars if zoom >= TINY else [_whole(bar) for bar in bars])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, rects in self._outlined:
            painter.setPen(pen)
            painter.drawRects(rects)

    def _paint_words(self, painter: QPainter, exposed: QRectF) -> None:
        looks = self._looks
        painter.setPen(looks.text)
        painter.setFont(looks.far_font)
        drop = looks.far_metrics.ascent() * 0.36
        left, right = exposed.left() - metrics.NODE_WIDTH, exposed.right()
        top, bottom = exposed.top() - metrics.NODE_HEIGHT, exposed.bottom() + drop
        bottom += metrics.NODE_HEIGHT
        for x, middle, title in self._titles:
            if left <= x <= right and top <= middle <= bottom:
                painter.drawText(QPointF(x + 24, middle + drop), title)
        for place, badge, tint in self._badges:
            painter.setPen(tint)
            painter.drawText(place + QPointF(0, drop), badge)

    def _paint_states(self, painter: QPainter, exposed: QRectF, zoom: float) -> None:
        """Put a badge at the corner of what is not in order, of one size at any zoom."""
        side = _SMALL_BADGE if zoom < _SMALL else _BADGE
        ratio = painter.device().devicePixelRatioF()
        reach = side / zoom
        near = exposed.adjusted(-reach, -reach, reach, reach)
        for state in _WORST_LAST:
            icon = self._looks.badge(state, round(side * ratio))
            source, size = QRectF(icon.rect()), QSizeF(reach, reach)
            for corner in self._states.get(state, ()):
                if near.contains(corner):
                    place = corner - QPointF(reach / 2, reach / 2)
                    painter.drawPixmap(QRectF(place, size), icon, source)


def _whole(bar: QRectF) -> QRectF:
    return QRectF(bar.x(), bar.y(), metrics.NODE_WIDTH, bar.height())
