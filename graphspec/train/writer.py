"""The one writer of a run directory: it holds the lock, adds to the log, saves checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graphspec import atomic
from graphspec.engines.base import Array
from graphspec.errors import RunWriteError
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.preprocess.pipeline import Pipeline
from graphspec.train import rundir
from graphspec.train.checkpoint import (
    CheckpointFolder,
    TrainState,
    write_arrays,
    write_passing_weights,
)
from graphspec.train.events import Changed, Event, SessionClock
from graphspec.train.lock import RunLock
from graphspec.train.log import LogWriter, changes_to_replay, cut, events_backwards
from graphspec.train.tensorboard import FOLDER, LiveWriter


class RunWriter:
    """Writes a run; opening it takes the lock and brings the folder into order.

    The log is cut back to the newest checkpoint that is whole. ``state`` is that checkpoint (None:
    training begins at the beginning) and ``replay`` the changes that have to be made again on
    the way. ``clock`` tells the time of events, later than of all that have been logged.

    Raises:
        RunLockedError: another process is writing to it.
        RunWriteError: the folder cannot be written to.
        CheckpointError: there are checkpoints, and all are damaged.
    """

    def __init__(self, path: Path, config: TrainConfig) -> None:
        self.path = path
        self._environment: dict[str, Any] | None = None
        self._lock = RunLock(path)
        self._lock.acquire()
        try:
            with self._explaining("open"):
                self._open(config)
        except BaseException:
            self._lock.release()
            raise

    def _open(self, config: TrainConfig) -> None:
        self._checkpoints = CheckpointFolder(self.path / rundir.CHECKPOINTS, config.keep)
        newest = self._checkpoints.newest()
        self.state: TrainState | None = None
        step = offset = 0
        if newest is not None:
            entry, self.state = newest
            step, offset = entry.step, entry.log_bytes
            self._checkpoints.forget_after(entry)
        self._checkpoints.clean()
        # An earlier session's; where they cannot be removed, the next ones take their place.
        with suppress(OSError):
            (self.path / rundir.PASSING_WEIGHTS).unlink(missing_ok=True)
        log, lost = self.path / rundir.EVENTS, self.path / rundir.LOST
        kept = cut(log, lost, step=step, offset=offset)
        latest = [*kept[-1:], *islice(events_backwards(lost), 1)]
        self.clock = SessionClock(max((event.time for event in latest), default=0.0))
        self.replay: list[Changed] = changes_to_replay(kept, lost, step)
        self._log = LogWriter(log)
        self._live = LiveWriter(self.path / FOLDER) if config.tensorboard else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the run to whoever wants to write to it next."""
        with suppress(OSError):
            self._log.sync()
        self._log.close()
        if self._live is not None:
            self._live.close()
        self._lock.release()

    def log(self, event: Event) -> None:
        """Add an event to the history.

        Raises:
            RunWriteError: it cannot be written.
        """
        with self._explaining("add to the log of"):
            # In this order, as it may be tried again: curves may have a point twice, the log not.
            if self._live is not None:
                self._live.write(event)
            self._log.write(event)

    @property
    def log_bytes(self) -> int:
        """The size of the log."""
        return self._log.size

    def save(self, state: TrainState, *, log_bytes: int, best: bool) -> str:
        """Save a checkpoint and return its path inside the run, with forward slashes.

        ``log_bytes`` is the size that the log had when the state was taken.

        Raises:
            RunWriteError: it cannot be written; the checkpoints before it are untouched.
        """
        with self._explaining("save a checkpoint of"):
            # The manifest will say how long the log is; so much of it must survive a power cut.
            self._log.sync()
            name = self._checkpoints.add(state, log_bytes=log_bytes, best=best)
        return f"{rundir.CHECKPOINTS}/{name}"

    def save_taps(self, step: int, arrays: Mapping[str, Array]) -> str:
        """Write tapped values and return their path inside the run.

        Raises:
            RunWriteError: they cannot be written.
        """
        name = f"{rundir.TAPS}/step-{step:08d}.safetensors"
        with self._explaining("write taps of"):
            (self.path / rundir.TAPS).mkdir(exist_ok=True)
            write_arrays(self.path / name, arrays)
        return name

    def write_weights(self, weights: Mapping[str, Array], step: int) -> None:
        """Write the weights of a step for whoever watches; the next ones take their place.

        Raises:
            RunWriteError: they cannot be written.
        """
        path = self.path / rundir.PASSING_WEIGHTS
        with self._explaining("write weights of"):
            path.parent.mkdir(exist_ok=True)
            write_passing_weights(path, weights, step)

    def save_pipeline(self, pipeline: Pipeline) -> None:
        """Keep what the preprocessing was fitted to.

        Raises:
            RunWriteError: it cannot be written.
        """
        with self._explaining("write to"):
            write_arrays(self.path / rundir.PREPROCESS, pipeline.fitted)

    def keep_environment(self, environment: dict[str, Any]) -> None:
        """Note what the bits of the result depend on; it is written behind the next checkpoint.

        Until then the newest checkpoint is an earlier session's, and so is what stands in the file.
        """
        self._environment = environment

    def write_environment(self) -> None:
        """Write what was noted, once: a checkpoint of this session is there.

        Raises:
            RunWriteError: it cannot be written.
        """
        if self._environment is not None:
            text = json.dumps(self._environment, indent=2, ensure_ascii=False) + "\n"
            with self._explaining("write to"):
                atomic.write_text(self.path / rundir.ENVIRONMENT, text)
            self._environment = None

    def save_config(self, config: TrainConfig) -> None:
        """Keep changed settings.

        Raises:
            RunWriteError: they cannot be written.
        """
        with self._explaining("write to"):
            atomic.write_text(self.path / rundir.CONFIG, config.model_dump_json(indent=2) + "\n")

    @contextmanager
    def _explaining(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise RunWriteError(
                f"cannot {what} the run {str(self.path)!r}: {reason}. What was saved before is "
                f"whole; make room or allow writing, then go on with: graphspec resume {self.path}"
            ) from error
