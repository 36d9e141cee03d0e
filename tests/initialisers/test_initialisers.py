"""Initialisers: their moments, and what they do to deep networks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from graphspec.initialisers.base import Initialiser
from graphspec.initialisers.catalog import INITIALISERS, InitialiserSpec
from graphspec.initialisers.constant import Constant
from graphspec.initialisers.glorot import Glorot
from graphspec.initialisers.he import He
from graphspec.initialisers.lecun import Lecun
from graphspec.initialisers.normal import Normal
from graphspec.initialisers.ones import Ones
from graphspec.initialisers.orthogonal import Orthogonal
from graphspec.initialisers.sparse import Sparse
from graphspec.initialisers.uniform import Uniform
from graphspec.initialisers.zeros import Zeros
from graphspec.plan import compile_graph
from tests.engines.nets import batch, load64, network, node, two_layers

ADAPTER: TypeAdapter[Initialiser] = TypeAdapter(InitialiserSpec)
every_initialiser = pytest.mark.parametrize(
    "kind", INITIALISERS, ids=lambda kind: kind.model_fields["kind"].default
)


@every_initialiser
def test_documented(kind: type[Initialiser]) -> None:
    assert kind.__doc__
    assert "Source:" in kind.__doc__
    docs = kind.field_docs()
    for name in kind.model_fields:
        assert docs.get(name), f"the field {name} has no docstring"


@every_initialiser
def test_round_trip_and_the_short_name(kind: type[Initialiser]) -> None:
    made = kind()
    assert ADAPTER.validate_json(json.dumps(made.model_dump(mode="json"))) == made
    assert ADAPTER.validate_python(kind.model_fields["kind"].default) == made


@every_initialiser
def test_draws_are_float64_and_repeat_with_the_seed(kind: type[Initialiser]) -> None:
    one, two = (kind().draw((4, 3, 2), 12, 24, np.random.default_rng(5)) for _ in range(2))
    assert (one.shape, one.dtype) == ((4, 3, 2), np.float64)
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("kind", [Zeros, Normal, Uniform, Lecun, He, Glorot, Orthogonal, Sparse])
def test_the_mean_is_zero(kind: type[Initialiser]) -> None:
    drawn = kind().draw((300, 300), 300, 300, np.random.default_rng(0))
    assert abs(drawn.mean()) <= 5 * drawn.std() / 300


def test_unknown_names_and_keys_are_refused() -> None:
    for wrong in (
        "hee",
        {"kind": "he", "std": 1.0},
        {"kind": "normal", "std": -1.0},
        {"kind": "uniform", "low": 0.1, "high": 0.1},
        {"kind": "sparse", "connections": 0},
        3,
    ):
        with pytest.raises(ValidationError):
            ADAPTER.validate_python(wrong)


def test_zeros_are_zero_and_ones_are_one() -> None:
    rng = np.random.default_rng(0)
    assert not Zeros().draw((5, 4), 5, 4, rng).any()
    assert (Ones().draw((5, 4), 5, 4, rng) == 1).all()


def test_G02_small_random_numbers_have_the_standard_deviation_that_was_asked() -> None:
    rng = np.random.default_rng(0)
    assert Normal().draw((200, 200), 200, 200, rng).std() == pytest.approx(0.01, rel=0.05)
    assert Normal(std=0.3).draw((200, 200), 200, 200, rng).std() == pytest.approx(0.3, rel=0.05)


def test_G03_lecun_keeps_the_variance_of_a_linear_layer() -> None:
    rng = np.random.default_rng(1)
    for fan_in in (50, 400):
        w = Lecun().draw((fan_in, 500), fan_in, 500, rng)
        assert fan_in * w.var() == pytest.approx(1, rel=0.05)
        x = rng.standard_normal((1000, fan_in))
        assert (x @ w).var() == pytest.approx(x.var(), rel=0.1)


def test_G04_he_keeps_the_second_moment_through_twenty_relu_layers_and_lecun_halves_it() -> None:
    ratios = {}
    for kind in (He, Lecun):
        rng = np.random.default_rng(2)
        x = rng.standard_normal((256, 512))
        before = np.mean(x**2)
        for _ in range(20):
            x = np.maximum(0, x @ kind().draw((512, 512), 512, 512, rng))
        ratios[kind] = np.mean(x**2) / before
    assert 0.5 < ratios[He] < 2
    assert ratios[Lecun] == pytest.approx(ratios[He] * 2.0**-20, rel=1e-6)


def test_glorot_is_uniform_with_the_variance_of_both_fans() -> None:
    drawn = Glorot().draw((100, 900), 100, 900, np.random.default_rng(3))
    limit = np.sqrt(6 / 1000)
    assert drawn.var() == pytest.approx(2 / 1000, rel=0.05)
    assert -limit <= drawn.min() < -0.99 * limit
    assert 0.99 * limit < drawn.max() <= limit


@pytest.mark.parametrize(("kind", "variance"), [(Lecun, 1 / 400), (He, 2 / 400), (Glorot, 2 / 700)])
def test_both_distributions_have_the_same_variance(
    kind: type[Lecun | He | Glorot], variance: float
) -> None:
    normal, uniform = (
        kind(distribution=name).draw((400, 300), 400, 300, np.random.default_rng(4))
        for name in ("normal", "uniform")
    )
    assert normal.var() == pytest.approx(variance, rel=0.02)
    assert uniform.var() == pytest.approx(variance, rel=0.02)
    limit = np.sqrt(3 * variance)
    assert 0.99 * limit < np.abs(uniform).max() <= limit < np.abs(normal).max()


def test_uniform_fills_its_range() -> None:
    drawn = Uniform(low=-0.1, high=0.3).draw((200, 200), 200, 200, np.random.default_rng(0))
    assert -0.1 <= drawn.min() < -0.099
    assert 0.299 < drawn.max() < 0.3


def test_G01_hidden_units_that_start_at_zero_get_identical_gradients() -> None:
    spec = two_layers(features=5, hidden=6)
    feeds = batch(spec, 20)
    weights = load64(spec).weights()
    for value in (0.0, 0.1):
        equal = {name: np.full(w.shape, value) for name, w in weights.items()}
        dw = load64(spec, weights=equal).grad(feeds).by_name
        assert (dw["fc1.weight"] == dw["fc1.weight"][:, :1]).all()
        assert (dw["fc2.weight"] == dw["fc2.weight"][:1]).all()
    dw = load64(spec).grad(feeds).by_name
    assert not (dw["fc1.weight"] == dw["fc1.weight"][:, :1]).all()


def test_G05_sparse_has_exactly_k_connections_for_each_unit() -> None:
    rng = np.random.default_rng(0)
    linear = Sparse().draw((100, 30), 100, 30, rng)
    assert (np.count_nonzero(linear, axis=0) == 10).all()
    assert np.count_nonzero(linear, axis=1).max() < 30
    filters = Sparse(connections=4, std=0.5).draw((64, 3, 5, 5), 75, 1600, rng)
    assert (np.count_nonzero(filters.reshape(64, -1), axis=1) == 4).all()
    assert filters[filters != 0].std() == pytest.approx(0.5, rel=0.15)
    assert Sparse().draw((6, 3), 6, 3, rng).all()


def test_G06_constants_are_exact() -> None:
    drawn = Constant().draw((7,), 1, 1, np.random.default_rng(0))
    assert (drawn == 0.01).all()
    assert (Constant(value=-2.5).draw((2, 3), 2, 3, np.random.default_rng(0)) == -2.5).all()


def test_G06_biases_start_at_zero_or_as_the_layer_says() -> None:
    spec = network(
        [
            node("conv2d", "conv", "x", filters=3, kernel=3, bias_init="constant"),
            node("linear", "hidden", "conv", units=4),
            node("linear", "scores", "hidden", units=2, bias_init="lecun"),
        ],
        ("scores",),
        x={"shape": [1, 5, 5]},
    )
    weights = load64(spec).weights()
    assert (weights["conv.bias"] == 0.01).all()
    assert (weights["hidden.bias"] == 0).all()
    # A bias has the fan-in of its unit.
    assert 0 < np.abs(weights["scores.bias"]).max() < 4 / np.sqrt(4)
    assert all(not p.decay for name, p in compile_graph(spec).params.items() if "bias" in name)


@pytest.mark.parametrize(
    ("shape", "fan_in", "axis"),
    [((8, 5), 8, 1), ((5, 8), 5, 1), ((6, 6), 6, 1), ((4, 3, 3, 3), 27, 0), ((3, 1, 3, 3), 9, 0)],
)
def test_orthogonal_units_are_at_right_angles(
    shape: tuple[int, ...], fan_in: int, axis: int
) -> None:
    w = Orthogonal(gain=1.5).draw(shape, fan_in, 1, np.random.default_rng(0))
    units = np.moveaxis(w, axis, 0).reshape(shape[axis], -1)
    product = units @ units.T if units.shape[0] <= units.shape[1] else units.T @ units
    np.testing.assert_allclose(product, 2.25 * np.eye(len(product)), atol=1e-12)


def test_orthogonal_keeps_lengths_through_fifty_linear_layers() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((10, 64))
    y = x
    for _ in range(50):
        y = y @ Orthogonal().draw((64, 64), 64, 64, rng)
    np.testing.assert_allclose((y**2).sum(axis=1), (x**2).sum(axis=1), rtol=1e-12)
