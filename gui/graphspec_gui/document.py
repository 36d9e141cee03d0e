"""A document that is open: a spec, its history, what is selected, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from graphspec.errors import Fix, SpecError
from graphspec.graph import GraphSpec
from graphspec_gui.commands import ReplaceSpec, State
from graphspec_gui.findings import Findings, look
from graphspec_gui.job import Job

DEBOUNCE = 150
"""Milliseconds of quiet after an edit before the graph is looked at again."""
IN_THREAD = 200
"""Graphs of more layers than this are looked at off the UI thread."""
HISTORY = 1_000
"""Commands that can be undone."""


class StudioDocument(QObject):
    """One network that is being edited.

    ``apply`` is the only way to change it: it takes what a function of ``graphspec.edit`` made
    of ``spec``. Undo and redo are those of ``undo_stack``.

    Args:
        spec: the network.
        path: its file, or None for one that was never saved.
        parent: who owns it.
    """

    spec_changed = Signal()
    """``spec`` is another one."""
    selection_changed = Signal()
    analysis_changed = Signal()
    """``analysis`` is another one; it may still lag behind ``spec`` (see ``analysis.spec``)."""
    revealed = Signal(str)
    """A layer or input is to be brought into sight."""
    path_changed = Signal()
    modified_changed = Signal()
    draft_changed = Signal()
    settling = Signal()
    """It is about to be read: what was typed a moment ago is to be taken over now."""

    def __init__(
        self, spec: GraphSpec, path: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state = State(spec, frozenset())
        self._path = path
        self._draft: str | None = None
        self._silenced: frozenset[str] = frozenset()
        self._looking = False
        self._wanted = False
        self.analysis = Findings(spec)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(HISTORY)
        self.undo_stack.cleanChanged.connect(self.modified_changed)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE)
        self._timer.timeout.connect(self._look)
        self._look()

    @property
    def spec(self) -> GraphSpec:
        """The network as it is now."""
        return self._state.spec

    @property
    def path(self) -> Path | None:
        """The file that it is saved to."""
        return self._path

    @property
    def title(self) -> str:
        """What a tab calls it: the file's name, or the network's where there is no file."""
        return self._path.name if self._path else self.spec.name

    @property
    def modified(self) -> bool:
        """Whether there is something that was not saved."""
        return self._draft is not None or not self.undo_stack.isClean()

    @property
    def draft(self) -> str | None:
        """Text for the network that is not right, or was not read yet; None where it is."""
        return self._draft

    @property
    def selection(self) -> frozenset[str]:
        """The ids of the layers and inputs that are selected."""
        return self._state.selection

    @property
    def silenced(self) -> frozenset[str]:
        """The codes of advice that are not asked for."""
        return self._silenced

    def settled(self) -> GraphSpec:
        """The network as it is meant now: with what was typed a moment ago and not read yet."""
        self.settling.emit()
        return self.spec

    def apply(
        self,
        spec: GraphSpec,
        text: str,
        merge: str | None = None,
        *,
        select: Iterable[str] | None = None,
    ) -> None:
        """Make a new spec the document's, as one command that can be undone.

        Args:
            spec: what an edit made of ``self.spec``.
            text: what was done, in a few words: "Rename conv1".
            merge: commands in a row with the same key become one.
            select: what is selected afterwards; None keeps what is still there.
        """
        chosen = self.selection if select is None else frozenset(select)
        after = State(spec, _present(spec, chosen))
        if spec == self.spec:
            self._show(after)
            return
        self.undo_stack.push(ReplaceSpec(self._state, after, text, self._show, merge))

    def select(self, ids: Iterable[str]) -> None:
        """Select layers and inputs, and nothing else."""
        self._show(State(self.spec, _present(self.spec, frozenset(ids))))

    def set_path(self, path: Path | None) -> None:
        """Say where it is saved."""
        if path != self._path:
            self._path = path
            self.path_changed.emit()

    def set_draft(self, text: str | None) -> None:
        """Keep text that is not right yet, which belongs to the work as the network does."""
        if text != self._draft:
            before, self._draft = self._draft, text
            self.draft_changed.emit()
            if (before is None) is not (text is None):
                self.modified_changed.emit()

    def silence(self, codes: Iterable[str]) -> None:
        """Ask for no advice of these codes."""
        silenced = frozenset(codes)
        if silenced != self._silenced:
            self._silenced = silenced
            self._look()

    def reveal(self, name: str) -> None:
        """Select a layer or input, and let every view bring it into sight."""
        self.select([name])
        if name in self.selection:
            self.revealed.emit(name)

    def mend(self, fix: Fix) -> None:
        """Do what a fix proposes; one that fits the network no more does nothing."""
        try:
            spec = fix.apply(self.settled())
        except SpecError:
            self.look_now()
            return
        self.apply(spec, fix.label[:1].upper() + fix.label[1:])
        self.look_now()

    def look_now(self) -> None:
        """Bring ``analysis`` up to date at once, in this thread."""
        self._timer.stop()
        self._accept(look(self.spec, self._silenced))

    def _show(self, state: State) -> None:
        before, self._state = self._state, state
        if state.spec is not before.spec:
            if self.analysis.spec is before.spec and _only_moved(before.spec, state.spec):
                # Where nodes stand changes nothing that can be found out.
                self.analysis = replace(self.analysis, spec=state.spec)
            else:
                self._timer.start()
            self.spec_changed.emit()
        if state.selection != before.selection:
            self.selection_changed.emit()

    def _look(self) -> None:
        spec = self.spec
        if len(spec.layers) <= IN_THREAD:
            self._accept(look(spec, self._silenced))
        elif self._looking:
            self._wanted = True
        else:
            self._looking = True
            job = Job(partial(look, spec, self._silenced))
            job.made.connect(self._answered)
            job.failed.connect(self._not_answered)
            job.start()

    def _answered(self, findings: Findings) -> None:
        again, self._looking, self._wanted = self._wanted, False, False
        self._accept(findings)
        if again:
            self._look()

    def _not_answered(self) -> None:
        """A defect of ours; the document goes on without what would have been found."""
        self._answered(Findings(self.spec))

    def _accept(self, findings: Findings) -> None:
        self.analysis = findings
        self.analysis_changed.emit()


def _only_moved(before: GraphSpec, after: GraphSpec) -> bool:
    """Whether two specs differ in their layout alone."""
    return (
        after.layers == before.layers
        and after.inputs == before.inputs
        and after.outputs == before.outputs
        and after.training == before.training
        and after.name == before.name
    )


def _present(spec: GraphSpec, ids: frozenset[str]) -> frozenset[str]:
    """Those of some ids that the spec has."""
    return frozenset(name for name in ids if name in spec.by_id or name in spec.input_by_id)
