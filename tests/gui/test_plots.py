"""Curves of real runs, through the widgets that draw them."""

from __future__ import annotations

import csv
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from graphspec_gui.plots import panel as plots
from graphspec_gui.plots.chart import Chart
from graphspec_gui.plots.curves import RunningMean
from graphspec_gui.plots.groups import GROUPS
from graphspec_gui.plots.panel import PlotsPanel, _file_name
from graphspec_gui.plots.writing import Page
from graphspec_gui.runs.shown import ShownRuns
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QToolButton

from graphspec import api, atomic
from graphspec.train.rundir import Run
from tests.gui.questions import answer, export_as
from tests.train.nets import network, new_run


@pytest.fixture
def runs(qtbot) -> Iterator[ShownRuns]:
    made = ShownRuns()
    yield made
    made.close()


@pytest.fixture
def panel(qtbot, runs) -> PlotsPanel:
    made = PlotsPanel(runs)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    return made


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    settings = {"epochs": 3, "batch": 32, "penalties": [{"kind": "l2", "strength": 0.01}]}
    return [
        api.fit(network(), "spiral", run=folder / name, seed=seed, **settings)
        for seed, name in enumerate(("first", "second"))
    ]


def chart(panel: PlotsPanel, title: str) -> Chart:
    return next(item for item in panel.charts if item.title == title)


def panel_button(panel: PlotsPanel) -> QToolButton:
    """The one that exports all charts."""
    return next(b for b in panel.findChildren(QToolButton) if b.defaultAction() is panel.save)


def names(found: Chart) -> list[str]:
    return [
        f"{entry.run}: {entry.name}" if entry.run else entry.name for entry in found.legend.entries
    ]


def drawn(qtbot, panel: PlotsPanel, runs: ShownRuns, *shown: Run) -> None:
    for run in shown:
        runs.show(run)
    qtbot.waitUntil(
        lambda: (
            all(item.follower.history.ended for item in runs)
            and len(names(panel.charts[0])) > 0
            and not any(map(seen, panel._behind))
        )
    )


def seen(found: Chart) -> bool:
    return not found.visibleRegion().isEmpty()


def test_without_a_run_it_says_what_to_do(panel):
    assert "Ctrl+Enter" in panel._hint.text()
    assert panel._hint.isVisible()


def test_while_a_run_is_read_it_says_so(qtbot, panel, runs, trained):
    runs.show(trained[0])
    assert panel._hint.text() == "Loading first…"
    assert panel._hint.isVisible()
    assert "still being loaded" in panel.save.toolTip()
    qtbot.waitUntil(lambda: bool(panel._made) and bool(chart(panel, "Loss").curves))
    assert not panel._hint.isVisible()
    assert panel.save.isEnabled()
    runs.drop(runs.current)
    assert panel._hint.text().startswith("No run is shown")
    assert panel._hint.isVisible()


def test_a_run_that_has_not_begun_is_loaded_all_the_same(qtbot, panel, runs, tmp_path):
    runs.show(new_run(tmp_path / "new"))
    assert panel._hint.text() == "Loading new…"
    qtbot.waitUntil(lambda: not panel._hint.isVisible())


def test_a_chart_is_drawn_when_it_is_scrolled_to(qtbot, panel, runs, trained, tmp_path):
    panel.resize(360, 300)
    assert panel._made == []
    drawn(qtbot, panel, runs, trained[0])
    first, second, *_, last = panel.charts
    qtbot.waitUntil(lambda: bool(first.curves))
    assert last.curves == ()
    QTest.mouseClick(panel_button(panel), Qt.MouseButton.LeftButton)
    export_as(tmp_path / "all.csv")
    qtbot.waitUntil(panel.save.isEnabled)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"all-{_file_name(item.title)}.csv" for item in panel.charts if item.curves
    }
    written = (tmp_path / "all-accuracy.csv").read_text().splitlines()
    assert len(written) > len(second.curves) > 0
    bar = panel._area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: bool(last.curves))


