"""What the mouse rests on, and the cursor that says what a press would do."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QHelpEvent
from PySide6.QtWidgets import QToolTip

from graphspec_gui.canvas.adding import Wish
from graphspec_gui.canvas.edge_item import EdgeItem
from graphspec_gui.canvas.group_item import FrameItem
from graphspec_gui.canvas.hits import hit
from graphspec_gui.canvas.node_item import NodeItem
from graphspec_gui.canvas.overprint import tip_at
from graphspec_gui.canvas.search import KIND_MIME

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView


class Hover(QObject):
    """Highlights what is under the mouse, or under a layer that is dragged here from a list.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._item: NodeItem | EdgeItem | FrameItem | None = None
        self._edge: EdgeItem | None = None
        view.viewport().installEventFilter(self)

    def over(self, at: QPoint | None, *, panning: bool = False) -> None:
        """The mouse is here now; None when it has left."""
        view = self._view
        found = hit(view, at) if at is not None else None
        item = found.item if found is not None else None
        if item is not self._item:
            _highlight(self._item, on=False)
            _highlight(item, on=True)
            self._item = item
        if panning:
            shape = Qt.CursorShape.OpenHandCursor
        elif found is not None and found.port is not None:
            shape = Qt.CursorShape.CrossCursor
        else:
            shape = Qt.CursorShape.ArrowCursor
        view.viewport().setCursor(shape)

    def show_drop_edge(self, item: EdgeItem | None) -> None:
        """Highlight the edge that something would be put on."""
        if item is not self._edge:
            _highlight(self._edge, on=False)
            _highlight(item, on=True)
            self._edge = item

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show tooltips, and take layers that are dragged here; files are the window's business."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._tell(event)
            return True
        if event.type() == QEvent.Type.Leave:
            self.over(None)
        elif event.type() == QEvent.Type.DragLeave:
            self._view.border.stop()
            self.show_drop_edge(None)
        elif isinstance(event, QDropEvent) and event.mimeData().hasFormat(KIND_MIME):
            # A drag that enters or moves is a drop event too, by Qt's classes.
            at = event.position().toPoint()
            if isinstance(event, QDragEnterEvent):
                self._view.border.begin(at)
            if isinstance(event, QDragEnterEvent | QDragMoveEvent):
                self._show_drop(at)
                self._view.border.follow(at, lambda: self._show_drop(at))
            else:
                self._view.border.stop()
                self._drop(event.mimeData().data(KIND_MIME).toStdString(), at)
            event.acceptProposedAction()
            return True
        elif isinstance(event, QDropEvent):
            # The scene would take anything, and the window would never hear of it.
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _tell(self, event: QHelpEvent) -> None:
        text = tip_at(self._view, event.pos())
        if not text:
            QToolTip.hideText()
            return
        # Names come from files: as plain text they cannot be taken for markup.
        safe = html.escape(text).replace("\n", "<br>")
        QToolTip.showText(event.globalPos(), f"<p>{safe}</p>", self._view)

    def _show_drop(self, at: QPoint) -> None:
        self.show_drop_edge(hit(self._view, at).edge)

    def _drop(self, kind: str, at: QPoint) -> None:
        edge = self._edge.edge if self._edge is not None else None
        self.show_drop_edge(None)
        point = self._view.mapToScene(at)
        wish = Wish(at=(point.x(), point.y()), edge=edge, alone=True)
        if reason := self._view.operations.add(kind, wish):
            self._view.say(reason)


def _highlight(item: NodeItem | EdgeItem | FrameItem | None, *, on: bool) -> None:
    if item is not None and item.hovered != on:
        item.hovered = on
        item.update()
