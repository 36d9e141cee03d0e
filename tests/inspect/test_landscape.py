"""The loss along directions: exact at the network, and as asked everywhere else."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graphspec.errors import EngineError, OptionError
from graphspec.inspect.landscape import (
    between,
    loss_along_ray,
    loss_here,
    loss_on_plane,
    positions,
    random_direction,
)
from graphspec.inspect.pictures.landscape import PlanePicture, RayPicture, svm_sum
from graphspec.recipe.penalties.l2 import L2
from tests.engines.nets import batch, load64, network, node, two_layers


def test_C01_the_loss_of_three_points_is_convex_and_made_of_straight_pieces() -> None:
    picture = svm_sum()
    numbers = picture.numbers()
    w0, x, (w1, w2) = numbers["w0"], numbers["x"], (numbers["w1"], numbers["w2"])
    scores = np.stack(
        [w0[:, None] * x, np.full((len(w0), 3), w1) * x, np.full((len(w0), 3), w2) * x]
    )
    for i in range(3):
        by_hand = sum(
            np.maximum(0, scores[j, :, i] - scores[i, :, i] + 1) for j in range(3) if j != i
        )
        np.testing.assert_allclose(numbers["losses"][i], by_hand, atol=1e-12)
    np.testing.assert_allclose(numbers["mean"], numbers["losses"].mean(axis=0), atol=1e-12)
    bend = np.diff(numbers["mean"], 2)
    assert bend.min() >= -1e-12
    # Two hinges a point, of which one here is always open and one always shut.
    assert (bend > 1e-9).sum() == 4
    (drawn,) = picture.figure().axes[1].lines[:1]
    np.testing.assert_array_equal(drawn.get_ydata(), numbers["mean"])


def test_C02_at_zero_it_is_the_loss_of_the_network_to_the_last_bit() -> None:
    spec = two_layers()
    executable, feeds = load64(spec), batch(spec, 12)
    before = {name: array.tobytes() for name, array in executable.weights().items()}
    penalties = (L2(strength=0.1),)
    way = random_direction(executable, normalise="none")
    places = positions(0.7, 11)
    assert places[5] == 0
    assert (places[0], places[-1]) == (-0.7, 0.7)
    ray = loss_along_ray(executable, [feeds], way, places, penalties)
    assert ray.data[5] == executable.grad(feeds).loss == ray.here.data
    weights = executable.weights()
    by_hand = 0.05 * sum(np.sum(weights[f"fc{i}.weight"] ** 2) for i in (1, 2))
    assert ray.here.penalty == pytest.approx(by_hand, rel=1e-12)
    assert ray.total[5] == ray.here.total == loss_here(executable, [feeds], penalties).total
    # Elsewhere it is that of a network with these weights.
    there = load64(spec, weights={name: w + 0.7 * way[name] for name, w in weights.items()})
    assert ray.data[-1] == pytest.approx(there.grad(feeds).loss, rel=1e-12)
    assert {name: array.tobytes() for name, array in executable.weights().items()} == before


def test_C02_a_plane_has_the_shape_that_was_asked_for_and_its_axes_are_rays() -> None:
    spec = two_layers()
    executable, feeds = load64(spec), batch(spec, 12)
    ways = (random_direction(executable, name="1"), random_direction(executable, name="2"))
    assert not np.allclose(ways[0]["fc1.weight"], ways[1]["fc1.weight"])
    a, b = positions(1, 7), positions(2, 5)
    plane = loss_on_plane(executable, [feeds], ways, a, b)
    assert plane.total.shape == (5, 7)
    assert plane.total[2, 3] == plane.here.total
    np.testing.assert_array_equal(
        plane.total[2], loss_along_ray(executable, [feeds], ways[0], a).total
    )
    np.testing.assert_array_equal(
        plane.total[:, 3], loss_along_ray(executable, [feeds], ways[1], b).total
    )
    (mesh, *_) = PlanePicture(plane, "net").figure().axes[0].collections
    np.testing.assert_array_equal(np.asarray(mesh.get_array()), plane.total)


def test_C02_the_batches_count_by_their_size() -> None:
    spec = two_layers()
    executable, feeds = load64(spec), batch(spec, 9)
    parts = [{name: array[s] for name, array in feeds.items()} for s in (slice(7), slice(7, 9))]
    assert loss_here(executable, parts).data == pytest.approx(
        executable.grad(feeds).loss, rel=1e-12
    )


def test_a_filter_normalised_direction_has_the_lengths_of_the_units() -> None:
    spec = network(
        [
            node("conv2d", "conv", "x", filters=4, kernel=3),
            node("linear", "scores", "conv", units=4),
            node("softmax_loss", "loss", "scores", "label"),
        ],
        ("scores",),
        x={"shape": [2, 4, 4]},
        label={"classes": 4},
    )
    executable = load64(spec)
    weights, way = executable.weights(), random_direction(executable, seed=3)
    for name, axes in (("conv.weight", (1, 2, 3)), ("scores.weight", (0,))):
        lengths = [np.sqrt(np.sum(array[name] ** 2, axis=axes)) for array in (way, weights)]
        np.testing.assert_allclose(lengths[0], lengths[1], rtol=1e-12)
    assert not way["conv.bias"].any()
    again = random_direction(executable, seed=3)
    np.testing.assert_array_equal(way["conv.weight"], again["conv.weight"])


def test_a_direction_between_two_networks_leads_from_one_to_the_other() -> None:
    spec = two_layers()
    one, other, feeds = load64(spec), load64(spec, seed=1), batch(spec)
    way = between(one.weights(), other.weights())
    ray = loss_along_ray(one, [feeds], way, np.array([0.0, 1.0]))
    assert ray.data[0] == one.grad(feeds).loss
    assert ray.data[1] == pytest.approx(other.grad(feeds).loss, rel=1e-12)
    with pytest.raises(EngineError, match=r"no 'fc1\.weight' of the same shape"):
        between(one.weights(), load64(two_layers(hidden=5)).weights())
    with pytest.raises(EngineError, match="another network"):
        loss_along_ray(one, [feeds], {"fc9.weight": np.zeros(2)}, np.zeros(1))


def test_losses_that_are_not_finite_are_infinite_and_drawn_as_gaps() -> None:
    spec = two_layers()
    executable, feeds = load64(spec), batch(spec)
    way = {name: np.full(w.shape, 1e200) for name, w in executable.weights().items()}
    ray = loss_along_ray(executable, [feeds], way, positions(1e90, 3))
    assert math.isinf(ray.total[0])
    assert math.isfinite(ray.total[1])
    RayPicture(ray, "net").figure()


@pytest.mark.parametrize(("span", "points"), [(1.0, 10), (1.0, 1), (0.0, 5), (math.inf, 5)])
def test_positions_that_miss_the_network_are_refused(span: float, points: int) -> None:
    with pytest.raises(OptionError, match=r"odd number|above 0"):
        positions(span, points)