def test_losses_and_penalties_are_curves_with_the_runs_numbers(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, trained[0])
    loss = chart(panel, "Loss")
    assert names(loss) == ["train", "validation", "data loss (loss)", "penalty (l2)"]
    events = [event for event in trained[0].events if event.type == "step"]
    by_name = {curve.name: curve for curve in loss.curves}
    assert by_name["train"].y.tolist() == [event.loss for event in events]
    assert by_name["penalty (l2)"].y.tolist() == [event.penalties["l2"] for event in events]
    assert names(chart(panel, "Accuracy")) == ["train", "validation"]
    assert len(names(chart(panel, "Update to weight ratio"))) > 3


def test_the_x_axis_is_steps_epochs_or_seconds(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, trained[0])
    panel._axis.setFocus()
    events = [event for event in trained[0].events if event.type == "step"]
    QTest.keyClick(panel._axis, Qt.Key.Key_Down)
    assert chart(panel, "Loss").curves[0].x.tolist() == [event.epoch for event in events]
    QTest.keyClick(panel._axis, Qt.Key.Key_Down)
    seconds = [event.time - trained[0].started.time for event in events]
    assert chart(panel, "Loss").curves[0].x.tolist() == seconds


def test_two_runs_are_overlaid_and_one_can_be_hidden(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, *trained)
    rate = chart(panel, "Learning rate")
    qtbot.waitUntil(lambda: names(rate) == ["second: rate", "first: rate"])
    assert len({curve.color for curve in rate.curves}) == 2
    runs.set_visible(runs.find(trained[0]), visible=False)
    qtbot.waitUntil(lambda: names(rate) == ["second: rate"])
    runs.drop(runs.find(trained[1]))
    qtbot.waitUntil(lambda: names(rate) == [])


def test_a_click_on_a_curve_brings_its_run_to_the_front(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, *trained)
    rate = chart(panel, "Learning rate")
    qtbot.waitUntil(lambda: names(rate) == ["second: rate", "first: rate"])
    assert [entry.front for entry in rate.legend.entries] == [True, False]
    loss = chart(panel, "Accuracy")
    first = next(curve for curve in loss.curves if curve.told == "first: validation")

    def click() -> bool:
        # The chart may not have come to rest yet, with the curve somewhere else.
        place = loss.plot.getPlotItem().vb.mapViewToScene(QPointF(first.x[-1], first.y[-1]))
        at = loss.plot.mapFromScene(place) - QPoint(2, 0)
        QTest.mouseMove(loss.plot.viewport(), at)
        QTest.mouseClick(loss.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)
        return runs.current is not None and runs.current.name == "first"

    qtbot.waitUntil(click)
    qtbot.waitUntil(lambda: names(rate) == ["first: rate", "second: rate"])


def test_smoothing_leaves_the_raw_line_faint_behind_and_evaluations_alone(
    qtbot, panel, runs, trained
):
    drawn(qtbot, panel, runs, trained[0])
    panel._smoothing.setFocus()
    for _ in range(5):
        QTest.keyClick(panel._smoothing, Qt.Key.Key_PageUp)
    weight = panel._smoothing.value() / 100
    assert weight > 0.3
    loss = chart(panel, "Loss")
    curve = next(item for item in loss.curves if item.name == "train")
    raw, smoothed = loss._lines[curve.key]
    np.testing.assert_allclose(smoothed.yData, RunningMean(weight).of(curve.y))
    # Paler, but not seen through, which would be slow.
    behind, before = (line.opts["pen"].color() for line in (raw, smoothed))
    assert behind.lightness() > before.lightness() + 50
    assert behind.alpha() == 255
    assert smoothed.isVisible()
    whole = next(item for item in loss.curves if item.name == "validation")
    assert not loss._lines[whole.key][1].isVisible()


def test_the_crosshair_tells_the_values(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, trained[0])
    loss = chart(panel, "Loss")
    qtbot.wait(50)
    QTest.mouseMove(loss.plot.viewport(), QPoint(5, 5))
    QTest.mouseMove(loss.plot.viewport(), loss.plot.viewport().rect().center())
    qtbot.waitUntil(lambda: loss.readout.text().startswith("step "))
    place = int(loss.readout.text().removeprefix("step ").replace(",", ""))
    for entry in loss.legend.entries:
        assert entry.value == f"{loss.values_at(place)[entry.name][1]:.4g}"


