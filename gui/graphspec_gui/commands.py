"""The one undo command: a spec before, and a spec after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QUndoCommand

from graphspec.graph import GraphSpec


@dataclass(frozen=True, slots=True)
class State:
    """What a command goes back and forth between."""

    spec: GraphSpec
    selection: frozenset[str]


class ReplaceSpec(QUndoCommand):
    """Replaces one state of a document by another.

    Args:
        before: the state that undo goes back to.
        after: the state that redo goes to.
        text: what was done, for the menu and the history.
        show: puts a state into the document.
        merge: commands in a row with the same key become one: a drag, a word typed.
    """

    def __init__(
        self,
        before: State,
        after: State,
        text: str,
        show: Callable[[State], None],
        merge: str | None = None,
    ) -> None:
        super().__init__(text)
        self._before, self._after, self._show, self._merge = before, after, show, merge

    def redo(self) -> None:
        """Go to the state after."""
        self._show(self._after)

    def undo(self) -> None:
        """Go back to the state before."""
        self._show(self._before)

    def id(self) -> int:
        """Equal for commands that may merge; −1 for one that never does."""
        return -1 if self._merge is None else hash(self._merge) & 0x7FFFFFFF

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take over a later command of the same key; what comes to nothing is forgotten."""
        if not isinstance(other, ReplaceSpec) or other._merge != self._merge:
            return False
        self._after = other._after
        self.setText(other.text())
        self.setObsolete(self._after.spec == self._before.spec)
        return True
