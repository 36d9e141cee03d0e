"""The canvas: a view on the scene of one document, and everything that can be done in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec_gui.canvas import metrics
from graphspec_gui.canvas.actions import CanvasActions
from graphspec_gui.canvas.adding import Wish
from graphspec_gui.canvas.border_scroll import BorderScroll
from graphspec_gui.canvas.bubble import Bubble
from graphspec_gui.canvas.find import FindBar
from graphspec_gui.canvas.gestures import Gesture, begin
from graphspec_gui.canvas.hits import hit
from graphspec_gui.canvas.hover import Hover
from graphspec_gui.canvas.inline import InlineEditor
from graphspec_gui.canvas.keyboard import Keyboard
from graphspec_gui.canvas.minimap import Minimap
from graphspec_gui.canvas.node_item import Mark
from graphspec_gui.canvas.operations import Operations
from graphspec_gui.canvas.overprint import paint_focus, paint_hint
from graphspec_gui.canvas.picture import EdgePicture, Picture, draw, group_names
from graphspec_gui.canvas.places import Places
from graphspec_gui.canvas.scene import CanvasScene
from graphspec_gui.canvas.search import AddPopup
from graphspec_gui.canvas.zoom_view import OUTSIDE, ZoomView
from graphspec_gui.document import StudioDocument
from graphspec_gui.theme import theme

MARGIN = 48.0
"""Around nodes that are shown whole, in scene units."""


class CanvasView(ZoomView):
    """Shows a document as nodes and edges, and edits it.

    Every edit goes through ``StudioDocument.apply``. Positions that the document does not have
    are made up here, and written into it with the first edit that is made on the canvas.

    Args:
        document: what is shown.
        parent: the widget around it.
    """

    current_changed = Signal(str)
    """Another node has the keyboard's attention; its id, or the name of a folded group."""

    def __init__(self, document: StudioDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.folded: frozenset[str] = frozenset()
        self.chosen_edges: frozenset[tuple[str, int]] = frozenset()
        self.current: str | None = None
        self._gesture: Gesture | None = None
        self._space = False
        self.by_keyboard = False
        """Whether keys, and not the mouse, were used last."""
        self.setObjectName("canvas")
        self.setAccessibleName("Canvas")
        self.places = Places(self)
        self._drawn: Picture | None = None
        self.canvas = CanvasScene(self._draw(), self)
        self.canvas.changed_picture.connect(self._forget_far)
        self.canvas.changed.connect(self._scene_changed)
        self.setScene(self.canvas)
        self.bubble = Bubble(self)
        self.minimap = Minimap(self)
        self.add_popup = AddPopup(self)
        self.find_bar = FindBar(self)
        self.inline = InlineEditor(self)
        self.keyboard = Keyboard(self)
        self.hover = Hover(self)
        self.border = BorderScroll(self)
        self.operations = Operations(self)
        self.commands = CanvasActions(self, self.operations)
        document.spec_changed.connect(self._spec_changed)
        document.selection_changed.connect(self._selection_changed)
        document.analysis_changed.connect(self._analysis_changed)
        theme().changed.connect(self._dress)
        self.zoomed.connect(self._zoomed)
        self._dress()
        self._reach()
        self._analysis_changed()
        self._selection_changed()
        self.places.route_soon()

    # --- What others use ----------------------------------------------------------------------

    def actions_(self) -> list[QAction]:
        """Everything that can be done on the canvas, for menus and the command palette."""
        return [action for action in self.actions() if not action.isSeparator()]

    def set_overlay(self, marks: Mapping[str, Mark]) -> None:
        """Mark nodes with a colour and a word: differences of two graphs, the state of a run.

        Args:
            marks: by id; an empty mapping takes the overlay away.
        """
        self.canvas.show_marks(dict(marks))

    def reveal(self, ids: Iterable[str]) -> None:
        """Select nodes and bring them into sight, unfolding the groups that hide them."""
        self.untouched = False
        names = [name for name in ids if name in self.picture.shown]
        hidden = {self.picture.shown[name] for name in names} - set(names)
        while hidden & self.folded:
            self.set_folded(self.folded - hidden)
            hidden = {self.picture.shown[name] for name in names} - set(names)
        self.document.select(names)
        rect = self._rect_of(names)
        if not rect.isEmpty():
            self.make_current(names[0])
            if not self.visible_rect().contains(rect):
                self.centerOn(rect.center())

    def make_edit(
        self,
        change: Callable[[GraphSpec], GraphSpec],
        text: str,
        *,
        select: Iterable[str] | None = None,
        merge: str | None = None,
    ) -> bool:
        """Change the document; where that makes no sense say why, and return False."""
        try:
            spec = change(self.places.base())
        except SpecError as error:
            self.say(error.problems[0].message if error.problems else str(error))
            return False
        self.document.apply(spec, text, merge, select=select)
        return True

    def say(self, text: str) -> None:
        """Show a message at the bottom for a few seconds."""
        self.bubble.say(text)

    # --- What is shown ------------------------------------------------------------------------

    @property
    def picture(self) -> Picture:
        """What is drawn."""
        return self.canvas.picture

    def selected_nodes(self) -> list[str]:
        """The nodes drawn that are selected: layers, inputs, and folded groups."""
        shown = self.picture.shown
        return list(dict.fromkeys(shown[n] for n in shown if n in self.document.selection))

    @property
    def current_edge(self) -> EdgePicture | None:
        """The edge that is selected alone: it has the keyboard's attention."""
        keys = self.chosen_edges if not self.document.selection else frozenset()
        return self.picture.edges.get(next(iter(keys))) if len(keys) == 1 else None

    def members(self, nodes: Iterable[str]) -> list[str]:
        """The layers and inputs that some nodes stand for."""
        found: list[str] = []
        for name in nodes:
            node = self.picture.nodes.get(name)
            if node is not None:
                found += node.members or (name,)
        return found

    def set_folded(self, names: Collection[str]) -> None:
        """Fold these groups and unfold all others."""
        self.folded = frozenset(names)
        self.refresh()

    def refresh(self) -> None:
        """Draw the document anew, as far as anything differs."""
        self.canvas.show_picture(self._draw())
        self._reach()
        if self.current not in self.picture.nodes:
            self.current = self.picture.shown.get(self.current or "")
        self._selection_changed()
        self.places.route_soon()

    def choose_edges(self, keys: Collection[tuple[str, int]]) -> None:
        """Select edges."""
        self.chosen_edges = frozenset(keys)
        self._selection_changed()

    def make_current(self, name: str | None) -> None:
        """Give a node the keyboard's attention."""
        before = self.current
        self.current = name
        for item in (self.canvas.node_items.get(key or "") for key in (before, name)):
            if item is not None:
                item.update()
        if name is not None and name != before:
            self.keyboard.describe()
            self.current_changed.emit(name)

    # --- Moving about -------------------------------------------------------------------------

    def fit(self, names: Iterable[str] = ()) -> None:
        """Show some nodes whole, or everything."""
        self.untouched = False
        rect = self._rect_of(names)
        self.fit_rect(self.canvas.bounds() if rect.isEmpty() else rect)

    # --- Events -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scene, and over it what the mouse and the keyboard are doing."""
        painter = QPainter(self.viewport())
        painter.setRenderHints(self.renderHints())
        self.frame.paint(painter)
        if self._gesture is not None:
            painter.save()
            painter.setTransform(self.viewportTransform(), True)
            self._gesture.paint(painter)
            painter.restore()
        paint_focus(self, painter)
        paint_hint(self, painter)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin whatever the mouse does here."""
        self.untouched = self.by_keyboard = False
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.add_popup.dismiss()
        if self._gesture is None:
            self._gesture = begin(self, event, self._space)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with it, or show what the mouse is over."""
        if self._gesture is not None:
            self._gesture.move(event)
        else:
            self.hover.over(event.position().toPoint(), panning=self._space)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        gesture = self._gesture
        if gesture is not None and event.button() == gesture.button:
            self._gesture = None
            self.border.stop()
            gesture.release(event)
            self._show_cursor()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit a layer, unfold a group, or add a layer where there is nothing."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._cancel_gesture()
        found = hit(self, event.position().toPoint())
        if found.node is not None:
            self.operations.enter(found.node.node.id)
        elif found.frame is not None:
            self.operations.fold(found.frame.frame.id)
        else:
            at = self.mapToScene(event.position().toPoint())
            edge = found.edge.edge if found.edge is not None else None
            self.ask_for_layer(Wish(at=(at.x(), at.y()), edge=edge))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with what is there."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        menu = self.commands.menu()
        menu.popup(event.globalPos() if by_mouse else self.mapToGlobal(self.keyboard.place()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, nudge, pan with the space bar, or begin to type the name of a layer."""
        self.untouched = False
        if event.key() == Qt.Key.Key_Escape and self._gesture is not None:
            self._cancel_gesture()
        elif event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self._space = True
                self._show_cursor()
        elif not self.keyboard.press(event):
            event.ignore()
            return
        else:
            self.by_keyboard = True
            self.viewport().update()
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The space bar no longer pans."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No key is held down any more."""
        self._space = False
        self._show_cursor()
        super().focusOutEvent(event)
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.by_keyboard = True
        self.viewport().update()

    def event(self, event: QEvent) -> bool:
        """Tab goes from node to node, and after the last one to the next widget."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            forward = event.key() == Qt.Key.Key_Tab
            if (forward or event.key() == Qt.Key.Key_Backtab) and self.keyboard.tab(forward):
                self.by_keyboard = True
                event.accept()
                return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what floats over the canvas in its corner."""
        super().resizeEvent(event)
        self.minimap.place()
        self.find_bar.place()
        self.bubble.place()

    def sizeHint(self) -> QSize:
        """Large: the canvas takes what the docks leave."""
        return QSize(960, 640)

    # --- For gestures and commands --------------------------------------------------------------

    def ask_for_layer(self, wish: Wish, text: str = "") -> None:
        """Open the search for a layer to add."""
        self.add_popup.ask(wish, text)

    def show_whole(self, *names: str) -> None:
        """Scroll as far as it takes to see some nodes whole, beside the overview too."""
        rect = self._rect_of(names)
        if not rect.isEmpty():
            self.ensureVisible(rect, 8, 8)
            over, shown = self.minimap.geometry(), self.mapFromScene(rect).boundingRect()
            if self.minimap.isVisible() and shown.intersects(over) and shown.width() < over.x():
                self.pan(shown.right() - over.x(), 0)

    # --- Within ---------------------------------------------------------------------------------

    def _draw(self) -> Picture:
        self._drawn = draw(self.document.spec, self.folded, self.places.elsewhere, self._drawn)
        return self._drawn

    def _spec_changed(self) -> None:
        spec = self.document.spec
        self.places.follow(spec)
        groups = group_names(spec)
        self.folded = frozenset(name for name in self.folded if name in groups)
        self.chosen_edges = frozenset(
            key
            for key in self.chosen_edges
            if key[0] in spec.by_id and key[1] < len(spec.by_id[key[0]].inputs)
        )
        self.refresh()

    def _selection_changed(self) -> None:
        selection = self.document.selection
        frames = {
            name
            for name, frame in self.picture.frames.items()
            if selection and selection.issuperset(frame.members)
        }
        self.canvas.show_selection(selection, self.chosen_edges, frames)
        nodes = self.selected_nodes()
        if nodes and self.current not in nodes:
            self.make_current(nodes[0])
        self.keyboard.describe()
        self.commands.update()

    def _analysis_changed(self) -> None:
        self.canvas.show_findings(self.document.analysis)
        self.keyboard.describe()
        self.commands.update()

    def _zoomed(self) -> None:
        self.minimap.update()
        self.commands.zoomed()

    def _reach(self) -> None:
        """Let the canvas scroll well beyond what is on it."""
        bounds = self.canvas.bounds()
        self.canvas.setSceneRect(bounds.adjusted(-OUTSIDE, -OUTSIDE, OUTSIDE, OUTSIDE))
        self.minimap.forget()

    def _rect_of(self, names: Iterable[str]) -> QRectF:
        rect = QRectF()
        for name in names:
            item = self.canvas.node_items.get(self.picture.shown.get(name, name))
            if item is not None:
                rect = rect.united(item.mapRectToScene(item.rect()))
        return rect if rect.isEmpty() else rect.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)

    def paint_part(self, painter: QPainter, part: QRect) -> None:
        """Draw a part of the viewport: node by node, or from afar all at once."""
        if self.zoom < metrics.FAR:
            self.paint_rough(painter, part)
        else:
            painter.fillRect(part, self.canvas.looks.window)
            painter.setTransform(self.viewportTransform(), True)
            self.canvas.paint_items(painter, self.mapToScene(part).boundingRect())

    def paint_rough(self, painter: QPainter, part: QRect) -> None:
        """Draw a part of the viewport as it looks from afar."""
        painter.setTransform(self.viewportTransform(), True)
        self.canvas.far().paint(painter, self.mapToScene(part).boundingRect(), self.zoom)

    def _forget_far(self) -> None:
        if self.zoom < metrics.FAR:
            self.frame.forget()
        self.minimap.forget()

    def _cancel_gesture(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            self.border.stop()
            gesture.cancel()
            self._show_cursor()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def _scene_changed(self, parts: list[QRectF]) -> None:
        for part in parts:
            self.frame.forget(self.mapFromScene(part).boundingRect())

    def _dress(self) -> None:
        self.frame.forget()
        self.setBackgroundBrush(theme().color("window"))
        self._forget_far()
