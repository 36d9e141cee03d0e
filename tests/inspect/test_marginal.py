"""Noise marginalised by sampling, on whole networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.engines.base import Executable
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import SpecError
from graphspec.inspect.marginal import sampled_probabilities
from graphspec.plan import compile_graph
from graphspec.train.evaluate import ClassScores, find_class_scores
from tests.train.nets import network

DROPOUT = {"kind": "dropout", "id": "drop", "drop": 0.5}
HIDDEN = {"kind": "linear", "id": "hidden", "units": 8}
FEEDS = {"x": np.random.default_rng(0).normal(size=(5, 2))}


def loaded(*middle: dict[str, Any]) -> Executable:
    spec = network(*middle)
    return NumpyEngine("float64").load(compile_graph(spec, outputs=["scores"]), seed=0)


def class_scores() -> ClassScores:
    pair = find_class_scores(compile_graph(network()))
    assert pair is not None
    return pair


def sampled(executable: Executable, samples: int, seed: int = 0) -> np.ndarray:
    return sampled_probabilities(
        executable, [FEEDS], class_scores(), {}, samples=samples, seed=seed
    )


def test_H06_the_mean_of_passes_settles_as_one_over_the_root_of_their_number() -> None:
    executable = loaded(HIDDEN, DROPOUT)
    whole = sampled(executable, 4000, seed=10_000)
    np.testing.assert_allclose(whole.sum(axis=1), 1)

    def error(count: int) -> float:
        means = [sampled(executable, count, seed=count * i) for i in range(40)]
        return float(np.sqrt(np.mean([np.square(mean - whole) for mean in means])))

    assert error(1) > 0.02
    assert error(16) == pytest.approx(error(1) / 4, rel=0.3)


def test_sampling_disturbs_nothing_and_depends_on_its_seed_alone() -> None:
    executable = loaded(HIDDEN, DROPOUT)
    before = executable.run(FEEDS, training=True).values["scores"]
    first = sampled(executable, 3)
    np.testing.assert_array_equal(executable.run(FEEDS, training=True).values["scores"], before)
    np.testing.assert_array_equal(sampled(executable, 3), first)
    assert (sampled(executable, 3, seed=3) != first).any()


def test_with_hardly_any_noise_it_is_what_evaluation_gives() -> None:
    executable = loaded({**DROPOUT, "drop": 0.0})
    scores = executable.run(FEEDS).values["scores"]
    expected = class_scores().probabilities(scores, {})
    np.testing.assert_allclose(sampled(executable, 2), expected)


@pytest.mark.parametrize(
    ("middle", "samples", "message"),
    [
        ((DROPOUT,), 0, "at least 1"),
        ((HIDDEN,), 3, "every pass would be the same"),
        (({"kind": "batch_norm", "id": "norm"}, DROPOUT), 3, "'norm' keeps running statistics"),
    ],
)
def test_where_sampling_makes_no_sense(
    middle: tuple[dict[str, Any], ...], samples: int, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        sampled(loaded(*middle), samples)
