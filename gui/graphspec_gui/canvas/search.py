"""The search for a layer to add: type a few letters, and behind them how it is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
)
from PySide6.QtGui import QDrag, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from graphspec_gui.canvas.adding import Choice, Wish, choices, search, usage
from graphspec_gui.theme import space, theme
from graphspec_gui.trouble import sentence

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

Index = QModelIndex | QPersistentModelIndex
KIND_MIME = "application/x-graphspec-kind"
"""What a kind of layer is dragged as: its name in UTF-8."""
_CHOICE = Qt.ItemDataRole.UserRole
_WIDTH, _HEIGHT = 60, 48
_ROW, _REST = 5.5, 12
"""Of the height: what an entry takes, and what stands above and below all of them."""
NONE = "No layer that fits is called so. Clear the line to see all that do."


class AddPopup(QFrame):
    """Floats over the canvas; Enter or a click adds, Escape leaves.

    Entries can also be dragged from it onto the canvas, or onto an edge.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._wish = Wish()
        self._offered: list[Choice] = []
        self._pressed: QPoint | None = None
        self.setObjectName("add_popup")
        self.setAccessibleName("Add a layer")
        column = QVBoxLayout(self)
        column.setContentsMargins(space(), space(), space(), space())
        column.setSpacing(space())
        self.line = QLineEdit(self)
        self.line.setObjectName("add_search")
        self.line.setAccessibleName("Search for a layer to add")
        self.line.setPlaceholderText("Add a layer, such as conv2d 6 5 pad=2")
        self.line.textChanged.connect(self._filter)
        self.line.installEventFilter(self)
        column.addWidget(self.line)
        self.list = QListWidget(self)
        self.list.setObjectName("add_list")
        self.list.setAccessibleName("Layers")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setItemDelegate(_Kind(view))
        self.list.ensurePolished()
        self.list.currentItemChanged.connect(lambda *_: self._explain())
        self.list.itemClicked.connect(lambda _: self._add())
        self.list.viewport().installEventFilter(self)
        column.addWidget(self.list, 1)
        self.note = QLabel(self)
        self.note.setObjectName("add_note")
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        column.addWidget(self.note)
        theme().changed.connect(self._dress)
        self._dress()
        self.hide()

    def ask(self, wish: Wish, text: str = "") -> None:
        """Open where a layer is wanted."""
        view = self._view
        self._wish = wish
        self._offered = choices(view.document.spec, view.document.analysis.shapes, wish)
        self.line.setText(text)
        self._filter(text)
        self._place()
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)
        self.line.end(False)
        view.viewport().update()

    def dismiss(self) -> None:
        """Close without adding anything."""
        if self.isVisible():
            self._view.setFocus(Qt.FocusReason.PopupFocusReason)
            self.hide()
            self._view.viewport().update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys for the list go there; all others stay out of the canvas."""
        if watched is self.line:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._press(event)
            elif event.type() == QEvent.Type.FocusOut:
                self.hide()
                self._view.viewport().update()
        elif isinstance(event, QMouseEvent):
            return self._drag(event)
        return super().eventFilter(watched, event)

    def _press(self, event: QKeyEvent) -> bool:
        step = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: 8,
            Qt.Key.Key_PageUp: -8,
        }.get(Qt.Key(event.key()))
        if step is not None and self.list.count():
            row = max(0, min(self.list.currentRow() + step, self.list.count() - 1))
            self.list.setCurrentRow(row)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._add()
        elif event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() == Qt.Key.Key_Tab:
            choice = self._choice()
            if choice is not None:
                rest = self.line.text().partition(" ")[2]
                self.line.setText(f"{choice.kind} {rest}")
        else:
            return False
        return True

    def _drag(self, event: QMouseEvent) -> bool:
        """Let an entry be dragged out of the list."""
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = event.position().toPoint()
        elif event.type() == QEvent.Type.MouseMove and self._pressed is not None:
            away = (event.position().toPoint() - self._pressed).manhattanLength()
            item = self.list.itemAt(self._pressed)
            if away >= QApplication.startDragDistance() and item is not None:
                self._pressed = None
                choice: Choice = item.data(_CHOICE)
                data = QMimeData()
                data.setData(KIND_MIME, choice.kind.encode())
                drag = QDrag(self._view)
                drag.setMimeData(data)
                self.hide()
                drag.exec(Qt.DropAction.CopyAction)
            return True
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._pressed = None
        return False

    def _filter(self, text: str) -> None:
        self.list.clear()
        for choice in search(self._offered, text.partition(" ")[0]):
            item = QListWidgetItem(f"{choice.kind}\n{choice.doc}", self.list)
            item.setData(_CHOICE, choice)
        self.list.setVisible(self.list.count() > 0)
        self.list.setCurrentRow(0)
        self._explain()
        self._place()

    def _explain(self) -> None:
        choice = self._choice()
        self._tell(NONE if choice is None else usage(choice.kind), wrong=False)

    def _tell(self, text: str, *, wrong: bool) -> None:
        self.note.setText(sentence(text) if wrong else text)
        self.note.setProperty("state", "error" if wrong else None)
        self.note.setProperty("muted", not wrong)
        style = self.note.style()
        style.unpolish(self.note)
        style.polish(self.note)
        self.adjustSize()

    def _choice(self) -> Choice | None:
        row = self.list.currentRow()
        found = self.list.item(row).data(_CHOICE) if row >= 0 else None
        return found if isinstance(found, Choice) else None

    def _add(self) -> None:
        choice = self._choice()
        if choice is None:
            return
        words = self.line.text().split()[1:]
        reason = self._view.operations.add(choice.kind, self._wish, words)
        if reason:
            self._tell(reason, wrong=True)
        else:
            self.dismiss()

    def _place(self) -> None:
        room = self._view.rect()
        width = min(space(_WIDTH), room.width() - space(2))
        most = min(space(_HEIGHT), room.height() - space(2))
        rows = max(1, (most - space(_REST)) // space(_ROW))
        self.setFixedWidth(width)
        self.list.setFixedHeight(min(self.list.count(), rows) * space(_ROW))
        self.adjustSize()
        wish = self._wish
        if wish.at is not None:
            point = self._view.mapFromScene(*wish.at)
        else:
            point = self._view.keyboard.place() + QPoint(0, space(4))
        x = max(space(), min(point.x() - width // 2, room.width() - width - space()))
        # Where all of it has room: so it stays while fewer and fewer are left.
        y = max(space(), min(point.y(), room.height() - most - space()))
        self.move(x, y)

    def _dress(self) -> None:
        colors = theme().colors
        self.setStyleSheet(
            f"QFrame#add_popup {{ background: {colors.surface};"
            f" border: 1px solid {colors.outline}; border-radius: 8px; }}"
        )


class _Kind(QStyledItemDelegate):
    """Draws a kind with its group at the right, and below what it does."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines."""
        return QSize(0, space(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the ground as the style does, and the words on it."""
        choice: Choice = index.data(_CHOICE)
        colors, rect = theme(), option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, colors.color("accent_soft"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, colors.color("raised"))
        stripe = rect.adjusted(space(1), space(0.75), 0, -space(0.75))
        stripe.setWidth(space(0.5))
        painter.fillRect(stripe, self._view.canvas.looks.group(choice.group))
        words = rect.adjusted(space(2.5), space(0.75), -space(1.5), -space(0.75))
        top, left, right = (
            int(side)
            for side in (
                Qt.AlignmentFlag.AlignTop,
                Qt.AlignmentFlag.AlignLeft,
                Qt.AlignmentFlag.AlignRight,
            )
        )
        painter.setFont(colors.font("strong"))
        painter.setPen(colors.color("text"))
        painter.drawText(words, top | left, choice.kind)
        painter.setFont(colors.font("caption"))
        painter.setPen(colors.color("muted"))
        painter.drawText(words, top | right, choice.group)
        font = colors.font("body")
        painter.setFont(font)
        doc = QFontMetrics(font).elidedText(choice.doc, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignBottom) | left, doc)
