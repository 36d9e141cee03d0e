"""The running average of the weights that a training keeps beside them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphspec as gs
from graphspec import api
from graphspec.engines.base import Array, Executable, ExecutableState
from graphspec.engines.numpy import NumpyEngine
from graphspec.ensemble import ensemble_of_runs
from graphspec.errors import CheckpointError
from graphspec.evaluation import evaluate_classes
from graphspec.plan import compile_graph
from graphspec.train.checkpoint import read_state
from graphspec.train.evaluate import evaluate_batches
from graphspec.train.events import Evaluated, Step
from graphspec.train.feeding import divide
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from graphspec.train.trainer import train
from tests.train.nets import FIELDS, config, fresh, network, new_run, points

DECAY = 0.8
AVERAGE = {"average": {"kind": "ema", "decay": DECAY}}


def weights_of_every_step(executable: Executable, **changes: Any) -> list[dict[str, Array]]:
    """The weights before the first step and after each."""
    settings = config(**changes)
    data = divide(executable.plan, points(), settings)
    seen = [dict(executable.weights())]
    seen += [
        dict(executable.weights())
        for event in train(executable, data, settings)
        if isinstance(event, Step)
    ]
    return seen


def test_O04_the_average_of_a_run_is_the_closed_form_of_its_weights(tmp_path: Path) -> None:
    fields = {**FIELDS, **AVERAGE, "dtype": "float64"}
    run = api.fit(network(), points(), run=tmp_path / "run", **fields)
    executable = NumpyEngine("float64").load(compile_graph(network()), seed=FIELDS["seed"])
    seen = weights_of_every_step(executable, dtype="float64")
    found = gs.load_weights(run, checkpoint="latest", averaged=True)
    t = len(seen) - 1
    assert t == 20
    for name, array in found.items():
        expected = DECAY**t * seen[0][name] + (1 - DECAY) * sum(
            DECAY ** (t - i) * seen[i][name] for i in range(1, t + 1)
        )
        np.testing.assert_allclose(array, expected, rtol=0, atol=1e-12)
        assert array.dtype == np.float64
    # The running statistics of batch normalisation are averaged like the weights.
    assert {"norm.mean", "norm.variance"} < found.keys()


def test_O04_raw_weights_and_history_are_those_of_a_run_without_an_average(tmp_path: Path) -> None:
    plain = api.fit(network(), points(), run=tmp_path / "plain", **FIELDS)
    kept = api.fit(network(), points(), run=tmp_path / "kept", **FIELDS, **AVERAGE)
    a, b = (gs.load_weights(run, checkpoint="latest") for run in (plain, kept))
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)
    without = [{**event, "averaged": None} for event in fresh(kept.events)]
    assert without == [{**event, "averaged": None} for event in fresh(plain.events)]


def test_O04_the_average_is_evaluated_beside_the_raw_weights(tmp_path: Path) -> None:
    run = api.fit(network(), points(), run=tmp_path / "run", **FIELDS, **AVERAGE)
    seen = [event for event in run.events if isinstance(event, Evaluated)]
    assert all(event.averaged is not None for event in seen)
    last = seen[-1].averaged
    assert last is not None
    assert last.loss != seen[-1].loss
    found = gs.evaluate(run, points(), checkpoint="latest", averaged=True)
    assert (found.loss, found.accuracy) == (last.loss, last.accuracy)
    raw = gs.evaluate(run, points(), checkpoint="latest")
    assert (raw.loss, raw.accuracy) == (seen[-1].loss, seen[-1].accuracy)


def test_O04_an_average_is_steadier_than_what_it_averages(tmp_path: Path) -> None:
    """At a rate that makes the weights jump about, the average does better and jumps less."""
    fields = {**FIELDS, "epochs": 30, "update": {"kind": "sgd", "rate": 3.0}, "batch": 5}
    fields |= {"schedule": {"kind": "constant"}, "average": {"kind": "ema", "decay": 0.98}}
    run = api.fit(network(), points(), run=tmp_path / "run", **fields)
    seen = [event for event in run.events if isinstance(event, Evaluated)][10:]
    raw = [event.loss for event in seen]
    averaged = [event.averaged.loss for event in seen if event.averaged is not None]

    def jumps(losses: list[float]) -> float:
        return sum(abs(b - a) for a, b in pairwise(losses))

    assert jumps(averaged) < jumps(raw) / 2
    assert np.mean(averaged) < np.mean(raw)


@pytest.mark.parametrize("after", [3, 6, 12])
def test_O04_a_resumed_average_has_the_same_bits(tmp_path: Path, after: int) -> None:
    whole = api.fit(network(), points(), run=tmp_path / "whole", **FIELDS, **AVERAGE)
    run = new_run(tmp_path / "cut", **AVERAGE)
    events = train_run(run.path, data=points())
    for event in events:
        if isinstance(event, Step) and event.step == after:
            break
    events.close()  # type: ignore[attr-defined]
    list(train_run(run.path, data=points()))
    assert fresh(run.events) == fresh(whole.events)
    a, b = (read_state(r.checkpoint_path(r.latest)).average for r in (run, whole) if r.latest)
    assert a.keys() == b.keys()
    assert all(a[name].tobytes() == b[name].tobytes() for name in a)


def test_O04_predictions_and_ensembles_take_the_average(tmp_path: Path) -> None:
    runs = [
        api.fit(network(), points(), run=tmp_path / f"s{i}", **{**FIELDS, **AVERAGE, "seed": i})
        for i in range(2)
    ]
    weights = gs.load_weights(runs[0], averaged=True)
    x = np.asarray(points().x)
    averaged = gs.predict(runs[0], x, weights=weights)["scores"]
    assert not np.allclose(averaged, gs.predict(runs[0], x)["scores"])
    found = ensemble_of_runs(runs, averaged=True).evaluate(points())
    alone = [
        evaluate_classes(run, points(), weights=gs.load_weights(run, averaged=True)).probabilities
        for run in runs
    ]
    np.testing.assert_array_equal(found.together.probabilities, np.mean(alone, axis=0))


def test_a_run_without_an_average_says_so(tmp_path: Path) -> None:
    run: Run = api.fit(network(), points(), run=tmp_path / "run", **{**FIELDS, "epochs": 1})
    with pytest.raises(CheckpointError, match=r"no running average.*training\.average"):
        gs.evaluate(run, points(), averaged=True)


def test_evaluating_the_average_disturbs_nothing() -> None:
    """The state after a training is what it is without evaluations."""
    plan = compile_graph(network())
    states: list[ExecutableState] = []
    for every in (1, 20):
        executable = NumpyEngine().load(plan, seed=3)
        weights_of_every_step(executable, **AVERAGE, evaluate_every=every)
        states.append(executable.state())
    assert states[0].generators == states[1].generators
    for name, array in states[0].arrays.items():
        assert array.tobytes() == states[1].arrays[name].tobytes()
    data = divide(plan, points(), config())
    assert evaluate_batches(executable, data.batches("validation")).examples == 20
