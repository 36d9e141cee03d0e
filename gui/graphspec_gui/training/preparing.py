"""Making a run off the UI thread, before it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.train.rundir import Run
from graphspec_gui.job import Job


@dataclass(frozen=True)
class Prepared:
    """A run that is trained here, with what was read from it where nobody waits for it."""

    run: Run
    spec: GraphSpec
    config: TrainConfig


class Preparation:
    """A run on its way, which can be given up at any moment.

    A new one is then removed, by whichever comes last, the making or the giving up; both happen in
    the pool, so that it is gone even where no event loop runs any more.

    Args:
        make: makes the run, or finds it.
        fresh: whether the run is a new one.
    """

    def __init__(self, make: Callable[[], Run], *, fresh: bool) -> None:
        self._make, self._fresh = make, fresh
        self._lock = Lock()
        self._run: Run | None = None
        self._given_up = False
        self.removal = Job(self._remove)
        """Fails where a run that was given up cannot be removed."""

    def prepare(self) -> Prepared:
        """Make it; this may take long."""
        run = self._make()
        prepared = Prepared(run, run.spec, run.config)
        with self._lock:
            self._run = run
            given_up = self._given_up
        if given_up:
            self.removal.start()
        return prepared

    def give_up(self) -> None:
        """Keep nothing of it."""
        with self._lock:
            self._given_up = True
            made = self._run is not None
        if made:
            self.removal.start()

    def _remove(self) -> None:
        if self._fresh:
            assert self._run is not None
            self._run.delete()
