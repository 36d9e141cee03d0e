"""Rules of the whole loss on functions whose minimum is known, and against PyTorch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from graphspec.errors import SizeError, SpecError
from graphspec.recipe.rules.catalog import WHOLE_RULES
from graphspec.recipe.rules.lbfgs import Lbfgs, direction
from graphspec.recipe.rules.line_search import ENOUGH, FLATTER, Place, strong_wolfe
from graphspec.recipe.rules.local_search import LocalSearch
from graphspec.recipe.rules.newton import Newton
from graphspec.recipe.rules.random_search import RandomSearch
from graphspec.recipe.rules.whole import WholeRule

Array = npt.NDArray[np.float64]


class Function:
    """A function with its gradient, which counts how often it is asked."""

    def __init__(self, both: Callable[[Array], tuple[float, Array]]) -> None:
        self.both, self.asked, self.dtype = both, 0, np.dtype(np.float64)

    def loss(self, w: Array) -> float:
        return self.gradient(w)[0]

    def gradient(self, w: Array) -> tuple[float, Array]:
        self.asked += 1
        loss, dw = self.both(w)
        return float(loss), dw


def rosenbrock(w: Array) -> tuple[float, Array]:
    a, b = w
    dw = np.array([2 * (a - 1) - 400 * a * (b - a * a), 200 * (b - a * a)])
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, dw


def quadratic(n: int, seed: int = 0) -> tuple[Function, Array]:
    """½ wᵀAw − bᵀw with a positive definite A, and where it is lowest."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
    a, b = turn @ np.diag(np.linspace(0.5, 5, n)) @ turn.T, rng.normal(size=n)
    return Function(lambda w: (0.5 * w @ a @ w - b @ w, a @ w - b)), np.linalg.solve(a, b)


def walk(rule: WholeRule, function: Function, w: Array, steps: int) -> list[Array]:
    memory: dict[str, Array] = {}
    rng = np.random.default_rng(7)
    path = [w]
    for _ in range(steps):
        path.append(rule.minimise(function, path[-1], memory, rate=rule.rate, rng=rng))
    return path


@pytest.mark.parametrize("kind", WHOLE_RULES)
def test_rules_go_downhill_and_leave_what_they_are_given(kind: type[WholeRule]) -> None:
    function, _ = quadratic(4)
    start = np.full(4, 2.0)
    path = walk(kind(rate=0.5), function, start, 30)
    assert (start == 2).all()
    losses = [function.loss(w) for w in path]
    assert losses[-1] < losses[0]
    assert max(np.diff(losses)) <= 1e-12
    assert all(w.dtype == np.float64 and w.shape == (4,) for w in path)


@pytest.mark.parametrize("n", [1, 8])
def test_M07_newton_solves_a_quadratic_in_one_step(n: int) -> None:
    function, lowest = quadratic(n)
    _, found = walk(Newton(), function, np.random.default_rng(1).normal(size=n), 1)
    np.testing.assert_allclose(found, lowest, rtol=0, atol=1e-10)


def test_M07_newton_converges_quadratically() -> None:
    # log cosh has a third derivative, so that one step is not enough and errors square.
    function = Function(lambda w: (np.log(np.cosh(w - 1)).sum(), np.tanh(w - 1)))
    errors = [abs(float(w[0]) - 1) for w in walk(Newton(), function, np.array([1.5]), 4)]
    assert all(after < before**2 for before, after in itertools.pairwise(errors))
    assert errors[-1] < 1e-12


def test_M07_a_damped_step_is_the_solution_of_h_plus_delta() -> None:
    a = np.array([[2.0, 0.5], [0.5, 1.0]])
    function = Function(lambda w: (0.5 * w @ a @ w, a @ w))
    w = np.array([1.0, -3.0])
    _, found = walk(Newton(damping=0.7, rate=0.5), function, w, 1)
    expected = w - 0.5 * np.linalg.solve(a + 0.7 * np.eye(2), a @ w)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_M07_a_million_weights_are_refused_before_anything_is_allocated() -> None:
    function = Function(lambda w: (0.0, w))
    function.dtype = np.dtype(np.float32)
    with pytest.raises(SizeError, match=r"1,000,000² × 4 bytes = 3,725 GiB.*lbfgs"):
        walk(Newton(), function, np.zeros(1_000_000), 1)
    assert function.asked == 0


def test_M07_a_flat_direction_is_told_and_damping_helps() -> None:
    function = Function(lambda w: (0.5 * w.sum() ** 2, np.full(2, w.sum())))
    with pytest.raises(SpecError, match=r"singular.*damping"):
        walk(Newton(), function, np.array([1.0, 2.0]), 1)
    path = walk(Newton(damping=0.01), function, np.array([1.0, 2.0]), 3)
    assert function.loss(path[-1]) < 1e-6


