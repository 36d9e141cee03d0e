"""graphspec evaluate: the report, the predictions, and the warning about the test set."""

from __future__ import annotations

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
