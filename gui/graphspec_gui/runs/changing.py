"""What can be done to runs on the disk: rename, note, star, throw away; and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QFile
from PySide6.QtWidgets import QMessageBox, QWidget

from graphspec.errors import GraphspecError
from graphspec.train.facts import RunFacts
from graphspec.train.lock import kept_still
from graphspec.train.remarks import read_remarks, write_remarks
from graphspec.train.rundir import Run
from graphspec_gui.message import Message
from graphspec_gui.runs.shown import ShownRuns

_NAMED = 5
"""Runs that a question names; more are counted."""


class RunChanges:
    """Changes runs for somebody who looks at them; what cannot be done is told in a box.

    Args:
        shown: the runs that are drawn: one that is renamed or thrown away is let go first.
        parent: the widget that asks.
    """

    def __init__(self, shown: ShownRuns, parent: QWidget) -> None:
        self._shown, self._parent = shown, parent

    def rename(self, facts: RunFacts, name: str) -> bool:
        """Give a run another name."""
        try:
            run = Run(facts.path)
            renamed = run.rename(name.strip())
        except GraphspecError as error:
            self._tell(f"{facts.name} was not renamed.", str(error))
            return False
        before = self._shown.find(run)
        if before is not None:
            self._shown.move(before, renamed)
        return True

    def remark(self, facts: RunFacts, **fields: Any) -> bool:
        """Change a run's note or star."""
        path = Path(facts.path)
        try:
            remarks = read_remarks(path)
            write_remarks(path, type(remarks).model_validate(remarks.model_dump() | fields))
        except (GraphspecError, ValueError) as error:
            self._tell(f"The note to {facts.name} was not kept.", str(error))
            return False
        return True

    def throw_away(self, runs: Sequence[RunFacts]) -> bool:
        """Ask, and move runs to the trash; whether any went."""
        words = _names(runs)
        more = "Their history and all of their checkpoints go with them."
        ask = f"Move {words} to the trash?"
        box = Message("question", "delete_runs", ask, more, self._parent)
        move = box.addButton("Move to the trash", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        if box.clickedButton() is not move:
            return False
        gone = [facts for facts in runs if self._throw_away(facts)]
        return bool(gone)

    def _throw_away(self, facts: RunFacts) -> bool:
        try:
            run = Run(facts.path)
            with kept_still(run.path):
                self._let_go(run)
                # PySide promises a pair, and gives False alone where it fails.
                answer: object = QFile.moveToTrash(facts.path)
            if not (isinstance(answer, tuple) and answer[0]):
                return self._delete(run)
        except GraphspecError as error:
            self._tell(f"{facts.name} stays.", str(error))
            return False
        return True

    def _delete(self, run: Run) -> bool:
        """Where there is no trash, as on some disks, delete for good if that is wanted."""
        words = f"{run.name} cannot be moved to the trash."
        more = "Its disk may have none. Deleting it for good cannot be undone."
        box = Message("warning", "no_trash", words, more, self._parent)
        delete = box.addButton("Delete for good", QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton("Keep it", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        if box.clickedButton() is not delete:
            return False
        run.delete()
        return True

    def _let_go(self, run: Run) -> None:
        shown = self._shown.find(run)
        if shown is not None:
            self._shown.drop(shown)

    def _tell(self, text: str, reason: str) -> None:
        Message("warning", "run_not_changed", text, reason, self._parent).exec()


def _names(runs: Sequence[RunFacts]) -> str:
    names = [facts.name for facts in runs[:_NAMED]]
    more = len(runs) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")
