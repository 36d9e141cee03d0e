"""Networks that are ill by construction, and one that is well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphspec import api, document, edit
from graphspec.data.dataset import Dataset
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import NonFiniteError
from graphspec.graph import GraphSpec
from graphspec.inspect import doctor
from graphspec.inspect.finding import Finding
from graphspec.inspect.probe import Probe
from graphspec.plan import compile_graph
from graphspec.train.feeding import divide
from graphspec.train.rundir import Run


def blobs(seed: int = 0) -> Dataset:
    """Three classes of four numbers, far enough apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(300) % 3
    x = rng.standard_normal((300, 4)) + 3 * np.eye(3, 4)[y]
    return Dataset("blobs", x.astype(np.float32), y, classes=("a", "b", "c"))


def network(activation: str = "relu", **training: Any) -> GraphSpec:
    return GraphSpec.model_validate(
        {
            "name": "net",
            "inputs": {"x": {"shape": [4]}, "label": {"classes": 3}},
            "layers": [
                {"kind": "linear", "id": "fc", "inputs": ["x"], "units": 16},
                {"kind": activation, "id": "act", "inputs": ["fc"]},
                {"kind": "linear", "id": "scores", "inputs": ["act"], "units": 3},
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
            "training": {"epochs": 3, "batch": 20, "update": {"kind": "sgd", "rate": 0.02}}
            | training,
        }
    )


def examined(
    spec: GraphSpec, data: Dataset, run: Run | None = None, **weights: np.ndarray
) -> dict[str, Finding]:
    """All checks of a network with first or given weights, or of a run, by name."""
    config = api.settings(spec)
    engine = NumpyEngine(config.dtype)
    plan = compile_graph(spec, init=config.init)
    found = None if run is None or run.latest is None else api.load_weights(run)
    given = {name.replace("__", "."): array for name, array in weights.items()}
    divided = divide(plan, data, config)
    executable = engine.load(plan, seed=config.seed, weights=found or given)
    probe = Probe(executable, divided.pipeline, divided.binding.x, config.dtype)
    history = None if run is None else run.read_history().history
    answers = doctor.examine(probe, divided, config, engine, history)
    by_name = {finding.check: finding for finding in answers}
    assert tuple(by_name) == doctor.CHECKS
    return by_name


def verdicts(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.verdict for name, finding in found.items()}


def fit(spec: GraphSpec, folder: Path, data: Dataset | None = None) -> Run:
    return api.fit(spec, data or blobs(), run=folder, engine="numpy")


def test_K01_L02_L03_nothing_is_bad_in_a_healthy_run(tmp_path):
    spec = network()
    run = fit(spec, tmp_path / "run")
    found = examined(spec, blobs(), run)
    assert verdicts(found) == dict.fromkeys(doctor.CHECKS, "good") | {"saturation": "unknown"}
    first = run.read_history().history.series["train/loss"].values[0]
    assert f"first loss {first:.4g}, at chance ln 3 = 1.099" in found["first loss"].measured
    assert set(found["update ratio"].params) == {"fc.weight", "scores.weight"}
    assert "20 examples" in found["twenty examples"].measured


def test_first_weights_alone_leave_open_what_needs_a_training():
    found = examined(network(), blobs())
    untold = {name for name, finding in found.items() if finding.verdict == "unknown"}
    assert untold == {"update ratio", "saturation", "not a number", "train and validation"}
    assert all(finding.measured for finding in found.values())


def test_scores_that_are_too_large_are_far_from_chance():
    data = blobs()
    large = Dataset("large", 100 * data.x, data.y, classes=data.classes)
    finding = examined(network(), large)["first loss"]
    assert (finding.verdict, finding.layers) == ("bad", ("loss",))
    assert "times as large" in finding.measured
    assert "scale or centre" in finding.advice


def test_E07_dead_relus_are_counted():
    bias = np.zeros(16, np.float32)
    bias[:5] = -1e3
    finding = examined(network(), blobs(), fc__bias=bias)["dead units"]
    assert (finding.verdict, finding.layers) == ("bad", ("act",))
    assert "act 5 of 16 = 31%" in finding.measured
    bias[2:] = 0
    finding = examined(network(), blobs(), fc__bias=bias)["dead units"]
    assert finding.verdict == "good"
    assert "act 2 of 16 = 12%" in finding.measured


def test_E05_a_saturated_tanh_is_told():
    rng = np.random.default_rng(0)
    spec = network("tanh")
    shape = compile_graph(spec).params["fc.weight"].shape
    weight = 100 * rng.standard_normal(shape).astype(np.float32)
    finding = examined(spec, blobs(), fc__weight=weight)["saturation"]
    assert (finding.verdict, finding.layers) == ("bad", ("act",))
    assert examined(spec, blobs())["saturation"].verdict == "good"


def test_what_answers_may_be_saturated():
    spec = edit.set_value(network("tanh"), "outputs", ["act"])
    finding = examined(spec, blobs())["saturation"]
    assert finding.verdict == "unknown"


@pytest.mark.parametrize(("rate", "word"), [(5.0, "too high"), (1e-7, "too low")])
def test_L03_a_wrong_rate_shows_in_the_updates(tmp_path, rate, word):
    spec = network(update={"kind": "sgd", "rate": rate})
    finding = examined(spec, blobs(), fit(spec, tmp_path / "run"))["update ratio"]
    assert finding.verdict == "bad"
    assert word in finding.advice
    assert set(finding.params) <= {"fc.weight", "scores.weight"}
    assert set(finding.layers) == {name.split(".")[0] for name in finding.params}
    assert "times 0.001" in finding.measured


def test_where_a_nan_came_from(tmp_path):
    spec = network(update={"kind": "sgd", "rate": 1e6})
    spec = edit.set_field(spec, "act", "kind", "square")
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError) as raised:
        fit(spec, tmp_path / "run")
    run = Run(tmp_path / "run")
    found = examined(spec, blobs(), run)
    finding = found["not a number"]
    assert (finding.verdict, finding.layers) == ("bad", (raised.value.node,))
    assert f"the {raised.value.what} of {raised.value.node}" in finding.measured
    assert "the losses before" in finding.measured
    assert run.latest is None
    assert found["train and validation"].verdict == "unknown"


