"""The table in words: every layer is there, memory is as measured, and the command shows it."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from graphspec import document, zoo
from graphspec.cli import main
from graphspec.engines.base import Step
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.explaining import explain, measure_peak
from graphspec.engines.jit.kernels.transforms import operations
from graphspec.engines.winograd import winograd
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.recipe.rules.adam import Adam
from graphspec.recipe.rules.momentum import Momentum
from tests.engines.nets import batch, network, node


def plan_of(name: str):  # type: ignore[no-untyped-def]
    return compile_graph(document.load(zoo.models_dir() / f"{name}.json"))


def test_every_layer_is_there_forward_and_backward() -> None:
    plan = plan_of("cifar_convnet")
    found = explain(plan, batch=4, threads=2, profile=True)
    for stage in ("forward", "backward"):
        seen = {layer for line in found.lines if line.stage == stage for layer in line.layers}
        assert {node.id for node in plan.nodes} <= seen
    assert all(line.seconds is not None for line in found.lines)
    assert found.passing < found.apart
    assert found.peak is not None
    shares = [line for line in found.lines if line.share is not None]
    assert any("conv2" in layer for line in shares for layer in line.layers)
    for line in shares:
        assert line.share == pytest.approx(line.flops / line.seconds / found.peak)
    json.dumps(found.to_json())


def test_the_operations_of_transforms_are_counted_as_they_are_done() -> None:
    matrices = winograd(2)
    # Each row of Bᵀ is one sum of two, on four columns and then on four rows.
    assert operations(matrices.bt) == 4 * (4 + 4)
    # Each row of Aᵀ is two sums, on four columns and then on two rows.
    assert operations(matrices.at) <= 2 * 2 * (4 + 2)
    plan = compile_graph(document.load(zoo.models_dir() / "cifar_convnet.json"))
    found = explain(plan, batch=4, threads=1, training=False)
    line = next(line for line in found.lines if "stage3.conv1" in line.layers and line.flops)
    filters = 64 * 128 * operations(winograd(4).g)
    assert line.algorithm == "transform filters"
    assert line.flops == filters


CONVOLUTIONS: list[tuple[str, int, dict[str, Any]]] = [
    ("direct", 3, {"filters": 8, "kernel": 5}),
    ("direct", 8, {"filters": 8, "kernel": 3, "stride": 2, "pad": 1, "rounding": "floor"}),
    ("direct", 12, {"filters": 24, "kernel": 3, "groups": 3, "pad": 1}),
    ("direct", 24, {"filters": 40, "kernel": 1}),
    ("depthwise", 8, {"filters": 8, "kernel": 3, "groups": 8, "pad": 1}),
    ("matrix product", 128, {"filters": 144, "kernel": 3, "stride": 4, "rounding": "floor"}),
]


def convolved(channels: int, fields: dict[str, Any]) -> GraphSpec:
    layers = [
        node("conv2d", "it", "x", **fields),
        node("linear", "scores", "it", units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), x={"shape": [channels, 12, 12]}, label={"classes": 3})


@pytest.mark.parametrize(("algorithm", "channels", "fields"), CONVOLUTIONS)
def test_the_operations_of_sums_are_those_of_their_formula(
    algorithm: str, channels: int, fields: dict[str, Any]
) -> None:
    plan = compile_graph(convolved(channels, fields))
    it = plan.by_id["it"]
    found = [line for line in explain(plan, batch=4, threads=2).lines if "it" in line.layers]
    sums = [line for line in found if line.algorithm in (algorithm, f"{algorithm} dw", "direct dw")]
    assert [line.stage for line in sums] == ["forward", "backward"]
    assert {line.flops for line in sums} == {2 * 4 * it.layer.macs(*it.sources)}


def test_the_operations_of_winograd_are_its_products_and_transforms() -> None:
    plan = compile_graph(convolved(32, {"filters": 48, "kernel": 3, "pad": 1}))
    found = explain(plan, batch=4, threads=2)
    forward = next(line for line in found.lines if line.algorithm == "Winograd F(4×4)")
    tiles, matrices = 4 * 3 * 3, winograd(4)
    transforms = 32 * operations(matrices.bt) + 48 * operations(matrices.at)
    assert forward.flops == tiles * (2 * 36 * 32 * 48 + transforms)


def through_numpy() -> GraphSpec:
    """Half of its values are those of layers without kernels."""
    layers = [
        node("conv2d", "conv", "x", filters=8, kernel=3, pad="same"),
        node("upsample2d", "larger", "conv", factor=2, mode="bilinear"),
        node("pad2d", "padded", "larger", pad=1, mode="edge"),
        node("lp_pool2d", "pool", "padded", kernel=2, stride=2),
        node("linear", "scores", "pool", units=4),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), x={"shape": [3, 24, 24]}, label={"classes": 4})


@pytest.mark.parametrize(
    "name", ["mlp", "lenet5", "tiny_convnet", "cifar_convnet", "through numpy"]
)
def test_the_memory_of_arrays_is_what_a_run_takes(name: str) -> None:
    if name == "through numpy":
        spec = through_numpy()
    else:
        spec = document.load(zoo.models_dir() / f"{name}.json")
    plan = compile_graph(spec)
    rule, size = Momentum(rate=1e-4), 16

    def train() -> int:
        tracemalloc.reset_peak()
        start, _ = tracemalloc.get_traced_memory()
        feeds = batch(spec, size, dtype="float32")
        executable = JitEngine(threads=2).load(plan, seed=0)
        for index in range(2):
            executable.train_step(feeds, rule, Step(index, 1e-4))
        return tracemalloc.get_traced_memory()[1] - start

    tracemalloc.start()
    train()  # compiles
    measured = train()
    tracemalloc.stop()
    found = explain(plan, batch=size, threads=2, rule=rule)
    assert (found.by_numpy > found.passing / 4) == (name == "through numpy")
    assert 0.8 <= (found.total - found.code) / measured <= 1.5


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("max_pool2d", {"kernel": 2}, "side by side"),
        ("max_pool2d", {"kernel": 3, "stride": 1}, "overlap"),
        ("max_pool2d", {"kernel": 6}, "6×6 is too large"),
        ("group_norm", {"groups": 4}, "2 chunks of each"),
        ("linear", {"units": 5}, "weights stay in a cache"),
        ("avg_pool2d", {"kernel": 2}, ""),
        ("global_avg_pool2d", {}, ""),
    ],
)
def test_where_there_was_a_choice_there_is_a_reason(
    kind: str, fields: dict[str, Any], why: str
) -> None:
    layers = [
        node(kind, "it", "x", **fields),
        node("linear", "scores", "it", units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    spec = network(layers, ("scores",), x={"shape": [4, 6, 6]}, label={"classes": 3})
    found = explain(compile_graph(spec), batch=2, threads=1)
    lines = {layer: line for line in reversed(found.lines) for layer in line.layers if line.flops}
    assert (why in lines["it"].why) if why else not lines["it"].why
    assert "labels are classes" in lines["loss"].why


def test_what_is_written_into_a_concatenation_says_so() -> None:
    found = explain(plan_of("squeezenet"), batch=1, threads=1, training=False)
    into = [line for line in found.lines if line.algorithm.endswith(", into fire2.join")]
    assert len(into) == 2


def test_the_update_is_part_of_a_step() -> None:
    plan, rule = plan_of("lenet5"), Adam(rate=1e-3)
    found = explain(plan, batch=2, threads=2, rule=rule, profile=True)
    update = [line for line in found.lines if line.stage == "update"]
    assert [line.operation for line in update] == ["sum_of_squares"] + ["update_adam"] * 10
    assert [line.layers for line in update[1::2]] == [
        (node.id,) for node in plan.nodes if node.params
    ]
    # A weight, its gradient, and two arrays of the rule's, of four bytes a number.
    assert update[1].bytes == 4 * 4 * 6 * 5 * 5
    assert all(line.seconds for line in found.lines)
    assert not any(
        line.stage == "update"
        for line in explain(plan, batch=2, threads=2, rule=rule, training=False).lines
    )


def test_the_peak_is_a_speed() -> None:
    assert 1e9 < measure_peak(1) < 1e13


def test_the_command_shows_the_rows(capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["explain", "mlp", "--batch", "3", "--profile", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["batch"] == 3
    assert {line["stage"] for line in said["lines"]} == {"forward", "backward", "update"}
    assert main(["explain", "lenet5", "--evaluation"]) == 0
    said = capsys.readouterr().out
    assert "conv1_relu" in said
    assert "backward" not in said


@pytest.mark.parametrize("width", [80, 160])
def test_the_rows_can_be_read_at_any_width(width: int, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["explain", "cifar_convnet", "--batch", "2"]) == 0
    said = capsys.readouterr().out.splitlines()
    # Names stand whole, on one line: no row is squeezed.
    assert any("stage1.conv2 + conv2_relu + pool" in line for line in said)
    assert any("winograd" in line and "bias_pool_then_relu" in line for line in said)
    assert any(line.rstrip().endswith("M") for line in said), "what it computes is not cut off"


def test_an_evaluation_has_no_gradients() -> None:
    found = explain(plan_of("linear_softmax"), batch=2, threads=1, training=False)
    assert found.gradients == 0
    assert {line.stage for line in found.lines} <= {"prepare", "forward"}
