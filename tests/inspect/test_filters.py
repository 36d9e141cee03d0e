from __future__ import annotations

import numpy as np
import pytest

from graphspec import api
from graphspec.errors import SpecError
from graphspec.inspect import filters
from graphspec.inspect.filters import (
    drawable_layers,
    filters_so_far,
    layer_filters,
    noise_scores,
)
from tests.inspect.looking import probe

SCORES = {"id": "scores", "kind": "linear", "units": 3}


def test_R02_ripples_of_two_pixels_are_noise_and_slow_ones_are_not():
    rows = np.arange(8)
    ripple = np.broadcast_to((-1.0) ** rows, (1, 1, 8, 8))
    wave = np.broadcast_to(np.cos(2 * np.pi * rows / 8), (1, 1, 8, 8))
    assert noise_scores(ripple)[0] == pytest.approx(1.0)
    assert noise_scores(wave)[0] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(noise_scores(np.full((1, 3, 5, 5), 0.1))).all()
    assert np.isnan(noise_scores(np.ones((2, 3, 1, 1)))).all()
    # Every ripple of three pixels is a short one: a smooth filter would be all noise too.
    assert np.isnan(noise_scores(np.random.default_rng(0).normal(size=(4, 3, 3, 3)))).all()


def test_R02_random_templates_are_noisier_than_trained_ones(tmp_path):
    run = api.fit(
        "models/linear_softmax.json",
        "digits",
        run=tmp_path / "run",
        epochs=30,
        penalties=[{"kind": "l2", "strength": 0.1}],
        preprocess=[{"kind": "scale", "divide": 16.0}],
        batch=64,
        update={"kind": "sgd", "rate": 0.1},
    )
    executable, _ = api.open_trained(run)
    (layer,) = drawable_layers(executable)
    trained = layer_filters(executable, layer)
    random = np.random.default_rng(0).normal(size=trained.images.shape)
    assert noise_scores(random).mean() > 1.5 * trained.noise.mean()


def test_a_linear_layer_gives_templates_and_their_norms():
    weight = np.random.default_rng(0).normal(size=(3, 2 * 4 * 5))
    found = layer_filters(
        probe(SCORES, shape=(2, 4, 5), scores__weight=weight.T).executable, "scores"
    )
    np.testing.assert_array_equal(found.images, weight.reshape(3, 2, 4, 5))
    np.testing.assert_allclose(found.norms, np.linalg.norm(weight, axis=1))


def test_many_templates_come_at_once_and_their_numbers_bit_by_bit(monkeypatch):
    weight = np.random.default_rng(0).normal(size=(7, 2 * 4 * 5))
    layers = ({"id": "many", "kind": "linear", "units": 7}, SCORES)
    executable = probe(*layers, shape=(2, 4, 5), many__weight=weight.T).executable
    whole = layer_filters(executable, "many")
    monkeypatch.setattr(filters, "_AT_ONCE", 80)
    found = list(filters_so_far(executable, "many"))
    assert [part.done for part in found] == [0, 2 / 7, 4 / 7, 6 / 7, 1]
    for part, known in zip(found, (0, 2, 4, 6, 7), strict=True):
        np.testing.assert_array_equal(part.images, whole.images)
        for now, then in ((part.norms, whole.norms), (part.noise, whole.noise)):
            np.testing.assert_allclose(now[:known], then[:known], rtol=1e-12)
            assert np.isnan(now[known:]).all()
    told: list[float] = []
    layer_filters(executable, "many", told.append)
    assert told == [part.done for part in found]


def test_what_is_no_image_is_refused_with_what_there_is():
    layers = (
        {"id": "conv", "kind": "conv2d", "filters": 2, "kernel": 3},
        {"id": "relu", "kind": "relu"},
        SCORES,
    )
    executable = probe(*layers, shape=(1, 6, 6)).executable
    assert drawable_layers(executable) == ("conv", "scores")
    with pytest.raises(SpecError, match=r"no images\. There are conv, scores"):
        layer_filters(executable, "relu")
    with pytest.raises(SpecError, match="no layer 'convv'"):
        layer_filters(executable, "convv")
