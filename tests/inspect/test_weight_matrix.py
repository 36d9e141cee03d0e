from __future__ import annotations

import numpy as np
import pytest

from graphspec import api
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.inspect import filters
from graphspec.inspect.weight_matrix import (
    layer_matrix,
    matrix_layers,
    matrix_so_far,
    spectral_noise,
)
from graphspec.plan import compile_graph
from tests.inspect.looking import probe

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(200, 200), (100, 300), (400, 50), (64, 10)])
def test_a_random_matrix_is_all_noise(shape):
    assert spectral_noise(RNG.normal(size=shape)) == pytest.approx(1.0, abs=0.02)


def test_what_stands_out_of_the_noise_is_found_exactly():
    """Two directions a hundred times as strong as the rest hold nearly all energy."""
    random = RNG.normal(size=(60, 80))
    u, s, v = np.linalg.svd(random, full_matrices=False)
    s[:2] *= 100
    matrix = u * s @ v
    assert spectral_noise(matrix) == pytest.approx((s[2:] ** 2).sum() / (s**2).sum(), rel=1e-9)
    assert spectral_noise(matrix.T) == pytest.approx(spectral_noise(matrix), rel=1e-9)


def test_where_it_cannot_be_told_it_is_nan():
    for matrix in (
        np.ones((2, 50)),
        np.zeros((5, 5)),
        np.ones((1025, 1100)),
        np.full((9, 9), np.nan),
    ):
        assert np.isnan(spectral_noise(matrix))


LAYERS = (
    {"id": "conv", "kind": "conv2d", "filters": 2, "kernel": 3},
    {"id": "hidden", "kind": "linear", "units": 4},
    {"id": "dropped", "kind": "drop_connect_linear", "units": 6},
    {"id": "scores", "kind": "linear", "units": 3},
)


def test_a_row_is_what_a_unit_multiplies_its_inputs_by():
    weight = RNG.normal(size=(6, 3))
    executable = probe(*LAYERS, shape=(1, 6, 6), scores__weight=weight).executable
    assert matrix_layers(executable) == ("dropped", "scores")
    found = layer_matrix(executable, "scores")
    np.testing.assert_array_equal(found.matrix, weight.T)
    np.testing.assert_allclose(found.norms, np.linalg.norm(weight, axis=0))
    assert found.noise == spectral_noise(weight)


@pytest.mark.parametrize("units", [40, 7])
def test_a_large_matrix_comes_at_once_and_its_numbers_bit_by_bit(monkeypatch, units):
    weight = RNG.normal(size=(6, units))
    layers = (*LAYERS[:-1], {"id": "many", "kind": "linear", "units": units}, LAYERS[-1])
    executable = probe(*layers, shape=(1, 6, 6), many__weight=weight).executable
    whole = layer_matrix(executable, "many")
    monkeypatch.setattr(filters, "_AT_ONCE", 12)
    found = list(matrix_so_far(executable, "many"))
    for part in found[:-1]:
        np.testing.assert_array_equal(part.matrix, weight.T)
        assert np.isnan(part.norms).all() or np.allclose(part.norms, whole.norms)
        assert np.isnan(part.noise)
    shares = [part.done for part in found]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(shares)
    assert len(set(shares)) > 5
    np.testing.assert_allclose(found[-1].norms, whole.norms, rtol=1e-12)
    assert found[-1].noise == pytest.approx(whole.noise, rel=1e-12)
    told: list[float] = []
    layer_matrix(executable, "many", told.append)
    assert told == shares


@pytest.mark.parametrize(("layer", "why"), [("conv", "it is a conv2d"), ("no", "no such layer")])
def test_a_layer_without_a_matrix_is_refused(layer, why):
    with pytest.raises(SpecError, match=why):
        layer_matrix(probe(*LAYERS, shape=(1, 6, 6)).executable, layer)


def test_training_makes_a_matrix_less_random(tmp_path):
    spec = {
        "name": "two layers",
        "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
        "layers": [
            {"id": "first", "kind": "linear", "units": 64, "inputs": ["image"]},
            {"id": "act", "kind": "relu", "inputs": ["first"]},
            {"id": "second", "kind": "linear", "units": 64, "inputs": ["act"]},
            {"id": "act2", "kind": "relu", "inputs": ["second"]},
            {"id": "scores", "kind": "linear", "units": 10, "inputs": ["act2"]},
            {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]},
        ],
        "outputs": ["scores"],
    }
    run = api.fit(
        GraphSpec.model_validate(spec),
        "digits",
        run=tmp_path / "run",
        epochs=10,
        penalties=[{"kind": "l2", "strength": 0.01}],
        preprocess=[{"kind": "scale", "divide": 16.0}],
        update={"kind": "adam", "rate": 0.003},
    )
    before = layer_matrix(NumpyEngine().load(compile_graph(run.spec), seed=0), "second")
    after = layer_matrix(api.open_trained(run)[0], "second")
    assert before.noise > 0.95
    assert after.noise < 0.8
