"""The runs dock: every run of the workspace, to be sorted, found, shown, compared and kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStackedWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from graphspec.errors import GraphspecError
from graphspec.train.facts import RunFacts
from graphspec.train.rundir import Run
from graphspec_gui.actions import StudioAction, StudioMenu
from graphspec_gui.panel import Panel
from graphspec_gui.runs.changing import RunChanges
from graphspec_gui.runs.library import RunLibrary
from graphspec_gui.runs.shown import ShownRun, ShownRuns
from graphspec_gui.runs.table import COLUMNS, PLACES, UNREAD, Index, RunsFilter, RunsTable
from graphspec_gui.theme import space
from graphspec_gui.training.controller import TrainingController, workspace

MOST = 24
"""Runs that are compared at once: more curves cannot be told apart."""
_READING = "Reading the runs…"
_ONE = "Select one run."
_SOME = "Select a run."
_CAN_GO_ON = ("new", "stopped", "interrupted", "failed")


class _Names(QStyledItemDelegate):
    """Names that were made begin alike, and end with what tells them apart."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Leave out their middle where there is no room."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle


class RunsPanel(Panel):
    """Lists the runs of the workspace.

    Args:
        shown: the runs that are drawn.
        training: the window's training; a run can go on with it.
        open_run: opens the network of a run's folder.
        compare: is given the runs that are to be compared.
        parent: the dock.
    """

    follows = ()

    def __init__(
        self,
        shown: ShownRuns,
        training: TrainingController,
        open_run: Callable[[Path], object],
        compare: Callable[[list[RunFacts]], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.shown, self.training = shown, training
        self._open_run, self._compare_runs = open_run, compare
        self._changes = RunChanges(shown, self)
        self.library = RunLibrary(workspace, self)
        self.library.changed.connect(self.refresh)
        shown.closed.connect(self.library.close)
        self.table = RunsTable(self._find, self._is_in_front, self._change, self)
        self.rows = RunsFilter(self)
        self.rows.setSourceModel(self.table)
        self._make_actions()
        self._build()
        shown.changed.connect(self.table.repaint)
        shown.current_changed.connect(self.table.repaint)
        training.changed.connect(self._allow)
        self._allow()

    @property
    def selected(self) -> list[RunFacts]:
        """The runs that are selected, from top to bottom."""
        chosen = self.view.selectionModel().selectedRows()
        return [self.rows.facts_at(index) for index in sorted(chosen, key=QModelIndex.row)]

    def refresh(self) -> None:
        """Show the runs as they are now."""
        facts = self.library.facts
        self.table.set_facts(facts or ())
        if facts is None:
            self._hint.setText(_READING)
        elif not facts:
            self._hint.setText(
                f"There are no runs in {workspace()} yet.\n"
                "Ctrl+Enter trains the network in front; its run is listed here."
            )
        else:
            self._hint.setText(f"No run has “{self.filter.text()}” in any column.")
        empty = self.rows.rowCount() == 0
        self._pages.setCurrentWidget(self._hint if empty else self.view)
        self._count.setText(self._counted())
        self._allow()

    def set_in_front(self, in_front: bool) -> None:
        """Look at the folder while the list can be seen."""
        super().set_in_front(in_front)
        self._watch()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the folder while the list can be seen."""
        super().showEvent(event)
        self._watch()

    def hideEvent(self, event: QHideEvent) -> None:
        """Cost nothing while it cannot."""
        super().hideEvent(event)
        self._watch()

    def _watch(self) -> None:
        self.library.watch(self.in_sight)

    def _make_actions(self) -> None:
        def make(name: str, text: str, run: Callable[[], Any], icon: str, **more: Any) -> Any:
            action = StudioAction(f"runs.{name}", text, run, self, icon=f"mdi6.{icon}", **more)
            # Not of the fields where names and words are typed.
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.addAction(action)
            return action

        self.show_ = make("show", "Draw in the plots", self._toggle, "chart-line", keys=("Space",))
        self.open = make("open", "Open its network", self._open, "graph-outline", keys=("Return",))
        self.go_on = make("go_on", "Go on training", self._go_on, "play-circle-outline")
        self.compare = make(
            "compare", "Compare…", self._compare, "compare", keys=("Ctrl+D",),
            tip="Draw the curves of the selected runs, and show their settings side by side",
        )  # fmt: skip
        self.star = make("star", "Star", self._star, "star-outline", keys=("Ctrl+B",))
        self.rename = make("rename", "Rename", lambda: self._edit("name"), "rename", keys=("F2",))
        self.note = make("note", "Write a note", lambda: self._edit("note"), "note-edit-outline")
        self.delete = make(
            "delete", "Move to the trash…", self._delete, "trash-can-outline", keys=("Del",)
        )

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(space(1.5), space(1), space(1.5), space(1))
        bar.setSpacing(space(0.5))
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText("Filter")
        self.filter.setToolTip("Lists the runs that have these words in any column")
        self.filter.setAccessibleName("Filter the runs")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(space(36))
        self.filter.textChanged.connect(self._filter)
        bar.addWidget(self.filter, 1)
        self._count = QLabel(self)
        self._count.setProperty("muted", True)
        self._count.setContentsMargins(space(1), 0, 0, 0)
        bar.addWidget(self._count)
        bar.addStretch(1)
        for action in self.actions():
            button = QToolButton(self)
            button.setDefaultAction(action)
            bar.addWidget(button)
        column.addLayout(bar)
        self.view = QTreeView(self)
        self.view.setModel(self.rows)
        self.view.setAccessibleName("Runs")
        self.view.setRootIsDecorated(False)
        self.view.setUniformRowHeights(True)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(PLACES["begun"], Qt.SortOrder.DescendingOrder)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.addActions(self.actions())
        menu = StudioMenu(self.view)
        menu.addActions(self.actions())
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(
            lambda at: menu.popup(self.view.viewport().mapToGlobal(at))
        )
        self.view.setItemDelegateForColumn(PLACES["name"], _Names(self.view))
        header = self.view.header()
        header.setSectionsMovable(True)
        for place, item in enumerate(COLUMNS):
            header.resizeSection(place, space(item.width))
        self.view.clicked.connect(self._clicked)
        self.view.doubleClicked.connect(self._double_clicked)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self._hint = QLabel(_READING, self)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self._hint.setProperty("muted", True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setContentsMargins(space(3), space(3), space(3), space(3))
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self.view)
        column.addWidget(self._pages, 1)

    # --- What is allowed, and why not ---------------------------------------------------------

    def _allow(self) -> None:
        runs = self.selected
        some = None if runs else _SOME
        one = None if len(runs) == 1 else _ONE
        whole = some or next((UNREAD[r.status] for r in runs if r.status in UNREAD), None)
        running = any(facts.status == "running" for facts in runs)
        busy = "It is being trained. Stop it first." if running else None
        self.show_.allow(whole)
        drawn = all(self._is_drawn(facts) for facts in runs)
        self.show_.become("Take out of the plots" if runs and drawn else "Draw in the plots")
        self.open.allow(one or whole)
        self.star.allow(some)
        starred = bool(runs) and all(facts.starred for facts in runs)
        self.star.become("Take the star away" if starred else "Star")
        self.note.allow(one)
        self.rename.allow(one or busy)
        self.delete.allow(some or busy)
        if len(runs) < 2:
            self.compare.allow("Select two or more runs, with Ctrl or Shift.")
        else:
            many = f"Select at most {MOST} runs." if len(runs) > MOST else None
            self.compare.allow(many or whole)
        self.go_on.allow(one or whole or busy or self._why_not_on(runs))

    def _why_not_on(self, runs: list[RunFacts]) -> str | None:
        if self.training.state != "idle":
            return "A training is running. Stop it first."
        if len(runs) == 1 and runs[0].status not in _CAN_GO_ON:
            return "It has come to its end. Train its network again for another run."
        return None

    # --- What is done -------------------------------------------------------------------------

    def _find(self, path: str) -> ShownRun | None:
        return self.shown.at(Path(path))

    def _is_in_front(self, path: str) -> bool:
        return self.shown.current is not None and self._find(path) is self.shown.current

    def _is_drawn(self, facts: RunFacts) -> bool:
        shown = self._find(facts.path)
        return shown is not None and shown.visible

    def _draw(self, facts: RunFacts, on: bool) -> bool:
        shown = self._find(facts.path)
        if on:
            try:
                shown = shown or self.shown.show(Run(facts.path))
            except GraphspecError:
                self.library.look_now()  # it is not there any more
                return False
            self.shown.set_visible(shown, visible=True)
        elif shown is not None and shown is self.training.shown:
            # The training dock still follows it.
            self.shown.set_visible(shown, visible=False)
        elif shown is not None:
            self.shown.drop(shown)
        self._allow()
        return True

    def _change(self, facts: RunFacts, name: str, value: Any) -> bool:
        if name == "shown":
            return self._draw(facts, bool(value))
        done = (
            self._changes.rename(facts, value)
            if name == "name"
            else self._changes.remark(facts, **{name: value})
        )
        self.library.look_now()
        return done

    def _toggle(self) -> None:
        runs = self.selected
        on = not all(self._is_drawn(facts) for facts in runs)
        for facts in runs:
            self._draw(facts, on)

    def _open(self) -> None:
        for facts in self.selected:
            self._open_run(Path(facts.path))

    def _go_on(self) -> None:
        for facts in self.selected:
            try:
                self.training.go_on(Run(facts.path))
            except GraphspecError:
                self.library.look_now()

    def _compare(self) -> None:
        runs = self.selected
        chosen = {facts.path for facts in runs}
        for facts in self.table.rows:
            if facts.path in chosen or self._find(facts.path) is not None:
                self._draw(facts, facts.path in chosen)
        self._compare_runs(runs)

    def _star(self) -> None:
        runs = self.selected
        on = not all(facts.starred for facts in runs)
        for facts in runs:
            self._changes.remark(facts, starred=on)
        self.library.look_now()

    def _delete(self) -> None:
        runs = self.selected
        if self._changes.throw_away(runs):
            self.library.look_now()

    def _edit(self, name: str) -> None:
        index = self.view.currentIndex().siblingAtColumn(PLACES[name])
        self.view.scrollTo(index)
        self.view.setCurrentIndex(index)
        self.view.edit(index)

    def _filter(self, text: str) -> None:
        self.rows.set_text(text)
        self.refresh()

    def _clicked(self, index: QModelIndex) -> None:
        if COLUMNS[index.column()].name == "starred":
            facts = self.rows.facts_at(index)
            self._change(facts, "starred", not facts.starred)

    def _double_clicked(self, index: QModelIndex) -> None:
        if COLUMNS[index.column()].name == "note":
            self._edit("note")
        elif COLUMNS[index.column()].name not in ("shown", "starred"):
            self.open.trigger()

    def _selected(self) -> None:
        runs = self.selected
        if len(runs) == 1 and (shown := self._find(runs[0].path)) is not None:
            self.shown.bring_to_front(shown)
        self._allow()

    def _counted(self) -> str:
        total, seen = self.table.rowCount(), self.rows.rowCount()
        if total == 0:
            return ""
        if seen < total:
            return f"{seen:,} of {total:,}"
        return "1 run" if total == 1 else f"{total:,} runs"
