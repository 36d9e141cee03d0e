"""A dialog that shows text to be read: the differences of two files, a list of problems."""

from __future__ import annotations

import difflib

from PySide6.QtCore import Qt
from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from graphspec_gui.theme import space, theme

CONTEXT = 2
"""Lines that are shown around a difference."""


class TextDialog(QDialog):
    """Text in a scrolled page, with a sentence above it.

    Args:
        title: of the window.
        lead: what the text is.
        text: what is to be read.
        parent: the window that it belongs to.
        diff: whether lines that begin with + and − are coloured.
    """

    def __init__(
        self, title: str, lead: str, text: str, parent: QWidget | None, *, diff: bool = False
    ) -> None:
        super().__init__(parent)
        self.setObjectName("text_dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(space(100), space(64))
        column = QVBoxLayout(self)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        column.setSpacing(space(1.5))
        label = QLabel(lead, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        column.addWidget(label)
        self.text = QPlainTextEdit(text, self)
        self.text.setReadOnly(True)
        self.text.setFont(theme().font("mono"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(lead)
        column.addWidget(self.text, 1)
        if diff:
            _Differences(self.text.document())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)


def differences(before: str, after: str, before_name: str, after_name: str) -> str:
    """The lines that differ between two texts, with − and + and a little around them."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), before_name, after_name, lineterm="", n=CONTEXT
    )
    return "\n".join(lines) or "There is no difference."


class _Differences(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme().changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        if text.startswith(("+++", "---", "@@")):
            self.setFormat(0, len(text), self._format("muted", None))
        elif text.startswith("+"):
            self.setFormat(0, len(text), self._format("ok", "ok_soft"))
        elif text.startswith("-"):
            self.setFormat(0, len(text), self._format("error", "error_soft"))

    def _format(self, color: str, ground: str | None) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setForeground(theme().color(color))
        if ground is not None:
            style.setBackground(theme().color(ground))
        return style
