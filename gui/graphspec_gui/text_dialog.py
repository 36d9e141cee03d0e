"""A dialog that shows text to be read: the differences of two files, a list of problems."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from itertools import takewhile

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
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
        diff: whether lines that begin with + and − are coloured, and in them what differs.
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


def changed_part(line: str, other: str) -> tuple[int, int]:
    """From where to where a line differs from another, in whole words and numbers."""
    start = _shared(line, other)
    end = len(line) - _shared(line[start:][::-1], other[start:][::-1])
    while start and line[start - 1].isalnum():
        start -= 1
    while end < len(line) and line[end].isalnum():
        end += 1
    return start, end


def _shared(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _parts(lines: Sequence[str]) -> dict[int, tuple[int, int]]:
    """By number, what differs in each removed line and the added one that takes its place."""
    found: dict[int, tuple[int, int]] = {}
    removed: list[int] = []
    added = 0
    for number, line in enumerate(lines):
        if line.startswith("-") and not added:
            removed.append(number)
        elif line.startswith("+") and added < len(removed):
            before = removed[added]
            old, new = lines[before][1:], line[1:]
            for where, one, other in ((before, old, new), (number, new, old)):
                start, end = changed_part(one, other)
                found[where] = start + 1, end + 1
            added += 1
        else:
            removed = [number] if line.startswith("-") else []
            added = 0
    return found


class _Differences(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._parts = _parts(document.toPlainText().splitlines())
        theme().changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        if text.startswith(("+++", "---", "@@")):
            self.setFormat(0, len(text), self._format("muted", None))
        elif text.startswith("+"):
            self._mark(text, "ok")
        elif text.startswith("-"):
            self._mark(text, "error")

    def _mark(self, text: str, color: str) -> None:
        self.setFormat(0, len(text), self._format(color, f"{color}_soft"))
        start, end = self._parts.get(self.currentBlock().blockNumber(), (0, 0))
        # Not by the colour alone.
        strong = self._format("surface", color)
        strong.setFontWeight(QFont.Weight.Bold)
        self.setFormat(start, end - start, strong)

    def _format(self, color: str, ground: str | None) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setForeground(theme().color(color))
        if ground is not None:
            style.setBackground(theme().color(ground))
        return style
