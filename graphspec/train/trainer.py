"""The training loop: batches in, events out."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal, TypeVar

import numpy as np

from graphspec.data.loader import Batch
from graphspec.engines.base import Array, Executable, StepResult, Tap
from graphspec.engines.base import Step as Update
from graphspec.errors import (
    CheckpointError,
    DataError,
    EngineError,
    GraphspecError,
    NonFiniteError,
    RunError,
)
from graphspec.recipe.config import TrainConfig
from graphspec.train.agreement import choose_monitor, number_repeats, refuse_unknown_layers
from graphspec.train.checkpoint import Progress, TrainState
from graphspec.train.control import (
    Command,
    Control,
    Pause,
    Resume,
    SaveCheckpoint,
    SetRate,
    StepOnce,
    Stop,
    TakeTaps,
    TapRequest,
    Unreadable,
)
from graphspec.train.evaluate import count_right, evaluate_batches, find_class_scores
from graphspec.train.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Finished,
    Refused,
    Snapshot,
    Started,
    Step,
)
from graphspec.train.feeding import TrainingData
from graphspec.train.writer import RunWriter

# Epochs of a few milliseconds would otherwise spend their time on saving.
_SHORTEST_INTERVAL = 1.0
_Event = TypeVar("_Event", bound=Event)


def train(
    executable: Executable,
    data: TrainingData,
    config: TrainConfig,
    control: Control | None = None,
    run: RunWriter | None = None,
    *,
    engine: str = "",
    reasons: tuple[str, ...] = (),
) -> Iterator[Event]:
    """Train, and yield what happens; with a run, everything is also written there.

    It goes on from the run's newest checkpoint. The order of the batches and every other draw
    come from generators that are saved with it, so that a resumed training makes the same steps
    as one that was never interrupted.

    Args:
        executable: what is trained.
        data: what it is trained and evaluated on.
        config: the settings.
        control: commands to be followed between steps.
        run: where events and checkpoints go.
        engine: the engine's name, for the log.
        reasons: why going on from the run's checkpoint will not be exact.

    Raises:
        NonFiniteError: NaN or infinity was met; it names the first layer and the step.
        RunError: the run directory cannot be written to.
        CheckpointError: the run's checkpoint is of another model or other data.
        SpecError: the graph has no class scores, and the accuracy is to be monitored; or a penalty
            is to act on a layer that is not there.
    """
    yield from _Training(executable, data, config, control, run).events(engine, reasons)


class _Training:
    """One session: what changes from step to step."""

    def __init__(
        self,
        executable: Executable,
        data: TrainingData,
        config: TrainConfig,
        control: Control | None,
        run: RunWriter | None,
    ) -> None:
        self.executable, self.data, self.config, self.run = executable, data, config, run
        self.control = control or Control()
        self.loader = data.loader(config)
        self.steps_per_epoch = len(self.loader)
        self.total_steps = config.steps or config.epochs * self.steps_per_epoch
        self.pair = find_class_scores(executable.plan)
        self.monitor = choose_monitor(config, self.pair)
        refuse_unknown_layers(config, executable.plan)
        self.penalty_names = number_repeats([penalty.kind for penalty in config.penalties])
        self.progress = Progress(rate=config.update.rate)
        # With the size of the log at that moment.
        self.best_state: tuple[TrainState, int] | None = None
        self.saved_at = -1
        self.saved_time = time.monotonic()
        self.paused = self.stopped = False
        self.single_steps = 0
        self.taps: tuple[Tap, ...] = ()
        self.replay = list(run.replay) if run else []
        if run is not None and run.state is not None:
            self._restore(run.state)

    def _restore(self, state: TrainState) -> None:
        try:
            self.executable.restore(state.executable)
            self.loader.restore(state.loader)
        except (EngineError, DataError) as error:
            raise CheckpointError(f"the run cannot go on from its checkpoint: {error}") from error
        self.progress = state.progress
        self.saved_at = state.progress.step

    # --- The loop ----------------------------------------------------------------------------

    def events(self, engine: str, reasons: tuple[str, ...]) -> Iterator[Event]:
        resumed = self.run is not None and self.run.state is not None
        yield self._log(
            Started(
                **self._now(),
                model=self.executable.plan.spec.name,
                engine=engine,
                params=sum(
                    math.prod(param.shape)
                    for param in self.executable.plan.params.values()
                    if param.trained
                ),
                steps_per_epoch=self.steps_per_epoch,
                total_steps=self.total_steps,
                examples=self.data.sizes,
                resumed=resumed,
                exact=not (resumed and reasons),
                reasons=reasons if resumed else (),
            )
        )
        try:
            while self.progress.step < self.total_steps and not self._is_stale():
                yield from self._replay()
                yield from self._obey()
                if self.stopped:
                    break
                yield from self._one_step()
            yield from self._save()
        except (GraphspecError, MemoryError) as error:
            with suppress(RunError, NonFiniteError):
                yield from self._save_best()
            yield self._fail(error)
            raise
        reason: Literal["complete", "early-stopping", "stopped"] = "complete"
        if self.stopped:
            reason = "stopped"
        elif self.progress.step < self.total_steps:
            reason = "early-stopping"
        yield self._log(
            Finished(
                **self._now(),
                reason=reason,
                monitor=self.monitor if self.progress.best_step is not None else None,
                best_step=self.progress.best_step,
                best_value=self.progress.best_value,
            )
        )

    def _one_step(self) -> Iterator[Event]:
        step = self.progress.step
        batch = self.loader.next_batch()
        feeds = self.data.feeds(batch)
        schedule = self.config.schedule
        rate = schedule.rate(
            self.progress.rate * schedule.share(self.progress.seen),
            step,
            steps_per_epoch=self.steps_per_epoch,
            total_steps=self.total_steps,
        )
        evaluate, save = self._is_evaluation_due(batch), self._is_checkpoint_due(batch)
        before = self.executable.weights() if evaluate else {}
        taps, self.taps = self.taps, ()
        result = self.executable.train_step(
            feeds,
            self.config.update,
            Update(
                step, rate, self.config.penalties, self.config.clip_norm, self.config.constraints
            ),
            taps=taps,
        )
        self.progress = replace(self.progress, step=step + 1)
        if (step + 1) % self.config.log_every == 0:
            yield self._log(self._describe(result, feeds, rate))
        if taps and self.run is not None:
            arrays = {f"{tap.node}:{tap.what}": array for tap, array in result.taps.items()}
            file = self.run.save_taps(step + 1, arrays)
            yield self._log(Snapshot(**self._now(), what="taps", file=file))
        if evaluate:
            yield from self._evaluate(before)
        if save or self._is_checkpoint_overdue():
            yield from self._save()
        self.single_steps = max(0, self.single_steps - 1)

    def _describe(self, result: StepResult, feeds: Mapping[str, Array], rate: float) -> Step:
        accuracy = None
        if self.pair is not None and self.pair.scores in result.values:
            labels = feeds[self.pair.label]
            accuracy = count_right(result.values[self.pair.scores], labels) / len(labels)
        return Step(
            **self._now(),
            loss=result.loss + sum(result.penalties),
            losses=dict(result.losses),
            penalties=dict(zip(self.penalty_names, result.penalties, strict=True)),
            rate=rate,
            grad_norm=result.grad_norm,
            accuracy=accuracy,
        )

    # --- Evaluation --------------------------------------------------------------------------

    def _is_evaluation_due(self, batch: Batch) -> bool:
        every, step = self.config.evaluate_every, self.progress.step + 1
        return step == self.total_steps or (batch.last if every is None else step % every == 0)

    def _evaluate(self, before: Mapping[str, Array]) -> Iterator[Event]:
        """Evaluate on the validation split; ``before`` are the weights before the last update."""
        if "validation" not in self.data.parts:
            return
        try:
            metrics = evaluate_batches(self.executable, self.data.batches("validation"))
        except NonFiniteError as error:
            raise NonFiniteError(error.node, error.what, self.progress.step) from None
        value = metrics.loss if self.monitor == "loss" else metrics.accuracy
        assert value is not None  # the monitor was checked against the graph
        seen = self.config.schedule.watch(
            self.progress.seen, value, lower_is_better=self.monitor == "loss"
        )
        self.progress = replace(self.progress, seen=seen)
        is_best = self._is_best(value)
        if is_best:
            self.progress = replace(
                self.progress, best_step=self.progress.step, best_value=value, stale=0
            )
            if self.run is not None:
                self.best_state = self._state(), self.run.log_bytes
        else:
            self.progress = replace(self.progress, stale=self.progress.stale + 1)
        yield self._log(
            Evaluated(
                **self._now(),
                split="validation",
                loss=metrics.loss,
                losses=metrics.losses,
                accuracy=metrics.accuracy,
                examples=metrics.examples,
                best=is_best,
                update_ratios=self._update_ratios(before),
            )
        )

    def _is_best(self, value: float) -> bool:
        best = self.progress.best_value
        if best is None:
            return True
        stopping = self.config.early_stopping
        margin = stopping.min_change if stopping else 0.0
        return value < best - margin if self.monitor == "loss" else value > best + margin

    def _is_stale(self) -> bool:
        stopping = self.config.early_stopping
        return stopping is not None and self.progress.stale >= stopping.patience

    def _update_ratios(self, before: Mapping[str, Array]) -> dict[str, float]:
        """‖Δw‖/‖w‖ of each parameter that is trained; those that are all zeros are left out."""
        ratios = {}
        now = self.executable.weights() if before else {}
        for name, param in self.executable.plan.params.items():
            if param.trained and name in before:
                size = float(np.linalg.norm(before[name]))
                if size > 0:
                    ratios[name] = float(np.linalg.norm(now[name] - before[name])) / size
        return ratios

    # --- Checkpoints -------------------------------------------------------------------------

    def _is_checkpoint_due(self, batch: Batch) -> bool:
        every = self.config.checkpoint_every
        if every is not None:
            return (self.progress.step + 1) % every == 0
        return batch.last and time.monotonic() - self.saved_time >= _SHORTEST_INTERVAL

    def _is_checkpoint_overdue(self) -> bool:
        limit = self.config.checkpoint_seconds
        return limit is not None and time.monotonic() - self.saved_time >= limit

    def _state(self) -> TrainState:
        return TrainState(self.progress, self.executable.state(), self.loader.state())

    def _save(self) -> Iterator[Event]:
        """Save a checkpoint of now, and before it the best one if it has not been saved yet."""
        if self.saved_at == self.progress.step:
            return
        state = self._state()
        self._refuse_broken(state)
        if self.run is None:
            return
        best = self.best_state
        is_best = best is not None and best[0].progress.step == self.progress.step
        if is_best:
            self.best_state = None
        yield from self._save_best()
        file = self.run.save(state, log_bytes=self.run.log_bytes, best=is_best)
        self.saved_at, self.saved_time = self.progress.step, time.monotonic()
        yield self._log(Snapshot(**self._now(), what="checkpoint", file=file))

    def _save_best(self) -> Iterator[Event]:
        """Save the best state if it is still in memory alone."""
        best, self.best_state = self.best_state, None
        if best is not None and self.run is not None:
            state, log_bytes = best
            self._refuse_broken(state)
            file = self.run.save(state, log_bytes=log_bytes, best=True)
            yield self._log(Snapshot(**self._now(), what="checkpoint", file=file))

    def _refuse_broken(self, state: TrainState) -> None:
        """Refuse to keep a state that an update broke though its gradients were finite.

        Saving it would push out the last good checkpoint, and a run that ends with it would look
        as if it had been a success.
        """
        for name, array in state.executable.arrays.items():
            if not np.isfinite(array).all():
                weight, _, slot = name.partition("/")
                layer, _, local = weight.rpartition(".")
                what = f"{slot} of {local}" if slot else local
                raise NonFiniteError(layer, what, max(0, self.progress.step - 1))

    # --- Commands ----------------------------------------------------------------------------

    def _replay(self) -> Iterator[Event]:
        """Make the changes that an earlier session made at this step."""
        while self.replay and self.replay[0].step <= self.progress.step:
            rate = float(self.replay.pop(0).value)
            if rate != self.progress.rate:
                yield self._set_rate(rate, replayed=True)

    def _obey(self) -> Iterator[Event]:
        """Follow the commands that wait; while paused, wait for more."""
        while not self.stopped:
            command = self.control.take(wait=self.paused and not self.single_steps)
            if command is None:
                return
            yield from self._follow(command)

    def _follow(self, command: Command) -> Iterator[Event]:
        match command:
            case Stop():
                self.stopped = True
            case Pause():
                yield from self._pause(True)
            case Resume():
                self.single_steps = 0
                yield from self._pause(False)
            case StepOnce():
                yield from self._pause(True)
                self.single_steps += 1
            case SetRate(rate=rate):
                self.replay.clear()
                yield self._set_rate(rate)
            case SaveCheckpoint():
                yield from self._save()
            case TakeTaps():
                yield from self._plan_taps(command)
            case Unreadable(command=text, reason=reason):
                yield self._log(Refused(**self._now(), command=text, reason=reason))

    def _pause(self, paused: bool) -> Iterator[Event]:
        if paused != self.paused:
            self.paused = paused
            yield self._log(Changed(**self._now(), field="paused", value=paused))

    def _set_rate(self, rate: float, *, replayed: bool = False) -> Event:
        self.progress = replace(self.progress, rate=rate)
        # The next checkpoint differs from one that was saved at this step before.
        self.saved_at = -1
        return self._log(Changed(**self._now(), field="rate", value=rate, replayed=replayed))

    def _plan_taps(self, command: TakeTaps) -> Iterator[Event]:
        plan = self.executable.plan
        reason = "there is no run directory to write to" if self.run is None else ""
        for tap in command.taps:
            tensor = plan.inputs.get(tap.node)
            if tensor is None and tap.node not in plan.by_id:
                reason = f"the graph has no layer {tap.node!r}"
            elif tensor is not None and tensor.dtype == "int" and tap.what == "grad":
                reason = f"{tap.node!r} is a label and has no gradient"
        if reason:
            text = command.model_dump_json()[:200]
            yield self._log(Refused(**self._now(), command=text, reason=reason))
        else:
            self.taps = tuple(dict.fromkeys((*self.taps, *map(_as_tap, command.taps))))

    # --- Events ------------------------------------------------------------------------------

    def _now(self) -> dict[str, Any]:
        step = self.progress.step
        return {"step": step, "epoch": step / self.steps_per_epoch}

    def _log(self, event: _Event) -> _Event:
        if self.run is not None:
            self.run.log(event)
        return event

    def _fail(self, error: Exception) -> Event:
        place: dict[str, Any] = {}
        if isinstance(error, NonFiniteError):
            place = {"node": error.node, "what": error.what}
        message = str(error) or "there is not enough memory for a step"
        event = Failed(**self._now(), error=type(error).__name__, message=message, **place)
        # On a full disk the log cannot say so; the error itself still does.
        with suppress(RunError):
            self._log(event)
        return event


def _as_tap(request: TapRequest) -> Tap:
    return Tap(request.node, request.what)
