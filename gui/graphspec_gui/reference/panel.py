"""The help dock: the reference of the selected layer, or of any other."""

from __future__ import annotations

from PySide6.QtGui import QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QVBoxLayout, QWidget

from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec_gui.forms.editors import CalmCombo
from graphspec_gui.forms.fields import kind_of
from graphspec_gui.panel import Panel
from graphspec_gui.reference.page import Block, page
from graphspec_gui.theme import Role, space, theme

_ROLES: dict[str, Role] = {
    "title": "title",
    "heading": "strong",
    "prose": "body",
    "code": "mono",
    "term": "mono",
}
_ABOVE = {"title": 0, "heading": 2.0, "prose": 0.5, "code": 1.0, "term": 1.0}


class ReferencePanel(Panel):
    """Shows what a kind of layer computes, and what its fields mean.

    Args:
        parent: the dock.
    """

    follows = ("selection_changed",)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(space(36))
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(1), 0)
        column.setSpacing(space(1))
        self.box = CalmCombo(self)
        self.box.setObjectName("reference_kind")
        self.box.setAccessibleName("Kind of layer")
        self.box.activated.connect(lambda _: self._show_kind(self.box.currentText()))
        column.addWidget(self.box)
        self.text = QTextEdit(self)
        self.text.setObjectName("reference_text")
        self.text.setAccessibleName("Layer reference")
        self.text.setReadOnly(True)
        self.text.setProperty("flat", True)
        column.addWidget(self.text, 1)
        self._kind = ""
        theme().changed.connect(self._again)

    def refresh(self) -> None:
        """Turn to the kind of the selected layer; the page stays where none is."""
        if not self.box.count():
            self.box.addItems(sorted(BY_KIND))
        kinds = {kind_of(type(layer)) for layer in self._selected()}
        if len(kinds) == 1:
            self._show_kind(kinds.pop())
        elif not self._kind:
            self._show_kind("conv2d")

    def _selected(self) -> list[Layer]:
        if self.document is None:
            return []
        chosen = self.document.selection
        return [layer for name, layer in self.document.spec.by_id.items() if name in chosen]

    def _again(self) -> None:
        if self._kind:
            kind, self._kind = self._kind, ""
            self._show_kind(kind)

    def _show_kind(self, kind: str) -> None:
        if kind == self._kind:
            return
        self._kind = kind
        self.box.setCurrentText(kind)
        self.text.clear()
        cursor = self.text.textCursor()
        for i, block in enumerate(page(BY_KIND[kind])):
            self._write(cursor, block, first=i == 0)
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def _write(self, cursor: QTextCursor, block: Block, *, first: bool) -> None:
        place = QTextBlockFormat()
        place.setTopMargin(space(_ABOVE[block.kind]))
        place.setRightMargin(space(1))
        style = QTextCharFormat()
        style.setFont(theme().font(_ROLES[block.kind]))
        style.setForeground(theme().color("muted" if block.kind == "prose" else "text"))
        if first:
            cursor.setBlockFormat(place)
            cursor.setCharFormat(style)
        else:
            cursor.insertBlock(place, style)
        # Never as HTML: these are words from source files, and formulas have < and >.
        cursor.insertText(block.text.replace("\n", "\u2028"), style)
