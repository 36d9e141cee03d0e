"""The widgets that edit one value: a line, a switch, a choice of words."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from graphspec_gui.actions import StudioMenu
from graphspec_gui.buttons import IconAction
from graphspec_gui.forms import spelling
from graphspec_gui.forms.fields import Choice, Either, Field, Fixed, Nothing, Number, Text
from graphspec_gui.theme import space, theme

MIXED = object()
"""The value of a field that differs between the layers that are selected."""
SEVERAL_VALUES = "several values"


class Editor(QWidget):
    """Edits one value, as JSON has it.

    Args:
        field: what is edited.
        parent: the form.
    """

    edited = Signal(object)
    """Somebody gave it another value."""
    refused = Signal(str)
    """What was typed is no value; says what would be. Empty when it is all right again."""
    below: QWidget | None = None
    """What it shows in the full width of the form below its line."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field

    def set_value(self, value: Any) -> None:
        """Show a value, or that there are several (``MIXED``)."""
        raise NotImplementedError


class LineEdit(Editor):
    """A value that is written in a line: numbers, lists of numbers, a text.

    Up and Down step a number; Escape brings back the value that is in force; where there are
    several ways to write it, a menu at the end of the line offers them.
    """

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._shape = field.shape
        self._value: Any = None
        self._loaded = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = _Line(self)
        # Files are dropped on the window.
        self.line.setAcceptDrops(False)
        self.line.setObjectName(f"field_{field.name}")
        self.line.setAccessibleName(field.label)
        self.line.setAccessibleDescription(field.doc)
        # Digits stay in line with those above and below.
        self.line.setFont(theme().font("mono" if self._number else "body"))
        self.setFocusProxy(self.line)
        row.addWidget(self.line)
        self._add_menu()
        if isinstance(self._plain, Text):
            # A name on its way to being typed is another name: it counts when it is finished.
            self.line.editingFinished.connect(self._typed)
        else:
            self.line.textEdited.connect(lambda _: self._typed())
        self.line.stepped.connect(self._step)
        self.line.given_up.connect(self._restore)
        self.line.setPlaceholderText(self._placeholder())

    def set_value(self, value: Any) -> None:
        """Show a value; what is being typed stays while the value behind it is the same."""
        if self._loaded and _same(value, self._value):
            return
        self._loaded = True
        self._value = value
        text = "" if value is MIXED else spelling.write(self._shape, value)
        self.line.setPlaceholderText(SEVERAL_VALUES if value is MIXED else self._placeholder())
        if text != self.line.text():
            self.line.setText(text)
            self.line.setCursorPosition(0)
        self.refused.emit("")

    @property
    def _plain(self) -> Any:
        """The shape without the choice to say nothing."""
        optional = self._shape.optional if isinstance(self._shape, Either) else None
        return optional or self._shape

    @property
    def _number(self) -> Number | None:
        shapes = self._shape.options if isinstance(self._shape, Either) else (self._shape,)
        return next((shape for shape in shapes if isinstance(shape, Number)), None)

    def _placeholder(self) -> str:
        if not isinstance(self._shape, Either) or Nothing() not in self._shape.options:
            return ""
        said = re.search(r"null(?::| takes) ([^.;]+)", self.field.doc)
        return said.group(1) if said else "none"

    def _typed(self) -> None:
        text = self.line.text()
        if self._value is MIXED and not text:
            return
        try:
            value = spelling.read(self._shape, text)
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self.refused.emit("")
        if not _same(value, self._value):
            self._value = value
            self.edited.emit(value)

    def _step(self, up: bool, large: bool) -> None:
        number = self._number
        if number is None or isinstance(self._value, bool | list | str):
            return
        if self._value is None or self._value is MIXED:
            return
        value = spelling.step(self._value, up, whole=number.whole, large=large)
        self.line.setText(spelling.write(self._shape, value))
        self._typed()
        self.line.selectAll()

    def _restore(self) -> None:
        value, self._loaded = self._value, False
        self.set_value(value)
        self.line.selectAll()

    def _add_menu(self) -> None:
        """Offer the ways to write the value: one number, two of them, a word."""
        if not isinstance(self._shape, Either) or self._shape.optional is not None:
            return
        menu = StudioMenu(self.line)
        for option in self._shape.options:
            action = menu.addAction(_way(option))
            action.triggered.connect(lambda _=False, option=option: self._rewrite(option))
        button = IconAction("mdi6.chevron-down", "Ways to write it", self.line)
        button.triggered.connect(
            lambda: menu.popup(self.line.mapToGlobal(self.line.rect().bottomLeft()))
        )
        self.line.addAction(button, QLineEdit.ActionPosition.TrailingPosition)
        self.menu = menu

    def _rewrite(self, option: object) -> None:
        numbers = [int(text) for text in re.findall(r"\d+", self.line.text())] or [1]
        if isinstance(option, Number):
            text = str(numbers[0])
        elif isinstance(option, Fixed):
            count = len(option.items)
            text = ", ".join(str(numbers[i % len(numbers)]) for i in range(count))
        else:
            text = option.words[0] if isinstance(option, Choice) else ""
        self.line.setText(text)
        self.line.setFocus()
        self._typed()


