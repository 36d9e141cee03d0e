"""The runs that are shown: which, in what colour, and which one is in front."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from graphspec.errors import RunError
from graphspec.graph import examples_in_words
from graphspec.train.rundir import Run
from graphspec_gui.runs.follower import RunFollower


@dataclass(eq=False)
class ShownRun:
    """A run that is followed, and the place of its colour in the theme's series."""

    follower: RunFollower
    color: int
    visible: bool = True

    @property
    def run(self) -> Run:
        """The run itself."""
        return self.follower.run

    @property
    def name(self) -> str:
        """What people call it."""
        return self.run.name

    @cached_property
    def fed(self) -> str:
        """What it takes: images, or examples of another kind."""
        try:
            spec = self.run.spec
        except RunError:
            return "examples"
        return examples_in_words(spec.inputs, spec.layers)


class ShownRuns(QObject):
    """The runs that plots and viewers show; one of them is in front.

    Whoever wants to show a run calls ``show``; plots listen to ``changed`` and to each
    follower's own signals.
    """

    changed = Signal()
    """Runs came, went, or were hidden."""
    current_changed = Signal()
    """Another run is in front, or none."""
    moved = Signal(object, object)
    """A run has another name: how it was shown, and how it is now."""
    restarted = Signal(object)
    """A ``Run`` went on from an earlier checkpoint, or another one lies in its folder now."""
    closed = Signal()
    """None of them is followed any more: whoever works on them should end."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown: dict[Path, ShownRun] = {}
        self._current: ShownRun | None = None

    def __iter__(self) -> Iterator[ShownRun]:
        return iter(tuple(self._shown.values()))

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def current(self) -> ShownRun | None:
        """The run in front."""
        return self._current

    def find(self, run: Run) -> ShownRun | None:
        """How a run is shown, if it is."""
        return self.at(run.path)

    def at(self, path: Path) -> ShownRun | None:
        """How the run in a folder is shown, if it is."""
        return self._shown.get(path.resolve()) if self._shown else None

    def show(self, run: Run) -> ShownRun:
        """Show a run, if it is not yet, and bring it to the front."""
        shown = self.find(run)
        if shown is None:
            taken = {item.color for item in self}
            color = next(i for i in range(len(taken) + 1) if i not in taken)
            shown = ShownRun(RunFollower(run, self), color)
            shown.follower.restarted.connect(partial(self.restarted.emit, run))
            shown.follower.gone.connect(partial(self._gone, shown))
            self._shown[run.path.resolve()] = shown
            self.changed.emit()
        self.bring_to_front(shown)
        return shown

    def bring_to_front(self, shown: ShownRun) -> None:
        """Make a shown run the one that viewers and controls are about."""
        if shown is not self._current:
            self._current = shown
            self.current_changed.emit()

    def set_visible(self, shown: ShownRun, *, visible: bool) -> None:
        """Draw its curves, or leave them out."""
        if shown.visible != visible:
            shown.visible = visible
            self.changed.emit()

    def move(self, before: ShownRun, run: Run) -> None:
        """Show a run on, that has another name now."""
        front = self._current
        self.drop(before)
        after = self.show(run)
        after.color = before.color
        self.set_visible(after, visible=before.visible)
        if front is not None and front is not before:
            self.bring_to_front(front)
        self.moved.emit(before, after)

    def _gone(self, shown: ShownRun, to: Path | None) -> None:
        """Somebody else, such as a second window, has renamed or removed it."""
        if shown in self:
            try:
                run = None if to is None else Run(to)
            except RunError:
                run = None
            if run is None:
                self.drop(shown)
            else:
                self.move(shown, run)

    def drop(self, shown: ShownRun) -> None:
        """Show a run no longer; it goes on, if it is being trained."""
        shown.follower.close()
        self._shown.pop(shown.run.path.resolve(), None)
        if shown is self._current:
            self._current = next(reversed(list(self)), None)
            self.current_changed.emit()
        self.changed.emit()
        shown.follower.deleteLater()

    def close(self) -> None:
        """Stop following all of them."""
        for shown in self:
            shown.follower.close()
        self.closed.emit()
