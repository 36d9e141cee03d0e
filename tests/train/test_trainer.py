"""The loop: what is computed, in which order, and what is told."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec.engines.base import Executable
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import DataError, NonFiniteError, SpecError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.train.checkpoint import read_state
from graphspec.train.control import Control
from graphspec.train.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Finished,
    Started,
    Step,
    parse_line,
)
from graphspec.train.feeding import divide
from graphspec.train.session import train_run
from graphspec.train.trainer import train
from tests.train.nets import config, linear, network, new_run, points


def go(
    spec: GraphSpec, settings: TrainConfig, control: Control | None = None
) -> tuple[Executable, list[Event]]:
    plan = compile_graph(spec)
    executable = NumpyEngine(settings.dtype).load(plan, seed=settings.seed)
    data = divide(plan, points(), settings)
    return executable, list(train(executable, data, settings, control))


def steps(events: list[Event]) -> list[Step]:
    return [event for event in events if isinstance(event, Step)]


def evaluations(events: list[Event]) -> list[Evaluated]:
    return [event for event in events if isinstance(event, Evaluated)]


def test_events_come_in_order_and_count_updates() -> None:
    _, events = go(network(), config())
    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    # 70 examples in batches of 16: four whole ones and one of 6.
    assert (started.steps_per_epoch, started.total_steps) == (5, 20)
    assert started.examples == {"train": 70, "validation": 20}
    assert [step.step for step in steps(events)] == list(range(1, 21))
    assert [item.step for item in evaluations(events)] == [5, 10, 15, 20]
    assert [item.epoch for item in evaluations(events)] == [1, 2, 3, 4]
    assert isinstance(finished, Finished)
    assert finished.reason == "complete"
    best = max(evaluations(events), key=lambda item: item.accuracy or 0)
    assert (finished.best_step, finished.best_value) == (best.step, best.accuracy)


@pytest.mark.parametrize(("drop_last", "expected"), [(False, 5), (True, 4)])
def test_a_short_last_batch(drop_last: bool, expected: int) -> None:
    _, events = go(network(), config(drop_last=drop_last))
    assert events[0].steps_per_epoch == expected
    assert len(steps(events)) == 4 * expected


def test_steps_take_the_place_of_epochs() -> None:
    _, events = go(network(), config(steps=7))
    assert len(steps(events)) == 7
    assert [item.step for item in evaluations(events)] == [5, 7]


def test_C08_every_example_is_seen_once_an_epoch() -> None:
    settings = config(preprocess=[])
    data = divide(compile_graph(network()), points(), settings)
    loader = data.loader(settings)
    for _ in range(3):
        seen = np.concatenate([batch.indices for batch in loader.rest_of_epoch()])
        assert sorted(seen) == list(range(70))


def test_C08_the_whole_batch_is_gradient_descent_bit_for_bit() -> None:
    settings = config(
        batch=1000, epochs=30, shuffle=False, update={"kind": "sgd", "rate": 0.1},
        schedule={"kind": "constant"}, penalties=[], dtype="float64",
    )  # fmt: skip
    plan = compile_graph(linear())
    data = divide(plan, points(), settings)
    trained, events = go(linear(), settings)
    assert len(steps(events)) == 30

    plain = NumpyEngine("float64").load(plan, seed=settings.seed)
    (feeds,) = data.batches("train")
    weights = dict(plain.weights())
    for _ in range(30):
        gradient = NumpyEngine("float64").load(plan, seed=0, weights=weights).grad(feeds)
        weights = {name: w - 0.1 * gradient.by_name[name] for name, w in weights.items()}
    for name, w in trained.weights().items():
        assert (w == weights[name]).all()


def test_the_order_of_examples_does_not_matter_to_the_whole_batch() -> None:
    fields: dict[str, Any] = {"batch": 70, "epochs": 30, "dtype": "float64"}
    shuffled, _ = go(linear(), config(**fields))
    ordered, _ = go(linear(), config(shuffle=False, **fields))
    for name, w in shuffled.weights().items():
        np.testing.assert_allclose(w, ordered.weights()[name], atol=1e-12)


def test_B05_the_loss_is_data_and_penalties_exactly() -> None:
    penalties = [{"kind": "l2", "strength": 0.01}, {"kind": "l2", "strength": 0.5, "half": False}]
    _, events = go(network(), config(penalties=penalties))
    for step in steps(events):
        assert set(step.penalties) == {"l2-1", "l2-2"}
        assert min(step.penalties.values()) > 0
        assert step.loss == sum(step.losses.values()) + sum(step.penalties.values())


def test_B05_an_evaluation_tells_the_penalties_at_its_weights() -> None:
    penalties = [
        {"kind": "l2", "strength": 0.5},
        {"kind": "l1", "strength": 0.1, "only": ["scores"]},
    ]
    executable, events = go(linear(), config(penalties=penalties, average={"kind": "ema"}))
    w = executable.weights()["scores.weight"]
    last = evaluations(events)[-1]
    assert last.penalties == {
        "l2": pytest.approx(0.25 * float((w.astype(np.float64) ** 2).sum())),
        "l1": pytest.approx(0.1 * float(np.abs(w.astype(np.float64)).sum())),
    }
    assert last.averaged is not None
    assert 0 < last.averaged.penalties["l2"] != last.penalties["l2"]


def test_an_evaluation_of_an_older_log_has_no_penalties() -> None:
    line = (
        '{"type":"evaluated","step":1,"epoch":1,"time":0,"split":"validation","loss":0.5,'
        '"losses":{"loss":0.5},"accuracy":null,"examples":3,'
        '"averaged":{"loss":0.5,"losses":{"loss":0.5},"accuracy":null}}'
    )
    event = parse_line(line)
    assert isinstance(event, Evaluated)
    assert event.averaged is not None
    assert event.penalties == event.averaged.penalties == {}


def test_penalties_of_every_kind_are_told_apart_and_constraints_act() -> None:
    settings = config(
        penalties=[
            {"kind": "l1", "strength": 0.01},
            {"kind": "elastic_net", "l1": 0.01, "l2": 0.01},
            {"kind": "l2", "strength": 0.01, "only": ["hidden"]},
        ],
        constraints=[{"kind": "max_norm", "c": 0.05, "only": ["scores"]}],
    )
    trained, events = go(network(), settings)
    for step in steps(events):
        assert list(step.penalties) == ["l1", "elastic_net", "l2"]
        assert step.loss == sum(step.losses.values()) + sum(step.penalties.values())
    lengths = {name: np.linalg.norm(w, axis=0) for name, w in trained.weights().items()}
    assert lengths["scores.weight"].max() <= 0.05 + 1e-6
    assert lengths["hidden.weight"].max() > 0.1


@pytest.mark.parametrize("field", ["penalties", "constraints"])
def test_a_layer_that_is_not_there_cannot_be_penalised(field: str) -> None:
    kind = {"penalties": {"kind": "l1", "strength": 1.0}, "constraints": {"kind": "max_norm"}}
    with pytest.raises(SpecError, match=rf"training\.{field}.*'hiden'.*Did you mean 'hidden'"):
        go(network(), config(**{field: [{**kind[field], "only": ["hiden"]}]}))


def test_H07_biases_and_scales_are_exempt_from_penalties() -> None:
    plan = compile_graph(network())
    settings = config(steps=1, preprocess=[])
    values = []
    for shift in (0.0, 100.0):
        executable = NumpyEngine().load(plan, seed=0)
        weights = {
            name: w + shift if not plan.params[name].decay else w
            for name, w in executable.weights().items()
        }
        executable = NumpyEngine().load(plan, seed=0, weights=weights)
        data = divide(plan, points(), settings)
        first = steps(list(train(executable, data, settings)))[0]
        values.append(first.penalties["l2"])
    assert values[0] == values[1]
    assert any(name.endswith("bias") and not p.decay for name, p in plan.params.items())


def test_decoupled_decay_spares_biases() -> None:
    plan = compile_graph(linear())
    update = {"kind": "adamw", "rate": 0.1, "weight_decay": 5.0}
    settings = config(steps=1, update=update, penalties=[], schedule={"kind": "constant"})
    start = {"scores.weight": np.ones((2, 3)), "scores.bias": np.ones(3)}
    executable = NumpyEngine("float64").load(plan, seed=0, weights=start)
    list(train(executable, divide(plan, points(), settings), settings))
    # Adam's first step is about the rate, 0.1; the decay halves the weights.
    assert np.abs(executable.weights()["scores.bias"] - 1).max() < 0.11
    assert np.abs(executable.weights()["scores.weight"] - 0.5).max() < 0.11


def test_the_schedule_gives_the_rate() -> None:
    fields = {"update": {"kind": "sgd", "rate": 0.1}, "schedule": {"kind": "step", "every": 1}}
    _, events = go(network(), config(**fields))
    assert [step.rate for step in steps(events)] == [0.1] * 5 + [0.05] * 5 + [0.025] * 5 + [
        0.0125
    ] * 5


def test_clipping_bounds_the_step() -> None:
    fields = {"update": {"kind": "sgd", "rate": 1.0}, "schedule": {"kind": "constant"}}
    settings = config(steps=1, clip_norm=1e-3, dtype="float64", **fields)
    before = NumpyEngine("float64").load(compile_graph(linear()), seed=3).weights()
    executable, events = go(linear(), settings)
    after = executable.weights()
    moved = np.sqrt(sum(((after[name] - before[name]) ** 2).sum() for name in after))
    assert steps(events)[0].grad_norm > 0.1
    assert moved == pytest.approx(1e-3, rel=1e-9)


def test_early_stopping_waits_for_its_patience() -> None:
    # A rate of next to nothing: the first evaluation stays the best.
    fields = {"update": {"kind": "sgd", "rate": 1e-12}, "monitor": "loss", "epochs": 50}
    stopping = {"patience": 3, "min_change": 1e-3}
    _, events = go(linear(), config(early_stopping=stopping, **fields))
    assert events[-1].reason == "early-stopping"
    assert [item.best for item in evaluations(events)] == [True, False, False, False]


def test_without_validation_nothing_is_evaluated() -> None:
    _, events = go(network(), config(split={"validation": 0}))
    assert not evaluations(events)
    assert events[-1].monitor is None


def test_update_ratios_are_those_of_the_last_update() -> None:
    fields = {"update": {"kind": "sgd", "rate": 0.1}, "schedule": {"kind": "constant"}}
    executable, events = go(linear(), config(steps=5, penalties=[], **fields))
    ratio = evaluations(events)[0].update_ratios["scores.weight"]
    assert 0 < ratio < 1
    size = float(np.linalg.norm(executable.weights()["scores.weight"]))
    # ‖Δw‖ ≤ rate · ‖∇‖, and w has hardly changed.
    assert ratio <= 0.1 * steps(events)[-1].grad_norm / (0.9 * size)


def test_gradient_norms_are_those_of_the_last_step() -> None:
    executable, events = go(network(), config(steps=5))
    norms = evaluations(events)[0].grad_norms
    assert norms.keys() == {n for n, p in executable.plan.params.items() if p.trained}
    whole = math.sqrt(sum(norm**2 for norm in norms.values()))
    assert whole == pytest.approx(steps(events)[-1].grad_norm, rel=1e-5)


def test_evaluation_changes_nothing() -> None:
    often, _ = go(network(), config(evaluate_every=1))
    never, _ = go(network(), config(evaluate_every=10_000))
    for name, w in often.weights().items():
        assert (w == never.weights()[name]).all()


def test_the_same_seed_gives_the_same_bits() -> None:
    first, events = go(network(), config())
    second, again = go(network(), config())
    other, _ = go(network(), config(seed=4))
    assert [step.loss for step in steps(events)] == [step.loss for step in steps(again)]
    for name, w in first.weights().items():
        assert (w == second.weights()[name]).all()
    assert (first.weights()["hidden.weight"] != other.weights()["hidden.weight"]).any()


def test_infinity_stops_and_is_named(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", linear(), update={"kind": "sgd", "rate": 1e30}, epochs=40)
    seen: list[Event] = []
    with pytest.raises(NonFiniteError) as caught:
        seen.extend(train_run(run.path, data=points()))
    last = run.last
    assert isinstance(last, Failed)
    assert last.error == "NonFiniteError"
    assert (last.node, last.step) == (caught.value.node, caught.value.step)
    assert run.status == "failed"
    assert last.node in ("scores", "loss")
    if run.latest is not None:
        assert run.latest.step <= last.step


def test_the_last_good_checkpoint_is_kept_when_a_number_breaks(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run")
    control = Control()

    def raise_the_rate() -> None:
        for event in train_run(run.path, data=points(), control=control):
            if isinstance(event, Step) and event.step == 12:
                control.set_rate(1e38)

    with pytest.raises(NonFiniteError):
        raise_the_rate()
    assert run.status == "failed"
    assert [entry.step for entry in run.checkpoints][-1] == 10
    with pytest.raises(NonFiniteError):
        # The rate is set again at the same step: the failure can be reproduced.
        list(train_run(run.path, data=points()))
    control = Control()
    control.set_rate(0.01)
    assert list(train_run(run.path, data=points(), control=control))[-1].type == "finished"


def test_weights_that_an_update_breaks_are_never_a_success(tmp_path: Path) -> None:
    broken = {"update": {"kind": "sgd", "rate": 1e39}, "schedule": {"kind": "constant"}}
    settings = broken | {"split": {"validation": 0}, "steps": 1}
    run = new_run(tmp_path / "run", linear(), **settings)
    with pytest.raises(NonFiniteError, match="'scores' is not finite at step 0"):
        list(train_run(run.path, data=points()))
    assert run.status == "failed"
    assert run.latest is None
    with pytest.raises(NonFiniteError):
        go(linear(), config(**settings))


def test_a_broken_state_does_not_push_out_the_last_good_one(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", checkpoint_every=1, keep=1, split={"validation": 0})
    control = Control()

    def raise_the_rate() -> None:
        for event in train_run(run.path, data=points(), control=control):
            if isinstance(event, Step) and event.step == 12:
                control.set_rate(1e39)

    with pytest.raises(NonFiniteError, match="step 12"):
        raise_the_rate()
    assert [entry.step for entry in run.checkpoints] == [12]
    assert all(
        np.isfinite(array).all()
        for array in read_state(run.checkpoint_path(run.checkpoints[0])).executable.arrays.values()
    )


def test_the_best_state_is_saved_when_training_fails(tmp_path: Path) -> None:
    run = new_run(tmp_path / "run", checkpoint_every=1000, evaluate_every=5)
    control = Control()

    def raise_the_rate() -> None:
        for event in train_run(run.path, data=points(), control=control):
            if isinstance(event, Step) and event.step == 12:
                control.set_rate(1e38)

    with pytest.raises(NonFiniteError):
        raise_the_rate()
    assert isinstance(run.last, Failed)
    assert run.best is not None
    assert run.best.step in (5, 10)


def test_accuracy_cannot_be_monitored_without_classes() -> None:
    spec = GraphSpec.model_validate(
        {
            "inputs": {"x": {"shape": [2]}},
            "layers": [
                {"kind": "linear", "id": "y", "units": 2, "inputs": ["x"]},
                {"kind": "l2_loss", "id": "loss", "inputs": ["y", "x"]},
            ],
            "outputs": ["y"],
        }
    )
    with pytest.raises(SpecError, match="monitor"):
        go(spec, config(monitor="accuracy"))
    _, events = go(spec, config())
    assert evaluations(events)[0].accuracy is None
    assert events[-1].monitor == "loss"


@pytest.mark.parametrize(("features", "classes", "message"), [(3, 3, "shape"), (2, 4, "classes")])
def test_data_that_does_not_fit_is_explained(features: int, classes: int, message: str) -> None:
    plan = compile_graph(network(features=features, classes=classes))
    with pytest.raises(DataError, match=message):
        divide(plan, points(), config())


def test_commands_before_the_first_step() -> None:
    control = Control()
    control.set_rate(0.5)
    control.step_once()
    control.step_once()
    control.resume()
    _, events = go(network(), config(steps=6, schedule={"kind": "constant"}), control)
    changes = [(e.field, e.value) for e in events if isinstance(e, Changed)]
    assert changes == [("rate", 0.5), ("paused", True), ("paused", False)]
    assert [step.rate for step in steps(events)] == [0.5] * 6
