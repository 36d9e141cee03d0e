"""The k-nearest-neighbour classifier: it remembers every example, and asks the nearest ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphspec.classic.distances import Array, Metric, nearest
from graphspec.data.dataset import require_finite
from graphspec.data.splits import folds as split_in_folds
from graphspec.errors import DataError

GRID = 200
"""Cells along each side of a picture of decision regions."""


class Cost(NamedTuple):
    """What remembering costs, and what asking will cost.

    ``stored_bytes`` is N·D·itemsize; ``fit_seconds`` what learning took, next to nothing;
    ``operations`` the N·D differences that each answer takes. A network is the other way round:
    dear to train, cheap to ask. Source: CS231n notes, Image Classification.
    """

    stored_bytes: int
    fit_seconds: float
    operations: int


class Regions(NamedTuple):
    """What a classifier of points in the plane answers on a grid.

    ``labels`` and ``ties`` are (rows, columns), the lowest ordinate first; ``ties`` is true where
    two classes have the same, largest number of votes and the lowest label was taken.
    ``abscissae`` and ``ordinates`` are the cells' middles.
    """

    labels: npt.NDArray[np.int64]
    ties: npt.NDArray[np.bool_]
    abscissae: npt.NDArray[np.float64]
    ordinates: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """The accuracy of every k on every fold: the points, means and bars of the notes' picture."""

    metric: Metric
    ks: tuple[int, ...]
    points: tuple[tuple[float, ...], ...]
    """For each k the accuracy on each fold, in the order of the folds."""

    @property
    def means(self) -> tuple[float, ...]:
        """The mean accuracy of each k."""
        return tuple(float(np.mean(row)) for row in self.points)

    @property
    def stds(self) -> tuple[float, ...]:
        """The standard deviation over the folds for each k: √(Σ(a − ā)²/folds)."""
        return tuple(float(np.std(row)) for row in self.points)

    @property
    def best(self) -> int:
        """The k with the highest mean; of equal ones the smallest."""
        return min(zip(self.ks, self.means, strict=True), key=lambda pair: (-pair[1], pair[0]))[0]

    def to_json(self) -> dict[str, Any]:
        """The picture's data as JSON values."""
        return {
            "metric": self.metric,
            "k": list(self.ks),
            "points": [list(row) for row in self.points],
            "mean": list(self.means),
            "std": list(self.stds),
            "best": self.best,
        }


