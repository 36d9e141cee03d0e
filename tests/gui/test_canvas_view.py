"""Looking at a network: what is drawn, tooltips, the overview, pictures, large graphs."""

from __future__ import annotations

import gc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from graphspec_gui.canvas import layout
from graphspec_gui.canvas.node_item import Mark
from graphspec_gui.canvas.overprint import tip_at
from graphspec_gui.canvas.picture import draw
from graphspec_gui.canvas.search import KIND_MIME
from graphspec_gui.canvas.view import CanvasView
from graphspec_gui.document import StudioDocument
from graphspec_gui.theme import theme
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from graphspec import edit, zoo
from graphspec.graph import GraphSpec
from tests.bench.bench_check import residual
from tests.gui.canvas_hands import LEFT, Hands, Key

Show = Callable[[GraphSpec], Hands]


@pytest.fixture
def hands(hands: Callable[..., Hands]) -> Show:
    return lambda spec: hands(spec, fit=False)


def colors(image: QImage) -> set[str]:
    step = range(0, image.width(), 3)
    return {image.pixelColor(x, y).name() for y in range(0, image.height(), 3) for x in step}


def test_nodes_say_shape_cost_and_state(hands: Show) -> None:
    at = hands(edit.set_field(zoo.load("lenet5"), "conv1", "stride", 4))
    facts = at.view.canvas.node_items["conv1"].facts
    assert (facts.state, facts.shape, facts.bad_ports) == ("error", "", frozenset({0}))
    assert "(28 − 5 + 2·2)/4 + 1" in facts.tip
    whole = at.view.document.spec
    at.view.document.apply(edit.set_field(whole, "conv1", "stride", 1), "Mend")
    at.view.document.look_now()
    facts = at.view.canvas.node_items["conv1"].facts
    assert facts.state == "ok"
    assert (facts.shape, facts.params, facts.macs) == ("6×28×28", "156 params", "118 k MAC")
    assert at.view.canvas.edge_items["conv1_relu", 0].label == "6×28×28"
    assert at.view.picture.nodes["scores"].is_output


def test_tooltips_tell_of_nodes_ports_and_edges_as_plain_text(hands: Show) -> None:
    spec = edit.disconnect(zoo.load("two_layer_net"), "scores", 0)
    at = hands(spec)
    at.view.fit()
    assert "nothing yet" in tip_at(at.view, at.port("scores", 0))
    assert "nothing is connected" in tip_at(at.view, at.port("scores", 0))
    assert tip_at(at.view, at.node("hidden")).startswith("hidden · linear")
    assert tip_at(at.view, at.edge("hidden", 0)).startswith("image → hidden")
    assert tip_at(at.view, at.empty()) == ""


def test_an_edit_touches_only_what_differs(hands: Show) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    before = dict(view.canvas.node_items)
    pictures = dict(view.picture.nodes)
    view.document.apply(edit.set_field(view.document.spec, "stem.conv", "filters", 32), "Fewer")
    assert view.canvas.node_items == before
    changed = [n for n, node in view.picture.nodes.items() if node != pictures[n]]
    assert changed == ["stem.conv"]
    view.document.undo_stack.undo()
    assert view.picture.nodes == pictures


def test_the_dot_fits_the_selection_and_then_everything(hands: Show) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    view.document.select(["stage4.block2.add"])
    at.key(Key.Key_Period)
    node = view.canvas.node_items["stage4.block2.add"]
    assert view.visible_rect().contains(node.sceneBoundingRect())
    assert view.zoom == 1.0
    view.document.select([])
    at.key(Key.Key_Period)
    assert view.visible_rect().contains(view.canvas.bounds())


