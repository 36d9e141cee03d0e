"""The sums behind shapes, worked out by hand."""

from __future__ import annotations

import pytest
from graphspec_gui.forms.arithmetic import spell_shape

from graphspec.layers.crop2d import Crop2d
from graphspec.layers.pad2d import Pad2d
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
        (Upsample2d(id="a", inputs=("x",), factor=(2, 3)), (2, 5, 6), {"2·5 = 10", "3·6 = 18"}),
    ],
)
def test_borders_and_repeats_are_spelled_out_too(layer, shape, sums):
    assert sums <= {line.text for line in spell_shape(layer, (TensorSpec(shape),))}
