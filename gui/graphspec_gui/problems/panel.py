"""Every problem and piece of advice, live; a click selects the layer, another mends it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from graphspec.errors import Fix, Problem
from graphspec_gui.actions import StudioAction, StudioMenu
from graphspec_gui.buttons import IconButton, StatePicture
from graphspec_gui.findings import node_of
from graphspec_gui.panel import Panel
from graphspec_gui.theme import plain_tip, space, theme
from graphspec_gui.trouble import Trouble

MOST = 100
"""Problems that are shown; whoever has more mends the first ones first."""
FOLLOW = "Open a network: what is wrong with it is listed here while you edit."
FINE = "No problems, and no advice. The network can be trained."


class ProblemsPanel(Panel):
    """The list of problems.

    Args:
        silence: takes the codes of advice that are not wanted any more.
        parent: the dock.
    """

    follows = ("analysis_changed", "selection_changed")

    def __init__(
        self, silence: Callable[[frozenset[str]], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._silence = silence
        self._problems: tuple[Problem, ...] | None = None
        self.rows: list[ProblemRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget(scroll)
        page.setObjectName("page")
        self._list = QVBoxLayout(page)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addStretch(1)
        scroll.setWidget(page)
        self._page = page
        column.addWidget(scroll, 1)
        self.empty = QWidget(page)
        row = QHBoxLayout(self.empty)
        row.setContentsMargins(space(2), space(2), space(2), space(2))
        row.setSpacing(space(1))
        self._fine = StatePicture("ok", self.empty)
        row.addWidget(self._fine)
        self.message = QLabel(FOLLOW, self.empty)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setWordWrap(True)
        self.message.setProperty("muted", True)
        row.addWidget(self.message, 1)
        self._list.insertWidget(0, self.empty)
        self.more = QLabel(page)
        self.more.setTextFormat(Qt.TextFormat.PlainText)
        self.more.setProperty("muted", True)
        self.more.setContentsMargins(space(2), space(1), space(2), space(1))
        self._list.insertWidget(1, self.more)
        self._bar = _SilencedBar(self)
        self._bar.asked.connect(self._ask_again)
        column.addWidget(self._bar)
        self._next = StudioAction(
            "problems.next",
            "Next problem",
            self._select_next,
            self,
            icon="mdi6.arrow-down-circle-outline",
            keys=("F8",),
            tip="Select the layer of the next problem",
        )
        self._mend_first = StudioAction(
            "problems.mend",
            "Apply the first fix",
            self._apply_first,
            self,
            icon="mdi6.wrench-outline",
            keys=("Ctrl+.",),
            tip="Do what the first button of the first problem does",
        )
        for action in (self._next, self._mend_first):
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self.addAction(action)

    def touch(self) -> None:
        """Weigh the actions even while the list is hidden: they have keys."""
        super().touch()
        problems = self._now()
        nothing = None if problems else "There are no problems."
        self._next.allow(nothing)
        fixable = any(problem.fixes for problem in problems)
        self._mend_first.allow(nothing or (None if fixable else "No problem has a fix."))

    def refresh(self) -> None:
        """List the problems that there are now."""
        problems = self._now()[:MOST]
        if problems != self._problems:
            self._problems = problems
            self._list_all(problems)
        document = self.document
        count = len(self._now())
        self.more.setVisible(count > MOST)
        self.more.setText(f"and {count - MOST:,} more")
        self.empty.setVisible(not problems)
        self._fine.setVisible(document is not None)
        self.message.setText(FOLLOW if document is None else FINE)
        self._bar.show_codes(document.silenced if document else frozenset())
        chosen = document.selection if document else frozenset()
        for row in self.rows:
            row.set_chosen(node_of(row.problem) in chosen)

    def _now(self) -> tuple[Problem, ...]:
        return self.document.analysis.problems if self.document else ()

    def _list_all(self, problems: tuple[Problem, ...]) -> None:
        # What is still there keeps its row, and with it the focus.
        kept: list[ProblemRow] = []
        old = list(self.rows)
        for problem in problems:
            row = next((row for row in old if row.problem == problem), None)
            if row is None:
                row = self._row(problem)
            else:
                old.remove(row)
                # Equal in words, but its fixes are for the network as it is now.
                row.renew(problem)
            kept.append(row)
        for row in old:
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for i, row in enumerate(kept):
            if self._list.indexOf(row) != i:
                self._list.removeWidget(row)
                self._list.insertWidget(i, row)
                row.show()
        self.rows = kept

    def _row(self, problem: Problem) -> ProblemRow:
        row = ProblemRow(problem, self._page)
        row.chosen.connect(partial(self._select, row))
        row.mended.connect(self._mend)
        row.silenced.connect(self._silence_code)
        return row

    def _select(self, row: ProblemRow) -> None:
        if self.document is None:
            return
        name = node_of(row.problem)
        if name is None:
            self.document.select(())
        else:
            self.document.reveal(name)

    def _select_next(self) -> None:
        if self.document is None:
            return
        names = [name for problem in self._now() if (name := node_of(problem)) is not None]
        unique = list(dict.fromkeys(names))
        if unique:
            at = next((i for i, name in enumerate(unique) if name in self.document.selection), -1)
            self.document.reveal(unique[(at + 1) % len(unique)])

    def _apply_first(self) -> None:
        fix = next((problem.fixes[0] for problem in self._now() if problem.fixes), None)
        if fix is not None:
            self._mend(fix)

    def _mend(self, fix: Fix) -> None:
        if self.document is not None:
            self.document.mend(fix)

    def _silence_code(self, code: str) -> None:
        if self.document is not None:
            self._silence(self.document.silenced | {code})

    def _ask_again(self, code: str) -> None:
        if self.document is not None:
            self._silence(self.document.silenced - {code} if code else frozenset())


class ProblemRow(QFrame):
    """One problem, that can be pressed as a whole.

    Args:
        problem: what is wrong.
        parent: the list.
    """

    chosen = Signal()
    mended = Signal(object)
    silenced = Signal(str)

    def __init__(self, problem: Problem, parent: QWidget) -> None:
        super().__init__(parent)
        self.problem = problem
        self.setObjectName("problem")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{problem.severity}: {problem.message}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout(self)
        row.setContentsMargins(space(2), space(1), space(1), space(1))
        row.setSpacing(space(1))
        self.trouble = Trouble(problem, self)
        self.trouble.fix_wanted.connect(self._fix)
        row.addWidget(self.trouble, 1)
        place = QLabel(problem.layer or problem.place, self)
        place.setTextFormat(Qt.TextFormat.PlainText)
        place.setProperty("muted", True)
        place.setToolTip(plain_tip(f"{problem.place}\n{problem.code}"))
        row.addWidget(place, 0, Qt.AlignmentFlag.AlignTop)
        if problem.severity == "advice":
            button = IconButton("mdi6.bell-off-outline", f"Silence “{problem.code}”", self)
            button.clicked.connect(lambda: self.silenced.emit(problem.code))
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def renew(self, problem: Problem) -> None:
        """Take an equal problem's fixes, made for the network as it is now."""
        self.problem = problem

    def set_chosen(self, on: bool) -> None:
        """Show whether its layer is selected."""
        if self.property("chosen") != on:
            self.setProperty("chosen", on)
            self.style().polish(self)

    def _fix(self, fix: Fix) -> None:
        """The button's fix, or the equal one that was made since."""
        self.mended.emit(next((new for new in self.problem.fixes if new == fix), fix))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select the layer."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space do what a click does; the arrow keys go up and down."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)


class _SilencedBar(QWidget):
    """Says which advice is silenced, and asks for it again."""

    asked = Signal(str)
    """A code that is wanted again; empty for all of them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(space(2), 0, space(1), 0)
        self.button = QPushButton(self)
        self.button.setObjectName("silenced")
        self.button.setProperty("flat", True)
        self.button.setFont(theme().font("caption"))
        row.addWidget(self.button)
        row.addStretch(1)
        self.menu = StudioMenu(self.button)
        self.button.setMenu(self.menu)
        self.hide()

    def show_codes(self, codes: frozenset[str]) -> None:
        self.setVisible(bool(codes))
        count = len(codes)
        words = f"{count} kind{'s' if count != 1 else ''} of advice silenced"
        self.button.setText(words)
        self.button.setAccessibleName(words)
        self.menu.clear()
        for code in sorted(codes):
            action = self.menu.addAction(f"Ask for “{code}” again")
            action.triggered.connect(lambda _=False, code=code: self.asked.emit(code))
        self.menu.addSeparator()
        self.menu.addAction("Ask for all again").triggered.connect(
            lambda _=False: self.asked.emit("")
        )