def test_a_click_in_the_overview_goes_there(hands: Show, qtbot) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    qtbot.waitUntil(view.minimap.isVisible)
    QApplication.processEvents()
    foot = QPoint(view.minimap.width() // 2, view.minimap.height() - 12)
    QTest.mouseClick(view.minimap, Qt.MouseButton.LeftButton, pos=foot)
    loss = view.canvas.node_items["loss"].sceneBoundingRect()
    assert view.visible_rect().intersects(loss)


def test_the_overview_marks_what_is_wrong_by_an_icon_too(hands: Show, qtbot) -> None:
    view = hands(edit.set_field(zoo.load("lenet5"), "scores", "units", 9)).view
    qtbot.waitUntil(view.minimap.isVisible)
    picture = view.minimap.grab().toImage()
    soft = view.canvas.looks.soft["error"]
    assert any(
        picture.pixelColor(x, y) == soft
        for x in range(picture.width())
        for y in range(picture.height())
    )


def test_a_new_layer_is_not_hidden_behind_the_overview(hands: Show, qtbot) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    qtbot.waitUntil(view.minimap.isVisible)
    at.drag(at.empty(), at.empty(160), button=Qt.MouseButton.MiddleButton)
    at.click(at.node("conv2"))
    at.type("relu")
    at.key(Key.Key_Return)
    item = view.canvas.node_items["relu1"]
    shown = view.mapFromScene(item.mapRectToScene(item.rect())).boundingRect()
    assert view.viewport().rect().contains(shown)
    assert not shown.intersects(view.minimap.geometry())


def test_what_is_edited_in_place_is_in_sight(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    at.key(Key.Key_Home)
    at.drag(at.empty(), at.empty(0, 740), button=Qt.MouseButton.MiddleButton)
    assert not view.viewport().rect().contains(at.node("image"))
    at.key(Key.Key_Return)
    assert view.inline.isVisible()
    node = view.canvas.node_items["image"].sceneBoundingRect()
    assert view.mapFromScene(node).boundingRect().contains(view.inline.geometry().center())


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_canvas_is_exported_whole(hands: Show, tmp_path: Path, suffix: str) -> None:
    at = hands(zoo.load("cifar_convnet"))
    view = at.view
    view.document.select(["stage1.conv1"])
    path = tmp_path / f"net{suffix}"
    view.operations.export_to(path)
    assert str(path) in view.bubble.text()
    if suffix == ".png":
        image = QImage(str(path))
        bounds = view.canvas.bounds()
        assert image.height() == pytest.approx(2 * (bounds.height() + 64), abs=2)
        blue = theme().color("accent").name()
        assert not any(image.pixelColor(x, 300).name() == blue for x in range(image.width()))
    else:
        text = path.read_text()
        assert text.startswith("<?xml")
        assert "stage2" in text
        assert "conv1_relu" in text
    assert view.canvas.node_items["stage1.conv1"].chosen
    view.operations.export_to(tmp_path / "no" / f"net{suffix}")
    assert "not written" in view.bubble.text()


def test_a_kind_dragged_from_a_list_lands_on_the_edge_below_it(hands: Show) -> None:
    at = hands(zoo.load("two_layer_net"))
    view = at.view
    view.fit()
    data = QMimeData()
    data.setData(KIND_MIME, b"dropout")
    where = at.edge("scores", 0)
    how = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    for event in (
        QDragEnterEvent(at.empty(), *how),
        QDragMoveEvent(where, *how),
        QDropEvent(QPointF(where), *how),
    ):
        QApplication.sendEvent(view.viewport(), event)
        assert event.isAccepted()
    assert view.document.spec.by_id["scores"].inputs == ("dropout1",)


def test_a_kind_dragged_to_the_border_scrolls_on_while_the_mouse_rests(hands: Show, qtbot) -> None:
    at = hands(zoo.load("lenet5"))
    view, bar = at.view, at.view.verticalScrollBar()
    data = QMimeData()
    data.setData(KIND_MIME, b"dropout")
    how = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    left, foot = QPoint(2, 300), QPoint(500, view.viewport().height() - 4)

    def send(event: QDropEvent | QDragLeaveEvent) -> None:
        QApplication.sendEvent(view.viewport(), event)

    send(QDragEnterEvent(left, *how))
    send(QDragMoveEvent(left, *how))
    assert not view.border._timer.isActive()  # it only comes in there
    send(QDragMoveEvent(QPoint(400, 300), *how))
    send(QDragMoveEvent(left, *how))
    assert view.border._timer.isActive()
    send(QDragMoveEvent(foot, *how))
    before = bar.value()
    qtbot.waitUntil(lambda: bar.value() > before + 300)
    # It is dropped on what lies there now, not on what lay there.
    view.centerOn(view.mapToScene(at.edge("loss", 0)) - QPointF(0, view.viewport().height() / 2))
    where = at.edge("loss", 0)
    send(QDragMoveEvent(where, *how))
    assert view.hover._edge.edge.reader == "loss"
    send(QDropEvent(QPointF(where), *how))
    assert view.document.spec.by_id["loss"].inputs[0] == "dropout1"
    assert not view.border._timer.isActive()
    send(QDragEnterEvent(QPoint(400, 300), *how))
    send(QDragMoveEvent(foot, *how))
    assert view.border._timer.isActive()
    send(QDragLeaveEvent())
    assert not view.border._timer.isActive()


def test_an_overlay_marks_nodes_and_goes_again(hands: Show) -> None:
    at = hands(zoo.load("resnet18"))
    view = at.view
    view.set_overlay({"stage1.block1.conv1": Mark("ok", "added")})
    view.set_folded({"stage1"})
    assert view.canvas.node_items["stage1"].mark == Mark("ok", "added")
    view.set_folded(())
    assert view.canvas.node_items["stage1.block1.conv1"].mark == Mark("ok", "added")
    view.set_overlay({})
    assert view.canvas.node_items["stage1.block1.conv1"].mark is None


def test_light_and_dark_are_drawn_in_their_own_colours(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    for scheme in ("light", "dark"):
        theme().choose(scheme)
        # With no turn of the event loop in between, in which what comes late would be in time.
        found = colors(at.view.grab().toImage())
        assert theme().color("window").name() in found
        assert theme().color("surface").name() in found
        assert (QColor("#ffffff").name() in found) == (scheme == "light")


@pytest.mark.parametrize("zoom", [0.4, 0.2, 0.12, 0.05])
def test_from_afar_a_problem_keeps_its_icon_at_one_size(hands: Show, lenet, zoom: float) -> None:
    at = hands(edit.set_field(lenet, "conv2", "stride", 4))
    view = at.view
    view.document.look_now()
    view.minimap.want(False)
    view.set_zoom(zoom)
    item = view.canvas.node_items["conv2"]
    assert item.facts.state == "error"
    corner = view.mapFromScene(item.sceneBoundingRect().adjusted(18, 18, -18, -18).topRight())
    icon = view.grab(QRect(corner - QPoint(5, 5), corner + QPoint(5, 5))).toImage()
    drawn = [icon.pixelColor(x, y) for x in range(icon.width()) for y in range(icon.height())]
    for name in ("error", "error_soft"):
        wanted = theme().color(name)
        assert any(
            max(abs(a - b) for a, b in zip(color.getRgb(), wanted.getRgb(), strict=True)) < 48
            for color in drawn
        )


def test_a_large_network_is_laid_out_in_the_background(hands: Show, qtbot) -> None:
    at = hands(residual(300))
    view = at.view
    chain = [layer.id for layer in view.document.spec.layers][:4]
    qtbot.waitUntil(
        lambda: len({node.position[1] for node in view.picture.nodes.values()}) > 290,
    )
    ys = [view.picture.nodes[name].position[1] for name in chain]
    assert ys == sorted(ys)
    assert not view.document.modified


def test_the_context_menu_offers_what_can_be_done(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    view = at.view
    where = at.node("conv1")
    QTest.mousePress(view.viewport(), Qt.MouseButton.RightButton, pos=where)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, where, view.viewport().mapToGlobal(where)
    )
    QApplication.sendEvent(view.viewport(), event)
    menu = view.findChild(QMenu, "canvas_menu")
    assert view.document.selection == {"conv1"}
    texts = [action.text() for action in menu.actions() if action.isEnabled()]
    assert {"Rename…", "Bypass", "Delete", "Duplicate"} <= set(texts)
    menu.close()


def test_what_an_edit_does_not_touch_is_not_made_again() -> None:
    spec = residual(998)
    picture = draw(spec)
    again = draw(edit.set_field(spec, "block3.layer0", "filters", 4), (), {}, picture)
    assert sum(again.nodes[name] is node for name, node in picture.nodes.items()) == 997


def test_layout_leaves_no_two_nodes_on_each_other() -> None:
    spec = zoo.load("googlenet")
    places = layout.arrange(draw(spec))
    boxes = sorted((y, x) for x, y in places.values())
    for (y, x), (other_y, other_x) in pairwise(boxes):
        assert abs(x - other_x) >= 216 or abs(y - other_y) >= 72
    xs = [x for x, _ in places.values()]
    assert max(xs) - min(xs) < 1200


def test_closing_a_canvas_leaves_nothing_behind(qapp: QApplication) -> None:
    def count() -> int:
        gc.collect()
        return sum(issubclass(type(item), CanvasView) for item in gc.get_objects())

    before = count()
    for _ in range(5):
        document = StudioDocument(zoo.load("lenet5"))
        view = CanvasView(document)
        view.show()
        qapp.processEvents()
        view.close()
        view.deleteLater()
        document.deleteLater()
        del view, document
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()
    assert count() <= before


def test_everything_is_in_the_menu_with_what_aligns_in_one_of_its_own(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    for _ in range(2):
        menu = QMenu()
        at.view.commands.fill(menu)
        names = {action.objectName() for action in menu.actions()}
        (align,) = (action.menu() for action in menu.actions() if action.menu() is not None)
        names |= {action.objectName() for action in align.actions()}
        assert {action.objectName() for action in at.view.actions_()} <= names
        assert sum(action.isSeparator() for action in menu.actions()) == 4
        menu.clear()


def test_escape_clears_the_selection_first_and_then_is_the_windows(hands: Show) -> None:
    at = hands(zoo.load("lenet5"))
    at.view.document.select(["conv1"])
    event = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(at.view, event)
    assert event.isAccepted()
    assert not at.view.document.selection
    again = QKeyEvent(QEvent.Type.KeyPress, Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(at.view, again)
    assert not again.isAccepted()
