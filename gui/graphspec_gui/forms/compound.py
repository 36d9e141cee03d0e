"""The widgets that edit a value with fields of its own, and lists of such values."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from graphspec.errors import Problem
from graphspec.record import Record
from graphspec_gui.buttons import IconButton
from graphspec_gui.forms.beginning import begin
from graphspec_gui.forms.editors import (
    MIXED,
    SEVERAL_VALUES,
    CalmCombo,
    ChoiceEdit,
    Editor,
    FlagEdit,
    LineEdit,
)
from graphspec_gui.forms.fields import (
    REQUIRED,
    Choice,
    Either,
    Field,
    Flag,
    Part,
    Pick,
    Several,
    fields_of,
)
from graphspec_gui.forms.record_form import Path, RecordForm
from graphspec_gui.theme import space


class PickEdit(Editor):
    """One of several kinds of record, with the fields of the kind that is chosen."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        shape = field.shape
        self._optional = isinstance(shape, Either)
        if isinstance(shape, Either):
            shape = shape.optional or shape
        assert isinstance(shape, Pick)
        self._pick = shape
        self._value: Any = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space(0.5))
        self.box = CalmCombo(self)
        self.box.setObjectName(f"field_{field.name}")
        self.box.setAccessibleName(field.label)
        self.box.setAccessibleDescription(field.doc)
        self.box.setPlaceholderText(SEVERAL_VALUES)
        if self._optional:
            self.box.addItem("automatic", None)
        for kind, _ in shape.kinds:
            self.box.addItem(kind.replace("_", " "), kind)
        self.box.activated.connect(lambda _: self._chosen())
        self.setFocusProxy(self.box)
        column.addWidget(self.box)
        self._inside = _Inside(parent or self)
        self.below = self._inside

    def set_value(self, value: Any) -> None:
        """Show a record, as JSON has it."""
        self._value = value
        kind = value.get("kind") if isinstance(value, dict) else None
        self.box.setCurrentIndex(-1 if value is MIXED else self.box.findData(kind))
        record = self._pick.record(kind) if kind else None
        self._inside.show_record(record, value, self._edited)

    def show_problems(self, problems: dict[Path, tuple[Problem, ...]]) -> None:
        """Show problems at the fields inside."""
        self._inside.show_problems(problems)

    def _chosen(self) -> None:
        kind = self.box.currentData()
        if kind is None:
            self.edited.emit(None)
            return
        record = self._pick.record(kind)
        assert record is not None
        self.edited.emit(begin(record, self._value if isinstance(self._value, dict) else {}))

    def _edited(self, name: str, value: Any) -> None:
        self.edited.emit({**self._value, name: value})


class PartEdit(Editor):
    """A record with its fields; where it may be left out, a switch before them."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        shape = field.shape
        self._optional = isinstance(shape, Either)
        if isinstance(shape, Either):
            shape = shape.optional or shape
        assert isinstance(shape, Part)
        self._record = shape.record
        self._value: Any = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space(0.5))
        self.box = QCheckBox("on", self)
        self.box.setMinimumHeight(space(3.5))
        self.box.setObjectName(f"field_{field.name}")
        self.box.setAccessibleName(field.label)
        self.box.setAccessibleDescription(field.doc)
        self.box.setVisible(self._optional)
        self.box.clicked.connect(
            lambda on: self.edited.emit(begin(self._record, {}) if on else None)
        )
        column.addWidget(self.box)
        self._inside = _Inside(parent or self)
        self.below = self._inside

    def set_value(self, value: Any) -> None:
        """Show a record, as JSON has it."""
        self._value = value
        self.box.setChecked(isinstance(value, dict))
        self.box.setText(SEVERAL_VALUES if value is MIXED else "on")
        shown = self._record if isinstance(value, dict) else None
        self._inside.show_record(shown, value, self._edited)

    def show_problems(self, problems: dict[Path, tuple[Problem, ...]]) -> None:
        """Show problems at the fields inside."""
        self._inside.show_problems(problems)

    def _edited(self, name: str, value: Any) -> None:
        self.edited.emit({**self._value, name: value})


class ListEdit(Editor):
    """Records in their order: add one, move it, take it out."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        assert isinstance(field.shape, Several)
        assert isinstance(field.shape.item, Pick)
        self._pick = field.shape.item
        self._value: list[dict[str, Any]] = []
        self._rows: list[_Entry] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.below = QWidget(parent or self)
        self._column = QVBoxLayout(self.below)
        self._column.setContentsMargins(space(1.5), 0, 0, space(0.5))
        self._column.setSpacing(space(0.5))
        self.below.hide()
        self.add_box = CalmCombo(self)
        self.add_box.setObjectName(f"field_{field.name}")
        self.add_box.setAccessibleName(f"Add to {field.label}")
        self.add_box.setPlaceholderText("add…")
        for kind, _ in self._pick.kinds:
            self.add_box.addItem(kind.replace("_", " "), kind)
        self.add_box.setCurrentIndex(-1)
        self.add_box.activated.connect(lambda _: self._add())
        self.setFocusProxy(self.add_box)
        row.addWidget(self.add_box)

    def set_value(self, value: Any) -> None:
        """Show a list of records; several values are not shown one by one."""
        mixed = value is MIXED
        self.add_box.setPlaceholderText(SEVERAL_VALUES if mixed else "add…")
        items: list[dict[str, Any]] = [] if mixed or value is None else value
        kinds = [item.get("kind") for item in items]
        if kinds != [item.get("kind") for item in self._value] or len(self._rows) != len(items):
            self._build(items)
        self._value = items
        for i, (row, item) in enumerate(zip(self._rows, items, strict=True)):
            row.show_value(item, partial(self._edited, i))

    def show_problems(self, problems: dict[Path, tuple[Problem, ...]]) -> None:
        """Show problems at the fields of the entries."""
        for i, row in enumerate(self._rows):
            row.inside.show_problems(
                {path[1:]: found for path, found in problems.items() if path[:1] == (i,)}
            )

    def _build(self, items: list[dict[str, Any]]) -> None:
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = []
        for i, item in enumerate(items):
            record = self._pick.record(str(item.get("kind")))
            row = _Entry(record, str(item.get("kind")), i, self.below or self)
            row.moved.clicked.connect(lambda _=False, i=i: self._move(i))
            row.removed.clicked.connect(lambda _=False, i=i: self._remove(i))
            self._column.insertWidget(i, row)
            self._rows.append(row)
        if self.below is not None:
            self.below.setVisible(bool(items))

    def _add(self) -> None:
        kind = self.add_box.currentData()
        self.add_box.setCurrentIndex(-1)
        record = self._pick.record(kind)
        assert record is not None
        self.edited.emit([*self._value, begin(record, {})])

    def _move(self, i: int) -> None:
        items = list(self._value)
        items[i - 1], items[i] = items[i], items[i - 1]
        self.edited.emit(items)

    def _remove(self, i: int) -> None:
        self.edited.emit([item for j, item in enumerate(self._value) if j != i])

    def _edited(self, i: int, name: str, value: Any) -> None:
        items = list(self._value)
        items[i] = {**items[i], name: value}
        self.edited.emit(items)


