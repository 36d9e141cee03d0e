from __future__ import annotations

import numpy as np
import pytest

from graphspec.errors import SpecError
from graphspec.inspect.unit import unit_sum
from tests.inspect.looking import probe

CONV = {
    "id": "conv",
    "kind": "conv2d",
    "filters": 4,
    "kernel": 3,
    "stride": 2,
    "pad": 1,
    "groups": 2,
}
SCORES = {"id": "scores", "kind": "linear", "units": 3}
IMAGE = np.random.default_rng(2).normal(size=(4, 7, 9))


@pytest.mark.parametrize("place", [(0, 0), (1, 2), (3, 4)])
@pytest.mark.parametrize("unit", [0, 3])
def test_patch_times_filter_plus_bias_is_the_activation(unit, place):
    network = probe(CONV, SCORES, shape=(4, 7, 9), conv__bias=np.array([0.1, 0.2, 0.3, 0.4]))
    found = unit_sum(network, IMAGE, "conv", unit, place)
    assert found.patch.shape == found.weight.shape == (2, 3, 3)
    assert found.products.sum() + found.bias == pytest.approx(found.activation, rel=1e-12)
    if place == (1, 2):
        channels = slice(0, 2) if unit == 0 else slice(2, 4)
        np.testing.assert_array_equal(found.patch, IMAGE[channels, 1:4, 3:6])


def test_a_linear_unit_reads_everything():
    network = probe(CONV, SCORES, shape=(4, 7, 9))
    found = unit_sum(network, IMAGE, "scores", 1)
    assert found.patch.shape == (4, 4, 5)
    assert found.products.sum() + found.bias == pytest.approx(found.activation, rel=1e-12)


@pytest.mark.parametrize(
    ("layer", "unit", "place"),
    [("loss", 0, None), ("conv", 4, (0, 0)), ("conv", 0, (4, 0)), ("conv", 0, None)],
)
def test_what_is_not_there_is_refused(layer, unit, place):
    with pytest.raises(SpecError):
        unit_sum(probe(CONV, SCORES, shape=(4, 7, 9)), IMAGE, layer, unit, place)
