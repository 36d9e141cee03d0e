"""Every kind of layer by group: drag one to the canvas, or press Enter to add it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.buttons import IconAction
from graphspec_gui.canvas.adding import Choice, Wish, choices, search, usage
from graphspec_gui.canvas.search import KIND_MIME
from graphspec_gui.document import StudioDocument
from graphspec_gui.files import empty_network
from graphspec_gui.panel import Panel
from graphspec_gui.theme import space, theme

_KIND = Qt.ItemDataRole.UserRole


class CatalogPanel(Panel):
    """The palette of layers.

    Args:
        add: adds a layer of a kind to the document in front.
        parent: the dock.
    """

    follows = ()

    def __init__(self, add: Callable[[str], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(space(24))
        self._add = add
        self._all: list[Choice] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, space(1), 0, 0)
        column.setSpacing(space(1))
        self.search = QLineEdit(self)
        self.search.setObjectName("catalog_search")
        self.search.setAccessibleName("Search for a kind of layer")
        self.search.setPlaceholderText("Search layers")
        self.search.setAcceptDrops(False)
        self.search.addAction(
            IconAction("mdi6.magnify", "Search", self.search),
            QLineEdit.ActionPosition.LeadingPosition,
        )
        self.search.textChanged.connect(lambda _: self._list())
        self.search.returnPressed.connect(self._add_first)
        held = QVBoxLayout()
        held.setContentsMargins(space(1), 0, space(1), 0)
        held.addWidget(self.search)
        column.addLayout(held)
        self.tree = _Kinds(self)
        self.tree.itemDoubleClicked.connect(lambda item: self._chosen(item))
        self.tree.entered_key.connect(self._chosen)
        column.addWidget(self.tree, 1)
        theme().changed.connect(self._list)

    def set_document(self, document: StudioDocument | None) -> None:
        """Layers can be added while there is a document."""
        super().set_document(document)
        self.tree.setEnabled(document is not None)
        self.tree.setToolTip("" if document else "No network is open that a layer could go into.")

    def refresh(self) -> None:
        """List the kinds once; they do not depend on the document."""
        if not self._all:
            self._all = choices(empty_network(), {}, Wish())
            self._list()

    def _list(self) -> None:
        word = self.search.text()
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for choice in search(self._all, word):
            parent = groups.get(choice.group)
            if parent is None:
                parent = groups[choice.group] = QTreeWidgetItem(self.tree, [choice.group])
                parent.setFlags(Qt.ItemFlag.ItemIsEnabled)
                parent.setFont(0, theme().font("strong"))
                parent.setExpanded(bool(word) or len(groups) <= 4)
            item = QTreeWidgetItem(parent, [choice.kind])
            item.setData(0, _KIND, choice.kind)
            item.setToolTip(0, f"{choice.doc}\n{usage(choice.kind)}")
        first = next((group.child(0) for group in groups.values()), None)
        if word and first is not None:
            self.tree.setCurrentItem(first)

    def _add_first(self) -> None:
        item = self.tree.currentItem()
        if item is not None and self.search.text():
            self._chosen(item)

    def _chosen(self, item: QTreeWidgetItem) -> None:
        kind = item.data(0, _KIND)
        if kind and self.document is not None:
            self._add(kind)


class _Kinds(QTreeWidget):
    entered_key = Signal(QTreeWidgetItem)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("catalog")
        self.setAccessibleName("Kinds of layer")
        self.setHeaderHidden(True)
        self.setIndentation(space(2))
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setUniformRowHeights(True)

    def mimeData(self, items: object) -> QMimeData:
        """A kind as the canvas takes it; it lands on the edge that it is dropped on."""
        data = QMimeData()
        item = self.currentItem()
        kind = item.data(0, _KIND) if item is not None else None
        if kind:
            data.setData(KIND_MIME, kind.encode())
            data.setText(kind)
        return data

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter adds the layer."""
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.entered_key.emit(item)
        else:
            super().keyPressEvent(event)
