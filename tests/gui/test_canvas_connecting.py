"""Connecting layers, by mouse and by keyboard: what may be, what may not, and why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphspec_gui.canvas.connecting import ConnectDialog
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from graphspec import edit
from graphspec.graph import GraphSpec
from tests.gui.canvas_hands import CTRL, NONE, RESIDUAL, SHIFT, Hands, Key

Show = Callable[[GraphSpec], Hands]


def test_an_illegal_connection_shows_the_reason_and_is_not_made(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.drag(at.output("flat"), at.port("a", 0), release=False)
    assert view.bubble.isVisible()
    assert "cycle" in view.bubble.text()
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, NONE, at.port("a", 0))
    assert view.document.spec.by_id["a"].inputs == ("image",)
    # A label where numbers belong, and shapes that cannot be added.
    at.drag(at.output("label"), at.port("flat", 0))
    assert "reads numbers" in view.bubble.text()
    at.drag(at.output("scores"), at.port("sum", 1))
    assert not view.document.modified


def test_shapes_that_do_not_fit_are_refused_until_shift_is_held(hands: Show) -> None:
    at = hands(edit.disconnect(RESIDUAL, "sum", 1))
    view = at.view
    spec = edit.add_layer(
        view.document.spec,
        RESIDUAL.by_id["a"].model_copy(update={"id": "wide", "filters": 5, "inputs": ("image",)}),
    )
    view.document.apply(spec, "Add wide")
    view.document.look_now()
    view.fit()
    at.drag(at.output("wide"), at.port("sum", 1))
    assert "Hold Shift" in view.bubble.text()
    assert view.document.spec.by_id["sum"].inputs == ("b",)
    at.drag(at.output("wide"), at.port("sum", 1), keys=SHIFT)
    assert view.document.spec.by_id["sum"].inputs == ("b", "wide")


def test_only_legal_ports_light_up(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.drag(at.output("label"), at.empty(), release=False)
    hints = view.canvas.port_hints
    assert hints is not None
    assert [port for port, reason in hints.items() if not reason] == [("loss", 1)]
    at.key(Key.Key_Escape)
    assert view.canvas.port_hints is None
    assert not view.document.modified


@pytest.mark.parametrize("zoom", [1.0, 0.5])
def test_only_what_a_port_may_read_lights_up(hands: Show, zoom: float) -> None:
    at = hands(edit.disconnect(RESIDUAL, "sum", 1))
    view = at.view
    view.set_zoom(zoom)
    view.centerOn(view.canvas.bounds().center())
    at.drag(at.port("sum", 1), at.empty(), release=False)
    accent = view.canvas.looks.accent_soft
    picture = view.viewport().grab().toImage()
    lit = {name for name in view.canvas.node_items if picture.pixelColor(at.output(name)) == accent}
    # What comes after it would close a cycle, and the other input is a label.
    assert lit == {"image", "a", "b"}
    at.key(Key.Key_Escape)
    assert not view.canvas.sender_hints


def test_an_edge_is_picked_up_and_dropped_elsewhere_or_nowhere(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.drag(at.port("flat", 0), at.empty())
    assert view.document.spec.by_id["flat"].inputs == ()
    view.document.undo_stack.undo()
    assert view.document.spec.by_id["flat"].inputs == ("sum",)
    at.drag(at.port("sum", 1), at.port("flat", 0))
    assert view.document.spec.by_id["flat"].inputs == ("image",)
    assert view.document.spec.by_id["sum"].inputs == ("b",)
    assert view.document.undo_stack.count() == 1


def test_connecting_by_keyboard_lists_every_port_with_its_reason(hands: Show, qtbot) -> None:
    at = hands(edit.disconnect(RESIDUAL, "loss", 1))
    view = at.view
    at.click(at.node("label"))
    at.key(Key.Key_L, CTRL)
    dialog = view.findChild(ConnectDialog)
    qtbot.waitUntil(dialog.line.hasFocus)
    texts = [dialog.list.item(i).text() for i in range(dialog.list.count())]
    assert texts[0] == "loss.label\nfree"
    assert any(text.startswith("flat.x") and "reads numbers" in text for text in texts)
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert view.document.spec.by_id["loss"].inputs == ("scores", "label")