def test_L02_a_gap_is_overfitting(tmp_path):
    data = blobs()
    rng = np.random.default_rng(1)
    noise = Dataset("noise", data.x, rng.permutation(data.y), classes=data.classes)
    spec = network(epochs=60, update={"kind": "adam", "rate": 0.05}, split={"validation": 0.5})
    spec = edit.set_field(spec, "fc", "units", 200)
    spec = edit.set_value(spec, "training.monitor", "accuracy")
    run = fit(spec, tmp_path / "run", noise)
    found = examined(spec, noise, run)["train and validation"]
    assert found.verdict == "bad"
    assert "points" in found.measured


def test_K02_labels_that_contradict_each_other_cannot_be_learnt_by_heart():
    data = blobs()
    alike = Dataset("alike", np.ones_like(data.x), data.y, classes=data.classes)
    finding = examined(network(), alike)["twenty examples"]
    assert finding.verdict == "bad"
    assert "500 steps of Adam with each of the rates 0.01, 0.1, 0.001" in finding.measured


def test_K02_dropout_and_penalties_are_left_out():
    layers = document.dumps(network())
    spec = document.loads(layers.replace('"kind": "relu"', '"kind": "dropout", "drop": 0.9'))
    spec = edit.set_value(spec, "training.penalties", [{"kind": "l2", "strength": 10.0}])
    assert examined(spec, blobs())["twenty examples"].verdict == "good"


def test_it_ends_by_what_progress_raises_and_disturbs_nothing():
    spec, data = network(), blobs()
    plan = compile_graph(spec)
    config = api.settings(spec)
    engine = NumpyEngine("float32")
    divided = divide(plan, data, config)
    executable = engine.load(plan, seed=0)
    before = executable.weights()
    probe = Probe(executable, divided.pipeline, "x")
    shares: list[float] = []

    class Enough(Exception):
        pass

    def tell(share: float) -> None:
        shares.append(share)
        if share > 0.4:
            raise Enough

    with pytest.raises(Enough):
        list(doctor.examine(probe, divided, config, engine, progress=tell))
    assert shares == sorted(shares)
    for name, array in executable.weights().items():
        np.testing.assert_array_equal(array, before[name])
    last = list(doctor.examine(probe, divided, config, engine, by_heart=False))[-1]
    assert (last.check, last.verdict) == ("twenty examples", "unknown")
