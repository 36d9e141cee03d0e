"""One sitting, with mouse and keyboard alone: from an empty canvas to two runs compared."""

from __future__ import annotations

import pytest
from graphspec_gui.runs.comparison import Comparison
from graphspec_gui.runs.panel import RunsPanel
from graphspec_gui.training.panel import TrainingPanel
from graphspec_gui.viewers.activations import ActivationsPanel
from graphspec_gui.viewers.occlusion import OcclusionPanel
from graphspec_gui.window import MainWindow
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from graphspec import zoo
from graphspec.check import analyse
from graphspec.train.rundir import Run
from tests.gui.canvas_hands import ALT, CTRL, LEFT, LENET, NONE, Hands, Key
from tests.gui.questions import answer


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, LEFT)


def write(field: QLineEdit, text: str) -> None:
    """Write into a field, instead of what it holds, and press Enter."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Key.Key_Return)


def spoken(widget: QWidget) -> str:
    """What a screen reader calls it."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


class Sitting:
    """Somebody at the window."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window = window
        self.wait = qtbot.waitUntil

    def press(self, key: Qt.Key, keys: Qt.KeyboardModifier = CTRL) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, keys)

    def dock(self, name: str) -> QWidget:
        self.window.menus[f"view.{name}"].setChecked(True)
        self.window.show_dock(name)
        return self.window.docks[name].widget()

    def settle(self, dock: TrainingPanel, name: str, text: str) -> None:
        """Change a setting of the training."""
        write(dock.form.findChild(QLineEdit, f"field_{name}"), text)

    def train(self) -> None:
        """Train until a few steps have been made."""
        training = self.window.training
        self.press(Key.Key_Return)
        self.wait(lambda: training.state == "running")
        self.wait(lambda: len(training.history.series.get("train/loss", ())) > 3)

    def stop(self) -> Run:
        """Let go of what is selected; then ask to stop, and say yes."""
        self.window.current.view.setFocus()
        if self.window.document.selection:
            self.press(Key.Key_Escape, NONE)
        answer("Stop")
        self.press(Key.Key_Escape, NONE)
        self.wait(lambda: self.window.training.state == "idle")
        # Without a screen no window manager gives the keys back when the question has gone.
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)
        return self.window.training.shown.run


def test_lenet_from_an_empty_canvas_to_two_runs_compared(
    qtbot: QtBot, window: MainWindow, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.resize(1500, 950)
    me = Sitting(window, qtbot)
    # Build it.
    me.press(Key.Key_N, CTRL | ALT)
    view = window.current.view
    view.setFocus()
    Hands(view).build(LENET)
    spec = window.document.spec
    assert analyse(spec).errors == ()
    assert [type(x) for x in spec.layers] == [type(x) for x in zoo.load("lenet5").layers]
    # Train it, and watch.
    settings = me.dock("training_dock")
    assert isinstance(settings, TrainingPanel)
    me.settle(settings, "data", "fashion-mini")
    me.settle(settings, "epochs", "1000")
    view.setFocus()
    me.train()
    activations = me.dock("activations_dock")
    assert isinstance(activations, ActivationsPanel)
    qtbot.waitUntil(activations.export.isEnabled)
    seen = activations.source.network.step
    qtbot.waitUntil(lambda: activations.source.network.step > seen)
    qtbot.waitUntil(lambda: settings.facts["speed"].text().endswith(" images/s"))
    # Pause, change the rate, go on.
    (pause,) = (b for b in settings.findChildren(QToolButton) if b.text() == "Pause")
    click(pause)
    qtbot.waitUntil(lambda: window.training.state == "paused")
    qtbot.waitUntil(lambda: spoken(pause) == "Go on")
    write(settings.live.fields["rate"], "0.005")
    qtbot.waitUntil(
        lambda: ("rate", 0.005) in [(c.what, c.value) for c in window.training.history.changes]
    )
    # Occlude.
    occlusion = me.dock("occlusion_dock")
    assert isinstance(occlusion, OcclusionPanel)
    qtbot.waitUntil(occlusion.button.isVisible)
    click(occlusion.button)
    qtbot.waitUntil(lambda: occlusion.found is not None and occlusion.found.done == 1)
    click(pause)
    qtbot.waitUntil(lambda: window.training.state == "running")
    first = me.stop()
    # Save and reopen.
    path = tmp_path / "lenet.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    me.press(Key.Key_S)
    trained = window.document.spec
    me.press(Key.Key_W)
    assert window.document is None
    me.press(Key.Key_O)
    assert window.document.spec == trained
    # Train it once more, otherwise, and compare.
    me.settle(settings, "batch", "32")
    window.current.view.setFocus()
    me.train()
    second = me.stop()
    runs = me.dock("runs_dock")
    assert isinstance(runs, RunsPanel)
    qtbot.waitUntil(lambda: runs.rows.rowCount() == 2)
    runs.view.setFocus()
    me.press(Key.Key_A)
    me.press(Key.Key_D)
    dialog = window.findChild(Comparison)
    qtbot.waitUntil(lambda: dialog.table.rowCount() > 0)
    assert {Run(facts.path).name for facts in dialog.runs} == {first.name, second.name}
    titles = [dialog.table.verticalHeaderItem(i).text() for i in range(dialog.table.rowCount())]
    assert "≠ training.batch" in titles
    assert sum(shown.visible for shown in window.runs) == 2
    dialog.close()
