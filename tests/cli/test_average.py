"""Averaged weights, rules of the whole loss and annealed momentum from the command line."""

from __future__ import annotations

import pytest

AVERAGE = 'training.average={"kind": "ema", "decay": 0.5}'


def test_O04_the_average_is_evaluated_predicted_with_and_put_into_ensembles(graphspec, net) -> None:
    words = ["--run", "runs/s1", "--set", AVERAGE]
    shown = graphspec("train", net, *words)
    assert shown.code == 0
    assert "averaged" in shown.out
    raw = graphspec("evaluate", "s1", "--json").json
    averaged = graphspec("evaluate", "s1", "--averaged", "--json").json
    assert averaged["loss"] != raw["loss"]
    reported = graphspec("evaluate", "s1", "--averaged", "--report", "--json").json
    assert reported["loss"] == averaged["loss"]
    (member,) = graphspec("ensemble", "s1", "--averaged", "--json").json["members"]
    assert member["loss"] == pytest.approx(averaged["loss"])


@pytest.mark.parametrize("command", ["evaluate", "ensemble"])
def test_a_run_without_an_average_says_how_to_keep_one(graphspec, net, command) -> None:
    assert graphspec("train", net, "--run", "runs/s1", "--quiet").code == 0
    answer = graphspec(command, "s1", "--averaged")
    assert answer.code == 3
    assert "training.average" in answer.err


def test_M08_lbfgs_is_trained_and_batches_are_refused_with_a_fix(graphspec, net) -> None:
    rule = ["--set", 'training.update={"kind": "lbfgs"}']
    refused = graphspec("train", net, *rule, "--set", "training.batch=4", "--run", "runs/no")
    assert refused.code != 0
    assert "cannot be compared" in " ".join(refused.err.split())
    taken = graphspec("train", net, *rule, "--set", "training.batch=100000", "--run", "runs/l")
    assert taken.code == 0
    assert "Done" in taken.out
