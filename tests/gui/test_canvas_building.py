"""Networks built from an empty canvas, with mouse and keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QPoint

from graphspec import zoo
from graphspec.check import analyse
from graphspec.graph import GraphSpec
from tests.gui.canvas_hands import ALT, CTRL, INPUTS, LENET, SHIFT, Hands, Key

EMPTY = GraphSpec(inputs=(), layers=())


def test_lenet_is_built_by_typing_alone(hands: Callable[[GraphSpec], Hands]) -> None:
    at = hands(EMPTY)
    at.build(INPUTS + LENET.strip())
    spec = at.view.document.spec
    assert analyse(spec).errors == ()
    wanted = zoo.load("lenet5")
    assert [type(layer) for layer in spec.layers] == [type(layer) for layer in wanted.layers]
    got, expected = analyse(spec).shapes, analyse(wanted).shapes
    assert [got[layer.id] for layer in spec.layers] == [
        expected[layer.id] for layer in wanted.layers
    ]


def test_a_small_network_is_built_with_the_mouse(hands: Callable[[GraphSpec], Hands]) -> None:
    at = hands(EMPTY)
    view = at.view
    for words, where in (
        ("input 4", QPoint(150, 100)),
        ("linear 3", QPoint(150, 300)),
        ("label 3", QPoint(600, 100)),
        ("softmax_loss", QPoint(500, 500)),
    ):
        at.click(at.empty(900, 700))
        at.double_click(where)
        at.type(words)
        item = view.add_popup.list.item(0)
        assert item.text().startswith(words.split()[0])
        at.key(Key.Key_Return)
    at.drag(at.output("image"), at.port("linear1", 0))
    at.drag(at.output("linear1"), at.port("loss", 0))
    spec = view.document.spec
    assert spec.by_id["linear1"].inputs == ("image",)
    # The loss found the labels by itself: there is only one input of them.
    assert spec.by_id["loss"].inputs == ("linear1", "label")
    assert analyse(spec).errors == ()
    while view.document.undo_stack.canUndo():
        view.document.undo_stack.undo()
    assert view.document.spec == EMPTY


def test_dragging_from_a_port_onto_nothing_offers_what_fits(
    hands: Callable[[GraphSpec], Hands],
) -> None:
    at = hands(zoo.load("two_layer_net"))
    view = at.view
    view.fit()
    at.drag(at.output("label"), at.empty(5, 5))
    kinds = [
        view.add_popup.list.item(i).text().split()[0] for i in range(view.add_popup.list.count())
    ]
    assert "softmax_loss" in kinds
    assert "embedding" in kinds
    assert "conv2d" not in kinds
    at.key(Key.Key_Escape)
    assert not view.add_popup.isVisible()
    at.drag(at.output("hidden"), at.empty(5, 5))
    at.type("sigmoid")
    at.key(Key.Key_Return)
    assert view.document.spec.by_id["sigmoid1"].inputs == ("hidden",)


def test_a_layer_is_put_on_an_edge_and_makes_room(hands: Callable[[GraphSpec], Hands]) -> None:
    at = hands(zoo.load("two_layer_net"))
    view = at.view
    view.fit()
    at.double_click(at.edge("scores", 0))
    at.type("dropout")
    at.key(Key.Key_Return)
    spec = view.document.spec
    assert spec.by_id["scores"].inputs == ("dropout1",)
    assert spec.by_id["dropout1"].inputs == ("hidden_relu",)
    rows = [dict(spec.layout)[name][1] for name in ("hidden_relu", "dropout1", "scores", "loss")]
    assert all(below - above >= 80 for above, below in pairwise(rows))


def test_a_loose_layer_dropped_on_an_edge_is_inserted(
    hands: Callable[[GraphSpec], Hands],
) -> None:
    at = hands(zoo.load("two_layer_net"))
    view = at.view
    view.fit()
    at.double_click(at.empty())
    at.type("tanh")
    at.key(Key.Key_Return)
    assert view.document.spec.by_id["tanh1"].inputs == ()
    count = view.document.undo_stack.count()
    at.drag(at.node("tanh1"), at.edge("scores", 0))
    assert view.document.spec.by_id["scores"].inputs == ("tanh1",)
    assert view.document.spec.by_id["tanh1"].inputs == ("hidden_relu",)
    assert view.document.undo_stack.count() == count + 1


def test_several_selected_nodes_go_into_a_layer_that_takes_many(
    hands: Callable[[GraphSpec], Hands],
) -> None:
    at = hands(zoo.load("two_layer_net"))
    view = at.view
    view.fit()
    at.click(at.node("hidden"))
    at.click(at.node("hidden_relu"), SHIFT)
    assert view.document.selection == {"hidden", "hidden_relu"}
    at.type("add")
    at.key(Key.Key_Return)
    assert view.document.spec.by_id["add1"].inputs == ("hidden", "hidden_relu")


def test_settings_and_names_are_edited_in_place(hands: Callable[[GraphSpec], Hands]) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    at.click(at.node("conv1"))
    at.key(Key.Key_Return)
    assert view.inline.isVisible()
    at.key(Key.Key_A, CTRL)
    at.type("filters=8 kernel=5 pad=2")
    at.key(Key.Key_Return)
    assert view.document.spec.by_id["conv1"].filters == 8
    at.key(Key.Key_F2)
    at.type("first")
    at.key(Key.Key_Return)
    assert view.document.spec.by_id["conv1_relu"].inputs == ("first",)
    assert view.current == "first"
    assert view.hasFocus()


def test_a_setting_that_is_wrong_says_why_and_stays_open(
    hands: Callable[[GraphSpec], Hands],
) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    at.click(at.node("conv1"))
    at.key(Key.Key_Return)
    at.key(Key.Key_A, CTRL)
    at.type("filters=-1 kernel=5")
    at.key(Key.Key_Return)
    assert view.inline.isVisible()
    assert view.bubble.isVisible()
    assert "filters" in view.bubble.text() or "greater" in view.bubble.text()
    assert not view.document.modified


def test_arrows_walk_along_edges_and_alt_nudges_in_one_command(
    hands: Callable[[GraphSpec], Hands],
) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    at.key(Key.Key_Home)
    walked = []
    for _ in range(3):
        at.key(Key.Key_Down)
        walked.append(view.current)
    assert walked == ["conv1", "conv1_relu", "pool1"]
    at.key(Key.Key_Up)
    assert view.document.selection == {"conv1_relu"}
    before = view.picture.nodes["conv1_relu"].position
    for _ in range(4):
        at.key(Key.Key_Right, ALT)
    assert view.picture.nodes["conv1_relu"].position == (before[0] + 32, before[1])
    assert view.document.undo_stack.count() == 1
