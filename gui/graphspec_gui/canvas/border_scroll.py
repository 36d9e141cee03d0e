"""Scrolling while something is dragged to the border of the view, to what lies beyond it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer

if TYPE_CHECKING:
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
        self._start = self._at = QPoint()
        self._scrolled: Callable[[], object] = lambda: None

    def begin(self, at: QPoint) -> None:
        """A drag begins, or comes in."""
        self._start = at

    def follow(self, at: QPoint, scrolled: Callable[[], object]) -> None:
        """What is dragged is elsewhere.

        Args:
            at: where, in the viewport.
            scrolled: called after each step, as other things lie there then.
        """
        self._at, self._scrolled = at, scrolled
        if self._out(at) == (0, 0):
            # Back from within it may go to any border, also to that at which it came in.
            self._start = at
        if self._speed() == (0, 0):
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    def stop(self) -> None:
        """Nothing is dragged any more."""
        self._timer.stop()

    def _step(self) -> None:
        self._view.pan(*self._speed())
        self._scrolled()

    def _speed(self) -> tuple[int, int]:
        (out_x, out_y), (began_x, began_y) = self._out(self._at), self._out(self._start)
        return _speed(out_x, began_x), _speed(out_y, began_y)

    def _out(self, at: QPoint) -> tuple[int, int]:
        room = self._view.viewport().size()
        return _out(at.x(), room.width()), _out(at.y(), room.height())


def _speed(out: int, began: int) -> int:
    """How fast along one axis: a drag that began near the border scrolls once it is nearer."""
    if out * began > 0:
        out = max(out - began, 0) if out > 0 else min(out - began, 0)
    return max(-_FASTEST, min(out, _FASTEST))


def _out(at: int, room: int) -> int:
    """How far within the border a place is; below 0 at the left and the top."""
    return min(at - BORDER, 0) + max(at - (room - 1 - BORDER), 0)
