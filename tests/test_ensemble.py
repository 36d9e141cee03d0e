"""Ensembles of seeds, of the best runs, of checkpoints, and of averaged weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphspec import api
from graphspec.ensemble import (
    Ensemble,
    ensemble_of_average,
    ensemble_of_checkpoints,
    ensemble_of_runs,
)
from graphspec.errors import CheckpointError, DataError, OptionError, RunError
from graphspec.evaluation import evaluate_classes
from graphspec.recipe.average import RunningAverage
from graphspec.train.checkpoint import read_weights
from graphspec.train.events import Evaluated
from graphspec.train.rundir import Run
from graphspec.train.statistics import batch_statistics
from graphspec.train.test_use import uses_of_test
from tests.train.nets import FIELDS, linear, network, new_run, points

SPLIT = {"validation": 20, "test": 10}


@pytest.fixture(name="runs", scope="module")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """One network from three seeds, trained for 1, 3 and 6 epochs, so that they differ."""
    folder = tmp_path_factory.mktemp("runs")
    fields = {**FIELDS, "split": SPLIT, "keep": 4}
    return [
        api.fit(
            network(), points(), run=folder / f"s{seed}", **{**fields, "seed": seed, "epochs": n}
        )
        for seed, n in ((1, 1), (2, 6), (3, 3))
    ]


def test_O01_probabilities_are_averaged_not_labels(runs: list[Run]) -> None:
    found = ensemble_of_runs(runs).evaluate(points())
    alone = [evaluate_classes(run, points()) for run in runs]
    mean = np.mean([one.probabilities for one in alone], axis=0)
    np.testing.assert_array_equal(found.together.probabilities, mean)
    assert found.together.metrics.accuracy == (mean.argmax(axis=1) == alone[0].labels).mean()
    assert found.alone == tuple(one.metrics for one in alone)
    # −ln is convex: the mean is never worse than its members are on average.
    assert found.together.metrics.loss <= np.mean([one.loss for one in found.alone]) + 1e-6


def test_O01_the_model_predicts_what_it_was_evaluated_on(runs: list[Run]) -> None:
    model = ensemble_of_runs(runs)
    _, divided = api.open_trained(runs[0], points())
    x, _ = divided.parts["validation"]
    probabilities = model.predict(x)
    expected = model.evaluate(points()).together.probabilities
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5, atol=1e-7)
    one = Ensemble(model.members[:1]).predict(x)
    assert not np.allclose(one, probabilities)


def test_O02_the_best_of_a_set_are_taken(runs: list[Run]) -> None:
    def best(run: Run) -> tuple[float, float]:
        seen = [e for e in run.events if isinstance(e, Evaluated)]
        return max(e.accuracy or 0 for e in seen), -min(e.loss for e in seen)

    order = [run.name for run in sorted(runs, key=best, reverse=True)]
    for top in (1, 2, 3, 9):
        assert [m.name for m in ensemble_of_runs(runs, top=top).members] == order[:top]
    assert [m.name for m in ensemble_of_runs(runs).members] == ["s1", "s2", "s3"]
    with pytest.raises(OptionError, match="at least 1"):
        ensemble_of_runs(runs, top=0)


def test_O03_checkpoints_of_one_run(runs: list[Run]) -> None:
    run = runs[1]
    steps = [entry.step for entry in run.checkpoints]
    assert len(steps) >= 3
    found = ensemble_of_checkpoints(run).evaluate(points())
    each = [evaluate_classes(run, points(), checkpoint=step).probabilities for step in steps]
    np.testing.assert_array_equal(found.together.probabilities, np.mean(each, axis=0))


def test_O04_the_running_average_in_closed_form() -> None:
    rng, d = np.random.default_rng(0), 0.9
    seen = [{"a.weight": rng.normal(size=(3, 2)), "a.bias": rng.normal(size=2)} for _ in range(30)]
    average = RunningAverage(d)
    for t, weights in enumerate(seen):
        average.update(weights)
        for name, got in average.weights().items():
            expected = d**t * seen[0][name] + (1 - d) * sum(
                (d ** (t - i) * seen[i][name] for i in range(1, t + 1)), np.zeros(())
            )
            np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match="decay"):
        RunningAverage(1.0)


def test_O04_weights_are_averaged_and_statistics_taken_again(runs: list[Run]) -> None:
    run, d = runs[1], 0.5
    (member,) = ensemble_of_average(run, points(), decay=d).members
    average = RunningAverage(d)
    for entry in run.checkpoints:
        average.update(read_weights(run.checkpoint_path(entry)))
    for name in ("hidden.weight", "scores.bias", "norm.scale"):
        np.testing.assert_allclose(member.weights[name], average.weights()[name], rtol=1e-6)
    _, divided = api.open_trained(run, points())
    (feeds,) = divided.batches("train")
    hidden = feeds["x"] @ member.weights["hidden.weight"] + member.weights["hidden.bias"]
    np.testing.assert_allclose(member.weights["norm.mean"], hidden.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(member.weights["norm.variance"], hidden.var(axis=0), rtol=1e-4)
    assert not np.allclose(member.weights["norm.variance"], average.weights()["norm.variance"])


def test_statistics_are_means_over_batches_and_change_nothing(runs: list[Run]) -> None:
    executable, divided = api.open_trained(runs[0], points())
    (whole,) = divided.batches("train")
    before = executable.state()
    parts = [{name: x[:20] for name, x in whole.items()}, {n: x[20:] for n, x in whole.items()}]
    found = batch_statistics(executable, parts)
    one, two = (batch_statistics(executable, [part]) for part in parts)
    n = len(whole["x"])
    for name, got in found.items():
        np.testing.assert_allclose(got, (20 * one[name] + (n - 20) * two[name]) / n, rtol=1e-12)
    after = executable.state()
    assert after.generators == before.generators
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(after.arrays[name], array)
    assert set(found) == {"norm.mean", "norm.variance"}


def test_A08_an_ensemble_uses_the_test_split_once_a_run(runs: list[Run]) -> None:
    before = uses_of_test(runs[1].path)
    found = ensemble_of_checkpoints(runs[1]).evaluate(points(), split="test")
    assert found.together.metrics.test_uses == uses_of_test(runs[1].path) == before + 1


def test_members_must_be_of_one_kind(runs: list[Run], tmp_path: Path) -> None:
    fields = {**FIELDS, "epochs": 1}
    other = api.fit(linear(), points(), run=tmp_path / "o", **{**fields, "split": {"seed": 9}})
    with pytest.raises(DataError, match=r"split\.seed"):
        ensemble_of_runs([runs[0], other]).evaluate(points())
    with pytest.raises(RunError, match="at least one"):
        ensemble_of_runs([])
    with pytest.raises(CheckpointError, match="no checkpoint"):
        ensemble_of_checkpoints(new_run(tmp_path / "new"))
