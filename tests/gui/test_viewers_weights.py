"""Filters as images, with their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from graphspec_gui.viewers.weights import WeightsPanel
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from graphspec import api
from graphspec.train.rundir import Run
from tests.gui.viewing import Room, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("runs") / "digits", epochs=2, checkpoint_every=10)


@pytest.fixture
def room(qtbot) -> Iterator[Room]:
    made = Room(qtbot)
    yield made
    made.runs.close()


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
    assert "Noise" in panel.facts.text()


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
