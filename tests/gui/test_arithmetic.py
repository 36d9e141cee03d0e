"""The sums behind shapes, worked out by hand."""

from __future__ import annotations

import pytest
from graphspec_gui.forms.arithmetic import spell_shape

from graphspec.layers.crop2d import Crop2d
from graphspec.layers.pad2d import Pad2d
from graphspec.layers.permute import Permute
from graphspec.layers.reduce_sum import ReduceSum
from graphspec.layers.slice import Slice
from graphspec.layers.upsample2d import Upsample2d
from graphspec.tensor import TensorSpec


@pytest.mark.parametrize(
    ("layer", "shape", "sums"),
    [
        (
            Pad2d(id="a", inputs=("x",), pad=(1, 2, 3, 4)),
            (2, 5, 6),
            {"5 + 1 + 3 = 9", "6 + 4 + 2 = 12"},
        ),
        (Crop2d(id="a", inputs=("x",), crop=1), (2, 5, 5), {"5 − 1 − 1 = 3"}),
        (Slice(id="a", inputs=("x",), start=-3, stop=-1), (8, 2), {"7 − 5 = 2"}),
        (Slice(id="a", inputs=("x",), axis=1, start=1, step=2), (8, 6), {"⌈(6 − 1)/2⌉ = 3"}),
        (Permute(id="a", inputs=("x",), axes=(1, 2, 0)), (2, 3, 4), {"1, 2, 0 of 2×3×4 are 3×4×2"}),
        (ReduceSum(id="a", inputs=("x",), axes=(1, 2)), (2, 3, 4), {"2·3·4 / 12 = 2"}),
        (Upsample2d(id="a", inputs=("x",), factor=(2, 3)), (2, 5, 6), {"2·5 = 10", "3·6 = 18"}),
    ],
)
def test_what_is_no_window_is_spelled_out_too(layer, shape, sums):
    assert sums <= {line.text for line in spell_shape(layer, (TensorSpec(shape),))}
