"""The runs dock: a real workspace, through real clicks and keys."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from graphspec_gui.banner import Banner
from graphspec_gui.runs.comparison import UNLIKE, Comparison, _words
from graphspec_gui.runs.drawing import draw_difference
from graphspec_gui.runs.panel import RunsPanel
from graphspec_gui.runs.table import NEWER, PLACES
from graphspec_gui.theme import theme
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QFile, QModelIndex, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QTableWidgetItem, QWidget

from graphspec import api, edit
from graphspec.train.control import Control
from graphspec.train.remarks import Remarks, read_remarks, write_remarks
from graphspec.train.rundir import Run
from graphspec.train.session import create_run, train_run
from tests.gui.questions import answer
from tests.train.nets import network


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: one that ended, a wider one, and one that was stopped."""
    folder = tmp_path_factory.mktemp("made")
    settings = {"epochs": 2, "batch": 32}
    api.fit(network(), "spiral", run=folder / "alpha", **settings)
    wide = edit.rename(edit.set_field(network(), "hidden", "units", 16), "relu", "rectify")
    api.fit(wide, "spiral", run=folder / "beta", **settings, seed=1)
    spec = edit.set_value(
        edit.set_value(network(), "training.data", "spiral"), "training.epochs", 9
    )
    run = create_run(spec, spec.training, folder / "gamma")
    control = Control()
    control.stop()
    list(train_run(run.path, control=control))
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "runs"))


@pytest.fixture
def window(folder: Path, window: MainWindow) -> MainWindow:
    """The app in this workspace."""
    return window


@pytest.fixture
def panel(qtbot, window: MainWindow) -> RunsPanel:
    window.show_dock("runs_dock")
    found = window.docks["runs_dock"].widget()
    assert isinstance(found, RunsPanel)
    qtbot.waitUntil(lambda: found.rows.rowCount() == 3)
    return found


def index(panel: RunsPanel, run: str, column: str = "name") -> QModelIndex:
    for row in range(panel.rows.rowCount()):
        found = panel.rows.index(row, PLACES[column])
        if panel.rows.facts_at(found).name == run:
            return found
    raise AssertionError(f"{run} is not listed")


def names(panel: RunsPanel) -> list[str]:
    rows = range(panel.rows.rowCount())
    return [panel.rows.facts_at(panel.rows.index(row, 0)).name for row in rows]


def click(
    panel: RunsPanel, run: str, column: str = "name", *, add: bool = False, left=None
) -> None:
    panel.view.scrollTo(index(panel, run, column))
    rect = panel.view.visualRect(index(panel, run, column))
    at = rect.center() if left is None else QPoint(rect.left() + left, rect.center().y())
    keys = Qt.KeyboardModifier.ControlModifier if add else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, keys, at)


def text(panel: RunsPanel, run: str, column: str) -> str:
    return index(panel, run, column).data()


def test_every_run_is_listed_with_its_facts(panel):
    assert sorted(names(panel)) == ["alpha", "beta", "gamma"]
    assert text(panel, "alpha", "status") == "finished"
    assert text(panel, "gamma", "status") == "stopped"
    assert text(panel, "alpha", "data") == "spiral"
    best = Run(panel.rows.facts_at(index(panel, "alpha")).path).last.best_value
    assert text(panel, "alpha", "best") == f"{best:.2%}"
    assert text(panel, "gamma", "best") == ""
    assert not index(panel, "alpha", "status").data(Qt.ItemDataRole.DecorationRole).isNull()
    assert panel._count.text() == "3 runs"


def test_a_run_of_a_newer_version_is_listed_grey_and_can_be_named_but_not_opened(
    qtbot, panel, window, folder
):
    spec = folder / "alpha" / "spec.json"
    spec.write_text(spec.read_text().replace('"graphspec/1"', '"graphspec/2"'))
    (folder / "alpha" / "remarks.json").write_text('{"note": "from the cluster"}')
    qtbot.waitUntil(lambda: text(panel, "alpha", "status") == "newer format")
    grey = theme().color("disabled")
    assert index(panel, "alpha").data(Qt.ItemDataRole.ForegroundRole) == grey
    assert index(panel, "beta").data(Qt.ItemDataRole.ForegroundRole) is None
    tip = index(panel, "alpha", "status").data(Qt.ItemDataRole.ToolTipRole)
    assert "update graphspec" in tip
    assert text(panel, "alpha", "best") == ""
    assert text(panel, "alpha", "note") == "from the cluster"
    click(panel, "alpha")
    for action in (panel.show_, panel.open, panel.go_on):
        assert action.reason == NEWER
    click(panel, "beta", add=True)
    assert panel.compare.reason == NEWER
    click(panel, "alpha", "shown", left=10)
    assert panel.shown.at(folder / "alpha") is None
    window.files.open(folder / "alpha")
    assert "newer version of graphspec" in window.findChildren(Banner)[-1].label.text()
    assert window.current is None
    header = panel.view.header()
    at = QPoint(header.sectionViewportPosition(PLACES["status"]) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert names(panel) == ["beta", "alpha", "gamma"]
    click(panel, "alpha")
    assert panel.delete.isEnabled()
    panel.rename.trigger()
    field = panel.view.viewport().findChild(QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, "later")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "later" in names(panel))
    assert Run(folder / "later").status == "newer"


