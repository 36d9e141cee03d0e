"""The commands that draw: the files they write, the numbers they print, what they refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest

from graphspec.cli.picture import COMMANDS


def test_C02_a_ray_and_a_plane_of_a_network_file(graphspec, here, net) -> None:
    ray = graphspec("landscape", net, "--points", "5", "--span", "0.5", "--json").json
    assert ray["a"] == [-0.5, -0.25, 0.0, 0.25, 0.5]
    assert ray["loss"][2] == ray["here"]["loss"]
    answer = graphspec("landscape", net, "--plane", "--points", "5", "-o", "a.svg", "-o", "a.npz")
    assert answer.code == 0
    assert f"{ray['here']['loss']:.6g}" in answer.out
    assert (here / "a.svg").read_bytes().startswith(b"<?xml")
    with np.load(here / "a.npz") as arrays:
        assert arrays["loss"].shape == (5, 5)
        assert arrays["loss"][2, 2] == ray["here"]["loss"]


def test_C02_towards_a_checkpoint_of_a_run(graphspec, here, net) -> None:
    assert graphspec(
        "train", net, "--checkpoint-every", "2", "--keep", "9", "--run", "run", "--quiet"
    ).code == 0  # fmt: skip
    words = ("landscape", "run", "--checkpoint", "latest", "--points", "3", "--json")
    found = graphspec(*words, "--towards", "2").json
    at_two = graphspec("landscape", "run", "--checkpoint", "2", "--points", "3", "--json").json
    assert found["loss"][2] == pytest.approx(at_two["here"]["loss"], rel=1e-6)
    assert found["here"]["loss"] != at_two["here"]["loss"]
    plane = graphspec(*words, "--plane", "--towards", "2,4")
    assert np.shape(plane.json["loss"]) == (3, 3)
    assert graphspec(*words, "--plane", "--towards", "2").code == 2
    assert "no checkpoint of step 99" in graphspec(*words, "--towards", "99").err
    assert "network file has none" in graphspec("landscape", net, "--towards", "2").err


def test_an_even_number_of_points_is_refused(graphspec, net) -> None:
    answer = graphspec("landscape", net, "--points", "4")
    assert answer.code == 2
    assert "odd number" in answer.err


def test_C06_find_rate_draws_the_range_test_and_single_steps(graphspec, here, net) -> None:
    found = graphspec("find-rate", net, "--steps", "20", "--low", "1e-4", "--json").json
    assert found["rate"][0] == 1e-4
    assert found["lowest"] in found["rate"]
    steps = graphspec("find-rate", net, "--one-step", "--json").json
    assert steps["rate"] == [float(f"1e{power}") for power in range(-10, 2)]
    assert steps["loss"][0] == pytest.approx(steps["start"], rel=1e-6)
    assert min(steps["loss"]) < steps["start"]
    falling = graphspec("find-rate", net, "--steps", "20")
    assert "still falls at 10" in falling.out
    assert (here / "rates.svg").is_file()
    assert "safe peak" in graphspec("find-rate", "tiny_convnet", "--steps", "60").out
    assert graphspec("find-rate", net, "--low", "3", "--high", "1").code == 2
    net.write_text(net.read_text().replace('"kind": "sgd"', '"kind": "newton"'))
    refused = graphspec("find-rate", net)
    assert refused.code == 4
    assert "newton chooses the length" in refused.err


def test_G04_moments_of_every_initialiser(graphspec, here, net) -> None:
    words = ("moments", net, "--init", "he", "--init", '{"kind": "normal", "std": 0.001}')
    found = graphspec(*words, "--json").json
    assert list(found["moments"]) == ["he", "normal std 0.001"]
    assert list(found["moments"]["he"]) == ["hidden", "act", "scores"]
    assert found["moments"]["he"]["hidden"] > 1e3 * found["moments"]["normal std 0.001"]["hidden"]
    answer = graphspec(*words, "-o", "m.pdf")
    assert "hidden" in answer.out
    assert (here / "m.pdf").is_file()
    refused = graphspec("moments", net, "--init", "kaiming")
    assert refused.code == 2
    assert "give one of" in refused.err


def test_moments_of_a_network_that_names_no_data(graphspec, net) -> None:
    document = json.loads(net.read_text())
    del document["training"]
    net.write_text(json.dumps(document))
    assert graphspec("moments", net, "--json").json["input"] == pytest.approx(1, abs=0.3)


def test_the_group_lists_its_pictures(graphspec) -> None:
    text = graphspec("picture", "--help").out
    assert all(name in text for name in COMMANDS)


QUICK = {
    "worked-example": (),
    "svm-sum": (),
    "regions": ("--cells", "40", "--k", "1,4"),
    "activations": ("sigmoid", "relu"),
    "network": ("net.json",),
    "data-flow": ("net.json",),
    "capacity": ("--steps", "3"),
    "preprocessing": ("--data", "spiral"),
    "trajectories": ("--steps", "10"),
}


@pytest.mark.parametrize("name", QUICK)
def test_every_picture_is_drawn_under_its_name_and_prints_its_numbers(
    graphspec, here, net, name: str
) -> None:
    answer = graphspec("picture", name, *QUICK[name])
    assert answer.code == 0, answer.err
    assert f"wrote {name}.svg" in answer.out
    assert b"<svg" in (here / f"{name}.svg").read_bytes()
    assert graphspec("picture", name, *QUICK[name], "--json").json
    assert graphspec("picture", name, *QUICK[name], "-o", "a.json").code == 0
    assert json.loads((here / "a.json").read_text())


def test_the_regions_of_a_trained_network_are_its_answers(graphspec, here, net) -> None:
    assert graphspec("train", net, "--run", "run", "--quiet").code == 0
    found = graphspec("picture", "regions", "run", "--cells", "9", "--json").json
    (ground,) = found["regions"].values()
    cells = np.stack(np.meshgrid(ground["x"], ground["y"]), axis=-1).reshape(-1, 2)
    np.save(here / "cells.npy", cells)
    answers = graphspec("predict", "run", "cells.npy", "--json").json
    names = ["far", "near"]
    assert [names.index(row["class"]) for row in answers] == np.ravel(ground["labels"]).tolist()
    assert graphspec("picture", "regions", "run", "--cells", "9").code == 0


def test_A07_the_folds_of_a_knn_are_drawn(graphspec, here) -> None:
    assert graphspec(
        "knn", "--data", "digits", "--train", "300", "--k", "1,3", "--run", "baseline"
    ).code == 0  # fmt: skip
    found = graphspec("picture", "folds", "baseline", "--json").json
    results = json.loads((here / "baseline" / "classic.json").read_text())["folds"]
    assert found["points"] == results["points"]
    assert found["mean"] == pytest.approx(results["mean"])
    assert found["std"] == pytest.approx(results["std"])
    assert graphspec("picture", "folds", "baseline").code == 0
    assert (here / "folds.svg").is_file()


def test_what_cannot_be_drawn_is_said(graphspec, here) -> None:
    for words, text, code in (
        (("regions", "--k", "1,x"), "whole numbers", 2),
        (("regions", "--k", ""), "whole numbers", 2),
        (("regions", "--data", "digits"), "two, such as spiral", 4),
        (("preprocessing", "--data", "digits"), "points in the plane", 4),
        (("worked-example", "-o", "a.doc"), "end it in", 4),
        (("folds", "nowhere"), "nowhere", 3),
    ):
        answer = graphspec("picture", *words)
        assert answer.code == code, words
        assert text in answer.err
    assert list(here.iterdir()) == []
