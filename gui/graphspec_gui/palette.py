"""The command palette: every action by name, and why one cannot be used just now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.actions import plain, reason_of
from graphspec_gui.theme import ICON, space, theme

_ACTION = Qt.ItemDataRole.UserRole
_KEYS = Qt.ItemDataRole.UserRole + 1


class CommandPalette(QDialog):
    """Type a few letters of what you want to do; Enter does it.

    Args:
        actions: all that can be done, with a name of the place each belongs to.
        parent: the window that it opens over.
    """

    def __init__(self, actions: Sequence[tuple[str, QAction]], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("command_palette")
        # Escape ends it too: the actions of a document may be gone when it is next wanted.
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Command palette")
        self._actions = list(actions)
        self._run: Callable[[], None] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(space(), space(), space(), space())
        column.setSpacing(space())
        self.search = QLineEdit(self)
        self.search.setObjectName("command_palette_search")
        self.search.setAccessibleName("Search for a command")
        self.search.setPlaceholderText("What do you want to do?")
        self.search.addAction(
            theme().icon("mdi6.magnify", "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        column.addWidget(self.search)
        self.list = QListWidget(self)
        self.list.setObjectName("command_palette_list")
        self.list.setAccessibleName("Commands")
        self.list.setIconSize(QSize(ICON, ICON))
        self.list.setItemDelegate(_WithKeys(self.list))
        self.list.ensurePolished()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._choose)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self.list)
        self._filter("")

    def open_over(self, window: QWidget) -> None:
        """Show it below the top of a window, in its middle."""
        width = min(space(80), window.width() - space(4))
        height = min(space(52), window.height() - space(12))
        self.resize(width, height)
        middle = window.mapToGlobal(window.rect().topLeft())
        self.move(middle.x() + (window.width() - width) // 2, middle.y() + space(8))
        self.show()
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys and Enter go to the list while the search has the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: 8,
                Qt.Key.Key_PageUp: -8,
            }.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                row = max(0, min(self.list.currentRow() + step, self.list.count() - 1))
                self.list.setCurrentRow(row)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        self.list.clear()
        words = text.casefold().split()
        found = []
        for place, action in self._actions:
            name = plain(action).removesuffix("…")
            line = f"{place} {name}".casefold()
            if all(word in line for word in words):
                starts = bool(words) and name.casefold().startswith(words[0])
                found.append((not starts, not action.isEnabled(), place, name, action))
        for _, disabled, place, name, action in sorted(found, key=lambda item: item[:2]):
            reason = reason_of(action) if disabled else ""
            first = f"{place}: {name}"
            item = QListWidgetItem(f"{first}\n{reason}" if reason else first, self.list)
            icon = action.icon() if not action.icon().isNull() else _blank()
            item.setIcon(_grey(icon, self.devicePixelRatioF()) if disabled else icon)
            item.setData(_ACTION, action)
            item.setData(_KEYS, action.shortcut().toString(QKeySequence.SequenceFormat.NativeText))
            if disabled:
                item.setForeground(theme().color("muted"))
        if self.list.count():
            self.list.setCurrentRow(0)
        else:
            item = QListWidgetItem("No command has these words. Try fewer.", self.list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _choose(self, item: QListWidgetItem | None) -> None:
        action = item.data(_ACTION) if item is not None else None
        if not isinstance(action, QAction) or not action.isEnabled():
            return
        self.close()
        action.trigger()


class _WithKeys(QStyledItemDelegate):
    """Draws an action's keys at the right end of its line."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        keys = index.data(_KEYS)
        if keys:
            rect: QRect = option.rect
            painter.save()
            painter.setFont(theme().font("caption"))
            painter.setPen(theme().color("muted"))
            place = rect.adjusted(0, 0, -space(2), 0)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, int(right), keys)
            painter.restore()


def _grey(icon: QIcon, ratio: float) -> QIcon:
    """An icon as it looks while its action cannot be used."""
    return QIcon(icon.pixmap(QSize(ICON, ICON), ratio, QIcon.Mode.Disabled))


def _blank() -> QIcon:
    picture = QPixmap(ICON, ICON)
    picture.fill(Qt.GlobalColor.transparent)
    return QIcon(picture)
