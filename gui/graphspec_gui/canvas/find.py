"""Find a node by its name or kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit

from graphspec_gui.canvas.labels import kind_of
from graphspec_gui.theme import space, theme

if TYPE_CHECKING:
    from graphspec_gui.canvas.view import CanvasView


class FindBar(QFrame):
    """A bar at the top: Enter goes to the next match, Shift+Enter to the one before.

    Args:
        view: the canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._at = -1
        self.setObjectName("find_bar")
        self.setAccessibleName("Find")
        row = QHBoxLayout(self)
        row.setContentsMargins(space(), space(), space(), space())
        self.line = QLineEdit(self)
        self.line.setObjectName("find_line")
        self.line.setAccessibleName("Find a layer by name or kind")
        self.line.setPlaceholderText("Find by name or kind")
        self.line.textChanged.connect(lambda _: self._search())
        self.line.installEventFilter(self)
        row.addWidget(self.line, 1)
        self.count = QLabel(self)
        self.count.setProperty("muted", True)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setMinimumWidth(space(9))
        row.addWidget(self.count)
        theme().changed.connect(self._dress)
        self._dress()
        self.hide()

    def ask(self) -> None:
        """Open, ready to type."""
        self.place()
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def matches(self) -> list[str]:
        """The layers and inputs that are meant, in the order of the document."""
        word = self.line.text().casefold().strip()
        spec = self._view.document.spec
        if not word:
            return []
        found = [item.id for item in spec.inputs if word in item.id.casefold()]
        found += [
            layer.id
            for layer in spec.by_id.values()
            if word in layer.id.casefold() or word in kind_of(layer)
        ]
        return found

    def place(self) -> None:
        """Sit in the middle of the top."""
        room = self._view.rect()
        self.setFixedWidth(min(space(48), max(room.width() - space(2), space(8))))
        self.adjustSize()
        self.move((room.width() - self.width()) // 2, space())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on, Escape closes; neither does what it does on the canvas."""
        ours = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # The line takes what it needs to type; other shortcuts are as good as ever.
            if event.key() in ours:
                event.accept()
                return True
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._step(-1 if back else 1)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._view.setFocus(Qt.FocusReason.PopupFocusReason)
                self.hide()
                return True
        return super().eventFilter(watched, event)

    def _search(self) -> None:
        self._at = -1
        self._step(1)

    def _step(self, by: int) -> None:
        found = self.matches()
        if not found:
            self.count.setText("no match" if self.line.text().strip() else "")
            return
        self._at = (self._at + by) % len(found)
        self.count.setText(f"{self._at + 1} of {len(found)}")
        self._view.reveal([found[self._at]])

    def _dress(self) -> None:
        colors = theme().colors
        self.setStyleSheet(
            f"QFrame#find_bar {{ background: {colors.surface};"
            f" border: 1px solid {colors.outline}; border-radius: 8px; }}"
        )
