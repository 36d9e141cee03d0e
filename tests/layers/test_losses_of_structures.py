"""The softmax over a tree, and the hinge over chains, against enumeration."""

from __future__ import annotations

import math
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Mode
from graphspec.layers.hierarchical_softmax_loss import HierarchicalSoftmaxLoss
from graphspec.layers.structured_hinge_loss import StructuredHingeLoss
from graphspec.tensor import TensorSpec
from tests.layers.test_losses import hinge, loss_and_gradient


def tree(**fields: Any) -> HierarchicalSoftmaxLoss:
    return HierarchicalSoftmaxLoss(id="loss", inputs=("x", "label"), **fields)


def label_of(classes: int) -> TensorSpec:
    return TensorSpec((), "int", classes)


WRITTEN = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1, 0), (1, 1, 1), (2,))
TREES = [(tree(), 2), (tree(), 7), (tree(branching=3), 10), (tree(paths=WRITTEN), 7)]


@pytest.mark.parametrize(("layer", "classes"), TREES)
def test_I03_the_probabilities_of_the_leaves_sum_to_one(
    layer: HierarchicalSoftmaxLoss, classes: int
) -> None:
    rng = np.random.default_rng(0)
    declared = layer.params(TensorSpec((5,)), label_of(classes))
    params = {name: rng.standard_normal(p.shape) for name, p in declared.items()}
    x = rng.standard_normal((60, 5))
    p = layer.probabilities(x, params)
    assert p.min() > 0
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    for c in range(classes):
        losses = layer.forward((x, np.full(60, c)), params, Mode()).y
        np.testing.assert_allclose(p[:, c], np.exp(-losses), rtol=1e-12)
    answers = layer.answers(x, params)
    assert answers.tolist() == p.argmax(axis=1).tolist()
    assert len(set(answers.tolist())) > 1


def test_I03_a_written_tree_by_hand() -> None:
    layer = tree(paths=((0, 0), (0, 1), (1,)))
    params = {"weight": np.zeros((4, 1)), "bias": np.log([1.0, 3, 2, 2])}
    x = np.zeros((3, 1))
    p = np.exp(-layer.forward((x, np.arange(3)), params, Mode()).y)
    np.testing.assert_allclose(p, [1 / 4 * 1 / 2, 1 / 4 * 1 / 2, 3 / 4], rtol=1e-12)


@pytest.mark.parametrize("classes", [2, 10, 1000, 1024])
def test_I03_a_path_costs_the_logarithm_of_the_classes(classes: int) -> None:
    features, levels = TensorSpec((50,)), math.ceil(math.log2(classes))
    assert tree().macs(features, label_of(classes)) == 50 * 2 * levels
    edges = tree().params(features, label_of(classes))["weight"].shape[0]
    assert edges == 2 * (classes - 1)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (((0,), (0, 1), (1,)), "class 0 is a leaf"),
        (((0,), (2,)), "without a gap"),
        (((0, 0), (1,)), "two or more"),
        (((0,), (1,), (1,)), "no two with the same path"),
    ],
)
def test_paths_that_make_no_tree_are_refused(paths: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        tree(paths=paths)


def test_every_class_is_a_leaf() -> None:
    with pytest.raises(ShapeError, match="7 leaves, and the label 8 classes"):
        tree(paths=WRITTEN).infer(TensorSpec((5,)), label_of(8))


def chain(**fields: Any) -> StructuredHingeLoss:
    return StructuredHingeLoss(id="loss", inputs=("scores", "label"), **fields)


COSTS = ((0, 1, 4), (1, 0, 1), (4, 1, 0))


def brute_force(f: Array, y: Array, moves: Array, costs: Array) -> float:
    """The loss of one chain, over all chains that there are."""

    def score(path: tuple[int, ...]) -> float:
        steps = sum(f[t, c] for t, c in enumerate(path))
        return float(steps + sum(moves[a, b] for a, b in pairwise(path)))

    true = tuple(int(c) for c in y)
    others = (path for path in product(range(f.shape[1]), repeat=len(f)) if path != true)
    worst = max(sum(costs[a, b] for a, b in zip(true, p, strict=True)) + score(p) for p in others)
    return max(0.0, worst - score(true))


@pytest.mark.parametrize("given", [None, COSTS])
def test_I08_the_loss_of_a_chain_equals_brute_force(given: Any) -> None:
    rng = np.random.default_rng(0)
    f, y = 2 * rng.standard_normal((30, 4, 3)), rng.integers(0, 3, (30, 4))
    moves = rng.standard_normal((3, 3))
    costs = np.array(COSTS, float) if given is not None else 1 - np.eye(3)
    # Half of the chains are scored well, so that some keep their margin.
    f[::2] += 12 * np.eye(3)[y[::2]]
    losses = chain(costs=given).forward((f, y), {"transitions": moves}, Mode()).y
    expected = [brute_force(f[n], y[n], moves, costs) for n in range(30)]
    np.testing.assert_allclose(losses, expected, atol=1e-12)
    assert 0 in expected
    assert max(expected) > 1


def test_I08_the_answer_is_the_best_chain_of_all() -> None:
    rng = np.random.default_rng(1)
    f, moves = rng.standard_normal((20, 4, 3)), 2 * rng.standard_normal((3, 3))
    chains = list(product(range(3), repeat=4))
    scores = [
        [f[n, range(4), c].sum() + sum(moves[a, b] for a, b in pairwise(c)) for c in chains]
        for n in range(20)
    ]
    expected = [list(chains[best]) for best in np.argmax(scores, axis=1)]
    answers = chain().answers(f, {"transitions": moves})
    assert answers.tolist() == expected
    # The transitions matter: the best class of each step alone is another chain.
    assert (answers != f.argmax(axis=2)).any()


def test_I08_of_two_classes_it_is_the_hinge() -> None:
    scores, label = np.random.default_rng(0).standard_normal((20, 2)), np.arange(20) % 2
    one, gradient = loss_and_gradient(chain(margin=1.5), scores, label)
    two, expected = loss_and_gradient(hinge(margin=1.5), scores, label)
    np.testing.assert_allclose(one, two, rtol=1e-12)
    np.testing.assert_array_equal(gradient, expected)


def test_I08_a_dear_mistake_needs_a_wider_margin() -> None:
    scores, label = [[3.0, 1.5, 0.5]], [0]
    loss, dscores = loss_and_gradient(chain(costs=COSTS), scores, label)
    assert loss.tolist() == [0.5 + 4 - 3]
    assert dscores.tolist() == [[-1, 0, 1]]


@pytest.mark.parametrize(
    ("layer", "scores", "label", "code"),
    [
        (chain(), (4, 3), TensorSpec((5,), "int", 3), "scores-per-class"),
        (chain(costs=COSTS), (4,), TensorSpec((), "int", 4), "class-weights"),
        (chain(), (3,), TensorSpec((3,)), "label-expected"),
        (chain(), (2, 2, 3), TensorSpec((2, 2), "int", 3), "rank"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    layer: StructuredHingeLoss, scores: tuple[int, ...], label: TensorSpec, code: str
) -> None:
    with pytest.raises(ShapeError) as caught:
        layer.infer(TensorSpec(scores), label)
    assert caught.value.code == code
