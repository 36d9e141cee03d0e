"""The picture of the canvas that is kept: whatever way it came about, it is the one drawn anew."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.edge_path import PIECE, EdgePath, flowing, rounded
from graphspec_gui.canvas.sheet import AROUND, BLOCK
from graphspec_gui.canvas.view import CanvasView
from graphspec_gui.theme import theme
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QTransform

from graphspec import edit, zoo
from graphspec.graph import GraphSpec
from tests.gui.canvas_hands import Hands

Show = Callable[[GraphSpec], Hands]


@pytest.fixture
def hands(hands: Callable[..., Hands]) -> Show:
    def shown(spec: GraphSpec) -> Hands:
        at = hands(spec, fit=False)
        at.view.minimap.want(False)
        return at

    return shown


def furthest(one: QImage, other: QImage) -> int:
    """By how much two pictures differ in the colour of one pixel, of 255."""
    a, b = (
        np.frombuffer(image.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint8)
        for image in (one, other)
    )
    return int(np.abs(a.astype(int) - b).max())


def drawn_anew(view: CanvasView) -> QImage:
    view.frame.forget()
    return view.grab().toImage()


@pytest.mark.parametrize("zoom", [0.7337, 0.31])
@pytest.mark.parametrize("ahead", [0, 1, 99])
def test_a_pan_shows_what_a_fresh_picture_shows(hands: Show, zoom: float, ahead: int) -> None:
    # From afar Qt rounds the border of a group by one in 255 otherwise where it is clipped.
    near = 0 if zoom > metrics.FAR else 2
    view = hands(zoo.load("resnet18")).view
    view.set_zoom(zoom)
    view.grab()
    for dx, dy in ((37, 11), (-90, 64), (5, -200), (0, 33), (301, -17), (2000, 5), (-2100, 1)):
        view.pan(dx, dy)
        view.frame.draw_between()
        view.viewport().repaint()
        assert sum(view.frame.draw_between() for _ in range(ahead)) <= 90
        panned = view.grab().toImage()
        assert furthest(drawn_anew(view), panned) <= near


def test_a_pan_within_what_was_drawn_ahead_draws_nothing(hands: Show, monkeypatch) -> None:
    view = hands(zoo.load("resnet18")).view
    view.set_zoom(0.7)
    view.grab()
    while view.frame.draw_between():
        pass
    drawn: list[QRect] = []
    sheet = view.frame._sheet
    draw = sheet._draw
    monkeypatch.setattr(
        sheet, "_draw", lambda painter, part: (drawn.append(part), draw(painter, part))
    )
    for dx, dy in ((60, 40), (-120, -80), (90, 0)):
        view.pan(dx, dy)
        view.viewport().repaint()
    assert not drawn
    view.pan(2 * AROUND, 0)
    view.viewport().repaint()
    assert drawn


def test_what_changes_beside_the_view_is_drawn_when_it_comes_into_sight(hands: Show, qtbot) -> None:
    view = hands(zoo.load("lenet5")).view
    view.set_zoom(1.0)
    item = view.canvas.node_items["conv1"]
    view.centerOn(item.sceneBoundingRect().center())
    view.pan(0, view.viewport().height() // 2 + 60)
    view.grab()
    while view.frame.draw_between():
        pass
    view.document.apply(edit.set_field(view.document.spec, "conv1", "filters", 7), "Widen")
    view.document.look_now()
    qtbot.waitUntil(lambda: bool(view.frame._sheet._stale))
    view.pan(0, -100)
    panned = view.grab().toImage()
    assert drawn_anew(view) == panned


def test_it_comes_to_rest(hands: Show) -> None:
    view = hands(zoo.load("lenet5")).view
    view.grab()
    view.frame.forget(QRect(-3000, -3000, 20, 20))
    view.frame.forget(QRect(20, 20, 20, 20))
    assert sum(view.frame.draw_between() for _ in range(200)) < 100


def test_a_turned_wheel_settles_to_a_sharp_picture(hands: Show, qtbot) -> None:
    view = hands(zoo.load("lenet5")).view
    view.grab()
    for _ in range(5):
        view.set_zoom(view.zoom * 0.95, settle=False)
        view.viewport().repaint()
    rough = view.grab().toImage()
    qtbot.waitUntil(lambda: view.grab().toImage() != rough)
    sharp = view.grab().toImage()
    assert drawn_anew(view) == sharp


MEANWHILE: dict[str, Callable[[CanvasView], object]] = {
    "nothing": lambda view: None,
    "a pan": lambda view: view.pan(120, -30),
    "a pan far away": lambda view: view.pan(3000, 0),
    "an edit": lambda view: view.document.apply(
        edit.set_field(view.document.spec, "conv1", "filters", 7), "Widen"
    ),
    "another size": lambda view: view.resize(view.width() - 40, view.height() - 40),
    "other colours": lambda view: theme().choose("dark"),
    "another zoom": lambda view: view.set_zoom(view.zoom * 1.1),
    "another turn": lambda view: view.set_zoom(view.zoom * 1.1, settle=False),
}


def come_to_rest(view: CanvasView) -> None:
    """Turn the zoom, and let it rest: the sharp picture is begun, and nothing else happens."""
    view.set_zoom(view.zoom * 0.9, settle=False)
    view.viewport().repaint()
    view.frame._turning.stop()
    view.frame._begin_next()


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_happens_while_it_is_drawn_sharp_is_shown(hands: Show, qtbot, what: str) -> None:
    view = hands(zoo.load("lenet5")).view
    view.grab()
    come_to_rest(view)
    view.frame.draw_between()
    MEANWHILE[what](view)
    view.document.look_now()
    view.grab()
    qtbot.waitUntil(lambda: view.frame._next is None and not view.frame._turning.isActive())
    qtbot.wait(50)
    shown = view.grab().toImage()
    assert drawn_anew(view) == shown


def test_the_sharp_picture_is_drawn_in_blocks(hands: Show) -> None:
    view = hands(zoo.load("resnet18")).view
    view.grab()
    drawn: list[QRect] = []
    draw = view.frame._draw
    view.frame._draw = lambda painter, part: (drawn.append(part), draw(painter, part))
    come_to_rest(view)
    while view.frame._next is not None:
        view.frame.draw_between()
    view.grab()
    assert drawn
    assert max(max(part.width(), part.height()) for part in drawn) <= BLOCK


PANS = """
import sys
from graphspec_gui.canvas.view import CanvasView
from graphspec_gui.document import StudioDocument
from graphspec_gui.theme import theme
from PySide6.QtWidgets import QApplication
from graphspec import zoo

