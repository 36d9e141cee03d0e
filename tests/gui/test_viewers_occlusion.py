"""A square slides over the image, and maps fill in."""

from __future__ import annotations

import re

import numpy as np
import pytest
from graphspec_gui.viewers.fill import FillChoice
from graphspec_gui.viewers.occlusion import OcclusionPanel
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog, QWidget

from graphspec import api
from graphspec.inspect.occlusion import occlusion_map
from tests.gui.viewing import train
from tests.train.nets import network


@pytest.fixture
def panel(room, trained) -> OcclusionPanel:
    made = room.put(OcclusionPanel)
    room.look_into(trained)
    room.wait(lambda: made.classes.count() == 10)
    return made


def press(panel: OcclusionPanel) -> None:
    QTest.mouseClick(panel.button, Qt.MouseButton.LeftButton)


def finished(panel: OcclusionPanel) -> bool:
    return panel.found is not None and panel.found.done == 1 and panel.button.text() == "Cover"


def test_without_a_network_it_says_what_to_do(room):
    assert "Ctrl+Enter" in room.put(OcclusionPanel).hint.text()


def test_it_says_that_points_are_no_images(room, tmp_path):
    panel = room.put(OcclusionPanel)
    room.look_into(api.fit(network(), "spiral", run=tmp_path / "run", epochs=1))
    room.wait(lambda: "images" in panel.hint.text())


def test_the_map_is_that_of_the_command_line(room, panel):
    panel.square.setFocus()
    QTest.keyClick(panel.square, Qt.Key.Key_Up)
    press(panel)
    room.wait(lambda: finished(panel))
    source = room.source
    wanted = occlusion_map(source.network.probe, source.example.x, size=3, stride=1)
    assert panel.square.value() == 3
    np.testing.assert_allclose(panel.found.covered, wanted.covered, atol=1e-5)
    likeliest = int(wanted.whole.argmax())
    assert panel.chosen == (likeliest,)
    assert panel.grid.tiles.caption(0) == f"{likeliest} {wanted.whole[likeliest]:.1%}"


def test_several_classes_are_drawn_at_once(room, panel):
    press(panel)
    room.wait(lambda: finished(panel))
    likeliest = panel.chosen[0]
    other = (likeliest + 1) % 10
    panel.classes.setCurrentRow(other)
    panel.classes.setFocus()
    QTest.keyClick(panel.classes, Qt.Key.Key_Space)
    assert set(panel.chosen) == {likeliest, other}
    assert panel.grid.tiles.count == 2


def test_drops_are_drawn_on_a_scale_around_zero(room, panel):
    press(panel)
    room.wait(lambda: finished(panel))
    k = panel.chosen[0]
    panel.measure.setFocus()
    QTest.keyClick(panel.measure, Qt.Key.Key_End)
    np.testing.assert_array_equal(panel.values(k), panel.found.log_odds_drop(k))
    assert panel.scale._low == -panel.scale._high == -abs(panel.values(k)).max()
    image = panel.grid.tiles.image(0)
    panel.opacity.setFocus()
    QTest.keyClick(panel.opacity, Qt.Key.Key_Home)
    assert panel.grid.tiles.image(0) != image


def test_it_can_be_cancelled_and_keeps_what_it_found(room, panel):
    room.source.looks.gentle = True
    panel.stride.setValue(1)
    panel.square.setValue(1)
    press(panel)
    room.wait(lambda: panel.found is not None)
    if panel.found.done < 1:
        assert panel.button.text() == "Cancel"
        assert panel.waiting.isVisible()
        press(panel)
    room.wait(lambda: panel.button.text() == "Cover")
    assert not panel.waiting.isVisible()
    assert not room.source.looks.asks("occlusion")
    assert panel.found is not None


def test_pointing_at_a_map_tells_the_probability(room, panel):
    press(panel)
    room.wait(lambda: finished(panel))
    k = panel.chosen[0]
    QTest.mouseMove(panel.grid.viewport(), panel.grid.place(0).center())
    room.wait(lambda: "covered" in panel.readout.text())
    r, c = len(panel.found.tops) // 2, len(panel.found.lefts) // 2
    assert f"{panel.found.whole[k]:.2%} uncovered" in panel.readout.text()
    assert f"{panel.found.covered[k, r, c]:.2%}" in panel.readout.text()


def test_another_example_starts_anew(room, panel):
    press(panel)
    room.wait(lambda: finished(panel))
    room.source.pick("train", 5)
    assert panel.found is None
    assert panel.grid.tiles.caption(0) == "Press Cover"


