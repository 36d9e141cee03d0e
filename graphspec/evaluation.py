"""A closer look at a classifier: what it says of every example of a split, and its figures."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from graphspec import atomic
from graphspec.api import (
    Checkpoint,
    PathLike,
    load_weights,
    note_test_use,
    open_examples,
    open_trained,
)
from graphspec.data.dataset import Dataset
from graphspec.engines.base import Array, Executable, Feeds
from graphspec.engines.choosing import AS_BEFORE, Choice
from graphspec.errors import Problem, SpecError
from graphspec.inspect.marginal import sampled_probabilities
from graphspec.inspect.metrics import (
    AttributeFigures,
    Calibration,
    ClassFigures,
    accuracy,
    attribute_figures,
    calibration,
    class_figures,
    confusion_matrix,
    cross_entropy,
    top_k_accuracy,
)
from graphspec.layers.hierarchical_softmax_loss import HierarchicalSoftmaxLoss
from graphspec.layers.logistic_loss import LogisticLoss
from graphspec.layers.scoring import YesOrNoLoss
from graphspec.layers.softmax_loss import SoftmaxLoss
from graphspec.plan import Plan, compile_graph
from graphspec.train.evaluate import (
    ClassScores,
    Metrics,
    evaluate_batches,
    find_answers,
    find_class_scores,
)
from graphspec.train.feeding import SplitName
from graphspec.train.rundir import Run, find_run

_TOP = (1, 3, 5)


@dataclass(frozen=True, eq=False)
class ClassReport:
    """How a classifier fares on a split, in all figures that probabilities and labels give.

    ``top`` has the top-k accuracy by k, for k below the number of classes; ``confusion`` the actual
    class by row and the predicted one by column. ``calibration`` is None where the scores are no
    logarithms of probabilities, as those of a hinge loss.
    """

    top: Mapping[int, float]
    confusion: Array
    classes: tuple[ClassFigures, ...]
    calibration: Calibration | None

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the classes, each with the same weight."""
        return float(np.mean([figures.f1 for figures in self.classes]))

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "top": {str(k): share for k, share in self.top.items()},
            "macro_f1": self.macro_f1,
            "classes": [asdict(figures) for figures in self.classes],
            "confusion": self.confusion.tolist(),
            "calibration": None if self.calibration is None else asdict(self.calibration),
        }


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Labels and probabilities of a split's examples, in the order of the split.

    ``probabilities`` is (N, C) and its rows sum to 1; ``calibrated`` says whether training made
    them probabilities: a softmax of hinge scores only looks like it.
    """

    split: SplitName
    metrics: Metrics
    classes: tuple[str, ...]
    labels: Array
    probabilities: Array
    calibrated: bool

    @property
    def predictions(self) -> Array:
        """The most probable class of every example."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @cached_property
    def report(self) -> ClassReport:
        """All figures."""
        confusion = confusion_matrix(self.labels, self.predictions, len(self.classes))
        return ClassReport(
            {
                k: top_k_accuracy(self.probabilities, self.labels, k)
                for k in _TOP
                if k < len(self.classes) or k == 1
            },
            confusion,
            class_figures(confusion, self.classes),
            calibration(self.probabilities, self.labels) if self.calibrated else None,
        )

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row per example: index in the split, label, prediction, probabilities.

        The file is written whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        titles = ["label", "prediction", *(f"p({name})" for name in self.classes)]
        rows = (
            [self.classes[label], self.classes[prediction], *(f"{p:.9g}" for p in row)]
            for label, prediction, row in zip(
                self.labels, self.predictions, self.probabilities, strict=True
            )
        )
        _write_csv(path, titles, rows)


