from __future__ import annotations

import json

import numpy as np
from PIL import Image


def test_A07_the_first_thousand_digits_by_the_command(graphspec, here) -> None:
    answer = graphspec("knn", "--data", "digits", "--train", "1000", "--k", "1,3", "--json")
    assert answer.code == 0
    found = answer.json
    assert found["folds"]["points"][0] == [0.930, 0.965, 0.985, 0.975, 0.965]
    assert found["cost"]["stored_bytes"] == 64_000
    folder = here / found.pop("folder")
    assert json.loads((folder / "classic.json").read_text()) == found
    assert "numpy" in json.loads((folder / "env.json").read_text())
    # It is beside the runs, and is none of them.
    assert graphspec("runs", "list", "--json").json == []


def test_A03_every_k_answers_when_there_are_no_folds(graphspec) -> None:
    words = ("knn", "--data", "digits", "--train", "1000", "--k", "1,3", "--folds", "0")
    found = graphspec(*words, "--json").json
    assert [row["right"] for row in found["accuracy"]] == [767, 769]
    assert "767 of 797" in graphspec(*words).out


def test_A05_regions_are_written_as_arrays_and_pictures(graphspec, here) -> None:
    words = ("--data", "spiral", "--k", "1,4", "--regions", "--run", "out")
    assert graphspec("knn", *words).code == 0
    with np.load(here / "out" / "regions.npz") as arrays:
        labels, ties = arrays["labels_k4"], arrays["ties_k4"]
    with Image.open(here / "out" / "regions-k4.png") as image:
        pixels = np.asarray(image)[::-1]
    assert ties.any()
    assert (pixels[ties] == 255).all()
    colours = {tuple(pixel) for label in range(3) for pixel in pixels[~ties & (labels == label)]}
    assert len(colours) == 3
    assert (255, 255, 255) not in colours


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
