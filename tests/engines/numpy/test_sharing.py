"""Parts of a batch, and the threads that share them."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.numpy import first_conv, in_parts
from graphspec.engines.numpy.first_conv import FirstConv2d
from graphspec.engines.numpy.in_parts import MaxPoolInParts, ReluInParts
from graphspec.engines.numpy.sharing import parts_of, share
from graphspec.layers.base import Mode
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.relu import Relu


@pytest.mark.parametrize(
    ("batch", "most", "sizes"),
    [
        (16, 16, [16]),
        (16, 7, [4, 4, 4, 4]),
        (16, 3, [2, 3, 3, 2, 3, 3]),
        (3, 1, [1, 1, 1]),
        (5, 0, [1, 1, 1, 1, 1]),
    ],
)
def test_parts_are_even_and_cover_the_batch(batch, most, sizes):
    parts = parts_of(batch, most)
    assert [part.stop - part.start for part in parts] == sizes
    assert np.concatenate([np.arange(batch)[part] for part in parts]).tolist() == [*range(batch)]


def test_every_part_is_done_once():
    counts = np.zeros(1000, int)

    def run(part, thread):
        counts[part] += 1

    share(parts_of(1000, 3), run)
    assert counts.tolist() == [1] * 1000


def test_an_error_of_any_part_is_raised():
    def run(part, thread):
        if part.start == 6:
            raise MemoryError("no room")

    with pytest.raises(MemoryError):
        share(parts_of(8, 2), run)


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last"])
@pytest.mark.parametrize(
    ("layer", "faster"),
    [
        (Relu(id="f", inputs=("x",)), lambda layer: ReluInParts()),
        (MaxPool2d(id="f", kernel=2, inputs=("x",)), MaxPoolInParts),
        (MaxPool2d(id="f", kernel=3, stride=1, pad=1, inputs=("x",)), MaxPoolInParts),
    ],
)
def test_parts_give_the_bits_of_the_layer(monkeypatch, layer, faster, last):
    monkeypatch.setattr(in_parts, "NUMBERS_AT_ONCE", 2 * 3 * 6 * 8)
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (7, 3, 6, 8)).astype(np.float32)
    if last:
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    y, saved, _ = layer.forward((x,), {}, Mode())
    dy = rng.standard_normal(y.shape, dtype=np.float32)
    dx = layer.backward(dy, saved, {}).dxs[0]
    fast = faster(layer)
    fast_y, fast_saved, _ = fast.forward((x,), {}, Mode())
    np.testing.assert_array_equal(fast_y, y)
    np.testing.assert_array_equal(fast.backward(dy, fast_saved, {}).dxs[0], dx)


@pytest.mark.parametrize(
    "fields",
    [
        {"kernel": 3, "pad": 1},
        {"kernel": (3, 2), "stride": 2, "rounding": "floor", "bias": False},
        {"kernel": 2, "dilation": 2},
    ],
)
def test_the_first_convolution_is_the_layer(monkeypatch, fields):
    monkeypatch.setattr(first_conv, "COLUMNS_AT_ONCE", 1500)
    rng = np.random.default_rng(0)
    layer = Conv2d.model_validate({"id": "conv", "filters": 5, "inputs": ("x",), **fields})
    x = rng.standard_normal((7, 3, 9, 8))
    params = {
        "weight": rng.standard_normal((5, 3, *layer._place((9, 8)).kernel)),
        "bias": rng.standard_normal(5),
    }
    y, saved, _ = layer.forward((x,), params, Mode())
    dy = rng.standard_normal(y.shape)
    dxs, wanted = layer.backward(dy, saved, params)
    fast = FirstConv2d(layer)
    fast_y, fast_saved, _ = fast.forward((x,), params, Mode())
    np.testing.assert_allclose(fast_y, y, rtol=1e-12, atol=1e-12)
    nothing, dparams = fast.backward(dy, fast_saved, params, need_dx=False)
    assert nothing == (None,)
    assert dparams.keys() == wanted.keys()
    for name, dw in wanted.items():
        np.testing.assert_allclose(dparams[name], dw, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(fast.backward(dy, fast_saved, params).dxs[0], dxs[0])
