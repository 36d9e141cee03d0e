"""Matrix products of every layout and epilogue, at any size, against float64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphspec.engines.jit.builder import SIGNATURE, float_bits
from graphspec.engines.jit.compiler import native
from graphspec.engines.jit.kernels import gemm
from graphspec.engines.jit.kernels.gemm import Gemm
from graphspec.engines.jit.kernels.packing import Pack
from graphspec.engines.jit.target import Target, host
from tests.engines.jit.calling import arguments, call, check, guarded

TOLERANCE = 2e-6
WIDTHS = [Target(host().cpu, host().features, width, n) for width, n in ((4, 32), (16, 32))]
KINDS = [
    Gemm(a, b, add, after)
    for a in ("rows", "panels")
    for b in ("rows", "columns", "panels")
    for add, after in (("nothing", ()), ("bias", ("relu",)), ("c", ()))
] + [Gemm("rows", "rows", "bias", ("relu", "dropout")), Gemm("rows", "rows", "c", ("scale",))]
sizes = st.integers(1, 70)
fast = settings(deadline=None, max_examples=25)


class Problem(NamedTuple):
    """Operands with canaries around them, the product that is expected, and the kernel's call."""

    kind: Gemm
    args: Any
    chunks: int
    c: Any
    edges: list[Any]
    want: Any
    keep: list[Any]


def beside_nothing(array: Any, edges: list[Any]) -> Any:
    """A copy with canaries around it."""
    inner, whole = guarded(array.size)
    inner[...] = array.reshape(-1)
    edges.append(whole)
    return inner.reshape(array.shape)


def packed(matrix: Any, operand: Any, source: Any, target: Target, edges: list[Any]) -> Any:
    """Panels of a (K, extent) matrix, made by the kernel from a source in rows or in columns."""
    depth, extent = matrix.shape
    size = gemm.rows(target) if operand == "a" else gemm.columns(target)
    panels = -(-extent // size)
    out, whole = guarded(panels * depth * size)
    edges.append(whole)
    pack = Pack(operand, source)
    given = beside_nothing(matrix if source == "rows" else matrix.T.copy(), edges)
    call(pack.name, pack, given, out, depth, extent, given.shape[1], chunks=panels, target=target)
    return out


def problem(
    kind: Gemm, m: int, n: int, depth: int, target: Target, threads: int = 1, cut: bool = False
) -> Problem:
    rng = np.random.default_rng(m * 10_007 + n * 101 + depth)
    a, b = rng.standard_normal((m, depth)), rng.standard_normal((depth, n))
    c, bias = rng.standard_normal((m, n)), rng.standard_normal(n)
    a, b, c, bias = (x.astype(np.float32) for x in (a, b, c, bias))
    want = a.astype(np.float64) @ b
    want += {"nothing": 0, "bias": bias, "c": c}[kind.add]
    if "relu" in kind.after:
        want = np.maximum(want, 0)
    edges: list[Any] = []
    rest: list[Any] = []
    if "dropout" in kind.after:
        u = rng.random((m, n), np.float32)
        want *= (u >= np.float32(0.3)) * 1.5
        rest = [float_bits(0.3), float_bits(1.5), beside_nothing(u, edges)]
    elif "scale" in kind.after:
        want *= 0.5
        rest = [float_bits(0.5)]
    source = "rows" if depth % 2 else "columns"
    left = (
        packed(a.T.copy(), "a", source, target, edges)
        if kind.a == "panels"
        else beside_nothing(a, edges)
    )
    right = {
        "rows": lambda: beside_nothing(b, edges),
        "columns": lambda: beside_nothing(b.T.copy(), edges),
        "panels": lambda: packed(b, "b", source, target, edges),
    }[kind.b]()
    result = beside_nothing(c, edges)
    scratch, whole = guarded(gemm.scratch_floats(target) * threads)
    scratch[:] = np.nan
    edges.append(whole)
    groups = gemm.groups(m, n, threads, target)
    if cut:
        groups = (gemm.rows(target), 2 * gemm.columns(target))
    bias = beside_nothing(bias, edges)
    ldb = {"rows": n, "columns": depth, "panels": 0}[kind.b]
    lda = 0 if kind.a == "panels" else depth
    args = arguments(left, right, result, bias, scratch, m, n, depth, lda, ldb, n, *groups, *rest)
    keep = [left, right, bias, scratch, rest]
    return Problem(kind, args, gemm.chunks(m, n, *groups), result, edges, want, keep)


def verify(p: Problem) -> None:
    largest = max(1.0, float(np.abs(p.want).max()))
    assert float(np.abs(p.c - p.want).max()) <= TOLERANCE * largest
    for whole in p.edges:
        check(whole)


def run(p: Problem, first: int, last: int, thread: int = 0, target: Target | None = None) -> None:
    address = native(p.kind.name, p.kind, target)
    SIGNATURE(address)(p.args.ctypes.data, first, last, thread)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@fast
@given(m=sizes, n=sizes, depth=sizes, cut=st.booleans())
def test_any_size(kind: Gemm, m: int, n: int, depth: int, cut: bool) -> None:
    p = problem(kind, m, n, depth, host(), cut=cut)
    run(p, 0, p.chunks)
    verify(p)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("depth", [255, 257, 512, 700])
def test_a_depth_of_several_blocks(kind: Gemm, depth: int) -> None:
    p = problem(kind, 50, 37, depth, host())
    run(p, 0, p.chunks)
    verify(p)


@pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width{target.width}")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_vectors_of_other_processors(kind: Gemm, target: Target) -> None:
    for m, n, depth in ((1, 1, 1), (30, 70, 19), (17, 24, 300)):
        p = problem(kind, m, n, depth, target)
        run(p, 0, p.chunks, target=target)
        verify(p)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_bits_do_not_depend_on_who_does_which_chunk(kind: Gemm) -> None:
    one = problem(kind, 40, 100, 300, host(), threads=3)
    run(one, 0, one.chunks)
    shared = problem(kind, 40, 100, 300, host(), threads=3)
    for thread in range(3):
        first, last = (shared.chunks * t // 3 for t in (thread, thread + 1))
        run(shared, first, last, thread)
    verify(shared)
    np.testing.assert_array_equal(one.c, shared.c)


@given(m=st.integers(1, 5000), n=st.integers(1, 5000), threads=st.integers(1, 64))
@settings(deadline=None)
def test_groups_cover_the_product_in_whole_blocks(m: int, n: int, threads: int) -> None:
    row_group, column_group = gemm.groups(m, n, threads)
    assert row_group % gemm.rows() == 0
    assert column_group % gemm.columns() == 0
    assert gemm.chunks(m, n, row_group, column_group) >= 1


@pytest.mark.parametrize("operand", ["a", "b"])
@pytest.mark.parametrize("source", ["rows", "columns"])
@fast
@given(depth=sizes, extent=sizes)
def test_panels_have_the_layout_that_is_drawn(
    operand: Any, source: Any, depth: int, extent: int
) -> None:
    matrix = np.random.default_rng(extent).standard_normal((depth, extent)).astype(np.float32)
    edges: list[Any] = []
    panels = packed(matrix, operand, source, host(), edges)
    size = gemm.rows() if operand == "a" else gemm.columns()
    for p in range(-(-extent // size)):
        panel = panels[p * depth * size : (p + 1) * depth * size].reshape(depth, size)
        part = matrix[:, p * size : (p + 1) * size]
        np.testing.assert_array_equal(panel[:, : part.shape[1]], part)
    for whole in edges:
        check(whole)
