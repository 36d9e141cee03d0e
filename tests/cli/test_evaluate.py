"""graphspec evaluate: the report, the predictions, and the warning about the test set."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def trained(graphspec, net):
    words = ["--run", "runs/first", "--quiet", "--set", "training.split.test=10"]
    assert graphspec("train", net, *words).code == 0


def test_a_report_as_tables_and_as_json(graphspec, trained) -> None:
    answer = graphspec("evaluate", "first", "--report")
    assert answer.code == 0
    for word in ("precision", "recall", "near", "far", "macro F1", "calibration error"):
        assert word in answer.out
    found = graphspec("evaluate", "first", "--report", "--json").json
    assert [row["name"] for row in found["report"]["classes"]] == ["far", "near"]
    assert sum(map(sum, found["report"]["confusion"])) == found["examples"] == 12
    assert found["report"]["top"]["1"] == found["accuracy"]
    assert "report" not in graphspec("evaluate", "first", "--json").json


def test_predictions_are_written(graphspec, here, trained) -> None:
    answer = graphspec("evaluate", "first", "--predictions", "p.csv")
    assert answer.code == 0
    assert "p.csv" in answer.out
    lines = (here / "p.csv").read_text().splitlines()
    assert lines[0] == "index,label,prediction,p(far),p(near)"
    assert len(lines) == 13
    assert graphspec("evaluate", "first", "--predictions", "no/p.csv").code == 2


def test_A08_a_second_use_of_the_test_split_warns(graphspec, trained) -> None:
    first = graphspec("evaluate", "first", "--split", "test", "--json")
    assert first.json["test_uses"] == 1
    assert first.err == ""
    second = graphspec("evaluate", "first", "--split", "test", "--json")
    assert second.json["test_uses"] == 2
    assert "2 times" in second.err
    assert graphspec("evaluate", "first").err == ""


def test_a_report_of_bare_weights_is_refused(graphspec, net, trained) -> None:
    answer = graphspec("evaluate", net, "--weights", "w.safetensors", "--report")
    assert answer.code == 3
    assert "--weights" in answer.err


def test_predictions_are_averaged_over_the_noise_of_training(graphspec, here, blobs) -> None:
    layers = [
        {"id": "drop", "kind": "dropout", "drop": 0.5, "inputs": ["x"]},
        {"id": "scores", "kind": "linear", "units": 2},
        {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]},
    ]
    inputs = {"x": {"shape": [2]}, "label": {"classes": 2}}
    fields = {"name": "noisy", "inputs": inputs, "layers": layers, "outputs": ["scores"]}
    (here / "noisy.json").write_text(json.dumps({"format": "graphspec/1", **fields}))
    answer = graphspec("train", "noisy.json", "--data", blobs, "--run", "noisy", "--epochs", "5")
    assert answer.code == 0
    np.save(here / "x.npy", np.array([[1.2, 1.8]], np.float32))

    def near(*options: str) -> float:
        (row,) = graphspec("predict", "noisy", "x.npy", "--json", *options).json
        return row["probabilities"]["near"]

    one, many = near("--samples", "1"), near("--samples", "200")
    assert len({one, many, near()}) == 3
    assert many == near("--samples", "200")
    assert "at least 1" in graphspec("predict", "noisy", "x.npy", "--samples", "0").err


def test_attributes_are_trained_evaluated_and_predicted(graphspec, here) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    np.savez(here / "sides.npz", x=x, y=(x > 0).astype(np.int64))
    layers = [
        {"id": "scores", "kind": "linear", "units": 2, "inputs": ["x"]},
        {"id": "loss", "kind": "logistic_loss", "inputs": ["scores", "has"]},
    ]
    inputs = {"x": {"shape": [2]}, "has": {"shape": [2], "classes": 2}}
    fields = {"name": "sides", "inputs": inputs, "layers": layers, "outputs": ["scores"]}
    (here / "sides.json").write_text(json.dumps({"format": "graphspec/1", **fields}))
    words = ("--data", "sides.npz", "--run", "sides", "--epochs", "60", "--batch", "8")
    assert graphspec("train", "sides.json", *words).code == 0
    found = graphspec("evaluate", "sides", "--json").json
    assert found["accuracy"] is None
    assert found["loss"] < np.log(2)
    np.save(here / "x.npy", np.array([[2, -2]], np.float32))
    (row,) = graphspec("predict", "sides", "x.npy", "--json").json
    assert row["values"][0] > 0 > row["values"][1]
    assert "no classes" in graphspec("predict", "sides", "x.npy", "--samples", "3").err
