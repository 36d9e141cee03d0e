"""A run from its folder: make one, and train it or go on with it."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from graphspec import atomic, document
from graphspec.check import refuse_oversize
from graphspec.data import load_data
from graphspec.data.dataset import Dataset
from graphspec.engines.base import Engine
from graphspec.engines.choosing import (
    AS_BEFORE,
    Accuracy,
    Choice,
    open_engine,
    reopen_engine,
)
from graphspec.errors import CheckpointError, DataError, GraphspecError, RunError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.schedules.plateau import Plateau
from graphspec.train import environment, rundir
from graphspec.train.control import Control
from graphspec.train.events import Event, Failed
from graphspec.train.feeding import bind, divide
from graphspec.train.rundir import Run, runs_folder
from graphspec.train.trainer import train
from graphspec.train.writer import RunWriter

# Schedules are smooth: where two differ, they differ at some of so many steps.
_COMPARED = 100
CHANGEABLE = frozenset(
    {
        "epochs",
        "steps",
        "early_stopping",
        "evaluate_every",
        "checkpoint_every",
        "checkpoint_seconds",
        "keep",
        "log_every",
        "tensorboard",
    }
)
"""Settings that may differ when a run goes on: when it ends, and how often it tells and saves."""


def create_run(
    spec: GraphSpec,
    config: TrainConfig,
    path: str | os.PathLike[str] | None = None,
    *,
    engine: str | None = None,
    threads: int | None = None,
    accuracy: Accuracy = "fast",
    data: Dataset | None = None,
) -> Run:
    """Make a run directory that is ready to be trained; nothing is trained yet.

    Args:
        spec: the network; it must compile.
        config: the settings.
        path: the new folder; None makes one in the runs folder, named after the network.
        engine: the engine that will train it; None takes the fastest that can.
        threads: how many threads the jit engine takes; None: all cores that there are.
        accuracy: of the jit engine.
        data: what it will be trained on, where that is known: a set that does not fit leaves no
            folder behind.

    Raises:
        SpecError: the graph has problems, or would not fit into memory.
        DataError: the data does not fit the graph.
        EngineError: there is no such engine.
        RunError: the folder cannot be made, or is not empty.
    """
    plan = compile_graph(spec)
    opened = open_engine(engine, config.dtype, threads=threads, accuracy=accuracy)
    refuse_oversize(
        spec.model_copy(update={"training": config}),
        plan,
        workspace=partial(opened.workspace, plan),
    )
    if data is not None:
        bind(plan, data, config.preprocess)
    folder = new_folder(spec.name) if path is None else Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise RunError(
                f"{str(folder)!r} is not empty. Choose a new folder, or go on with the run in it: "
                f"graphspec resume {folder}"
            )
        atomic.write_text(folder / rundir.CONFIG, config.model_dump_json(indent=2) + "\n")
        atomic.write_text(
            folder / rundir.ENVIRONMENT, json.dumps(environment.capture(opened), indent=2) + "\n"
        )
        # Last, because it is what makes the folder a run.
        document.save(spec, folder / rundir.SPEC)
    except OSError as error:
        raise RunError(f"cannot make the run {str(folder)!r}: {error.strerror}") from error
    return Run(folder)


def new_folder(name: str) -> Path:
    """A folder in the runs folder that is not there yet, named after a network or a method."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "run"
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return runs_folder() / f"{plain}-{stamp}-{secrets.token_hex(2)}"


def train_run(
    path: str | os.PathLike[str],
    *,
    data: Dataset | None = None,
    control: Control | None = None,
    config: TrainConfig | None = None,
    choice: Choice = AS_BEFORE,
) -> Iterator[Event]:
    """Train a run, or go on from its newest checkpoint, and yield what happens.

    The run is locked from the first event on, until the iterator is used up or closed.

    Args:
        path: the run directory.
        data: the examples; None loads what the settings name.
        control: commands to be followed between steps.
        config: changed settings, of which ``CHANGEABLE`` may differ.
        choice: another engine, number of threads or accuracy than the run's; any of them changes
            the last bits, so that the result is not exact.

    Raises:
        RunLockedError: another process is writing to it.
        RunError: the folder is no run, is damaged, or cannot be written to.
        CheckpointError: no checkpoint is whole, or it is of another model or other data.
        DataError: the data cannot be read or does not suit the graph.
        NonFiniteError: training met NaN or infinity.
    """
    run = Run(path)
    before = run.config
    settings = before if config is None else _changed(before, config)
    with RunWriter(run.path, settings) as writer:
        if config is not None:
            _refuse_the_past(run, settings)
            writer.save_config(settings)
        try:
            engine = reopen_engine(run.env, settings.dtype, choice)
            training = _begin(run, writer, before, settings, data, control, engine)
            first = next(training)
        except GraphspecError as error:
            now, kind = writer.clock(), type(error).__name__
            failed = Failed(step=0, epoch=0.0, time=now, error=kind, message=str(error))
            with suppress(RunError):
                writer.log(failed)
            raise
        yield first
        yield from training