def test_a_crosshair_goes_when_the_axis_is_another_one(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, trained[0])
    loss = chart(panel, "Loss")
    for change in (lambda: QTest.keyClick(panel._axis, Qt.Key.Key_Down), panel.log_x.trigger):
        QTest.mouseMove(loss.plot.viewport(), QPoint(5, 5))
        QTest.mouseMove(loss.plot.viewport(), loss.plot.viewport().rect().center())
        qtbot.waitUntil(lambda: loss.readout.text() != "")
        change()
        qtbot.waitUntil(lambda: loss.readout.text() == "")
        assert not loss._cross.isVisible()
        latest = {curve.name: f"{curve.y[-1]:.4g}" for curve in loss.curves}
        assert {entry.name: entry.value for entry in loss.legend.entries} == latest


def test_a_curve_looks_as_it_did_when_another_one_comes():
    loss = next(group for group in GROUPS if group.title == "Loss")
    begun = ["train/loss", "train/rate", "train/loss.loss", "train/penalty.l2"]
    before = {tag: place for place, tag, _ in loss.among(begun)}
    after = {tag: place for place, tag, _ in loss.among([*begun, "validation/loss"])}
    assert before == {"train/loss": 0, "train/loss.loss": 2, "train/penalty.l2": 3}
    assert after == before | {"validation/loss": 1}


def test_what_is_exported_is_a_picture_of_every_curve(qtbot, panel, runs, trained):
    drawn(qtbot, panel, runs, *trained)
    loss = chart(panel, "Loss")
    qtbot.waitUntil(lambda: loss.legend.entries[0].front)
    picture = loss.picture()
    assert [line.name for line in picture.lines] == [item.told for item in loss._in_order()]
    front = runs.current.name
    assert picture.lines[0].name.startswith(front)
    assert loss.legend.entries[0].run == front
    (legend,) = picture.figure().legends
    assert len(legend.get_texts()) == len(loss.curves)


def test_of_all_charts_those_that_are_there_are_replaced_only_when_that_is_said(
    qtbot, panel, runs, trained, tmp_path
):
    drawn(qtbot, panel, runs, trained[0])
    there = tmp_path / "all-loss.csv"
    there.write_text("mine")
    QTest.mouseClick(panel_button(panel), Qt.MouseButton.LeftButton)
    answer("Cancel")
    export_as(tmp_path / "all.csv")
    assert list(tmp_path.iterdir()) == [there]
    answer("Replace")
    export_as(tmp_path / "all.csv")
    qtbot.waitUntil(panel.save.isEnabled)
    assert there.read_text().startswith("run,curve,step,value\n")


def long_history(runs: ShownRuns, points: int) -> None:
    """The training loss of the run in front grows by so many points."""
    series = runs.current.follower.history.series["train/loss"]
    steps = np.arange(points) + series.steps[-1] + 1
    series.add_columns(steps, steps / 10, steps * 1.0, np.sin(steps))


@pytest.fixture
def go_on(monkeypatch) -> threading.Event:
    """Charts are written no further than their first points until it is set."""
    made, save = threading.Event(), Page.save

    def wait_and_save(page: Page) -> Iterator[int]:
        for points in save(page):
            yield points
            made.wait()

    monkeypatch.setattr(Page, "save", wait_and_save)
    return made


def test_many_points_are_written_beside_the_ui_which_shows_how_far_it_is(
    qtbot, panel, runs, trained, tmp_path, monkeypatch, go_on
):
    monkeypatch.setattr(plots, "LONG", 0)
    drawn(qtbot, panel, runs, trained[0])
    long_history(runs, 100_000)
    panel.refresh()
    loss = chart(panel, "Loss")
    QTest.mouseClick(loss.save, Qt.MouseButton.LeftButton)
    export_as(tmp_path / "loss.csv")
    assert not panel.save.isEnabled()
    assert not loss.save.isEnabled()
    assert "still being written" in panel.save.toolTip()
    qtbot.waitUntil(lambda: panel.waiting.isVisible() and panel.waiting.bar.value() > 0)
    go_on.set()
    qtbot.waitUntil(panel.save.isEnabled)
    assert not panel.writing.isVisible()
    rows = list(csv.reader((tmp_path / "loss.csv").read_text().splitlines()))
    for curve in loss.curves:
        mine = [row for row in rows[1:] if row[1] == curve.key[1]]
        assert [int(row[2]) for row in mine] == curve.x.tolist()
        assert [float(row[3]) for row in mine] == curve.y.tolist()


