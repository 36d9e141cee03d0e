"""A text editor for JSON: line numbers, colours, and marks at lines that are wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QToolTip, QWidget

from graphspec_gui.theme import plain_tip, space, theme

_TOKENS = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\b\d[\d.eE+-]*)|(?P<word>\b(?:true|false|null)\b)"
)
_COLORS = {"key": "accent", "text": "ok", "number": "warning", "word": "advice"}


class JsonEditor(QPlainTextEdit):
    """Plain text with line numbers at its left.

    Args:
        parent: the panel.
    """

    left = Signal()
    """It has lost the keyboard focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("json_text")
        self.setAccessibleName("The network as JSON")
        self.setProperty("flat", True)
        self.setFont(theme().font("mono"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        # Files are dropped on the window.
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self._colors = _Colors(self.document())
        self._wrong: dict[int, str] = {}
        self._chosen: tuple[int, ...] = ()
        self._margin = _Margin(self)
        self.blockCountChanged.connect(lambda _: self._make_room())
        self.updateRequest.connect(self._scrolled)
        theme().changed.connect(self._repaint)
        self._make_room()

    def mark(self, wrong: Mapping[int, str]) -> None:
        """Mark lines (from 1) as wrong, with what is wrong there."""
        self._wrong = dict(wrong)
        self._highlight()

    def choose(self, lines: tuple[int, ...]) -> None:
        """Light up the lines (from 1) of what is selected."""
        if lines != self._chosen:
            self._chosen = lines
            self._highlight()

    def go_to(self, line: int) -> None:
        """Bring a line (from 1) into sight without moving the cursor's focus."""
        cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    @property
    def wrong_lines(self) -> dict[int, str]:
        """The lines that are marked."""
        return dict(self._wrong)

    def event(self, event: QEvent) -> bool:
        """Tell at a marked line what is wrong with it; what is typed here is undone here first."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            text, standard = self.document(), QKeySequence.StandardKey
            if (event.matches(standard.Undo) and not text.isUndoAvailable()) or (
                event.matches(standard.Redo) and not text.isRedoAvailable()
            ):
                # The window's undo goes on with what was done elsewhere.
                event.ignore()
                return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.viewport().mapFromGlobal(event.globalPos())
            line = self.cursorForPosition(place).blockNumber() + 1
            QToolTip.showText(event.globalPos(), plain_tip(self._wrong.get(line, "")), self)
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell that it was left."""
        super().focusOutEvent(event)
        self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the margin as tall as the text."""
        super().resizeEvent(event)
        area = self.contentsRect()
        self._margin.setGeometry(QRect(area.left(), area.top(), self.margin_width(), area.height()))

    def margin_width(self) -> int:
        """The room that line numbers take."""
        digits = max(3, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("0") * digits + space(2)

    def paint_margin(self, event: QPaintEvent) -> None:
        """Draw the line numbers; a wrong line has a mark as well as a colour."""
        painter = QPainter(self._margin)
        painter.fillRect(event.rect(), theme().color("window"))
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        width = self._margin.width() - space(1)
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            number = block.blockNumber() + 1
            wrong = number in self._wrong
            painter.setPen(theme().color("error" if wrong else "muted"))
            text = f"✕ {number}" if wrong else str(number)
            area = QRect(0, int(top), width, int(height))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight), text)
            block, top = block.next(), top + height

    def _make_room(self) -> None:
        self.setViewportMargins(self.margin_width() + space(1), 0, 0, 0)

    def _scrolled(self, rect: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())

    def _repaint(self) -> None:
        # Other colours are no other text, though Qt says so.
        with QSignalBlocker(self):
            self._colors.rehighlight()
        self._highlight()

    def _highlight(self) -> None:
        marks = [self._line(number, "accent_soft") for number in self._chosen]
        marks += [self._line(number, "error_soft") for number in self._wrong]
        self.setExtraSelections(marks)
        self._margin.update()

    def _line(self, number: int, color: str) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(self.document().findBlockByNumber(number - 1))
        mark.format.setBackground(QColor(theme().color(color)))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return mark


class _Margin(QWidget):
    def __init__(self, editor: JsonEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_margin(event)


class _Colors(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)

    def highlightBlock(self, text: str) -> None:
        for found in _TOKENS.finditer(text):
            kind = found.lastgroup or "word"
            style = QTextCharFormat()
            style.setForeground(theme().color(_COLORS[kind]))
            start, end = found.span()
            self.setFormat(_utf16(text, start), _utf16(text, end) - _utf16(text, start), style)


def _utf16(text: str, at: int) -> int:
    """Qt counts UTF-16 units: a letter beyond 65,535 is two."""
    return at + sum(1 for letter in text[:at] if ord(letter) > 0xFFFF)
