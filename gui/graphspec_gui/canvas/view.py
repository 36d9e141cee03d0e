"""The canvas: a view on the scene of one document, and everything that can be done in it."""

from __future__ import annotations

import html
from collections.abc import Callable, Collection, Iterable, Mapping

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from graphspec import edit
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec, Position
from graphspec_gui.canvas import layout, metrics
from graphspec_gui.canvas.actions import CanvasActions
from graphspec_gui.canvas.adding import Wish
from graphspec_gui.canvas.bubble import Bubble
from graphspec_gui.canvas.edge_item import EdgeItem
from graphspec_gui.canvas.facts import describe, port_tip
from graphspec_gui.canvas.far import FarPicture
from graphspec_gui.canvas.find import FindBar
from graphspec_gui.canvas.gestures import Gesture, begin
from graphspec_gui.canvas.group_item import FrameItem
from graphspec_gui.canvas.hits import hit
from graphspec_gui.canvas.inline import InlineEditor
from graphspec_gui.canvas.keyboard import Keyboard
from graphspec_gui.canvas.minimap import Minimap
from graphspec_gui.canvas.node_item import Mark, NodeItem
from graphspec_gui.canvas.operations import Operations
from graphspec_gui.canvas.picture import Picture, draw, group_names
from graphspec_gui.canvas.placing import place_near, unplaced
from graphspec_gui.canvas.scene import CanvasScene
from graphspec_gui.canvas.search import KIND_MIME, AddPopup
from graphspec_gui.document import StudioDocument
from graphspec_gui.theme import theme

AT_ONCE = 120
"""Graphs of so many nodes are laid out while they open; larger ones in a thread."""
MARGIN = 48.0
_OUTSIDE = 4_000.0
"""How far beyond its content the canvas can be scrolled, in scene units."""
HINT = "Double-click or start typing to add a layer"


