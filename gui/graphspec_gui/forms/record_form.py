"""A form for the fields of a record, or of several records at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from graphspec.errors import Problem
from graphspec_gui.buttons import IconButton
from graphspec_gui.forms.editors import MIXED, Editor
from graphspec_gui.forms.fields import REQUIRED, Field
from graphspec_gui.theme import space
from graphspec_gui.trouble import Trouble

Path = tuple[str | int, ...]
"""Leads from a record to a value inside it."""
Make = Callable[[Field, QWidget], Editor]

LABEL = 11
"""Steps of the grid that the labels are wide."""


class RecordForm(QWidget):
    """A row for each field: its name, its editor, a way back to the default, what is wrong.

    Args:
        fields: what is edited.
        make: makes the editor of a field.
        parent: where it stands.
        indent: how much further right than the form around it, in device-independent pixels;
            the labels are so much narrower that the editors stand in one line.
    """

    edited = Signal(str, object)
    """A field by its name, and its new value as JSON."""
    fix_wanted = Signal(object)
    """A ``Fix`` whose button was pressed."""
    explained = Signal(str)
    """What the field means that the pointer or the focus has reached; empty when it has left."""

    def __init__(
        self,
        fields: Sequence[Field],
        make: Make,
        parent: QWidget | None = None,
        *,
        indent: int = 0,
    ) -> None:
        super().__init__(parent)
        self._rows: dict[str, _Row] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(space(1))
        grid.setVerticalSpacing(space(0.5))
        grid.setColumnStretch(1, 1)
        for field in fields:
            row = _Row(field, make, grid, self, space(LABEL) - indent)
            row.edited.connect(self.edited)
            row.fix_wanted.connect(self.fix_wanted)
            row.explained.connect(self.explained)
            self._rows[field.name] = row

    def __getitem__(self, name: str) -> Editor:
        return self._rows[name].editor

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are there."""
        return tuple(self._rows)

    def set_values(self, values: Sequence[dict[str, Any]]) -> None:
        """Show the values of one record, or of several, as JSON has them."""
        for name, row in self._rows.items():
            found = [value.get(name, row.field.default) for value in values]
            first = found[0]
            same = all(type(item) is type(first) and item == first for item in found)
            row.set_value(first if same else MIXED)

    def show_problems(
        self, problems: dict[Path, tuple[Problem, ...]], marked: Collection[str] = ()
    ) -> None:
        """Show problems at the fields that their paths lead to, and mark those that share one."""
        for name, row in self._rows.items():
            row.show_problems(
                {path[1:]: found for path, found in problems.items() if path[:1] == (name,)},
                marked=name in marked,
            )

    def refuse(self, name: str, problems: tuple[Problem, ...]) -> None:
        """Show why a value of a field was not taken; it goes away when the field is edited."""
        self._rows[name].refuse(problems)

    def text_of_problems(self, name: str) -> str:
        """The words that stand below a field."""
        return self._rows[name].words


class _Row(QObject):
    """One field of a form."""

    edited = Signal(str, object)
    fix_wanted = Signal(object)
    explained = Signal(str)

    def __init__(
        self, field: Field, make: Make, grid: QGridLayout, parent: QWidget, width: int
    ) -> None:
        super().__init__(parent)
        self.field = field
        self._live: tuple[Problem, ...] = ()
        self._refused: tuple[Problem, ...] = ()
        self._marked = False
        self._shown: tuple[tuple[Problem, ...], bool] = (), False
        self._parent = parent
        self.editor = make(field, parent)
        words = f"{field.label}, {field.unit}" if field.unit else field.label
        label = QLabel(words, parent)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setBuddy(self.editor)
        label.setProperty("muted", True)
        label.setMinimumHeight(space(3.5))
        label.setFixedWidth(width)
        label.setWordWrap(True)
        tip = field.doc if field.default is REQUIRED else f"{field.doc}\nDefault: {_short(field)}"
        label.setToolTip(_wrapped(tip))
        self._reset = IconButton("mdi6.restore", f"Back to the default: {_short(field)}", parent)
        self._reset.setAccessibleName(f"Default of {field.label}")
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self._reset.clicked.connect(lambda: self._edited(field.default))
        self._reset.hide()
        top = Qt.AlignmentFlag.AlignTop
        row = grid.rowCount()
        grid.addWidget(label, row, 0, top)
        grid.addWidget(self._reset, row, 2, top)
        grid.addWidget(self.editor, row, 1, top)
        if self.editor.below is not None:
            grid.addWidget(self.editor.below, row + 1, 0, 1, 3)
        self._troubles = QWidget(parent)
        self._column = QVBoxLayout(self._troubles)
        self._column.setContentsMargins(0, 0, 0, space(0.5))
        self._column.setSpacing(space(0.5))
        self._troubles.hide()
        grid.addWidget(self._troubles, row + 2, 0, 1, 3)
        self.editor.edited.connect(self._edited)
        self.editor.refused.connect(self._misread)
        for watched in (label, self.editor, self.editor.focusProxy()):
            if watched is not None:
                watched.installEventFilter(self)

    @property
    def words(self) -> str:
        return "\n".join(problem.message for problem in self._shown[0])

    def set_value(self, value: Any) -> None:
        self.editor.set_value(value)
        default = self.field.default
        self._reset.setVisible(default is not REQUIRED and not _equal(value, default))

    def show_problems(self, problems: dict[Path, tuple[Problem, ...]], *, marked: bool) -> None:
        self._marked = marked
        show = getattr(self.editor, "show_problems", None)
        here = dict(problems)
        if show is not None:
            here = {path: found for path, found in problems.items() if not path}
            show({path: found for path, found in problems.items() if path})
        self._live = tuple(problem for found in here.values() for problem in found)
        self._show()

    def refuse(self, problems: tuple[Problem, ...]) -> None:
        self._refused = problems
        self._show()

    def _edited(self, value: Any) -> None:
        self._refused = ()
        self.edited.emit(self.field.name, value)
        self._show()

    def _misread(self, words: str) -> None:
        self.refuse((Problem("wrong-type", words),) if words else ())

    def _show(self) -> None:
        problems = self._refused or self._live
        if (problems, self._marked) == self._shown:
            return
        self._shown = problems, self._marked
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for problem in problems:
            trouble = Trouble(problem, self._troubles)
            trouble.fix_wanted.connect(self.fix_wanted)
            self._column.addWidget(trouble)
        self._troubles.setVisible(bool(problems))
        focus = self.editor.focusProxy() or self.editor
        wrong = self._marked or any(problem.is_error for problem in problems)
        state = "error" if wrong else ""
        focus.setProperty("state", state)
        focus.style().polish(focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn):
            self.explained.emit(self.field.doc)
        return False


def _equal(value: Any, default: Any) -> bool:
    """Whether a value is the default, which may leave out what a record fills in."""
    return value is not MIXED and json.dumps(value, sort_keys=True) == json.dumps(
        default, sort_keys=True
    )


def _short(field: Field) -> str:
    if field.default is REQUIRED:
        return ""
    text = json.dumps(field.default, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _wrapped(text: str) -> str:
    """Plain text in lines of a width that can be read; Qt does not wrap plain tooltips."""
    import textwrap

    return "\n".join("\n".join(textwrap.wrap(line, 72)) for line in text.splitlines())
