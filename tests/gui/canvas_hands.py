"""Hands on a canvas: mouse and keys, as events that Qt delivers like those of a user."""

from __future__ import annotations

from graphspec_gui.canvas.view import CanvasView
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from graphspec.graph import GraphSpec

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
NONE = Qt.KeyboardModifier.NoModifier
Key = Qt.Key
INPUTS = """
input 1x28x28
label 10
"""
LENET = """
image: conv2d 6 5 pad=2
relu
max_pool2d 2 stride=2
conv2d 16 5
relu
max_pool2d 2 stride=2
linear 120
relu
linear 84
relu
linear 10
softmax_loss
"""
"""LeNet-5 as it is typed: each line adds a layer below the one before, or below ``image``."""
RESIDUAL = GraphSpec.model_validate(
    {
        "inputs": {"image": {"shape": [3, 8, 8]}, "label": {"classes": 4}},
        "layers": [
            {"id": "a", "kind": "conv2d", "filters": 3, "kernel": 3, "pad": 1, "inputs": ["image"]},
            {"id": "b", "kind": "relu", "inputs": ["a"]},
            {"id": "sum", "kind": "add", "inputs": ["b", "image"]},
            {"id": "flat", "kind": "flatten", "inputs": ["sum"]},
            {"id": "scores", "kind": "linear", "units": 4, "inputs": ["flat"]},
            {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]},
        ],
        "outputs": ["scores"],
    }
)
"""A network with a sum of two ways, which can be led elsewhere."""


class Hands:
    """Does on a canvas what somebody does who sees it."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    # Where things are, in the viewport.

    def node(self, name: str) -> QPoint:
        item = self.view.canvas.node_items[name]
        return self.view.mapFromScene(item.mapRectToScene(item.rect()).center())

    def output(self, name: str) -> QPoint:
        return self.view.mapFromScene(self.view.canvas.node_items[name].output_point())

    def port(self, name: str, place: int) -> QPoint:
        return self.view.mapFromScene(self.view.canvas.node_items[name].port_point(place))

    def edge(self, reader: str, place: int) -> QPoint:
        path = self.view.canvas.edge_items[reader, place].path
        return self.view.mapFromScene(path.pointAtPercent(0.5))

    def frame(self, name: str) -> QPoint:
        rect = self.view.canvas.frame_items[name].title_rect()
        return self.view.mapFromScene(QPointF(rect.right() - 6, rect.center().y()))

    def empty(self, dx: int = 0, dy: int = 0) -> QPoint:
        return QPoint(40 + dx, 40 + dy)

    # What they do.

    def click(self, at: QPoint, keys: Qt.KeyboardModifier = NONE) -> None:
        QTest.mouseClick(self.view.viewport(), LEFT, keys, at)

    def double_click(self, at: QPoint) -> None:
        self.click(at)
        QTest.mouseDClick(self.view.viewport(), LEFT, NONE, at)

    def drag(
        self,
        start: QPoint,
        end: QPoint,
        *,
        button: Qt.MouseButton = LEFT,
        keys: Qt.KeyboardModifier = NONE,
        release: bool = True,
    ) -> None:
        port = self.view.viewport()
        QTest.mousePress(port, button, keys, start)
        for step in (0.2, 0.6, 1.0):
            at = start + (end - start) * step
            QTest.mouseMove(port, at)
            QApplication.processEvents()
        if release:
            QTest.mouseRelease(port, button, keys, end)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.focus(), key, keys)

    def type(self, text: str) -> None:
        for letter in text:
            QTest.keyClicks(self.focus(), letter)

    def build(self, text: str) -> None:
        """Type layers, one after another; "image: " before one goes to the first node for it."""
        for line in text.strip().splitlines():
            first, colon, words = line.rpartition(": ")
            if colon:
                self.key(Key.Key_Home)
                assert self.view.current == first
            self.type(words)
            self.key(Key.Key_Return)

    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.view
