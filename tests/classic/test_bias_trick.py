"""The bias trick on whole networks: the same scores, the same number of parameters."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec import zoo
from graphspec.classic.bias_trick import join_bias, part_bias, use_bias, use_bias_trick
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import SpecError
from graphspec.plan import compile_graph
from graphspec.summary import summarise

IMAGES = np.random.default_rng(0).uniform(0, 16, (20, 1, 8, 8))


def test_B03_the_scores_and_the_count_of_parameters_stay() -> None:
    spec = zoo.build("linear_softmax")
    trick = use_bias_trick(spec, "scores")
    assert [layer.kind for layer in trick.layers] == ["append_one", "linear", "softmax_loss"]
    assert summarise(trick).params == summarise(spec).params == 650
    engine = NumpyEngine("float64")
    network = engine.load(compile_graph(spec), seed=0)
    weights = dict(network.weights())
    weights["scores.bias"] = np.random.default_rng(1).standard_normal(10)
    network = engine.load(compile_graph(spec), seed=0, weights=weights)
    joined = join_bias(weights, "scores")
    assert joined["scores.weight"].shape == (65, 10)
    other = engine.load(compile_graph(trick), seed=0, weights=joined)
    scores = network.run({"image": IMAGES}).values["scores"]
    np.testing.assert_allclose(other.run({"image": IMAGES}).values["scores"], scores, atol=1e-12)
    # The gradient of the row of biases is that of the biases.
    feeds = {"image": IMAGES, "label": np.arange(20) % 10}
    whole = other.grad(feeds).by_name["scores.weight"]
    apart = network.grad(feeds).by_name
    np.testing.assert_allclose(whole[-1], apart["scores.bias"], atol=1e-12)
    np.testing.assert_allclose(whole[:-1], apart["scores.weight"], atol=1e-12)


def test_B03_the_switch_goes_back() -> None:
    spec = zoo.build("two_layer_net")
    assert use_bias(use_bias_trick(spec, "hidden"), "hidden") == spec
    weights = {"hidden.weight": np.arange(6.0).reshape(3, 2)}
    parted = part_bias(weights, "hidden")
    assert parted["hidden.bias"].tolist() == [4, 5]
    assert np.shares_memory(parted["hidden.weight"], weights["hidden.weight"])
    assert join_bias(parted, "hidden")["hidden.weight"].tolist() == [[0, 1], [2, 3], [4, 5]]


def test_other_layers_have_no_such_view() -> None:
    spec = zoo.build("linear_softmax")
    for wrong in ("loss", "nothing"):
        with pytest.raises(SpecError, match="linear layer with a bias"):
            use_bias_trick(spec, wrong)
    with pytest.raises(SpecError, match="without a bias"):
        use_bias(spec, "scores")