@dataclass(frozen=True, eq=False)
class AttributeReport:
    """How a network of attributes fares: ``exact`` is the share of examples with all of them right.

    ``attributes`` has the figures of each, by its number.
    """

    exact: float
    attributes: tuple[AttributeFigures, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class AttributeEvaluation:
    """Labels and probabilities of a split's attributes, (N, K) both, in the order of the split.

    ``probabilities`` are those of having each, the σ of its score.
    """

    split: SplitName
    metrics: Metrics
    names: tuple[str, ...]
    labels: Array
    probabilities: Array

    @cached_property
    def report(self) -> AttributeReport:
        """All figures."""
        answers = self.probabilities > 0.5
        return AttributeReport(
            float((answers == self.labels).all(axis=1).mean()),
            attribute_figures(self.labels, answers, self.names),
        )

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row per example: index in the split, all labels, all probabilities.

        The file is written whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        titles = [f"{what}({name})" for what in ("label", "p") for name in self.names]
        rows = (
            [*labels, *(f"{p:.9g}" for p in row)]
            for labels, row in zip(self.labels.tolist(), self.probabilities, strict=True)
        )
        _write_csv(path, titles, rows)


def _write_csv(path: str | os.PathLike[str], titles: list[str], rows: Iterable[list[Any]]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["index", *titles])
    table.writerows([i, *row] for i, row in enumerate(rows))
    atomic.write_text(path, text.getvalue())


def predict_sampled(
    run: Run | PathLike,
    x: npt.ArrayLike,
    *,
    samples: int,
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    choice: Choice = AS_BEFORE,
) -> Array:
    """The probabilities (N, C) of a run's classes, averaged over the noise of training.

    Args:
        run: the run, its folder, or its name.
        x: examples on the first axis, as the data set of the run has them.
        samples: how many passes there are, each with noise (dropout) of its own.
        checkpoint: the best, the latest, or the one of a step.
        weights: other weights than those of a checkpoint, by full name.
        choice: another engine, number of threads or accuracy than the run's.

    Raises:
        CheckpointError, FeedError: as for ``predict``.
        SpecError: the network has no class scores, or as for ``sampled_probabilities``.
    """
    found = find_run(run)
    pair = _class_scores(compile_graph(found.spec))
    if weights is None:
        weights = load_weights(found, checkpoint=checkpoint)
    executable, batches = open_examples(found, x, (pair.scores,), weights=weights, choice=choice)
    return sampled_probabilities(executable, list(batches), pair, weights, samples=samples)


def evaluate_classes(
    run: Run | PathLike,
    data: Dataset | str | None = None,
    *,
    split: SplitName = "validation",
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    choice: Choice = AS_BEFORE,
    samples: int | None = None,
) -> Evaluation:
    """Loss, accuracy and the probability of every class for every example of a split.

    Args:
        run: the run, its folder, or its name.
        data: another data set, or the one of the run when it has no name or path.
        split: which examples. Uses of "test" are counted in the run.
        checkpoint: the best, the latest, or the one of a step.
        weights: other weights than those of a checkpoint, by full name.
        choice: another engine, number of threads or accuracy than the run's.
        samples: average the probabilities of so many passes with the noise of training (dropout)
            in place of one without it; loss and accuracy are then those of the mean.

    Raises:
        SpecError: the network has no class scores (``no-class-scores``).
        CheckpointError: there is no such checkpoint, or it is damaged.
        DataError: the data cannot be read, does not suit the graph, or has no such split.
        RunError: a use of the test split cannot be noted.
    """
    found = find_run(run)
    seen = evaluate_uncounted(
        found,
        data,
        split=split,
        checkpoint=checkpoint,
        weights=weights,
        choice=choice,
        samples=samples,
    )
    return replace(seen, metrics=note_test_use(found, seen.metrics, split, checkpoint))


def evaluate_uncounted(
    found: Run,
    data: Dataset | str | None,
    *,
    split: SplitName,
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    choice: Choice = AS_BEFORE,
    samples: int | None = None,
) -> Evaluation:
    """``evaluate_classes`` for a caller that counts uses of the test split itself."""
    executable, divided = open_trained(
        found, data, checkpoint=checkpoint, weights=weights, choice=choice
    )
    pair = _class_scores(executable.plan)
    metrics, probabilities, answers = _seen(executable, pair, divided.batches(split))
    count = pair.labels.classes or 0
    names = found.env.get("classes") or []
    if samples is not None:
        batches, own = list(divided.batches(split)), pair.weights(executable)
        probabilities = sampled_probabilities(executable, batches, pair, own, samples=samples)
        loss = {"cross_entropy": cross_entropy(probabilities, answers)}
        metrics = Metrics(loss, accuracy(probabilities, answers), len(answers))
    return Evaluation(
        split,
        metrics,
        tuple(map(str, names if len(names) == count else range(count))),
        answers,
        probabilities,
        _is_probabilistic(executable.plan, pair),
    )


def evaluate_attributes(
    run: Run | PathLike,
    data: Dataset | str | None = None,
    *,
    split: SplitName = "validation",
    checkpoint: Checkpoint = "best",
    weights: Mapping[str, Array] | None = None,
    choice: Choice = AS_BEFORE,
) -> AttributeEvaluation:
    """Loss, accuracy and the probability of every attribute for every example of a split.

    The arguments, and what is raised, are those of ``evaluate_classes``.

    Raises:
        SpecError: the network has no loss on attributes (``no-attributes``).
    """
    found = find_run(run)
    executable, divided = open_trained(
        found, data, checkpoint=checkpoint, weights=weights, choice=choice
    )
    pair = find_answers(executable.plan)
    if not has_attributes(pair):
        raise SpecError([Problem("no-attributes", f"{found.spec.name!r} has no attributes")])
    metrics, probabilities, answers = _seen(executable, pair, divided.batches(split))
    return AttributeEvaluation(
        split,
        note_test_use(found, metrics, split, checkpoint),
        tuple(",".join(map(str, place)) for place in np.ndindex(*pair.labels.shape)),
        answers.reshape(len(answers), -1),
        probabilities[..., 1].reshape(len(answers), -1),
    )


def has_attributes(pair: ClassScores | None) -> TypeGuard[ClassScores]:
    """Whether an example has several labels, each of them yes or no."""
    return pair is not None and bool(pair.labels.shape) and isinstance(pair.loss, YesOrNoLoss)


def _class_scores(plan: Plan) -> ClassScores:
    pair = find_class_scores(plan)
    if pair is None:
        raise SpecError(
            [
                Problem(
                    "no-class-scores",
                    f"{plan.spec.name!r} has no loss on one class label of an example, so it has "
                    "no probabilities of classes. graphspec evaluate gives its loss",
                )
            ]
        )
    return pair


def _seen(
    executable: Executable, pair: ClassScores, batches: Iterable[Feeds]
) -> tuple[Metrics, Array, Array]:
    """Metrics over batches, the probabilities (N, …, C), and the labels (N, …)."""
    values: list[Array] = []
    labels: list[Array] = []

    def keep(some: Array, of: Array) -> None:
        values.append(some)
        labels.append(of)

    metrics = evaluate_batches(executable, batches, keep)
    probabilities = pair.probabilities(np.concatenate(values), pair.weights(executable))
    return metrics, probabilities, np.concatenate(labels)


def _is_probabilistic(plan: Plan, pair: ClassScores) -> bool:
    layers = [plan.by_id[name].layer for name in plan.losses]
    return any(
        isinstance(layer, SoftmaxLoss | LogisticLoss | HierarchicalSoftmaxLoss)
        and layer.inputs == (pair.scores, pair.label)
        for layer in layers
    )
