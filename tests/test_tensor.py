"""Shapes and the arithmetic of sliding windows."""

from __future__ import annotations

import pytest

from graphspec.errors import ShapeError
from graphspec.tensor import (
    TensorSpec,
    effective_kernel,
    render_shape,
    window_arithmetic,
    window_count,
)


def test_tensors_know_their_size_and_write_themselves() -> None:
    assert TensorSpec((3, 32, 32)).size == 3072
    assert TensorSpec(()).size == 1
    assert str(TensorSpec((3, 32, 32))) == "3×32×32"
    assert str(TensorSpec(())) == render_shape(()) == "scalar"
    assert str(TensorSpec((), "int", 10)) == "label of 10"


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "count"),
    [(7, 3, 1, 0, 5), (7, 3, 2, 0, 3), (227, 11, 4, 0, 55), (5, 3, 1, 1, 5), (1, 1, 1, 0, 1)],
)
def test_Q01_windows_that_tile(size: int, kernel: int, stride: int, pad: int, count: int) -> None:
    assert window_count(size, kernel, stride, (pad, pad)) == count


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "pad", "arithmetic", "floor", "ceil"),
    [
        (5, 3, 3, 1, "(5 − 3 + 2·1)/3 + 1 = 2.333", 2, 2),
        (10, 3, 2, 0, "(10 − 3 + 2·0)/2 + 1 = 4.5", 4, 5),
        (224, 11, 4, 0, "(224 − 11 + 2·0)/4 + 1 = 54.25", 54, 55),
    ],
)
def test_Q01_windows_that_do_not_tile_are_rejected_with_the_sum(
    size: int, kernel: int, stride: int, pad: int, arithmetic: str, floor: int, ceil: int
) -> None:
    with pytest.raises(ShapeError, match="not whole") as caught:
        window_count(size, kernel, stride, (pad, pad), axis="height")
    assert caught.value.code == "window-remainder"
    assert caught.value.arithmetic == arithmetic
    assert "height" in str(caught.value)
    assert window_count(size, kernel, stride, (pad, pad), rounding="floor") == floor
    assert window_count(size, kernel, stride, (pad, pad), rounding="ceil") == ceil


def test_a_window_larger_than_its_input_is_rejected_whatever_the_rounding() -> None:
    for rounding in ("exact", "floor", "ceil"):
        with pytest.raises(ShapeError) as caught:
            window_count(4, 7, 1, (1, 1), rounding=rounding)
        assert caught.value.code == "window-too-large"
        assert "4 + 1 + 1 = 6" in caught.value.message


def test_Q05_dilation_spreads_the_kernel() -> None:
    assert [effective_kernel(3, dilation) for dilation in (1, 2, 3)] == [3, 5, 7]
    assert effective_kernel(1, 9) == 1
    assert window_count(9, 3, 1, dilation=2) == 5
    assert window_arithmetic(9, 3, 1, dilation=2) == "(9 − 5 + 2·0)/1 + 1 = 5"


def test_uneven_padding_is_counted_on_both_sides() -> None:
    assert window_count(4, 2, 1, (0, 1)) == 4
    assert window_arithmetic(4, 2, 1, (0, 1)) == "(4 − 2 + 0 + 1)/1 + 1 = 4"


@pytest.mark.parametrize("rounding", ["floor", "ceil"])
@pytest.mark.parametrize("pad", [0, 1])
def test_window_counts_equal_the_places_that_can_be_listed(rounding: str, pad: int) -> None:
    for size in range(2, 12):
        for kernel in range(max(1, 2 * pad), 5):
            for stride in range(1, 5):
                if kernel > size + 2 * pad:
                    continue
                whole = [
                    s for s in range(0, size + 2 * pad, stride) if s + kernel <= size + 2 * pad
                ]
                # One more for a rest, as long as it starts in the input or its left padding.
                rest = whole[-1] + kernel < size + 2 * pad and whole[-1] + stride < size + pad
                expected = len(whole) + (rounding == "ceil" and rest)
                assert window_count(size, kernel, stride, (pad, pad), 1, rounding) == expected
