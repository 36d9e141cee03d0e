"""Second moments through a deep network, per initialiser."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.graph import GraphSpec
from graphspec.initialisers.he import He
from graphspec.initialisers.lecun import Lecun
from graphspec.initialisers.normal import Normal
from graphspec.inspect.activation_moments import activation_moments, compare_initialisers
from tests.engines.nets import batch, load64, network, node, two_layers

DEPTH = 20


def deep(width: int = 256) -> GraphSpec:
    layers, source = [], "x"
    for i in range(1, DEPTH + 1):
        layers += [
            node("linear", f"fc{i}", source, units=width),
            node("relu", f"relu{i}", f"fc{i}"),
        ]
        source = f"relu{i}"
    return network(layers, (source,), x={"shape": [width]})


def test_G04_he_keeps_the_second_moment_of_a_deep_network_and_lecun_loses_it() -> None:
    spec = deep()
    feeds = batch(spec, 128)
    report = compare_initialisers(
        spec, feeds, {"he": He(), "lecun": Lecun(), "small": Normal(std=0.01)}
    )
    assert list(report["he"]) == [
        f"{kind}{i}" for i in range(1, DEPTH + 1) for kind in ("fc", "relu")
    ]
    start = float(np.mean(feeds["x"] ** 2))
    assert 0.5 < report["he"]["relu20"] / start < 2
    assert report["lecun"]["relu20"] == pytest.approx(report["he"]["relu20"] * 2.0**-20, rel=1e-9)
    assert report["small"]["relu20"] < 1e-30


def test_the_moment_is_the_mean_square_and_losses_are_left_out() -> None:
    spec = two_layers()
    executable, feeds = load64(spec), batch(spec)
    moments = activation_moments(executable, feeds)
    hidden = feeds["x"] @ executable.weights()["fc1.weight"]
    assert list(moments) == ["fc1", "relu", "fc2"]
    assert moments["fc1"] == pytest.approx(np.mean(hidden**2), rel=1e-12)
    assert moments["relu"] == pytest.approx(np.mean(np.maximum(hidden, 0) ** 2), rel=1e-12)
