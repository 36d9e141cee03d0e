"""Probabilities of a run's examples, their report, and how often a test set is used."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

import numpy as np
import pytest

from graphspec import api
from graphspec.document import loads
from graphspec.errors import RunError, SpecError
from graphspec.evaluation import evaluate_classes
from graphspec.train.lock import RunLock
from graphspec.train.rundir import Run
from graphspec.train.test_use import count_test_use, uses_of_test
from tests.train.nets import FIELDS, linear, network, points

SPLIT = {"validation": 20, "test": 10}


@pytest.fixture(name="run", scope="module")
def _run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("runs") / "run"
    return api.fit(network(), points(), run=path, **{**FIELDS, "split": SPLIT})


def test_agrees_with_evaluate_and_with_predict(run: Run) -> None:
    found = evaluate_classes(run, points())
    assert found.metrics == api.evaluate(run, points())
    assert found.metrics.test_uses is None
    assert found.probabilities.shape == (20, 3)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-12)
    assert (found.predictions == found.labels).mean() == found.metrics.accuracy
    assert found.report.confusion.sum() == 20
    assert found.report.top == {1: found.metrics.accuracy}
    assert found.report.calibration is not None
    right = found.probabilities[np.arange(20), found.labels]
    assert -np.log(right).mean() == pytest.approx(found.metrics.loss, rel=1e-5)


def test_predictions_as_csv(run: Run, tmp_path: Path) -> None:
    found = evaluate_classes(run, points())
    found.write_csv(tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(newline="", encoding="utf-8") as file:
        title, *rows = csv.reader(file)
    assert title == ["index", "label", "prediction", "p(a)", "p(b)", "p(c)"]
    assert [int(row[0]) for row in rows] == list(range(20))
    assert [row[1] for row in rows] == ["abc"[i] for i in found.labels]
    assert [row[2] for row in rows] == ["abc"[i] for i in found.predictions]
    read = np.array([row[3:] for row in rows], float)
    np.testing.assert_allclose(read, found.probabilities, rtol=1e-8)
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]


def test_A08_uses_of_the_test_split_are_counted(tmp_path: Path) -> None:
    run = api.fit(linear(), points(), run=tmp_path / "run", **{**FIELDS, "split": SPLIT})
    api.evaluate(run, points())
    assert uses_of_test(run.path) == 0
    assert api.evaluate(run, points(), split="test").test_uses == 1
    assert evaluate_classes(run, points(), split="test").metrics.test_uses == 2
    with RunLock(run.path):
        assert api.evaluate(run, points(), split="test").test_uses == 3, "a writer is no hindrance"
    assert run.status == "finished"
    assert api.resume(run, points(), epochs=5).status == "finished"
    assert uses_of_test(run.path) == 3


def test_A08_no_use_is_lost_when_many_evaluate_at_once(tmp_path: Path) -> None:
    threads = [threading.Thread(target=count_test_use, args=(tmp_path, "best")) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert uses_of_test(tmp_path) == 20


def test_A08_a_use_that_cannot_be_noted_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be noted"):
        count_test_use(tmp_path / "gone", "best")


def test_a_hinge_has_no_calibration(tmp_path: Path) -> None:
    spec = linear()
    text = spec.model_dump_json().replace("softmax_loss", "hinge_loss")
    text = text.replace('"class_weights":null,', "").replace('"smoothing":0.0,', "")
    text = text.replace(',"class_weights":null', "").replace(',"smoothing":0.0', "")
    run = api.fit(loads(text), points(), run=tmp_path / "run", **FIELDS)
    found = evaluate_classes(run, points())
    assert not found.calibrated
    assert found.report.calibration is None
    assert found.report.to_json()["calibration"] is None


def test_a_single_score_is_that_of_class_one(tmp_path: Path) -> None:
    spec = loads(
        """{"format": "graphspec/1",
        "inputs": {"x": {"shape": [2]}, "label": {"classes": 2}},
        "layers": [{"id": "score", "kind": "linear", "units": 1, "inputs": ["x"]},
                   {"id": "loss", "kind": "logistic_loss", "inputs": ["score", "label"]}],
        "outputs": ["score"]}"""
    )
    data = points(classes=2)
    run = api.fit(spec, data, run=tmp_path / "run", **{**FIELDS, "epochs": 20})
    found = evaluate_classes(run, data)
    assert found.calibrated
    assert found.probabilities.shape == (20, 2)
    assert (found.predictions == found.labels).mean() == found.metrics.accuracy
    assert set(found.predictions) == {0, 1}
    right = found.probabilities[np.arange(20), found.labels]
    assert -np.log(right).mean() == pytest.approx(found.metrics.loss, rel=1e-5)


def test_a_network_without_classes_has_nothing_to_report(tmp_path: Path) -> None:
    spec = loads(
        """{"format": "graphspec/1", "inputs": {"x": {"shape": [2]}},
        "layers": [{"id": "f", "kind": "linear", "units": 2, "inputs": ["x"]},
                   {"id": "loss", "kind": "l2_loss", "inputs": ["f", "x"]}],
        "outputs": ["f"]}"""
    )
    run = api.fit(spec, points(), run=tmp_path / "run", **FIELDS)
    with pytest.raises(SpecError, match="no probabilities of classes"):
        evaluate_classes(run, points())
