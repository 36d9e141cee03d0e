"""Scrolling while something is dragged to the border of the view, to what lies beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QMouseEvent

if TYPE_CHECKING:
    from graphspec_gui.canvas.gestures import Gesture
    from graphspec_gui.canvas.view import CanvasView

BORDER = 24
"""Pixels from the border within which it scrolls, the faster the further out."""
TURN = 16
"""Milliseconds between two steps."""
_FASTEST = 24
"""Pixels a step."""


class BorderScroll(QObject):
    """Scrolls on while the mouse rests there: it need not be moved.

    Args:
        view: what is scrolled.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._timer = QTimer(self)
        self._timer.setInterval(TURN)
        self._timer.timeout.connect(self._step)
        self._gesture: Gesture | None = None
        self._at = QPoint()
        self._keys = Qt.KeyboardModifier.NoModifier

    def follow(self, gesture: Gesture, event: QMouseEvent) -> None:
        """The mouse is elsewhere."""
        self._gesture = gesture
        self._at, self._keys = event.position().toPoint(), event.modifiers()
        if not (gesture.scrolls and gesture.moved) or self._speed() == (0, 0):
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Nothing is dragged any more."""
        self._timer.stop()
        self._gesture = None

    def _step(self) -> None:
        assert self._gesture is not None
        self._view.pan(*self._speed())
        self._gesture.follow(self._at, self._keys)

    def _speed(self) -> tuple[int, int]:
        assert self._gesture is not None
        room, start, at = self._view.viewport().size(), self._gesture.start, self._at
        return (
            _speed(at.x(), start.x(), room.width()),
            _speed(at.y(), start.y(), room.height()),
        )


def _speed(at: int, start: int, room: int) -> int:
    """How fast along one axis: a drag that began near the border scrolls once it is nearer."""
    out, began = _out(at, room), _out(start, room)
    if out * began > 0:
        out = max(out - began, 0) if out > 0 else min(out - began, 0)
    return max(-_FASTEST, min(out, _FASTEST))


def _out(at: int, room: int) -> int:
    """How far within the border a place is; below 0 at the left and the top."""
    return min(at - BORDER, 0) + max(at - (room - 1 - BORDER), 0)
