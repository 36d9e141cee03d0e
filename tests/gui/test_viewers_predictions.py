"""The likeliest classes, the confusion matrix and the mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from graphspec_gui.theme import space
from graphspec_gui.viewers import predictions
from graphspec_gui.viewers.predictions import PredictionsPanel
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from graphspec.evaluation import evaluate_classes


@pytest.fixture
def panel(room, trained) -> PredictionsPanel:
    made = room.put(PredictionsPanel)
    room.look_into(trained)
    room.wait(lambda: len(made.matrix.counts) == 10)
    return made


def test_without_a_network_it_says_what_to_do(room):
    assert "Ctrl+Enter" in room.put(PredictionsPanel).hint.text()


def test_the_five_likeliest_classes_are_shown(room, panel):
    room.wait(lambda: len(panel.top.charts) == 1)
    (chart,) = panel.top.charts
    source = room.source
    probabilities = source.network.probe.probabilities(source.example.x[None])[0]
    shares = [bar.share for bar in chart.bars]
    assert shares == sorted(probabilities.tolist(), reverse=True)[:5]
    marked = [bar.name for bar in chart.bars if bar.marked]
    assert marked in ([], [str(source.example.label)])


def test_the_matrix_is_that_of_evaluate(panel, trained):
    wanted = evaluate_classes(trained, checkpoint="latest")
    np.testing.assert_array_equal(panel.matrix.counts, wanted.report.confusion)
    assert (
        panel.facts.text()
        == f"{wanted.metrics.accuracy:.1%} right of 300 examples at step {trained.latest.step}"
    )


def test_a_cell_shows_its_mistakes_and_the_button_all(panel):
    counts = panel.matrix.counts.copy()
    np.fill_diagonal(counts, 0)
    row, column = (int(i) for i in np.unravel_index(counts.argmax(), counts.shape))
    everything = panel.grid.tiles.count
    assert everything == counts.sum()
    where = panel.matrix.cell(row, column).center().toPoint()
    QTest.mouseClick(panel.matrix, Qt.MouseButton.LeftButton, pos=where)
    assert panel.grid.tiles.count == counts[row, column]
    assert f"{row} taken for {column}" in panel.heading.text()
    QTest.mouseClick(panel.every, Qt.MouseButton.LeftButton)
    assert panel.grid.tiles.count == everything


def test_the_matrix_is_walked_by_keys(panel):
    panel.matrix.setFocus()
    QTest.keyClick(panel.matrix, Qt.Key.Key_Down)
    QTest.keyClick(panel.matrix, Qt.Key.Key_Right)
    QTest.keyClick(panel.matrix, Qt.Key.Key_Down)
    QTest.keyClick(panel.matrix, Qt.Key.Key_Return)
    assert panel.matrix.current == (2, 1)
    assert panel.matrix.describe(2, 1) == panel.matrix.accessibleDescription()


def test_a_mistake_becomes_the_example(room, panel):
    first = panel.shown[0]
    centre = panel.grid.place(0).center()
    QTest.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert room.source.example.split == "validation"
    assert room.source.example.number == first.example
    assert room.source.example.label == first.label


def test_another_split_is_classified(room, panel):
    panel.split.setFocus()
    choices = [panel.split.itemData(i) for i in range(panel.split.count())]
    assert set(choices) == {"train", "validation"}
    key = Qt.Key.Key_Up if choices.index("train") == 0 else Qt.Key.Key_Down
    QTest.keyClick(panel.split, key)
    room.wait(lambda: "1,497 examples" in panel.facts.text())


def test_each_of_several_examples_has_its_bars(room, panel):
    source = room.source
    source.pick("validation", 3, 8, 5)
    room.wait(lambda: len(panel.top.charts) == 3)
    x = np.stack([example.x for example in source.examples])
    for chart, row in zip(panel.top.charts, source.network.probe.probabilities(x), strict=True):
        assert [bar.share for bar in chart.bars] == sorted(row.tolist(), reverse=True)[:5]
    names = [chart.accessibleName() for chart in panel.top.charts]
    assert all(item.title in name for item, name in zip(source.examples, names, strict=True))
    second = panel.top.charts[1]
    room.wait(lambda: second.width() > 0)
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    assert source.example.number == 8
    source.drop(source.example)
    room.wait(lambda: len(panel.top.charts) == 2)


def test_a_mistake_tells_both_classes_and_how_sure_the_network_is(panel):
    item, caption = panel.shown[0], panel.grid.tiles.caption(0)
    assert caption == f"{item.label}\n→ {item.predicted} {item.certainty:.0%}"


def test_a_long_classification_tells_how_far_it_is_and_is_cancelled_and_begun_again(
    room, panel, monkeypatch
):
    # An example at a time: the split takes 1,497 steps, between which it is heard.
    monkeypatch.setattr(predictions, "_BATCH", 1)
    said: list[str] = []
    room.source.looks.answered.connect(lambda: said.append(panel.waiting.words.text()))
    panel.split.setFocus()
    before = panel.split.currentData()
    QTest.keyClick(panel.split, Qt.Key.Key_Up)
    assert panel.split.currentData() != before
    room.wait(lambda: any(words.endswith(" left") for words in said))
    assert panel.waiting.isVisible()
    QTest.mouseClick(panel.halt, Qt.MouseButton.LeftButton)
    assert not room.source.looks.asks("answers")
    assert not panel.waiting.isVisible()
    assert panel.facts.text() == "Cancelled."
    panel.touch()  # as newer weights would
    assert not room.source.looks.asks("answers")
    monkeypatch.setattr(predictions, "_BATCH", 64)
    QTest.mouseClick(panel.halt, Qt.MouseButton.LeftButton)
    room.wait(lambda: "1,497 examples" in panel.facts.text())
    assert not panel.halt.isVisible()


def test_the_lower_docks_have_room_for_it_from_the_first_start(room, panel):
    room.wait(lambda: len(panel.top.charts) == 1)
    # They are 40 steps of the grid high, with a title above and tabs below.
    assert panel.minimumSizeHint().height() <= space(30)


def test_where_there_is_no_room_for_counts_it_says_how_to_read_them(room, panel):
    assert panel.matrix.tells_counts
    assert panel.readout.text().endswith("click a cell to see its mistakes.")
    panel.resize(900, panel.minimumSizeHint().height())
    room.wait(lambda: not panel.matrix.tells_counts)
    assert "point at a cell for its count" in panel.readout.text()
    QTest.mouseMove(panel.matrix, panel.matrix.rect().topLeft())
    QTest.mouseMove(panel.matrix, panel.matrix.cell(3, 3).center().toPoint())
    assert panel.readout.text() == panel.matrix.describe(3, 3)
    panel.resize(900, 520)
    room.wait(lambda: panel.matrix.tells_counts)
    assert panel.readout.text().endswith("click a cell to see its mistakes.")
