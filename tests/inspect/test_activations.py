from __future__ import annotations

import numpy as np
import pytest

from graphspec.inspect.activations import layer_activity, visible_layers
from tests.inspect.looking import probe

CONV = {"id": "conv", "kind": "conv2d", "filters": 4, "kernel": 3, "pad": 1}
RELU = {"id": "relu", "kind": "relu"}
SCORES = {"id": "scores", "kind": "linear", "units": 3}
IMAGES = np.random.default_rng(0).normal(size=(20, 1, 8, 8))


def test_R01_a_filter_with_a_bias_of_minus_1000_is_dead_over_the_set():
    network = probe(CONV, RELU, SCORES, shape=(1, 8, 8), conv__bias=np.array([0.0, 0.0, -1e3, 0.0]))
    found = layer_activity(network, IMAGES, batch=7)
    assert list(found) == ["conv", "relu", "scores"]
    assert found["relu"].dead.tolist() == [2]
    assert found["conv"].dead.tolist() == []
    assert found["relu"].zeros[2] == 1.0


def test_R01_maps_and_their_zeros_are_counted():
    network = probe(CONV, RELU, SCORES, shape=(1, 8, 8))
    maps = network.values(IMAGES, ["relu"], batch=6)["relu"]
    assert maps.shape == (20, 4, 8, 8)
    found = layer_activity(network, IMAGES, ["relu"], batch=6)["relu"]
    np.testing.assert_allclose(found.zeros, (maps == 0).mean(axis=(0, 2, 3)), rtol=1e-12)
    assert found.share_of_zeros == pytest.approx((maps == 0).mean())
    assert (found.mean, found.std) == pytest.approx((maps.mean(), maps.std()))
    np.testing.assert_array_equal(found.largest, maps.max(axis=(0, 2, 3)))
    assert found.counts.sum() == maps[:6].size


def test_what_reads_labels_is_not_seen():
    assert visible_layers(probe(CONV, RELU, SCORES, shape=(1, 8, 8))) == ("conv", "relu", "scores")
