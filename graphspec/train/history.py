"""The history of a run as curves: arrays that grow as its events are read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy

import numpy as np
import numpy.typing as npt

from graphspec.train.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Finished,
    Snapshot,
    Started,
    Step,
)

_FIRST = 256
Numbers = npt.NDArray[np.float64]


def scalars_of(event: Event) -> dict[str, float]:
    """The numbers of an event by tag; the part before the slash is the section.

    Sections are ``train``, the evaluated splits, ``update_ratio`` and ``grad_norm`` (by parameter).
    """
    if isinstance(event, Step):
        return {
            tag: getattr(event, field) if name is None else getattr(event, field)[name]
            for tag, (field, name) in places_of(event).items()
        }
    if isinstance(event, Evaluated):
        found = {f"{event.split}/loss": event.loss}
        for name, value in event.penalties.items():
            found[f"{event.split}/penalty.{name}"] = value
        if event.accuracy is not None:
            found[f"{event.split}/accuracy"] = event.accuracy
        if event.averaged is not None:
            found[f"{event.split}/loss.averaged"] = event.averaged.loss
            if event.averaged.accuracy is not None:
                found[f"{event.split}/accuracy.averaged"] = event.averaged.accuracy
        found |= {f"update_ratio/{name}": value for name, value in event.update_ratios.items()}
        return found | {f"grad_norm/{name}": value for name, value in event.grad_norms.items()}
    return {}


def places_of(step: Step) -> dict[str, tuple[str, str | None]]:
    """Where the number of each tag stands in a step: its field, and its name inside of it."""
    places: dict[str, tuple[str, str | None]] = {
        "train/loss": ("loss", None),
        "train/rate": ("rate", None),
        "train/grad_norm": ("grad_norm", None),
    }
    if step.momentum is not None:
        places["train/momentum"] = "momentum", None
    if len(step.losses) > 1 or step.penalties:
        places |= {f"train/loss.{name}": ("losses", name) for name in step.losses}
    places |= {f"train/penalty.{name}": ("penalties", name) for name in step.penalties}
    if step.accuracy is not None:
        places["train/accuracy"] = "accuracy", None
    return places


class Series:
    """One curve: ``steps`` (N,), ``epochs`` (N,), ``times`` (N,) in Unix seconds, ``values`` (N,).

    The arrays are views of what has been read so far; a longer one is made when more is read.
    """

    def __init__(self) -> None:
        self._rows = np.empty((4, _FIRST))
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, points: Sequence[tuple[float, float, float, float]]) -> None:
        """More points, each as step, epoch, time and value."""
        # All at once: point by point took longer than reading the log.
        self._append(np.array(points, dtype=np.float64).T)

    def extend(self, other: Series) -> None:
        """All points of another one after these."""
        self._append(other._rows[:, : len(other)])

    def add_columns(self, *columns: Numbers) -> None:
        """More points: their steps, epochs, times and values."""
        self._append(np.stack(columns))

    def _append(self, rows: Numbers) -> None:
        size = self._size + rows.shape[1]
        if size > self._rows.shape[1]:
            larger = np.empty((4, max(size, 2 * self._size)))
            larger[:, : self._size] = self._rows[:, : self._size]
            self._rows = larger
        self._rows[:, self._size : size] = rows
        self._size = size

    @property
    def steps(self) -> Numbers:
        """Updates made before each point."""
        return self._rows[0, : self._size]

    @property
    def epochs(self) -> Numbers:
        """Passes over the training split before each point."""
        return self._rows[1, : self._size]

    @property
    def times(self) -> Numbers:
        """When each was made."""
        return self._rows[2, : self._size]

    @property
    def values(self) -> Numbers:
        """The numbers themselves; NaN and infinity are kept."""
        return self._rows[3, : self._size]


class History:
    """What the events of a run that have been read so far say, as curves by tag.

    ``begun`` is the moment of the first event, in Unix seconds.
    ``started`` is the beginning of the latest session, ``ended`` its end (None while it goes on),
    ``last`` the latest event of any kind. ``changes`` and ``snapshots`` are in order.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.series: dict[str, Series] = {}
        self.changes: list[Changed] = []
        self.snapshots: list[Snapshot] = []
        self.begun: float | None = None
        self.started: Started | None = None
        self.ended: Finished | Failed | None = None
        self.last: Event | None = None
        self.paused = False
        self.add(events)

    def add(self, events: Iterable[Event]) -> None:
        """Read on."""
        points: dict[str, list[tuple[float, float, float, float]]] = {}
        for event in events:
            self.last = event
            self.begun = event.time if self.begun is None else self.begun
            for tag, value in scalars_of(event).items():
                points.setdefault(tag, []).append((event.step, event.epoch, event.time, value))
            if isinstance(event, Started):
                self.started, self.ended, self.paused = event, None, False
            elif isinstance(event, Finished | Failed):
                self.ended, self.paused = event, False
            elif isinstance(event, Changed):
                self.changes.append(event)
                if event.field == "paused":
                    self.paused = bool(event.value)
            elif isinstance(event, Snapshot):
                self.snapshots.append(event)
        for tag, found in points.items():
            self.series.setdefault(tag, Series()).add(found)

    def add_steps(
        self,
        steps: Numbers,
        epochs: Numbers,
        times: Numbers,
        values: Mapping[str, Numbers],
        last: Step,
    ) -> None:
        """Read on by many steps at once: where they stand, and their values by tag."""
        self.last = last
        self.begun = float(times[0]) if self.begun is None else self.begun
        for tag, column in values.items():
            self.series.setdefault(tag, Series()).add_columns(steps, epochs, times, column)

    def as_of_now(self) -> History:
        """The same, which stays as it is while this one reads on; only this one may.

        Their curves share arrays, so that a thread may read a long log and the one that draws it
        copies nothing.
        """
        now = copy(self)
        now.series = {tag: copy(series) for tag, series in self.series.items()}
        now.changes, now.snapshots = list(self.changes), list(self.snapshots)
        return now

    def extend(self, later: History) -> None:
        """Add what another one has read of the same run, from where this one ends."""
        if later.last is None:
            return
        for tag, series in later.series.items():
            self.series.setdefault(tag, Series()).extend(series)
        self.changes += later.changes
        self.snapshots += later.snapshots
        self.last = later.last
        self.begun = later.begun if self.begun is None else self.begun
        if later.started is not None:
            self.started, self.ended, self.paused = later.started, later.ended, later.paused
        elif later.ended is not None:
            self.ended, self.paused = later.ended, False
        elif any(change.field == "paused" for change in later.changes):
            self.paused = later.paused
