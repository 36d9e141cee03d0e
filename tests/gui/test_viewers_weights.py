"""Filters as images, with their numbers."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from graphspec_gui.viewers.heat_map import strongest
from graphspec_gui.viewers.weights import WeightsPanel
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from graphspec import api
from graphspec.inspect import filters
from graphspec.inspect.weight_matrix import spectral_noise
from graphspec.train.rundir import Run
from tests.gui.viewing import train
from tests.train.nets import network


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("runs") / "digits", epochs=2, checkpoint_every=10)


@pytest.fixture
def panel(room, trained) -> WeightsPanel:
    made = room.put(WeightsPanel)
    room.look_into(trained)
    room.wait(lambda: made.grid.tiles.count == 6)
    return made


def test_without_a_network_it_says_what_to_do(room):
    assert "Ctrl+Enter" in room.put(WeightsPanel).hint.text()


def test_filters_are_those_of_the_checkpoint(room, panel, trained):
    weight = api.load_weights(trained, checkpoint="latest")["conv.weight"]
    place = panel.grid.place(4)
    QTest.mouseMove(panel.grid.viewport(), place.center())
    room.wait(lambda: "row 1, column 1" in panel.readout.text())
    assert panel.readout.text().endswith(f"{weight[4, 0, 1, 1]:.4g}")
    assert f"norm {np.linalg.norm(weight[4]):.4g}" in panel.readout.text()
    # Of 3×3 pixels nothing can be said; of larger ones: test_filters.
    assert "Noise" not in panel.facts.text()


def test_red_is_above_zero_and_blue_below(panel, trained):
    weight = api.load_weights(trained, checkpoint="latest")["conv.weight"]
    image = panel.grid.tiles.image(0)
    largest = abs(weight).max()
    for r, c in np.ndindex(3, 3):
        value, pixel = weight[0, 0, r, c], image.pixelColor(c, r)
        if abs(value) > 0.2 * largest:
            assert (pixel.red() > pixel.blue()) == (value > 0)


def test_a_linear_layer_shows_a_template_of_each_class(room, panel):
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: panel.grid.tiles.count == 10)
    assert panel.channel.isVisible()
    assert panel.channel.count() == 6
    first = panel.grid.tiles.image(0)
    panel.channel.setFocus()
    QTest.keyClick(panel.channel, Qt.Key.Key_Down)
    assert panel.grid.tiles.image(0) != first


def test_the_numbers_of_many_weights_come_with_progress_and_can_be_cancelled(
    room, panel, monkeypatch
):
    """The templates of ten classes, as if they were so many that each one takes a while."""
    go_on, score = threading.Semaphore(3), filters.noise_scores

    def slowly(images):
        assert go_on.acquire(timeout=30)
        return score(images)

    monkeypatch.setattr(filters, "_AT_ONCE", 1)
    monkeypatch.setattr(filters, "noise_scores", slowly)
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: panel.waiting.words.text().startswith("30%"))
    assert panel.waiting.isVisible()
    assert panel.grid.tiles.count == 10
    assert panel.grid.tiles.spoken(2).startswith("2: norm ")
    assert panel.grid.tiles.spoken(3) == "3"
    assert panel.facts.text() == "10 images of 6×8×8"
    QTest.mouseClick(panel.halt, Qt.MouseButton.LeftButton)
    assert not panel.waiting.isVisible()
    assert panel.facts.text().endswith("Norms and noise are not worked out.")
    assert panel.halt.text() == "Measure"
    go_on.release(10 + 1)  # one has been begun before
    QTest.mouseClick(panel.halt, Qt.MouseButton.LeftButton)
    room.wait(lambda: "Norms " in panel.facts.text() and "Noise" in panel.facts.text())
    assert not panel.halt.isVisible()
    assert not panel.waiting.isVisible()


def test_nothing_is_chosen_any_more_in_another_layer(room, panel):
    place = panel.grid.place(1).center()
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.grid.current == 1
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: panel.grid.tiles.count == 10)
    assert panel.grid.current == -1
    assert panel.readout.text().startswith("Point at a filter")


def test_the_choice_of_layers_is_as_wide_as_their_names(room, panel):
    room.wait(lambda: panel.box.width() == panel.box.sizeHint().width())
    panel.box.addItem("a layer whose name is far longer than the others")
    room.wait(lambda: panel.box.width() == panel.box.sizeHint().width() > 300)
    panel.box.removeItem(panel.box.count() - 1)
    room.wait(lambda: panel.box.width() == panel.box.sizeHint().width() < 150)


def test_other_weights_are_chosen_by_keyboard(room, panel):
    assert panel.bar.weights.isEnabled()
    panel.bar.weights.setFocus()
    QTest.keyClick(panel.bar.weights, Qt.Key.Key_Down)
    assert room.source.weights == "best"
    room.wait(lambda: not room.source.busy)
    assert room.source.network is not None


def test_weights_over_time_are_drawn(room, panel, trained):
    room.wait(lambda: len(panel.chart.ridges) == len(trained.checkpoints))
    assert all(item.counts.sum() == 54 for item in panel.chart.ridges)


@pytest.fixture
def matrix(room, tmp_path) -> WeightsPanel:
    """The scores of a network of points: 3 units that read 10 numbers."""
    made = room.put(WeightsPanel)
    run = api.fit(network(), "spiral", run=tmp_path / "run", epochs=2, checkpoint_every=5, keep=5)
    room.look_into(run)
    room.wait(lambda: made.box.count() > 1)
    made.box.setFocus()
    QTest.keyClick(made.box, Qt.Key.Key_End)
    room.wait(lambda: made.matrix.isVisible() and "3 units" in made.facts.text())
    return made


def test_a_layer_that_reads_a_vector_is_a_matrix(room, matrix):
    run = room.runs.current.run
    weight = api.load_weights(run, checkpoint="latest")["scores.weight"]
    assert not matrix.grid.isVisible()
    assert not matrix.channel.isVisible()
    assert f"3 units that read {len(weight)} numbers" in matrix.facts.text()
    norms = np.linalg.norm(weight, axis=0)
    assert f"Norms {norms.min():.3g} to {norms.max():.3g}" in matrix.facts.text()
    assert f"Noise {spectral_noise(weight):.0%}" in matrix.facts.text()
    QTest.mouseMove(matrix.matrix, matrix.matrix.cell(2, 4).center().toPoint())
    room.wait(lambda: "input 4" in matrix.readout.text())
    assert matrix.readout.text().endswith(f"input 4: {weight[4, 2]:.4g}")
    assert f"norm {norms[2]:.4g}" in matrix.readout.text()
    room.wait(lambda: len(matrix.chart.ridges) == len(run.checkpoints))
    np.testing.assert_array_equal(matrix.picture().numbers()["matrix"], weight.T)


def test_a_matrix_is_walked_by_keys(room, matrix):
    weight = room.source.network.probe.executable.weights()["scores.weight"]
    matrix.matrix.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(matrix.matrix, key)
    assert matrix.matrix.current == (1, 2)
    assert matrix.readout.text().endswith(f"input 2: {weight[2, 1]:.4g}")
    assert matrix.matrix.accessibleDescription().endswith(f"{weight[2, 1]:.4g}")
    QTest.keyClick(matrix.matrix, Qt.Key.Key_End)
    QTest.keyClick(matrix.matrix, Qt.Key.Key_Right)
    assert matrix.matrix.current == (1, len(weight) - 1)


def test_from_a_matrix_to_filters_and_back(room, matrix, trained):
    run = room.runs.current
    room.runs.show(trained)
    room.wait(lambda: matrix.grid.isVisible() and matrix.grid.tiles.count > 0)
    room.runs.bring_to_front(run)
    room.wait(lambda: matrix.matrix.isVisible())


def test_of_many_numbers_the_strongest_are_drawn():
    values = np.zeros((3000, 50))
    values[1500, 7], values[2999, 49] = -4.0, 3.0
    drawn = strongest(values, 1000)
    assert drawn.shape == (1000, 50)
    assert drawn[500, 7] == -4.0
    assert drawn[999, 49] == 3.0
    assert np.count_nonzero(drawn) == 2


def test_the_last_of_many_may_be_chosen_before_a_layer_with_fewer(room, panel):
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: panel.grid.tiles.count == 10)
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_Home)
    QTest.keyClick(panel.grid, Qt.Key.Key_End)
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Up)
    room.wait(lambda: panel.grid.tiles.count == 6)
    assert panel.grid.current == -1
    assert "Point at a filter" in panel.readout.text()
