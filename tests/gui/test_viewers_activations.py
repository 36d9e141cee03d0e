"""Maps of a layer, the arithmetic of a unit, and histograms over time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from graphspec_gui.viewers.activations import ActivationsPanel
from graphspec_gui.viewers.halves import Halves
from graphspec_gui.viewers.images import table
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from graphspec import edit
from graphspec.inspect.unit import unit_sum
from graphspec.train.rundir import Run
from tests.gui.viewing import Room, spec, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("runs") / "digits", epochs=2, checkpoint_every=10)


@pytest.fixture
def panel(room, trained) -> ActivationsPanel:
    made = room.put(ActivationsPanel)
    room.look_into(trained)
    room.wait(lambda: made.grid.tiles.count == 6)
    return made


def values(room: Room, layer: str) -> np.ndarray:
    return room.source.network.probe.values(room.source.example.x[None], [layer])[layer][0]


def test_without_a_network_it_says_what_to_do(room):
    made = room.put(ActivationsPanel)
    assert "Ctrl+Enter" in made.hint.text()


def test_pointing_at_a_map_tells_its_value(room, panel):
    maps = values(room, "conv")
    place = panel.grid.place(2)
    QTest.mouseMove(panel.grid.viewport(), place.center())
    cell = place.width() / 8
    at = int((place.center().y() - place.top()) / cell)
    room.wait(lambda: "unit 2" in panel.readout.text())
    assert panel.readout.text().endswith(f"{maps[2, at, at]:.5g}")


def test_a_click_spells_out_the_sum(room, panel):
    centre = panel.grid.place(1).center()
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    room.wait(lambda: panel.unit.sight is not None)
    total = panel.unit.sight.total
    wanted = unit_sum(room.source.network.probe, room.source.example.x, "conv", 1, total.place)
    assert total.activation == wanted.activation
    assert total.activation == pytest.approx(total.products.sum() + total.bias, rel=1e-4)
    row, column = total.place
    top, left, bottom, right = panel.unit.sight.box
    assert top <= row < bottom
    assert left <= column < right
    assert f"{total.activation:.4g}" in panel.unit.arithmetic
    assert panel.unit.arithmetic in panel.unit.accessibleDescription()


def test_by_keyboard_the_strongest_place_is_taken(room, panel):
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_Home)
    room.wait(lambda: panel.unit.sight is not None)
    total = panel.unit.sight.total
    assert total.activation == pytest.approx(values(room, "conv")[0].max())


def test_a_layer_without_a_sum_shows_what_it_sees(room, panel):
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: panel.layer == "relu" and "zeros" in panel.facts.text())
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_Home)
    room.wait(lambda: panel.unit.sight is not None)
    assert panel.unit.sight.total is None
    assert panel.unit.arithmetic == ""


def test_nothing_is_chosen_any_more_in_another_layer(room, panel):
    place = panel.grid.place(1).center()
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseMove(panel.grid.viewport(), place)
    room.wait(lambda: "unit 1" in panel.readout.text() and panel.unit.sight is not None)
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: panel.layer == "relu" and not room.source.looks.asks("activations"))
    assert panel.grid.current == -1
    assert panel.readout.text().startswith("Point at a unit")
    assert panel.unit.sight is None


def test_zeros_are_counted(room, panel):
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Down)
    room.wait(lambda: "Over 256" in panel.facts.text() and panel.layer == "relu")
    maps = values(room, "relu")
    room.wait(lambda: f"{(maps == 0).mean():.0%} zeros for this" in panel.facts.text())


def test_it_follows_the_selection_of_the_document(room, panel, make_document):
    document = make_document(spec())
    panel.set_document(document)
    document.select(["scores"])
    room.wait(lambda: panel.grid.tiles.count == 10)
    assert panel.box.currentText() == "scores"
    scores = values(room, "scores")
    assert panel.grid.tiles.caption(3) == f"3: {scores[3]:.3g}"
    panel.box.setFocus()
    QTest.keyClick(panel.box, Qt.Key.Key_Home)
    assert document.selection == {"conv"}


def test_histograms_of_every_checkpoint_are_drawn(room, panel, trained):
    steps = [entry.step for entry in trained.checkpoints]
    room.wait(lambda: len(panel.values_chart.ridges) == len(steps))
    wanted = [f"step {step:,}" for step in steps]
    assert [item.when for item in panel.values_chart.ridges] == wanted
    assert len(panel.gradients_chart.ridges) == len(steps)


def test_another_example_has_other_maps(room, panel):
    before = panel._values
    room.source.pick("train", 7)
    # What was on its way for the example before may still arrive first.
    room.wait(lambda: np.array_equal(panel._values, values(room, "conv")))
    assert not np.array_equal(panel._values, before)


def test_what_is_counted_is_told_batch_by_batch(room, trained, monkeypatch):
    made = room.put(ActivationsPanel)
    told: list[str] = []
    say = made._say_facts
    monkeypatch.setattr(made, "_say_facts", lambda: (say(), told.append(made.facts.text())))
    room.look_into(trained)
    room.wait(lambda: "Over 256 examples" in made.facts.text())
    counted = [words.split("Over ")[1].split()[0] for words in told if "Over " in words]
    assert list(dict.fromkeys(counted)) == ["64", "128", "192", "256"]


def test_dead_units_are_flagged(room, make_document):
    """A ReLU behind weights of zero and a negative bias gives nothing."""
    panel = room.put(ActivationsPanel)
    found = edit.set_field(spec(), "conv", "init", {"kind": "zeros"})
    room.source.set_document(make_document(found))
    room.wait(lambda: len(panel.grid.tiles.flagged) == 6)
    assert "6 of 6 units dead" in panel.facts.text()
    assert panel.grid.tiles.caption(0).startswith("⚠")


def test_a_map_of_nothing_but_zeros_is_dark(room, make_document):
    panel = room.put(ActivationsPanel)
    found = edit.set_field(spec(), "conv", "init", {"kind": "zeros"})
    room.source.set_document(make_document(found))
    room.wait(lambda: panel.grid.tiles.count == 6)
    shown = panel.grid.tiles.image(0).pixelColor(0, 0)
    assert [shown.red(), shown.green(), shown.blue()] == table("size")[0].tolist()


def test_a_hidden_dock_opens_nothing(room, trained, tmp_path: Path):
    made = room.put(ActivationsPanel)
    made.hide()
    room.runs.show(trained)
    room.wait(lambda: room.runs.current.follower.status != "new")
    assert room.source.network is None
    made.show()
    room.wait(lambda: room.source.network is not None)


def test_the_strip_switches_the_maps(room, panel):
    room.source.pick("train", 7, 8)
    room.wait(lambda: np.array_equal(panel._values, values(room, "conv")))
    before = panel._values
    panel.probes.setFocus()
    QTest.keyClick(panel.probes, Qt.Key.Key_Left)
    assert room.source.example.number == 7
    room.wait(lambda: panel._values is not before)
    np.testing.assert_array_equal(panel._values, values(room, "conv"))


def test_the_examples_that_are_counted_are_those_that_there_are(room, tmp_path):
    made = room.put(ActivationsPanel)
    room.look_into(train(tmp_path / "few", split={"validation": 40}))
    room.wait(lambda: "Over 40 examples" in made.facts.text())


def test_the_sum_stands_above_what_it_is_made_of_and_its_numbers_fit(room, panel):
    panel.grid.setFocus()
    QTest.mouseClick(
        panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=panel.grid.place(0).center()
    )
    room.wait(lambda: panel.unit.sight is not None)
    (patch, *_), unit = panel.unit._rows(), panel.unit
    room.wait(lambda: unit.height() >= unit.sizeHint().height())
    assert unit._cell(patch[0]) >= unit.fontMetrics().horizontalAdvance("-0.0007")


def test_pictures_and_words_share_the_room_until_somebody_divides_it(room, panel):
    halves = panel.findChild(Halves)
    first, second = halves.sizes()
    assert first == pytest.approx(1.5 * second, abs=3)
    panel.resize(1300, 520)
    first, second = halves.sizes()
    assert first == pytest.approx(1.5 * second, abs=3)
    handle = halves.handle(1)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    QTest.mouseMove(handle, handle.rect().center() - QPoint(200, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton)
    moved = halves.sizes()[0]
    assert moved < first - 100
    panel.resize(1301, 520)
    assert halves.sizes()[0] == pytest.approx(moved, abs=3)
