"""The properties dock: the fields of what is selected, and the sums behind its shape and cost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from graphspec.errors import Problem, SpecError
from graphspec.layers.base import Layer
from graphspec_gui.buttons import IconButton
from graphspec_gui.forms.compound import editor_for
from graphspec_gui.forms.record_form import Path, RecordForm
from graphspec_gui.forms.shares import milliseconds
from graphspec_gui.forms.subject import Subject
from graphspec_gui.forms.sums import Sums
from graphspec_gui.forms.timing import Measuring, batch_of
from graphspec_gui.panel import Panel
from graphspec_gui.theme import space, theme
from graphspec_gui.trouble import Trouble, sentence

TYPING = 1.0
"""Seconds: edits of one field that follow each other faster are one step of undo."""
TOLD = 3
"""Problems that are told of several layers at once: more would hide the form."""
_MEASURING = "Measuring…"
EMPTY = "Open a network, or make a new one: what is selected in it is edited here."

NOTHING_SHARED = "They have no settings in common. Select layers of one kind to set them together."


class PropertiesPanel(Panel):
    """Shows and edits what is selected; with nothing selected, the network.

    Args:
        parent: the dock.
    """

    reference_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(space(36))
        self._subject: Subject | None = None
        self._last_edit = ("", 0.0)
        self._run = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self._scroll, 1)
        self.help = QLabel(self)
        self.help.setObjectName("field_help")
        self.help.setAccessibleName("What the field means")
        self.help.setTextFormat(Qt.TextFormat.PlainText)
        self.help.setWordWrap(True)
        self.help.setProperty("muted", True)
        self.help.setFont(theme().font("caption"))
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.help.setContentsMargins(space(2), space(1), space(2), space(1))
        self.help.setFixedHeight(space(9.5))
        self._rule = QFrame(self)
        self._rule.setProperty("rule", True)
        column.addWidget(self._rule)
        column.addWidget(self.help)
        self.form: RecordForm | None = None
        self._sums: Sums | None = None
        self._general: QVBoxLayout | None = None
        self._shown: tuple[tuple[Problem, ...], int] = (), 0
        self._timed: tuple[Layer, ...] = ()
        self._times: Mapping[str, float] = {}
        self._measuring: Measuring | None = None

    def leave(self) -> None:
        """Forget what was shown of the old document."""
        self._subject = None
        if self._measuring is not None:
            self._measuring.cancel()
            self._measuring.blockSignals(True)
            self._measuring = None

    def refresh(self) -> None:
        """Show what is selected now."""
        document = self.document
        for widget in (self._rule, self.help):
            widget.setVisible(document is not None)
        if document is None:
            self._subject = None
            self._say_empty()
            return
        subject = Subject.of(document.spec, document.selection)
        if subject != self._subject:
            self._build(subject)
        assert self.form is not None
        assert self._sums is not None
        self.form.set_values(subject.values(document.spec))
        if document.analysis.spec is document.spec:
            self._show_problems(subject)
            same = document.spec.layers == self._timed
            self._sums.show_subject(subject, document.analysis, self._times if same else {})

    def _build(self, subject: Subject) -> None:
        self._subject = subject
        self._shown = (), 0
        page = QWidget(self._scroll)
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(space(2), space(2), space(1.5), space(2))
        column.setSpacing(space(1))
        column.addLayout(self._head(subject, page))
        self._general = QVBoxLayout()
        self._general.setSpacing(space(1))
        column.addLayout(self._general)
        self.form = RecordForm(subject.fields(), editor_for, page)
        self.form.setObjectName("properties_form")
        self.form.edited.connect(self._edited)
        self.form.fix_wanted.connect(self._mend)
        self.form.explained.connect(self.help.setText)
        column.addWidget(self.form)
        if not self.form.names:
            nothing = _label(NOTHING_SHARED, page)
            nothing.setProperty("muted", True)
            column.addWidget(nothing)
        self._sums = Sums(page)
        self._sums.wanted.connect(self._select)
        self._sums.measure_wanted.connect(self._measure)
        if self._measuring is not None:
            self._say_measured(_MEASURING, 0.0)
        column.addWidget(self._sums)
        column.addStretch(1)
        self._turn_to(page)
        self.help.setText(_about(subject))

    def _turn_to(self, page: QWidget) -> None:
        """Show another page; the old one may be what the event being handled came from."""
        if (old := self._scroll.widget()) is not None:
            # With its focus a field gives away what was typed, which is not for the next subject.
            for form in old.findChildren(RecordForm):
                form.blockSignals(True)
            self._scroll.takeWidget()
            old.hide()
            old.deleteLater()
        self._scroll.setWidget(page)
        page.show()

    def _head(self, subject: Subject, page: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(space(1))
        words = QVBoxLayout()
        words.setSpacing(0)
        title = _label(subject.title, page)
        title.setFont(theme().font("title"))
        words.addWidget(title)
        if subject.subtitle:
            subtitle = _label(subject.subtitle, page)
            subtitle.setProperty("muted", True)
            words.addWidget(subtitle)
        row.addLayout(words, 1)
        if len(set(subject.kinds)) == 1 and issubclass(subject.kinds[0], Layer):
            button = IconButton("mdi6.book-open-variant", "Reference of this layer (F1)", page)
            button.setObjectName("layer_help")
            button.clicked.connect(self.reference_wanted)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _show_problems(self, subject: Subject) -> None:
        document = self.document
        assert document is not None
        assert self.form is not None
        at_fields: dict[Path, tuple[Problem, ...]] = {}
        names = list(self.form.names)
        marked: set[str] = set()
        others: list[Problem] = []
        several, count = len(subject.ids) > 1, 0
        for problem in document.analysis.problems:
            place = subject.place(document.spec, problem)
            if place is None:
                continue
            count += 1
            if several and count > TOLD:
                continue
            name, path = place
            if several:
                problem = _of(name, problem)
                # What is inside a value has no place of its own where values differ.
                path = path[:1]
            together = [name for name in names if name in problem.fields]
            if together:
                # Told once, below the last of those that it could be mended at.
                path = (together[-1],)
                marked.update(together)
            if path and path[0] in names:
                at_fields[path] = (*at_fields.get(path, ()), problem)
            else:
                others.append(problem)
        self.form.show_problems(at_fields, marked)
        self._show_general(tuple(others), count - TOLD if several else 0)

    def _show_general(self, problems: tuple[Problem, ...], more: int) -> None:
        if (problems, more) == self._shown or self._general is None:
            return
        self._shown = problems, more
        while (item := self._general.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        page = self._scroll.widget()
        assert page is not None
        for problem in problems:
            trouble = Trouble(problem, page)
            trouble.fix_wanted.connect(self._mend)
            self._general.addWidget(trouble)
        if more > 0:
            left = _label(
                f"{more:,} more of these layers' problems are in the list of problems.", page
            )
            left.setProperty("muted", True)
            self._general.addWidget(left)

    def _edited(self, name: str, value: Any) -> None:
        document, subject = self.document, self._subject
        if document is None or subject is None or self.form is None:
            return
        try:
            spec = subject.set_field(document.settled(), name, value)
        except SpecError as error:
            self.form.refuse(name, self._told(error.problems))
            return
        last, when = self._last_edit
        now = time.monotonic()
        if last != name or now - when > TYPING:
            self._run += 1
        self._last_edit = (name, now)
        select = [value] if name == "id" else None
        words = f"Set {name.replace('_', ' ')} of {subject.title}"
        text = f"Rename {subject.title}" if name == "id" else words
        merge = None if name == "id" else f"form {self._run} {name} {subject.ids}"
        document.apply(spec, text, merge, select=select)

    def _told(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Why a value was not taken, with the name of the layer where several were to take it."""
        document, subject = self.document, self._subject
        assert document is not None
        assert subject is not None
        if len(subject.ids) < 2:
            return problems
        places = [(subject.place(document.spec, problem), problem) for problem in problems]
        return tuple(_of(place[0], problem) if place else problem for place, problem in places)

    def _measure(self) -> None:
        """Run a step of random numbers in the pool, and show what each layer takes of it."""
        document = self.document
        if document is None or self._sums is None:
            return
        if self._measuring is not None:
            self._measuring.cancel()
            return
        self._measuring = Measuring(document.settled(), batch_of(document.analysis), self)
        self._measuring.advanced.connect(lambda share: self._say_measured(_MEASURING, share))
        self._measuring.made.connect(self._take_times)
        self._measuring.failed.connect(self._take_none)
        self._say_measured(_MEASURING, 0.0)

    def _take_none(self, reason: str) -> None:
        self._measuring = None
        self._say_measured(sentence(reason))

    def _take_times(self, found: Mapping[str, float]) -> None:
        measuring, self._measuring = self._measuring, None
        assert measuring is not None
        self._timed, batch, self._times = measuring.spec.layers, measuring.batch, found
        whole = milliseconds(sum(self._times.values()))
        examples = "one example" if batch == 1 else f"{batch} examples"
        self._say_measured(f"{whole} for a step of {examples}, on the fast engine.")
        self.touch()

    def _say_measured(self, words: str, share: float | None = None) -> None:
        if self._sums is not None:
            self._sums.say_measured(words, share=share)

    def _mend(self, fix: Any) -> None:
        if self.document is not None:
            self.document.mend(fix)

    def _select(self, name: str) -> None:
        if self.document is not None:
            self.document.reveal(name)

    def _say_empty(self) -> None:
        page = QWidget(self._scroll)
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(space(2), space(2), space(2), space(2))
        label = _label(EMPTY, page)
        label.setProperty("muted", True)
        column.addWidget(label)
        column.addStretch(1)
        self._turn_to(page)
        self.help.setText("")
        self.form = self._sums = self._general = None


def _of(name: str, problem: Problem) -> Problem:
    """A problem that says whose it is."""
    return replace(problem, message=f"in {name}: {problem.message}")


def _label(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


def _about(subject: Subject) -> str:
    """The first sentence of what the selected kind is."""
    if len(set(subject.kinds)) == 1:
        doc = (subject.kinds[0].__doc__ or "").strip()
        return " ".join(doc.split("\n\n")[0].replace("``", "").split())
    return "Choose a field to read what it means."
