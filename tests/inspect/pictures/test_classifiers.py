"""Pictures of classifiers: the numbers drawn are those that were computed."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.classic.nearest_neighbour import NearestNeighbour, cross_validate
from graphspec.data import load_data
from graphspec.errors import FeedError
from graphspec.inspect.pictures.capacity import capacity_picture
from graphspec.inspect.pictures.folds import FoldsPicture
from graphspec.inspect.pictures.panels import Ground, RegionsPicture
from graphspec.inspect.pictures.sheet import mixed
from graphspec.inspect.pictures.worked_example import worked_example


def test_B02_the_scores_in_the_picture_are_computed() -> None:
    picture = worked_example()
    numbers = picture.numbers()
    np.testing.assert_allclose(
        numbers["scores"], numbers["W"] @ numbers["x"] + numbers["b"], rtol=1e-13
    )
    np.testing.assert_allclose(numbers["scores"], [-96.8, 437.9, 60.75], rtol=1e-12)
    (axes,) = picture.figure().axes
    texts = [text.get_text() for text in axes.texts]
    assert {"−96.8", "437.9", "60.75", "−0.5", "231"} <= set(texts)
    # Of another image the picture has other scores, so that none is typed.
    other = worked_example(np.array([1.0, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose(other.scores, [1.3, 4.7, -1.2], rtol=1e-12)
    drawn = [text.get_text() for text in other.figure().axes[0].texts]
    assert {"1.3", "4.7"} <= set(drawn)
    assert "437.9" not in drawn


def test_a_worked_example_of_other_sizes_is_refused() -> None:
    with pytest.raises(FeedError, match="4 pixels"):
        worked_example(np.zeros(5))


def test_A05_tied_cells_have_a_colour_of_their_own() -> None:
    data = load_data("spiral")
    model = NearestNeighbour(data.x, data.y)
    grounds = []
    for k in (1, 4):
        found = model.regions(k, (-1.1, -1.1), (1.1, 1.1), cells=60)
        grounds.append(
            Ground(f"k = {k}", found.labels, found.abscissae, found.ordinates, found.ties)
        )
    one, four = grounds
    assert four.ties is not None
    assert four.ties.any()
    assert (four.colours()[four.ties] == 1).all()
    for label in range(3):
        cells = four.colours()[(four.labels == label) & ~four.ties]
        np.testing.assert_allclose(cells, np.broadcast_to(mixed(label, 0.35), cells.shape))
    picture = RegionsPicture("spiral", data.x, data.y, (one, four))
    figure = picture.figure()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["the data", "k = 1", "k = 4"]
    for axes, ground in zip(figure.axes[1:], grounds, strict=True):
        (image,) = axes.images
        np.testing.assert_array_equal(np.asarray(image.get_array()), ground.colours())
        assert image.origin == "lower"
        points = np.concatenate([dots.get_offsets() for dots in axes.collections])
        assert len(points) == 300
    np.testing.assert_array_equal(picture.numbers()["regions"]["k = 4"]["ties"], four.ties)


def test_A07_points_means_and_bars_are_those_of_the_cross_validation() -> None:
    data = load_data("digits")
    found = cross_validate(data.x[:1000], data.y[:1000], (1, 3), folds=5)
    picture = FoldsPicture(np.array(found.ks), np.array(found.points), "digits")
    np.testing.assert_allclose(picture.means, found.means, rtol=1e-15)
    np.testing.assert_allclose(picture.stds, found.stds, rtol=1e-15)
    assert picture.means[0] == pytest.approx(0.9640, abs=5e-5)
    assert picture.stds[0] == pytest.approx(0.0185, abs=5e-5)
    (axes,) = picture.figure().axes
    points, line = axes.lines[:2]
    np.testing.assert_allclose(points.get_ydata()[:5], [0.930, 0.965, 0.985, 0.975, 0.965])
    np.testing.assert_array_equal(points.get_xdata(), [1] * 5 + [3] * 5)
    np.testing.assert_array_equal(line.get_ydata(), picture.means)
    (bars,) = axes.collections
    low, high = bars.get_segments()[0][:, 1]
    assert (high + low) / 2 == pytest.approx(found.means[0])
    assert (high - low) / 2 == pytest.approx(found.stds[0])


def test_E15_more_units_fit_more_and_a_penalty_holds_them_back() -> None:
    picture, found = capacity_picture(steps=400)
    assert [(one.units, one.strength) for one in found] == [
        (3, 0.0), (6, 0.0), (20, 0.0), (20, 0.001), (20, 0.01), (20, 0.1),
    ]  # fmt: skip
    losses = [one.loss for one in found]
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < losses[3] < losses[4] < losses[5]
    assert found[2].accuracy > 0.9 > found[0].accuracy
    figure = picture.figure()
    assert len(figure.axes) == 6
    for axes, one, ground in zip(figure.axes, found, picture.grounds, strict=True):
        np.testing.assert_array_equal(ground.labels, one.labels)
        np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), ground.colours())
        assert f"{one.accuracy:.1%}" in axes.get_xlabel()
    # The ground is what the network answers at the points.
    grid = picture.grounds[2]
    step = grid.abscissae[1] - grid.abscissae[0]
    columns, rows = np.round((picture.points - grid.abscissae[0]) / step).astype(int).T
    right = grid.labels[rows, columns] == picture.labels
    assert right.mean() == pytest.approx(found[2].accuracy, abs=0.05)
