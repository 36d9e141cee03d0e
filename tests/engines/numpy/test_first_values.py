"""What a network gives before it has learnt anything."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engines.nets import load64, network, node, two_layers


@pytest.mark.parametrize(("init", "kept"), [("he", 1.0), ("lecun", 2.0**-20), (None, 1.0)])
def test_twenty_relu_layers_keep_the_second_moment_with_he_alone(
    init: str | None, kept: float
) -> None:
    layers, source = [], "x"
    for i in range(20):
        layers.append(node("linear", f"fc{i}", source, units=500, init=init))
        layers.append(node("relu", f"relu{i}", f"fc{i}"))
        source = f"relu{i}"
    spec = network(layers, (source,), x={"shape": [500]})
    x = np.random.default_rng(0).standard_normal((50, 500))
    moments = []
    for seed in range(3):
        y = load64(spec, seed=seed).run({"x": x}).values[source]
        moments.append(np.mean(y**2) / np.mean(x**2))
    assert 0.5 * kept < np.median(moments) < 2 * kept


@pytest.mark.parametrize(
    ("kind", "classes", "chance"),
    [
        ("softmax_loss", 10, 2.302585),
        ("softmax_loss", 3, 1.098612),
        ("hinge_loss", 10, 9.0),
        ("hinge_loss", 3, 2.0),
    ],
)
def test_at_chance_the_loss_is_the_known_one(kind: str, classes: int, chance: float) -> None:
    spec = network(
        [
            node("linear", "scores", "x", units=classes, init="zeros"),
            node(kind, "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [8]},
        label={"classes": classes},
    )
    rng = np.random.default_rng(0)
    feeds = {"x": rng.standard_normal((40, 8)), "label": rng.integers(0, classes, 40)}
    assert load64(spec).grad(feeds).loss == pytest.approx(chance, abs=1e-6)


def test_hidden_units_that_start_at_zero_learn_nothing() -> None:
    spec = two_layers(hidden_init="zeros")
    feeds = {"x": np.random.default_rng(0).standard_normal((9, 3)), "label": np.arange(9) % 3}
    gradients = load64(spec).grad(feeds).by_name
    assert not gradients["fc1.weight"].any()
    assert not gradients["fc2.weight"].any()
