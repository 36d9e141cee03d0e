"""The case study of the CS231n notes: a linear classifier and a small network on a spiral.

The spiral of seed 0 is the notes' own: the draws are in their order. The linear problem is
convex, so its loss after 200 steps is theirs to six digits, whatever the first weights are. The
network's end depends on its first weights, which the notes drew in a session that is not told;
here they come from the training's seed.

Source: CS231n notes, Putting it together: minimal neural network case study.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import graphspec as gs

LINEAR = """{
  "format": "graphspec/1", "name": "spiral_linear",
  "inputs": {"point": {"shape": [2]}, "label": {"classes": 3}},
  "layers": [
    {"id": "scores", "kind": "linear", "units": 3, "init": {"kind": "normal", "std": 0.01}},
    {"id": "loss", "kind": "softmax_loss"}
  ]
}"""


class Result(NamedTuple):
    """The last loss (data and penalty), and the share of the points that are right."""

    loss: float
    accuracy: float


def train(spec: gs.GraphSpec, steps: int, seed: int) -> Result:
    """Train on all 300 points in every step, with the notes' rate 1 and half-λ 1e-3."""
    run = gs.fit(
        spec,
        data="spiral",
        data_options={"seed": seed},
        seed=seed,
        steps=steps,
        batch=300,
        shuffle=False,
        split={"validation": 0},
        update={"kind": "sgd", "rate": 1.0},
        penalties=[{"kind": "l2", "strength": 1e-3}],
        dtype="float64",
        log_every=steps,
        checkpoint_every=steps,
    )
    loss = [event.loss for event in run.events if event.type == "step"][-1]
    accuracy = gs.evaluate(run, split="train", checkpoint="latest").accuracy
    assert accuracy is not None
    return Result(loss, accuracy)


def main(seeds: int = 1) -> list[tuple[Result, Result]]:
    """Train both networks on so many spirals, and print a line for each."""
    print("seed   linear loss  accuracy   two-layer loss  accuracy")
    results = []
    for seed in range(seeds):
        linear = train(gs.loads(LINEAR), steps=200, seed=seed)
        network = train(gs.zoo.load("spiral_net"), steps=10_000, seed=seed)
        results.append((linear, network))
        print(
            f"{seed:4}   {linear.loss:11.6f}  {linear.accuracy:8.2%}"
            f"   {network.loss:14.6f}  {network.accuracy:8.2%}"
        )
    return results


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
