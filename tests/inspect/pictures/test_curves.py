"""Pictures of rates, moments, preprocessing and trajectories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphspec.inspect.activation_moments import compare_initialisers
from graphspec.inspect.learning_rate import RateCurve, losses_after_one_step
from graphspec.inspect.pictures.curves import CurvesPicture, Line
from graphspec.inspect.pictures.moments import MomentsPicture
from graphspec.inspect.pictures.preprocessing import cloud, preprocessing_picture
from graphspec.inspect.pictures.rates import RatePicture
from graphspec.inspect.pictures.trajectories import SADDLE, trajectories
from tests.engines.nets import batch, load64, two_layers


def test_C06_the_curve_drawn_is_the_sweep_with_its_lowest_point_marked() -> None:
    spec = two_layers()
    curve = losses_after_one_step(load64(spec), batch(spec, 20), (1e-4, 1e-2, 1.0, 1e2))
    (axes,) = RatePicture(curve, "sweep", 1.2, dots=True).figure().axes
    assert axes.get_xscale() == "log"
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), curve.rates)
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), curve.losses)
    lowest = axes.lines[-1]
    assert lowest.get_xdata()[0] == curve.lowest
    assert lowest.get_ydata()[0] == min(curve.losses)


def test_rates_that_broke_the_network_are_crosses() -> None:
    curve = RateCurve((0.1, 1.0, 10.0, 100.0), (2.0, 1.0, np.inf, np.inf))
    (axes,) = RatePicture(curve, "sweep").figure().axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [2.0, 1.0])
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), [10.0, 100.0])
    assert "not finite" in [text.get_text() for text in axes.texts]


def test_a_rate_range_that_broke_at_once_is_drawn(tmp_path: Path) -> None:
    picture = RatePicture(RateCurve((0.1, 1.0), (np.inf, np.inf)), "sweep")
    assert picture.save(tmp_path / "a.png").is_file()


def test_G04_the_curves_are_the_moments_and_zeros_leave_a_gap() -> None:
    from graphspec.initialisers.he import He
    from graphspec.initialisers.zeros import Zeros

    spec = two_layers()
    found = compare_initialisers(spec, batch(spec), {"he": He(), "zeros": Zeros()})
    picture = MomentsPicture(found, "two layers", 1.0)
    (axes,) = picture.figure().axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), list(found["he"].values()))
    assert np.isnan(axes.lines[1].get_ydata()).all()
    assert axes.get_yscale() == "log"
    assert "zeros (zero or not finite)" in [text.get_text() for text in axes.texts]
    assert picture.numbers()["moments"] == found


def test_F07_every_panel_shows_what_the_recipes_steps_make_of_the_points() -> None:
    points = cloud()
    picture = preprocessing_picture(points)
    panels = picture.numbers()
    assert list(panels) == [
        "original data", "zero-centred", "normalised", "decorrelated", "whitened",
    ]  # fmt: skip
    np.testing.assert_array_equal(panels["original data"], points)
    assert np.abs(points.mean(axis=0)).min() > 0.5
    np.testing.assert_allclose(panels["zero-centred"].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(panels["zero-centred"].std(axis=0), points.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(panels["normalised"].std(axis=0), 1, rtol=1e-12)
    covariance = np.cov(panels["decorrelated"].T, bias=True)
    np.testing.assert_allclose(covariance[0, 1], 0, atol=1e-12)
    assert covariance[0, 0] > covariance[1, 1]
    np.testing.assert_allclose(np.cov(panels["whitened"].T, bias=True), np.eye(2), atol=1e-3)
    figure = picture.figure()
    assert len(figure.axes) == 6
    (dots,) = figure.axes[5].collections
    np.testing.assert_array_equal(np.asarray(dots.get_offsets()), panels["whitened"])
    # One scale for all of them, or nothing could be compared.
    assert len({axes.get_xlim() + axes.get_ylim() for axes in figure.axes}) == 1


def test_M12_on_the_saddle_sgd_is_stuck_and_rmsprop_escapes() -> None:
    picture = trajectories(steps=100)
    saddle = picture.numbers()[SADDLE.name]
    assert abs(saddle["sgd"][-1, 1]) < 1e-4
    assert abs(saddle["rmsprop"][-1, 1]) > 0.5
    # The first step of plain descent by hand: w − rate·(2x, −2y).
    np.testing.assert_allclose(saddle["sgd"][1], [1 - 0.02, 1e-6 * 1.02], rtol=1e-12)
    figure = picture.figure()
    for axes, ways in zip(figure.axes, picture.ways, strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        for name, way in ways.items():
            np.testing.assert_array_equal(lines[name].get_xydata(), way)
            assert len(way) == 101
    # In the valley everybody goes down.
    valley = picture.surfaces[1]
    for way in picture.ways[1].values():
        heights = valley.f(way[:, 0], way[:, 1])
        assert heights[-1] < heights[0]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_cloud_depends_on_its_seed(seed: int) -> None:
    np.testing.assert_array_equal(cloud(seed=seed), cloud(seed=seed))
    assert not np.array_equal(cloud(seed=seed), cloud(seed=seed + 1))


def test_curves_of_runs_with_long_names_are_named_whole_in_the_legend(tmp_path: Path) -> None:
    x = np.arange(5.0)
    long = "a-run-whose-name-tells-all-of-its-settings-and-more"
    names = [f"{long}: train", f"{long}: data loss (loss)", "b: $train$", f"{'c' * 120}: train"]
    lines = [Line(name, x, x, i) for i, name in enumerate(names)]
    marks = [(0.0, "rate 1", 0), (1.0, "rate 0.1", 0), (1.01, "l2 penalty 0.5", 0)]
    picture = CurvesPicture(lines, "Loss", "step", marks=marks, log=(True, False))
    figure = picture.figure()
    figure.canvas.draw()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:3] == names[:3]
    for text in legend.get_texts():
        assert text.get_window_extent().x1 <= figure.bbox.x1
    # Step 0 has no place on a logarithmic axis; words leave each other room.
    words = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(words) == 2
    assert not words[0].overlaps(words[1])
    assert picture.save(tmp_path / "a.svg").is_file()


def test_no_two_curves_of_a_run_with_five_losses_look_alike() -> None:
    x = np.arange(5.0)
    lines = [Line(str(dash), x, x, 0, dash) for dash in range(5)]
    (axes,) = CurvesPicture(lines, "Loss", "step").figure().axes
    patterns = {str(line._dash_pattern) for line in axes.lines}  # type: ignore[attr-defined]
    assert len(patterns) == 5


def test_a_curve_of_one_point_is_a_dot() -> None:
    one, two = np.array([1.0]), np.array([1.0, 2.0])
    lines = [Line("one", one, one, 0), Line("two", two, two, 1)]
    (axes,) = CurvesPicture(lines, "Loss", "step").figure().axes
    assert [line.get_marker() for line in axes.lines] == ["o", ""]
