"""Norms within one example, and pooling by a norm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Layer, Mode
from graphspec.layers.group_norm import GroupNorm
from graphspec.layers.instance_norm import InstanceNorm
from graphspec.layers.layer_norm import LayerNorm
from graphspec.layers.local_response_norm import LocalResponseNorm
from graphspec.layers.lp_pool2d import LpPool2d
from graphspec.tensor import TensorSpec


def lp(**fields: Any) -> LpPool2d:
    return LpPool2d(id="pool", kernel=2, inputs=("x",), **fields)


def test_Q07_the_l2_norm_of_three_and_four() -> None:
    x = np.array([[[[3.0, 4.0], [0.0, 0.0]]]])
    assert lp().forward((x,), {}, Mode()).y.item() == 5
    assert lp(power=1.0).forward((x,), {}, Mode()).y.item() == 7
    assert lp(power=16.0).forward((x,), {}, Mode()).y.item() == pytest.approx(4, rel=1e-3)


def test_the_norm_of_zeros_has_no_gradient() -> None:
    forward = lp().forward((np.zeros((1, 1, 2, 2)),), {}, Mode())
    (dx,), _ = lp().backward(np.ones((1, 1, 1, 1)), forward.saved, {})
    assert dx is not None
    assert not dx.any()


def lrn(x: Array, **fields: Any) -> Array:
    return LocalResponseNorm(id="norm", inputs=("x",), **fields).forward((x,), {}, Mode()).y


def test_the_conventions_of_local_response_norm_differ_by_n() -> None:
    x = 50 * np.random.default_rng(0).standard_normal((2, 8, 3, 3))
    np.testing.assert_allclose(lrn(x, alpha=5e-4, average=True), lrn(x), rtol=1e-12)
    # AlexNet's formula, one channel by hand: channels 0 to 4 are around channel 2.
    s = 2 + 1e-4 * np.square(x[:, :5]).sum(axis=1)
    np.testing.assert_allclose(lrn(x)[:, 2], x[:, 2] / s**0.75, rtol=1e-12)
    s = 2 + 1e-4 * np.square(x[:, :3]).sum(axis=1)
    np.testing.assert_allclose(lrn(x)[:, 0], x[:, 0] / s**0.75, rtol=1e-12)


def test_an_even_size_of_neighbourhood_is_refused() -> None:
    with pytest.raises(ValidationError, match="take 5 or 3"):
        LocalResponseNorm(id="norm", size=4, inputs=("x",))


NORMS: list[tuple[Layer, tuple[int, ...], tuple[int, ...]]] = [
    (LayerNorm(id="f", inputs=("x",)), (4, 3, 2), (1, 2, 3)),
    (LayerNorm(id="f", axis=1, inputs=("x",)), (4, 6), (2,)),
    (InstanceNorm(id="f", inputs=("x",)), (4, 3, 5), (2, 3)),
]


@pytest.mark.parametrize(("layer", "shape", "axes"), NORMS)
def test_the_mean_becomes_zero_and_the_variance_one(
    layer: Layer, shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    x = 7 + 3 * np.random.default_rng(0).standard_normal((5, *shape))
    declared = layer.params(TensorSpec(shape))
    params = {"scale": np.ones(declared["scale"].shape), "shift": np.zeros(declared["shift"].shape)}
    y = layer.forward((x,), params, Mode()).y
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axes), 1, rtol=1e-4)


def test_groups_lie_between_a_layer_norm_and_an_instance_norm() -> None:
    x = np.random.default_rng(0).standard_normal((3, 6, 4, 4))
    params = {"scale": np.ones(6), "shift": np.zeros(6)}

    def group(groups: int) -> Array:
        return GroupNorm(id="f", groups=groups, inputs=("x",)).forward((x,), params, Mode()).y

    instance = InstanceNorm(id="f", inputs=("x",)).forward((x,), params, Mode()).y
    whole = {"scale": np.ones((6, 4, 4)), "shift": np.zeros((6, 4, 4))}
    layer = LayerNorm(id="f", inputs=("x",)).forward((x,), whole, Mode()).y
    np.testing.assert_allclose(group(6), instance, rtol=1e-12)
    np.testing.assert_allclose(group(1), layer, rtol=1e-12)
    assert not np.allclose(group(2), layer)


@pytest.mark.parametrize(
    ("layer", "shape", "code"),
    [
        (LayerNorm(id="f", axis=2, inputs=("x",)), (3, 4), "axis"),
        (LayerNorm(id="f", inputs=("x",)), (1,), "one-value"),
        (InstanceNorm(id="f", inputs=("x",)), (3,), "rank"),
        (InstanceNorm(id="f", inputs=("x",)), (3, 1, 1), "one-value"),
        (GroupNorm(id="f", groups=4, inputs=("x",)), (6, 2, 2), "groups"),
        (LocalResponseNorm(id="f", inputs=("x",)), (), "rank"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    layer: Layer, shape: tuple[int, ...], code: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.infer(TensorSpec(shape))
    assert (caught.value.code, caught.value.port) == (code, "x")
