"""Preprocessing: what it promises of the training split, and that it looks at nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.data import load_data
from graphspec.data.dataset import Dataset
from graphspec.errors import DataError
from graphspec.plan import compile_graph
from graphspec.recipe.config import SplitConfig, TrainConfig
from graphspec.recipe.preprocess import pipeline
from graphspec.recipe.preprocess.base import PreprocessStep
from graphspec.recipe.preprocess.mean import Mean
from graphspec.recipe.preprocess.min_max import MinMax
from graphspec.recipe.preprocess.pca import Pca
from graphspec.recipe.preprocess.per_image import PerImage
from graphspec.recipe.preprocess.pipeline import Pipeline, output_shape
from graphspec.recipe.preprocess.scale import Scale
from graphspec.recipe.preprocess.std import Std
from graphspec.recipe.preprocess.whiten import Whiten
from graphspec.train.feeding import divide
from tests.engines.nets import network, node

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
def test_F01_the_mean_becomes_zero(digits: np.ndarray, per: str) -> None:
    centred = through(digits, Mean(per=per))
    assert np.abs(centred.mean(axis=AXES[per])).max() < 1e-12


@pytest.mark.parametrize("per", PER)
def test_F02_the_deviation_becomes_one(digits: np.ndarray, per: str) -> None:
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
def test_F03_the_range_becomes_minus_one_to_one(digits: np.ndarray, per: str) -> None:
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


@pytest.mark.parametrize(
    "step",
    [Scale(), Mean(), Std(), MinMax(), Pca(), Pca(components=9), Whiten(eps=0.1), PerImage()],
)
def test_the_type_and_the_examples_stay(step: PreprocessStep, digits: np.ndarray) -> None:
    before = digits.copy()
    fitted = Pipeline.fit((step,), digits)
    assert fitted.apply(digits[:5], np.float32).dtype == np.float32
    assert (digits == before).all()
    np.testing.assert_allclose(
        fitted.apply(digits[:5], np.float32),
        fitted.apply(digits, np.float64)[:5],
        rtol=1e-5,
        atol=1e-4,
    )


def test_F01_statistics_come_from_the_training_split_alone() -> None:
    spec = network(
        [node("linear", "scores", "x", units=2), node("softmax_loss", "loss", "scores", "label")],
        ("scores",),
        x={"shape": [1]},
        label={"classes": 2},
    )
    x = np.concatenate([np.arange(50.0), np.full(50, 1e6)])[:, None]
    data = Dataset("two", x, np.arange(100) % 2, ("a", "b"))
    settings = TrainConfig(
        split=SplitConfig(validation=50, seed=None, stratified=False),
        preprocess=(Mean(), Std(), MinMax()),
    )
    divided = divide(compile_graph(spec), data, settings)
    assert divided.pipeline.fitted["0.mean"] == pytest.approx(24.5)
    assert divided.pipeline.fitted["1.std"] == pytest.approx(np.arange(50).std())
    assert np.concatenate([feeds["x"] for feeds in divided.batches("validation")]).min() > 100


@pytest.fixture(name="thousand")
def _thousand(digits: np.ndarray) -> np.ndarray:
    return digits[:1000]


def covariance(y: np.ndarray) -> np.ndarray:
    assert np.abs(y.mean(axis=0)).max() < 1e-11
    return y.T @ y / len(y)


def test_F04_the_principal_axes_are_uncorrelated(thousand: np.ndarray) -> None:
    turned = through(thousand, Scale(divide=16), Pca())
    assert turned.shape == (1000, 64)
    found = covariance(turned)
    variances = np.diag(found)
    assert np.abs(found - np.diag(variances)).max() < 1e-12
    assert (np.diff(variances) <= 1e-12).all()
    # A rotation changes no length.
    x = thousand.reshape(1000, -1) / 16
    lengths = ((x - x.mean(axis=0)) ** 2).sum(axis=1)
    np.testing.assert_allclose((turned**2).sum(axis=1), lengths, rtol=1e-12)


def test_F05_few_components_keep_most_of_the_variance(thousand: np.ndarray) -> None:
    x = thousand / 16
    fitted = Pipeline.fit((Pca(components=10),), x).fitted
    share = fitted["0.variances"].sum() / fitted["0.total"]
    assert round(100 * share, 2) == 74.79
    shares = np.cumsum(Pipeline.fit((Pca(),), x).fitted["0.variances"]) / fitted["0.total"]
    assert np.argmax(shares >= 0.95) + 1 == 28
    kept = through(x, Pca(components=10))
    assert kept.shape == (1000, 10)
    assert (kept**2).sum() / 1000 == pytest.approx(fitted["0.variances"].sum(), rel=1e-12)
    np.testing.assert_allclose(kept, through(x, Pca())[:, :10], atol=1e-12)


def test_F06_whitening_makes_the_variances_equal(thousand: np.ndarray) -> None:
    found = covariance(through(thousand, Scale(divide=16), Whiten()))
    variances = Pipeline.fit((Whiten(),), thousand / 16).fitted["0.variances"]
    np.testing.assert_allclose(np.diag(found), variances / (variances + 1e-5), atol=1e-9)
    assert 0.99 < np.diag(found)[:50].min() < np.diag(found)[:50].max() < 1
    assert np.abs(found - np.diag(np.diag(found))).max() < 1e-7


def test_axes_point_the_same_way_whatever_the_chunks(
    thousand: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = through(thousand, Pca(components=20))
    monkeypatch.setattr(pipeline, "_CHUNK_BYTES", 8 * 64 * 100)
    np.testing.assert_allclose(through(thousand, Pca(components=20)), whole, atol=1e-8)


def test_impossible_components_are_refused(thousand: np.ndarray) -> None:
    with pytest.raises(DataError, match="65 principal components cannot be made of 64"):
        Pipeline.fit((Pca(components=65),), thousand)
    with pytest.raises(DataError, match="at most 8,192"):
        Pipeline.fit((Pca(),), np.zeros((2, 3, 60, 60)))
    with pytest.raises(DataError, match="fitted to examples of 64 numbers, and these have 49"):
        Pipeline.fit((Pca(),), thousand).apply(np.zeros((3, 7, 7)), np.float32)


def test_the_shape_that_steps_leave() -> None:
    assert output_shape((Mean(), Std()), (3, 4, 4)) == (3, 4, 4)
    assert output_shape((Mean(), Whiten()), (3, 4, 4)) == (48,)
    assert output_shape((Pca(components=7), Std()), (3, 4, 4)) == (7,)


def test_per_image_standardises_each_example_by_itself(digits: np.ndarray) -> None:
    y = through(
        np.concatenate([digits[:50], 3.0 * digits[:50] + 7, np.full((1, 1, 8, 8), 5)]), PerImage()
    )
    np.testing.assert_allclose(y[:100].mean(axis=(1, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y[:100].std(axis=(1, 2, 3)), 1, rtol=1e-12)
    np.testing.assert_allclose(y[:50], y[50:100], atol=1e-12)
    assert not y[100].any()
    np.testing.assert_array_equal(through(digits[:3], PerImage()), y[:3])
