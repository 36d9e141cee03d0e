"""The plots dock: what the runs that are shown have done so far."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.actions import StudioAction
from graphspec_gui.export_dialog import ExportDialog
from graphspec_gui.message import Message
from graphspec_gui.panel import Panel
from graphspec_gui.plots.curves import X_AXES, Curve, Mark, XAxis, x_of
from graphspec_gui.plots.groups import GROUPS, Group
from graphspec_gui.plots.writing import ENDINGS, Page, save
from graphspec_gui.runs.shown import ShownRun, ShownRuns
from graphspec_gui.theme import space
from graphspec_gui.viewers.looks import Looks
from graphspec_gui.viewers.waiting import Waiting

if TYPE_CHECKING:
    from graphspec_gui.plots.chart import Chart

NO_RUN = "No run is shown. Train a network with Ctrl+Enter, or open a run from the Runs dock."
FRAME = 200
"""Milliseconds between two drawings of curves that grow, where drawing is quick."""
TURN = 20
"""Milliseconds between what is done for the first time: what was done before is painted by then."""
LONG = 300
"""Milliseconds of an export after which it is shown how far it is."""
_SHARE, _SLOWEST = 0.01, 4_000
_TALL, _LOW = space(28), space(20)
"""How high a chart is where there is room for several rows, and at the least."""
_SMOOTHEST = 99
_CALM = ("train/rate", "train/momentum")
_LABELS: dict[XAxis, str] = {"step": "step", "epoch": "epoch", "time": "seconds"}


class PlotsPanel(Panel):
    """Charts of all runs that are shown, drawn again at most five times a second.

    Args:
        runs: the runs.
        parent: who owns it.
    """

    follows = ()

    def __init__(self, runs: ShownRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = runs
        self._made: list[Chart] = []
        self._behind: set[Chart] = set()
        self._linked: set[ShownRun] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FRAME)
        self._timer.timeout.connect(self._draw)
        self._looks = Looks(self)
        runs.closed.connect(self._looks.close)
        self._build()
        runs.changed.connect(self._runs_changed)
        runs.current_changed.connect(self._later)
        self._runs_changed()

    @property
    def charts(self) -> Sequence[Chart]:
        """One for each of ``GROUPS``; made one after the other when there is a run to show."""
        while len(self._made) < len(GROUPS):
            self._make_chart()
        return self._made

    @property
    def x_axis(self) -> XAxis:
        """What is on the x axis."""
        return X_AXES[self._axis.currentIndex()]

    def refresh(self) -> None:
        """Draw what has been read since."""
        self._say()
        if len(self.runs) == 0:
            self._behind.clear()
            for chart in self._made:
                chart.set_curves(())
            return
        self._behind = set(self._made)
        self._catch_up()

    def _say(self) -> None:
        """Say what is missing where there is nothing to draw, and why there is nothing to do."""
        names = [item.name for item in self.runs]
        loading = bool(names) and not any(item.follower.opened for item in self.runs)
        self._hint.setText(f"Loading {', '.join(names)}…" if loading else NO_RUN)
        self._hint.setVisible(loading or not names)
        self._area.setVisible(not self._hint.isVisibleTo(self))
        why = "It is still being loaded." if loading else None if names else "No run is shown."
        self.fit_all.allow(why)
        if self._looks.asks("export"):
            why = "What was asked for last is still being written."
        self.save.allow(why)
        for chart in self._made:
            chart.save.setEnabled(why is None)

    def _catch_up(self) -> None:
        """Draw the charts that can be seen; one that is scrolled away can wait until it is not.

        What takes longest, to make a chart and to draw one for the first time, is done in a turn
        of the event loop each.
        """
        seen = [chart for chart in self._made if not chart.visibleRegion().isEmpty()]
        for chart in self._behind.intersection(seen):
            new = not chart.curves
            self._draw_chart(chart)
            if new and chart.curves:
                QTimer.singleShot(TURN, self, self._catch_up)
                return
        if len(self.runs) and len(self._made) < len(GROUPS):
            self._make_chart()
            QTimer.singleShot(TURN, self, self._catch_up)

    def _make_chart(self) -> None:
        # Only now, as it brings pyqtgraph.
        from graphspec_gui.plots.chart import Chart

        chart = Chart(GROUPS[len(self._made)].title, self)
        chart.picked.connect(self._pick)
        chart.export_wanted.connect(lambda: self._ask_export(chart))
        chart.setMinimumWidth(space(30))
        chart.set_smoothing(self._smoothing.value() / 100)
        chart.set_log(x=self.log_x.isChecked(), y=self.log_y.isChecked())
        self._made.append(chart)
        self._behind.add(chart)
        self._arrange()

    def _draw_chart(self, chart: Chart) -> None:
        self._behind.discard(chart)
        group = GROUPS[self._made.index(chart)]
        shown = [item for item in self.runs if item.visible]
        marks = tuple(self._marks(shown)) if group.title in ("Loss", "Learning rate") else ()
        chart.set_curves(tuple(self._curves(group, shown)), marks)
        chart.set_x_label(_LABELS[self.x_axis])

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        bar.setSpacing(space(1))
        self._axis = QComboBox(self)
        self._axis.addItems([name.capitalize() for name in X_AXES])
        self._axis.setAccessibleName("X axis")
        self._axis.setToolTip("What is on the x axis")
        self._axis.currentIndexChanged.connect(self._axis_changed)
        self._smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self._smoothing.setRange(0, _SMOOTHEST)
        self._smoothing.setAccessibleName("Smoothing")
        self._smoothing.setToolTip("How much of the running mean each point keeps")
        self._smoothing.setMinimumWidth(space(10))
        self._smoothing.setMaximumWidth(space(20))
        self._amount = QLabel("0.00", self)
        self._amount.setProperty("muted", True)
        self._smoothing.valueChanged.connect(self._smoothing_changed)
        self.log_x = self._switch("plots.log_x", "Logarithmic x axis", "Log x")
        self.log_y = self._switch("plots.log_y", "Logarithmic y axis", "Log y")
        fit = self.fit_all = StudioAction(
            "plots.fit", "Show all of every curve", self._fit, self, icon="mdi6.fit-to-page-outline"
        )
        save = self.save = StudioAction(
            "plots.export", "Export the charts…", self._ask_export, self, icon="mdi6.export-variant"
        )
        for action in (self.log_x, self.log_y, fit, save):
            self.addAction(action)
        label = QLabel("Smoothing", self)
        label.setProperty("muted", True)
        for widget in (self._axis, label, self._smoothing, self._amount):
            bar.addWidget(widget)
        for action in (self.log_x, self.log_y):
            bar.addWidget(self._button(action))
        bar.addStretch(1)
        for action in (fit, save):
            bar.addWidget(self._button(action))
        column.addLayout(bar)
        self.writing = QWidget(self)
        row = QHBoxLayout(self.writing)
        row.setContentsMargins(space(1.5), 0, space(1.5), space(1))
        self.waiting = Waiting("Points written", self.writing)
        self.cancel = QPushButton("Cancel", self.writing)
        self.cancel.clicked.connect(self._cancel)
        row.addWidget(QLabel("Exporting", self.writing))
        row.addWidget(self.waiting)
        row.addWidget(self.cancel)
        row.addStretch(1)
        self.writing.hide()
        self._long = QTimer(self)
        self._long.setSingleShot(True)
        self._long.timeout.connect(self.writing.show)
        column.addWidget(self.writing)
        self._hint = QLabel(NO_RUN, self)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.setProperty("muted", True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setContentsMargins(space(3), space(3), space(3), space(3))
        column.addWidget(self._hint, 1)
        page = QWidget(self)
        page.setObjectName("page")
        self._grid = QGridLayout(page)
        self._grid.setContentsMargins(space(0.5), 0, space(0.5), space(1))
        self._grid.setVerticalSpacing(space(0.5))
        self._area = QScrollArea(self)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(page)
        self._area.verticalScrollBar().valueChanged.connect(self._catch_up)
        column.addWidget(self._area, 1)
        self._columns = 0
        self._area.viewport().installEventFilter(self)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As many charts beside each other, and above, as there is room for."""
        if event.type() == QEvent.Type.Resize:
            self._arrange()
            QTimer.singleShot(0, self, self._catch_up)
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        columns = max(1, min(3, self.width() // space(42)))
        # A low dock shows one row, whole; a high one as many as there is room for.
        room = self._area.viewport().height() - space(1)
        rows = min(max(1, room // _TALL), -(-len(GROUPS) // columns))
        for chart in self._made:
            chart.setFixedHeight(max(_LOW, room // rows - self._grid.verticalSpacing()))
        for column in range(3):
            # The first chart does not take the room of those that will stand beside it.
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        placed = self._grid.count() if columns == self._columns else 0
        self._columns = columns
        for i, chart in enumerate(self._made[placed:], placed):
            self._grid.addWidget(chart, i // columns, i % columns)

    def _switch(self, name: str, text: str, short: str) -> StudioAction:
        action = StudioAction(name, text, lambda _: self._log_changed(), self, checkable=True)
        action.setIconText(short)
        return action

    def _button(self, action: StudioAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAccessibleName(action.text())
        if action.icon().isNull():
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setProperty("outlined", True)
        return button

    def _curves(self, group: Group, shown: list[ShownRun]) -> Iterator[Curve]:
        several = len(self.runs) > 1
        for item in shown:
            history = item.follower.history
            for i, tag, words in group.among(history.series):
                series = history.series[tag]
                yield Curve(
                    key=(str(item.run.path), tag),
                    name=words,
                    x=x_of(series, self.x_axis, history.begun or 0.0),
                    y=series.values,
                    # Many runs: a colour each. One run: a colour for each of its curves.
                    color=item.color if several else i,
                    dash=i if several else 0,
                    noisy=tag.startswith("train/") and tag not in _CALM,
                    run=item.name if several else "",
                    front=several and item is self.runs.current,
                )

    def _marks(self, shown: list[ShownRun]) -> Iterator[Mark]:
        for item in shown:
            history = item.follower.history
            for change in history.changes:
                if change.field == "paused":
                    continue
                place = {
                    "step": float(change.step),
                    "epoch": change.epoch,
                    "time": change.time - (history.begun or 0.0),
                }[self.x_axis]
                yield Mark(place, f"{change.what} {change.value:g}", item.color)

    def _runs_changed(self) -> None:
        now = set(self.runs)
        for item in now - self._linked:
            item.follower.advanced.connect(self._later)
            item.follower.restarted.connect(self._later)
            item.follower.status_changed.connect(self._later)
        self._linked = now
        self._say()
        self._later()

    def _draw(self) -> None:
        begun = time.perf_counter()
        self.touch()

        def painted() -> None:
            # So much of the time goes into drawing, however slow the machine or busy its cores: a
            # training loses what it takes.
            cost = 1000 * (time.perf_counter() - begun)
            self._timer.setInterval(round(min(max(FRAME, cost / _SHARE), _SLOWEST)))

        # After the painting, which has been asked for by now.
        QTimer.singleShot(0, self, painted)

    def _later(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _axis_changed(self) -> None:
        self.refresh()
        self._fit()

    def _smoothing_changed(self, value: int) -> None:
        self._amount.setText(f"{value / 100:.2f}")
        for chart in self._made:
            chart.set_smoothing(value / 100)

    def _log_changed(self) -> None:
        for chart in self._made:
            chart.set_log(x=self.log_x.isChecked(), y=self.log_y.isChecked())

    def _fit(self) -> None:
        for chart in self._made:
            chart.fit()

    def _pick(self, path: str) -> None:
        for item in self.runs:
            if str(item.run.path) == path:
                self.runs.bring_to_front(item)

    def _ask_export(self, one: Chart | None = None) -> None:
        """Ask where to, and write one chart, or each of them into a file of its own."""

        def charts() -> list[Chart]:
            found = [one] if one else self.charts
            for chart in self._behind.intersection(found):
                self._draw_chart(chart)
            return [chart for chart in found if chart.curves]

        def place(chart: Chart, path: Path) -> Path:
            stem = path.stem if one else f"{path.stem}-{_file_name(chart.title)}"
            return path.with_stem(stem)

        def write(path: Path) -> None:
            x = _LABELS[self.x_axis]
            pages = [Page(place(c, path), x, c.curves, c.picture()) for c in charts()]
            self.waiting.begin()
            self._long.start(LONG)
            self._looks.ask("export", lambda: save(pages), self._told, self._written)
            self._say()

        ExportDialog(
            f"Export {one.title.lower()}" if one else "Export the charts",
            _file_name(one.title) if one else "plots",
            ENDINGS,
            write,
            self,
            lambda path: [place(chart, path) for chart in charts()],
        )

    def _told(self, share: object) -> None:
        assert isinstance(share, float)
        self.waiting.tell(share)

    def _cancel(self) -> None:
        self._looks.cancel("export")
        self._written("")

    def _written(self, trouble: str) -> None:
        self._long.stop()
        self.waiting.end()
        self.writing.hide()
        self._say()
        if trouble:
            words = "The charts cannot be written."
            Message("error", "charts_not_written", words, trouble, self).exec()


def _file_name(title: str) -> str:
    return title.lower().replace(" ", "-")
