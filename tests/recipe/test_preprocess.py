"""Preprocessing: what it promises of the training split, and that it looks at nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.data import load_data
from graphspec.recipe.preprocess import pipeline
from graphspec.recipe.preprocess.base import PreprocessStep
from graphspec.recipe.preprocess.mean import Mean
from graphspec.recipe.preprocess.min_max import MinMax
from graphspec.recipe.preprocess.pipeline import Pipeline
from graphspec.recipe.preprocess.scale import Scale
from graphspec.recipe.preprocess.std import Std

PER = ("feature", "channel", "single")
AXES = {"feature": (0,), "channel": (0, 2, 3), "single": (0, 1, 2, 3)}


@pytest.fixture(name="digits")
def _digits() -> np.ndarray:
    return load_data("digits").x


def through(x: np.ndarray, *steps: PreprocessStep) -> np.ndarray:
    return Pipeline.fit(steps, x).apply(x, np.float64)


def test_scale() -> None:
    x = np.array([[0, 51, 255]], dtype=np.uint8)
    np.testing.assert_allclose(through(x, Scale()), [[0, 0.2, 1]])
    np.testing.assert_allclose(through(x, Scale(subtract=51, divide=-2)), [[25.5, 0, -102]])


@pytest.mark.parametrize("per", PER)
def test_the_mean_becomes_zero(digits: np.ndarray, per: str) -> None:
    centred = through(digits, Mean(per=per))
    assert np.abs(centred.mean(axis=AXES[per])).max() < 1e-12


@pytest.mark.parametrize("per", PER)
def test_the_deviation_becomes_one(digits: np.ndarray, per: str) -> None:
    y = through(digits, Scale(divide=16), Mean(per=per), Std(per=per))
    deviations = y.std(axis=AXES[per])
    constant = digits.std(axis=AXES[per]) == 0
    np.testing.assert_allclose(deviations[~constant], 1, rtol=1e-12)
    assert np.isfinite(y).all()
    if per == "feature":
        assert constant.sum() == 3
        assert (y[:, constant] == 0).all()


def test_a_constant_that_is_no_binary_fraction_is_left_alone() -> None:
    x = np.stack([np.full(1000, 0.1), np.linspace(0, 1, 1000)], axis=1)
    assert (through(x, Std())[:, 0] == 0.1).all()


@pytest.mark.parametrize("per", PER)
def test_the_range_becomes_minus_one_to_one(digits: np.ndarray, per: str) -> None:
    y = through(digits, MinMax(per=per))
    constant = digits.min(axis=AXES[per]) == digits.max(axis=AXES[per])
    np.testing.assert_allclose(y.min(axis=AXES[per])[~constant], -1, atol=1e-12)
    np.testing.assert_allclose(y.max(axis=AXES[per])[~constant], 1, atol=1e-12)
    assert np.isfinite(y).all()


def test_chunks_change_nothing(digits: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (Scale(divide=16), Mean(), Std(), MinMax())
    whole = Pipeline.fit(steps, digits)
    monkeypatch.setattr(pipeline, "_CHUNK_BYTES", 8 * 64 * 100)
    parts = Pipeline.fit(steps, digits)
    assert set(parts.fitted) == set(whole.fitted) == {"1.mean", "2.std", "3.middle", "3.half"}
    for name, array in whole.fitted.items():
        np.testing.assert_allclose(parts.fitted[name], array, atol=1e-12)


@pytest.mark.parametrize("step", [Scale(), Mean(), Std(), MinMax()])
def test_the_type_and_the_examples_stay(step: PreprocessStep, digits: np.ndarray) -> None:
    before = digits.copy()
    fitted = Pipeline.fit((step,), digits)
    assert fitted.apply(digits[:5], np.float32).dtype == np.float32
    assert (digits == before).all()
    np.testing.assert_allclose(
        fitted.apply(digits[:5], np.float32), fitted.apply(digits, np.float64)[:5], rtol=1e-5
    )
