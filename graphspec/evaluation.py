"""A closer look at a classifier: its probability of every class for every example of a split."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec import atomic
from graphspec.api import (
    Checkpoint,
    PathLike,
    note_test_use,
    open_examples,
    open_trained,
)
from graphspec.data.dataset import Dataset
from graphspec.engines.base import Array
from graphspec.engines.choosing import AS_BEFORE, Choice
from graphspec.errors import Problem, SpecError
from graphspec.inspect.marginal import sampled_probabilities
from graphspec.inspect.metrics import (
    Calibration,
    ClassFigures,
    accuracy,
    calibration,
    class_figures,
    confusion_matrix,
    cross_entropy,
    top_k_accuracy,
)
from graphspec.inspect.probe import class_probabilities
from graphspec.layers.logistic_loss import LogisticLoss
from graphspec.layers.softmax_loss import SoftmaxLoss
from graphspec.plan import Plan
from graphspec.train.evaluate import ClassScores, Metrics, evaluate_batches, find_class_scores
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
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["index", "label", "prediction", *(f"p({name})" for name in self.classes)])
        for i, (label, prediction, row) in enumerate(
            zip(self.labels, self.predictions, self.probabilities, strict=True)
        ):
            shown = [f"{p:.9g}" for p in row]
            table.writerow([i, self.classes[label], self.classes[prediction], *shown])
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
    """The probabilities (N, C) of a run's first output, averaged over the noise of training.

    Args:
        run: the run, its folder, or its name.
        x: examples on the first axis, as the data set of the run has them.
        samples: how many passes there are, each with noise (dropout) of its own.
        checkpoint: the best, the latest, or the one of a step.
        weights: other weights than those of a checkpoint, by full name.
        choice: another engine, number of threads or accuracy than the run's.

    Raises:
        CheckpointError, FeedError: as for ``predict``.
        SpecError: as for ``sampled_probabilities``.
    """
    found = find_run(run)
    output = found.spec.outputs[0]
    executable, batches = open_examples(
        found, x, (output,), checkpoint=checkpoint, weights=weights, choice=choice
    )
    return sampled_probabilities(executable, list(batches), output, samples=samples)


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
    plan = executable.plan
    pair = find_class_scores(plan)
    if pair is None:
        raise SpecError(
            [
                Problem(
                    "no-class-scores",
                    f"{found.spec.name!r} has no loss on class labels, so it has no classes to "
                    "report on. graphspec evaluate without --report gives its loss",
                )
            ]
        )
    scores: list[Array] = []
    labels: list[Array] = []

    def keep(some: Array, of: Array) -> None:
        scores.append(some.reshape(len(some), -1))
        labels.append(of)

    metrics = evaluate_batches(executable, divided.batches(split), keep)
    count = plan.inputs[pair.label].classes or 0
    names = found.env.get("classes") or []
    answers = np.concatenate(labels)
    if samples is None:
        probabilities = class_probabilities(plan, pair.scores, np.concatenate(scores))
    else:
        batches = list(divided.batches(split))
        probabilities = sampled_probabilities(executable, batches, pair.scores, samples=samples)
        loss = {"cross_entropy": cross_entropy(probabilities, answers)}
        metrics = Metrics(loss, accuracy(probabilities, answers), len(answers))
    return Evaluation(
        split,
        metrics,
        tuple(map(str, names if len(names) == count else range(count))),
        answers,
        probabilities,
        _is_probabilistic(plan, pair),
    )


def _is_probabilistic(plan: Plan, pair: ClassScores) -> bool:
    layers = [plan.by_id[name].layer for name in plan.losses]
    return any(
        isinstance(layer, SoftmaxLoss | LogisticLoss) and layer.inputs == (pair.scores, pair.label)
        for layer in layers
    )
