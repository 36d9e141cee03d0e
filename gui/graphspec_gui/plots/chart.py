"""One chart: curves of one or many runs over the same x axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from graphspec.inspect.pictures.curves import CurvesPicture, Line
from graphspec_gui.buttons import IconButton
from graphspec_gui.plots.axis import Axis
from graphspec_gui.plots.curves import Curve, Mark, RunningMean, nearest
from graphspec_gui.plots.extremes import Extremes
from graphspec_gui.plots.legend import Entry, Legend
from graphspec_gui.theme import plain_tip, space, theme

_WRITTEN = 2_000
"""Columns of points to which a curve is reduced in an exported picture."""
_FAINT = 0.3
"""How much is left of the colour of a raw line behind its smoothed one."""
_MARK_ROWS, _MARKS_TOLD = 4, 8
"""Of more marks, each is told by the tooltip of its line alone."""
_DASHED = 500
"""Points of a curve that is dashed at the most; a longer one is pale instead."""
_PALE = 0.5
_DOT = 5
"""Pixels across a point that stands alone."""
_DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)


class Chart(QWidget):
    """Curves with a crosshair that tells their values, marks, and axes that may be logarithmic.

    Millions of points are drawn as the lowest and highest of each column of pixels.
    """

    picked = Signal(str)
    """The run whose curve was clicked, by its key."""
    export_wanted = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.setAccessibleName(title)
        self._curves: dict[tuple[str, str], Curve] = {}
        self._lines: dict[tuple[str, str], tuple[Any, Any]] = {}
        self._means: dict[tuple[str, str], RunningMean] = {}
        self._extremes: dict[tuple[str, str], tuple[Extremes, Extremes]] = {}
        self._marks: tuple[Mark, ...] = ()
        self._mark_lines: list[Any] = []
        self._weight = 0.0
        self._label = ("", "")
        self._log = (False, False)
        self.heading = QLabel(title, self)
        self.heading.setFont(theme().font("strong"))
        self.readout = QLabel("", self)
        self.readout.setTextFormat(Qt.TextFormat.PlainText)
        self.readout.setProperty("muted", True)
        self.readout.setFont(theme().font("caption"))
        self.legend = Legend(self)
        axes = {name: Axis(name) for name in ("bottom", "left")}
        self.plot = pg.PlotWidget(self, axisItems=axes, enableMenu=False)
        self.plot.setAccessibleName(f"{title}, chart")
        self.plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.plot.hideButtons()
        self._item = self.plot.getPlotItem()
        self._item.vb.sigXRangeChanged.connect(self._moved)
        self._item.vb.sigResized.connect(self._redraw)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._cross.setVisible(False)
        self._item.addItem(self._cross, ignoreBounds=True)
        self._empty = QLabel("Nothing to draw yet.", self.plot)
        self._empty.setProperty("muted", True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(space(1), space(1), space(1), 0)
        column.setSpacing(space(0.5))
        top = QHBoxLayout()
        top.addWidget(self.heading)
        top.addStretch(1)
        top.addWidget(self.readout)
        self.save = IconButton("mdi6.export-variant", f"Export {title.lower()}…", self)
        self.save.clicked.connect(lambda: self.export_wanted.emit())
        top.addWidget(self.save)
        column.addLayout(top)
        column.addWidget(self.legend)
        column.addWidget(self.plot, 1)
        self.plot.scene().sigMouseMoved.connect(self._hover)
        theme().changed.connect(self._paint)
        self._paint()

    @property
    def curves(self) -> Sequence[Curve]:
        """What is drawn."""
        return tuple(self._curves.values())

    def set_curves(self, curves: Sequence[Curve], marks: Sequence[Mark] = ()) -> None:
        """Draw these, and nothing else; the zoom is kept where the user has set one."""
        wanted = {curve.key: curve for curve in curves}
        for key in [key for key in self._lines if key not in wanted]:
            self._forget(key)
            for line in self._lines.pop(key):
                self._item.removeItem(line)
        for key, curve in wanted.items():
            old = self._curves.get(key)
            if key not in self._lines:
                self._lines[key] = self._make_lines(curve)
            if old is None or _look(old) != _look(curve):
                self._pen(curve)
            if old is None or not _goes_on(old, curve):
                self._forget(key)
            if old is None or len(old.x) != len(curve.x) or not _goes_on(old, curve):
                self._set_data(curve)
        self._curves = wanted
        if tuple(marks) != self._marks:
            self._marks = tuple(marks)
            self._set_marks()
        empty = not any(len(curve.x) for curve in curves)
        self._empty.setVisible(empty)
        self.save.setVisible(not empty)
        # Now, and not while it is painted, after which the axes would be painted once more.
        self._item.vb.updateAutoRange()
        self._open_up()
        if not self._cross.isVisible():
            self._tell_latest()

    def set_smoothing(self, weight: float) -> None:
        """Smooth the noisy curves; the raw ones stay behind, faint."""
        if weight != self._weight:
            self._weight = weight
            for curve in self._curves.values():
                self._forget(curve.key)
                self._pen(curve)
                self._set_data(curve)

    def set_log(self, *, x: bool, y: bool) -> None:
        """Make axes logarithmic; points at or below 0 are left out there."""
        if (x, y) != self._log:
            self._log = (x, y)
            self._leave()
            self._item.setLogMode(x=x, y=y)
            for curve in self._curves.values():
                self._forget(curve.key)
                self._set_data(curve)
            self._set_marks()
            self.fit()

    def set_x_label(self, text: str) -> None:
        """Name the x axis."""
        size, color = f"{theme().font('caption').pixelSize()}px", theme().colors.muted
        if (text, color) != self._label:
            if text != self._label[0]:
                self._leave()
            self._label = text, color
            self._item.setLabel("bottom", text, **{"font-size": size, "color": color})

    def picture(self) -> CurvesPicture:
        """What is shown, for a file: as far as it is zoomed, with every curve in the legend."""
        view = self._item.vb
        span, (x, y) = self._span(), view.viewRange()
        if self._log[1]:
            y = [10 ** y[0], 10 ** y[1]]
        whole = all(view.autoRangeEnabled())
        lines = []
        for curve in self._in_order():
            raw = Extremes().points(curve.x, curve.y, span, _WRITTEN)
            smoothed = None
            if self._smooths(curve):
                mean = RunningMean(self._weight).of(curve.y)
                smoothed = Extremes().points(curve.x, mean, span, _WRITTEN)
            shown, behind = (raw, None) if smoothed is None else (smoothed, raw)
            lines.append(Line(curve.told, *shown, curve.color, curve.dash, behind))
        return CurvesPicture(
            lines,
            self.title,
            self._label[0],
            marks=[(mark.x, mark.text, mark.color) for mark in self._marks],
            log=self._log,
            view=None if whole else (self._x_range(x), (y[0], y[1])),
        )

    def fit(self) -> None:
        """Show everything again after a zoom."""
        self._item.enableAutoRange()
        self._redraw()

    def values_at(self, x: float) -> dict[str, tuple[float, float]]:
        """For every curve by name the point nearest to ``x``, as the crosshair tells them."""
        found = {}
        for curve in self._curves.values():
            at = nearest(curve.x, x)
            if at is not None:
                found[curve.told] = (float(curve.x[at]), float(curve.y[at]))
        return found

    def resizeEvent(self, event: Any) -> None:
        """Keep the hint in the middle; a high chart has room for more of the legend."""
        super().resizeEvent(event)
        self.legend.set_lines(2 if self.height() < space(34) else 4)
        self._empty.setGeometry(self.plot.rect())

    def leaveEvent(self, event: Any) -> None:
        """Take the crosshair away."""
        super().leaveEvent(event)
        self._leave()

    def _leave(self) -> None:
        self._cross.setVisible(False)
        self._tell_latest()

    def _make_lines(self, curve: Curve) -> tuple[Any, Any]:
        lines = tuple(
            pg.PlotDataItem(
                connect="finite",
                skipFiniteCheck=False,
                antialias=False,
                symbolSize=_DOT,
                symbolPen=None,
            )
            for _ in range(2)
        )
        for line in lines:
            line.setCurveClickable(True, width=space(1))
            line.sigClicked.connect(lambda *_, run=curve.key[0]: self.picked.emit(run))
            self._item.addItem(line)
        return lines[0], lines[1]

    def _open_up(self) -> None:
        """Show a line that stays where it is in its own scale: by itself it is given ±0.5."""
        curves = [curve for curve in self._curves.values() if len(curve.y)]
        view = self._item.vb
        # Noisy ones are long, and never stay.
        if not curves or self._log[1] or any(curve.noisy for curve in curves):
            return
        low, high = (pick([pick(curve.y) for curve in curves]) for pick in (np.min, np.max))
        if low == high != 0 and view.autoRangeEnabled()[1]:
            view.setRange(yRange=(0, 2 * low), padding=0, disableAutoRange=False)

    def _smooths(self, curve: Curve) -> bool:
        return curve.noisy and self._weight > 0

    def _pen(self, curve: Curve) -> None:
        raw, smoothed = self._lines[curve.key]
        series = theme().colors.series
        color = QColor(series[curve.color % len(series)])
        style = _style(curve)
        if curve.dash and style == Qt.PenStyle.SolidLine:
            color = _paler(color, _PALE)
        faint = _paler(color, _FAINT)
        # A line of more than one pixel is drawn by a far slower path: docs/figures.md.
        raw.setPen(pg.mkPen(faint if self._smooths(curve) else color, width=1, style=style))
        smoothed.setPen(pg.mkPen(color, width=1, style=style))
        smoothed.setVisible(self._smooths(curve))
        for line, height in ((raw, 0), (smoothed, 1)):
            line.setZValue(height + 2 * curve.front)
            line.setSymbolBrush(line.opts["pen"].color())

    def _set_data(self, curve: Curve) -> None:
        raw, smoothed = self._lines[curve.key]
        x, y = curve.x, curve.y
        if self._log[0]:
            x = np.where(x > 0, x, np.nan)
        if self._log[1]:
            y = np.where(y > 0, y, np.nan)
        if self._log[0]:
            kept = np.isfinite(x)
            x, y = x[kept], y[kept]
        for line in (raw, smoothed):
            # There is no line through one point: the first step, or the evaluation of one epoch.
            line.setSymbol("o" if len(x) == 1 else None)
        extremes = self._extremes.setdefault(curve.key, (Extremes(), Extremes()))
        span, columns = self._span(), max(1, round(self._item.vb.width()))
        raw.setData(*extremes[0].points(x, y, span, columns))
        if self._smooths(curve):
            mean = self._means.setdefault(curve.key, RunningMean(self._weight))
            smoothed.setData(*extremes[1].points(x, mean.of(y), span, columns))

    def _span(self) -> tuple[float, float] | None:
        """The part of the x axis that the user has zoomed to; None while all of it is shown."""
        if self._item.vb.autoRangeEnabled()[0]:
            return None
        return self._x_range(self._item.vb.viewRange()[0])

    def _x_range(self, seen: Sequence[float]) -> tuple[float, float]:
        low, high = seen
        return (10**low, 10**high) if self._log[0] else (low, high)

    def _in_order(self) -> list[Curve]:
        """The curves of the run in front first: they are told where there is not room for all."""
        return sorted(self._curves.values(), key=lambda curve: not curve.front)

    def _forget(self, key: tuple[str, str]) -> None:
        """Work a curve out anew: it does not go on from what it was."""
        self._means.pop(key, None)
        self._extremes.pop(key, None)

    def _moved(self) -> None:
        if self._span() is not None:
            self._redraw()

    def _redraw(self) -> None:
        """Draw what is seen now as finely as it can be."""
        for curve in self._curves.values():
            self._set_data(curve)

    def _set_marks(self) -> None:
        for line in self._mark_lines:
            self._item.removeItem(line)
        self._mark_lines = []
        colors = theme().colors
        series = colors.series
        ground = QColor(colors.surface)
        ground.setAlpha(150)
        told = len(self._marks) <= _MARKS_TOLD
        for i, mark in enumerate(self._marks):
            if self._log[0] and mark.x <= 0:
                continue
            x = np.log10(mark.x) if self._log[0] else mark.x
            color = QColor(series[mark.color % len(series)])
            line = pg.InfiniteLine(
                x,
                angle=90,
                pen=pg.mkPen(color, width=1, style=Qt.PenStyle.DotLine),
                label=mark.text if told else None,
                labelOpts={
                    # In turns, so that the words of changes soon after one another can be read.
                    "position": 0.92 - 0.2 * (i % _MARK_ROWS),
                    "color": colors.text,
                    "fill": ground,
                    "anchors": [(0, 0.5), (1, 0.5)],
                },
            )
            if told:
                line.label.setFont(theme().font("caption"))
            line.setToolTip(plain_tip(mark.text))
            self._item.addItem(line, ignoreBounds=True)
            self._mark_lines.append(line)

    def _hover(self, position: QPointF) -> None:
        if not self._item.sceneBoundingRect().contains(position) or not self._curves:
            return
        place = self._item.vb.mapSceneToView(position).x()
        self._cross.setPos(place)
        self._cross.setVisible(True)
        x = 10**place if self._log[0] else place
        what = self._label[0]
        # There is nothing between two steps.
        x = round(x) if what == "step" else x
        found = self.values_at(x)
        self.readout.setText(f"{what} {x:,d}" if isinstance(x, int) else f"{what} {x:,.4g}")
        self._tell({name: y for name, (_, y) in found.items()})

    def _tell_latest(self) -> None:
        self.readout.setText("")
        self._tell({c.told: float(c.y[-1]) for c in self._curves.values() if len(c.y)})

    def _tell(self, values: dict[str, float]) -> None:
        self.legend.set_entries(
            [
                Entry(
                    curve.name,
                    f"{values[curve.told]:.4g}" if curve.told in values else "",
                    curve.color,
                    _style(curve),
                    curve.run,
                    curve.front,
                )
                for curve in self._in_order()
            ]
        )

    def _paint(self) -> None:
        colors = theme().colors
        self.plot.setBackground(colors.surface)
        for name in ("bottom", "left"):
            axis = self._item.getAxis(name)
            axis.setPen(pg.mkPen(colors.border))
            axis.setTextPen(pg.mkPen(colors.muted))
            font = QFont(theme().font("caption"))
            axis.setTickFont(font)
            # Lines for the numbers alone: those between them took most of the time of a picture.
            axis.setStyle(maxTickLevel=0)
        self._item.showGrid(x=True, y=True, alpha=0.15)
        self._cross.setPen(pg.mkPen(colors.outline, width=1))
        for curve in self._curves.values():
            self._pen(curve)
        self._set_marks()


def _paler(color: QColor, share: float) -> QColor:
    """A colour mixed with the ground; one that is seen through is drawn ten times as slowly."""
    ground = theme().color("surface")
    rest = 1 - share
    return QColor.fromRgbF(
        share * color.redF() + rest * ground.redF(),
        share * color.greenF() + rest * ground.greenF(),
        share * color.blueF() + rest * ground.blueF(),
    )


def _style(curve: Curve) -> Qt.PenStyle:
    """Dashes tell few points apart; along many they are a blur, and take seconds to draw."""
    if len(curve.x) > _DASHED:
        return Qt.PenStyle.SolidLine
    return _DASHES[curve.dash % len(_DASHES)]


def _look(curve: Curve) -> tuple[int, int, Qt.PenStyle, bool]:
    return curve.color, curve.dash, _style(curve), curve.front


def _goes_on(old: Curve, new: Curve) -> bool:
    """Whether a curve begins as it was: the same run, on the same x axis, perhaps longer."""
    size = len(old.x)
    return size == 0 or (
        len(new.x) >= size
        and bool(new.x[0] == old.x[0] and new.x[size - 1] == old.x[-1])
        and bool(np.array_equal(new.y[size - 1], old.y[-1], equal_nan=True))
    )
