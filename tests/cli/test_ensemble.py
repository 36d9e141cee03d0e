"""graphspec ensemble: several runs evaluated as one."""

from __future__ import annotations

import pytest


@pytest.fixture
def trained(graphspec, net):
    for seed in ("1", "2"):
        words = ["--run", f"runs/s{seed}", "--seed", seed, "--quiet"]
        assert graphspec("train", net, *words).code == 0


def test_O01_members_and_the_whole(graphspec, trained) -> None:
    found = graphspec("ensemble", "s1", "s2", "--json", "--report").json
    assert [row["name"] for row in found["members"]] == ["s1", "s2"]
    assert found["examples"] == 12
    assert found["loss"] <= max(row["loss"] for row in found["members"])
    assert found["report"]["top"]["1"] == found["accuracy"]
    shown = graphspec("ensemble", "s1", "s2").out
    for word in ("s1", "s2", "together"):
        assert word in shown


def test_other_kinds_of_ensemble(graphspec, trained) -> None:
    (only,) = graphspec("ensemble", "s1", "s2", "--top", "1", "--json").json["members"]
    assert only["name"] in ("s1", "s2")
    several = graphspec("ensemble", "s1", "--checkpoints", "--json").json["members"]
    assert all(row["name"].startswith("s1 step ") for row in several)
    (one,) = graphspec("ensemble", "s1", "--average", "0.5", "--json").json["members"]
    assert one["name"] == "s1 averaged"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["s1", "s2", "--checkpoints"], 2),
        (["s1", "--average", "1"], 2),
        (["s1", "--average", "0.5", "--checkpoints"], 2),
        (["s1", "--top", "0"], 2),
        (["nobody"], 3),
    ],
)
def test_what_makes_no_ensemble_is_told(graphspec, trained, words, code) -> None:
    answer = graphspec("ensemble", *words)
    assert answer.code == code
    assert "Traceback" not in answer.err
