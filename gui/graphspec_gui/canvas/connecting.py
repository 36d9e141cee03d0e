"""Connecting without the mouse: a list of all ports, with the reason where one does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout

from graphspec import edit
from graphspec.edit import port_name
from graphspec.graph import UNCONNECTED
from graphspec_gui.canvas.legal import may_force, verdicts
from graphspec_gui.theme import space, theme

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView

_PORT = Qt.ItemDataRole.UserRole


class ConnectDialog(QDialog):
    """Choose the port that is to read a node.

    Args:
        view: the canvas.
        source: the layer or input that is read.
    """

    def __init__(self, view: CanvasView, source: str) -> None:
        super().__init__(view)
        self._view, self._source = view, source
        self.setObjectName("connect_dialog")
        self.setWindowTitle(f"Connect {source} to")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(space(56), space(48))
        spec = view.document.spec
        self._verdicts = verdicts(spec, view.document.analysis.shapes, source)
        column = QVBoxLayout(self)
        column.setContentsMargins(space(), space(), space(), space())
        self.line = QLineEdit(self)
        self.line.setObjectName("connect_search")
        self.line.setAccessibleName("Search for a port")
        self.line.setPlaceholderText(f"Which port is to read {source}?")
        self.line.textChanged.connect(self._filter)
        self.line.installEventFilter(self)
        column.addWidget(self.line)
        self.list = QListWidget(self)
        self.list.setObjectName("connect_list")
        self.list.setAccessibleName("Ports")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.itemClicked.connect(self._choose)
        column.addWidget(self.list)
        self._filter("")
        self.line.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys and Enter go to the list."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                row = max(0, min(self.list.currentRow() + step, self.list.count() - 1))
                self.list.setCurrentRow(row)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                forced = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._choose(self.list.currentItem(), forced=forced)
                return True
        return super().eventFilter(watched, event)

    def _filter(self, text: str) -> None:
        """Free ports that fit come first, then taken ones, then those that do not fit."""
        self.list.clear()
        spec = self._view.document.spec
        rows = []
        for (name, place), reason in self._verdicts.items():
            layer = spec.by_id[name]
            label = f"{name}.{port_name(layer, place)}"
            reads = layer.inputs[place] if place < len(layer.inputs) else UNCONNECTED
            if text.casefold().strip() not in label.casefold() or reads == self._source:
                continue
            taken = reads != UNCONNECTED
            note = reason or (f"reads {reads} now" if taken else "free")
            rows.append((bool(reason), taken, f"{label}\n{note}", (name, place)))
        for wrong, _, words, port in sorted(rows, key=lambda row: row[:2]):
            item = QListWidgetItem(words, self.list)
            item.setData(_PORT, port)
            if wrong:
                item.setForeground(theme().color("muted"))
                item.setIcon(theme().icon("mdi6.cancel", "error"))
            else:
                item.setIcon(theme().icon("mdi6.check", "ok"))
        if self.list.count():
            self.list.setCurrentRow(0)
        else:
            item = QListWidgetItem("No other port has this name.", self.list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)

    def _choose(self, item: QListWidgetItem | None, *, forced: bool = False) -> None:
        port = item.data(_PORT) if item is not None else None
        if port is None:
            return
        name, place = port
        reason = self._verdicts[name, place]
        if reason and not (forced and may_force(reason)):
            self._view.say(reason)
            return
        layer = self._view.document.spec.by_id[name]
        source = self._source
        self.accept()
        self._view.make_edit(
            lambda spec: edit.connect(spec, source, name, place),
            f"Connect {source} to {name}.{port_name(layer, place)}",
        )
