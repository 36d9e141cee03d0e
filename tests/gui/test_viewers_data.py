"""The data browser, and the source that all viewers look through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graphspec_gui.viewers.data import DataPanel
from graphspec_gui.viewers.example import PROBES
from graphspec_gui.viewers.looks import Looks
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest

from graphspec import edit
from graphspec.errors import DataError
from tests.gui.viewing import Room, spec, train


@pytest.fixture
def looks(qtbot) -> Iterator[Looks]:
    made = Looks()
    yield made
    made.close()


def test_of_questions_with_one_key_the_latest_is_answered(qtbot, looks):
    go = threading.Event()
    answers: list[object] = []

    def slow() -> Iterator[int]:
        go.wait(5)
        yield 1
        yield 2

    looks.ask("map", slow, answers.append)
    looks.ask("map", lambda: iter([3, 4]), answers.append)
    go.set()
    qtbot.waitUntil(lambda: not looks.asks("map"))
    assert answers == [3, 4]


def test_a_long_question_does_not_hold_up_a_short_one(qtbot, looks):
    order: list[str] = []

    def endless() -> Iterator[str]:
        while True:
            yield "long"

    looks.ask("long", endless, lambda _: order.append("long"))
    qtbot.waitUntil(lambda: "long" in order)
    looks.ask("short", lambda: iter(["short"]), lambda _: order.append("short"))
    qtbot.waitUntil(lambda: "short" in order)
    looks.cancel("long")
    count = len(order)
    qtbot.wait(50)
    assert len(order) == count


def test_answers_come_in_the_thread_that_asked_and_refusals_are_told(qtbot, looks):
    where: list[threading.Thread] = []
    reasons: list[str] = []

    def refuse() -> Iterator[int]:
        raise DataError("no such data")
        yield 1

    looks.ask("a", lambda: iter([1]), lambda _: where.append(threading.current_thread()))
    looks.ask("b", refuse, where.append, reasons.append)
    qtbot.waitUntil(lambda: bool(where) and bool(reasons))
    assert where == [threading.current_thread()]
    assert reasons == ["no such data"]


def test_without_a_network_it_says_what_to_do(room):
    panel = room.put(DataPanel)
    assert panel.hint.isVisible()
    assert "Ctrl+Enter" in panel.hint.text()


def test_a_document_without_a_data_set_says_where_to_choose_one(room, make_document):
    panel = room.put(DataPanel)
    room.source.set_document(make_document(edit.set_value(spec(), "training.data", None)))
    room.wait(lambda: "data set" in panel.hint.text())


def test_the_examples_of_the_document_are_shown_before_any_training(room, make_document):
    panel = room.put(DataPanel)
    room.source.set_document(make_document(spec()))
    room.wait(lambda: panel.grid.tiles.count == 1497)
    assert panel.balance.bars[3].value == str(
        int((room.source.network.data.parts["train"][1] == 3).sum())
    )
    assert not panel.bar.weights.isEnabled()


def test_splits_and_classes_are_chosen_by_keyboard(room, trained):
    panel = room.put(DataPanel)
    room.look_into(trained)
    room.wait(lambda: panel.grid.tiles.count == 1497)
    panel.split.setFocus()
    QTest.keyClick(panel.split, Qt.Key.Key_Down)
    assert panel.grid.tiles.count == 300
    panel.classes.setFocus()
    QTest.keyClick(panel.classes, Qt.Key.Key_Down)
    labels = room.source.network.data.parts["validation"][1]
    assert panel.grid.tiles.count == int((labels == 0).sum())
    assert {panel.grid.tiles.caption(i) for i in range(panel.grid.tiles.count)} == {"0"}


def test_a_click_shows_an_example_to_the_network_and_arrows_go_on(room, trained):
    panel = room.put(DataPanel)
    room.look_into(trained)
    room.wait(lambda: panel.grid.tiles.count > 10)
    centre = panel.grid.place(3).center()
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert (room.source.example.split, room.source.example.number) == ("train", 3)
    QTest.keyClick(panel.grid, Qt.Key.Key_Right)
    assert room.source.example.number == 4
    assert panel.grid.current == 4
    x, y = room.source.network.data.parts["train"]
    np.testing.assert_array_equal(room.source.example.x, x[4])
    assert room.source.example.label == y[4]
    assert "train 4" in panel.grid.accessibleDescription()


def choose(panel: DataPanel, stage: str) -> None:
    panel.stage.setFocus()
    while panel.stage.currentData() != stage:
        QTest.keyClick(panel.stage, Qt.Key.Key_Down)


def test_augmentation_can_be_drawn_again(room, trained):
    panel = room.put(DataPanel)
    room.look_into(trained)
    room.wait(lambda: panel.grid.tiles.count > 10)
    choose(panel, "augmented")
    room.wait(lambda: panel.grid.tiles.count == 200)
    first = [panel.grid.tiles.image(i) for i in range(20)]
    before = panel.grid.tiles
    QTest.mouseClick(panel.again, Qt.MouseButton.LeftButton)
    room.wait(lambda: panel.grid.tiles is not before)
    second = [panel.grid.tiles.image(i) for i in range(20)]
    assert first != second
    mirrored = [image.flipped(Qt.Orientation.Horizontal) for image in first]
    assert all(b in (a, m) for a, b, m in zip(first, second, mirrored, strict=True))


def test_preprocessing_is_shown(room, trained):
    panel = room.put(DataPanel)
    room.look_into(trained)
    room.wait(lambda: panel.grid.tiles.count > 10)
    choose(panel, "preprocessed")
    room.wait(lambda: panel.grid.tiles.count == 200)
    assert "mean, std" in panel.facts.text()


def test_a_picture_can_be_dropped(room, trained, tmp_path: Path):
    panel = room.put(DataPanel)
    room.look_into(trained)
    path = tmp_path / "<b>mine<b>.png"
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(path)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, mime, left, none)
    panel.dragEnterEvent(enter)
    assert enter.isAccepted()
    panel.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, mime, left, none))
    room.wait(lambda: room.source.example.title == path.name)
    assert room.source.example.x.shape == (1, 8, 8)
    assert room.source.example.x.max() == pytest.approx(16)


def test_a_file_that_is_no_picture_is_refused_in_words(room, trained, tmp_path: Path):
    panel = room.put(DataPanel)
    room.look_into(trained)
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    room.source.read(path)
    room.wait(lambda: bool(room.source.trouble))
    assert panel._trouble.isVisible()
    assert room.source.network is not None


def test_a_newer_checkpoint_is_opened(room, tmp_path: Path):
    room.put(DataPanel)
    run = train(tmp_path / "run", epochs=2)
    room.look_into(run)
    step = room.source.network.step
    data = room.source.network.data
    log, manifest = run.path / "events.jsonl", run.path / "checkpoints" / "manifest.json"
    older = manifest.read_text()
    run = train(tmp_path / "more", epochs=3)
    for file in (run.path / "checkpoints").iterdir():
        (manifest.parent / file.name).write_bytes(file.read_bytes())
    assert manifest.read_text() != older
    added = b'{"step":%d,"epoch":3,"time":1,"type":"snapshot","what":"checkpoint","file":"x"}\n'
    with log.open("ab") as file:
        file.write(added % run.latest.step)
    room.wait(lambda: room.source.network.step == run.latest.step)
    assert room.source.network.step != step
    assert room.source.network.data is data


def click(panel: DataPanel, index: int, held: Qt.KeyboardModifier) -> None:
    centre = panel.grid.place(index).center()
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, held, centre)


CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


def numbers(room: Room) -> list[int]:
    return [example.number for example in room.source.examples]


@pytest.fixture
def panel(room, trained) -> DataPanel:
    made = room.put(DataPanel)
    room.look_into(trained)
    room.wait(lambda: made.grid.tiles.count > 20)
    return made


def test_ctrl_adds_an_example_and_takes_it_out(room, panel):
    click(panel, 3, NONE)
    click(panel, 6, CTRL)
    click(panel, 1, CTRL)
    assert numbers(room) == [3, 6, 1]
    assert room.source.example.number == 1
    assert panel.grid.marked == {1, 3, 6}
    assert "one of 3" in panel.grid.accessibleDescription()
    click(panel, 6, CTRL)
    assert numbers(room) == [3, 1]
    click(panel, 3, CTRL)
    click(panel, 1, CTRL)
    assert numbers(room) == [1], "one is always shown"
    click(panel, 2, NONE)
    assert numbers(room) == [2]
    assert panel.grid.marked == {2}


def test_shift_shows_all_from_the_last_one_on(room, panel):
    click(panel, 5, NONE)
    click(panel, 8, SHIFT)
    assert numbers(room) == [5, 6, 7, 8]
    click(panel, 3, SHIFT)
    assert numbers(room) == [5, 4, 3]
    click(panel, 5, NONE)
    click(panel, 5 + 2 * PROBES, SHIFT)
    assert numbers(room) == list(range(5, 5 + PROBES))


def test_examples_are_added_by_keyboard(room, panel):
    panel.grid.setFocus()
    QTest.keyClick(panel.grid, Qt.Key.Key_Home)
    QTest.keyClick(panel.grid, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(panel.grid, Qt.Key.Key_Right, SHIFT)
    assert numbers(room) == [0, 1, 2]
    for _ in range(2):
        QTest.keyClick(panel.grid, Qt.Key.Key_Right, CTRL)
    assert numbers(room) == [0, 1, 2]
    assert panel.grid.current == 4
    QTest.keyClick(panel.grid, Qt.Key.Key_Space)
    assert numbers(room) == [0, 1, 2, 4]
    QTest.keyClick(panel.grid, Qt.Key.Key_Space)
    assert numbers(room) == [0, 1, 2]
    assert panel.grid.current == 4


def test_examples_of_two_splits_are_shown_together(room, panel):
    click(panel, 2, NONE)
    panel.split.setFocus()
    QTest.keyClick(panel.split, Qt.Key.Key_Down)
    assert panel.grid.marked == frozenset()
    click(panel, 4, CTRL)
    assert [(item.split, item.number) for item in room.source.examples] == [
        ("train", 2),
        ("validation", 4),
    ]
    QTest.keyClick(panel.split, Qt.Key.Key_Up)
    assert panel.grid.marked == {2}


def test_the_strip_goes_from_example_to_example(room, panel):
    assert not panel.probes.isVisible()
    click(panel, 5, NONE)
    click(panel, 8, SHIFT)
    strip = panel.probes
    assert strip.isVisible()
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.place(1).center())
    assert room.source.example.number == 6
    assert numbers(room) == [5, 6, 7, 8]
    assert panel.grid.current == 6
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Right)
    assert room.source.example.number == 7
    assert "3 of 4" in strip.accessibleDescription()
    QTest.keyClick(strip, Qt.Key.Key_Delete)
    assert numbers(room) == [5, 6, 8]
    assert room.source.example.number == 8
    QTest.mouseMove(strip, strip.place(0).center())
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.cross(0).center())
    assert numbers(room) == [6, 8]
    assert room.source.example.number == 8


def test_several_pictures_are_read_and_added(room, panel, tmp_path: Path):
    np.save(tmp_path / "two.npy", np.stack([np.full((1, 8, 8), value) for value in (3.0, 5.0)]))
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(tmp_path / "one.png")
    room.source.read(tmp_path / "two.npy", tmp_path / "one.png")
    room.wait(lambda: len(room.source.examples) == 3)
    titles = [item.title for item in room.source.examples]
    assert titles == ["two.npy[0]", "two.npy[1]", "one.png"]
    assert room.source.examples[1].x.max() == 5
    room.source.read(tmp_path / "one.png", add=True)
    room.wait(lambda: len(room.source.examples) == 4)


def test_the_examples_stay_when_another_run_of_the_same_data_is_opened(room, panel, tmp_path):
    click(panel, 5, NONE)
    click(panel, 8, SHIFT)
    QTest.keyClick(panel.probes, Qt.Key.Key_Left)
    before = room.source.network
    room.runs.show(train(tmp_path / "other"))
    room.wait(lambda: room.source.network is not before)
    assert numbers(room) == [5, 6, 7, 8]
    assert room.source.example.number == 7
    x = room.source.network.data.parts["train"][0]
    np.testing.assert_array_equal(room.source.example.x, x[7])


def drop(panel: DataPanel, paths: list[Path], held: Qt.KeyboardModifier) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    panel.dropEvent(QDropEvent(QPointF(50, 50), copy, mime, left, held))


def test_several_pictures_can_be_dropped_and_ctrl_adds(room, panel, tmp_path: Path):
    paths = [tmp_path / f"{name}.png" for name in "ab"]
    for path, shade in zip(paths, (80, 200), strict=True):
        Image.fromarray(np.full((8, 8), shade, np.uint8)).save(path)
    drop(panel, paths, NONE)
    room.wait(lambda: [item.title for item in room.source.examples] == ["a.png", "b.png"])
    drop(panel, paths[:1], CTRL)
    room.wait(lambda: len(room.source.examples) == 3)
    drop(panel, [paths[0], tmp_path / "words.txt"], NONE)
    assert not room.source.looks.asks("read")


def test_the_numbers_show_what_preprocessing_does(room, trained):
    panel = room.put(DataPanel)
    room.look_into(trained)
    room.wait(lambda: panel.grid.tiles.count == 1497)
    assert not panel.stated.isVisible()

    def pointed() -> float:
        place = panel.grid.place(2)
        QTest.mouseMove(panel.grid.viewport(), place.center() - QPoint(4, 0))
        QTest.mouseMove(panel.grid.viewport(), place.center())
        room.wait(lambda: panel.readout.text().startswith("train 2, row"))
        return float(panel.readout.text().rpartition(": ")[2])

    data = room.source.network.data
    x = data.parts["train"][0]
    QTest.mouseMove(panel.grid.viewport(), panel.grid.place(2).center())
    assert pointed() in x[2]
    panel.stage.setFocus()
    QTest.keyClick(panel.stage, Qt.Key.Key_End)
    room.wait(panel.stated.isVisible)
    made = data.pipeline.apply(x[:200], np.float32)
    assert f"{made.min():.3g} to {made.max():.3g}" in panel.stated.text()
    assert np.isclose(made[2], pointed(), rtol=1e-3).any()
