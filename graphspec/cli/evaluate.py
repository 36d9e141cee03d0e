"""``graphspec evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from graphspec import api
from graphspec.cli.files import read_spec
from graphspec.cli.output import print_json, say


def evaluate(
    run: str,
    *,
    weights: Path | None = None,
    data: str | None = None,
    split: Literal["train", "validation", "test"] = "validation",
    checkpoint: api.Checkpoint = "best",
    json: bool = False,
) -> None:
    """Loss and accuracy of a trained network on held-out data.

    Parameters
    ----------
    run
        A run (folder, name or "latest"); with --weights a network file or model name.
    weights
        A safetensors file with the weights of the network file.
    data
        Another data set than the run's; it is divided as the run's settings say.
    split
        Which examples.
    checkpoint
        "best", "latest", or the step of a checkpoint.
    json
        Print JSON.
    """
    if weights is not None:
        metrics = api.evaluate_weights(read_spec(run), weights, data, split=split)
    else:
        metrics = api.evaluate(run, data, split=split, checkpoint=checkpoint)
    if json:
        print_json(
            {
                "split": split,
                "examples": metrics.examples,
                "loss": metrics.loss,
                "losses": dict(metrics.losses),
                "accuracy": metrics.accuracy,
            }
        )
        return
    say(f"{metrics.examples:,} {split} examples")
    say(f"loss      {metrics.loss:.4f}")
    if metrics.accuracy is not None:
        say(f"accuracy  {metrics.accuracy:.2%}")
