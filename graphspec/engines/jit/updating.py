"""The update of every weight as rows of one table, and the norm of the gradient before it.

``kernels/updates.py`` has ``UPDATES``, by kind of rule, and ``kernels/penalties.py`` has ``NORMS``,
by kind of penalty. What is not there, and constraints, are computed by numpy, weight by weight.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial

import numpy as np

from graphspec.engines.jit.buffers import Array, outside
from graphspec.engines.jit.kernels import penalties, reduce
from graphspec.engines.jit.kernels.updates import CHUNK, UPDATES, emit
from graphspec.engines.jit.table import BoundTable, NativeRow, Note, Routine, bind
from graphspec.engines.jit.threads import Pool
from graphspec.recipe.penalties.base import Penalty
from graphspec.recipe.rules.base import UpdateRule


class Updater:
    """Updates all weights of one executable by one rule; its slots must stay where they are.

    The numbers of a step (rate, corrections, the factor that clips) are written into the rows'
    arguments before each run: ``UPDATES[kind].numbers`` gives them.
    """

    def __init__(
        self,
        rule: UpdateRule,
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array],
        slots: Mapping[str, Mapping[str, Array]],
        decaying: Collection[str],
        pool: Pool,
    ) -> None:
        self._kernel = kernel = UPDATES[rule.kind]  # type: ignore[attr-defined]
        self._pool = pool
        kind = rule.kind  # type: ignore[attr-defined]
        routine = Routine(f"update_{kind}", partial(emit, kind))
        rows = []
        for name, dw in gradients.items():
            w, g = outside(name, weights[name]), outside(f"{name} gradient", dw)
            own = tuple(outside(f"{name}/{slot}", slots[name][slot]) for slot in kernel.slots)
            numbers = (0.0,) * kernel.arguments
            rows.append(
                NativeRow(
                    routine,
                    (w, g, *own, w.size, *numbers),
                    -(-w.size // CHUNK),
                    (w, g, *own),
                    (w, g, *own),
                    Note((name.rsplit(".", 1)[0],), "update"),
                )
            )
        self.table: BoundTable = bind(rows)
        self._columns = 3 + len(kernel.slots)
        self._rows = [
            (decays, [i for i, name in enumerate(gradients) if (name in decaying) == decays])
            for decays in (False, True)
        ]

    def run(self, rule: UpdateRule, *, rate: float, step: int, clip: float) -> None:
        """Make one update; gradients are first multiplied by ``clip``."""
        self.set(rule, rate=rate, step=step, clip=clip)
        self._pool.run(self.table.native, 0, len(self.table.native))

    def set(self, rule: UpdateRule, *, rate: float, step: int, clip: float) -> None:
        """Write the numbers of a step into the rows' arguments."""
        width = self._columns + self._kernel.arguments
        args = self.table.args.reshape(-1, width)
        for decays, rows in self._rows:
            numbers = self._kernel.numbers(rule, rate, step, clip, decays)
            # A rate beyond the float's range becomes infinite, as it does in numpy.
            bits = np.array(numbers, np.float32).view(np.uint32)
            args[rows, self._columns :] = bits


class Penaliser:
    """Adds the gradients of penalties to those of the weights, and gives the penalties' values.

    ``covered`` names, for each penalty, the weights that it acts on.
    """

    def __init__(
        self,
        covered: Sequence[Collection[str]],
        weights: Mapping[str, Array],
        gradients: Mapping[str, Array],
        pool: Pool,
    ) -> None:
        self._covered, self._pool = covered, pool
        routine = Routine("penalise", penalties.emit)
        self._sums: dict[str, Array] = {}
        rows = []
        for name, dw in gradients.items():
            if any(name in names for names in covered):
                chunks = -(-dw.size // penalties.CHUNK)
                self._sums[name] = np.zeros((chunks, 2))
                w, g = outside(name, weights[name]), outside(f"{name} gradient", dw)
                sums = outside(f"{name} sums", self._sums[name])
                args = (w, g, sums, dw.size, 0.0, 0.0)
                note = Note((name.rsplit(".", 1)[0],), "update", "penalties")
                rows.append(NativeRow(routine, args, chunks, (w, g), (g, sums), note))
        self._table = bind(rows)

    def run(self, terms: Sequence[Penalty]) -> tuple[float, ...]:
        """Add the gradients, and give the values."""
        norms = [_norms_of(penalty) for penalty in terms]
        args = self._table.args.reshape(-1, 6)
        for row, name in zip(args, self._sums, strict=True):
            parts = [two for two, names in zip(norms, self._covered, strict=True) if name in names]
            strengths = [sum(part[0] for part in parts), 2 * sum(part[1] for part in parts)]
            row[-2:] = np.array(strengths, np.float32).view(np.uint32)
        self._pool.run(self._table.native, 0, len(self._table.native))
        totals = {name: sums.sum(axis=0) for name, sums in self._sums.items()}
        return tuple(
            float(sum(np.dot(two, totals[name]) for name in self._sums if name in names))
            for two, names in zip(norms, self._covered, strict=True)
        )


class Norm:
    """√(Σ g²) over one piece of memory, in double precision, with all threads."""

    def __init__(self, numbers: Array, pool: Pool) -> None:
        self._pool = pool
        chunks = -(-max(numbers.size, 1) // reduce.CHUNK)
        self._sums = np.zeros(chunks)
        values = outside("gradients", numbers), outside("sums of squares", self._sums)
        routine = Routine("sum_of_squares", reduce.squares_kernel)
        args, note = (*values, numbers.size), Note((), "update", "norm", flops=2 * numbers.size)
        self.table = bind([NativeRow(routine, args, chunks, values[:1], values[1:], note)])

    def __call__(self) -> float:
        """The norm now."""
        self._pool.run(self.table.native, 0, 1)
        return math.sqrt(float(self._sums.sum()))


def known(rule: UpdateRule) -> bool:
    """Whether the rule has a kernel."""
    return rule.kind in UPDATES  # type: ignore[attr-defined]


def all_known(terms: Sequence[Penalty]) -> bool:
    """Whether every penalty is a sum of the two norms that the kernel has."""
    return all(penalty.kind in penalties.NORMS for penalty in terms)  # type: ignore[attr-defined]


def _norms_of(penalty: Penalty) -> tuple[float, float]:
    return penalties.NORMS[penalty.kind](penalty)  # type: ignore[attr-defined]
