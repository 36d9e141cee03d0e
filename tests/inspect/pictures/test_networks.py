"""Pictures of activations, networks and the flow to the loss."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from graphspec import zoo
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.inspect.gradient import numeric_gradient
from graphspec.inspect.pictures.activations import activations_picture, pointwise
from graphspec.inspect.pictures.data_flow import data_flow
from graphspec.inspect.pictures.network import MOST, network_picture
from tests.engines.nets import network, node, two_layers


def dense(*sizes: int) -> GraphSpec:
    layers, source = [], "x"
    for i, units in enumerate(sizes[1:], 1):
        layers.append(node("linear", f"fc{i}", source, units=units))
        source = f"fc{i}"
        if i < len(sizes) - 1:
            layers.append(node("relu", f"relu{i}", source))
            source = f"relu{i}"
    return network(layers, (source,), x={"shape": [sizes[0]]})


def test_E16_the_curves_are_the_functions_and_their_derivatives() -> None:
    picture = activations_picture()
    assert {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"} <= set(pointwise())
    assert "softmax" not in pointwise()
    x, curves = picture.x, picture.curves
    sigmoid = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(curves["sigmoid"].y, sigmoid, rtol=1e-12)
    np.testing.assert_allclose(curves["sigmoid"].dy, sigmoid * (1 - sigmoid), rtol=1e-12)
    assert curves["sigmoid"].dy.max() == pytest.approx(0.25, rel=1e-12)
    np.testing.assert_array_equal(curves["relu"].y, np.maximum(0, x))
    np.testing.assert_allclose(curves["tanh"].dy, 1 - np.tanh(x) ** 2, atol=1e-12)
    silu = numeric_gradient(lambda v: v / (1 + np.exp(-v)), x)
    np.testing.assert_allclose(curves["silu"].dy, silu, atol=1e-8)
    for axes, (name, curve) in zip(picture.figure().axes, curves.items(), strict=False):
        assert axes.get_title(loc="left") == name
        value, slope = axes.lines[-2:]
        np.testing.assert_array_equal(value.get_ydata(), curve.y)
        drawn = np.asarray(slope.get_ydata())
        np.testing.assert_array_equal(drawn[~np.isnan(drawn)], curve.dy[~np.isnan(drawn)])
        # At most two jumps: those are gaps, not slanted lines.
        assert np.isnan(drawn).sum() <= 2


def test_what_is_no_activation_of_one_number_is_refused() -> None:
    with pytest.raises(SpecError, match="Did you mean 'sigmoid'"):
        activations_picture(["sigmod"])
    with pytest.raises(SpecError, match="no activation of one number"):
        activations_picture(["softmax"])


@pytest.mark.parametrize(
    ("sizes", "neurons", "params"), [((3, 4, 2), 6, 26), ((3, 4, 4, 1), 9, 41)]
)
def test_E16_a_network_is_drawn_with_a_circle_a_unit_and_a_line_a_weight(
    sizes: tuple[int, ...], neurons: int, params: int
) -> None:
    picture = network_picture(dense(*sizes))
    assert [column.units for column in picture.columns] == list(sizes)
    assert (picture.neurons, picture.params) == (neurons, params)
    assert picture.title.endswith(
        f"{len(sizes) - 1} layers, {neurons} neurons, {params} parameters"
    )
    (axes,) = picture.figure().axes
    assert len(axes.patches) == sum(sizes)
    lines = sum(len(collection.get_segments()) for collection in axes.collections)
    assert lines == sum(a * b for a, b in pairwise(sizes))
    assert "fc1 → relu" in [text.get_text() for text in axes.texts]


def test_of_wide_layers_the_first_and_the_last_units_are_drawn() -> None:
    picture = network_picture(zoo.load("spiral_net"))
    hidden = picture.columns[1]
    assert (hidden.units, len(hidden.drawn)) == (100, MOST - 1)
    assert (hidden.drawn[0], hidden.drawn[-1]) == (0, 99)
    assert "100" in [text.get_text() for text in picture.figure().axes[0].texts]


def test_what_is_no_chain_of_dense_layers_is_refused() -> None:
    with pytest.raises(SpecError, match="is a conv2d"):
        network_picture(zoo.load("lenet5"))


def test_C09_x_y_and_w_flow_to_the_data_loss_and_the_regularisation_loss() -> None:
    flow = data_flow(zoo.load("spiral_net"))
    assert set(flow.edges) == {
        ("input:point", "f"),
        ("weights", "f"),
        ("f", "loss:loss"),
        ("input:label", "loss:loss"),
        ("weights", "penalty:0"),
        ("loss:loss", "total"),
        ("penalty:0", "total"),
    }
    by_id = {box.id: box for box in flow.boxes}
    assert by_id["weights"].about == "603 parameters"
    assert by_id["loss:loss"].title == "data loss"
    assert by_id["penalty:0"].about == "l2: strength 0.001"
    (axes,) = flow.figure().axes
    texts = [text.get_text() for text in axes.texts]
    assert {"W", "f", "data loss", "regularisation loss", "L", "label of 3"} <= set(texts)
    arrows = [note for note in axes.texts if getattr(note, "arrow_patch", None) is not None]
    assert len(arrows) == len(flow.edges)


def test_C09_any_network_with_a_loss_has_a_flow() -> None:
    for name in ("googlenet", "linear_svm", "resnet18"):
        assert data_flow(zoo.load(name)).figure().axes
    assert not [edge for edge in data_flow(two_layers()).edges if "penalty" in edge[0]]
    with pytest.raises(SpecError, match="has no loss"):
        data_flow(dense(2, 3))
