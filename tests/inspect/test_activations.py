from __future__ import annotations

import numpy as np
import pytest

from graphspec.inspect.activations import activity_so_far, layer_activity, visible_layers
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


def test_E07_a_unit_with_a_bias_of_minus_1000_is_dead_for_every_example():
    x = np.random.default_rng(1).normal(size=(50, 6))
    hidden = {"id": "hidden", "kind": "linear", "units": 5}
    network = probe(hidden, RELU, SCORES, shape=(6,), hidden__bias=np.array([0, 0, 0, -1e3, 0.0]))
    found = layer_activity(network, x)["relu"]
    assert found.dead.tolist() == [3]
    assert found.zeros[3] == 1.0
    assert found.zeros[[0, 1, 2, 4]].max() < 1


@pytest.mark.parametrize(("kind", "at"), [("sigmoid", 4.6), ("tanh", 3.0)])
def test_E05_a_layer_with_flat_slopes_is_reported_as_saturated(kind: str, at: float):
    """σ′(4.6) = 0.0098 and tanh′(3) = 0.0099 are just below 0.01."""
    hidden = {"id": "hidden", "kind": "linear", "units": 1}
    one = {"hidden__weight": np.ones((1, 1)), "hidden__bias": np.zeros(1)}
    act = {"id": "act", "kind": kind}
    network = probe(hidden, act, SCORES, shape=(1,), **one)
    x = np.array([[-at], [at], [at - 0.1], [0.0], [1.0], [-1.0], [0.5], [0.2]])
    found = layer_activity(network, x, batch=3)
    assert found["act"].saturated == 2 / 8
    assert not found["act"].is_saturated
    assert layer_activity(network, x[:6])["act"].is_saturated
    assert found["hidden"].saturated is None


def test_E05_inputs_that_are_all_positive_give_gradients_of_one_sign():
    """dw = x·df: behind a sigmoid all of a unit's weights rise together, or fall together."""
    hidden = {"id": "hidden", "kind": "linear", "units": 7}
    network = probe(hidden, {"id": "act", "kind": "sigmoid"}, SCORES, shape=(6,))
    rng = np.random.default_rng(2)
    for label in range(3):
        feeds = {"image": rng.normal(size=(1, 6)), "label": np.array([label])}
        dw = network.executable.grad(feeds).by_name["scores.weight"]
        assert (np.abs(np.sign(dw).sum(axis=0)) == len(dw)).all()
        # Of inputs around zero, the gradients of a unit's weights have both signs.
        dw = network.executable.grad(feeds).by_name["hidden.weight"]
        assert (np.abs(np.sign(dw).sum(axis=0)) < len(dw)).any()


def test_what_reads_labels_is_not_seen():
    assert visible_layers(probe(CONV, RELU, SCORES, shape=(1, 8, 8))) == ("conv", "relu", "scores")


def test_it_tells_how_far_it_is_and_is_ended_by_what_hears_of_it():
    network = probe(CONV, RELU, SCORES, shape=(1, 8, 8))
    told: list[float] = []
    layer_activity(network, IMAGES, ["relu"], batch=8, progress=told.append)
    assert told == [0.4, 0.8, 1.0]

    def end(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        layer_activity(network, IMAGES, ["relu"], batch=8, progress=end)


def test_after_each_batch_it_is_what_was_seen_until_then():
    network = probe(CONV, RELU, SCORES, shape=(1, 8, 8))
    counts = []
    for count, found in activity_so_far(network, IMAGES, ["relu"], batch=8):
        counts.append(count)
        alone = layer_activity(network, IMAGES[:count], ["relu"], batch=8)["relu"]
        assert found["relu"].mean == alone.mean
        np.testing.assert_array_equal(found["relu"].largest, alone.largest)
        np.testing.assert_array_equal(found["relu"].zeros, alone.zeros)
    assert counts == [8, 16, 20]
