"""Winograd's transforms inside a kernel: small matrices with fixed numbers, applied to vectors.

    d  →  M d Mᵀ         lanes are channels: every lane holds a tile of its own

A matrix is applied to columns, then to rows. Its rows mostly come in pairs, the values of a
polynomial at a and −a, which share their even and odd parts:

    row(a) = even + odd,   row(−a) = even − odd

so F(4×4)'s Bᵀ, six by six, takes 12 operations instead of 36.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphspec.engines.jit.builder import Value, fma
from graphspec.engines.winograd import Matrix

Tile = list[list[Value]]


def sandwich(matrix: Matrix, tile: Tile) -> Tile:
    """M d Mᵀ."""
    columns = [apply(matrix, column) for column in zip(*tile, strict=True)]
    return [apply(matrix, row) for row in zip(*columns, strict=True)]


def apply(matrix: Matrix, values: Sequence[Value]) -> list[Value]:
    """Each row's Σ_j M[i, j]·values[j]."""
    results: dict[int, Value] = {}
    for i, row in enumerate(matrix):
        if i in results:
            continue
        partner = _partner(matrix, i)
        if partner is None:
            results[i] = _scaled(*_form(row, values))
            continue
        same = row == matrix[partner]
        even, odd = _form(np.where(same, row, 0), values), _form(np.where(same, 0, row), values)
        if even[0] != 1:
            even = (1.0, _scaled(*even))
        factor, value = odd
        results[i] = even[1] + value if factor == 1 else fma(value, factor, even[1])
        results[partner] = even[1] - value if factor == 1 else fma(value, -factor, even[1])
    return [results[i] for i in range(len(matrix))]


def _partner(matrix: Matrix, i: int) -> int | None:
    """The later row that has the same numbers, some with the other sign."""
    for other in range(i + 1, len(matrix)):
        same = matrix[i] == matrix[other]
        opposite = matrix[i] == -matrix[other]
        if np.all(same | opposite) and np.any(~same) and np.any(~opposite):
            return other
    return None


def _form(row: Matrix, values: Sequence[Value]) -> tuple[float, Value]:
    """Σ_j row[j]·values[j] as a factor and a value; the factor is the size all numbers share."""
    terms = [(float(c), value) for c, value in zip(row, values, strict=True) if c]
    sizes = {abs(c) for c, _ in terms}
    factor = sizes.pop() if len(sizes) == 1 else 1.0
    terms = [(c / factor, value) for c, value in terms]
    # Begin with a term that needs no multiplication and no change of sign, if there is one.
    terms.sort(key=lambda term: (term[0] != 1, abs(term[0]) != 1))
    first, total = terms[0]
    if first == -1:
        total = -total
    elif first != 1:
        total = total * first
    for c, value in terms[1:]:
        if c == 1:
            total = total + value
        elif c == -1:
            total = total - value
        else:
            total = fma(value, c, total)
    return factor, total


def _scaled(factor: float, value: Value) -> Value:
    return value if factor == 1 else value * factor
