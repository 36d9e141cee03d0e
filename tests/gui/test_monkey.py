"""Clicks and keys at random, in the whole window: nothing may raise, and undo still works."""

from __future__ import annotations

import random

import pytest
from graphspec_gui.training.controller import TrainingController
from graphspec_gui.window import MainWindow
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog, QFileDialog, QMenu, QMessageBox, QWidget

Key, Button, Modifier = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier
KEYS = [
    *(Key(code) for code in (*range(ord("0"), ord("9") + 1), *range(ord("A"), ord("Z") + 1))),
    Key.Key_Return,
    Key.Key_Escape,
    Key.Key_Tab,
    Key.Key_Up,
    Key.Key_Down,
    Key.Key_Delete,
    Key.Key_Backspace,
    Key.Key_Space,
    Key.Key_Comma,
    Key.Key_Minus,
    Key.Key_F2,
    Key.Key_F8,
]
MODIFIERS = [Modifier.NoModifier] * 6 + [Modifier.ControlModifier] * 2 + [Modifier.ShiftModifier]
LEAVES = "file.quit"


def play(window: MainWindow, rng: random.Random) -> None:
    """One event; a monkey does not leave the app."""
    document = window.document
    if document is None:
        window.open_sample(rng.choice(["look", "mend", "text"]))
        return
    top = QApplication.activeModalWidget() or window
    widgets = [w for w in top.findChildren(QWidget) if w.isVisible() and w.isEnabled()]
    widgets = [w for w in widgets if w.width() > 2 and w.height() > 2]
    what = rng.random()
    if what < 0.4 and widgets:
        widget = rng.choice(widgets)
        place = QPoint(rng.randrange(widget.width()), rng.randrange(widget.height()))
        QTest.mouseClick(widget, Button.LeftButton, rng.choice(MODIFIERS), place)
    elif what < 0.8:
        key, modifier = rng.choice(KEYS), rng.choice(MODIFIERS)
        widget = QApplication.focusWidget()
        leaves = modifier == Modifier.ControlModifier and key == Key.Key_Q
        if widget is not None and not leaves:
            QTest.keyClick(widget, key, modifier)
    elif what < 0.9:
        ids = [*document.spec.input_by_id, *document.spec.by_id]
        document.select(rng.sample(ids, min(len(ids), rng.choice([0, 1, 1, 2]))))
    else:
        _, action = rng.choice(window.actions_by_place())
        if action.isEnabled() and action.objectName() != LEAVES:
            action.trigger()
    QApplication.processEvents()
    for menu in QApplication.topLevelWidgets():
        if isinstance(menu, QMenu) and menu.isVisible():
            menu.close()
    dialog = QApplication.activeModalWidget()
    if dialog is not None and rng.random() < 0.2:
        dialog.close()


def run(window: MainWindow, events: int, seed: int) -> None:
    rng = random.Random(seed)
    window.open_sample("look")
    for _ in range(events):
        play(window, rng)
        tabs = list(window.tabs())
        for tab in tabs[1:] if len(tabs) > 4 else ():
            tab.document.undo_stack.setClean()
            window.close_tab(tab)
    for tab in window.tabs():
        stack = tab.document.undo_stack
        while stack.canUndo():
            stack.undo()


@pytest.fixture(autouse=True)
def _no_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs that wait for an answer get one."""
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([], ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: "")
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_, **__: QColor("red"))
    monkeypatch.setattr(QMessageBox, "exec", lambda _: QMessageBox.StandardButton.Discard)
    monkeypatch.setattr(QMenu, "exec", lambda *_, **__: None)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_twenty_thousand_random_events(window, seed, monkeypatch):
    monkeypatch.setattr(TrainingController, "_begin", lambda *_, **__: None)
    run(window, 2_000, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_ten_thousand_while_it_trains(window, seed):
    window.open_sample("look")
    window.training.start(window.document.spec)
    run(window, 2_000, seed=seed)
