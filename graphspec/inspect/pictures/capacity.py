"""How many units and how strong a penalty: what networks of each learn of the spiral."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from graphspec.data.builtin import load_spiral
from graphspec.data.dataset import Dataset
from graphspec.engines.base import Array
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.inspect.pictures.panels import Ground, RegionsPicture
from graphspec.plan import compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.train.evaluate import evaluate_batches
from graphspec.train.feeding import divide
from graphspec.train.trainer import train

UNITS = (3, 6, 20)
STRENGTHS = (0.001, 0.01, 0.1)
_CELLS = 160
_NOISE = 0.35
"""Of the spiral: enough that a network with room can learn single points by heart."""


@dataclass(frozen=True, eq=False)
class Trained:
    """One network after training: what it answers, and how well."""

    units: int
    strength: float
    loss: float
    accuracy: float
    labels: Array
    """(rows, columns) over the plane."""


def capacity_picture(
    units: tuple[int, ...] = UNITS,
    strengths: tuple[float, ...] = STRENGTHS,
    *,
    steps: int = 3000,
    seed: int = 0,
) -> tuple[RegionsPicture, tuple[Trained, ...]]:
    """Train a network of one hidden layer for each number of units, and for each penalty.

    The upper row has no penalty and more units from left to right; the lower one has the most units
    and a stronger penalty. Every network is trained on all points: the picture is of what fits
    them, not of what is right.

    Args:
        units: of the hidden layer.
        strengths: λ of ½ λ Σ w².
        steps: of Adam, each on all points.
        seed: of the points and the first weights.

    Source: CS231n notes, Neural Networks 1, setting number of layers and their sizes.
    """
    data = load_spiral(n=60, noise=_NOISE, seed=seed)
    tries = [(n, 0.0) for n in units] + [(max(units), strength) for strength in strengths]
    reach = 1.08 * float(np.abs(data.x).max())
    middles = reach * (2 * (np.arange(_CELLS) + 0.5) / _CELLS - 1)
    found = tuple(_trained(n, strength, data, middles, steps, seed) for n, strength in tries)
    grounds = tuple(
        Ground(_title(one), one.labels, middles, middles, note=f"{one.accuracy:.1%} of the points")
        for one in found
    )
    picture = RegionsPicture(
        "More units fit more; a penalty holds them back",
        data.x,
        data.y,
        grounds,
        columns=max(len(units), len(strengths)),
        alone=False,
    )
    return picture, found


def _title(one: Trained) -> str:
    return f"{one.units} units, λ = {one.strength:g}" if one.strength else f"{one.units} units"


def _trained(
    units: int, strength: float, data: Dataset, middles: Array, steps: int, seed: int
) -> Trained:
    spec = GraphSpec.model_validate(
        {
            "name": f"spiral-{units}",
            "inputs": {"point": {"shape": [2]}, "label": {"classes": len(data.classes)}},
            "layers": [
                {"kind": "linear", "id": "hidden", "inputs": ["point"], "units": units},
                {"kind": "relu", "id": "relu", "inputs": ["hidden"]},
                {
                    "kind": "linear",
                    "id": "scores",
                    "inputs": ["relu"],
                    "units": len(data.classes),
                },
                {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
            ],
            "outputs": ["scores"],
        }
    )
    config = TrainConfig.model_validate(
        {
            "batch": len(data),
            "shuffle": False,
            "steps": steps,
            "seed": seed,
            "split": {"validation": 0},
            "preprocess": [{"kind": "mean"}, {"kind": "std"}],
            "update": {"kind": "adam", "rate": 0.02},
            "schedule": {"kind": "cosine"},
            "penalties": [{"kind": "l2", "strength": strength}] if strength else [],
            "log_every": steps,
            "checkpoint_seconds": None,
        }
    )
    plan = compile_graph(spec)
    divided = divide(plan, data, config)
    executable = NumpyEngine("float32").load(plan, seed=seed)
    deque(train(executable, divided, config), maxlen=0)
    metrics = evaluate_batches(executable, divided.batches("train"))
    points = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    fed = divided.pipeline.apply(points, config.dtype)
    scores = executable.run({"point": fed}, outputs=["scores"]).values["scores"]
    labels = scores.argmax(axis=1).reshape(len(middles), len(middles))
    return Trained(units, strength, metrics.loss, metrics.accuracy or 0.0, labels)