def test_another_network_starts_anew_with_ones_own_picture(room, panel, tmp_path):
    Image.fromarray(np.full((8, 8), 90, np.uint8)).save(tmp_path / "mine.png")
    room.source.read(tmp_path / "mine.png")
    room.wait(lambda: room.source.example.split is None)
    press(panel)
    room.wait(lambda: finished(panel))
    mine = room.source.example
    before = room.source.network
    room.runs.show(train(tmp_path / "other", epochs=2))
    room.wait(lambda: room.source.network is not before)
    assert room.source.example is mine
    assert panel.found is None
    assert panel.grid.tiles.caption(0) == "Press Cover"


def test_each_example_keeps_its_map(room, panel):
    room.source.pick("validation", 2, 9)
    press(panel)
    room.wait(lambda: finished(panel))
    first, ticked = panel.found, panel.chosen
    panel.probes.setFocus()
    QTest.keyClick(panel.probes, Qt.Key.Key_Left)
    assert panel.found is None
    press(panel)
    room.wait(lambda: finished(panel))
    np.testing.assert_array_equal(panel.found.image, room.source.example.x)
    assert panel.chosen == (int(panel.found.whole.argmax()),)
    QTest.keyClick(panel.probes, Qt.Key.Key_Right)
    assert panel.found is first
    assert panel.chosen == ticked


def test_covered_pixels_take_a_value_of_ones_own(room, panel):
    panel.fill.choice.setFocus()
    assert not panel.fill.value.isVisible()
    QTest.keyClick(panel.fill.choice, Qt.Key.Key_End)
    panel.fill.value.setFocus()
    panel.fill.value.selectAll()
    QTest.keyClicks(panel.fill.value, "-7.5")
    assert not panel.fill.color.isVisible(), "grey images have no colour"
    press(panel)
    room.wait(lambda: finished(panel))
    source = room.source
    size, stride = panel.square.value(), panel.stride.value()
    wanted = occlusion_map(
        source.network.probe, source.example.x, size=size, stride=stride, fill=-7.5
    )
    np.testing.assert_allclose(panel.found.covered, wanted.covered, atol=1e-5)


def test_what_is_no_value_is_told_and_nothing_is_covered(panel):
    panel.fill.choice.setFocus()
    QTest.keyClick(panel.fill.choice, Qt.Key.Key_End)
    panel.fill.value.selectAll()
    QTest.keyClicks(panel.fill.value, "dark")
    assert panel.fill.value.property("state") == "error"
    assert not panel.button.isEnabled()
    assert "give one number" in panel.button.toolTip()
    QTest.keyClicks(panel.fill.value, "\b\b\b\b3")
    assert panel.button.isEnabled()
    assert panel.button.toolTip() == ""


def test_a_colour_can_be_chosen_for_images_in_colour(qtbot, monkeypatch):
    room = QWidget()
    qtbot.addWidget(room)
    made = FillChoice(room)
    made.set_image(3, (0.0, 255.0))
    room.show()
    made.choice.setFocus()
    QTest.keyClick(made.choice, Qt.Key.Key_End)
    assert made.color.isVisible()
    assert made.fill() == (127.5,)
    asked = []

    def choose(initial: QColor, *_: object) -> QColor:
        asked.append(initial.red())
        return QColor(255, 128, 0)

    monkeypatch.setattr(QColorDialog, "getColor", choose)
    QTest.mouseClick(made.color, Qt.MouseButton.LeftButton)
    assert asked == [128]
    assert made.fill() == pytest.approx((255, 128, 0), abs=0.1)
    made.value.selectAll()
    QTest.keyClicks(made.value, "1, 2")
    assert "or 3 with commas" in made.problem


def test_the_time_left_is_told_beside_the_progress(room, panel):
    said: list[str] = []
    room.source.looks.answered.connect(lambda: said.append(panel.waiting.words.text()))
    panel.square.setValue(1)
    panel.stride.setValue(1)
    press(panel)
    assert panel.waiting.isVisible()
    room.wait(lambda: finished(panel))
    assert not panel.waiting.isVisible()
    # 64 positions, 32 at a time.
    assert any(re.fullmatch(r"50%, [\d.]+ s left", words) for words in said)


def test_the_number_under_the_mouse_is_of_what_the_colours_show(room, panel):
    press(panel)
    room.wait(lambda: finished(panel))
    for words in ("", "fall of", "log-odds fall by"):
        where = panel.grid.place(0).center()
        QTest.mouseMove(panel.grid.viewport(), where - QPoint(3, 0))
        QTest.mouseMove(panel.grid.viewport(), where)
        room.wait(lambda words=words: f"covered{': ' if words else ''}" in panel.readout.text())
        assert words in panel.readout.text()
        assert ("fall" in panel.readout.text()) == bool(words)
        panel.measure.setFocus()
        QTest.keyClick(panel.measure, Qt.Key.Key_Down)