def test_a_click_on_a_title_sorts_and_unknown_values_stay_below(panel):
    header = panel.view.header()
    at = QPoint(header.sectionViewportPosition(PLACES["best"]) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert names(panel)[-1] == "gamma"
    first = names(panel)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert names(panel)[-1] == "gamma"
    assert names(panel) == [first[1], first[0], "gamma"]


def test_words_filter_the_rows(panel):
    panel.filter.setFocus()
    QTest.keyClicks(panel.filter, "stopped SPIRAL")
    assert names(panel) == ["gamma"]
    assert panel._count.text() == "1 of 3"
    QTest.keyClicks(panel.filter, " nonsense")
    assert names(panel) == []
    assert panel._hint.isVisible()
    assert "nonsense" in panel._hint.text()


def test_a_run_is_renamed_in_its_row(qtbot, panel, folder):
    click(panel, "beta", "shown", left=10)
    assert panel.shown.at(folder / "beta") is not None
    click(panel, "beta")
    QTest.keyClick(panel.view, Qt.Key.Key_F2)
    field = panel.view.findChild(QLineEdit)
    QTest.keyClicks(field, "wider")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sorted(names(panel)) == ["alpha", "gamma", "wider"])
    assert (folder / "wider" / "spec.json").is_file()
    assert panel.shown.at(folder / "wider").visible


def test_a_name_that_is_taken_is_refused_in_words(qtbot, panel, folder):
    click(panel, "beta")
    QTest.keyClick(panel.view, Qt.Key.Key_F2)
    field = panel.view.findChild(QLineEdit)
    QTest.keyClicks(field, "alpha")
    answer("OK")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert sorted(names(panel)) == ["alpha", "beta", "gamma"]


def test_notes_and_stars_are_kept_in_the_runs_folder(qtbot, panel, folder):
    click(panel, "alpha")
    panel.note.trigger()
    field = panel.view.findChild(QLineEdit)
    QTest.keyClicks(field, "the <b>first</b> one")
    QTest.keyClick(field, Qt.Key.Key_Return)
    click(panel, "alpha", "starred")
    expected = Remarks(note="the <b>first</b> one", starred=True)
    assert read_remarks(folder / "alpha") == expected
    qtbot.waitUntil(lambda: text(panel, "alpha", "note") == expected.note)
    qtbot.waitUntil(lambda: panel.star.text() == "Take the star away")
    panel.star.trigger()
    assert not read_remarks(folder / "alpha").starred


def test_what_others_write_is_seen(qtbot, panel, folder):
    write_remarks(folder / "gamma", Remarks(note="from a terminal"))
    shutil.copytree(folder / "alpha", folder / "delta")
    qtbot.waitUntil(lambda: "delta" in names(panel))
    assert text(panel, "gamma", "note") == "from a terminal"
    shutil.rmtree(folder / "beta")
    qtbot.waitUntil(lambda: "beta" not in names(panel))


def command(*words: str) -> None:
    """Another process in this workspace."""
    subprocess.run([sys.executable, "-m", "graphspec.cli", "runs", *words], check=True)


