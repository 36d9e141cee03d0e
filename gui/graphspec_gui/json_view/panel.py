"""The JSON dock: the document as text, live in both directions."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from graphspec import document as documents
from graphspec.document.reader import place
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec_gui.buttons import StatePicture
from graphspec_gui.document import IN_THREAD, StudioDocument
from graphspec_gui.json_view.editor import JsonEditor
from graphspec_gui.panel import Panel
from graphspec_gui.theme import space

SETTLE = 250
"""Milliseconds of quiet after typing until the text is read."""
CHANGED = "The network was changed elsewhere meanwhile: this text, once right, takes its place."
EMPTY = "Open a network to see it as JSON."


class JsonPanel(Panel):
    """Shows the document as canonical JSON; what is typed there becomes the document.

    While the text is wrong its lines are marked and the last good network stays.

    Args:
        parent: the dock.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(space(36))
        self._spec: GraphSpec | None = None
        self._writing = False
        self._run = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._message = QFrame(self)
        self._message.setObjectName("json_message")
        row = QHBoxLayout(self._message)
        row.setContentsMargins(space(2), space(1), space(2), space(1))
        row.setSpacing(space(1))
        row.addWidget(StatePicture("error", self._message), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(space(1))
        row.addLayout(words, 1)
        self.message = QLabel(self._message)
        self.message.setObjectName("json_problem")
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        words.addWidget(self.message)
        self.restore = QPushButton("Back to the network", self._message)
        self.restore.setObjectName("json_restore")
        self.restore.setToolTip("Throw this text away, and show the network as it is")
        self.restore.clicked.connect(self._restore)
        words.addWidget(self.restore, 0, Qt.AlignmentFlag.AlignLeft)
        self._message.hide()
        column.addWidget(self._message)
        self.editor = JsonEditor(self)
        self.editor.setPlaceholderText(EMPTY)
        column.addWidget(self.editor, 1)
        # A long text is written when a drag has come to rest, a short one while it goes on.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(SETTLE)
        self._later.timeout.connect(self._show_spec)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE)
        self._settle.timeout.connect(self._read)
        self.editor.textChanged.connect(self._typed)
        # Whoever turns to something else means what was typed.
        self.editor.left.connect(self._take_over)

    def sizeHint(self) -> QSize:
        """Wide enough for most of a layer's line."""
        return QSize(space(56), space(60))

    def set_document(self, document: StudioDocument | None) -> None:
        """Take over what was typed last before another document is shown, or this one read."""
        if document is self.document:
            return
        if self.document is not None:
            self.document.settling.disconnect(self._take_over)
        super().set_document(document)
        if document is not None:
            document.settling.connect(self._take_over)

    def leave(self) -> None:
        """Take over what was typed last."""
        self._later.stop()
        self._take_over()
        self._spec = None

    def _take_over(self) -> None:
        if self._settle.isActive():
            self._settle.stop()
            self._read()

    def refresh(self) -> None:
        """Show the document as it is now, unless it is what was typed here."""
        document = self.document
        self.editor.setReadOnly(document is None)
        if document is None:
            self._write("")
            return
        if self._spec is None and document.draft is not None:
            # It was left behind another document, or by a crash.
            self._spec = document.spec
            self._write(document.draft)
            self._read()
            return
        if document.spec is not self._spec:
            if document.draft is not None:
                # Text that is not the network's is not thrown away unasked.
                self._say_changed()
                return
            if self._spec is not None and len(document.spec.layers) > IN_THREAD:
                self._later.start()
                return
            self._show_spec()
        self._light_up()

    def _show_spec(self) -> None:
        if self.document is None:
            return
        if self.document.draft is not None:
            self._say_changed()
        else:
            self._spec = self.document.spec
            self._write(documents.dumps(self._spec))
            self._light_up()

    def _typed(self) -> None:
        if not self._writing and self.document is not None:
            self.document.set_draft(self.editor.toPlainText())
            self._settle.start()

    def _read(self) -> None:
        """Make the text the document, or mark what is wrong with it."""
        document = self.document
        if document is None:
            return
        try:
            spec = documents.loads(self.editor.toPlainText())
        except SpecError as error:
            self._tell(error.problems)
            return
        if not self._message.isHidden():
            self._message.hide()
            self._run += 1
        self.editor.mark({})
        self._spec = spec
        if spec == document.spec:
            self._spec = document.spec
            document.set_draft(None)
            self._light_up()
            return
        document.apply(spec, "Edit the JSON", f"json {self._run} {id(self)}")
        self._spec = document.spec
        document.set_draft(None)

    def _tell(self, problems: tuple[Problem, ...]) -> None:
        marks: dict[int, str] = {}
        for problem in problems:
            line = problem.line or 1
            marks[line] = "\n".join(filter(None, (marks.get(line), problem.message)))
        self.editor.mark(marks)
        first = problems[0]
        more = f" And {len(problems) - 1} more." if len(problems) > 1 else ""
        self._say(f"Line {first.line or 1}: {first.message}{more}")

    def _say_changed(self) -> None:
        """Add it to what is wrong with the text, which is to be mended all the same."""
        wrong = self.message.text() if not self._message.isHidden() else ""
        if CHANGED not in wrong:
            self._say("\n".join(filter(None, (wrong, CHANGED))))

    def _say(self, words: str) -> None:
        self.message.setText(words)
        self._message.setAccessibleName(words)
        self._message.show()

    def _restore(self) -> None:
        self._settle.stop()
        self._message.hide()
        self._spec = None
        if self.document is not None:
            self.document.set_draft(None)
        self.touch()

    def _write(self, text: str) -> None:
        """Show other text; the place that is looked at stays."""
        bar = self.editor.verticalScrollBar()
        at, cursor = bar.value(), self.editor.textCursor().position()
        self._writing = True
        self.editor.setPlainText(text)
        self._writing = False
        self._message.hide()
        self.editor.mark({})
        self._run += 1
        caret = self.editor.textCursor()
        caret.setPosition(min(cursor, max(0, self.editor.document().characterCount() - 1)))
        self.editor.setTextCursor(caret)
        bar.setValue(at)

    def _light_up(self) -> None:
        """Light up the lines of what is selected, and of the problems that the graph has."""
        document = self.document
        assert document is not None
        spec = document.spec
        chosen = [
            Problem("", "", ("layers", i))
            for i, layer in enumerate(spec.layers)
            if layer.id in document.selection
        ]
        chosen += [
            Problem("", "", ("inputs", name))
            for name in spec.input_by_id
            if name in document.selection
        ]
        text = self.editor.toPlainText()
        try:
            found = place(chosen, text) if chosen else ()
            errors = [
                problem
                for problem in document.analysis.problems
                if problem.is_error and document.analysis.spec is spec
            ]
            placed = place(errors, text) if errors else ()
        except SpecError:
            return
        lines = tuple(problem.line for problem in found if problem.line is not None)
        self.editor.mark({problem.line or 1: problem.message for problem in placed})
        self.editor.choose(lines)
        if lines and not self.editor.hasFocus():
            self.editor.go_to(lines[0])