class FlagEdit(Editor):
    """Yes or no."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = QCheckBox(self)
        self.box.setMinimumHeight(space(3.5))
        self.box.setObjectName(f"field_{field.name}")
        self.box.setAccessibleName(field.label)
        self.box.setAccessibleDescription(field.doc)
        self.setFocusProxy(self.box)
        row.addWidget(self.box)
        row.addStretch(1)
        self.box.clicked.connect(self._clicked)

    def set_value(self, value: Any) -> None:
        """Check or uncheck it; several values are a dash."""
        self.box.setTristate(value is MIXED)
        if value is MIXED:
            self.box.setCheckState(Qt.CheckState.PartiallyChecked)
        else:
            self.box.setChecked(bool(value))
        self.box.setText(SEVERAL_VALUES if value is MIXED else "")

    def _clicked(self) -> None:
        self.box.setTristate(False)
        self.edited.emit(self.box.isChecked())


class ChoiceEdit(Editor):
    """One of a few words; where it may be nothing, that comes first."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = CalmCombo(self)
        self.box.setObjectName(f"field_{field.name}")
        self.box.setAccessibleName(field.label)
        self.box.setAccessibleDescription(field.doc)
        self.setFocusProxy(self.box)
        row.addWidget(self.box)
        shape = field.shape
        if isinstance(shape, Either):
            self.box.addItem("automatic", None)
            shape = shape.optional or shape
        for word in shape.words if isinstance(shape, Choice) else ():
            self.box.addItem(word, word)
        self.box.setPlaceholderText(SEVERAL_VALUES)
        self.box.activated.connect(lambda _: self.edited.emit(self.box.currentData()))

    def set_value(self, value: Any) -> None:
        """Choose a word; several values choose none."""
        self.box.setCurrentIndex(-1 if value is MIXED else self.box.findData(value))


class CalmCombo(QComboBox):
    """A combo box that a turn of the wheel over the form does not change by accident."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page, unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _Line(QLineEdit):
    stepped = Signal(bool, bool)
    """Up (else down), and whether in large steps."""
    given_up = Signal()

    def event(self, event: QEvent) -> bool:
        """Leave undo and redo to the document: it has every value that was typed."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (
                event.matches(QKeySequence.StandardKey.Undo)
                or event.matches(QKeySequence.StandardKey.Redo)
            )
        ):
            event.ignore()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.stepped.emit(key == Qt.Key.Key_Up, large)
        elif key == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


def _same(a: Any, b: Any) -> bool:
    """Equal, and of one type: 1 is not true, and 1 is not 1.0."""
    return type(a) is type(b) and bool(a == b)


def _way(option: object) -> str:
    if isinstance(option, Number):
        return "one number"
    if isinstance(option, Fixed):
        return ", ".join(option.names) or f"{len(option.items)} numbers"
    if isinstance(option, Choice):
        return option.words[0]
    return "not given"