@pytest.mark.parametrize("how", ["cancelled", "closed"])
def test_an_export_that_is_given_up_leaves_nothing(
    qtbot, panel, runs, trained, tmp_path, monkeypatch, go_on, how
):
    monkeypatch.setattr(plots, "LONG", 0)
    drawn(qtbot, panel, runs, trained[0])
    long_history(runs, 100_000)
    panel.refresh()
    (tmp_path / "loss.csv").write_text("old")
    QTest.mouseClick(chart(panel, "Loss").save, Qt.MouseButton.LeftButton)
    answer("Yes")  # it is Qt that asks whether to replace it
    export_as(tmp_path / "loss.csv")
    qtbot.waitUntil(lambda: panel.waiting.isVisible() and panel.waiting.bar.maximum() > 0)
    assert len(list(tmp_path.iterdir())) == 2
    if how == "cancelled":
        QTest.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
        go_on.set()
        assert panel.save.isEnabled()
        assert not panel.writing.isVisible()
    else:
        go_on.set()
        runs.close()
    qtbot.waitUntil(lambda: len(list(tmp_path.iterdir())) == 1)
    assert (tmp_path / "loss.csv").read_text() == "old"


def test_what_cannot_be_written_is_told(qtbot, panel, runs, trained, tmp_path, monkeypatch):
    drawn(qtbot, panel, runs, trained[0])
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(box.informativeText()))
    QTest.mouseClick(chart(panel, "Loss").save, Qt.MouseButton.LeftButton)
    monkeypatch.setattr(atomic, "writing", full)
    export_as(tmp_path / "loss.csv")
    qtbot.waitUntil(lambda: bool(told))
    assert "No space left" in told[0]
    assert panel.save.isEnabled()


def full(path: Path) -> NoReturn:
    """The disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_without_a_run_there_is_nothing_to_export_nor_to_zoom(panel):
    for action in (panel.save, panel.fit_all):
        assert not action.isEnabled()
        assert "No run is shown" in action.toolTip()


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "csv"])
def test_a_chart_can_be_exported(qtbot, panel, runs, trained, tmp_path, ending):
    drawn(qtbot, panel, runs, trained[0])
    loss = chart(panel, "Loss")
    path = tmp_path / f"loss.{ending}"
    QTest.mouseClick(loss.save, Qt.MouseButton.LeftButton)
    export_as(path)
    qtbot.waitUntil(panel.save.isEnabled)
    if ending == "csv":
        rows = list(csv.reader(path.read_text().splitlines()))
        assert rows[0] == ["run", "curve", "step", "value"]
        assert [float(row[3]) for row in rows[1:] if row[1] == "train/loss"] == (
            loss.curves[0].y.tolist()
        )
    else:
        assert path.read_bytes()[:5] in (b"\x89PNG\r", b"<?xml", b"%PDF-")
        assert path.stat().st_size > 3000
    assert list(tmp_path.iterdir()) == [path]


def test_changes_of_the_rate_are_marked(qtbot, panel, runs, tmp_path):
    control_run = api.fit(network(), "spiral", run=tmp_path / "run", epochs=1)
    log = control_run.path / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    changed = b'{"step":1,"epoch":0.1,"time":1.0,"type":"changed","field":"rate","value":0.05}\n'
    log.write_bytes(b"".join([*lines[:-1], changed, lines[-1]]))
    drawn(qtbot, panel, runs, control_run)
    marks = chart(panel, "Loss")._marks
    assert [(mark.x, mark.text) for mark in marks] == [(1.0, "rate 0.05")]
