"""The data browser, and the source that all viewers look through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from graphspec_gui.viewers.data import DataPanel
from graphspec_gui.viewers.looks import Looks
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest

from graphspec import edit
from graphspec.errors import DataError
from graphspec.train.rundir import Run
from tests.gui.viewing import Room, spec, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture
def room(qtbot) -> Iterator[Room]:
    made = Room(qtbot)
    yield made
    made.runs.close()


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
