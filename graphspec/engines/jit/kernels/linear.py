"""What a fully connected layer needs besides matrix products: the way back into it.

dz = dy where y > 0, else 0        through the ReLU that was fused into the layer, if one was
db = Σₙ dz[n]                      over the examples, in their order

With a dropout behind the ReLU, dz = s·dy there: y > 0 only where nothing was dropped.

         M columns
    ┌─┬─┬─┬─┬─┬─┬─┐
    │ │ │ │ │ │ │ │
N   │0│1│2│3│4│5│6│   dy, y, dz: (N, M), dense. Chunk c is a strip of STRIP vectors' columns,
    │ │ │ │ │ │ │ │   gone through from the first example to the last, a vector at a time.
    └─┴─┴─┴─┴─┴─┴─┘
     db
"""

from __future__ import annotations

from dataclasses import dataclass

from graphspec.engines.jit.builder import Kernel, select
from graphspec.engines.jit.target import host

STRIP = 2


@dataclass(frozen=True, slots=True)
class WayBack:
    """One kernel: with the ReLU, with the sums, or with both. Args: dy, y, dz, db, N, M, [s]."""

    relu: bool
    bias: bool
    drop: bool = False

    @property
    def name(self) -> str:
        """The kernel's name, which tells all of it."""
        choices = {"relu": self.relu, "drop": self.drop, "bias": self.bias}
        return "_".join(["linear_back", *(name for name, chosen in choices.items() if chosen)])

    def __call__(self, k: Kernel) -> None:
        """Write the kernel."""
        dy, y, dz, db = (k.pointer() for _ in range(4))
        n, m = k.size(), k.size()
        factor = k.scalar().spread() if self.drop else None
        with k.chunks() as chunk:
            for column, lanes in k.sweep(*k.span(chunk, STRIP * k.width, m)):
                total = k.variable(k.zeros())
                with k.loop(0, n) as row:
                    place = row * m + column
                    gradient = dy.load(place, lanes)
                    if factor is not None:
                        gradient = gradient * factor
                    if self.relu:
                        gradient = select(y.load(place, lanes) > 0.0, gradient, 0.0)
                        dz.store(gradient, place, lanes)
                    if self.bias:
                        total.value = total.value + gradient
                if self.bias:
                    db.store(total.value, column, lanes)


def strips(columns: int) -> int:
    """How many chunks the way back has."""
    return -(-columns // (STRIP * host().width))
