"""Training of the document in front: begin, steer, and know how it stands."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QTimer, Signal

from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.train.control import Change, Pause, Resume, SaveCheckpoint, StepOnce, WriteWeights
from graphspec.train.events import Failed, Finished
from graphspec.train.history import History
from graphspec.train.lock import holder_of, is_locked
from graphspec.train.rundir import Run, runs_folder
from graphspec.train.session import create_run
from graphspec_gui.job import Job
from graphspec_gui.runs.shown import ShownRun, ShownRuns
from graphspec_gui.training.machine import Machine
from graphspec_gui.training.preparing import Preparation, Prepared
from graphspec_gui.training.worker_process import WorkerProcess

State = Literal["idle", "preparing", "running", "paused", "stopping"]
SILENT = 30.0
"""Seconds without a sign of life after which a worker is taken for one that hangs."""
_LOOK = 1_000
_ASK_AGAIN, _PATIENCE = 200, 60_000
"""Milliseconds between two looks whether another process has let go, and until that is given up."""


class TrainingController(QObject):
    """The one training that this window runs, in a child process.

    A run that somebody else trains can be shown, but not steered from here.

    Args:
        runs: where what is trained is shown.
        parent: who owns it.
    """

    changed = Signal()
    """``state``, ``run`` or ``trouble`` is another one."""
    advanced = Signal()
    """``history`` has grown."""
    failed = Signal(str)
    """A training could not be begun, or it ended with an error; why."""

    def __init__(self, runs: ShownRuns, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runs = runs
        self.worker: WorkerProcess | None = None
        self.shown: ShownRun | None = None
        self.prepared: Prepared | None = None
        self._preparation: Preparation | None = None
        self._stopping = False
        self._killed = False
        self._paused = False
        self._dropping = False
        self.trouble = ""
        """Why the last training did not go well; empty while there is nothing to say."""
        self.held = ""
        """Why it waits though nobody asked it to, as when the disk is full; else empty."""
        self._silence = 0.0
        # As it was when the history last grew.
        self._stood: tuple[State, Finished | Failed | None] = ("idle", None)
        self._watch = QTimer(self)
        self._watch.setInterval(_LOOK)
        self._watch.timeout.connect(self._look)
        runs.moved.connect(self._follow)
        self._wanted: Run | None = None
        self._asked = 0
        self._asking = QTimer(self)
        self._asking.setInterval(_ASK_AGAIN)
        self._asking.timeout.connect(self._look_if_free)

    @property
    def state(self) -> State:
        """How it stands."""
        if self._preparation is not None or self._asking.isActive():
            return "preparing"
        if self.worker is None:
            return "idle"
        if self._stopping:
            return "stopping"
        paused = bool(self.held) or (self.history is not None and self.history.paused)
        return "paused" if paused else "running"

    @property
    def history(self) -> History | None:
        """What the run that is trained here has done so far."""
        return self.shown.follower.history if self.shown else None

    @property
    def hangs(self) -> bool:
        """Whether the worker has given no sign of life for too long."""
        return self._silence >= SILENT

    def start(
        self, spec: GraphSpec, machine: Machine | None = None, *, paused: bool = False
    ) -> None:
        """Make a run of a network and train it; with ``paused``, make its first step and wait."""
        if self.state != "idle":
            return
        config, chosen = spec.training or TrainConfig(), machine or Machine()
        self._begin(
            lambda: create_run(
                spec,
                config,
                engine=chosen.engine,
                threads=chosen.threads,
                accuracy=chosen.accuracy,
            ),
            paused=paused,
            fresh=True,
        )

    def go_on(self, run: Run) -> None:
        """Go on with a run that was stopped, killed, or never begun."""
        if self.state == "idle":
            self._begin(lambda: run)

    @property
    def elsewhere(self) -> ShownRun | None:
        """The run in front, where another process trains it and nothing is trained here."""
        front = self.runs.current
        if self.state != "idle" or front is None or front.follower.status != "running":
            return None
        # The worker of this window may have ended since that was looked at.
        return None if front is self.shown and not is_locked(front.run.path) else front

    @property
    def why_not_take_over(self) -> str | None:
        """Why the run in front cannot be taken over; None where it can."""
        if self.elsewhere is None:
            return "The run in front is not being trained by another process."
        if sys.platform == "win32":
            return (
                "On Windows no program can ask another one to save and end. Stop the run where it "
                "was started, then go on with it from the Runs dock."
            )
        return None

    def take_over(self, run: Run) -> None:
        """Ask the process that trains a run to save and end, then go on with it here.

        Nothing of it is lost: the run goes on from the same step, bit for bit.
        """
        holder = holder_of(run.path)
        if self.state != "idle":
            return
        try:
            if holder is not None:
                os.kill(holder, signal.SIGINT)
        except OSError as error:
            self._tell(f"process {holder}, which trains {run.name}, cannot be asked: {error}")
            return
        self.trouble = ""
        self._wanted, self._asked = run, 0
        self._asking.start()
        self.changed.emit()

    def reset(self) -> None:
        """Begin anew the next time: stop what is trained, and take its curves away.

        The run itself stays among the runs.
        """
        self._dropping = True
        if self.worker is None:
            self._drop()
        else:
            self.stop()

    def pause(self) -> None:
        """Wait before the next step."""
        if self.worker:
            self.worker.send(Pause())

    def resume(self) -> None:
        """Go on after a pause."""
        if self.worker:
            self.worker.send(Resume())

    def step_once(self) -> None:
        """Make one step, then wait."""
        if self.worker:
            self.worker.send(StepOnce())

    def checkpoint(self) -> None:
        """Save now."""
        if self.worker:
            self.worker.send(SaveCheckpoint())

    def ask_weights(self, run: Run) -> bool:
        """Ask for the weights of now in the run's folder; False where it is not trained here."""
        worker = self.worker
        if worker is None or worker.run != run.path or self.state not in ("running", "paused"):
            return False
        return worker.send(WriteWeights())

    def change(self, command: Change) -> None:
        """Use another rate, strength or share from the next step on."""
        if self.worker:
            self.worker.send(command)

    def stop(self) -> None:
        """Finish the step, save, and end; the run can go on later. Or prepare it no further."""
        if self.state == "preparing":
            self.close()
            self.changed.emit()
        elif self.worker and not self._stopping:
            self._stopping = True
            self.worker.stop()
            self.changed.emit()

    def kill(self) -> None:
        """End a worker that does not answer; what was made since the last checkpoint is lost."""
        if self.worker:
            self._killed = True
            self.worker.kill()

    def leave_running(self) -> Path | None:
        """Let the training go on without the app; tells its run."""
        if self.worker is None:
            return None
        run = self.worker.run
        self.worker.leave_running()
        self.worker = None
        self._watch.stop()
        return run

    def close(self) -> None:
        """Begin nothing of what is still being prepared."""
        self._asking.stop()
        given_up, self._preparation = self._preparation, None
        if given_up is not None:
            given_up.give_up()

    def _begin(self, make: Callable[[], Run], *, paused: bool = False, fresh: bool = False) -> None:
        preparation = self._preparation = Preparation(make, fresh=fresh)
        preparation.removal.failed.connect(self._tell)
        self.trouble = ""
        self.changed.emit()
        self._paused = paused
        job = Job(preparation.prepare)
        job.made.connect(lambda prepared: self._prepared(prepared, preparation))
        job.failed.connect(lambda reason: self._not_prepared(reason, preparation))
        job.start()

    def _prepared(self, prepared: Prepared, preparation: Preparation) -> None:
        if preparation is not self._preparation:
            return
        self._preparation = None
        self._stopping = self._killed = False
        self.prepared, run = prepared, prepared.run
        self.shown = self.runs.show(run)
        self.shown.follower.advanced.connect(self._advanced)
        try:
            self.worker = WorkerProcess(run.path, self)
        except OSError as error:
            self._tell(f"the training cannot be started: {error.strerror}")
            return
        self.held = ""
        self.worker.ended.connect(self._ended)
        self.worker.held.connect(self._hold)
        if self._paused:
            self.worker.send(StepOnce())
        self._silence = 0.0
        self._watch.start()
        self.changed.emit()

    def _follow(self, before: ShownRun, after: ShownRun) -> None:
        """Keep to a run that has another name."""
        if before is self.shown:
            self.shown = after
            after.follower.advanced.connect(self._advanced)
            self.changed.emit()

    def _drop(self) -> None:
        self._dropping = False
        shown, self.shown, self.prepared, self.trouble = self.shown, None, None, ""
        if shown is not None and self.runs.find(shown.run) is shown:
            self.runs.drop(shown)
        self.changed.emit()

    def _look_if_free(self) -> None:
        run, self._asked = self._wanted, self._asked + _ASK_AGAIN
        assert run is not None
        if is_locked(run.path) and self._asked < _PATIENCE:
            return
        self._asking.stop()
        if is_locked(run.path):
            self._tell(f"the process that trains {run.name} does not let go of it")
        elif run.status in ("stopped", "interrupted"):
            self.go_on(run)
        else:
            self.changed.emit()  # it came to its end by itself

    def _not_prepared(self, reason: str, preparation: Preparation) -> None:
        if preparation is self._preparation:
            self._preparation = None
            self._tell(reason)

    def _advanced(self) -> None:
        hung, self._silence = self.hangs, 0.0
        stands = self.state, None if self.history is None else self.history.ended
        if hung or stands != self._stood:
            self._stood = stands
            self.changed.emit()
        self.advanced.emit()

    def _hold(self, reason: str) -> None:
        if reason != self.held:
            self.held = reason
            self.changed.emit()

    def _ended(self, code: int, text: str) -> None:
        worker, self.worker = self.worker, None
        self._watch.stop()
        self._stopping, self.held = False, ""
        if worker is not None:
            worker.deleteLater()
        if self._dropping:
            self._drop()
        if code == 0 or self._killed:
            self.changed.emit()
            return
        if code < 0:
            text = (
                f"The training was ended by the system (signal {-code}), perhaps for want of "
                "memory. Go on from its last checkpoint, or try a smaller batch."
            )
        self._tell(text.removeprefix("graphspec.worker: ") or f"the training ended with {code}")

    def _look(self) -> None:
        """Count the seconds of silence; a pause is not silence."""
        if self.state in ("running", "stopping"):
            before, self._silence = self._silence, self._silence + _LOOK / 1000
            if before < SILENT <= self._silence:
                self.changed.emit()

    def _tell(self, reason: str) -> None:
        self.trouble = reason
        self.changed.emit()
        self.failed.emit(reason)


def workspace() -> Path:
    """The folder whose runs are listed, and where new ones are made."""
    return runs_folder().absolute()
