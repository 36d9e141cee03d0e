"""Winograd's transforms inside a kernel: small matrices with fixed numbers, applied to vectors.

    d  →  M d Mᵀ         lanes are channels: every lane holds a tile of its own

A matrix is applied to columns, then to rows. Its rows mostly come in pairs, the values of a
polynomial at a and −a, which share their even and odd parts:

    row(a) = even + odd,   row(−a) = even − odd

so F(4×4)'s Bᵀ, six by six, takes 12 operations instead of 36. The columns of a transpose come in
such pairs: their two values are added and subtracted once, for all rows.

Memory: who asks says where d and the result lie (``load(i, j)``, ``store(i, j)``). The result is
made two columns at a time, with what is between in registers:

    d │ · · · · · · │         │ a b │          │ a b · · · · │
      │ · · · · · · │   ──▶   │ a b │   ──▶    │ a b · · · · │
      │      …      │         │  …  │          │      …      │
                         two columns of d Mᵀ     M d Mᵀ, the same two
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from graphspec.engines.jit.builder import Kernel, Value, fma
from graphspec.engines.winograd import Matrix

Tile = list[list[Value]]
Load = Callable[[int, int], Value]
Store = Callable[[int, int, Value], None]


def sandwich(matrix: Matrix, load: Load, store: Store) -> None:
    """M d Mᵀ, from where ``load`` reads d to where ``store`` writes.

    Two columns of the result at a time, which share their even and odd parts: 2·6 vectors between
    the two steps fit into 16 registers, where 6·6 do not. That d is read again for each two costs
    less than to put numbers aside and fetch them back.
    """
    for group in _groups(matrix):
        rows = [
            apply(matrix[group], [load(i, j) for j in _read(matrix, group)], _read(matrix, group))
            for i in range(matrix.shape[1])
        ]
        for number, j in enumerate(group):
            for i, value in enumerate(apply(matrix, [row[number] for row in rows])):
                store(i, j, value)


def operations(matrix: Matrix) -> int:
    """Additions and multiplications of M d Mᵀ for one channel, as ``sandwich`` does them."""
    return _count(matrix.shape, matrix.tobytes())


@cache
def _count(shape: tuple[int, int], numbers: bytes) -> int:
    k = Kernel("count")
    d, to = k.pointer(), k.pointer()
    matrix = np.frombuffer(numbers).reshape(shape)
    sandwich(matrix, lambda i, j: d.load(i * 8 + j), lambda i, j, v: to.store(v, i * 8 + j))
    names = [line.opname for block in k.function.blocks for line in block.instructions]
    return sum(names.count(name) for name in ("fadd", "fsub", "fmul")) + 2 * names.count("call")


def _groups(matrix: Matrix) -> list[list[int]]:
    """The rows of a matrix by twos: those that share sums of values, then the others in order."""
    sums, _ = _sums(matrix)
    used = [frozenset(np.flatnonzero(row)) for row in sums]
    pairs: list[list[int]] = []
    left = list(range(len(matrix)))
    for i in range(len(matrix)):
        if i not in left:
            continue
        other = _partner(matrix, i)
        if other is None and sums is not matrix:
            other = next((j for j in left if j > i and used[j] == used[i]), None)
        if other is not None:
            pairs.append([i, other])
            left = [j for j in left if j not in (i, other)]
    return [*pairs, *(left[i : i + 2] for i in range(0, len(left), 2))]


def _read(matrix: Matrix, group: list[int]) -> list[int]:
    """The columns that some row of the group needs."""
    return [int(j) for j in np.flatnonzero(np.any(matrix[group] != 0, axis=0))]


def apply(
    matrix: Matrix, values: Sequence[Value], columns: Sequence[int] | None = None
) -> list[Value]:
    """Each row's Σ_j M[i, j]·values[j]; ``columns`` are those that there are values for."""
    if columns is not None:
        matrix = matrix[:, columns]
    matrix, twos = _sums(matrix)
    values = list(values)
    for i, j in twos:
        values[i], values[j] = values[i] + values[j], values[i] - values[j]
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


def _sums(matrix: Matrix) -> tuple[Matrix, list[tuple[int, int]]]:
    """The matrix for values of which some twos are replaced by their sum and their difference.

    M[:, i]·a + M[:, j]·b where the columns have the same sizes and some signs differ: every row
    needs a + b or a − b, and not both. Pairs of rows share more, so where there are some, nothing
    is replaced.
    """
    if any(_partner(matrix, i) is not None for i in range(len(matrix))):
        return matrix, []
    twos: list[tuple[int, int]] = []
    sums = matrix
    for i in range(matrix.shape[1]):
        other = _partner(matrix.T, i)
        if other is None or any(other in pair or i in pair for pair in twos):
            continue
        if sums is matrix:
            sums = matrix.copy()
        first, second = matrix[:, i], matrix[:, other]
        sums[:, i] = np.where(first == second, first, 0)
        sums[:, other] = np.where(first == second, 0, first)
        twos.append((i, other))
    return sums, twos


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
