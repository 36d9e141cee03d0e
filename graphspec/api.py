"""The calls that a script makes: train a network, go on, evaluate, predict."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from graphspec import document
from graphspec.data import load_data
from graphspec.data.dataset import Dataset, require_finite
from graphspec.edit import set_value
from graphspec.engines.base import Engine, Executable
from graphspec.engines.choosing import (
    AS_BEFORE,
    Accuracy,
    Choice,
    open_engine,
    reopen_engine,
)
from graphspec.errors import CheckpointError, EngineError, FeedError, Problem, SpecError
from graphspec.graph import GraphSpec, examples_input
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.preprocess.pipeline import output_shape
from graphspec.train.checkpoint import read_weights
from graphspec.train.control import Control
from graphspec.train.evaluate import Metrics, evaluate_batches
from graphspec.train.events import Event
from graphspec.train.feeding import SplitName, TrainingData, divide
from graphspec.train.rundir import Run, find_run
from graphspec.train.session import create_run, load_named, train_run
from graphspec.train.test_use import count_test_use

Array = npt.NDArray[Any]
PathLike = str | os.PathLike[str]
Checkpoint = Literal["best", "latest"] | int


def settings(spec: GraphSpec, data: Dataset | str | None = None, **overrides: Any) -> TrainConfig:
    """The spec's training block with some fields replaced.

    Args:
        spec: the network; without a training block the defaults are taken.
        data: a name or a path; of a data set that is given as such, the name is kept.
        **overrides: fields of ``TrainConfig``, as objects or as JSON values.

    Raises:
        SpecError: a field is unknown, or a value does not fit.
    """
    base = spec.training or TrainConfig()
    fields = {name: getattr(base, name) for name in TrainConfig.model_fields} | overrides
    if data is not None:
        fields["data"] = data.name if isinstance(data, Dataset) else data
    try:
        return TrainConfig.model_validate(fields)
    except ValidationError as error:
        # One by one, each is refused in the words that a file or the command line would get.
        for name, value in overrides.items():
            set_value(spec, f"training.{name}", to_jsonable_python(value))
        raise SpecError(
            [
                Problem(
                    "training",
                    item["msg"].removeprefix("Value error, "),
                    ("training", *item["loc"]),
                )
                for item in error.errors(include_url=False)
            ]
        ) from error


def fit(
    spec: GraphSpec | PathLike,
    data: Dataset | str | None = None,
    *,
    run: PathLike | None = None,
    engine: str | None = None,
    threads: int | None = None,
    accuracy: Accuracy = "fast",
    control: Control | None = None,
    on_event: Callable[[Event], None] | None = None,
    **overrides: Any,
) -> Run:
    """Train a network from the beginning, and return its finished run.

    Args:
        spec: the network, or its file.
        data: what to train on; None takes what the training block names.
        run: the folder to write to; None makes one in the runs folder.
        engine: ``jit`` or ``numpy``; None takes the fastest that can.
        threads: how many threads the jit engine takes; None: all cores that there are.
        accuracy: of the jit engine, ``fast`` or ``accurate``.
        control: commands to be followed between steps.
        on_event: is called with everything that happens.
        **overrides: fields of ``TrainConfig``: ``epochs=5``, ``update={"kind": "adam", …}``.

    Raises:
        SpecError: the graph or a setting is wrong.
        DataError: the data cannot be read or does not suit the graph.
        RunError: the folder cannot be used.
        NonFiniteError: training met NaN or infinity; the run says where.
    """
    network = spec if isinstance(spec, GraphSpec) else document.load(spec)
    config = settings(network, data, **overrides)
    examples = data if isinstance(data, Dataset) else load_named(config)
    made = create_run(
        network, config, run, engine=engine, threads=threads, accuracy=accuracy, data=examples
    )
    _exhaust(made, examples, control, on_event, None, AS_BEFORE)
    return made


def resume(
    run: Run | PathLike,
    data: Dataset | None = None,
    *,
    control: Control | None = None,
    on_event: Callable[[Event], None] | None = None,
    choice: Choice = AS_BEFORE,
    **overrides: Any,
) -> Run:
    """Go on with a run that was stopped or killed, from its newest checkpoint.

    Args:
        run: the run, its folder, or its name in the runs folder.
        data: the data set, when the run was given one that has no name or path.
        control: commands to be followed between steps.
        on_event: is called with everything that happens.
        choice: another engine, number of threads or accuracy; the result is then not exact.
        **overrides: settings that may change on the way: when training ends (``epochs``,
            ``steps``, ``early_stopping``), and how often it tells and saves.

    Raises:
        RunLockedError: another process is writing to it.
        RunError: the folder cannot be used, or a setting may not change.
        CheckpointError: no checkpoint is whole, or the data is not that of the run.
        DataError: the data cannot be read.
        NonFiniteError: training met NaN or infinity.
    """
    found = find_run(run)
    config = None
    if overrides:
        base = found.spec.model_copy(update={"training": found.config})
        config = settings(base, **overrides)
    _exhaust(found, data, control, on_event, config, choice)
    return found


def _exhaust(
    run: Run,
    data: Dataset | None,
    control: Control | None,
    on_event: Callable[[Event], None] | None,
    config: TrainConfig | None,
    choice: Choice,
) -> None:
    events = train_run(run.path, data=data, control=control, config=config, choice=choice)
    for event in events:
        if on_event is not None:
            on_event(event)


def evaluate(
    run: Run | PathLike,
    data: Dataset | str | None = None,
    *,
    split: SplitName = "validation",
    checkpoint: Checkpoint = "best",
    averaged: bool = False,
    choice: Choice = AS_BEFORE,
) -> Metrics:
    """Loss and accuracy of a run's network on one of its splits.

    Args:
        run: the run, its folder, or its name.
        data: another data set, or the one of the run when it has no name or path; it is divided
            as the run's settings say.
        split: which examples. Uses of "test" are counted in the run: see ``Metrics.test_uses``.
        checkpoint: the best, the latest, or the one of a step.
        averaged: whether to take the running average of the weights that training kept.
        choice: another engine, number of threads or accuracy than the run's.

    Raises:
        CheckpointError: there is no such checkpoint, it is damaged, or it has no average.
        DataError: the data cannot be read, does not suit the graph, or has no such split.
        RunError: a use of the test split cannot be noted.
    """
    found = find_run(run)
    weights = load_weights(found, checkpoint=checkpoint, averaged=averaged)
    executable, divided = open_trained(found, data, weights=weights, choice=choice)
    metrics = evaluate_batches(executable, divided.batches(split))
    return note_test_use(found, metrics, split, checkpoint)


def open_trained(
    run: Run | PathLike,
    data: Dataset | str | None = None,
    *,
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    choice: Choice = AS_BEFORE,
) -> tuple[Executable, TrainingData]:
    """A run's network with its weights, and its data divided and preprocessed as in training.

    Args:
        run: the run, its folder, or its name.
        data: as for ``evaluate``.
        checkpoint: whose weights.
        weights: other weights than those of a checkpoint, by full name.
        choice: as for ``evaluate``.

    Raises:
        CheckpointError, DataError: as for ``evaluate``.
        EngineError: the weights are of another network.
    """
    found = find_run(run)
    arrays = load_weights(found, checkpoint=checkpoint) if weights is None else weights
    engine = reopen_engine(found.env, found.config.dtype, choice)
    return _opened(found.spec, arrays, found.config, data, engine, found)


def note_test_use(run: Run, metrics: Metrics, split: SplitName, checkpoint: Checkpoint) -> Metrics:
    """Count a use of the test split in the run; the metrics with the count.

    Raises:
        RunError: it cannot be noted.
    """
    if split != "test":
        return metrics
    return replace(metrics, test_uses=count_test_use(run.path, checkpoint))


def evaluate_weights(
    spec: GraphSpec | PathLike,
    weights: PathLike,
    data: Dataset | str | None = None,
    *,
    split: SplitName = "validation",
    choice: Choice = AS_BEFORE,
) -> Metrics:
    """Loss and accuracy of a network with the weights of a safetensors file.

    The preprocessing of the spec's training block is fitted to the training split.

    Raises:
        CheckpointError: the file is missing or damaged.
        EngineError: the weights are of another network, or some are missing.
        DataError: as for ``evaluate``.
    """
    network = spec if isinstance(spec, GraphSpec) else document.load(spec)
    arrays = read_weights(Path(weights))
    # An engine draws what it is not given: the result would be that of a half trained network.
    if missing := [name for name in compile_graph(network).params if name not in arrays]:
        raise EngineError(
            f"{os.fspath(weights)!r} has no {missing[0]!r}"
            + (f" and lacks {len(missing) - 1} more" if len(missing) > 1 else "")
            + ": are these the weights of another model?"
        )
    config = settings(network)
    engine = open_engine(
        choice.engine, config.dtype, threads=choice.threads, accuracy=choice.accuracy
    )
    executable, divided = _opened(network, arrays, config, data, engine, None)
    return evaluate_batches(executable, divided.batches(split))


def _opened(
    spec: GraphSpec,
    weights: Mapping[str, Array],
    config: TrainConfig,
    data: Dataset | str | None,
    engine: Engine,
    run: Run | None,
) -> tuple[Executable, TrainingData]:
    if data is None:
        examples = load_named(config)
    else:
        examples = data if isinstance(data, Dataset) else load_data(data)
    plan = compile_graph(spec)
    divided = divide(plan, examples, config, pipeline=run.pipeline if run else None)
    executable = engine.load(plan, seed=config.seed, weights=weights)
    return executable, divided


def predict(
    run: Run | PathLike,
    x: npt.ArrayLike,
    *,
    outputs: Sequence[str] | None = None,
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    batch: int = 256,
    choice: Choice = AS_BEFORE,
) -> dict[str, Array]:
    """What a run's network gives for new examples, preprocessed as in training.

    Args:
        run: the run, its folder, or its name.
        x: examples on the first axis, as the data set of the run has them.
        outputs: the layers to return; None takes the spec's outputs.
        checkpoint: the best, the latest, or the one of a step.
        weights: other weights than those of a checkpoint, by full name.
        batch: how many examples are run at a time.
        choice: as for ``evaluate``.

    Raises:
        CheckpointError: there is no such checkpoint, or it is damaged.
        FeedError: the examples have the wrong shape, or there are none.
        DataError: there is NaN or infinity among them.
        SpecError: an output is not in the graph.
    """
    found = find_run(run)
    wanted = tuple(found.spec.outputs if outputs is None else outputs)
    executable, batches = open_examples(
        found, x, wanted, checkpoint=checkpoint, weights=weights, batch=batch, choice=choice
    )
    parts = [executable.run(feeds, outputs=wanted).values for feeds in batches]
    return {name: np.concatenate([part[name] for part in parts]) for name in wanted}


def open_examples(
    found: Run,
    x: npt.ArrayLike,
    wanted: tuple[str, ...],
    *,
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    batch: int = 256,
    choice: Choice = AS_BEFORE,
) -> tuple[Executable, Iterator[Mapping[str, Array]]]:
    """A run's network for some outputs, and its feeds: new examples, preprocessed.

    Args:
        found: the run.
        x: examples on the first axis, as the data set of the run has them.
        wanted: the layers that will be asked for.
        checkpoint: the best, the latest, or the one of a step.
        weights: other weights than those of a checkpoint, by full name.
        batch: how many examples there are in one feed.
        choice: as for ``evaluate``.

    Raises:
        CheckpointError, FeedError, DataError, SpecError: as for ``predict``.
    """
    config = found.config
    plan = compile_graph(found.spec, outputs=wanted)
    taking = examples_input(found.spec.inputs, found.spec.layers)
    examples = np.asarray(x)
    if taking is None or set(plan.inputs) != {taking.id}:
        raise FeedError(
            f"the outputs {', '.join(wanted)} need the inputs {', '.join(plan.inputs)}; "
            "predict feeds one input of examples"
        )
    expected = plan.inputs[taking.id].shape
    if output_shape(config.preprocess, examples.shape[1:]) != expected or len(examples) == 0:
        after = " once preprocessed" if config.preprocess else ""
        raise FeedError(
            f"x must have the shape (examples, {', '.join(map(str, expected))}){after}, and has "
            f"{examples.shape}"
        )
    require_finite(examples, "x")
    engine = reopen_engine(found.env, config.dtype, choice)
    if weights is None:
        weights = load_weights(found, checkpoint=checkpoint)
    own = {name: array for name, array in weights.items() if name in plan.params}
    executable = engine.load(plan, seed=config.seed, weights=own)
    pipeline = found.pipeline

    def feeds() -> Iterator[Mapping[str, Array]]:
        for start in range(0, len(examples), batch):
            part = examples[start : start + batch]
            if pipeline is not None and taking.classes is None:
                part = pipeline.apply(part, config.dtype)
            yield {taking.id: part}

    return executable, feeds()


def load_weights(
    run: Run | PathLike, *, checkpoint: Checkpoint = "best", averaged: bool = False
) -> dict[str, Array]:
    """The parameters and running statistics of a checkpoint, by full name (``conv1.weight``).

    Args:
        run: the run, its folder, or its name.
        checkpoint: the best, the latest, or the one of a step. The latest stands in for a best
            one that was never chosen.
        averaged: whether to take their running average, which training keeps where the setting
            ``average`` says so.

    Raises:
        CheckpointError: there is no such checkpoint, it is damaged, or it has no average.
    """
    run = find_run(run)
    entries = run.checkpoints
    if not entries and not run.spec.layers:
        raise CheckpointError(
            f"the run {str(run.path)!r} is of a baseline: there is no network in it that could "
            "answer. graphspec runs show tells what it found"
        )
    if not entries:
        raise CheckpointError(
            f"the run {str(run.path)!r} has no checkpoint yet; train it first: "
            f"graphspec resume {run.path}"
        )
    if checkpoint == "best":
        entry = run.best or entries[-1]
    elif checkpoint == "latest":
        entry = entries[-1]
    else:
        chosen = [entry for entry in entries if entry.step == checkpoint]
        if not chosen:
            steps = ", ".join(str(entry.step) for entry in entries)
            raise CheckpointError(f"there is no checkpoint of step {checkpoint}; there are {steps}")
        entry = chosen[-1]
    return read_weights(run.checkpoint_path(entry), entry.sha256, averaged=averaged)
