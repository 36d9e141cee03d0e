"""The estimate, held against what numpy really takes, and against sizes beyond every machine."""

from __future__ import annotations

import sys
import time
import tracemalloc
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphspec as gs
from graphspec.check import find_problems, refuse_oversize
from graphspec.check.sizes import estimate_for, physical_memory
from graphspec.engines.base import Engine, Step
from graphspec.engines.choosing import open_engine, why_not_jit, workspace_of
from graphspec.engines.numpy.engine import NumpyEngine
from graphspec.errors import SizeError
from graphspec.graph import GraphSpec
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from graphspec.memory import (
    NO_WORKSPACE,
    MemoryEstimate,
    Workspace,
    estimate,
)
from graphspec.plan import Plan, compile_graph
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.base import UpdateRule
from graphspec.recipe.rules.sgd import Sgd
from tests.bench import child

Item = tuple[str, dict[str, Any]]
RELU: Item = ("relu", {})
POOL: Item = ("max_pool2d", {"kernel": 2, "stride": 2})
NORM: Item = ("batch_norm", {})


def conv(filters: int, **fields: Any) -> Item:
    return "conv2d", {"filters": filters, "kernel": 3, "pad": 1, **fields}


def fc(units: int) -> Item:
    return "linear", {"units": units}


def network(shape: tuple[int, ...], *items: Item) -> GraphSpec:
    """A chain with a softmax loss on ten scores; ``inputs`` makes a branch."""
    layers: list[Layer] = []
    above = "image"
    for i, (kind, fields) in enumerate([*items, fc(10)]):
        values = {"inputs": (above,), **fields, "id": f"layer{i}"}
        layers.append(BY_KIND[kind].model_validate(values))
        above = layers[-1].id
    layers.append(
        BY_KIND["softmax_loss"].model_validate({"id": "loss", "inputs": (above, "label")})
    )
    inputs = (Input(id="image", shape=shape), Input(id="label", classes=10))
    return GraphSpec(inputs=inputs, layers=tuple(layers), outputs=(above,))


def engines() -> list[Engine]:
    """Both engines, as far as they can be had here."""
    if why_not_jit("float32"):
        return [NumpyEngine()]
    return [NumpyEngine(), open_engine("jit", "float32", threads=2)]


def measured(engine: Engine, plan: Plan, batch: int, rule: UpdateRule) -> int:
    """The peak of loading and two steps of training, in bytes, as Python and numpy report them."""
    image = plan.inputs["image"].shape
    tracemalloc.start()
    try:
        rng = np.random.default_rng(0)
        feeds = {
            "image": rng.random((batch, *image), dtype=np.float32),
            "label": rng.integers(0, 10, batch),
        }
        executable = engine.load(plan, seed=0)
        for i in range(2):
            executable.train_step(feeds, rule, Step(index=i, rate=1e-3))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def check_estimate(engine: Engine, plan: Plan, batch: int, rule: UpdateRule, slots: int) -> None:
    needed = estimate(plan, batch, slots=slots, workspace=engine.workspace(plan, batch))
    measured(engine, plan, batch, rule)  # what imports and compiles takes memory of its own
    seen = needed.total - needed.code
    assert 0.8 <= seen / measured(engine, plan, batch, rule) <= 1.5, engine.name


