"""One chart and its parts: means, extremes, axes and the legend."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from graphspec_gui.plots.axis import Axis
from graphspec_gui.plots.chart import Chart
from graphspec_gui.plots.curves import Curve, Mark, RunningMean, nearest
from graphspec_gui.plots.extremes import Extremes
from graphspec_gui.plots.legend import Entry, Legend
from graphspec_gui.theme import theme
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

NUMBERS = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]), max_size=700)


@given(NUMBERS, st.floats(0, 0.99), st.lists(st.integers(0, 700), max_size=4))
def test_a_running_mean_is_its_formula_however_it_is_fed(values, weight, cuts):
    x = np.array(values, dtype=np.float64)
    mean = RunningMean(weight)
    for cut in sorted(min(cut, len(x)) for cut in cuts):
        mean.of(x[:cut])
    found = mean.of(x)
    top = bottom = 0.0
    for i, value in enumerate(values):
        top, bottom = top * weight, bottom * weight
        if math.isfinite(value):
            top, bottom = top + value, bottom + 1
        if bottom > 1e-200:
            assert found[i] == pytest.approx(top / bottom, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("weight", [-0.1, 1.0])
def test_a_weight_outside_of_0_to_1_is_refused(weight):
    with pytest.raises(ValueError, match="below 1"):
        RunningMean(weight)


@given(st.lists(st.floats(-100, 100), min_size=1, unique=True), st.floats(-200, 200))
def test_the_nearest_point_is_the_nearest(xs, place):
    x = np.array(sorted(xs))
    assert abs(x[nearest(x, place)] - place) == np.abs(x - place).min()


def test_the_legend_names_each_run_once_and_counts_what_has_no_room(qtbot):
    legend = Legend()
    qtbot.addWidget(legend)
    runs = ("a-run", "another-run", "a third run with a name that is longer than its row is wide")
    solid = Qt.PenStyle.SolidLine
    legend.set_entries([Entry(n, "0.5", 0, solid, run) for run in runs for n in ("train", "test")])
    legend.resize(220, 60)
    rows, rest = legend.rows()
    words = [word for row in rows for word in row]
    assert len(rows) == 2
    assert len([w for w in words if not w.names_run]) + rest == 6
    assert rest > 0
    assert all(sum(w.width for w in row) <= 220 for row in rows)
    told = [w.text for w in words if w.names_run]
    assert told == list(dict.fromkeys(told))
    legend.set_lines(6)
    rows, rest = legend.rows()
    assert rest == 0
    assert [w.text for row in rows for w in row if w.names_run] == list(runs)


@pytest.mark.parametrize("smoothing", [0.0, 0.6])
def test_a_point_that_stands_alone_is_seen(qtbot, smoothing):
    made = Chart("Loss")
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_smoothing(smoothing)
    made.show()

    def inked() -> set[tuple[int, int]]:
        view = made.plot.getPlotItem().vb
        corner = made.plot.mapFromScene(view.sceneBoundingRect().topLeft())
        picture = made.plot.grab().toImage()
        color = QColor(theme().colors.series[1]).rgb()
        return {
            (x, y)
            for x in range(corner.x(), picture.width())
            for y in range(picture.height())
            if picture.pixel(x, y) == color
        }

    point = Curve(("run", "loss"), "loss", np.array([1.0]), np.array([2.0]), 1)
    made.set_curves([point])
    qtbot.waitUntil(lambda: len(inked()) >= 4)
    # The next one makes it a line.
    made.set_curves([replace(point, x=np.array([1.0, 2.0]), y=np.array([2.0, 3.0]))])
    assert made._lines[point.key][0].opts["symbol"] is None


def test_logarithmic_axes_leave_out_what_has_no_logarithm(qtbot):
    made = Chart("Loss")
    qtbot.addWidget(made)
    x, y = np.array([0.0, 1, 2, 3]), np.array([1.0, -1, 10, 100])
    made.set_curves([Curve(("run", "loss"), "loss", x, y, 0)], [Mark(2, "rate 0.1", 0)])
    made.set_log(x=True, y=True)
    line = made._lines["run", "loss"][0]
    shown = np.isfinite(line.yData)
    assert line.xData[shown].tolist() == [2, 3]
    assert made._mark_lines[0].value() == pytest.approx(math.log10(2))


@pytest.mark.parametrize(
    ("size", "between"), [(900, {2, 3, 4, 5, 6, 7, 8, 9}), (300, {2, 5}), (100, set())]
)
def test_numbers_of_a_logarithmic_axis_leave_each_other_room(qapp, size, between):
    axis = Axis("left")
    axis.setLogMode(False, True)
    values = [value for _, group in axis.tickValues(-2.1, 0.1, size) for value in group]
    digits = {round(10 ** (value % 1)) for value in values}
    assert digits - {1, 10} == between
    assert {-2, -1} <= {round(value, 6) for value in values}


def test_of_a_million_points_no_more_are_drawn_than_can_be_seen(qtbot):
    made = Chart("Loss")
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    x = np.arange(1e6)
    y = np.where(x == 123_456, 50.0, 1.0)
    made.set_curves([Curve(("run", "loss"), "loss", x, y, 0, dash=1)])
    line = made._lines["run", "loss"][0]
    qtbot.waitUntil(lambda: line.curve.xData is not None and len(line.curve.xData) < 5_000)
    # Not the one that stands out, though.
    assert line.curve.yData.max() == 50
    assert line.opts["pen"].style() == Qt.PenStyle.SolidLine


@given(
    st.integers(0, 5000), st.integers(1, 40), st.tuples(st.floats(-10, 5010), st.floats(0, 5000)),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_the_extremes_of_what_is_seen_are_drawn(size, columns, place, seed):
    rng = np.random.default_rng(seed)
    x, y = np.arange(float(size)), rng.normal(size=size)
    y[rng.random(size) < 0.1] = math.nan
    extremes = Extremes()
    extremes.points(x[: size // 2], y[: size // 2], None, columns)
    for span in (None, (place[0], place[0] + place[1])):
        found = extremes.points(x, y, span, columns)
        seen = np.ones(size, bool) if span is None else (x >= span[0]) & (x <= span[1])
        assert len(found[0]) == len(found[1]) <= 4 * columns + 8
        assert (np.diff(found[0]) >= 0).all()
        for value in y[seen & np.isfinite(y)]:
            assert np.nanmin(found[1]) <= value <= np.nanmax(found[1])
        assert np.isin(found[1][np.isfinite(found[1])], y).all()


def test_what_is_zoomed_to_is_drawn_point_by_point(qtbot):
    made = Chart("Loss")
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    x = np.arange(1e6)
    made.set_curves([Curve(("run", "loss"), "loss", x, np.sin(x), 0)])
    line = made._lines["run", "loss"][0]
    made.plot.getPlotItem().setXRange(500_000, 500_100, padding=0)
    assert line.xData[1:-1].tolist() == list(range(500_000, 500_101))
    made.fit()
    assert line.xData[[0, -1]].tolist() == pytest.approx([0, 1e6], abs=1500)


def test_numbers_of_a_logarithmic_axis_are_written_out_where_they_can_be_read(qapp):
    values = [-6, -3, -1, 0, 1, 2, 4, 5]
    told = Axis("left").logTickStrings(values, 1, None)
    assert told[1:7] == ["0.001", "0.1", "1", "10", "100", "10000"]
    assert told[7] == "10⁵"


def test_a_line_that_stays_is_seen_in_its_own_scale(qtbot):
    found = Chart("Learning rate")
    qtbot.addWidget(found)
    found.show()
    x = np.arange(50.0)
    found.set_curves([Curve(("run", "rate"), "rate", x, np.full(50, 0.01), 0, noisy=False)])
    qtbot.wait(50)
    low, high = found.plot.getPlotItem().vb.viewRange()[1]
    assert low < 0.01 < high
    assert high - low < 0.05
