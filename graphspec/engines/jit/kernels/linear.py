"""What a fully connected layer needs besides matrix products: the way back into it.

dz = dy·f′                         through the functions that were fused into the layer, if any were
db = Σₙ dz[n]                      over the examples, in their order

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

from graphspec.engines.jit.builder import Kernel
from graphspec.engines.jit.kernels.elementwise import THEN, Rest, composed
from graphspec.engines.jit.target import host

STRIP = 2


@dataclass(frozen=True, slots=True)
class WayBack:
    """One kernel: through functions whose gradient needs no input, with the sums, or both.

    Args: dy, y, dz, db, N, M, the functions' settings, and their draws if they keep them.
    """

    after: tuple[str, ...]
    bias: bool

    @property
    def name(self) -> str:
        """The kernel's name, which tells all of it."""
        return THEN.join((f"linear_back{'_bias' if self.bias else ''}", *self.after))

    def __call__(self, k: Kernel) -> None:
        """Write the kernel."""
        dy, y, dz, db = (k.pointer() for _ in range(4))
        n, m = k.size(), k.size()
        function = composed(self.after)
        rest = Rest(k, function, function.draws if "u" in function.keeps else 0)
        with k.chunks() as chunk:
            for column, lanes in k.sweep(*k.span(chunk, STRIP * k.width, m)):
                total = k.variable(k.zeros())
                with k.loop(0, n) as row:
                    place = row * m + column
                    gradient = dy.load(place, lanes)
                    if self.after:
                        kept = y.load(place, lanes) if "y" in function.keeps else gradient
                        gradient = function.backward(k, gradient, kept, *rest.at(place, lanes))
                        dz.store(gradient, place, lanes)
                    if self.bias:
                        total.value = total.value + gradient
                if self.bias:
                    db.store(total.value, column, lanes)


def strips(columns: int) -> int:
    """How many chunks the way back has."""
    return -(-columns // (STRIP * host().width))