def test_drawn_runs_that_another_process_renames_or_deletes_are_drawn_on_or_let_go(
    qtbot, panel, folder
):
    for name in ("alpha", "beta"):
        click(panel, name, "shown", left=10)
    qtbot.waitUntil(lambda: all(item.follower.status == "finished" for item in panel.shown))
    before = panel.shown.at(folder / "alpha")
    points = before.follower.history.series["train/loss"].values.tolist()
    command("rename", "alpha", "omega")
    qtbot.waitUntil(lambda: panel.shown.at(folder / "omega") is not None)
    after = panel.shown.at(folder / "omega")
    assert [item.name for item in panel.shown] == ["beta", "omega"]
    assert (after.color, after.visible) == (before.color, True)
    # The one that was in front still is.
    assert panel.shown.current is panel.shown.at(folder / "beta")
    qtbot.waitUntil(lambda: after.follower.status == "finished")
    assert after.follower.history.series["train/loss"].values.tolist() == points
    command("delete", "beta", "--yes")
    qtbot.waitUntil(lambda: [item.name for item in panel.shown] == ["omega"])
    qtbot.waitUntil(lambda: sorted(names(panel)) == ["gamma", "omega"])


def test_runs_are_moved_to_the_trash_after_a_question(qtbot, panel, folder, tmp_path, monkeypatch):
    trash = tmp_path / "trash"

    def move(path: str) -> tuple[bool, str]:
        shutil.move(path, trash / Path(path).name)
        return True, str(trash)

    trash.mkdir()
    monkeypatch.setattr(QFile, "moveToTrash", move)
    click(panel, "alpha", "shown", left=10)
    click(panel, "alpha")
    click(panel, "beta", add=True)
    answer("Cancel")
    QTest.keyClick(panel.view, Qt.Key.Key_Delete)
    assert (folder / "alpha").exists()
    panel.window().activateWindow()
    qtbot.waitUntil(panel.view.hasFocus)
    answer("Move to the trash")
    QTest.keyClick(panel.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(list(trash.iterdir())) == 2)
    qtbot.waitUntil(lambda: names(panel) == ["gamma"])
    assert len(panel.shown) == 0


@pytest.mark.parametrize("failure", [False, (False, "")])
def test_where_there_is_no_trash_it_asks_whether_to_delete_for_good(
    qtbot, panel, folder, monkeypatch, failure
):
    def fail(_: str) -> bool | tuple[bool, str]:
        answer("Delete for good")
        return failure  # PySide promises a pair, and gives False alone

    monkeypatch.setattr(QFile, "moveToTrash", fail)
    click(panel, "alpha")
    answer("Move to the trash")
    panel.delete.trigger()
    qtbot.waitUntil(lambda: set(names(panel)) == {"beta", "gamma"})
    assert not (folder / "alpha").exists()


def test_a_check_box_draws_a_run_and_takes_it_away(qtbot, panel, folder):
    click(panel, "alpha", "shown", left=10)
    assert [item.name for item in panel.shown] == ["alpha"]
    state = index(panel, "alpha", "shown").data(Qt.ItemDataRole.CheckStateRole)
    assert Qt.CheckState(state) == Qt.CheckState.Checked
    assert not index(panel, "alpha", "shown").data(Qt.ItemDataRole.DecorationRole).isNull()
    click(panel, "alpha", "shown", left=10)
    assert len(panel.shown) == 0
    click(panel, "beta")
    QTest.keyClick(panel.view, Qt.Key.Key_Space)
    assert [item.name for item in panel.shown] == ["beta"]


def test_a_double_click_opens_the_network(qtbot, panel, window):
    rect = panel.view.visualRect(index(panel, "beta", "model"))
    click(panel, "beta", "model")
    QTest.mouseDClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.document.spec.layers[0].units == 16


def test_a_stopped_run_goes_on(qtbot, panel, window, folder):
    click(panel, "alpha")
    assert "end" in panel.go_on.reason
    click(panel, "gamma")
    assert panel.go_on.isEnabled()
    panel.go_on.trigger()
    qtbot.waitUntil(lambda: Run(folder / "gamma").status == "finished")
    qtbot.waitUntil(lambda: text(panel, "gamma", "status") == "finished")
    assert Run(folder / "gamma").sessions[-1].resumed


def compared(qtbot, panel, window) -> Comparison:
    click(panel, "gamma", "shown", left=10)
    click(panel, "alpha")
    assert "two or more" in panel.compare.reason
    click(panel, "beta", add=True)
    panel.compare.trigger()
    found = window.findChild(Comparison)
    qtbot.waitUntil(lambda: found.table.rowCount() > 0)
    return found


def marked(found: Comparison) -> dict[str, list[str]]:
    rows = {}
    for row in range(found.table.rowCount()):
        title = found.table.verticalHeaderItem(row).text()
        if title.startswith(UNLIKE):
            columns = range(found.table.columnCount())
            rows[title[2:]] = [found.table.item(row, column).text() for column in columns]
    return rows


