"""Layers over sequences: what each step sees, and sizes by hand."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.lstm import Lstm
from graphspec.layers.multi_head_attention import MultiHeadAttention
from graphspec.layers.rnn import Rnn
from graphspec.tensor import TensorSpec

X = TensorSpec((5, 4))


def attention(**fields: Any) -> MultiHeadAttention:
    return MultiHeadAttention(id="f", inputs=("x", "x", "x"), **fields)


SEQUENCES: list[tuple[Layer, int]] = [
    (Rnn(id="f", units=3, inputs=("x",)), 1),
    (Lstm(id="f", units=3, inputs=("x",)), 1),
    (attention(heads=2, causal=True), 3),
]


def drawn(layer: Layer, *inputs: TensorSpec) -> dict[str, Array]:
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(p.shape) for name, p in layer.params(*inputs).items()}


@pytest.mark.parametrize(("layer", "count"), SEQUENCES)
def test_a_step_sees_itself_and_those_before_it(layer: Layer, count: int) -> None:
    params = drawn(layer, *[X] * count)
    x = np.random.default_rng(1).standard_normal((1, 5, 4))
    changed = x.copy()
    changed[:, 2] += 1
    one, two = (layer.forward((value,) * count, params, Mode()).y for value in (x, changed))
    assert (one != two).any(axis=(0, 2)).tolist() == [False, False, True, True, True]


def test_the_parameters_of_the_recurrent_pair() -> None:
    for kind, expected in (("rnn", 4 * 3 + 3 * 3 + 3), ("lstm", 4 * (4 * 3 + 3 * 3 + 3))):
        layer = BY_KIND[kind].model_validate({"id": "f", "units": 3, "inputs": ("x",)})
        assert sum(prod(p.shape) for p in layer.params(X).values()) == expected


def test_a_memory_that_is_told_to_keep_keeps() -> None:
    layer = Lstm(id="f", units=1, inputs=("x",))
    # The input opens the first gate and is what goes in; the second and third are always open.
    params = {
        "weight_x": np.array([[60.0, 0, 0, 1]]),
        "weight_h": np.zeros((1, 4)),
        "bias": np.array([-30.0, 30, 30, 0]),
    }
    x = np.array([[[1.0], [0], [0], [0]]])
    y = layer.forward((x,), params, Mode()).y
    np.testing.assert_allclose(y, np.tanh(np.tanh(1.0)), rtol=1e-9)


def test_attention_with_equal_keys_takes_the_mean() -> None:
    layer, value = attention(bias=False), np.random.default_rng(0).standard_normal((2, 5, 4))
    params = {f"weight_{name}": np.eye(4) for name in "qkvo"}
    query = np.random.default_rng(1).standard_normal((2, 3, 4))
    y = layer.forward((query, np.ones((2, 5, 4)), value), params, Mode()).y
    np.testing.assert_allclose(y, value.mean(axis=1, keepdims=True).repeat(3, axis=1))


def test_attention_with_keys_that_match_looks_one_up() -> None:
    layer, value = attention(bias=False), np.random.default_rng(0).standard_normal((1, 4, 4))
    params = {f"weight_{name}": np.eye(4) for name in "qkvo"}
    y = layer.forward((100 * np.eye(4)[[2, 0]][None], np.eye(4)[None], value), params, Mode()).y
    np.testing.assert_allclose(y, value[:, [2, 0]], rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "shapes", "code", "port"),
    [
        (attention(heads=3), [(5, 4)] * 3, "groups", "query"),
        (attention(), [(5, 4), (6, 4), (7, 4)], "shapes-differ", "value"),
        (attention(causal=True), [(5, 4), (6, 4), (6, 4)], "shapes-differ", "key"),
        (attention(), [(5, 4), (20,), (5, 4)], "rank", "key"),
        (Rnn(id="f", units=3, inputs=("x",)), [(5,)], "rank", "x"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    layer: Layer, shapes: list[tuple[int, ...]], code: str, port: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.infer(*map(TensorSpec, shapes))
    assert (caught.value.code, caught.value.port) == (code, port)
