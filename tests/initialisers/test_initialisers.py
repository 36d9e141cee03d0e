"""Initialisers: their moments, and what they do to deep networks."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from graphspec.initialisers.base import Initialiser
from graphspec.initialisers.catalog import INITIALISERS, InitialiserSpec
from graphspec.initialisers.glorot import Glorot
from graphspec.initialisers.he import He
from graphspec.initialisers.lecun import Lecun
from graphspec.initialisers.normal import Normal
from graphspec.initialisers.ones import Ones
from graphspec.initialisers.zeros import Zeros

ADAPTER: TypeAdapter[Initialiser] = TypeAdapter(InitialiserSpec)
every_initialiser = pytest.mark.parametrize(
    "kind", INITIALISERS, ids=lambda kind: kind.model_fields["kind"].default
)


@every_initialiser
def test_documented(kind: type[Initialiser]) -> None:
    assert kind.__doc__
    assert "Source:" in kind.__doc__
    for name, field in kind.model_fields.items():
        assert field.description, f"the field {name} has no docstring"


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


@pytest.mark.parametrize("kind", [Zeros, Normal, Lecun, He, Glorot])
def test_the_mean_is_zero(kind: type[Initialiser]) -> None:
    drawn = kind().draw((300, 300), 300, 300, np.random.default_rng(0))
    assert abs(drawn.mean()) <= 5 * drawn.std() / 300


def test_unknown_names_and_keys_are_refused() -> None:
    for wrong in ("hee", {"kind": "he", "std": 1.0}, {"kind": "normal", "std": -1.0}, 3):
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