def ground(found: Comparison, row: int, column: int) -> str:
    """What a cell is painted on."""
    table = found.table
    index = table.model().index(row, column)
    table.scrollTo(index)
    corner = table.visualRect(index).topLeft() + QPoint(3, 3)
    color = table.viewport().grab().toImage().pixelColor(corner)
    return next(n for n in ("surface", "warning_soft") if theme().color(n) == color)


def test_compared_runs_are_drawn_and_their_differences_marked(qtbot, panel, window):
    found = compared(qtbot, panel, window)
    assert sorted(item.name for item in window.runs if item.visible) == ["alpha", "beta"]
    titles = [found.table.horizontalHeaderItem(i).text() for i in range(2)]
    order = [titles.index("alpha"), titles.index("beta")]
    rows = {name: [values[i] for i in order] for name, values in marked(found).items()}
    assert rows["hidden.units"] == ["8", "16"]
    assert rows["training.seed"] == ["0", "1"]
    assert rows["relu.kind"] == ["relu", "–"]
    assert "training.epochs" not in rows
    row = [found.table.verticalHeaderItem(i).text() for i in range(found.table.rowCount())].index(
        f"{UNLIKE} hidden.units"
    )
    assert [ground(found, row, place) for place in range(2)] == ["surface", "warning_soft"]
    before = theme().scheme
    theme().choose("dark" if before == "light" else "light")
    assert [ground(found, row, place) for place in range(2)] == ["surface", "warning_soft"]
    theme().choose(before)
    few = found.table.rowCount()
    QTest.mouseClick(found.only, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert found.table.rowCount() > few + 20
    found.filter.setFocus()
    QTest.keyClicks(found.filter, "epochs")
    assert found.table.rowCount() == 1


def test_a_label_stands_as_high_as_the_words_of_its_row(qtbot, panel, window):
    click(panel, "alpha")
    click(panel, "beta", add=True)
    panel.compare.trigger()
    table = window.findChild(Comparison).table
    qtbot.waitUntil(lambda: table.rowCount() > 4)
    table.clearFocus()
    row = 3
    table.setVerticalHeaderItem(row, QTableWidgetItem(table.item(row, 0).text()))
    labels = table.verticalHeader()
    top, height = labels.sectionViewportPosition(row), labels.sectionSize(row)

    def inked(widget: QWidget) -> list[int]:
        picture = widget.grab(QRect(0, top, widget.width() // 2, height)).toImage()
        ground = picture.pixel(2, 2)
        return [
            y
            for y in range(picture.height())
            if any(picture.pixel(x, y) != ground for x in range(2, picture.width() - 2))
        ]

    assert inked(labels.viewport()) == inked(table.viewport()) != []


def test_the_difference_of_two_graphs_is_drawn_on_a_canvas(qtbot, panel, window):
    found = compared(qtbot, panel, window)
    found.before.setCurrentText("alpha")
    found.after.setCurrentText("beta")
    QTest.mouseClick(found.draw, Qt.MouseButton.LeftButton)
    assert window.document.title == "alpha → beta"
    marks = {
        name: (item.mark.color, item.mark.badge)
        for name, item in window.current.view.canvas.node_items.items()
        if item.mark is not None
    }
    assert marks == {
        "hidden": ("accent", "units 8 → 16"),
        "relu": ("error", "removed"),
        "rectify": ("ok", "added"),
        "drop": ("accent", "inputs relu → rectify"),
    }
    assert "1 added, 1 removed, 2 changed" in window.current.banner.label.text()


def test_equal_graphs_are_told_in_words_and_open_nothing(qtbot, panel, window, folder):
    run = Run(next(iter(sorted(folder.iterdir()))))
    before = len(list(window.tabs()))
    draw_difference(window, run, run)
    assert len(list(window.tabs())) == before
    assert any("are the same" in banner.label.text() for banner in window.findChildren(Banner))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "none"),
        (["a", "b"], "a, b"),
        ([{"kind": "l2", "only": None, "strength": 0.1}, {"kind": "l1"}], "l2 strength=0.1; l1"),
        ({"kind": "adam", "rate": 0.1}, "adam rate=0.1"),
        ([1, 2], "1, 2"),
        (None, "–"),
    ],
)
def test_settings_are_told_in_words(value, words):
    assert _words(value) == words


def test_an_empty_workspace_says_what_to_do(qtbot, panel, folder):
    for run in folder.iterdir():
        shutil.rmtree(run)
    qtbot.waitUntil(lambda: panel._hint.isVisible())
    assert "Ctrl+Enter" in panel._hint.text()