class NearestNeighbour:
    """k nearest neighbours: the class that most of the k nearest examples have.

    d₁(a, b) = Σ|a − b|, d₂(a, b) = √Σ(a − b)², over all numbers of an example.

    Ties: of examples at the same distance the one with the lowest index counts as nearer; of
    classes with the same number of votes the lowest label is taken.

    Args:
        x: the examples (N, …), uint8, float32 or float64; kept as they are.
        y: their classes (N,), whole numbers from 0.
        metric: "l1" or "l2".

    Raises:
        DataError: the arrays do not fit each other, there is nothing in them, or NaN or infinity.

    Source: CS231n notes, Image Classification.
    """

    def __init__(self, x: Array, y: Array, *, metric: Metric = "l2") -> None:
        began = time.perf_counter()
        if len(x) != len(y) or y.ndim != 1 or x.size == 0:
            raise DataError(
                f"x is {x.shape} and y is {y.shape}; give as many classes (N,) as examples (N, …)"
            )
        if y.dtype.kind not in "iu" or y.min() < 0:
            raise DataError(
                f"y is {y.dtype}; nearest neighbours vote for classes, whole numbers from 0. "
                "Real targets have no votes."
            )
        require_finite(x, "x")
        self.metric: Metric = metric
        self.x, self.y = x.reshape(len(x), -1), y
        self.classes = int(y.max()) + 1
        self._fit_seconds = time.perf_counter() - began

    @property
    def cost(self) -> Cost:
        """The bytes that are kept, the time that learning took, the work of one answer."""
        return Cost(self.x.nbytes, self._fit_seconds, self.x.size)

    def neighbours(self, queries: Array, k: int = 1) -> tuple[Array, Array]:
        """Indices (Q, k) of the nearest examples, nearest first, and their distances (Q, k).

        Raises:
            DataError: ``k`` is not between 1 and N, the queries have another size, or they hold
                NaN or infinity.
        """
        flat = queries.reshape(len(queries), -1)
        if flat.shape[1] != self.x.shape[1]:
            raise DataError(
                f"a query has {flat.shape[1]} numbers and an example has {self.x.shape[1]}"
            )
        if not 1 <= k <= len(self.x):
            raise DataError(f"k is {k}; with {len(self.x)} examples use 1 to {len(self.x)}.")
        require_finite(flat, "queries: x")
        return nearest(self.x, flat, k, self.metric)

    def votes(self, queries: Array, k: int = 1) -> npt.NDArray[np.int64]:
        """How many of the k nearest examples each class has: (Q, classes)."""
        return self._count(self.y[self.neighbours(queries, k)[0]])

    def predict(self, queries: Array, k: int = 1) -> npt.NDArray[np.int64]:
        """The class of every query: (Q,)."""
        answers: npt.NDArray[np.int64] = self.votes(queries, k).argmax(axis=1)
        return answers

    def accuracies(self, queries: Array, y: Array, ks: Sequence[int]) -> tuple[float, ...]:
        """The share of queries that each k answers rightly; the search is made once."""
        around = self.y[self.neighbours(queries, max(ks))[0]]
        answers = (self._count(around[:, :k]).argmax(axis=1) for k in ks)
        return tuple(float(np.mean(answer == y)) for answer in answers)

    def regions(
        self, k: int, low: Sequence[float], high: Sequence[float], cells: int = GRID
    ) -> Regions:
        """What it answers on a grid over the rectangle from ``low`` to ``high``.

        Raises:
            DataError: the examples are not points in the plane.
        """
        if self.x.shape[1] != 2:
            raise DataError(
                f"decision regions are drawn in the plane, and an example has {self.x.shape[1]} "
                "numbers. Use a set with two, such as spiral."
            )
        middles = (np.arange(cells) + 0.5) / cells
        abscissae, ordinates = (
            start + (end - start) * middles for start, end in zip(low, high, strict=True)
        )
        points = np.stack(np.meshgrid(abscissae, ordinates), axis=-1).reshape(-1, 2)
        votes = self.votes(points, k)
        ties = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
        shape = (cells, cells)
        return Regions(
            votes.argmax(axis=1).reshape(shape), ties.reshape(shape), abscissae, ordinates
        )

    def _count(self, around: Array) -> npt.NDArray[np.int64]:
        votes = np.zeros((len(around), self.classes), np.int64)
        np.add.at(votes, (np.arange(len(around))[:, None], around), 1)
        return votes


def cross_validate(
    x: Array,
    y: Array,
    ks: Sequence[int],
    *,
    folds: int = 5,
    metric: Metric = "l2",
    seed: int | None = None,
) -> CrossValidation:
    """Try every k on every fold: one fold is asked, and the others are remembered.

    Args:
        x: the examples (N, …).
        y: their classes (N,).
        ks: the numbers of neighbours to try.
        folds: into how many parts the examples are divided.
        metric: the distance.
        seed: of the shuffle before dividing; None takes contiguous folds, as in the notes.

    Raises:
        DataError: there are fewer examples than folds, or a k is larger than what is remembered.

    Source: CS231n notes, Image Classification, validation sets for hyperparameter tuning.
    """
    by_fold = [
        NearestNeighbour(x[kept], y[kept], metric=metric).accuracies(x[held], y[held], ks)
        for kept, held in split_in_folds(len(x), folds, seed=seed)
    ]
    return CrossValidation(metric, tuple(ks), tuple(zip(*by_fold, strict=True)))
