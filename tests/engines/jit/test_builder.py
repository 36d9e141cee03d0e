"""Kernels compute what their formulas say, for any size, and touch nothing beyond."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphspec.engines.jit.builder import (
    F64,
    I8,
    I32,
    I64,
    Kernel,
    Value,
    absolute,
    float_bits,
    floor,
    fma,
    maximum,
    minimum,
    nearest,
    select,
    sqrt,
    transposed,
    with_sign_of,
)
from graphspec.engines.jit.compiler import assembly_text, llvm_text
from graphspec.engines.jit.target import Target, host
from tests.engines.jit.calling import call, check, guarded

# The same kernels with other vectors: LLVM splits those that the processor does not have.
WIDTHS = [Target(host().cpu, host().features, width, 16) for width in (4, 8, 16)]
widths = pytest.mark.parametrize("target", WIDTHS, ids=lambda target: f"width{target.width}")
sizes = st.integers(0, 150)
fast = settings(deadline=None, max_examples=60)


def axpy(unroll: int, k: Kernel) -> None:
    x, y, n, a = k.pointer(), k.pointer(), k.size(), k.scalar()
    with k.chunks() as chunk:
        for i, lanes in k.sweep(*k.span(chunk, 50, n), unroll):
            y.store(fma(a, x.load(i, lanes), y.load(i, lanes)), i, lanes)


@widths
@pytest.mark.parametrize("unroll", [1, 3])
@fast
@given(n=sizes)
def test_a_sweep_covers_any_size_and_nothing_else(target: Target, unroll: int, n: int) -> None:
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    y, whole = guarded(n)
    y[:] = 1
    call(f"axpy_{unroll}", partial(axpy, unroll), x, y, n, 0.5, chunks=-(-n // 50), target=target)
    np.testing.assert_array_equal(y, np.float32(0.5) * x + 1)
    check(whole)


@fast
@given(n=sizes, first=st.integers(0, 3), last=st.integers(0, 3))
def test_a_call_does_its_chunks_alone(n: int, first: int, last: int) -> None:
    from graphspec.engines.jit.builder import SIGNATURE
    from graphspec.engines.jit.compiler import native
    from tests.engines.jit.calling import arguments

    x, y = np.ones(n, np.float32), np.zeros(n, np.float32)
    args = arguments(x, y, n, 1.0)
    SIGNATURE(native("axpy_1", partial(axpy, 1)))(args.ctypes.data, first, last, 0)
    touched = (np.arange(n) // 50 >= first) & (np.arange(n) // 50 < last)
    np.testing.assert_array_equal(y, touched.astype(np.float32))


def dot(k: Kernel) -> None:
    x, y, out, n = k.pointer(), k.pointer(), k.pointer(), k.size()
    total, top = k.variable(k.zeros()), k.variable(k.number(float("-inf")).spread())
    for i, lanes in k.sweep(0, n):
        product = x.load(i, lanes) * y.load(i, lanes)
        total.value = total.value + product
        top.value = maximum(top.value, product)
    out[0], out[1] = total.value.total(), top.value.largest()


@widths
@fast
@given(n=st.integers(1, 100))
def test_lanes_outside_the_mask_are_zero_and_fold_into_one_number(target: Target, n: int) -> None:
    # Whole numbers: their sums are exact in any order. All negative: a zero would be the largest.
    rng = np.random.default_rng(n)
    x, y = rng.integers(1, 9, n).astype(np.float32), -rng.integers(1, 9, n).astype(np.float32)
    out = np.zeros(2, np.float32)
    call("dot", dot, x, y, out, n, target=target)
    assert out[0] == (x * y).sum()
    assert out[1] == (0 if n % target.width else (x * y).max())


BINARY: dict[str, tuple[Callable[[Value, Value], Value], Callable[[Any, Any], Any]]] = {
    "add": (lambda a, b: a + b, lambda a, b: a + b),
    "subtract": (lambda a, b: a - b, lambda a, b: a - b),
    "multiply": (lambda a, b: a * b, lambda a, b: a * b),
    "divide": (lambda a, b: a / b, lambda a, b: a / b),
    "one_minus": (lambda a, b: 1.0 - a, lambda a, b: 1 - a),
    "negate": (lambda a, b: -a, lambda a, b: -a),
    "maximum": (maximum, np.maximum),
    "minimum": (minimum, np.minimum),
    "select": (lambda a, b: select(a > b, a, 2.0), lambda a, b: np.where(a > b, a, 2)),
    "either": (
        lambda a, b: select((a < 0.0) | (b <= 0.0), a, b),
        lambda a, b: np.where((a < 0) | (b <= 0), a, b),
    ),
    "not": (
        lambda a, b: select(~(a >= b) & a.differs(b), a, b),
        lambda a, b: np.where(a < b, a, b),
    ),
    "sqrt": (lambda a, b: sqrt(absolute(a)), lambda a, b: np.sqrt(np.abs(a))),
    "floor": (lambda a, b: floor(a), lambda a, b: np.floor(a)),
    "nearest": (lambda a, b: nearest(a * 2.0), lambda a, b: np.rint(a * 2)),
    "sign": (with_sign_of, np.copysign),
    "whole": (lambda a, b: a.to(I32).to(a.element), lambda a, b: np.trunc(a)),
    "double": (
        lambda a, b: (a.to(F64) / b.to(F64)).to(a.element),
        lambda a, b: (a.astype(np.float64) / b).astype(np.float32),
    ),
    "bits": (
        lambda a, b: (a.bits(I32) & 0x7FFFFFFF).bits(a.element),
        lambda a, b: np.abs(a),
    ),
}


def binary(function: Callable[[Value, Value], Value], k: Kernel) -> None:
    a, b, c, n = k.pointer(), k.pointer(), k.pointer(), k.size()
    for i, lanes in k.sweep(0, n):
        c.store(function(a.load(i, lanes), b.load(i, lanes)), i, lanes)
    # Once more with single numbers instead of vectors.
    with k.loop(0, n) as i:
        c[n + i] = function(a[i], b[i])


@pytest.mark.parametrize("name", BINARY)
def test_operators_do_what_numpy_does(name: str) -> None:
    ours, theirs = BINARY[name]
    rng = np.random.default_rng(0)
    a, b = (rng.normal(0, 3, 101).astype(np.float32) for _ in range(2))
    c = np.zeros(202, np.float32)
    call(f"binary_{name}", partial(binary, ours), a, b, c, 101)
    want = theirs(a, b)
    np.testing.assert_array_equal(c, np.concatenate([want, want]))


def whole_numbers(k: Kernel) -> None:
    a, b, out = k.size(), k.size(), k.pointer(I64)
    values = (a + b, a - b, a * b, a // b, a % b, a << 2, a >> 1, a ^ b, minimum(a, b), -a)
    for i, value in enumerate(values):
        out[i] = value


@given(a=st.integers(-1000, 1000), b=st.integers(1, 50))
@fast
def test_whole_numbers(a: int, b: int) -> None:
    out = np.zeros(10, np.int64)
    call("whole_numbers", whole_numbers, a, b, out)
    quotient = int(a / b)
    want = [a + b, a - b, a * b, quotient, a - quotient * b, a << 2, a >> 1, a ^ b, min(a, b), -a]
    assert out.tolist() == want


def nan_kernel(k: Kernel) -> None:
    x, out = k.pointer(), k.pointer()
    out[0] = maximum(k.number(0.0), x[0])
    out[1] = maximum(x[0], 0.0)
    out[2] = select(x[0].differs(x[0]), k.number(1.0), 0.0)
    out[3] = select(x[0].equals(x[0]), k.number(1.0), 0.0)


def test_the_second_of_two_is_taken_where_one_is_no_number() -> None:
    out = np.zeros(4, np.float32)
    call("nan_kernel", nan_kernel, np.array([np.nan], np.float32), out)
    np.testing.assert_array_equal(out, np.array([np.nan, 0, 1, 0], np.float32))


def square(k: Kernel) -> None:
    x, y = k.pointer(), k.pointer()
    rows = transposed([x.load(r * k.width) for r in range(k.width)])
    for r, row in enumerate(rows):
        y.store(row, r * k.width)


@widths
def test_transposed(target: Target) -> None:
    x = np.arange(target.width**2, dtype=np.float32).reshape(target.width, -1)
    y = np.zeros_like(x)
    call("square", square, x, y, target=target)
    np.testing.assert_array_equal(y, x.T)


def branches(k: Kernel) -> None:
    out, n = k.pointer(I64), k.size()
    count = k.variable(k.integer(0))
    with k.loop(3, n, 2) as i, k.either((i % 3).equals(0)) as (yes, no):
        with yes:
            count.value = count.value + 100
        with no, k.when(i > 6):
            count.value = count.value + 1
    left = k.variable(n)
    with k.repeat_while(lambda: left.value > 4):
        left.value = left.value - 3
    out[0], out[1] = count.value, left.value
    out[2] = k.choose(n > 5, out, out + 1).atomic_add(0, 5)
    out[3] = out.atomic_load(0)
    out.prefetch(1000)
    k.pause()


@given(n=st.integers(0, 40))
@fast
def test_loops_and_branches(n: int) -> None:
    out = np.zeros(4, np.int64)
    call("branches", branches, out, n)
    turns = range(3, n, 2)
    count = sum(100 if i % 3 == 0 else int(i > 6) for i in turns)
    left = n
    while left > 4:
        left -= 3
    want = [count, left]
    old = want[0] if n > 5 else want[1]
    want[0 if n > 5 else 1] += 5
    assert out.tolist() == [*want, old, want[0]]


def bytes_kernel(k: Kernel) -> None:
    x, y, n = k.pointer(I8), k.pointer(), k.size()
    for i, lanes in k.sweep(0, n):
        y.store(x.load(i, lanes).to(y.element), i, lanes)


@given(n=sizes)
@fast
def test_bytes_have_no_sign(n: int) -> None:
    x = (np.arange(n) * 37 % 256).astype(np.uint8)
    y, whole = guarded(n)
    call("bytes_kernel", bytes_kernel, x, y, n)
    np.testing.assert_array_equal(y, x)
    check(whole)


def test_floats_stand_in_the_arguments_by_their_bits() -> None:
    for number in (0.0, -1.5, 3.4e38, 1e-45):
        assert np.array([float_bits(number)], np.uint32).view(np.float32)[0] == np.float32(number)


def test_products_and_sums_are_not_contracted() -> None:
    """a·b + c is two roundings, so that bits do not depend on what LLVM makes of it."""

    def kernel(k: Kernel) -> None:
        x = k.pointer()
        x.store(x.load(0) * x.load(8) + x.load(16), 24)

    assert "fma" not in assembly_text("two_roundings", kernel)
    assert "fast" not in llvm_text("two_roundings", kernel)
