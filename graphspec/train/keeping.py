"""When a training is saved, and that nothing broken is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from graphspec.engines.base import Array, Tap
from graphspec.errors import NonFiniteError
from graphspec.recipe.config import TrainConfig
from graphspec.train.checkpoint import TrainState
from graphspec.train.events import Event, Snapshot
from graphspec.train.writer import RunWriter

# Epochs of a few milliseconds would otherwise spend their time on saving.
_SHORTEST_INTERVAL = 1.0
_Event = TypeVar("_Event", bound=Event)


class Keeper:
    """Writes events and checkpoints into a run; without a run it only looks for broken numbers."""

    def __init__(self, run: RunWriter | None, config: TrainConfig) -> None:
        self._run, self._config = run, config
        # With the size of the log at that moment.
        self._best: tuple[TrainState, int] | None = None
        self._saved_at = -1 if run is None or run.state is None else run.state.progress.step
        self._saved_time = time.monotonic()

    def log(self, event: _Event) -> _Event:
        """Add an event to the history, and give it back.

        Raises:
            RunError: it cannot be written.
        """
        if self._run is not None:
            self._run.log(event)
        return event

    def is_due(self, step: int, *, epoch_ends: bool) -> bool:
        """Whether the settings ask for a checkpoint once a step (from 0) has been made."""
        every = self._config.checkpoint_every
        if every is not None:
            return (step + 1) % every == 0
        return epoch_ends and time.monotonic() - self._saved_time >= _SHORTEST_INTERVAL

    def is_overdue(self) -> bool:
        """Whether the last checkpoint is older than the settings allow."""
        limit = self._config.checkpoint_seconds
        return limit is not None and time.monotonic() - self._saved_time >= limit

    def has(self, step: int) -> bool:
        """Whether a checkpoint of this step is saved."""
        return self._saved_at == step

    def forget_saved(self) -> None:
        """Save again, even at the same step: something else has changed."""
        self._saved_at = -1

    def remember_best(self, state: TrainState) -> None:
        """Keep the best state in memory until the next checkpoint is due."""
        if self._run is not None:
            self._best = state, self._run.log_bytes

    def save(self, state: TrainState, now: dict[str, Any]) -> Iterator[Event]:
        """Save a checkpoint of now, and before it the best one if it has not been saved yet.

        Raises:
            NonFiniteError: the state is broken.
            RunError: it cannot be written.
        """
        _refuse_broken(state)
        if self._run is None:
            return
        step = state.progress.step
        is_best = self._best is not None and self._best[0].progress.step == step
        if is_best:
            self._best = None
        yield from self.save_best(now)
        file = self._run.save(state, log_bytes=self._run.log_bytes, best=is_best)
        self._saved_at, self._saved_time = step, time.monotonic()
        yield self.log(Snapshot(**now, what="checkpoint", file=file))

    def save_best(self, now: dict[str, Any]) -> Iterator[Event]:
        """Save the best state if it is still in memory alone.

        Raises:
            NonFiniteError: it is broken.
            RunError: it cannot be written.
        """
        best, self._best = self._best, None
        if best is not None and self._run is not None:
            state, log_bytes = best
            _refuse_broken(state)
            file = self._run.save(state, log_bytes=log_bytes, best=True)
            yield self.log(Snapshot(**now, what="checkpoint", file=file))

    def save_taps(self, taps: Mapping[Tap, Array], now: dict[str, Any]) -> Iterator[Event]:
        """Write tapped values.

        Raises:
            RunError: they cannot be written.
        """
        if self._run is not None:
            arrays = {f"{tap.node}:{tap.what}": array for tap, array in taps.items()}
            file = self._run.save_taps(now["step"], arrays)
            yield self.log(Snapshot(**now, what="taps", file=file))


def _refuse_broken(state: TrainState) -> None:
    """Refuse to keep a state that an update broke though its gradients were finite.

    Saving it would push out the last good checkpoint, and a run that ends with it would look
    as if it had been a success.
    """
    for name, array in state.executable.arrays.items():
        if not np.isfinite(array).all():
            weight, _, slot = name.partition("/")
            layer, _, local = weight.rpartition(".")
            what = f"{slot} of {local}" if slot else local
            raise NonFiniteError(layer, what, max(0, state.progress.step - 1))
