"""Pens, brushes, fonts and icons of the canvas, made of the theme's colours once and kept."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from graphspec_gui.canvas import metrics
from graphspec_gui.theme import theme

_SERIES = {
    "Convolution": 0,
    "Dense": 1,
    "Activation": 2,
    "Pooling": 3,
    "Normalisation": 4,
    "Merge": 5,
    "Shape": 6,
    "Loss": 7,
    "Gate": 5,
    "Sequence": 1,
}
STATES = ("ok", "advice", "warning", "error")
STATE_WORDS = {"ok": "no problems", "advice": "advice", "warning": "warning", "error": "problem"}


class Looks:
    """What the canvas paints with; made anew when the theme changes."""

    def __init__(self) -> None:
        now = theme()
        colors = now.colors
        self.dark = colors.dark
        self.window = QColor(colors.window)
        self.surface = QBrush(QColor(colors.surface))
        self.raised = QBrush(QColor(colors.raised))
        self.grid = _mixed(colors.window, colors.border, 0.75)
        self.text = QPen(QColor(colors.text))
        self.muted = QPen(QColor(colors.muted))
        self.accent = QColor(colors.accent)
        self.on_accent = QColor(colors.on_accent)
        self.accent_soft = QColor(colors.accent_soft)
        self.node_border = QPen(_mixed(colors.border, colors.outline, 0.35), 1.0)
        self.hover_border = QPen(QColor(colors.outline), 1.5)
        self.selected_border = QPen(self.accent, 2.5)
        self.focus_border = QPen(self.accent, 1.5, Qt.PenStyle.DashLine)
        self.edge_color = _mixed(colors.outline, colors.surface, 0.15)
        self.edge = _round(QPen(self.edge_color, 1.5))
        self.edge_selected = _round(QPen(self.accent, 2.5))
        self.edge_error = _round(QPen(QColor(colors.error), 2.0))
        self.frame_border = QPen(QColor(colors.border), 1.0)
        self.frame_selected = QPen(self.accent, 1.5)
        self.frame_fill = (
            QBrush(_mixed(colors.window, colors.raised, 0.55)),
            QBrush(_mixed(colors.window, colors.surface, 0.6)),
        )
        self.state = {name: QColor(colors.state(name)) for name in STATES}
        self.soft = {name: QColor(colors.soft(name)) for name in STATES}
        self.state_border = {name: QPen(self.state[name], 1.5) for name in STATES}
        self.title_font = now.font("strong")
        self.text_font = now.font("caption")
        self.port_font = QFont(self.text_font)
        self.port_font.setPixelSize(10)
        self.far_font = QFont(self.title_font)
        self.far_font.setPixelSize(30)
        for font in (self.title_font, self.text_font, self.port_font, self.far_font):
            # The glyphs of a scaled scene must not snap to whole pixels, or words would jump.
            font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        self.title_metrics = QFontMetricsF(self.title_font)
        self.text_metrics = QFontMetricsF(self.text_font)
        self.port_metrics = QFontMetricsF(self.port_font)
        self.far_metrics = QFontMetricsF(self.far_font)
        self._groups: dict[str, QBrush] = {}
        self._series = colors.series
        self._plain = QColor(colors.outline)
        self._far_titles: dict[str, str] = {}
        self._icons: dict[tuple[str, int], QPixmap] = {}

    def group(self, name: str) -> QBrush:
        """The colour of a group of layers; inputs and folded groups are plain."""
        found = self._groups.get(name)
        if found is None:
            at = _SERIES.get(name)
            color = self._plain if at is None else QColor(self._series[at % len(self._series)])
            found = self._groups[name] = QBrush(color)
        return found

    def far_title(self, title: str) -> str:
        """A title cut to what a node has room for when it is seen from afar."""
        found = self._far_titles.get(title)
        if found is None:
            room, mode = metrics.NODE_WIDTH - 28, Qt.TextElideMode.ElideRight
            found = self.far_metrics.elidedText(title, mode, room)
            self._far_titles[title] = found
        return found

    def icon(self, state: str, pixels: int) -> QPixmap:
        """The icon of a state, at a size in device pixels."""
        key = (state, pixels)
        found = self._icons.get(key)
        if found is None:
            found = QPixmap(pixels, pixels)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            theme().state_icon(state).paint(painter, QRect(0, 0, pixels, pixels))
            painter.end()
            self._icons[key] = found
        return found

    def badge(self, state: str, pixels: int) -> QPixmap:
        """The icon of a state on a disc of its soft colour, at a size in device pixels."""
        key = (f"{state} badge", pixels)
        found = self._icons.get(key)
        if found is None:
            found = QPixmap(pixels, pixels)
            found.fill(Qt.GlobalColor.transparent)
            inset = max(1, pixels // 8)
            painter = QPainter(found)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.state[state], pixels / 16))
            painter.setBrush(self.soft[state])
            painter.drawEllipse(found.rect().adjusted(1, 1, -1, -1))
            inside = found.rect().adjusted(inset, inset, -inset, -inset)
            theme().state_icon(state).paint(painter, inside)
            painter.end()
            self._icons[key] = found
        return found


def _mixed(one: str, other: str, share: float) -> QColor:
    """A colour between two: ``share`` of the second."""
    a, b = QColor(one), QColor(other)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )


def _round(pen: QPen) -> QPen:
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
