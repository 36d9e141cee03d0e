from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from graphspec.engines.jit import vector_math
from graphspec.engines.jit.builder import Kernel, Value
from tests.engines.jit.calling import call

erf = np.vectorize(math.erf, otypes=[np.float64])


def apply(function: Callable[[Value], Value], k: Kernel) -> None:
    x, y, n = k.pointer(), k.pointer(), k.size()
    with k.chunks() as chunk:
        for i, lanes in k.sweep(chunk * 0, n):
            y.store(function(x.load(i, lanes)), i, lanes)


def compute(name: str, x: Any) -> Any:
    x = np.asarray(x, np.float32)
    y = np.full_like(x, 7)
    call(f"test_{name}", partial(apply, getattr(vector_math, name)), x, y, x.size)
    return y


def ulps(got: Any, want: Any) -> Any:
    """The error in units of the last place of the true value."""
    spacing = np.spacing(np.maximum(np.abs(want), 1.2e-38).astype(np.float32)).astype(np.float64)
    return np.abs(got.astype(np.float64) - want) / spacing


def both_signs(low: float, high: float) -> Any:
    x = np.geomspace(low, high, 20_011).astype(np.float32)
    return np.concatenate([-x[::-1], [np.float32(0)], x])


CASES = {
    "exp": (np.exp, np.linspace(-87, 88.7, 40_013), 1.5),
    "log": (np.log, np.geomspace(1.2e-38, 3e38, 40_013), 1.5),
    "log1p": (np.log1p, np.geomspace(1e-10, 1e30, 40_013), 2.5),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), np.linspace(-80, 80, 40_013), 2.5),
    "tanh": (np.tanh, both_signs(1e-10, 20), 2.0),
    "erf": (erf, both_signs(1e-10, 6), 2.0),
}


@pytest.mark.parametrize("name", CASES)
def test_stays_within_two_units_of_the_last_place(name: str) -> None:
    function, x, most = CASES[name]
    x = np.asarray(x, np.float32)
    errors = ulps(compute(name, x), function(x.astype(np.float64)))
    worst = int(errors.argmax())
    assert errors[worst] <= most, f"{name}({x[worst]}): {errors[worst]:.2f} ulp"


@pytest.mark.parametrize(
    ("name", "x", "want"),
    [
        ("exp", [-np.inf, -1000, 1000, np.inf, np.nan, 0], [0, 0, np.inf, np.inf, np.nan, 1]),
        ("log", [0, -1, np.inf, np.nan, 1], [-np.inf, np.nan, np.inf, np.nan, 0]),
        ("log1p", [0, np.inf, np.nan], [0, np.inf, np.nan]),
        ("sigmoid", [-np.inf, np.inf, np.nan, 0], [0, 1, np.nan, 0.5]),
        ("tanh", [-np.inf, np.inf, np.nan, 0], [-1, 1, np.nan, 0]),
        ("erf", [-np.inf, np.inf, np.nan, 0], [-1, 1, np.nan, 0]),
    ],
)
def test_goes_to_its_limits(name: str, x: list[float], want: list[float]) -> None:
    np.testing.assert_array_equal(compute(name, x), np.array(want, np.float32))


def test_takes_the_smallest_numbers() -> None:
    x = np.array([1e-45, 1e-40, 5e-39], np.float32)
    np.testing.assert_allclose(compute("log", x), np.log(x.astype(np.float64)), rtol=2e-7)
    x = np.array([-87.5, -90, -100], np.float32)
    np.testing.assert_allclose(compute("exp", x), np.exp(x.astype(np.float64)), atol=1.5e-45)


def test_knows_the_sign_of_zero() -> None:
    assert np.signbit(compute("tanh", [-0.0]))[0]
