"""What every loss says of its value at chance, against the loss of scores that are all zero."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.catalog import BY_KIND
from graphspec.tensor import TensorSpec
from tests.layers.sampling import samples

LOSSES = [kind for kind, layer in BY_KIND.items() if layer.is_loss]
OF_THE_DATA = {"l2_loss", "l1_loss", "sum_loss"}


def targets(spec: TensorSpec) -> Array:
    """Every label there is, or as many random ones; distributions where numbers are asked for."""
    if spec.classes is None:
        return np.random.default_rng(0).dirichlet(np.ones(spec.size), 50)
    if is_counted(spec):
        rows = list(product(range(spec.classes), repeat=spec.size))
        return np.array(rows, int).reshape(-1, *spec.shape)
    return np.random.default_rng(0).integers(0, spec.classes or 0, (2000, *spec.shape))


def is_counted(spec: TensorSpec) -> bool:
    return spec.classes is None or spec.classes**spec.size <= 2000


@pytest.mark.parametrize("kind", LOSSES)
def test_K01_the_loss_at_chance_is_what_the_layer_says(kind: str) -> None:
    for layer, inputs in samples(BY_KIND[kind])[::3]:
        said = layer.chance_loss(*inputs)
        if kind in OF_THE_DATA:
            assert said is None
            continue
        target = targets(inputs[1])
        scores = np.zeros((len(target), *inputs[0].shape))
        params = {name: np.zeros(p.shape) for name, p in layer.params(*inputs).items()}
        losses = layer.forward((scores, target), params, Mode()).y
        digits = 1e-12 if is_counted(inputs[-1]) else 0.05
        assert said == pytest.approx(losses.mean(), rel=digits), layer


@pytest.mark.parametrize(
    ("kind", "fields", "classes", "expected"),
    [
        ("softmax_loss", {}, 10, 2.302585),
        ("softmax_loss", {}, 3, 1.098612),
        ("softmax_loss", {"smoothing": 0.1}, 10, 2.302585),
        ("hinge_loss", {}, 10, 9),
        ("hinge_loss", {"margin": 2.0}, 10, 18),
        ("hinge_loss", {"margin": 2.0, "squared": True}, 10, 36),
        ("hinge_loss", {"one_vs_all": True}, 10, 10),
    ],
)
def test_K01_the_notes_values(
    kind: str, fields: dict[str, Any], classes: int, expected: float
) -> None:
    layer = BY_KIND[kind].model_validate({"id": "loss", "inputs": ("scores", "label"), **fields})
    said = layer.chance_loss(TensorSpec((classes,)), TensorSpec((), "int", classes))
    assert said == pytest.approx(expected, abs=5e-7)


def test_layers_that_are_no_losses_have_none() -> None:
    for kind in BY_KIND.values():
        if not kind.is_loss:
            assert kind.chance_loss is Layer.chance_loss