class CanvasView(QGraphicsView):
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
        self._elsewhere: dict[str, Position] = {}
        self._spec = document.spec
        self._gesture: Gesture | None = None
        self._space = False
        self._fit_first = True
        self._far: FarPicture | None = None
        self._hovered: NodeItem | EdgeItem | FrameItem | None = None
        self._drop_edge: EdgeItem | None = None
        self._layouts = layout.Background(self._arranged, self)
        self._routes = layout.Background(self._routed, self)
        self._route_soon = QTimer(self)
        self._route_soon.setSingleShot(True)
        self._route_soon.setInterval(30)
        self._route_soon.timeout.connect(self._ask_for_routes)
        self._find_places(document.spec)
        self.canvas = CanvasScene(self._draw(), self)
        self.canvas.changed_picture.connect(self._forget_far)
        self.setScene(self.canvas)
        self._set_up()
        self.bubble = Bubble(self)
        self.minimap = Minimap(self)
        self.add_popup = AddPopup(self)
        self.find_bar = FindBar(self)
        self.inline = InlineEditor(self)
        self.keyboard = Keyboard(self)
        self.operations = Operations(self)
        self.commands = CanvasActions(self, self.operations)
        document.spec_changed.connect(self._spec_changed)
        document.selection_changed.connect(self._selection_changed)
        document.analysis_changed.connect(self._analysis_changed)
        theme().changed.connect(self._dress)
        self._reach()
        self._analysis_changed()
        self._selection_changed()
        self._route_soon.start()

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
            spec = change(self.base())
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

    @property
    def zoom(self) -> float:
        """How large the scene is drawn: 1 is 100 %."""
        return self.transform().m11()

    def base(self) -> GraphSpec:
        """The document's spec, with a position for every node."""
        spec = self.document.spec
        known = dict(spec.layout)
        missing = {name: at for name, at in self._elsewhere.items() if name not in known}
        here = {name: at for name, at in missing.items() if name in self.picture.shown}
        return edit.move(spec, here.items()) if here else spec

    def position(self, name: str) -> Position:
        """Where a node is in the document, or where it has been put for want of that."""
        known = dict(self.document.spec.layout)
        return known[name] if name in known else self._elsewhere.get(name, (0.0, 0.0))

    def selected_nodes(self) -> list[str]:
        """The nodes drawn that are selected: layers, inputs, and folded groups."""
        shown = self.picture.shown
        return list(dict.fromkeys(shown[n] for n in shown if n in self.document.selection))

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
        self._route_soon.start()

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
            item = self.canvas.node_items[name]
            self.setAccessibleDescription(describe(item.node, item.facts))
            self.current_changed.emit(name)

    # --- Moving about -------------------------------------------------------------------------

    def visible_rect(self) -> QRectF:
        """The part of the scene that can be seen."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def set_zoom(self, zoom: float, at: QPoint | None = None) -> None:
        """Zoom, keeping the point of the scene under a point of the viewport where it is."""
        zoom = max(metrics.ZOOM_LEAST, min(zoom, metrics.ZOOM_MOST))
        at = self.viewport().rect().center() if at is None else at
        before = self.mapToScene(at)
        self.resetTransform()
        self.scale(zoom, zoom)
        self.canvas.zoom = zoom
        after = self.mapFromScene(before)
        self.pan(after.x() - at.x(), after.y() - at.y())
        self.minimap.update()
        self.commands.zoomed()

    def pan(self, dx: float, dy: float) -> None:
        """Scroll by pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + round(dx))
        down.setValue(down.value() + round(dy))

    def fit(self, names: Iterable[str] = ()) -> None:
        """Show some nodes whole, or everything."""
        rect = self._rect_of(names)
        whole = rect if not rect.isEmpty() else self.canvas.bounds()
        if whole.isEmpty():
            self.set_zoom(1.0)
            self.centerOn(0, 0)
            return
        room = self.viewport().rect().adjusted(24, 24, -24, -24)
        wide = max(room.width(), 1) / whole.width()
        high = max(room.height(), 1) / whole.height()
        self.set_zoom(min(wide, high, 1.0))
        self.centerOn(whole.center())
        self.minimap.update()

    def show_start(self) -> None:
        """Show everything if that can be read, else the inputs at a size that can."""
        bounds = self.canvas.bounds()
        self.fit()
        if not bounds.isEmpty() and self.zoom < metrics.NEAR:
            self.set_zoom(max(self.zoom, 0.8))
            half = self.viewport().height() / 2 / self.zoom
            first = next(iter(self.canvas.node_items.values()))
            top = self.mapToScene(self.viewport().rect()).boundingRect()
            self.centerOn(
                first.sceneBoundingRect().center().x(), bounds.top() + min(half, top.height() / 2)
            )

    # --- Events -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw node by node, or from afar all at once."""
        if self.zoom < metrics.FAR and self._drawn_far():
            return
        super().paintEvent(event)
        self._paint_focus()
        self._paint_hint()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the cursor; with Shift or Ctrl scroll, as with two fingers."""
        turned, by_pixels = event.angleDelta(), event.pixelDelta()
        keys = event.modifiers()
        if keys & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(turned.y() or turned.x()) / 2, 0)
        elif not by_pixels.isNull() and turned.x() and abs(turned.x()) > abs(turned.y()):
            self.pan(-by_pixels.x(), -by_pixels.y())
        else:
            self.set_zoom(self.zoom * 1.0015 ** turned.y(), event.position().toPoint())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin whatever the mouse does here."""
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
            self._hover(event.position().toPoint())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        gesture = self._gesture
        if gesture is not None and event.button() == gesture.button:
            self._gesture = None
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
        menu.popup(event.globalPos() if by_mouse else self.mapToGlobal(self.current_point()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, nudge, pan with the space bar, or begin to type the name of a layer."""
        if event.key() == Qt.Key.Key_Escape and self._gesture is not None:
            self._cancel_gesture()
        elif event.key() == Qt.Key.Key_Space and not event.modifiers():
            if not event.isAutoRepeat():
                self._space = True
                self._show_cursor()
        elif not self.keyboard.press(event):
            event.ignore()
            return
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
        self.viewport().update()

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from node to node, and after the last one to the next widget."""
        return self.keyboard.tab(forward) or super().focusNextPrevChild(forward)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what floats over the canvas in its corner."""
        super().resizeEvent(event)
        self.minimap.place()
        self.find_bar.place()
        self.bubble.place()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with a sight of the whole."""
        super().showEvent(event)
        if self._fit_first:
            self._fit_first = False
            self.show_start()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell of nodes, ports and edges in tooltips."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self._tip(event.pos())
            if text:
                # Names come from files: as plain text they cannot be taken for markup.
                safe = html.escape(text).replace("\n", "<br>")
                QToolTip.showText(event.globalPos(), f"<p>{safe}</p>", self)
            else:
                QToolTip.hideText()
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take layers that are dragged here from a list of kinds."""
        if event.mimeData().hasFormat(KIND_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show the edge that a layer would be put on."""
        if not event.mimeData().hasFormat(KIND_MIME):
            event.ignore()
            return
        self.show_drop_edge(hit(self, event.position().toPoint()).edge)
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show no edge any more."""
        self.show_drop_edge(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add the layer, on the edge if there is one."""
        if not event.mimeData().hasFormat(KIND_MIME):
            event.ignore()
            return
        kind = event.mimeData().data(KIND_MIME).toStdString()
        edge, at = self._drop_edge, self.mapToScene(event.position().toPoint())
        self.show_drop_edge(None)
        wish = Wish(at=(at.x(), at.y()), edge=edge.edge if edge is not None else None, alone=True)
        self.operations.add(kind, wish)
        event.acceptProposedAction()

    def sizeHint(self) -> QSize:
        """Large: the canvas takes what the docks leave."""
        return QSize(960, 640)

    # --- For gestures and commands --------------------------------------------------------------

    def ask_for_layer(self, wish: Wish, text: str = "") -> None:
        """Open the search for a layer to add."""
        self.add_popup.ask(wish, text)

    def show_drop_edge(self, item: EdgeItem | None) -> None:
        """Highlight the edge that something would be put on."""
        for edge, on in ((self._drop_edge, False), (item, True)):
            if edge is not None:
                edge.hovered = on
                edge.update()
        self._drop_edge = item

    def current_point(self) -> QPoint:
        """Where the current node is in the view, or the middle of the view."""
        item = self.canvas.node_items.get(self.current or "")
        if item is None:
            return self.viewport().rect().center()
        point = self.mapFromScene(item.sceneBoundingRect().center())
        return point if self.viewport().rect().contains(point) else self.viewport().rect().center()

    def spec_order(self) -> list[str]:
        """All inputs and layers, in the order of the document."""
        return list(self.picture.shown)

    def show_whole(self, *names: str) -> None:
        """Scroll as far as it takes to see some nodes whole."""
        rect = self._rect_of(names)
        if not rect.isEmpty():
            self.ensureVisible(rect, 8, 8)

    def arrange(self, only: Collection[str] | None = None) -> None:
        """Lay out all nodes, or some, in a thread; the answer becomes one command."""
        picture, spec = self.picture, self.document.spec

        def find() -> tuple[GraphSpec, Collection[str] | None, dict[str, Position]]:
            return spec, only, layout.arrange(picture, only)

        self._layouts.ask(find)

    # --- Within ---------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.setObjectName("canvas")
        self.setAccessibleName("Canvas")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(
            QPainter.RenderHint.Antialiasing
            | QPainter.RenderHint.TextAntialiasing
            | QPainter.RenderHint.SmoothPixmapTransform
        )
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState, False)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)
        self._dress()

    def _draw(self) -> Picture:
        return draw(self.document.spec, self.folded, self._elsewhere)

    def _find_places(self, spec: GraphSpec) -> None:
        """Make up positions for nodes that have none."""
        known = {**self._elsewhere, **dict(spec.layout)}
        names = {*spec.input_by_id, *spec.by_id}
        known = {name: at for name, at in known.items() if name in names}
        if not unplaced(spec, known):
            return
        self._elsewhere |= place_near(spec, known)
        if known or len(names) < 2:
            return
        whole = draw(spec, (), self._elsewhere)
        if len(names) <= AT_ONCE:
            self._elsewhere |= layout.arrange(whole)
        else:
            self._layouts.ask(lambda: (spec, "first", layout.arrange(whole)))

    def _arranged(
        self, answer: tuple[GraphSpec, Collection[str] | str | None, dict[str, Position]]
    ) -> None:
        spec, only, found = answer
        if spec is not self.document.spec:
            # It was edited meanwhile: what has not moved since is still worth having.
            found = {name: at for name, at in found.items() if name in self.picture.nodes}
        if only == "first":
            self._elsewhere |= found
            self.refresh()
            self.show_start()
            return
        moves = self.operations.moves(found)
        text = "Lay out everything" if only is None else "Lay out the selection"
        if self.make_edit(lambda base: edit.move(base, moves.items()), text) and only is None:
            self.fit()

    def _routed(self, answer: tuple[Picture, dict[tuple[str, int], layout.Route]]) -> None:
        picture, found = answer
        if picture is self.picture:
            self.canvas.show_routes(found)

    def _ask_for_routes(self) -> None:
        picture = self.picture
        if picture.edges:
            self._routes.ask(lambda: (picture, layout.routes(picture)))

    def _spec_changed(self) -> None:
        spec, before = self.document.spec, self._spec
        self._spec = spec
        if len(before.layers) == len(spec.layers):
            # A layer that was renamed elsewhere stays where it is.
            for old, new in zip(before.layers, spec.layers, strict=True):
                if old.id != new.id and old.id in self._elsewhere:
                    self._elsewhere.setdefault(new.id, self._elsewhere[old.id])
        self._find_places(spec)
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
        self.commands.update()

    def _analysis_changed(self) -> None:
        self.canvas.show_findings(self.document.analysis)
        item = self.canvas.node_items.get(self.current or "")
        if item is not None:
            self.setAccessibleDescription(describe(item.node, item.facts))

    def _reach(self) -> None:
        """Let the canvas scroll well beyond what is on it."""
        self.canvas.setSceneRect(
            self.canvas.bounds().adjusted(-_OUTSIDE, -_OUTSIDE, _OUTSIDE, _OUTSIDE)
        )
        self.minimap.forget() if hasattr(self, "minimap") else None

    def _rect_of(self, names: Iterable[str]) -> QRectF:
        rect = QRectF()
        for name in names:
            item = self.canvas.node_items.get(self.picture.shown.get(name, name))
            if item is not None:
                rect = rect.united(item.mapRectToScene(item.rect()))
        return rect if rect.isEmpty() else rect.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)

    def _drawn_far(self) -> bool:
        if self._gesture is not None and self._gesture.moves_nodes:
            self._far = None
        if self._far is None:
            self._far = FarPicture(self.canvas)
        painter = QPainter(self.viewport())
        painter.setRenderHints(self.renderHints())
        painter.setTransform(self.viewportTransform())
        self._far.paint(painter, self.visible_rect(), self.zoom)
        if self._gesture is not None:
            self._gesture.paint(painter)
        painter.end()
        self._paint_focus()
        return True

    def _paint_focus(self) -> None:
        """A ring around the current node while the canvas has the keyboard."""
        item = self.canvas.node_items.get(self.current or "")
        if item is None or not self.hasFocus():
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.mapFromScene(item.mapRectToScene(item.rect())).boundingRect()
        painter.setPen(self.canvas.looks.focus_border)
        painter.drawRoundedRect(QRectF(rect).adjusted(-5, -5, 5, 5), 10, 10)
        painter.end()

    def _paint_hint(self) -> None:
        """What to do with an empty canvas."""
        if self.document.spec.layers or self.add_popup.isVisible():
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.canvas.looks.muted)
        painter.setFont(theme().font("title"))
        room = QRectF(self.viewport().rect())
        painter.drawText(
            room.adjusted(0, room.height() * 0.5, 0, 0), Qt.AlignmentFlag.AlignCenter, HINT
        )
        painter.end()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRectF) -> None:
        """What the mouse is doing: a rubber band, or an edge that is being drawn."""
        if self._gesture is not None:
            self._gesture.paint(painter)

    def _forget_far(self) -> None:
        self._far = None
        self.viewport().update()
        if hasattr(self, "minimap"):
            self.minimap.forget()

    def _cancel_gesture(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
            self._show_cursor()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def _hover(self, at: QPoint | None) -> None:
        found = hit(self, at) if at is not None else None
        item = found.item if found is not None else None
        if item is not self._hovered:
            for other, on in ((self._hovered, False), (item, True)):
                if other is not None:
                    other.hovered = on
                    other.update()
            self._hovered = item
        if not self._space:
            on_port = found is not None and found.port is not None
            shape = Qt.CursorShape.CrossCursor if on_port else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)

    def _tip(self, at: QPoint) -> str:
        found = hit(self, at)
        findings = self.document.analysis
        if found.node is not None:
            if found.port is not None and found.port >= 0 and not found.node.node.members:
                return port_tip(found.node.node, found.port, findings)
            return found.node.facts.tip
        if found.edge is not None:
            edge = found.edge.edge
            shape = f": {found.edge.label}" if found.edge.label else ""
            return f"{edge.reads} → {edge.reader}{shape}"
        if found.frame is not None:
            return f"Group {found.frame.frame.id}, {len(found.frame.frame.members)} layers"
        return ""

    def _dress(self) -> None:
        self.setBackgroundBrush(theme().color("window"))
        self._forget_far() if hasattr(self, "canvas") else None
        self.viewport().update()
