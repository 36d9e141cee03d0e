"""Several trained networks as one: the mean of their probabilities, or of their weights.

Source: CS231n notes, Neural Networks 3, model ensembles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphspec import api
from graphspec.api import Checkpoint, PathLike
from graphspec.data.dataset import Dataset
from graphspec.engines.base import Array
from graphspec.engines.choosing import AS_BEFORE, Choice
from graphspec.errors import CheckpointError, DataError, OptionError, RunError
from graphspec.evaluation import Evaluation, evaluate_uncounted
from graphspec.inspect.metrics import accuracy, cross_entropy
from graphspec.plan import compile_graph
from graphspec.recipe.average import RunningAverage
from graphspec.train.checkpoint import read_weights
from graphspec.train.evaluate import Metrics, find_class_scores
from graphspec.train.events import Evaluated
from graphspec.train.feeding import SplitName
from graphspec.train.rundir import Run, find_run
from graphspec.train.statistics import batch_statistics
from graphspec.train.test_use import count_test_use


@dataclass(frozen=True, eq=False)
class Member:
    """One network of an ensemble: a run, and which weights of it."""

    name: str
    run: Run
    weights: Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class EnsembleEvaluation:
    """How the ensemble fares, and how each member does alone, in the members' order."""

    together: Evaluation
    alone: tuple[Metrics, ...]


class Ensemble:
    """A model that predicts with the mean of its members' probabilities.

    p = (1/M) Σ pₘ: probabilities are averaged, not labels, so that a member that is sure counts
    for more than one that is not.

    Raises:
        RunError: there is no member.
    """

    def __init__(self, members: Iterable[Member]) -> None:
        self.members = tuple(members)
        if not self.members:
            raise RunError("an ensemble needs at least one run")

    def predict(self, x: npt.ArrayLike, *, batch: int = 256, choice: Choice = AS_BEFORE) -> Array:
        """The probabilities (N, C) of new examples, each member preprocessing them as it learned.

        Raises:
            DataError: a member has no class scores, or the members have different classes.
            FeedError: the examples have the wrong shape, or there are none.
        """
        parts: list[Array] = []
        for member in self.members:
            pair = find_class_scores(compile_graph(member.run.spec))
            if pair is None:
                raise DataError(f"{member.name!r} has no class scores: it is no classifier")
            values = api.predict(
                member.run,
                x,
                outputs=[pair.scores],
                weights=member.weights,
                batch=batch,
                choice=choice,
            )[pair.scores]
            parts.append(pair.probabilities(values, member.weights))
        _refuse_different({m.name: p.shape[1] for m, p in zip(self.members, parts, strict=True)})
        return np.asarray(np.mean(parts, axis=0))

    def evaluate(
        self,
        data: Dataset | str | None = None,
        *,
        split: SplitName = "validation",
        choice: Choice = AS_BEFORE,
    ) -> EnsembleEvaluation:
        """Evaluate the members together and alone on a split of their data.

        The ensemble's loss is the cross-entropy of the mean probabilities. Uses of "test" are
        counted in every run.

        Raises:
            DataError: the members' splits hold different examples or classes, or cannot be read.
            SpecError: a member has no class scores.
        """
        found = [
            evaluate_uncounted(member.run, data, split=split, weights=member.weights, choice=choice)
            for member in self.members
        ]
        first = found[0]
        for member, other in zip(self.members, found, strict=True):
            if other.classes != first.classes or not np.array_equal(other.labels, first.labels):
                raise DataError(
                    f"{member.name!r} and {self.members[0].name!r} have different {split} "
                    "examples. Train them on the same data with the same split.seed, or name the "
                    "data that all are to be evaluated on"
                )
        together = np.mean([one.probabilities for one in found], axis=0)
        uses = None
        if split == "test":
            runs = {member.run.path.resolve() for member in self.members}
            uses = max(count_test_use(path, "ensemble") for path in runs)
        metrics = Metrics(
            {"cross_entropy": cross_entropy(together, first.labels)},
            accuracy(together, first.labels),
            len(first.labels),
            uses,
        )
        calibrated = all(one.calibrated for one in found)
        return EnsembleEvaluation(
            Evaluation(split, metrics, first.classes, first.labels, together, calibrated),
            tuple(one.metrics for one in found),
        )


