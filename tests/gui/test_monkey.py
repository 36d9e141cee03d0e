"""Everything at random, in the whole window: nothing may raise, and undo still works."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QFile
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFileDialog, QMessageBox

from graphspec import document as documents
from graphspec import zoo
from graphspec.train.rundir import Run
from tests.gui.monkey import TABS, Monkey

REACHED = (
    "chosen in a menu",
    "dialog ",
    "unsaved: ",
    "json_dock shown",
    "plots_dock shown",
    "a drag changed the network",
    "dropped a kind",
    "dropped a file",
    "the JSON changed the network",
    "the JSON was refused",
    "tabs opened",
    "tabs closed",
    "tab in front",
)
"""What every seed reaches, as it happens many times; the rest is printed with its counts."""
TRAINED = (
    "training preparing",
    "training running",
    "training paused",
    "training goes on",
    "training stopping",
)
EVENTS = 2_000

# Qt tells of what it was asked wrongly; a platform without a screen, of what it never can.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.qt_log_level_fail("WARNING"),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


@pytest.fixture
def files(tmp_path: Path, trained: Run) -> list[Path]:
    """What a monkey finds: networks, one that is none, a run, a picture, and nothing."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("lenet5", "two_layer_net"):
        documents.save(zoo.load(name), folder / f"{name}.json")
    (folder / "broken.json").write_text('{"format": "graphspec/1", "layers": [{}, {}]}')
    Image.new("L", (8, 8), 128).save(folder / "grey.png")
    shutil.copytree(trained.path, folder / "run")
    return [*folder.iterdir(), folder / "nothing.json"]


def play(window, qtbot, monkeypatch, files, seed: int, events: int, *, trains: bool) -> Monkey:
    """Let a monkey play; what it reached."""
    monkey = Monkey(window, seed, files, qtbot.waitUntil, trains=trains)
    rng = monkey.rng
    names = [str(path) for path in files]
    folder = files[0].parent
    # Dialogs of the system are answered, and boxes that ask get a press of one of their buttons.
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *_, **__: (rng.sample(names, 1), "")
    )
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: rng.choice(names))
    monkeypatch.setattr(
        QFileDialog,
        "getSaveFileName",
        lambda *_, **__: (rng.choice(["", str(folder / f"{rng.randrange(9)}.json")]), ""),
    )
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_, **__: QColor("red"))
    monkeypatch.setattr(QMessageBox, "exec", lambda box: monkey.press_a_button(box))
    monkeypatch.setattr(QFile, "moveToTrash", lambda path: (shutil.rmtree(path) is None, ""))
    window.open_sample("look")
    with qtbot.captureExceptions() as raised:
        for number in range(events):
            monkey.play()
            tabs = list(window.tabs())
            for tab in tabs[1:] if len(tabs) > TABS else ():
                tab.document.undo_stack.setClean()
                tab.document.set_draft(None)
                window.close_tab(tab)
            assert not raised, f"event {number} of seed {seed}: {', '.join(monkey.done)}"
        monkey.rest()
        for tab in window.tabs():
            document, view = tab.document, tab.view
            while document.undo_stack.canUndo():
                document.undo_stack.undo()
            assert set(view.picture.shown) == {*document.spec.input_by_id, *document.spec.by_id}
        assert not raised, f"undo after seed {seed}"
    print(f"\nseed {seed}", dict(sorted(monkey.reached.items())))
    return monkey


def missing(monkey: Monkey, wanted: tuple[str, ...]) -> list[str]:
    """Which of these beginnings of what it may reach it did not."""
    reached = [name for name, times in monkey.reached.items() if times]
    return [name for name in wanted if not any(found.startswith(name) for found in reached)]


@pytest.fixture(autouse=True)
def _read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed as JSON is read in the next turn of the event loop."""
    monkeypatch.setattr("graphspec_gui.json_view.panel.SETTLE", 0)


@pytest.mark.parametrize("seed", range(10))
def test_twenty_thousand_random_events(window, qtbot, monkeypatch, files, seed):
    monkey = play(window, qtbot, monkeypatch, files, seed, EVENTS, trains=False)
    assert not missing(monkey, REACHED)


@pytest.mark.parametrize("seed", range(100, 105))
def test_ten_thousand_while_it_trains(window, qtbot, monkeypatch, files, seed):
    monkey = play(window, qtbot, monkeypatch, files, seed, EVENTS, trains=True)
    assert not missing(monkey, TRAINED)
