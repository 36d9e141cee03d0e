"""The nearest of many examples, in blocks that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.errors import DataError

Array = npt.NDArray[Any]
Metric = Literal["l1", "l2"]

BLOCK = 2**24
"""Numbers in the largest temporary array: 64 MB of float32."""
EXACT_IN_FLOAT32 = 2**24


def nearest(x: Array, queries: Array, k: int, metric: Metric) -> tuple[Array, Array]:
    """The k nearest examples of each query, nearest first.

    L1: d = Σ|x − q|. L2: d = √Σ(x − q)². Of examples at the same distance the one with the lowest
    index comes first. Distances that decide are computed in float64 from the differences, so that
    equal distances are equal: ‖x‖² − 2x·q + ‖q‖², a matrix product, only picks who is compared.

    Args:
        x: the examples (N, D), uint8, float32 or float64; they are never copied as a whole.
        queries: (Q, D).
        k: 1 to N.
        metric: which distance.

    Returns:
        Indices (Q, k) int64 and distances (Q, k) float64.

    Raises:
        DataError: the values are too large for their squares to be finite.
    """
    indices = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k))
    rows = max(1, min(len(queries), BLOCK // max(len(x), 1)))
    search = _nearest_l1 if metric == "l1" else _nearest_l2
    for start in range(0, len(queries), rows):
        part = slice(start, start + rows)
        search(x, queries[part], k, indices[part], distances[part])
    return indices, distances


def _nearest_l1(x: Array, q: Array, k: int, indices: Array, distances: Array) -> None:
    wide: np.dtype[Any] = np.dtype(np.float64)
    if x.dtype == q.dtype == np.uint8 and 255 * x.shape[1] < EXACT_IN_FLOAT32:
        # Whole numbers below 2²⁴: exact, at half the cost.
        wide = np.dtype(np.float32)
    found = np.empty((len(q), len(x)), wide)
    q = q.astype(wide)
    # A block that stays in the cache while every query passes over it.
    for part in _blocks(len(x), x.shape[1], 2**18):
        block = x[part].astype(wide)
        difference = np.empty_like(block)
        for row, query in zip(found, q, strict=True):
            np.subtract(block, query, out=difference)
            np.abs(difference, out=difference)
            difference.sum(axis=1, out=row[part])
    thresholds = np.partition(found, k - 1, axis=1)[:, k - 1]
    for i, row in enumerate(found):
        near = np.flatnonzero(row <= thresholds[i])
        chosen = near[np.argsort(row[near], kind="stable")[:k]]
        indices[i], distances[i] = chosen, row[chosen]


def _nearest_l2(x: Array, q: Array, k: int, indices: Array, distances: Array) -> None:
    wide: np.dtype[np.floating[Any]] = np.dtype(
        np.float64 if np.float64 in (x.dtype, q.dtype) else np.float32
    )
    found = np.empty((len(q), len(x)), wide)
    fast = q.astype(wide)
    squares = _norms(fast)
    longest = 0.0
    for part in _blocks(len(x), x.shape[1], BLOCK // 4):
        block = x[part].astype(wide)
        norms = _norms(block)
        longest = max(longest, float(norms.max()))
        np.matmul(fast, block.T, out=found[:, part])
        found[:, part] *= -2
        found[:, part] += norms.astype(wide)
    thresholds = np.partition(found, k - 1, axis=1)[:, k - 1].astype(np.float64)
    # Twice the most that rounding can move a sum of D products (Higham's γ), on both sides.
    slack = 8 * (x.shape[1] + 4) * float(np.finfo(wide).eps) * (longest + squares)
    for i, row in enumerate(found):
        near = np.flatnonzero(row <= thresholds[i] + slack[i])
        exact = _squared_distances(x, near, q[i])
        first = np.argsort(exact, kind="stable")[:k]
        indices[i], distances[i] = near[first], np.sqrt(exact[first])


def _norms(rows: Array) -> Array:
    """The squared length of every row, in float64."""
    norms: Array
    with np.errstate(over="ignore"):
        norms = np.einsum("nd,nd->n", rows, rows, dtype=np.float64)
    # A squared distance is at most four times the larger one.
    if not norms.max() < np.finfo(rows.dtype).max / 8:
        raise DataError(
            f"an example is {norms.max() ** 0.5:.3g} long, and squared distances overflow in "
            f"{rows.dtype}. Scale the data first."
        )
    return norms


def _squared_distances(x: Array, near: Array, query: Array) -> Array:
    exact = np.empty(len(near))
    q = query.astype(np.float64)
    for part in _blocks(len(near), x.shape[1], 2**20):
        difference = x[near[part]] - q
        np.square(difference, out=difference)
        difference.sum(axis=1, out=exact[part])
    return exact


def _blocks(count: int, width: int, numbers: int) -> Iterator[slice]:
    """Slices of rows with at most so many numbers each."""
    rows = max(1, numbers // max(width, 1))
    for start in range(0, count, rows):
        yield slice(start, start + rows)
