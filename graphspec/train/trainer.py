"""The training loop: batches in, events out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from graphspec.data.loader import Batch
from graphspec.engines.base import Array, Executable, ExecutableState, StepResult
from graphspec.engines.base import Step as Update
from graphspec.errors import (
    CheckpointError,
    DataError,
    EngineError,
    GraphspecError,
    NonFiniteError,
    RunError,
)
from graphspec.recipe.average import RunningAverage
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.rules.base import Rule, UpdateRule
from graphspec.recipe.rules.momentum import WithVelocity
from graphspec.train.agreement import (
    choose_monitor,
    number_repeats,
    refuse_part_losses,
    refuse_unknown_layers,
)
from graphspec.train.changing import Load, why_not, with_drops, with_strengths
from graphspec.train.checkpoint import Progress, TrainState
from graphspec.train.control import (
    Control,
    SaveCheckpoint,
    SetDrop,
    SetPenalty,
    SetRate,
    WriteWeights,
)
from graphspec.train.evaluate import evaluate_batches, find_answers
from graphspec.train.events import (
    AveragedMetrics,
    Changed,
    Evaluated,
    Event,
    Failed,
    Finished,
    Started,
    Step,
)
from graphspec.train.feeding import TrainingData
from graphspec.train.keeping import Keeper
from graphspec.train.objective import WholeStepper, penalty_values
from graphspec.train.steering import Steering
from graphspec.train.writer import RunWriter

Changeable = Literal["rate", "penalty", "drop", "paused"]


def train(
    executable: Executable,
    data: TrainingData,
    config: TrainConfig,
    control: Control | None = None,
    run: RunWriter | None = None,
    *,
    engine: str = "",
    reasons: tuple[str, ...] = (),
    load: Load | None = None,
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
        load: loads a changed plan as ``executable`` was loaded; without it, what layers drop
            cannot be changed while training.

    Raises:
        NonFiniteError: NaN or infinity was met; it names the first layer and the step.
        RunError: the run directory cannot be written to.
        CheckpointError: the run's checkpoint is of another model or other data.
        SpecError: the graph has no class labels, and the accuracy is to be monitored; or a penalty
            is to act on a layer that is not there; or the rule needs the whole loss, and does not
            get it.
    """
    yield from _Training(executable, data, config, control, run, load).events(engine, reasons)


