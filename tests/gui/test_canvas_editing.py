"""Editing a network that is there: the clipboard, groups, dragging, undo."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from graphspec_gui.canvas.picture import draw
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from graphspec import zoo
from graphspec.document import loads
from graphspec.graph import GraphSpec
from tests.gui.canvas_hands import CTRL, MIDDLE, NONE, RESIDUAL, SHIFT, Hands, Key

Show = Callable[[GraphSpec], Hands]


def test_a_drag_is_one_undo(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    before = view.picture.nodes["sum"].position
    at.drag(at.node("sum"), at.node("sum") + QPoint(90, 30))
    after = view.picture.nodes["sum"].position
    assert after != before
    assert dict(view.document.spec.layout)["sum"] == after
    assert view.document.undo_stack.count() == 1
    view.document.undo_stack.undo()
    assert view.picture.nodes["sum"].position == before
    assert not view.document.modified


def test_what_is_dragged_stays_under_a_mouse_that_zooms(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    start = at.node("b")
    end = start + QPoint(200, 0)
    at.drag(start, end, release=False)
    for turn in (-120, -120):
        wheel = QWheelEvent(
            QPointF(end),
            QPointF(view.viewport().mapToGlobal(end)),
            QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.LeftButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(view.viewport(), wheel)
    QTest.mouseMove(view.viewport(), end + QPoint(1, 0))
    assert (at.node("b") - end).manhattanLength() < 8
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, NONE, end)
    assert view.document.undo_stack.count() == 1


def test_escape_ends_a_drag_without_an_edit(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    before = view.canvas.node_items["sum"].pos()
    at.drag(at.node("sum"), at.node("sum") + QPoint(90, 30), release=False)
    assert view.canvas.node_items["sum"].pos() != before
    at.key(Key.Key_Escape)
    assert view.canvas.node_items["sum"].pos() == before
    assert not view.document.modified


def test_a_rubber_band_selects_and_delete_reconnects(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    a, b = (view.canvas.node_items[name].sceneBoundingRect() for name in ("a", "b"))
    both = view.mapFromScene(a.united(b).adjusted(4, 22, -4, -22)).boundingRect()
    corner = QPoint(both.left() - 12, both.top() + 4)
    at.drag(corner, QPoint(both.center().x(), both.bottom() - 8))
    assert view.document.selection == {"a", "b"}
    at.key(Key.Key_Delete)
    assert set(view.document.spec.by_id) == {"sum", "flat", "scores", "loss"}
    assert view.document.spec.by_id["sum"].inputs == ("image", "image")


def test_copy_and_paste_across_documents_frees_the_names(hands: Show, qtbot) -> None:
    one, other = hands(RESIDUAL), hands(zoo.load("lenet5"))
    one.view.activateWindow()
    qtbot.waitUntil(one.view.isActiveWindow)
    one.click(one.node("a"))
    one.click(one.node("b"), SHIFT)
    QTest.keyClick(one.view, Key.Key_C, CTRL)
    part = loads(QGuiApplication.clipboard().text())
    assert [layer.id for layer in part.layers] == ["a", "b"]
    other.view.activateWindow()
    qtbot.waitUntil(other.view.isActiveWindow)
    for _ in range(2):
        QTest.keyClick(other.view, Key.Key_V, CTRL)
    spec = other.view.document.spec
    assert spec.by_id["b"].inputs == ("a",)
    assert spec.by_id["b2"].inputs == ("a2",)
    # LeNet has an input of this name too.
    assert spec.by_id["a"].inputs == ("image",)
    assert other.view.document.selection == {"a2", "b2"}
    positions = dict(spec.layout)
    assert len({positions[name] for name in ("a", "b", "a2", "b2")}) == 4


def test_pasting_nonsense_says_so(hands: Show) -> None:
    at = hands(RESIDUAL)
    QGuiApplication.clipboard().setText('{"format": "graphspec/1", "layers": <b>}')
    at.key(Key.Key_V, CTRL)
    assert at.view.bubble.isVisible()
    assert "clipboard" in at.view.bubble.text()
    assert not at.view.document.modified


def test_cut_duplicate_and_select_all(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.click(at.node("b"))
    at.key(Key.Key_D, CTRL)
    assert view.document.spec.by_id["b2"].inputs == ("a",)
    assert view.document.selection == {"b2"}
    at.key(Key.Key_A, CTRL)
    assert len(view.document.selection) == 9
    at.key(Key.Key_X, CTRL)
    assert view.document.spec.layers == ()
    at.key(Key.Key_V, CTRL)
    assert len(view.document.spec.layers) == 7
    assert view.document.spec.by_id["sum"].inputs == ("b", "image")


def test_group_fold_unfold_ungroup(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.click(at.node("a"))
    at.click(at.node("b"), CTRL)
    at.key(Key.Key_G, CTRL)
    assert set(view.picture.nodes) >= {"group1"}
    at.type("block")
    at.key(Key.Key_Return)
    spec = view.document.spec
    assert spec.by_id["sum"].inputs == ("block.b", "image")
    node = view.picture.nodes["block"]
    assert node.members == ("block.a", "block.b")
    assert [port.source for port in node.ports] == ["image"]
    view.document.look_now()
    assert view.canvas.node_items["block"].facts.params == "84 params"
    at.key(Key.Key_E, CTRL)
    assert "block" in view.picture.frames
    assert "block.a" in view.picture.nodes
    at.click(at.frame("block"))
    assert view.document.selection == {"block.a", "block.b"}
    at.key(Key.Key_G, CTRL | SHIFT)
    assert view.document.spec.by_id["sum"].inputs == ("b", "image")
    assert view.picture.frames == {}


def test_a_folded_group_closes_up_and_moves_as_one(hands: Show) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    tall = view.canvas.bounds().height()
    layout = view.document.spec.layout
    at.key(Key.Key_E, CTRL | SHIFT)
    assert view.canvas.bounds().height() < tall / 4
    assert view.document.spec.layout == layout
    assert not view.document.modified
    shown = view.picture.nodes["stage2"].position
    at.drag(at.node("stage2"), at.node("stage2") + QPoint(120, 0))
    moved = view.picture.nodes["stage2"].position
    assert moved[0] > shown[0] + 50
    assert moved[1] == pytest.approx(shown[1], abs=8)
    assert view.document.undo_stack.count() == 1


def test_bypass_leads_readers_past_a_layer(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.click(at.node("b"))
    at.key(Key.Key_B, CTRL)
    assert view.document.spec.by_id["sum"].inputs == ("a", "image")
    assert view.document.spec.by_id["b"].inputs == ("a",)
    at.key(Key.Key_B, CTRL)
    assert "out of the way already" in view.bubble.text()
    # Moved elsewhere it stays out of the way; dropped where it was it is put back.
    at.drag(at.node("b"), at.node("b") - QPoint(200, 0))
    assert view.document.spec.by_id["sum"].inputs == ("a", "image")
    at.drag(at.node("b"), at.edge("sum", 1))
    assert view.document.spec.by_id["sum"].inputs == ("a", "image")
    at.drag(at.node("b"), at.edge("sum", 0))
    assert view.document.spec.by_id["sum"].inputs == ("b", "image")
    assert view.document.spec.by_id["b"].inputs == ("a",)
    at.click(at.node("loss"))
    at.key(Key.Key_B, CTRL)
    assert "is a loss" in view.bubble.text()


def test_find_goes_through_the_matches_and_unfolds(hands: Show) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    at.key(Key.Key_E, CTRL | SHIFT)
    at.key(Key.Key_F, CTRL)
    at.type("stage3.block2.conv1")
    assert view.document.selection == {"stage3.block2.conv1"}
    assert "stage3.block2.conv1" in view.picture.nodes
    at.key(Key.Key_Return)
    assert view.document.selection == {"stage3.block2.conv1_norm"}
    assert view.find_bar.count.text() == "2 of 2"
    # Letters are typed, even those that are keys of the canvas; other keys do what they always do.
    at.type(".")
    assert view.find_bar.line.text() == "stage3.block2.conv1."
    at.key(Key.Key_M, CTRL)
    assert not view.minimap.wanted
    at.key(Key.Key_Escape)
    assert view.hasFocus()


def test_the_wheel_zooms_at_the_cursor_and_the_space_bar_pans(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    where = QPointF(300, 200)
    before = view.mapToScene(where.toPoint())
    wheel = QWheelEvent(
        where,
        QPointF(view.viewport().mapToGlobal(where.toPoint())),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    zoom = view.zoom
    QApplication.sendEvent(view.viewport(), wheel)
    assert view.zoom > zoom
    moved = view.mapToScene(where.toPoint()) - before
    assert moved.manhattanLength() < 4
    centre = view.visible_rect().center()
    QTest.keyPress(view, Key.Key_Space)
    at.drag(at.empty(), at.empty(100, 50))
    QTest.keyRelease(view, Key.Key_Space)
    assert view.visible_rect().center().x() < centre.x() - 50
    at.drag(at.empty(100, 50), at.empty(), button=MIDDLE)
    assert view.visible_rect().center().x() == pytest.approx(centre.x(), abs=3)
    assert not view.document.selection
    assert not view.document.modified


@pytest.mark.parametrize("what", ["node", "edge", "band"])
def test_what_is_dragged_to_the_border_scrolls_on_while_the_mouse_rests(
    hands: Show, qtbot, what: str
) -> None:
    at = hands(RESIDUAL)
    view, bar = at.view, at.view.horizontalScrollBar()
    start = {"node": at.node("b"), "edge": at.output("b"), "band": at.empty()}[what]
    end = QPoint(view.viewport().width() - 4, start.y())
    at.drag(start, end, release=False)
    before = bar.value()
    qtbot.waitUntil(lambda: bar.value() > before + 300)
    if what == "node":
        shown = view.canvas.node_items["b"]
        assert (view.mapFromScene(shown.sceneBoundingRect().center()) - end).x() < 20
    elif what == "band":
        assert view._gesture._rect.right() == pytest.approx(view.mapToScene(end).x(), abs=20)
    QTest.mouseMove(view.viewport(), start)  # back inside it stands still
    assert not view.border._timer.isActive()
    QTest.mouseMove(view.viewport(), end)
    assert view.border._timer.isActive()
    at.key(Key.Key_Escape)
    assert not view.border._timer.isActive()
    assert view.document.undo_stack.count() == 0


def test_a_drag_that_begins_at_the_border_scrolls_only_further_out(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    view.pan(at.node("b").x() - 10, 0)
    before = view.horizontalScrollBar().value()
    at.drag(at.node("b"), at.node("b") + QPoint(0, 60), release=False)
    assert not view.border._timer.isActive()
    QTest.mouseMove(view.viewport(), QPoint(2, at.node("b").y()))
    assert view.border._timer.isActive()
    # Once it has been within, it may turn back.
    QTest.mouseMove(view.viewport(), QPoint(400, at.node("b").y()))
    QTest.mouseMove(view.viewport(), QPoint(10, at.node("b").y()))
    assert view.border._timer.isActive()
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, NONE, QPoint(2, 100))
    assert not view.border._timer.isActive()
    assert view.horizontalScrollBar().value() <= before


def test_edges_are_gone_through_inserted_on_and_deleted_by_keyboard(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.key(Key.Key_Home)
    while view.current != "sum":
        at.key(Key.Key_Tab)
    at.key(Key.Key_Comma)
    assert view.chosen_edges == {("sum", 0)}
    assert view.document.selection == frozenset()
    assert view.accessibleDescription() == "Edge from b to sum, 3×8×8"
    for key, edge in (
        (Key.Key_Comma, ("sum", 1)),
        (Key.Key_Right, ("flat", 0)),
        (Key.Key_Right, ("sum", 0)),
        (Key.Key_Left, ("flat", 0)),
        (Key.Key_Left, ("sum", 1)),
    ):
        at.key(key)
        assert view.chosen_edges == {edge}
    at.type("tanh")
    at.key(Key.Key_Return)
    spec = view.document.spec
    assert spec.by_id["sum"].inputs == ("b", "tanh1")
    assert spec.by_id["tanh1"].inputs == ("image",)
    while view.current != "sum":
        at.key(Key.Key_Tab)
    at.key(Key.Key_Comma)
    at.key(Key.Key_Delete)
    assert "b" not in view.document.spec.by_id["sum"].inputs
    at.key(Key.Key_Comma)
    edge = view.current_edge
    at.key(Key.Key_Down)
    assert view.current == edge.target
    assert view.document.selection == {edge.target}
    assert view.chosen_edges == frozenset()


def test_the_edge_that_has_the_keyboard_shows_it(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.click(at.edge("flat", 0))
    by_mouse = view.grab().toImage()
    at.key(Key.Key_Right)  # to the other edge of what reads it, and back
    at.key(Key.Key_Left)
    assert view.chosen_edges == {("flat", 0)}
    assert view.grab().toImage() != by_mouse
    alone = hands(GraphSpec(inputs=(), layers=()))
    assert "connected" in alone.view.commands["canvas.select_edge"].toolTip()


def test_tab_goes_through_the_nodes_and_says_what_they_are(hands: Show) -> None:
    at = hands(RESIDUAL)
    view = at.view
    seen = []
    for _ in range(8):
        at.key(Key.Key_Tab)
        seen.append(view.current)
    assert seen == ["image", "label", "a", "b", "sum", "flat", "scores", "loss"]
    assert view.accessibleDescription().startswith("loss, softmax_loss")
    assert "reads scores, label" in view.accessibleDescription()


def test_align_and_layout_are_edits_that_undo(hands: Show, qtbot) -> None:
    at = hands(RESIDUAL)
    view = at.view
    at.drag(at.node("b"), at.node("b") + QPoint(200, 20))
    at.click(at.node("a"), CTRL)
    view.commands["canvas.align_left"].trigger()
    a, b = (view.picture.nodes[name].position for name in "ab")
    assert a[0] == b[0]
    count = view.document.undo_stack.count()
    at.key(Key.Key_A, CTRL | SHIFT)
    qtbot.waitUntil(lambda: view.document.undo_stack.count() == count + 1)
    ys = [view.picture.nodes[name].position[1] for name in ("image", "a", "b", "sum", "flat")]
    assert ys == sorted(ys)
    view.document.undo_stack.undo()
    assert view.picture.nodes["b"].position == b


def test_opening_lays_out_without_changing_the_document(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    assert not view.document.modified
    assert view.document.spec.layout == ()
    places = [node.position for node in view.picture.nodes.values()]
    assert len(set(places)) == len(places)
    at.drag(at.node("conv1"), at.node("conv1") + QPoint(60, 0))
    assert len(view.document.spec.layout) == 14


def test_every_disabled_action_says_why(hands: Show) -> None:
    at = hands(GraphSpec(inputs=(), layers=()))
    actions = at.view.actions_()
    assert len(actions) > 30
    for action in actions:
        assert action.isEnabled() == (action.reason == ""), action.text()
        assert not action.icon().isNull()


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_can_all_be_undone(hands: Show, seed: int) -> None:
    at = hands(RESIDUAL)
    view = at.view
    rng = random.Random(seed)
    start = view.document.spec
    keys = [
        (Key.Key_D, CTRL),
        (Key.Key_G, CTRL),
        (Key.Key_G, CTRL | SHIFT),
        (Key.Key_E, CTRL),
        (Key.Key_B, CTRL),
        (Key.Key_C, CTRL),
        (Key.Key_V, CTRL),
        (Key.Key_X, CTRL),
        (Key.Key_Delete, NONE),
        (Key.Key_Z, NONE),
        (Key.Key_Escape, NONE),
        (Key.Key_Down, NONE),
        (Key.Key_Right, CTRL),
        (Key.Key_L, CTRL | SHIFT),
        (Key.Key_O, CTRL | SHIFT),
        (Key.Key_A, CTRL),
    ]
    QGuiApplication.clipboard().setText("")
    for _ in range(40):
        names = list(view.picture.nodes)
        if names and rng.random() < 0.4:
            one = rng.choice(names)
            view.centerOn(view.canvas.node_items[one])
            end = at.node(one) + QPoint(rng.randint(-200, 200), rng.randint(-200, 200))
            if rng.random() < 0.5:
                at.click(at.node(one), rng.choice([NONE, SHIFT]))
            else:
                at.drag(rng.choice([at.node(one), at.output(one)]), end)
        else:
            QTest.keyClick(view, *rng.choice(keys))
            if view.add_popup.isVisible():
                at.type("elu")
                at.key(Key.Key_Return)
            if view.inline.isVisible():
                at.key(Key.Key_Escape)
        assert set(view.canvas.node_items) == set(view.picture.nodes)
        assert set(view.canvas.edge_items) == set(view.picture.edges)
        assert view.picture == draw(view.document.spec, view.folded, view.places.elsewhere)
    while view.document.undo_stack.canUndo():
        view.document.undo_stack.undo()
    assert view.document.spec == start


def test_a_folded_group_is_not_grouped_again(hands: Show) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    at.key(Key.Key_E, CTRL | SHIFT)
    at.click(at.node("stage2"))
    at.key(Key.Key_G, CTRL)
    assert "a group already" in view.bubble.text()
    assert not view.document.modified
    at.key(Key.Key_Return)
    assert "stage2" in view.picture.frames
