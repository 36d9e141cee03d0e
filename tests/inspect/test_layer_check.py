"""A layer alone against differences: every kind passes, and a fault is found where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from graphspec.errors import EngineError, ShapeError
from graphspec.inspect.layer_check import check_layer
from graphspec.layers.base import Array, Backward
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.conv2d import Conv2d
from graphspec.layers.log import Log
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.relu import Relu
from graphspec.tensor import TensorSpec


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", BY_KIND)
def test_every_layer_of_the_catalog_passes(kind: str, training: bool) -> None:
    for layer, inputs in BY_KIND[kind].examples():
        for check in check_layer(layer, inputs, training=training):
            assert check.verdict in ("good", "ok"), (layer, check.name, check.error)


class Forgetful(Conv2d):
    """One whose bias is told half of its gradient."""

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        dxs, dparams = super().backward(dy, saved, params, need_dx=need_dx)
        return Backward(dxs, {**dparams, "bias": dparams["bias"] / 2})


def test_a_wrong_gradient_is_found_where_it_is() -> None:
    layer = Forgetful(id="conv", inputs=("image",), filters=2, kernel=3)
    found = {check.name: check for check in check_layer(layer, [TensorSpec((1, 5, 5))])}
    assert list(found) == ["x", "weight", "bias"]
    assert [check.verdict for check in found.values()] == ["good", "good", "wrong"]
    assert found["bias"].error == pytest.approx(0.5)


class Doubled(MaxPool2d):
    """One that leads back twice what it should."""

    def backward(self, *args: Any, **options: Any) -> Backward:
        (dx,), dparams = super().backward(*args, **options)
        assert dx is not None
        return Backward((2 * dx,), dparams)


@pytest.mark.parametrize("seed", range(20))
def test_of_a_gradient_that_is_mostly_zero_some_of_the_rest_is_checked(seed: int) -> None:
    layer = Doubled(id="pool", inputs=("image",), kernel=4)
    (check,) = check_layer(layer, [TensorSpec((2, 16, 16))], seed=seed)
    assert check.verdict == "wrong"
    # Where it says zero it is looked at too.
    assert {sample.analytic == 0 for sample in check.samples} == {True, False}


def test_a_step_over_a_kink_is_explained() -> None:
    layer = Relu(id="relu", inputs=("x",))
    # So large a step crosses zero nearly everywhere.
    (check,) = check_layer(layer, [TensorSpec((50,))], samples=50, h=3.0)
    assert check.count("kink") > 20
    assert all(sample.layers == ("relu",) for sample in check.samples if sample.explained)


def test_where_a_layer_has_no_value_others_are_taken() -> None:
    (check,) = check_layer(Log(id="log", inputs=("x",)), [TensorSpec((20,))], samples=20)
    assert check.verdict == "good"
    assert np.isfinite([sample.numeric for sample in check.samples]).all()


def test_what_cannot_be_checked_is_refused() -> None:
    layer = Conv2d(id="conv", inputs=("image",), filters=2, kernel=9)
    with pytest.raises(ShapeError):
        next(check_layer(layer, [TensorSpec((1, 5, 5))]))
    with pytest.raises(EngineError, match="above 0"):
        next(check_layer(layer, [TensorSpec((1, 9, 9))], samples=0))
