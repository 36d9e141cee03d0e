from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from graphspec.classic.nearest_neighbour import NearestNeighbour
from graphspec.train.events import Finished
from graphspec.train.rundir import Run
from graphspec.train.test_use import uses_of_test


def test_A07_the_first_thousand_digits_by_the_command(graphspec, here) -> None:
    answer = graphspec("knn", "--data", "digits", "--train", "1000", "--k", "1,3", "--json")
    assert answer.code == 0
    found = answer.json
    assert found["folds"]["points"][0] == [0.930, 0.965, 0.985, 0.975, 0.965]
    assert found["cost"]["stored_bytes"] == 64_000
    folder = here / found.pop("folder")
    assert json.loads((folder / "classic.json").read_text()) == found
    assert "numpy" in json.loads((folder / "env.json").read_text())


def test_what_neighbours_found_is_a_run(graphspec, here) -> None:
    words = ("knn", "--data", "digits", "--train", "1000", "--k", "1,3", "--run", "runs/near")
    assert graphspec(*words).code == 0
    (row,) = graphspec("runs", "list", "--json").json
    assert (row["name"], row["model"], row["status"]) == ("near", "knn-digits", "finished")
    assert row["accuracy"] == pytest.approx(0.964)
    assert (row["data"], row["monitor"]) == ("digits", "accuracy")
    assert row["best"] == row["accuracy"]
    assert row["seconds"] > 0
    shown = graphspec("runs", "show", "near", "--json").json
    assert [(e["split"], e["step"], e["best"]) for e in shown["evaluations"]] == [
        ("validation", 3, False),
        ("validation", 1, True),
        ("test", 1, False),
    ]
    assert shown["evaluations"][-1]["accuracy"] == pytest.approx(767 / 797)
    assert shown["results"]["cost"]["stored_bytes"] == 64_000
    assert shown["settings"]["data"] == "digits"
    assert "k = 3: 9" in graphspec("runs", "show", "near").out
    run = Run(here / "runs" / "near")
    assert isinstance(run.last, Finished)
    assert run.last.best_step == 1
    assert run.started is not None
    assert run.last.time > run.started.time
    assert uses_of_test(run.path) == 1
    assert "no network" in graphspec("evaluate", "near").err
    assert graphspec("runs", "diff", "near", "near").code == 0
    assert graphspec("runs", "rename", "near", "far").code == 0
    assert graphspec("runs", "delete", "far", "--yes").code == 0


def test_a_comparison_on_the_test_examples_is_counted_and_warned_of(graphspec, here) -> None:
    words = ("knn", "--data", "digits", "--train", "500", "--k", "1,3", "--folds", "0")
    answer = graphspec(*words, "--run", "near")
    assert "asked 2 times" in answer.err
    assert uses_of_test(here / "near") == 2


def test_a_table_is_told_which_column_holds_the_classes(graphspec, here) -> None:
    lines = ["kind,a"] + [f"{'ab'[i % 2]},{i % 2 + i / 100}" for i in range(40)]
    (here / "table.csv").write_text("\n".join(lines) + "\n")
    words = ("knn", "--data", "table.csv", "--k", "1", "--json", "--data-options")
    assert graphspec(*words, '{"label": "kind"}').json["accuracy"][0]["accuracy"] == 1


def test_A03_every_k_answers_when_there_are_no_folds(graphspec) -> None:
    words = ("knn", "--data", "digits", "--train", "1000", "--k", "1,3", "--folds", "0")
    found = graphspec(*words, "--json").json
    assert [row["right"] for row in found["accuracy"]] == [767, 769]
    assert "767 of 797" in graphspec(*words).out


def test_A05_regions_are_written_as_arrays_and_pictures(graphspec, here) -> None:
    words = ("--data", "spiral", "--k", "1,4", "--regions", "--run", "out")
    assert graphspec("knn", *words).code == 0
    with np.load(here / "out" / "regions.npz") as arrays:
        found = {name.rpartition(".")[2]: arrays[name] for name in arrays if "4 nearest" in name}
        points, labels = arrays["points"], arrays["labels"]
    grid = np.stack(np.meshgrid(found["x"], found["y"]), axis=-1)
    votes = NearestNeighbour(points, labels).votes(grid.reshape(-1, 2), 4)
    top = np.sort(votes, axis=1)[:, ::-1]
    np.testing.assert_array_equal(found["ties"].ravel(), top[:, 0] == top[:, 1])
    np.testing.assert_array_equal(found["labels"].ravel(), votes.argmax(axis=1))
    assert 0 < found["ties"].mean() < 0.5
    with Image.open(here / "out" / "regions.png") as image:
        assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 6


def test_what_does_not_suit_is_said(graphspec) -> None:
    assert "whole numbers" in graphspec("knn", "--data", "digits", "--k", "1,x").err
    refused = graphspec("knn", "--data", "digits", "--train", "50", "--k", "1", "--regions")
    assert refused.code == 4
    assert "two, such as spiral" in refused.err
    assert graphspec("knn", "--data", "spiral", "--k", "999").code == 4


def test_a_folder_that_holds_something_is_left_alone(graphspec, here) -> None:
    (here / "mine").write_text("precious")
    assert graphspec("knn", "--data", "spiral", "--k", "1", "--run", ".").code == 3
    assert (here / "mine").read_text() == "precious"


def test_by_default_only_as_many_neighbours_as_there_are(graphspec, blobs) -> None:
    found = graphspec("knn", "--data", blobs, "--json").json
    assert found["folds"]["k"] == [1, 3, 5, 8, 10, 12, 15, 20]
    assert found["accuracy"] == [{"k": 1, "accuracy": 1.0, "right": 12}]
