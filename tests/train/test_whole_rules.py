"""Rules of the whole loss in a training: the objective, runs, going on, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphspec as gs
from graphspec.data import load_data
from graphspec.data.dataset import Dataset
from graphspec.engines.base import Step
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import NonFiniteError, SizeError, SpecError
from graphspec.plan import compile_graph
from graphspec.recipe.penalties.catalog import PENALTIES
from graphspec.recipe.penalties.elastic_net import ElasticNet
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2
from graphspec.recipe.rules.sgd import Sgd
from graphspec.train.checkpoint import read_state
from graphspec.train.events import Evaluated, Finished
from graphspec.train.events import Step as StepEvent
from graphspec.train.objective import TrainingObjective, WholeStepper
from graphspec.train.rundir import Run
from graphspec.train.session import train_run
from tests.train.nets import config, fresh, linear, network, points

NORMED = (
    {"kind": "linear", "id": "hidden", "units": 8},
    {"kind": "batch_norm", "id": "norm"},
    {"kind": "tanh", "id": "tanh"},
)
WHOLE: dict[str, Any] = {
    "batch": 90,
    "epochs": 12,
    "schedule": {"kind": "constant"},
    "checkpoint_every": 5,
    "dtype": "float64",
}
RULES: list[dict[str, Any]] = [
    {"kind": "lbfgs", "history": 4},
    {"kind": "newton", "damping": 0.1},
    {"kind": "random_search", "rate": 0.5},
    {"kind": "local_search", "rate": 0.1},
]


def settings(rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    fields = config(**{**WHOLE, "update": rule, **changes})
    return {name: getattr(fields, name) for name in fields.model_fields_set}


def losses(run: Run) -> list[float]:
    return [event.loss for event in run.events if isinstance(event, StepEvent)]


def feeds(n: int = 30) -> dict[str, Any]:
    data = points(n)
    return {"x": data.x, "label": data.y}


def test_the_objective_is_loss_and_penalties_and_its_gradient_that_of_differences() -> None:
    plan = compile_graph(network(*NORMED))
    executable = NumpyEngine("float64").load(plan, seed=1)
    penalties = (L2(strength=0.3), L1(strength=0.1, only=("scores",)), ElasticNet(l1=0.1, l2=0.2))
    assert {type(penalty) for penalty in penalties} == set(PENALTIES)
    objective = TrainingObjective(executable, feeds(), penalties)
    w = objective.weights()
    assert w.size == sum(
        executable.weights()[name].size for name, param in plan.params.items() if param.trained
    )
    step = Step(0, 0.0, penalties)
    told = NumpyEngine("float64").load(plan, seed=1).train_step(feeds(), Sgd(rate=1), step)
    loss, dw = objective.gradient(w)
    assert loss == pytest.approx(told.loss + sum(told.penalties), abs=1e-12)
    assert np.linalg.norm(dw) == pytest.approx(told.grad_norm, abs=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(5):
        d = rng.normal(size=w.size)
        slope = (objective.loss(w + 1e-6 * d) - objective.loss(w - 1e-6 * d)) / 2e-6
        assert slope == pytest.approx(float(d @ dw), rel=1e-6)


def test_a_step_tells_what_an_engine_would_tell_of_the_same_weights() -> None:
    plan = compile_graph(network(*NORMED))
    executable = NumpyEngine("float64").load(plan, seed=1)
    penalties = (L2(strength=0.3),)
    before = NumpyEngine("float64").load(plan, seed=1)
    rule = config(**WHOLE, update={"kind": "lbfgs"}).update
    found = WholeStepper(0).step(executable, feeds(), rule, Step(0, 1.0, penalties))
    told = before.train_step(feeds(), Sgd(rate=1), Step(0, 0.0, penalties))
    assert (found.loss, found.losses, found.penalties) == (told.loss, told.losses, told.penalties)
    assert found.grad_norm == pytest.approx(told.grad_norm)
    np.testing.assert_array_equal(found.values["scores"], told.values["scores"])


def test_running_statistics_are_those_of_all_examples(tmp_path: Path) -> None:
    run = gs.fit(
        network(*NORMED), points(), run=tmp_path / "run", **settings({"kind": "lbfgs"}, epochs=3)
    )
    executable, data = gs.api.open_trained(run, points(), checkpoint="latest")
    x, _ = data.parts["train"]
    hidden = executable.run({"x": data.pipeline.apply(x, "float64")}, outputs=["hidden"]).values[
        "hidden"
    ]
    weights = executable.weights()
    np.testing.assert_allclose(weights["norm.mean"], hidden.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(weights["norm.variance"], hidden.var(axis=0), atol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["kind"])
def test_a_run_goes_on_with_the_same_bits(tmp_path: Path, rule: dict[str, Any]) -> None:
    fields = settings(rule)
    whole = gs.fit(network(*NORMED), points(), run=tmp_path / "whole", **fields)
    cut = gs.api.create_run(network(*NORMED), config(**{**WHOLE, "update": rule}), tmp_path / "cut")
    for after in (3, 7, 8):
        events = train_run(cut.path, data=points())
        for event in events:
            if isinstance(event, StepEvent) and event.step == after:
                break
        events.close()  # type: ignore[attr-defined]
    list(train_run(cut.path, data=points()))
    assert cut.started is not None
    assert fresh(cut.events) == fresh(whole.events)
    states = [read_state(run.checkpoint_path(run.latest)) for run in (cut, whole)]
    for a, b in (
        [state.executable.arrays for state in states],
        [state.memory for state in states],
    ):
        assert a.keys() == b.keys()
        assert all(a[name].tobytes() == b[name].tobytes() for name in a)
    assert states[0].generator == states[1].generator
    assert ("s" in states[0].memory) == (rule["kind"] == "lbfgs")


@pytest.mark.parametrize("rule", RULES[2:], ids=lambda rule: rule["kind"])
def test_C03_C04_the_loss_of_a_run_never_rises(tmp_path: Path, rule: dict[str, Any]) -> None:
    fields = settings(rule, epochs=60, dtype="float32")
    found = losses(gs.fit(linear(), points(), run=tmp_path / "run", **fields))
    assert max(np.diff(found)) <= 0
    assert found[-1] < found[0]


def digits() -> Dataset:
    return load_data("digits")


def digits_net() -> gs.GraphSpec:
    return gs.GraphSpec.model_validate(
        {
            "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
            "layers": [
                {"kind": "linear", "id": "scores", "units": 10, "inputs": ["image"]},
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
        }
    )


def test_C03_C04_on_digits_local_search_beats_random_search_at_equal_evaluations(
    tmp_path: Path,
) -> None:
    found = {}
    for kind in ("random_search", "local_search"):
        run = gs.fit(
            digits_net(),
            digits(),
            run=tmp_path / kind,
            batch=2000,
            steps=1000,
            init={"kind": "normal", "std": 0.01},
            preprocess=[{"kind": "scale", "divide": 16.0}, {"kind": "mean"}],
            update={"kind": kind, "rate": 0.03},
            checkpoint_seconds=None,
            evaluate_every=1000,
        )
        found[kind] = losses(run)
        assert len(found[kind]) == 1000
        assert max(np.diff(found[kind])) <= 0
        assert run.metrics is not None
    assert found["local_search"][-1] < found["random_search"][-1] - 0.3


def test_M07_a_least_squares_run_is_solved_in_one_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = x @ rng.normal(size=(3, 2)) + 0.1 * rng.normal(size=(60, 2))
    spec = gs.GraphSpec.model_validate(
        {
            "inputs": {"x": {"shape": [3]}, "y": {"shape": [2]}},
            "layers": [
                {"kind": "linear", "id": "map", "units": 2, "inputs": ["x"]},
                {"kind": "l2_loss", "id": "loss", "inputs": ["map", "y"]},
            ],
            "outputs": ["map"],
        }
    )
    run = gs.fit(
        spec,
        Dataset("line", x, y, ()),
        run=tmp_path / "run",
        batch=60,
        epochs=1,
        split={"validation": 10, "seed": None},
        dtype="float64",
        update={"kind": "newton"},
    )
    bias = np.hstack([x[:50], np.ones((50, 1))])
    expected = np.linalg.lstsq(bias, y[:50])[0]
    found = gs.load_weights(run, checkpoint="latest")
    np.testing.assert_allclose(found["map.weight"], expected[:3], atol=1e-10)
    np.testing.assert_allclose(found["map.bias"], expected[3], atol=1e-10)


def test_M07_a_network_that_is_too_large_leaves_no_folder(tmp_path: Path) -> None:
    wide = {"kind": "linear", "id": "wide", "units": 20_000}
    with pytest.raises(SizeError, match=r"Newton.*GiB.*lbfgs"):
        gs.fit(network(wide), points(), run=tmp_path / "run", **settings({"kind": "newton"}))
    assert not (tmp_path / "run").exists()


def test_M08_lbfgs_comes_further_than_gradient_descent(tmp_path: Path) -> None:
    fields = {**settings({"kind": "lbfgs"}, epochs=30), "penalties": []}
    ends = {}
    for name, rule in {"lbfgs": {"kind": "lbfgs"}, "sgd": {"kind": "sgd", "rate": 0.5}}.items():
        run = gs.fit(linear(), points(), run=tmp_path / name, **{**fields, "update": rule})
        steps = [event for event in run.events if isinstance(event, StepEvent)]
        ends[name] = steps[-1].loss, steps[-1].grad_norm
        if name == "lbfgs":
            assert max(np.diff(losses(run))) <= 1e-12
    assert ends["lbfgs"][0] < ends["sgd"][0]
    assert ends["lbfgs"][1] < 1e-4 < ends["sgd"][1]


def test_M08_batches_are_refused_with_a_reason(tmp_path: Path) -> None:
    fields = settings({"kind": "lbfgs"}, batch=16)
    with pytest.raises(SpecError, match=r"cannot be compared.*70 training examples") as caught:
        gs.fit(linear(), points(), run=tmp_path / "run", **fields)
    (problem,) = caught.value.problems
    assert problem.code == "full-batch-only"
    run = Run(tmp_path / "run")
    assert run.status == "failed"
    gs.fit(linear(), points(), run=tmp_path / "all", **{**fields, "batch": 70})


@pytest.mark.parametrize("name", ["digits", "fashion-mini", "spiral"])
@pytest.mark.parametrize("split", [{"validation": 0.1}, {"validation": 33, "test": 0.25}])
def test_M08_the_check_knows_how_many_examples_a_named_set_trains_on(
    name: str, split: dict[str, Any]
) -> None:
    from graphspec.check.whole_objective import training_examples
    from graphspec.train.feeding import divide

    data = load_data(name)
    spec = gs.GraphSpec.model_validate(
        {
            "inputs": {"x": {"shape": list(data.shape)}, "y": {"classes": len(data.classes)}},
            "layers": [
                {"kind": "linear", "id": "scores", "units": len(data.classes), "inputs": ["x"]},
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "y"]},
            ],
            "outputs": ["scores"],
        }
    )
    fields = config(split=split, preprocess=[], data=name)
    assert training_examples(fields) == divide(compile_graph(spec), data, fields).sizes["train"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"clip_norm": 1.0}, "not-with-this-rule"),
        ({"constraints": [{"kind": "max_norm"}]}, "not-with-this-rule"),
    ],
)
def test_what_the_rule_would_leave_aside_is_refused(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(SpecError) as caught:
        gs.fit(linear(), points(), run=tmp_path / "r", **settings({"kind": "lbfgs"}, **changes))
    assert [problem.code for problem in caught.value.problems] == [code]


def test_layers_that_draw_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="'drop' draws at random"):
        gs.fit(network(), points(), run=tmp_path / "run", **settings({"kind": "local_search"}))


def test_infinity_names_the_layer_and_leaves_the_weights() -> None:
    plan = compile_graph(linear())
    executable = NumpyEngine("float64").load(plan, seed=1)
    before = executable.weights()
    broken = feeds()
    broken["x"] = broken["x"].copy()
    broken["x"][3] = np.inf
    rule = config(**WHOLE, update={"kind": "lbfgs"}).update
    with pytest.raises(NonFiniteError) as caught:
        WholeStepper(0).step(executable, broken, rule, Step(4, 1.0))
    assert (caught.value.node, caught.value.step) == ("x", 4)
    after = executable.weights()
    assert all((after[name] == array).all() for name, array in before.items())


def test_a_rule_that_fails_leaves_the_weights() -> None:
    plan = compile_graph(linear())
    executable = NumpyEngine("float64").load(plan, seed=1)
    before = executable.weights()
    rule = config(**WHOLE, update={"kind": "newton"}).update
    with pytest.raises(SpecError, match="singular"):
        WholeStepper(0).step(executable, feeds(), rule, Step(0, 1.0))
    after = executable.weights()
    assert all((after[name] == array).all() for name, array in before.items())


def test_a_run_finishes_and_evaluates_like_any_other(tmp_path: Path) -> None:
    run = gs.fit(linear(), points(), run=tmp_path / "run", **settings({"kind": "lbfgs"}))
    assert run.status == "finished"
    assert isinstance(run.events[-1], Finished)
    seen = [event for event in run.events if isinstance(event, Evaluated)]
    assert len(seen) == 12
    assert seen[0].update_ratios["scores.weight"] > 0
    made = [event for event in run.events if isinstance(event, StepEvent)]
    assert np.linalg.norm(list(seen[0].grad_norms.values())) == pytest.approx(made[0].grad_norm)


@pytest.mark.parametrize(
    "rule",
    [RULES[0], {"kind": "newton", "damping": 2.0}, RULES[3]],
    ids=lambda rule: rule["kind"],
)
def test_the_rules_work_on_the_fast_engine_too(rule: dict[str, Any]) -> None:
    pytest.importorskip("llvmlite")
    from graphspec.engines.jit.engine import JitEngine

    plan = compile_graph(network(*NORMED))
    made = config(**{**WHOLE, "update": rule}).update
    step = Step(0, made.rate, (L2(strength=0.01),))
    found = []
    for engine in (NumpyEngine(), JitEngine(threads=1)):
        executable, stepper = engine.load(plan, seed=1), WholeStepper(0)
        found.append([stepper.step(executable, feeds(), made, step).loss for _ in range(4)])
        assert max(np.diff(found[-1])) <= 1e-6
    np.testing.assert_allclose(found[1], found[0], rtol=1e-3)