@pytest.mark.parametrize("history", [1, 5, 10])
def test_M08_lbfgs_solves_rosenbrock_in_less_than_a_hundred_iterations(history: int) -> None:
    function = Function(rosenbrock)
    path = walk(Lbfgs(history=history), function, np.array([-1.2, 1.0]), 99)
    assert np.abs(path[-1] - 1).max() < 1e-6
    assert max(np.diff([function.loss(w) for w in path])) <= 0
    reached = next(i for i, w in enumerate(path) if np.abs(w - 1).max() < 1e-6)
    assert reached < 60


@pytest.mark.parametrize("history", [2, 7])
def test_M08_the_recursion_is_that_of_pytorch(history: int) -> None:
    """With steps of a fixed length, so that the directions are compared and no line search."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(9, 5)), rng.normal(size=9)
    w, rate = rng.normal(size=5), 0.2
    theirs = torch.nn.Parameter(torch.tensor(w))
    optimiser = torch.optim.LBFGS(
        [theirs], lr=rate, max_iter=1, history_size=history, tolerance_change=0, tolerance_grad=0
    )

    def closure() -> Any:
        optimiser.zero_grad()
        loss = torch.log(torch.cosh(torch.tensor(a) @ theirs - torch.tensor(b))).sum()
        loss.backward()
        return loss

    s, y = np.empty((0, 5)), np.empty((0, 5))
    dw = a.T @ np.tanh(a @ w - b)
    for step in range(25):
        t = rate * min(1.0, 1 / np.abs(dw).sum()) if step == 0 else rate
        moved = t * direction(s, y, dw)
        w = w + moved
        after = a.T @ np.tanh(a @ w - b)
        s, y = np.vstack([s, moved])[-history:], np.vstack([y, after - dw])[-history:]
        dw = after
        optimiser.step(closure)
        np.testing.assert_allclose(w, theirs.detach().numpy(), atol=1e-10)


def test_M08_the_end_is_that_of_pytorch_with_its_line_search() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    optimiser = torch.optim.LBFGS(
        [theirs], lr=1.0, max_iter=60, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure() -> Any:
        optimiser.zero_grad()
        loss = (1 - theirs[0]) ** 2 + 100 * (theirs[1] - theirs[0] ** 2) ** 2
        loss.backward()
        return loss

    optimiser.step(closure)
    function = Function(rosenbrock)
    path = walk(Lbfgs(), function, np.array([-1.2, 1.0]), 60)
    np.testing.assert_allclose(path[-1], theirs.detach().numpy(), atol=1e-5)


def test_M08_at_the_minimum_the_weights_stay() -> None:
    function, lowest = quadratic(5)
    path = walk(Lbfgs(), function, lowest, 5)
    assert np.abs(path[-1] - lowest).max() < 1e-12
    flat = Function(lambda w: (1.0, np.zeros(3)))
    assert (walk(Lbfgs(), flat, np.ones(3), 2)[-1] == 1).all()


@pytest.mark.parametrize("first", [1e-3, 1.0, 30.0])
def test_the_line_search_ends_where_both_conditions_hold(first: float) -> None:
    def at(t: float) -> Place:
        # Falls to a minimum at t = 2 and rises steeply behind it; infinite beyond 25.
        loss = -t / (t * t + 4) if t < 25 else np.inf
        slope = (t * t - 4) / (t * t + 4) ** 2 if t < 25 else np.nan
        return Place(t, loss, np.array([slope]), slope)

    start = at(0.0)
    found = strong_wolfe(at, start, first)
    assert found is not None
    assert found.loss <= start.loss + ENOUGH * found.t * start.slope
    assert abs(found.slope) <= FLATTER * abs(start.slope)


def test_C03_the_best_so_far_never_rises_over_a_thousand_draws() -> None:
    function, _ = quadratic(6)
    losses = [function.loss(w) for w in walk(RandomSearch(rate=4.0), function, np.ones(6), 1000)]
    assert (np.diff(losses) <= 0).all()
    assert len(set(losses)) > 3


def test_C03_a_draw_does_not_depend_on_the_weights_before() -> None:
    function, _ = quadratic(6)
    rng = np.random.default_rng(5)
    drawn = 0.3 * np.random.default_rng(5).standard_normal(6)
    far = np.full(6, 1e3)
    found = RandomSearch(rate=0.3).minimise(function, far, {}, rate=0.3, rng=rng)
    np.testing.assert_array_equal(found, drawn)


def test_C04_a_step_is_taken_if_and_only_if_it_leads_down() -> None:
    function, _ = quadratic(6)
    draws = np.random.default_rng(7)
    path = walk(LocalSearch(rate=0.3), function, np.ones(6), 300)
    taken = 0
    for w, after in itertools.pairwise(path):
        tried = w + 0.3 * draws.standard_normal(6)
        down = function.loss(tried) < function.loss(w)
        np.testing.assert_array_equal(after, tried if down else w)
        taken += down
    assert 3 < taken < 297


@pytest.mark.parametrize("kind", [RandomSearch, LocalSearch])
def test_a_loss_that_is_not_a_number_is_not_lower(kind: type[WholeRule]) -> None:
    function = Function(lambda w: (1.0 if (w == 1).all() else np.nan, w))
    assert (walk(kind(), function, np.ones(3), 3)[-1] == 1).all()