class _Training:
    """One session: what changes from step to step."""

    def __init__(
        self,
        executable: Executable,
        data: TrainingData,
        config: TrainConfig,
        control: Control | None,
        run: RunWriter | None,
        load: Load | None,
    ) -> None:
        self.executable, self.data, self.config, self.run = executable, data, config, run
        self.load = load
        self.penalties: tuple[Penalty, ...] = config.penalties
        self.loader = data.loader(config)
        self.steps_per_epoch = len(self.loader)
        self.total_steps = config.steps or config.epochs * self.steps_per_epoch
        self.pair = find_answers(executable.plan)
        self.monitor = choose_monitor(config, self.pair)
        refuse_unknown_layers(config, executable.plan)
        refuse_part_losses(config, executable.plan, data.sizes["train"])
        self.penalty_names = number_repeats([penalty.kind for penalty in config.penalties])
        self.progress = Progress(rate=config.update.rate)
        self.steering = Steering(
            control or Control(),
            executable.plan,
            can_write=run is not None,
            replay=run.replay if run else (),
        )
        self.keeper = Keeper(run, config)
        # Without a control nobody could end the waiting.
        self.can_wait = control is not None
        self.whole = WholeStepper(config.seed)
        self.average: RunningAverage | None = None
        if run is not None and run.state is not None:
            self._restore(run.state)
        elif config.average is not None:
            self.average = RunningAverage(config.average.decay, executable.weights())

    def _restore(self, state: TrainState) -> None:
        self.penalties = with_strengths(self.config, state.progress.penalties)
        try:
            self._drop(state.progress.drops)
            self.executable.restore(state.executable)
            self.loader.restore(state.loader)
        except (EngineError, DataError) as error:
            raise CheckpointError(f"the run cannot go on from its checkpoint: {error}") from error
        if state.generator is not None:
            self.whole.restore(state.memory, state.generator)
        if self.config.average is not None:
            self.average = RunningAverage(self.config.average.decay, state.average)
        self.progress = state.progress

    # --- The loop ----------------------------------------------------------------------------

    def events(self, engine: str, reasons: tuple[str, ...]) -> Iterator[Event]:
        resumed = self.run is not None and self.run.state is not None
        yield from self.keeper.log(
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
        # Until here nothing would be lost.
        self.keeper.wait = self.steering.wait_for_room if self.can_wait else None
        try:
            while self.progress.step < self.total_steps and not self._is_stale():
                yield from self._replay()
                yield from self._obey()
                if self.steering.stopped:
                    break
                yield from self._one_step()
            yield from self._save()
        except (GraphspecError, MemoryError) as error:
            self.keeper.wait = None
            with suppress(RunError, NonFiniteError):
                yield from self.keeper.save_best(self._now())
            yield self._fail(error)
            raise
        reason: Literal["complete", "early-stopping", "stopped"] = "complete"
        if self.steering.stopped:
            reason = "stopped"
        elif self.progress.step < self.total_steps:
            reason = "early-stopping"
        yield from self.keeper.log(
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
        config, schedule = self.config, self.config.schedule
        rate = schedule.rate(
            self.progress.rate * schedule.share(self.progress.seen),
            step,
            steps_per_epoch=self.steps_per_epoch,
            total_steps=self.total_steps,
        )
        evaluate = self._is_evaluation_due(batch)
        save = self.keeper.is_due(step, epoch_ends=batch.last)
        before = self.executable.weights() if evaluate else {}
        rule = config.update.at(step, steps_per_epoch=self.steps_per_epoch)
        update = Update(step, rate, self.penalties, config.clip_norm, config.constraints, evaluate)
        taps = self.steering.take_taps()
        if isinstance(rule, UpdateRule):
            result = self.executable.train_step(feeds, rule, update, taps=taps)
        else:
            result = self.whole.step(self.executable, feeds, rule, update, taps)
        if self.average is not None:
            self.average.update(self.executable.weights())
        self.progress = replace(self.progress, step=step + 1)
        if (step + 1) % config.log_every == 0:
            yield from self.keeper.log(self._describe(result, feeds, rate, rule))
        if taps:
            yield from self.keeper.save_taps(result.taps, self._now())
        if evaluate:
            yield from self._evaluate(before, result.grad_norms)
        if save or self.keeper.is_overdue():
            yield from self._save()
        self.steering.step_made()

    def _describe(
        self, result: StepResult, feeds: Mapping[str, Array], rate: float, rule: Rule
    ) -> Step:
        accuracy = None
        pair = self.pair
        # A loss with weights of its own has other ones by now than those that it computed with.
        if pair is not None and pair.scores in result.values and not pair.params:
            values = result.values[pair.scores]
            right = pair.count_right(values, feeds[pair.label], {})
            accuracy = right / (len(values) * pair.labels.size)
        return Step(
            **self._now(),
            loss=result.loss + sum(result.penalties),
            losses=dict(result.losses),
            penalties=dict(zip(self.penalty_names, result.penalties, strict=True)),
            rate=rate,
            momentum=rule.momentum if isinstance(rule, WithVelocity) and rule.is_annealed else None,
            grad_norm=result.grad_norm,
            accuracy=accuracy,
        )

    # --- Evaluation --------------------------------------------------------------------------

    def _is_evaluation_due(self, batch: Batch) -> bool:
        every, step = self.config.evaluate_every, self.progress.step + 1
        return step == self.total_steps or (batch.last if every is None else step % every == 0)

    def _evaluate(self, before: Mapping[str, Array], norms: Mapping[str, float]) -> Iterator[Event]:
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
                self.keeper.remember_best(self._state())
        else:
            self.progress = replace(self.progress, stale=self.progress.stale + 1)
        yield from self.keeper.log(
            Evaluated(
                **self._now(),
                split="validation",
                loss=metrics.loss,
                losses=metrics.losses,
                accuracy=metrics.accuracy,
                examples=metrics.examples,
                penalties=self._penalties(),
                best=is_best,
                update_ratios=self._update_ratios(before),
                grad_norms=dict(norms),
                averaged=self._evaluate_average(),
            )
        )

    def _evaluate_average(self) -> AveragedMetrics | None:
        if self.average is None:
            return None
        before = self.executable.state()
        try:
            self.executable.restore(
                ExecutableState({**before.arrays, **self.average.weights()}, before.generators)
            )
            found = evaluate_batches(self.executable, self.data.batches("validation"))
            penalties = self._penalties()
        except NonFiniteError as error:
            raise NonFiniteError(error.node, error.what, self.progress.step) from None
        finally:
            self.executable.restore(before)
        return AveragedMetrics(
            loss=found.loss, losses=found.losses, accuracy=found.accuracy, penalties=penalties
        )

    def _penalties(self) -> dict[str, float]:
        values = penalty_values(self.executable, self.penalties)
        return dict(zip(self.penalty_names, values, strict=True))

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

    # --- Checkpoints and commands -------------------------------------------------------------

    def _state(self) -> TrainState:
        whole = not isinstance(self.config.update, UpdateRule)
        return TrainState(
            self.progress,
            self.executable.state(),
            self.loader.state(),
            dict(self.whole.memory),
            self.whole.generator() if whole else None,
            {} if self.average is None else self.average.weights(),
        )

    def _save(self) -> Iterator[Event]:
        if not self.keeper.has(self.progress.step):
            yield from self.keeper.save(self._state(), self._now())

    def _replay(self) -> Iterator[Event]:
        """Make the changes that an earlier session made at this step."""
        for change in self.steering.changes_to_repeat(self.progress.step):
            yield from self._change(change.field, change.of, float(change.value), replayed=True)

    def _obey(self) -> Iterator[Event]:
        """Follow the commands that wait; while paused, wait for more."""
        while (command := self.steering.next_command()) is not None:
            match command:
                case SetRate(rate=rate):
                    yield from self._change("rate", "", rate)
                case SetPenalty() | SetDrop():
                    yield from self._change_if_possible(command)
                case SaveCheckpoint():
                    yield from self._save()
                case WriteWeights():
                    weights = self.executable.weights()
                    yield from self.keeper.write_weights(weights, command, self._now())
                case _:
                    for event in self.steering.follow(command, self._now()):
                        yield from self.keeper.log(event)

    def _change_if_possible(self, command: SetPenalty | SetDrop) -> Iterator[Event]:
        reason = why_not(command, self.executable.plan.spec, self.config, self.load)
        if reason:
            yield from self.keeper.refuse(command, reason, self._now())
        elif isinstance(command, SetPenalty):
            yield from self._change("penalty", command.name, command.strength)
        else:
            yield from self._change("drop", command.layer, command.drop)

    def _change(
        self, field: Changeable, of: str, value: float, *, replayed: bool = False
    ) -> Iterator[Event]:
        event = Changed(**self._now(), field=field, of=of, value=value, replayed=replayed)
        if replayed and value == self._value(field, of):
            return
        if not replayed:
            self.steering.repeat_no_more(event.what)
        progress = self.progress
        if field == "rate":
            self.progress = replace(progress, rate=value)
        elif field == "penalty":
            self.progress = replace(progress, penalties={**progress.penalties, of: value})
            self.penalties = with_strengths(self.config, self.progress.penalties)
        elif field == "drop":
            self.progress = replace(progress, drops={**progress.drops, of: value})
            self._drop({of: value})
        # The next checkpoint differs from one that was saved at this step before.
        self.keeper.forget_saved()
        yield from self.keeper.log(event)

    def _value(self, field: Changeable, of: str) -> float | None:
        """What is in force and was changed before; None for what the settings say."""
        if field == "rate":
            return self.progress.rate
        return (self.progress.penalties if field == "penalty" else self.progress.drops).get(of)

    def _drop(self, drops: Mapping[str, float]) -> None:
        if drops and self.load is not None:
            self.executable = with_drops(self.executable, drops, self.config, self.load)

    # --- Events ------------------------------------------------------------------------------

    def _now(self) -> dict[str, Any]:
        step = self.progress.step
        return {"step": step, "epoch": step / self.steps_per_epoch, "time": self.keeper.clock()}

    def _fail(self, error: Exception) -> Event:
        place: dict[str, Any] = {}
        if isinstance(error, NonFiniteError):
            place = {"node": error.node, "what": error.what}
        message = str(error) or "there is not enough memory for a step"
        event = Failed(**self._now(), error=type(error).__name__, message=message, **place)
        # On a full disk the log cannot say so; the error itself still does.
        with suppress(RunError):
            list(self.keeper.log(event))
        return event
