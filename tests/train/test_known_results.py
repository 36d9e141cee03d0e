"""Trainings whose outcome is known: linear classifiers of the first thousand digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import graphspec as gs
from graphspec.train.events import Step

KNOWN = [
    ("softmax_loss", 0.5, 2.302585, 0.274734, 731),
    ("hinge_loss", 0.1, 9.0, 0.152362, 736),
]


@pytest.mark.parametrize(("loss", "rate", "first", "last", "right"), KNOWN)
def test_linear_classifiers_of_digits(
    tmp_path: Path, loss: str, rate: float, first: float, last: float, right: int
) -> None:
    spec = gs.GraphSpec.model_validate(
        {
            "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
            "layers": [
                {
                    "kind": "linear", "id": "scores", "units": 10, "inputs": ["image"],
                    "init": {"kind": "zeros"},
                },
                {"kind": loss, "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
        }
    )  # fmt: skip
    settings: dict[str, Any] = {
        "split": {"validation": 797, "seed": None, "stratified": False},
        "preprocess": [{"kind": "scale", "divide": 16.0}, {"kind": "mean"}],
        "batch": 1000,
        "shuffle": False,
        "epochs": 300,
        "evaluate_every": 300,
        "update": {"kind": "sgd", "rate": rate},
        "penalties": [{"kind": "l2", "strength": 5e-4, "half": False}],
        "dtype": "float64",
    }
    run = gs.fit(spec, "digits", run=tmp_path / "run", **settings)
    losses = [event.loss for event in run.events if isinstance(event, Step)]
    assert losses[0] == pytest.approx(first, abs=1e-6)
    assert losses[-1] == pytest.approx(last, abs=1e-6)
    evaluated = next(event for event in run.events if event.type == "evaluated")
    assert evaluated.step == 300
    assert round(evaluated.accuracy * 797) == right
