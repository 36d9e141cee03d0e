"""The network that viewers look into, and the examples that they show to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from graphspec.train.feeding import SplitName
from graphspec.train.rundir import Run
from graphspec_gui.document import StudioDocument
from graphspec_gui.runs.shown import ShownRun, ShownRuns
from graphspec_gui.viewers.example import (
    PROBES,
    Example,
    example_again,
    example_of,
    first_example,
    read_examples_of,
)
from graphspec_gui.viewers.looks import Looks
from graphspec_gui.viewers.network import Network, Weights, open_run, open_spec, passing_stamp

RELOAD = 500
"""Milliseconds between a new checkpoint, or an edit, and the look at it."""
FOLLOW = 2000
"""Milliseconds between two looks for weights that a training was asked for within an epoch."""


class ProbeSource(QObject):
    """Opens the network of the run in front, or of the document, and holds the examples.

    Nothing is opened until a viewer that can be seen calls ``open``. A new checkpoint, another run
    or an edit of the document makes what is open stale, and says ``changed``: viewers that can be
    seen then call ``open`` again. A training that can be asked for its weights is followed between
    its checkpoints.

    Args:
        runs: the runs that are shown.
        parent: who owns it.
        ask: asks whoever trains a run to write the weights of now; whether it could be asked.
    """

    changed = Signal()
    """``network``, ``examples``, ``example`` or ``trouble`` is another, or ``network`` stale."""

    def __init__(
        self,
        runs: ShownRuns,
        parent: QObject | None = None,
        ask: Callable[[Run], bool] = lambda _: False,
    ) -> None:
        super().__init__(parent)
        self.runs = runs
        self._ask = ask
        # What stood in the file when its successor was asked for; None while nothing is awaited.
        self._awaited: int | None = None
        self._between = QTimer(self)
        self._between.setInterval(FOLLOW)
        self._between.timeout.connect(self._look_between)
        self.looks = Looks(self)
        self.network: Network | None = None
        self.examples: tuple[Example, ...] = ()
        """What is shown to the network."""
        self.example: Example | None = None
        """The one of them that is looked at where there is room for one alone."""
        self.trouble = ""
        """Why there is no network to look into, or no newer one; empty where all is well."""
        self._weights: Weights = "latest"
        self._document: StudioDocument | None = None
        self._followed: ShownRun | None = None
        self._stale = True
        self._snapshots = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(RELOAD)
        self._later.timeout.connect(self._outdate)
        runs.current_changed.connect(self._follow)
        runs.restarted.connect(self._begin_anew)
        runs.closed.connect(self.close)
        self._follow()

    @property
    def busy(self) -> bool:
        """Whether a network is being opened."""
        return self.looks.asks("open")

    @property
    def weights(self) -> Weights:
        """Which weights are looked at; those of a document are always the first."""
        return self._weights if self._run is not None else "first"

    @property
    def has_run(self) -> bool:
        """Whether there are weights of a training."""
        return self._run is not None

    def choose(self, weights: Weights) -> None:
        """Look at other weights."""
        if weights != self._weights:
            self._weights = weights
            self._outdate()

    def set_document(self, document: StudioDocument | None) -> None:
        """Say which document is in front."""
        if document is self._document:
            return
        if self._document is not None:
            self._document.spec_changed.disconnect(self._edited)
            self._document.destroyed.disconnect(self._document_gone)
        self._document = document
        if document is not None:
            document.spec_changed.connect(self._edited)
            document.destroyed.connect(self._document_gone)
        self._edited()

    def open(self) -> None:
        """Open what is to be looked at, unless it is open; ``changed`` tells when it is."""
        if not self._stale:
            return
        self._stale = False
        run, before = self._run, self.network
        self.looks.gentle = run is not None and self._is_running
        if run is not None:
            wanted, live = self._weights, self._is_running and self._weights == "latest"
            # At first there is its data to read, which says nothing about what comes later.
            again = (run, wanted) if before is not None and before.run is run else None
            self.looks.ask(
                "open",
                lambda: open_run(run, wanted, self.network, live),
                self._opened,
                self._end,
                about=again,
            )
        elif self._document is not None and self._document.spec.layers:
            spec = self._document.spec
            self.looks.ask("open", lambda: open_spec(spec, before), self._opened, self._end)
        else:
            self.looks.cancel("open")
            self._show_none("")

    def pick(self, split: SplitName, *numbers: int) -> None:
        """Show examples of the data set to the network, at most ``PROBES``; look at the last."""
        network = self.network
        if network is not None and split in network.data.parts:
            found = [
                self._find(split, n) or example_of(network, split, n) for n in numbers[:PROBES]
            ]
            self._show_all(found, found[-1])

    def toggle(self, split: SplitName, number: int) -> None:
        """Show one more example of the data set, in place of the first where there are too many.

        One that is shown already is left out.
        """
        network, known = self.network, self._find(split, number)
        if known is not None:
            self.drop(known)
        elif network is not None and split in network.data.parts:
            self._add([example_of(network, split, number)])

    def show(self, example: Example) -> None:
        """Look at another one of the examples."""
        if example in self.examples and example is not self.example:
            self.example = example
            self.changed.emit()

    def drop(self, example: Example) -> None:
        """Leave one of the examples out, unless it is the only one."""
        if len(self.examples) < 2 or example not in self.examples:
            return
        at = self.examples.index(example)
        rest = [item for item in self.examples if item is not example]
        seen = self.example
        self._show_all(rest, rest[min(at, len(rest) - 1)] if seen is example or not seen else seen)

    def read(self, *paths: Path, add: bool = False) -> None:
        """Show the user's own pictures to the network; ``trouble`` says why they cannot be.

        Args:
            paths: pictures, or arrays of one or more examples.
            add: whether to keep what is shown already.
        """
        network = self.network
        if network is None:
            return

        def work() -> Iterator[list[Example]]:
            yield [example for path in paths for example in read_examples_of(network, path)]

        def take(found: object) -> None:
            assert isinstance(found, list)
            self.trouble = ""
            if add:
                self._add(found)
            else:
                self._show_all(found[:PROBES], found[0])

        self.looks.ask("read", work, take, self._not_read)

    def close(self) -> None:
        """End the work that is being done."""
        self._later.stop()
        self._between.stop()
        self.looks.close()

    @property
    def _run(self) -> Run | None:
        shown = self.runs.current
        return None if shown is None or self._weights == "first" else shown.run

    @property
    def _is_running(self) -> bool:
        return self._followed is not None and self._followed.follower.status == "running"

    def _follow(self) -> None:
        shown = self.runs.current
        if self._followed is not None and self._followed in list(self.runs):
            self._followed.follower.advanced.disconnect(self._advanced)
        self._followed, self._snapshots = shown, 0
        self._awaited = None
        if shown is not None:
            shown.follower.advanced.connect(self._advanced)
        self._outdate()

    def _advanced(self) -> None:
        assert self._followed is not None
        if not self._between.isActive() and self._is_running:
            self._between.start()
        snapshots = self._followed.follower.history.snapshots
        if len(snapshots) != self._snapshots:
            self._snapshots = len(snapshots)
            # A checkpoint every few milliseconds is looked at twice a second.
            if not self._later.isActive():
                self._later.start()

    def _begin_anew(self, run: Run) -> None:
        if self._followed is not None and run is self._followed.run:
            # Its weights are of steps that may be made again, or of another training altogether.
            self.looks.cancel("open")
            self.network, self._awaited = None, None
            self._outdate()

    def _look_between(self) -> None:
        """Show the weights that were asked for, if they are there; else ask for newer ones.

        Who cannot write them does not answer, and is asked no more in this session.
        """
        run, followed = self._run, self._followed
        if run is None or followed is None or not self._is_running:
            self._awaited = None
            self._between.stop()
        elif self._weights != "latest" or self._stale or self.busy:
            return  # nobody looks, or what came last is still being read
        elif self._awaited is None:
            self._ask_for_newer(run, followed)
        elif passing_stamp(run) != self._awaited:
            self._awaited = None
            self._outdate()

    def _ask_for_newer(self, run: Run, followed: ShownRun) -> None:
        network, last = self.network, followed.follower.history.last
        seen = (network.step or 0) if network is not None and network.run is run else 0
        before = passing_stamp(run)
        # They cost the training about what they cost here, where they are read.
        soon = self.looks.rests("open")
        if not soon and last is not None and last.step > seen and self._ask(run):
            self._awaited = before

    def _edited(self) -> None:
        if self.runs.current is None or self._weights == "first":
            self._later.start()

    def _document_gone(self) -> None:
        self._document = None
        self._edited()

    def _outdate(self) -> None:
        self._stale = True
        self.changed.emit()

    def _opened(self, network: object) -> None:
        assert isinstance(network, Network)
        before, self.network, self.trouble = self.network, network, ""
        same = before is not None and before.data is network.data
        kept = {old: example_again(network, old, same) for old in self.examples}
        found = [new for new in kept.values() if new is not None] or [first_example(network)]
        seen = None if self.example is None else kept.get(self.example)
        self._show_all(found, seen or found[0])

    def _end(self, reason: str) -> None:
        if self._awaited is None and self._between.isActive():
            self._look_between()
        run, seen = self._run, None if self.network is None else self.network.run
        # A checkpoint may have been replaced by a newer one, which will be opened.
        if reason and (run is None or seen is not run):
            self._show_none(reason)

    def _show_none(self, reason: str) -> None:
        self.network, self.trouble = None, reason
        self.changed.emit()

    def _find(self, split: SplitName, number: int) -> Example | None:
        of = (split, number)
        return next((item for item in self.examples if (item.split, item.number) == of), None)

    def _add(self, more: list[Example]) -> None:
        self._show_all([*self.examples, *more][-PROBES:], more[-1])

    def _show_all(self, examples: list[Example], seen: Example) -> None:
        self.examples, self.example = tuple(examples), seen
        self.changed.emit()

    def _not_read(self, reason: str) -> None:
        if reason:
            self.trouble = reason
            self.changed.emit()
