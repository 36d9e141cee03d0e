"""How good predicted probabilities are: accuracy, confusion, precision and recall, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def accuracy(probabilities: Array, labels: Array) -> float:
    """The share of examples whose most probable class is theirs; of equal ones the first counts.

    ``probabilities`` (or scores) is (N, C), ``labels`` (N,).
    """
    return float((probabilities.argmax(axis=1) == labels).mean())


def top_k_accuracy(probabilities: Array, labels: Array, k: int) -> float:
    """The share of examples whose class is among the k most probable; ties go to the lower class.

    Raises:
        ValueError: k is less than 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, and is {k}")
    nearest = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((nearest == labels[:, None]).any(axis=1).mean())


def confusion_matrix(labels: Array, predictions: Array, classes: int) -> Array:
    """How often class i (row) was taken for class j (column); (C, C), whole numbers."""
    counts = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return counts.reshape(classes, classes)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How one class fares.

    precision = TP/(TP + FP), recall = TP/(TP + FN), f1 = 2·TP/(2·TP + FP + FN). Where the
    denominator is zero the figure is 0: a class that is never predicted has precision 0, one that
    never occurs recall 0.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    """How many examples are of this class."""


def class_figures(confusion: Array, names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """Precision, recall and F1 of each class from the confusion matrix."""
    right = np.diag(confusion)
    predicted, actual = confusion.sum(axis=0), confusion.sum(axis=1)
    return tuple(
        ClassFigures(
            name,
            precision=_ratio(right[i], predicted[i]),
            recall=_ratio(right[i], actual[i]),
            f1=_ratio(2 * right[i], predicted[i] + actual[i]),
            support=int(actual[i]),
        )
        for i, name in enumerate(names)
    )


@dataclass(frozen=True, slots=True)
class AttributeFigures(ClassFigures):
    """How one attribute fares: the figures of having it, and the share of right answers."""

    accuracy: float


def attribute_figures(
    labels: Array, answers: Array, names: Sequence[str]
) -> tuple[AttributeFigures, ...]:
    """The figures of every attribute, from labels and answers (N, K) of 0 and 1."""
    figures = []
    for actual, answered, name in zip(labels.T, answers.T, names, strict=True):
        confusion = confusion_matrix(actual.astype(np.intp), answered.astype(np.intp), 2)
        _, having = class_figures(confusion, ("", name))
        figures.append(
            AttributeFigures(**asdict(having), accuracy=float((actual == answered).mean()))
        )
    return tuple(figures)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """The examples whose highest probability is in (low, high].

    An empty bin has confidence and accuracy None.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    """Their mean highest probability."""
    accuracy: float | None
    """The share of them that is right."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether a model that says 80 % is right 8 times out of 10.

    error = Σ (count/N)·|accuracy − confidence| over the bins, the expected calibration error.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks.
    """

    error: float
    bins: tuple[Bin, ...]


def calibration(probabilities: Array, labels: Array, bins: int = 10) -> Calibration:
    """Compare confidence with accuracy in bins of equal width."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found, error = [], 0.0
    for i in range(bins):
        chosen = place == i
        count = int(chosen.sum())
        if not count:
            found.append(Bin(float(edges[i]), float(edges[i + 1]), 0, None, None))
            continue
        said, was = float(confidence[chosen].mean()), float(right[chosen].mean())
        error += count / len(labels) * abs(was - said)
        found.append(Bin(float(edges[i]), float(edges[i + 1]), count, said, was))
    return Calibration(error, tuple(found))


def cross_entropy(probabilities: Array, labels: Array) -> float:
    """The mean of −ln p of the right class; probabilities below 1e-300 count as that."""
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(right, 1e-300)).mean())
