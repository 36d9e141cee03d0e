"""Matrix products on one core: their share of what its multiply-add units can do, against BLAS.

The peak is measured by a loop of multiply-adds that touches no memory, in alternation with the
products, since the clock of a shared machine goes up and down.
"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from graphspec.engines.jit.builder import SIGNATURE, Kernel, fma
from graphspec.engines.jit.compiler import native
from graphspec.engines.jit.kernels import gemm
from graphspec.engines.jit.kernels.gemm import Gemm
from graphspec.engines.jit.target import host
from graphspec.engines.numpy.blas import one_thread
from tests.bench.timing import alternate, report
from tests.engines.jit.calling import arguments

TURNS = 200_000
SUMS = 12
SHAPES = [(512, 512, 512), (128, 512, 3072), (3072, 512, 128), (16384, 64, 64), (64, 10, 256)]


def peak_kernel(k: Kernel) -> None:
    turns, x = k.size(), k.pointer()
    a, b = x.load(0), x.load(k.width)
    # Equal sums would be computed once.
    sums = [k.variable(x.load(i * k.width)) for i in range(SUMS)]
    with k.loop(0, turns):
        for one in sums:
            one.value = fma(a, b, one.value)
    for i, one in enumerate(sums):
        x.store(one.value, i * k.width)


def peak():
    x = np.zeros(SUMS * host().width, np.float32)
    args, function = arguments(TURNS, x), SIGNATURE(native("bench_peak", peak_kernel))
    return lambda keep=x: function(args.ctypes.data, 0, 1, 0)


def product(m, n, depth, columns):
    a = np.random.default_rng(0).standard_normal((m, depth), dtype=np.float32)
    b = np.random.default_rng(1).standard_normal((depth, n), dtype=np.float32)
    c, out = np.zeros((m, n), np.float32), np.zeros((m, n), np.float32)
    stored = np.ascontiguousarray(b.T) if columns else b
    scratch = np.zeros(gemm.scratch_floats(), np.float32)
    kind, groups = Gemm("rows", "columns" if columns else "rows"), gemm.groups(m, n, 1)
    sizes = (m, n, depth, depth, stored.shape[1], n)
    args = arguments(a, stored, c, c, scratch, *sizes, *groups)
    function, chunks = SIGNATURE(native(kind.name, kind)), gemm.chunks(m, n, *groups)
    keep = (a, stored, c, scratch)
    ours = lambda keep=keep: function(args.ctypes.data, 0, chunks, 0)  # noqa: E731
    return ours, lambda: np.matmul(a, stored.T if columns else stored, out=out)


@pytest.mark.parametrize("columns", [False, True], ids=["A·B", "A·Bᵀ"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_share_of_the_peak(shape, columns):
    ours, blas = product(*shape, columns)
    with one_thread():
        blocks = alternate(ours, {"peak": peak(), "BLAS": blas}, blocks=15)
    # Whatever else the machine does only adds time.
    times = {who: min(taken) for who, taken in blocks.items()}
    most = 2 * SUMS * host().width * TURNS / times["peak"] / 1e6
    ours_rate, blas_rate = (2 * np.prod(shape) / times[who] / 1e6 for who in ("ours", "BLAS"))
    report(
        f"{'A·Bᵀ' if columns else 'A·B'} {shape}",
        f"{ours_rate / most:.0%} of peak",
        f"{ours_rate:.0f} of {most:.0f} GF/s; BLAS {blas_rate / most:.0%}",
    )