def _refuse_different(classes: Mapping[str, int]) -> None:
    if len(set(classes.values())) > 1:
        told = ", ".join(f"{name}: {count}" for name, count in classes.items())
        raise DataError(f"the members have different numbers of classes ({told})")


def ensemble_of_runs(
    runs: Sequence[Run | PathLike],
    *,
    top: int | None = None,
    checkpoint: Checkpoint = "best",
    averaged: bool = False,
) -> Ensemble:
    """Make an ensemble of runs: one network from several seeds, or the best of a search.

    Args:
        runs: the runs, their folders, or their names.
        top: take only so many, those with the best validation accuracy (of networks without one:
            the lowest validation loss) at any evaluation of their training.
        checkpoint: whose weights.
        averaged: whether to take the running average of the weights that each training kept.

    Raises:
        RunError: there is no such run, or with ``top`` one that was never evaluated.
        OptionError: ``top`` is less than 1.
        CheckpointError: a run has no such checkpoint, or no average.
    """
    found = [find_run(run) for run in runs]
    if top is not None:
        if top < 1:
            raise OptionError(f"top must be at least 1, and is {top}")
        found = sorted(found, key=_merit, reverse=True)[:top]
    return Ensemble(
        Member(run.name, run, api.load_weights(run, checkpoint=checkpoint, averaged=averaged))
        for run in found
    )


def _merit(run: Run) -> tuple[float, float]:
    """The best validation accuracy and the lowest loss, so that larger is better."""
    seen = [e for e in run.events if isinstance(e, Evaluated) and e.split == "validation"]
    if not seen:
        raise RunError(f"{run.name!r} was never evaluated on validation data: leave top out")
    return max(e.accuracy or 0.0 for e in seen), -min(e.loss for e in seen)


def ensemble_of_checkpoints(run: Run | PathLike) -> Ensemble:
    """Make an ensemble of all checkpoints that a run has kept (see the setting ``keep``).

    Raises:
        CheckpointError: there are none, or one is damaged.
    """
    found = find_run(run)
    return Ensemble(
        Member(f"{found.name} step {step}", found, weights) for step, weights in _checkpoints(found)
    )


def _checkpoints(run: Run) -> list[tuple[int, dict[str, Array]]]:
    entries = run.checkpoints
    if not entries:
        raise CheckpointError(f"the run {str(run.path)!r} has no checkpoint yet; train it first")
    return [
        (entry.step, read_weights(run.checkpoint_path(entry), entry.sha256)) for entry in entries
    ]


def ensemble_of_average(
    run: Run | PathLike,
    data: Dataset | str | None = None,
    *,
    decay: float = 0.9,
    choice: Choice = AS_BEFORE,
) -> Ensemble:
    """Make one network of a run's checkpoints by the running average of their weights.

    The running statistics of batch normalisation belong to no average of weights, so they are
    taken again from the training split.

    Args:
        run: the run, its folder, or its name.
        data: the data of the run, when it has no name or path.
        decay: d, the share of the average that each further checkpoint leaves.
        choice: what computes the statistics, if not the run's engine.

    Raises:
        CheckpointError: there is no checkpoint, or one is damaged.
        DataError: the data cannot be read.
    """
    found = find_run(run)
    average = RunningAverage(decay)
    for _, weights in _checkpoints(found):
        average.update(weights)
    executable, divided = api.open_trained(found, data, weights=average.weights(), choice=choice)
    weights = {**executable.weights(), **batch_statistics(executable, divided.batches("train"))}
    return Ensemble([Member(f"{found.name} averaged", found, weights)])
