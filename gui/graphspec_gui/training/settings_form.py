"""The training block as a form: what matters first, and the rest folded by what it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from graphspec.errors import Problem
from graphspec.recipe.config import TrainConfig
from graphspec_gui.forms.compound import editor_for
from graphspec_gui.forms.editors import Editor
from graphspec_gui.forms.fields import fields_of
from graphspec_gui.forms.record_form import Path, RecordForm
from graphspec_gui.theme import ICON, space, theme

FIRST = ("data", "epochs", "batch", "update", "schedule", "penalties")
"""The fields that are always seen."""
SECTIONS: dict[str, tuple[str, ...]] = {
    "Data": (
        "data_options", "split", "preprocess", "augment", "shuffle", "drop_last",
    ),
    "Update": ("steps", "clip_norm", "constraints", "average"),
    "Beginning": ("init", "seed", "dtype"),
    "Evaluating and stopping": ("monitor", "early_stopping", "evaluate_every"),
    "Saving": ("checkpoint_every", "checkpoint_seconds", "keep", "log_every", "tensorboard"),
}  # fmt: skip


class Section(QWidget):
    """A title that folds what is below it; closed at first.

    Args:
        title: its words.
        make: makes what is folded, when it is first asked for.
        parent: where it stands.
    """

    def __init__(self, title: str, make: Callable[[QWidget], QWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self.title = title
        self._make = make
        self.button = QToolButton(self)
        self.button.setText(title)
        self.button.setAccessibleName(title)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Pressed is no state of its own here: the arrow says it.
        self.button.setStyleSheet("QToolButton:checked { background: transparent; }")
        self.button.toggled.connect(self._fold)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(space(0.5))
        self._column.addWidget(self.button)
        theme().changed.connect(self._paint)
        self._fold(False)

    @cached_property
    def inside(self) -> QWidget:
        """What is folded."""
        made = self._make(self)
        made.setVisible(self.button.isChecked())
        self._column.addWidget(made)
        return made

    def set_open(self, on: bool) -> None:
        """Unfold it, or fold it."""
        self.button.setChecked(on)

    def tell(self, changed: int) -> None:
        """Say how many of its fields are not at their defaults."""
        words = f"{self.title} · {changed} changed" if changed else self.title
        self.button.setText(words)
        self.button.setAccessibleName(words)

    def _fold(self, on: bool) -> None:
        if on or "inside" in vars(self):
            self.inside.setVisible(on)
        self._paint()

    def _paint(self) -> None:
        name = "mdi6.chevron-down" if self.button.isChecked() else "mdi6.chevron-right"
        self.button.setIcon(theme().icon(name, "muted").pixmap(ICON))


class SettingsForm(QWidget):
    """Every field of ``TrainConfig`` once.

    Args:
        parent: where it stands.
    """

    edited = Signal(str, object)
    """A field by its name, and its new value as JSON."""
    fix_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._forms: list[RecordForm] = []
        self._value: dict[str, Any] = {}
        self._problems: dict[Path, tuple[Problem, ...]] = {}
        self.sections: dict[str, Section] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space(1))
        column.addWidget(self._form(FIRST, self))
        for title, names in SECTIONS.items():
            section = Section(title, partial(self._form, names), self)
            self.sections[title] = section
            column.addWidget(section)

    def __getitem__(self, name: str) -> Editor:
        return self._of(name)[name]

    def reveal(self, name: str) -> None:
        """Unfold the section of a field."""
        for title, names in SECTIONS.items():
            if name in names:
                self.sections[title].set_open(True)

    def set_values(self, value: dict[str, Any]) -> None:
        """Show settings, as JSON has them."""
        self._value = value
        for form in self._forms:
            form.set_values([value])
        defaults = TrainConfig().model_dump(mode="json")
        for title, names in SECTIONS.items():
            self.sections[title].tell(sum(value[name] != defaults[name] for name in names))

    def show_problems(self, problems: dict[Path, tuple[Problem, ...]]) -> None:
        """Show problems at their fields, and unfold the sections that have some."""
        self._problems = problems
        for form in self._forms:
            form.show_problems(problems)
        for path in problems:
            if path:
                self.reveal(str(path[0]))

    def refuse(self, name: str, problems: tuple[Problem, ...]) -> None:
        """Show why a value was not taken."""
        self._of(name).refuse(name, problems)

    def _form(self, names: tuple[str, ...], parent: QWidget) -> RecordForm:
        by_name = {field.name: field for field in fields_of(TrainConfig)}
        form = RecordForm([by_name[name] for name in names], editor_for, parent)
        form.edited.connect(self.edited)
        form.fix_wanted.connect(self.fix_wanted)
        if self._value:
            form.set_values([self._value])
            form.show_problems(self._problems)
        self._forms.append(form)
        return form

    def _of(self, name: str) -> RecordForm:
        for title, names in SECTIONS.items():
            if name in names:
                form = self.sections[title].inside
                assert isinstance(form, RecordForm)
                return form
        return self._forms[0]
