"""The gradient check from the canvas, through real keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from graphspec_gui.gradients import GradientDialog
from graphspec_gui.window import MainWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from graphspec import edit, zoo
from graphspec.layers.base import Array, Backward
from graphspec.layers.conv2d import Conv2d
from tests.gui.canvas_hands import CTRL, SHIFT, Key


def check(qtbot, window: MainWindow, *chosen: str) -> GradientDialog:
    """Select layers, press the keys, and wait for the end."""
    assert window.document is not None
    window.document.select(chosen)
    assert window.current is not None
    window.current.view.setFocus()
    QTest.keyClick(window.current.view, Key.Key_D, CTRL | SHIFT)
    (dialog,) = window.findChildren(GradientDialog)
    qtbot.waitUntil(lambda: not dialog.running, timeout=30_000)
    return dialog


def test_any_layer_is_checked_from_the_canvas(qtbot, window):
    window.new(zoo.load("tiny_convnet"))
    view = window.current.view
    relu, conv = (
        next(name for name, layer in window.document.spec.by_id.items() if layer.kind == kind)
        for kind in ("relu", "conv2d")
    )
    dialog = check(qtbot, window, relu, conv)
    told = [(name, one.name, one.verdict) for name, one in dialog.checks]
    assert sorted(told) == sorted(
        [(conv, "x", "good"), (conv, "weight", "good"), (conv, "bias", "good"), (relu, "x", "good")]
    )
    assert dialog.verdict.text() == "Good: the gradients agree."
    assert {relu, conv} <= set(view.canvas.marks)
    QTest.keyClick(dialog.table, Key.Key_End)
    assert dialog.samples.topLevelItemCount() == len(dialog.checks[-1][1].samples)
    QTest.keyClick(dialog, Key.Key_Escape)
    assert not view.canvas.marks


def test_with_nothing_selected_every_layer_is_checked(qtbot, window):
    window.new(zoo.load("spiral_net"))
    dialog = check(qtbot, window)
    assert {name for name, _ in dialog.checks} == set(window.document.spec.by_id)


def test_a_wrong_backward_is_shown(qtbot, window, monkeypatch: pytest.MonkeyPatch):
    right = Conv2d.backward

    def wrong(
        self: Conv2d,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        found = right(self, dy, saved, params, need_dx=need_dx)
        return Backward(found.dxs, {**found.dparams, "weight": 2 * found.dparams["weight"]})

    monkeypatch.setattr(Conv2d, "backward", wrong)
    window.new(zoo.load("tiny_convnet"))
    dialog = check(qtbot, window)
    assert dialog.verdict.text() == "Wrong: the gradient is probably wrong."
    row = dialog.table.currentItem()
    assert (row.text(1), row.text(2)) == ("weight", "wrong")
    conv = row.text(0)
    mark = window.current.view.canvas.marks[conv]
    assert (mark.color, mark.badge) == ("error", "gradient wrong")


def test_it_can_be_stopped(qtbot, window):
    window.new(zoo.load("alexnet"))
    window.current.view.setFocus()
    QTest.keyClick(window.current.view, Key.Key_D, CTRL | SHIFT)
    (dialog,) = window.findChildren(GradientDialog)
    (stop,) = [b for b in dialog.findChildren(QPushButton) if b.text() == "Stop"]
    stop.click()
    qtbot.waitUntil(lambda: not dialog.running, timeout=60_000)
    assert dialog.verdict.text() == "Stopped before the end."


def test_a_layer_at_fault_cannot_be_checked_and_says_why(window):
    document = window.new(zoo.load("tiny_convnet"))
    first = document.spec.layers[0].id
    document.apply(edit.set_field(document.spec, first, "stride", 2), "Break it")
    document.look_now()
    document.select([first])
    QApplication.processEvents()
    action = window.current.view.commands["canvas.gradients"]
    assert not action.isEnabled()
    assert "mend" in action.reason