def _begin(
    run: Run,
    writer: RunWriter,
    before: TrainConfig,
    settings: TrainConfig,
    data: Dataset | None,
    control: Control | None,
    engine: Engine,
) -> Iterator[Event]:
    """Everything up to the first event, which comes once the checkpoint has been taken up."""
    plan = compile_graph(run.spec, init=settings.init)
    examples = load_named(settings) if data is None else data
    # What was fitted before is used again as it is; without a checkpoint all begins anew.
    pipeline = run.pipeline if writer.state is not None else None
    if writer.state is not None and pipeline is None:
        raise CheckpointError(f"the run {str(run.path)!r} has lost its {rundir.PREPROCESS}")
    divided = divide(plan, examples, settings, pipeline=pipeline)
    refuse_oversize(
        run.spec.model_copy(update={"training": settings}),
        plan,
        workspace=partial(engine.workspace, plan),
    )
    executable = engine.load(plan, seed=settings.seed)
    now = {
        **environment.capture(engine),
        "data": divided.fingerprint(),
        # Predictions are told by these names and read in this range, with the data set at hand
        # or not.
        "classes": list(examples.classes),
        "range": [examples.x.min().item(), examples.x.max().item()],
    }
    done = writer.state.progress.step if writer.state is not None else 0
    steps_per_epoch = len(divided.loader(settings))
    training = train(
        executable,
        divided,
        settings,
        control,
        writer,
        engine=engine.name,
        load=lambda changed: engine.load(changed, seed=settings.seed),
        reasons=(
            *_inherited_reasons(run),
            *environment.differences(run.env, now),
            *_other_rates(before, settings, steps_per_epoch, done),
        ),
    )
    first = next(training)
    if pipeline is None:
        writer.save_pipeline(divided.pipeline)
    writer.keep_environment(now)
    yield first
    yield from training


def _inherited_reasons(run: Run) -> tuple[str, ...]:
    """What was not exact once does not become exact by going on from it exactly."""
    first = next((session for session in run.sessions if not session.exact), None)
    return () if first is None else (f"an earlier session was not: {'; '.join(first.reasons)}",)


def _refuse_the_past(run: Run, settings: TrainConfig) -> None:
    """A training cannot end before where it is."""
    started, latest = run.started, run.latest
    if started is None or latest is None:
        return
    total = settings.steps or settings.epochs * started.steps_per_epoch
    if total < latest.step:
        raise RunError(
            f"the run {run.name!r} has made {latest.step:,} steps "
            f"({latest.step / started.steps_per_epoch:.3g} epochs) already, and is asked to end "
            f"after {total:,}. Give it more, or evaluate an earlier checkpoint: graphspec runs "
            f"show {run.name}"
        )


def _changed(before: TrainConfig, after: TrainConfig) -> TrainConfig:
    fixed = [
        name
        for name in TrainConfig.model_fields
        if name not in CHANGEABLE and getattr(before, name) != getattr(after, name)
    ]
    if fixed:
        raise RunError(
            f"{', '.join(fixed)} cannot be changed when a run goes on, because its history would "
            "be of two different trainings. Start a new run, or change only "
            f"{', '.join(sorted(CHANGEABLE))}."
        )
    return after


def _other_rates(
    before: TrainConfig, after: TrainConfig, steps_per_epoch: int, done: int
) -> tuple[str, ...]:
    """Why the steps made so far had other rates than the changed settings would give them."""
    totals = [config.steps or config.epochs * steps_per_epoch for config in (before, after)]
    kind = after.schedule.kind
    if isinstance(after.schedule, Plateau):
        # The last step is always evaluated, so that the end counts as well.
        watched = [
            (total, c.evaluate_every) for total, c in zip(totals, (before, after), strict=True)
        ]
        if done and watched[0] != watched[1]:
            return (f"the {kind} schedule has watched evaluations at other steps",)
        return ()
    made = range(0, min(done, *totals), max(1, done // _COMPARED))
    rates = [
        [
            after.schedule.rate(1.0, step, steps_per_epoch=steps_per_epoch, total_steps=total)
            for step in made
        ]
        for total in totals
    ]
    if rates[0] == rates[1]:
        return ()
    return (
        f"the {kind} schedule lasts as long as the training, which was to have {totals[0]:,} steps "
        f"and now has {totals[1]:,}",
    )


def load_named(config: TrainConfig) -> Dataset:
    """The data set that the settings name.

    Raises:
        DataError: they name none, or it cannot be read.
    """
    if config.data is None:
        raise DataError(
            "no data set is named. Give data=…, or set training.data to a name such as 'digits' "
            "or to a path."
        )
    return load_data(config.data, **dict(config.data_options))
