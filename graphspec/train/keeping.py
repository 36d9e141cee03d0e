"""When a training is saved, that nothing broken is, and what happens where nothing can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np

from graphspec.engines.base import Array, Tap
from graphspec.errors import NonFiniteError, RunWriteError
from graphspec.recipe.config import TrainConfig
from graphspec.record import Record
from graphspec.train.checkpoint import TrainState
from graphspec.train.control import WriteWeights
from graphspec.train.events import Changed, Event, Refused, SessionClock, Snapshot
from graphspec.train.writer import RunWriter

# Epochs of a few milliseconds would otherwise spend their time on saving.
_SHORTEST_INTERVAL = 1.0
# How long to wait for room on the disk before looking whether there is some.
_RETRY_SECONDS = 5.0
_T = TypeVar("_T")


class Keeper:
    """Writes events and checkpoints into a run; without a run it only looks for broken numbers.

    ``clock`` tells when something happens.

    Where the system does not let it write, it pauses the training and says why, calls ``wait``
    with a number of seconds, and tries again; when that is False or None, the error ends the
    training. What is to be written stays in memory meanwhile.
    """

    wait: Callable[[float], bool] | None = None
    """Waits for somebody to make room; False when told to stop."""

    def __init__(self, run: RunWriter | None, config: TrainConfig) -> None:
        self._run, self._config = run, config
        self.clock = SessionClock() if run is None else run.clock
        # With the size of the log at that moment.
        self._best: tuple[TrainState, int] | None = None
        self._saved_at = -1 if run is None or run.state is None else run.state.progress.step
        self._saved_time = time.monotonic()

    def log(self, event: Event) -> Iterator[Event]:
        """Add an event to the history, and yield it.

        Raises:
            RunWriteError: it cannot be written.
        """
        run = self._run
        if run is not None:
            yield from self._insist(lambda: run.log(event), event, is_log=True)
        yield event

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
            RunWriteError: it cannot be written.
        """
        _refuse_broken(state)
        if self._run is None:
            return
        step = state.progress.step
        is_best = self._best is not None and self._best[0].progress.step == step
        if is_best:
            self._best = None
        yield from self.save_best(now)
        yield from self._save(state, None, now, best=is_best)
        self._saved_at, self._saved_time = step, time.monotonic()

    def save_best(self, now: dict[str, Any]) -> Iterator[Event]:
        """Save the best state if it is still in memory alone.

        Raises:
            NonFiniteError: it is broken.
            RunWriteError: it cannot be written.
        """
        if self._best is not None:
            state, log_bytes = self._best
            _refuse_broken(state)
            yield from self._save(state, log_bytes, now, best=True)
            self._best = None

    def save_taps(self, taps: Mapping[Tap, Array], now: dict[str, Any]) -> Iterator[Event]:
        """Write tapped values.

        Raises:
            RunWriteError: they cannot be written.
        """
        run = self._run
        if run is not None:
            arrays = {f"{tap.node}:{tap.what}": array for tap, array in taps.items()}
            event = Snapshot(**now, what="taps", file="")
            file = yield from self._insist(lambda: run.save_taps(now["step"], arrays), event)
            yield from self.log(event.model_copy(update={"file": file}))

    def write_weights(
        self, weights: Mapping[str, Array], command: WriteWeights, now: dict[str, Any]
    ) -> Iterator[Event]:
        """Write the weights of now for whoever watches, who does without where that fails.

        Raises:
            RunWriteError: not even that it failed can be written.
        """
        reason = "there is no run directory to write to"
        if self._run is not None:
            try:
                self._run.write_weights(weights, now["step"])
                return
            except RunWriteError as error:
                reason = str(error)
        yield from self.refuse(command, reason, now)

    def refuse(self, command: Record, reason: str, now: dict[str, Any]) -> Iterator[Event]:
        """Say in the log why a command is not followed.

        Raises:
            RunWriteError: it cannot be written.
        """
        yield from self.log(Refused(**now, command=command.model_dump_json(), reason=reason))

    def _save(
        self, state: TrainState, log_bytes: int | None, now: dict[str, Any], *, best: bool
    ) -> Iterator[Event]:
        run = self._run
        assert run is not None

        def save() -> str:
            # A pause before may have made the log longer.
            size = run.log_bytes if log_bytes is None else log_bytes
            return run.save(state, log_bytes=size, best=best)

        event = Snapshot(**now, what="checkpoint", file="")
        file = yield from self._insist(save, event)
        yield from self._insist(run.write_environment, event)
        yield from self.log(event.model_copy(update={"file": file}))

    def _insist(
        self, write: Callable[[], _T], event: Event, *, is_log: bool = False
    ) -> Generator[Event, None, _T]:
        """Write; where that fails, pause until it does not, or until told to stop."""
        now: dict[str, Any] = {"step": event.step, "epoch": event.epoch}
        paused = False
        while True:
            goes_on = Changed(**now, time=self.clock(), field="paused", value=False)
            try:
                # In the log, a pause ends before what had to wait for its end.
                if paused and is_log and self._run is not None:
                    self._run.log(goes_on)
                result = write()
            except RunWriteError as error:
                if self.wait is None:
                    raise
                if not paused:
                    paused = True
                    yield self._try_to_log(
                        Changed(
                            **now,
                            time=self.clock(),
                            field="paused",
                            value=True,
                            reason=str(error),
                        )
                    )
                if not self.wait(_RETRY_SECONDS):
                    raise
            else:
                if paused:
                    yield goes_on if is_log else self._try_to_log(goes_on)
                return result

    def _try_to_log(self, event: Event) -> Event:
        """Log a pause: a full disk may still have room for a line."""
        if self._run is not None:
            with suppress(RunWriteError):
                self._run.log(event)
        return event


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
