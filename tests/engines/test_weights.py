from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.weights import first_weights
from graphspec.errors import EngineError
from graphspec.plan import compile_graph
from tests.engines.nets import network, node, two_layers

FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")
PLAN = compile_graph(two_layers())


def test_each_parameter_has_a_stream_of_its_own() -> None:
    spec = two_layers()
    longer = network(
        [
            node("linear", "new", "x", units=3),
            node("linear", "fc1", "new", units=4),
            node("relu", "relu", "fc1"),
            node("linear", "fc2", "relu", units=3),
        ],
        ("fc2",),
        x={"shape": [3]},
    )
    before = first_weights(compile_graph(spec), 0, None, FLOAT64)
    after = first_weights(compile_graph(longer), 0, None, FLOAT64)
    for name in before:
        assert np.array_equal(before[name], after[name])
    other = first_weights(PLAN, 1, None, FLOAT64)
    assert not np.array_equal(before["fc1.weight"], other["fc1.weight"])


def test_narrow_weights_are_the_wide_ones_rounded() -> None:
    wide, narrow = (first_weights(PLAN, 0, None, dtype) for dtype in (FLOAT64, FLOAT32))
    for name, w in wide.items():
        assert narrow[name].dtype == np.float32
        assert np.array_equal(narrow[name], w.astype(np.float32))


def test_given_weights_are_copied_and_the_rest_is_drawn() -> None:
    given = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    weights = first_weights(PLAN, 0, {"fc1.weight": given}, FLOAT64)
    drawn = first_weights(PLAN, 0, None, FLOAT64)
    assert np.array_equal(weights["fc1.weight"], given)
    assert not np.shares_memory(weights["fc1.weight"], given)
    assert weights["fc1.weight"].flags.c_contiguous
    assert np.array_equal(weights["fc2.weight"], drawn["fc2.weight"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fc1.wieght": np.zeros((3, 4))}, "no parameter 'fc1.wieght'. Did you mean 'fc1.weight'"),
        ({"fc1.weight": np.zeros((4, 3))}, r"shape \(3, 4\).*has \(4, 3\)"),
    ],
)
def test_strangers_are_refused(given: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        first_weights(PLAN, 0, given, FLOAT64)
