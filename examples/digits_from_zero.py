"""Softmax and SVM on 8×8 digits from weights of zero: the loss starts at chance.

ln 10 = 2.302585 for the softmax, and C − 1 = 9 for the SVM: the first thing to look at in any
training (CS231n notes, Neural Networks 3, sanity checks).
"""

from __future__ import annotations

from typing import Any

import graphspec as gs

NET = """{{
  "format": "graphspec/1", "name": "digits_{loss}",
  "inputs": {{"image": {{"shape": [1, 8, 8]}}, "label": {{"classes": 10}}}},
  "layers": [
    {{"id": "scores", "kind": "linear", "units": 10, "init": "zeros"}},
    {{"id": "loss", "kind": "{loss}"}}
  ]
}}"""
SETTINGS: dict[str, Any] = {
    "split": {"validation": 797, "seed": None, "stratified": False},
    "preprocess": [{"kind": "scale", "divide": 16}, {"kind": "mean"}],
    "batch": 1000,
    "shuffle": False,
    "steps": 300,
    "penalties": [{"kind": "l2", "strength": 5e-4, "half": False}],
    "dtype": "float64",
    "monitor": "loss",
}


def train(loss: str, rate: float) -> tuple[float, float, int]:
    """The loss (penalty included) in the first and last step, and how many of 797 are right."""
    run = gs.fit(
        gs.loads(NET.format(loss=loss)),
        data="digits",
        update={"kind": "sgd", "rate": rate},
        **SETTINGS,
    )
    losses = [event.loss for event in run.events if event.type == "step"]
    accuracy = gs.evaluate(run, checkpoint="latest").accuracy
    assert accuracy is not None
    return losses[0], losses[-1], round(accuracy * 797)


def main() -> None:
    """Train both classifiers for 300 full-batch steps."""
    for loss, rate in (("softmax_loss", 0.5), ("hinge_loss", 0.1)):
        first, last, right = train(loss, rate)
        print(f"{loss:12}  loss {first:.6f} → {last:.6f}   {right}/797 right")


if __name__ == "__main__":
    main()
