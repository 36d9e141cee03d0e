"""Making what a command line names ready to be looked at: a network with weights and data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from graphspec import api, zoo
from graphspec.cli.files import read_spec
from graphspec.data import load_data
from graphspec.engines.base import Array, Engine, Executable, Feeds
from graphspec.engines.choosing import AS_BEFORE, Choice, open_engine, reopen_engine
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.train.feeding import TrainingData, divide
from graphspec.train.rundir import Run, find_run
from graphspec.train.session import load_named


@dataclass(frozen=True, eq=False)
class Opened:
    """A network with its weights, the data that it is trained on, and its settings.

    ``run`` is None for a network file, whose weights are drawn from the seed; ``engine`` is what
    has loaded it.
    """

    engine: Engine
    executable: Executable
    data: TrainingData
    config: TrainConfig
    run: Run | None

    @property
    def name(self) -> str:
        """What people call the network."""
        return self.executable.plan.spec.name

    def weights(self, checkpoint: api.Checkpoint) -> Mapping[str, Array]:
        """Those of another checkpoint of the run."""
        assert self.run is not None
        return api.load_weights(self.run, checkpoint=checkpoint)

    def examples(self, count: int) -> dict[str, Array]:
        """The first examples of the training split, as the network is fed them."""
        x, y = self.data.parts["train"]
        prepared = self.data.pipeline.apply(x[:count], self.data.dtype)
        return self.data.binding.feeds(prepared, y[:count])

    def batches(self, count: int) -> list[Feeds]:
        """The same, in parts that fit into memory."""
        feeds = self.examples(count)
        size = len(next(iter(feeds.values())))
        return [
            {name: array[start : start + self.data.batch] for name, array in feeds.items()}
            for start in range(0, size, self.data.batch)
        ]


def open_network(
    name: str,
    data: str | None = None,
    *,
    checkpoint: api.Checkpoint = "best",
    seed: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    untrained: bool = False,
    choice: Choice = AS_BEFORE,
) -> Opened:
    """A network file, a shipped model or a run, ready to be computed with.

    Args:
        name: the file, the model's name, or the run (a folder, a name, "latest").
        data: another data set than the settings name.
        checkpoint: which weights of a run.
        seed: of the first weights of a file; None takes that of its settings.
        dtype: what to compute in; None takes that of the settings.
        untrained: whether a run without a checkpoint is opened with its first weights.
        choice: another engine, number of threads or accuracy than the run's, or than the usual.

    Raises:
        CheckpointError: the run has no such checkpoint.
        SpecError: the document has problems.
        RunError: there is no such run.
        DataError: the data cannot be read or does not suit the graph.
        EngineError: the engine that is asked for cannot be used.
    """
    run = _as_run(name)
    spec = read_spec(name) if run is None else run.spec
    config = api.settings(spec) if run is None else run.config
    changes: dict[str, object] = {} if dtype is None else {"dtype": dtype}
    if seed is not None:
        changes["seed"] = seed
    config = config.model_copy(update=changes)
    plan = compile_graph(spec, init=config.init)
    examples = load_named(config) if data is None else load_data(data)
    divided = divide(plan, examples, config, pipeline=run.pipeline if run else None)
    weights = None
    if run is not None and not (untrained and run.spec.layers and run.latest is None):
        weights = api.load_weights(run, checkpoint=checkpoint)
    engine = (
        reopen_engine(run.env, config.dtype, choice)
        if run
        else open_engine(
            choice.engine, config.dtype, threads=choice.threads, accuracy=choice.accuracy
        )
    )
    executable = engine.load(plan, seed=config.seed, weights=weights)
    return Opened(engine, executable, divided, config, run)


def names_data(name: str, data: str | None) -> bool:
    """Whether it is known what a network file or run is fed."""
    if data is not None or _as_run(name) is not None:
        return True
    training = read_spec(name).training
    return training is not None and training.data is not None


def random_feeds(spec: GraphSpec, examples: int, seed: int) -> dict[str, Array]:
    """Standard normal numbers for every input, and random labels: where there is no data."""
    rng = np.random.default_rng(seed)
    feeds: dict[str, Array] = {}
    for item in spec.inputs:
        tensor = item.tensor()
        shape = (examples, *tensor.shape)
        feeds[item.id] = (
            rng.standard_normal(shape)
            if tensor.classes is None
            else rng.integers(0, tensor.classes, shape)
        )
    return feeds


def _as_run(name: str) -> Run | None:
    """A run where the name is no network's: what ends in .json or ships is a network."""
    if name in zoo.names() or Path(name).is_file() or name.endswith(".json"):
        return None
    return find_run(name)