NETWORKS = {
    "linear": network((3, 32, 32)),
    "mlp": network((784,), fc(512), RELU, fc(512), RELU),
    "convnet": network((3, 32, 32), conv(16), RELU, POOL, conv(32), RELU, POOL),
    "normed": network((3, 16, 16), conv(16), NORM, RELU, conv(16), NORM, RELU, POOL),
    "wide": network((16, 14, 14), conv(48), RELU, conv(48), RELU, POOL, conv(64), RELU),
    "residual": network(
        (8, 16, 16),
        conv(8), RELU, conv(8), ("add", {"inputs": ("layer0", "layer2")}), RELU,
        ("global_avg_pool2d", {}),
    ),
    "branched": network(
        (3, 16, 16), conv(8), RELU, ("concat", {"inputs": ("layer0", "layer1")}), conv(8)
    ),
    "dropped": network((3, 16, 16), conv(8), RELU, ("flatten", {}), fc(256), ("dropout", {})),
    "without kernels": network(
        (8, 16, 16),
        conv(8), ("local_response_norm", {}), ("prelu", {}), conv(8), ("group_norm", {"groups": 2}),
        RELU, ("instance_norm", {}), POOL, ("flatten", {}), ("maxout", {"units": 64}),
    ),
    "saturating": network((64,), fc(256), ("tanh", {}), fc(256), ("sigmoid", {})),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_the_estimate_is_near_the_measured_peak(name: str) -> None:
    plan = compile_graph(NETWORKS[name])
    for engine in engines():
        for batch, rule, slots in ((16, Adam(rate=0.001), 2), (64, Sgd(rate=0.01), 0)):
            check_estimate(engine, plan, batch, rule, slots)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_the_estimate_is_near_the_measured_peak_of_random_networks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, channels = int(rng.choice([8, 16, 28, 32])), int(rng.choice([1, 3, 8]))
    items: list[Item] = []
    for _ in range(rng.integers(0, 4)):
        kernel = int(rng.choice([1, 3, 5]))
        items.append(conv(int(rng.choice([4, 8, 16, 24])), kernel=kernel, pad=kernel // 2))
        items += [NORM] * int(rng.integers(2))
        items.append((str(rng.choice(["relu", "leaky_relu", "tanh"])), {}))
        if size % 2 == 0 and rng.random() < 0.6:
            items.append(
                (str(rng.choice(["max_pool2d", "avg_pool2d"])), {"kernel": 2, "stride": 2})
            )
            size //= 2
    for _ in range(rng.integers(0, 3)):
        items += [fc(int(rng.choice([32, 100, 400]))), RELU, ("dropout", {})]
    side = int(rng.choice([8, 16, 28, 32])) if not items or items[0][0] == "linear" else 32
    plan = compile_graph(network((channels, side, side), *items))
    batch = int(rng.choice([4, 16, 50, 128]))
    for engine in engines():
        check_estimate(engine, plan, batch, Adam(rate=0.001), 2)


@pytest.mark.skipif(
    bool(why_not_jit("float32")) or sys.platform != "linux", reason="no fast engine, or no /proc"
)
@pytest.mark.parametrize(
    "name",
    [
        name if name == "W2" else pytest.param(name, marks=pytest.mark.slow)
        for name in child.NETWORKS
    ],
)
def test_the_total_is_near_what_becomes_resident(name: str) -> None:
    child.taken("ours", name)  # compiles
    make, batch = child.NETWORKS[name]
    plan = compile_graph(make())
    own = open_engine("jit", "float32", threads=child.THREADS).workspace(plan, batch)
    needed = estimate(plan, batch, slots=1, workspace=own)
    assert 0.8 <= needed.total / child.taken("ours", name) <= 1.5


def test_parts_are_counted_exactly() -> None:
    found = estimate(compile_graph(network((20,))), 5, slots=1)
    weights = (20 * 10 + 10) * 4
    assert (found.weights, found.gradients, found.update_state) == (weights, weights, weights)
    assert found.data == 5 * 20 * 4 + 5 * 8
    row = found.layers[0]
    assert (row.id, row.weights, row.activations) == ("layer0", 3 * weights, 5 * 10 * 4)
    assert found.heaviest == row


def test_running_alone_takes_less_than_training() -> None:
    plan = compile_graph(NETWORKS["convnet"])
    run, train = (estimate(plan, 64, training=training) for training in (False, True))
    assert run.total < train.total
    assert run.activations < train.activations
    assert (run.gradients, run.update_state) == (0, 0)


def test_double_precision_takes_twice_the_memory() -> None:
    plan = compile_graph(NETWORKS["normed"])
    single, double = (estimate(plan, 32, itemsize=size) for size in (4, 8))
    assert double.weights == 2 * single.weights
    assert double.activations == 2 * single.activations


@given(
    st.sampled_from(["units", "filters", "image", "batch", "chain"]),
    st.integers(2**26, 2**31 - 1),
    st.integers(2, 40),
)
def test_absurd_sizes_are_refused_at_once_and_without_allocating(
    where: str, size: int, depth: int
) -> None:
    spec = absurd(where, size, depth)
    tracemalloc.start()
    try:
        problems = find_problems(spec, budget=2**35)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    (problem,) = (problem for problem in problems if problem.is_error)
    assert problem.code == "too-much-memory"
    assert problem.layer is not None or problem.path[0] == "inputs"
    assert peak < 2 * 10**6


def absurd(where: str, size: int, depth: int) -> GraphSpec:
    if where == "units":
        return network((1000,), fc(size))
    if where == "filters":
        return network((3, 64, 64), conv(size))
    if where == "image":
        return network((size, size))
    if where == "batch":
        return network((3, 64, 64), conv(64)).model_copy(
            update={"training": TrainConfig(batch=size)}
        )
    # Each concat doubles the channels: the sizes soon have hundreds of digits.
    items: list[Item] = [conv(64)]
    items += [("concat", {"inputs": (f"layer{i}",) * 64}) for i in range(depth)]
    return network((3, 256, 256), *items)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(500))
def test_five_hundred_absurd_specs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    where = str(rng.choice(["units", "filters", "image", "batch", "chain"]))
    spec = absurd(where, int(rng.integers(2**26, 2**31)), int(rng.integers(2, 400)))
    start = time.perf_counter()
    assert {problem.code for problem in find_problems(spec) if problem.is_error} == {
        "too-much-memory"
    }
    assert time.perf_counter() - start < 1


def test_an_oversize_plan_is_refused_with_the_layer_and_the_parts() -> None:
    spec = network((3, 32, 32), conv(64), RELU).model_copy(
        update={"training": TrainConfig(batch=4096)}
    )
    plan = compile_graph(spec)
    with pytest.raises(SizeError) as error:
        refuse_oversize(spec, plan, budget=10**9)
    (problem,) = error.value.problems
    assert problem.layer == "layer0"
    for word in ("weights", "gradients", "activations", "953.7 MiB, the budget"):
        assert word in problem.message
    (fix,) = problem.fixes
    smaller = fix.apply(spec)
    refuse_oversize(smaller, plan, budget=10**9)
    assert smaller.training is not None
    doubled = smaller.training.model_copy(update={"batch": 2 * smaller.training.batch})
    with pytest.raises(SizeError):
        refuse_oversize(smaller.model_copy(update={"training": doubled}), plan, budget=10**9)


def test_the_engine_that_will_run_decides_near_the_limit() -> None:
    spec = NETWORKS["convnet"].model_copy(update={"training": TrainConfig(batch=64)})
    plan = compile_graph(spec)
    for engine in engines():
        own = partial(engine.workspace, plan)
        needed = estimate_for(spec.training, plan, own).total
        refuse_oversize(spec, plan, budget=needed, workspace=own)
        assert not find_problems(spec, budget=needed, workspace=own)
        with pytest.raises(SizeError):
            refuse_oversize(spec, plan, budget=needed - 1, workspace=own)
        (problem,) = find_problems(spec, budget=needed - 1, workspace=own)
        assert problem.code == "too-much-memory"


def test_from_python_it_is_the_engine_that_is_taken_where_none_is_named() -> None:
    spec = NETWORKS["convnet"].model_copy(update={"training": TrainConfig(batch=64)})
    needed = estimate_for(spec.training, compile_graph(spec), workspace_of(spec)).total
    assert not gs.find_problems(spec, budget=needed)
    (problem,) = gs.find_problems(spec, budget=needed - 1)
    assert problem.code == "too-much-memory"


@pytest.mark.parametrize(("share", "asked"), [(0.4, False), (0.9, True), (1.5, True), (11, False)])
def test_the_engine_is_not_asked_where_that_does_not_decide(share: float, asked: bool) -> None:
    spec = NETWORKS["convnet"].model_copy(update={"training": TrainConfig(batch=64)})
    budget = int(estimate_for(spec.training, compile_graph(spec)).total / share)
    batches = []

    def workspace(batch: int, *, training: bool) -> Workspace:
        batches.append(batch)
        return NO_WORKSPACE

    problems = find_problems(spec, budget=budget, workspace=workspace)
    assert bool(problems) == (share > 1)
    assert (64 in batches) == asked


def test_the_machine_says_how_much_it_has() -> None:
    assert 2**28 < physical_memory() < 2**50


def test_an_estimate_tells_its_parts() -> None:
    found = MemoryEstimate(1, 4000, 4000, 0, 10, 0, 0, 0, 8010, ())
    assert str(found) == "weights 3.9 KiB, gradients 3.9 KiB, activations 10 B"
