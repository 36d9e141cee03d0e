"""A network that viewers look into, with its weights and its data, and how it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from graphspec import api
from graphspec.engines.base import Executable
from graphspec.engines.choosing import Choice
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import CheckpointError, DataError
from graphspec.graph import GraphSpec
from graphspec.inspect.probe import Probe
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.train.checkpoint import read_passing_weights, read_weights
from graphspec.train.feeding import TrainingData, divide
from graphspec.train.rundir import PASSING_WEIGHTS, Run
from graphspec.train.session import load_named

Weights = Literal["latest", "best", "first"]
"""Which weights: the newest, the best one's, or those that training begins with."""


@dataclass(frozen=True, eq=False)
class Network:
    """A network with weights and its data; ``step`` and ``run`` are None without training.

    ``content`` tells the weights of a run from others, which may be of the same step.
    """

    name: str
    probe: Probe
    data: TrainingData
    config: TrainConfig
    step: int | None
    run: Run | None
    content: str = ""

    @property
    def is_image(self) -> bool:
        """Whether its examples are images of one or three channels."""
        shape = self.shape
        return len(shape) == 3 and shape[0] in (1, 3)

    @property
    def shape(self) -> tuple[int, ...]:
        """One example as the data set has it."""
        return tuple(next(iter(self.data.parts.values()))[0].shape[1:])

    def span(self) -> tuple[float, float]:
        """The smallest and largest number of the data, by its first examples."""
        return self._span

    @cached_property
    def _span(self) -> tuple[float, float]:
        x = next(iter(self.data.parts.values()))[0][:2000]
        return float(x.min()), float(x.max())


def passing_stamp(run: Run) -> int:
    """When the weights between two checkpoints were written; 0 where there are none."""
    try:
        return (run.path / PASSING_WEIGHTS).stat().st_mtime_ns
    except OSError:
        return 0


def open_run(run: Run, wanted: Weights, before: Network | None, live: bool) -> Iterator[Network]:
    """Open the ``wanted`` weights of a run; give nothing where ``before`` has them already.

    Args:
        run: the run; its folder is read anew where ``before`` is of another one.
        wanted: which weights.
        before: what was open until now.
        live: whether to take weights that were written between two checkpoints.

    Raises:
        CheckpointError: there is none yet, or it has been replaced meanwhile.
        RunError, DataError: the run or its data cannot be read.
    """
    entry = (run.best if wanted == "best" else None) or run.latest
    step, content = (-1, "") if entry is None else (entry.step, entry.sha256)
    stamp, passing = passing_stamp(run), None
    if live and stamp:
        arrays, at = read_passing_weights(run.path / PASSING_WEIGHTS)
        if at > step:
            step, content, passing = at, f"passing {stamp}", arrays
    if step < 0:
        raise CheckpointError(
            "This run has no checkpoint yet: the first is saved at the end of an epoch, or with "
            "Checkpoint now in the Training dock."
        )
    known = before is not None and before.run is run
    if known and before is not None and before.content == content:
        return
    if passing is not None:
        weights = passing
    else:
        assert entry is not None
        weights = read_weights(run.checkpoint_path(entry), entry.sha256)
    if known and before is not None:
        plan, config, data = before.probe.plan, before.config, before.data
        engine = NumpyEngine(config.dtype)
        executable: Executable = engine.load(plan, seed=config.seed, weights=weights)
    else:
        # The numpy engine needs no time to compile, and leaves the other cores to the training.
        # The folder is read anew: another run may have been put in its place.
        there, choice = Run(run.path), Choice(engine="numpy")
        executable, data = api.open_trained(there, weights=weights, choice=choice)
        config = there.config
    probe = Probe(executable, data.pipeline, data.binding.x, data.dtype, data.classes)
    yield Network(run.name, probe, data, config, step, run, content)


def open_spec(spec: GraphSpec, before: Network | None) -> Iterator[Network]:
    """Open a document's network with its first weights, and the data of ``before`` if it fits.

    Raises:
        SpecError, DataError: it cannot be run, or has no data.
    """
    config = spec.training or TrainConfig()
    if config.data is None:
        raise DataError("Choose a data set in the Training dock (Ctrl+T).")
    plan = compile_graph(spec, init=config.init)
    kept = before is not None and before.run is None and before.config == config
    if kept and before is not None and before.probe.plan.inputs == plan.inputs:
        data = before.data
    else:
        data = divide(plan, load_named(config), config)
    executable = NumpyEngine(config.dtype).load(plan, seed=config.seed)
    probe = Probe(executable, data.pipeline, data.binding.x, data.dtype, data.classes)
    yield Network(spec.name, probe, data, config, None, None)
