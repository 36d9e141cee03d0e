"""Pooling where windows tile, overlap, hang over and leave out; equal values give to one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

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
    {"kernel": 5, "stride": 5, "rounding": "floor"},
]


@pytest.mark.parametrize("channels", [1, 5, 8, 19])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("kind", ["max_pool2d", "avg_pool2d"])
def test_windows_agree_with_float64(kind: str, window: dict[str, Any], channels: int) -> None:
    size = [10, 15] if window.get("rounding") else [6, 9] if "stride" in window else [6, 12]
    if window == {"kernel": 3, "stride": 2}:
        size = [7, 9]
    spec = network(
        [
            node("scale", "before", "x", factor=0.5),
            node(kind, "pool", "before", **window),
            node("square", "bent", "pool"),
            node("sum_loss", "loss", "bent"),
        ],
        ("pool",),
        x={"shape": [channels, *size]},
    )
    feeds = batch(spec, 3, dtype="float32")
    compare(spec, feeds=feeds, threads=2, tapped=False, tolerance=1e-6)
    # Of few values many are equal: the first of a window takes all of its gradient.
    feeds["x"] = np.round(feeds["x"]).astype(np.float32)
    compare(spec, feeds=feeds, threads=3, tapped=False, tolerance=1e-6)
