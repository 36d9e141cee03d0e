"""Pooling where windows tile, overlap, hang over and leave out; equal values give to one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import batch, network, node

WINDOWS: list[dict[str, Any]] = [
    {"kernel": 2},
    {"kernel": [1, 3]},
    {"kernel": 3, "stride": 2},
    {"kernel": 3, "stride": 2, "pad": 1, "rounding": "floor"},
    {"kernel": 2, "stride": 3, "rounding": "floor"},
    {"kernel": 3, "stride": 1, "pad": "same"},
    {"kernel": [2, 5], "stride": [2, 2], "pad": [0, 1], "rounding": "ceil"},
    {"kernel": 4, "rounding": "floor"},
    {"kernel": 5, "stride": 5, "rounding": "floor"},
]


def windows(kind: str, window: dict[str, Any], channels: int) -> GraphSpec:
    """Images of a size that the windows fit, pooled."""
    size = [10, 15] if window.get("rounding") else [6, 9] if "stride" in window else [6, 12]
    if window == {"kernel": 3, "stride": 2}:
        size = [7, 9]
    return network(
        [
            node("scale", "before", "x", factor=0.5),
            node(kind, "pool", "before", **window),
            node("square", "bent", "pool"),
            node("sum_loss", "loss", "bent"),
        ],
        ("pool",),
        x={"shape": [channels, *size]},
    )


@pytest.mark.parametrize("channels", [1, 5, 8, 19])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
def test_windows_agree_with_float64(kind: str, window: dict[str, Any], channels: int) -> None:
    spec = windows(kind, window, channels)
    feeds = batch(spec, 3, dtype="float32")
    compare(spec, feeds=feeds, threads=2, tapped=False, tolerance=1e-6)
    # Of few values many are equal: the first of a window takes all of its gradient.
    feeds["x"] = np.round(feeds["x"]).astype(np.float32)
    compare(spec, feeds=feeds, threads=3, tapped=False, tolerance=1e-6)


def normalised(channels: int) -> GraphSpec:
    """Images normalised, rectified, and pooled."""
    return network(
        [
            node("scale", "before", "x", factor=0.5),
            node("batch_norm", "norm", "before"),
            node("relu", "open", "norm"),
            node("max_pool2d", "pool", "open", kernel=2),
            # Where the rectifier is closed a square alone would send no gradient to be held back.
            node("add_constant", "after", "pool", constant=0.7),
            node("square", "bent", "after"),
            node("sum_loss", "loss", "bent"),
        ],
        ("pool",),
        x={"shape": [channels, 6, 10]},
    )


@pytest.mark.parametrize("channels", [1, 8, 21, 35])
@pytest.mark.parametrize("training", [True, False])
def test_normalised_rectified_and_pooled_in_one_pass(channels: int, training: bool) -> None:
    spec = normalised(channels)
    # A slope below 0 turns the order of a window's numbers around, and 0 makes all of them equal.
    rng = np.random.default_rng(0)
    scale = np.where(np.arange(channels) % 4 == 3, 0, rng.standard_normal(channels))
    weights = {"norm.scale": scale, "norm.shift": 0.3 * rng.standard_normal(channels)}
    for threads in (1, 3):
        compare(
            spec, 4, threads=threads, tapped=False, training=training, weights=weights,
            tolerance=2e-6,
        )  # fmt: skip
    found = explain(compile_graph(spec), batch=4, threads=1)
    assert any(line.layers == ("norm", "open", "pool") for line in found.lines)