class _Inside(QFrame):
    """The form of a record inside another one, with a line at its left."""

    def __init__(self, parent: QWidget, indent: int = 0) -> None:
        super().__init__(parent)
        self.setObjectName("inside")
        # The line, and the room behind it.
        self._indent = indent + space(1.5) + 2
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(space(1.5), 0, 0, 0)
        self._record: type[Record] | None = None
        self._edited: Callable[[str, Any], None] | None = None
        self.form: RecordForm | None = None
        self.hide()

    def show_record(
        self, record: type[Record] | None, value: Any, edited: Callable[[str, Any], None]
    ) -> None:
        if record is not self._record:
            self._rebuild(record)
        if self.form is not None:
            self._edited = edited
            self.form.set_values([value])

    def show_problems(self, problems: dict[Path, tuple[Problem, ...]]) -> None:
        if self.form is not None:
            self.form.show_problems(problems)

    def _pass_on(self, name: str, value: Any) -> None:
        if self._edited is not None:
            self._edited(name, value)

    def _rebuild(self, record: type[Record] | None) -> None:
        self._record = record
        if self.form is not None:
            self._row.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        fields = fields_of(record) if record is not None else ()
        self.setVisible(bool(fields))
        if fields:
            self.form = RecordForm(fields, editor_for, self, indent=self._indent)
            self.form.edited.connect(self._pass_on)
            self._row.addWidget(self.form)


class _Entry(Editor):
    """One record of a list, with what moves it and takes it out."""

    def __init__(self, record: type[Record] | None, kind: str, place: int, parent: QWidget) -> None:
        super().__init__(Field(kind, Part(record or Record), "", REQUIRED), parent)
        self._record = record
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setSpacing(0)
        name = QLabel(f"{place + 1}. {kind.replace('_', ' ')}", self)
        name.setTextFormat(Qt.TextFormat.PlainText)
        head.addWidget(name, 1)
        self.moved = IconButton("mdi6.arrow-up", f"Move {kind} up", self)
        self.moved.setVisible(place > 0)
        self.removed = IconButton("mdi6.close", f"Remove {kind}", self)
        head.addWidget(self.moved)
        head.addWidget(self.removed)
        column.addLayout(head)
        self.inside = _Inside(self, space(1.5))
        column.addWidget(self.inside)

    def show_value(self, value: dict[str, Any], edited: Callable[[str, Any], None]) -> None:
        self.inside.show_record(self._record, value, edited)


def editor_for(field: Field, parent: QWidget) -> Editor:
    """The editor that suits a field."""
    shape = field.shape
    plain = (shape.optional or shape) if isinstance(shape, Either) else shape
    if isinstance(plain, Pick):
        return PickEdit(field, parent)
    if isinstance(plain, Part):
        return PartEdit(field, parent)
    if isinstance(plain, Several) and isinstance(plain.item, Pick):
        return ListEdit(field, parent)
    if isinstance(plain, Choice):
        return ChoiceEdit(field, parent)
    if isinstance(plain, Flag):
        return FlagEdit(field, parent)
    return LineEdit(field, parent)