app = QApplication([])
theme().apply(app)
view = CanvasView(StudioDocument(zoo.load("resnet18")))
view.minimap.want(False)
view.resize(601, 403)
view.show()
assert view.devicePixelRatioF() == float(sys.argv[1])
for zoom in (0.8, 0.3):
    view.set_zoom(zoom)
    view.grab()
    for dx, dy in ((3, 1), (61, -7), (-200, 90), (700, 0), (-1, -1)):
        view.pan(dx, dy)
        view.viewport().repaint()
        while view.frame.draw_between():
            pass
    panned = view.grab().toImage()
    view.frame.forget()
    fresh = view.grab().toImage()
    assert panned.size() == fresh.size()
    off = [
        max(abs(a - b) for a, b in zip(one.getRgb(), other.getRgb()))
        for y in range(0, panned.height(), 3)
        for x in range(0, panned.width(), 3)
        for one, other in [(panned.pixelColor(x, y), fresh.pixelColor(x, y))]
    ]
    # Where a pixel of the scene is no whole number of the screen's, it may lie half a one beside.
    share = sum(value > 0 for value in off) / len(off)
    print(share)
    assert share == 0 or view.devicePixelRatioF() == 1.25 and share < 0.3
"""


@pytest.mark.parametrize("ratio", ["1", "1.25", "2"])
def test_a_pan_shows_it_on_a_fine_screen_too(ratio: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PANS, ratio],
        env={**os.environ, "QT_SCALE_FACTOR": ratio},
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr


corners = st.lists(st.tuples(*2 * [st.integers(-5000, 5000)]), min_size=2, max_size=6, unique=True)


def farthest_off(one: QPainterPath, other: QPainterPath) -> float:
    """How far from a line the corners of another one lie at most, both made of straight ones."""
    # Qt makes straight lines of a narrow bend with pixels to spare: of larger ones fewer.
    larger = QTransform.fromScale(16, 16)
    a, b = (
        np.array([(p.x(), p.y()) for part in path.toSubpathPolygons(larger) for p in part]) / 16
        for path in (one, other)
    )
    start, way = b[:-1], np.diff(b, axis=0)
    long = np.maximum((way**2).sum(axis=1), 1e-12)
    at = np.clip(((a[:, None] - start) * way).sum(axis=2) / long, 0, 1)
    nearest = start + at[:, :, None] * way
    return float(np.hypot(*np.moveaxis(a[:, None] - nearest, 2, 0)).min(axis=1).max())


@settings(max_examples=40)
@given(corners)
def test_a_line_is_where_its_pieces_are(corners: list[tuple[int, int]]) -> None:
    ends = [QPointF(*corner) for corner in corners]
    for path in (rounded(ends), flowing(ends[0], ends[-1])):
        (line,) = EdgePath(path).seen(QRectF(-9e4, -9e4, 1.8e5, 1.8e5))
        assert farthest_off(line, path) < 0.5
        assert farthest_off(path, line) < 0.5


def test_of_a_long_line_only_what_is_in_sight_is_drawn() -> None:
    path = flowing(QPointF(0, 0), QPointF(8000, -56))
    (line,) = EdgePath(path).seen(QRectF(4000, -200, 10, 400))
    assert line.boundingRect().width() < 3 * PIECE
    assert not list(EdgePath(path).seen(QRectF(4000, 900, 10, 10)))


def test_strips_of_a_line_put_together_are_the_whole_of_it() -> None:
    path = flowing(QPointF(10, 20), QPointF(1990, 180))
    whole, strips = (QImage(2000, 200, QImage.Format.Format_RGB32) for _ in range(2))
    for image, width in ((whole, 2000), (strips, 10)):
        image.fill(0xFFFFFF)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for x in range(0, 2000, width):
            part = QRect(x, 0, width, 200)
            painter.setClipRect(part)
            for line in EdgePath(path).seen(QRectF(part)):
                painter.strokePath(line, QPen(QColor(0x336699), 1.5))
        painter.end()
    assert furthest(whole, strips) <= 2
