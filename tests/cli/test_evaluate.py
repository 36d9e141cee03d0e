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
    assert answer.code == 2
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


def test_I05_attributes_are_trained_evaluated_and_predicted(graphspec, here) -> None:
    x = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    # The first attribute can be learnt; of the second no plane says who has it.
    y = np.stack([x[:, 0] > 0, np.abs(x[:, 1]) < 0.5], axis=1).astype(np.int64)
    np.savez(here / "sides.npz", x=x, y=y)
    layers = [
        {"id": "scores", "kind": "linear", "units": 2, "inputs": ["x"]},
        {"id": "loss", "kind": "logistic_loss", "inputs": ["scores", "has"]},
    ]
    inputs = {"x": {"shape": [2]}, "has": {"shape": [2], "classes": 2}}
    fields = {"name": "sides", "inputs": inputs, "layers": layers, "outputs": ["scores"]}
    (here / "sides.json").write_text(json.dumps({"format": "graphspec/1", **fields}))
    words = ("--data", "sides.npz", "--run", "sides", "--epochs", "60", "--batch", "8")
    split = '{"validation": 20, "seed": null}'
    answer = graphspec("train", "sides.json", *words, "--split", split)
    assert answer.code == 0
    # Of several labels most may be right whatever is answered: the loss chooses the best.
    assert "Held-out loss" in answer.out
    np.save(here / "held.npy", x[40:])
    rows = graphspec("predict", "sides", "held.npy", "--json").json
    right = (np.array([row["values"] for row in rows]) > 0) == y[40:]
    found = graphspec("evaluate", "sides", "--report", "--predictions", "p.csv", "--json").json
    assert found["accuracy"] == right.mean()
    assert found["report"]["exact"] == right.all(axis=1).mean()
    shares = [row["accuracy"] for row in found["report"]["attributes"]]
    assert shares == right.mean(axis=0).tolist()
    assert 0.5 < right.mean() < 1
    title, *lines = (here / "p.csv").read_text().splitlines()
    assert title == "index,label(0),label(1),p(0),p(1)"
    assert [line.split(",")[1:3] for line in lines] == y[40:].astype(str).tolist()
    p = np.array([line.split(",")[3:] for line in lines], float)
    np.testing.assert_array_equal(p > 0.5, right == y[40:])
    assert "precision" in graphspec("evaluate", "sides", "--report").out
    assert "no classes" in graphspec("predict", "sides", "held.npy", "--samples", "3").err


def test_I03_a_tree_of_classes_is_trained_evaluated_and_predicted(graphspec, here) -> None:
    y = np.arange(60) % 3
    x = np.eye(3, dtype=np.float32)[y] + 0.1 * np.random.default_rng(0).normal(size=(60, 3))
    np.savez(here / "three.npz", x=x.astype(np.float32), y=y)
    paths = [[0, 0], [0, 1], [1]]
    layers = [{"id": "loss", "kind": "hierarchical_softmax_loss", "paths": paths}]
    fields = {
        "name": "tree",
        "inputs": {"x": {"shape": [3]}, "label": {"classes": 3}},
        "layers": [{"id": "features", "kind": "linear", "units": 5}, *layers],
        "outputs": ["features"],
    }
    (here / "tree.json").write_text(json.dumps({"format": "graphspec/1", **fields}))
    words = ("--data", "three.npz", "--rate", "0.5", "--split", '{"validation": 12}')
    answer = graphspec("train", "tree.json", "--run", "tree", *words)
    assert "accuracy 100.00%" in answer.out
    found = graphspec("evaluate", "tree", "--report", "--json").json
    assert found["accuracy"] == 1
    assert found["report"]["calibration"] is not None
    np.save(here / "x.npy", np.eye(3, dtype=np.float32))
    rows = graphspec("predict", "tree", "x.npy", "--json").json
    assert [row["class"] for row in rows] == ["0", "1", "2"]
    for row in rows:
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-9)


def test_what_is_no_classifier_predicts_numbers(graphspec, here, blobs) -> None:
    """Data with classes makes no classifier of a network that does not read them."""
    fields = {
        "name": "copy",
        "inputs": {"x": {"shape": [2]}},
        "layers": [
            {"id": "code", "kind": "linear", "units": 2},
            {"id": "loss", "kind": "l2_loss", "inputs": ["code", "x"]},
        ],
        "outputs": ["code"],
    }
    (here / "copy.json").write_text(json.dumps({"format": "graphspec/1", **fields}))
    assert graphspec("train", "copy.json", "--data", blobs, "--run", "copy").code == 0
    np.save(here / "x.npy", np.array([[1.2, 1.8]], np.float32))
    (row,) = graphspec("predict", "copy", "x.npy", "--json").json
    assert set(row) == {"example", "values"}
