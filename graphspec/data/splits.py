"""Dividing examples into training, validation and test parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.errors import DataError

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Index arrays of three parts: disjoint, and together every example once."""

    train: Indices
    validation: Indices
    test: Indices


def split(
    n: int,
    *,
    validation: float = 0.0,
    test: float = 0.0,
    seed: int | None = 0,
    labels: npt.NDArray[Any] | None = None,
) -> Split:
    """Divide ``n`` examples.

    Args:
        n: Number of examples.
        validation: A whole number of examples, or a fraction of ``n`` below 1 (rounded to the
            nearest whole number, halves up).
        test: As ``validation``.
        seed: Seed of the shuffle (numpy's PCG64). None keeps the order: the first examples are
            for training, then come validation and test.
        labels: Class of every example. When given, each part holds every class in the
            proportion of the whole, as exactly as whole numbers allow.

    Raises:
        DataError: a part is negative or not whole, or nothing is left for training.
    """
    sizes = (_size(n, validation, "validation"), _size(n, test, "test"))
    if sum(sizes) >= n:
        raise DataError(
            f"nothing is left to train on: {n} examples, {sizes[0]} for validation and "
            f"{sizes[1]} for testing. Use smaller parts or more data."
        )
    if labels is not None and len(labels) != n:
        raise DataError(f"{len(labels)} labels were given for {n} examples; give one for each.")
    order = np.arange(n) if seed is None else _generator(seed).permutation(n)
    held_test = _choose(order, sizes[1], labels)
    order = order[~np.isin(order, held_test)]
    held_validation = _choose(order, sizes[0], labels)
    train = order[~np.isin(order, held_validation)]
    return Split(train, held_validation, held_test)


def folds(
    n: int, k: int, *, seed: int | None = None, labels: npt.NDArray[Any] | None = None
) -> tuple[tuple[Indices, Indices], ...]:
    """The ``k`` pairs (training, validation) of cross-validation; every example is held out once.

    Without a seed the folds are contiguous and the first ``n`` mod ``k`` of them are one larger,
    as in the CS231n notes (image classification, cross-validation). With ``labels`` each fold
    holds every class in proportion.

    Raises:
        DataError: ``k`` is not between 2 and ``n``.
    """
    if n < 2:
        raise DataError(f"folds are made of two examples or more, and there are {n}.")
    if not 2 <= k <= n:
        raise DataError(f"{k} folds cannot be made of {n} examples; use 2 to {n}.")
    order = np.arange(n) if seed is None else _generator(seed).permutation(n)
    if labels is None:
        held = np.array_split(order, k)
    else:
        by_class = order[np.argsort(labels[order], kind="stable")]
        held = [by_class[start::k] for start in range(k)]
    parts = [part.astype(np.int64) for part in held]
    return tuple(
        (np.concatenate([*parts[:i], *parts[i + 1 :]]), part) for i, part in enumerate(parts)
    )


def some(indices: Indices, part: float, labels: npt.NDArray[Any] | None = None) -> Indices:
    """The first of some examples, for a learning curve: a share below 1, or a whole number.

    With ``labels`` (of these examples) every class is taken in proportion. The order stays, so that
    without labels each part holds every smaller one.

    Raises:
        DataError: none would be left, or there are not so many.
    """
    count = _size(len(indices), part, "training")
    if not 0 < count <= len(indices):
        raise DataError(
            f"there are {len(indices)} training examples, and {count} of them are asked for; "
            f"use 1 to {len(indices)}, or a share below 1."
        )
    dropped = _choose(np.arange(len(indices)), len(indices) - count, labels)
    return np.delete(indices, dropped)


def balanced(indices: Indices, labels: npt.NDArray[Any], how: Literal["drop", "repeat"]) -> Indices:
    """As many examples of every class: larger ones lose some, or smaller ones are repeated.

    ``labels`` are the classes of these examples. Of a larger class the first ones stay; those of a
    smaller class are taken again and again, in turn.
    """
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    sizes = [len(group) for group in members]
    size = min(sizes) if how == "drop" else max(sizes)
    positions = np.concatenate([np.resize(group, size) for group in members])
    chosen: Indices = indices[np.sort(positions)]
    return chosen


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def _size(n: int, part: float, name: str) -> int:
    if part % 1:
        if not 0 < part < 1:
            raise DataError(
                f"the {name} part is {part}; give a fraction between 0 and 1 or a whole number."
            )
        return math.floor(n * part + 0.5)
    if part < 0:
        raise DataError(f"the {name} part is {part}; it cannot be negative.")
    return int(part)


def _choose(order: Indices, count: int, labels: npt.NDArray[Any] | None) -> Indices:
    """The last ``count`` of ``order``, or the last of each class in proportion."""
    if labels is None or count == 0:
        return order[len(order) - count :].astype(np.int64)
    classes = [order[labels[order] == label] for label in np.unique(labels[order])]
    quotas = _share(count, [len(members) for members in classes])
    chosen = [
        members[len(members) - quota :] for members, quota in zip(classes, quotas, strict=True)
    ]
    together = np.concatenate(chosen)
    return order[np.isin(order, together)].astype(np.int64)


def _share(count: int, sizes: Sequence[int]) -> list[int]:
    """Divide ``count`` in proportion to ``sizes`` by largest remainders; the sum is exact."""
    total = sum(sizes)
    shares = [count * size // total for size in sizes]
    remainders = [count * size % total for size in sizes]
    # Stable, so that equal remainders go to the first classes on every system.
    largest = sorted(range(len(sizes)), key=lambda i: -remainders[i])
    for i in largest[: count - sum(shares)]:
        shares[i] += 1
    return shares
