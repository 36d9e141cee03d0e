from __future__ import annotations

import json

import numpy as np
import pytest

from graphspec import zoo
from graphspec.document import loads
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.summary import Field, Summary, summarise


def stack(*layers: dict[str, object], shape: tuple[int, ...] = (3, 32, 32)) -> GraphSpec:
    document = {
        "format": "graphspec/1",
        "inputs": {"image": {"shape": list(shape)}},
        "layers": [{"id": f"l{i}", **layer} for i, layer in enumerate(layers, 1)],
    }
    return loads(json.dumps(document))


CONV3 = {"kind": "conv2d", "filters": 8, "kernel": 3, "pad": 1}
POOL2 = {"kind": "max_pool2d", "kernel": 2}


def fields(summary: Summary) -> list[Field | None]:
    return [row.field for row in summary.rows]


def test_a_row_counts_what_a_layer_costs() -> None:
    row, relu, fc = summarise(
        stack({**CONV3, "kernel": 5, "pad": 2}, {"kind": "relu"}, {"kind": "linear", "units": 10})
    ).rows
    # CS231n notes, Convolutional Networks: 5·5·3 weights and a bias for each filter.
    assert (row.id, row.kind, row.output.shape) == ("l1", "conv2d", (8, 32, 32))
    assert row.params == 8 * (5 * 5 * 3 + 1)
    assert row.macs == 8 * 32 * 32 * 5 * 5 * 3
    assert row.activation_bytes == 4 * 8 * 32 * 32
    assert (relu.params, relu.macs, relu.activation_bytes) == (0, 0, 4 * 8 * 32 * 32)
    assert (fc.params, fc.macs) == (8 * 32 * 32 * 10 + 10, 8 * 32 * 32 * 10)


def test_the_totals_are_sums() -> None:
    summary = summarise(zoo.build("lenet5"))
    totals = summary.to_json()["totals"]
    for key in ("params", "macs", "activation_bytes", "statistics"):
        assert totals[key] == sum(row[key] for row in summary.to_json()["layers"])
    assert totals["params"] == 61_706
    assert totals["param_bytes"] == 4 * 61_706


def test_vgg16_keeps_what_the_notes_count() -> None:
    # CS231n notes, VGGNet in detail: 224·224·64 = 3.2M numbers after each of the first layers.
    rows = {row.id: row for row in summarise(zoo.build("vgg16")).rows}
    assert rows["stage1.conv1"].activation_bytes == 4 * 224 * 224 * 64
    assert rows["fc6"].params == 7 * 7 * 512 * 4096 + 4096
    assert rows["stage5.pool"].output.shape == (512, 7, 7)


def test_running_statistics_are_counted_apart() -> None:
    summary = summarise(stack(CONV3, {"kind": "batch_norm"}))
    norm = summary.rows[1]
    assert (norm.params, norm.statistics) == (16, 16)
    assert summary.params == 8 * (27 + 1) + 16


def test_three_layers_of_3x3_see_7x7() -> None:
    # CS231n notes, Convolutional Networks, layer patterns.
    sizes = [field.size for field in fields(summarise(stack(CONV3, CONV3, CONV3))) if field]
    assert sizes == [(3, 3), (5, 5), (7, 7)]


def test_strides_multiply_and_dilation_spreads() -> None:
    spec = stack(
        CONV3, POOL2, {**CONV3, "dilation": 2, "pad": 2}, {**CONV3, "kernel": [3, 1], "pad": [1, 0]}
    )
    assert fields(summarise(spec)) == [
        Field((3, 3), (1, 1), (-1, -1)),
        Field((4, 4), (2, 2), (-1, -1)),
        Field((4 + 4 * 2, 12), (2, 2), (-5, -5)),
        Field((12 + 2 * 2, 12), (2, 2), (-7, -5)),
    ]


def test_lenet_sees_16_pixels_of_an_image() -> None:
    rows = {row.id: row for row in summarise(zoo.build("lenet5")).rows}
    assert rows["pool2"].field == Field((16, 16), (4, 4), (-2, -2))


@pytest.mark.parametrize(("name", "size"), [("vgg16", 212), ("resnet18", 435), ("resnet50", 427)])
def test_published_receptive_fields(name: str, size: int) -> None:
    # Araujo, Norris and Sim 2019, Computing Receptive Fields of Convolutional Neural Networks.
    last = [row.field for row in summarise(zoo.build(name)).rows if row.field][-1]
    assert last.size == (size, size)


def test_the_largest_branch_counts() -> None:
    wide = {**CONV3, "filters": 3, "kernel": 5, "pad": 2}
    spec = stack(wide, {"kind": "add", "inputs": ["l1", "image"]})
    rows = {row.id: row for row in summarise(spec).rows}
    assert rows["l2"].field == Field((5, 5), (1, 1), (-2, -2))


def test_the_box_is_the_pixels_that_change_the_output() -> None:
    spec = stack(
        {**CONV3, "pad": [2, 0, 1, 1], "bias": False},
        {"kind": "avg_pool2d", "kernel": 2, "rounding": "floor"},
        {**CONV3, "kernel": [2, 3], "pad": 0, "dilation": [1, 2]},
        shape=(1, 17, 20),
    ).model_copy(update={"outputs": ("l3",)})
    field = summarise(spec).rows[2].field
    executable = NumpyEngine("float64").load(compile_graph(spec), seed=0)

    def run(image: np.ndarray) -> np.ndarray:
        return executable.run({"image": image}).values["l3"].sum(axis=1)

    pixels = np.eye(17 * 20).reshape(-1, 1, 17, 20)
    changed = run(pixels) != run(np.zeros((1, 1, 17, 20)))
    rows, columns = changed.shape[1:]
    assert rows > 2
    assert field is not None
    for row, column in np.ndindex(rows, columns):
        seen = changed[:, row, column].reshape(17, 20)
        top, left, bottom, right = field.box(row, column, (17, 20))
        assert seen[[top, bottom - 1]].any(axis=1).all()
        assert seen[:, [left, right - 1]].any(axis=0).all()
        seen[top:bottom, left:right] = False
        assert not seen.any()


def test_what_sees_everything_or_no_image_has_no_field() -> None:
    spec = stack(CONV3, {"kind": "linear", "units": 4}, {"kind": "relu"})
    assert fields(summarise(spec))[1:] == [None, None]
    assert fields(summarise(stack({"kind": "relu"}, shape=(5,)))) == [None]


def test_layers_that_no_output_needs_are_listed_too() -> None:
    spec = stack(CONV3, POOL2)
    spec = spec.model_copy(update={"outputs": ("l1",)})
    assert [row.id for row in summarise(spec).rows] == ["l1", "l2"]


def test_it_is_json() -> None:
    table = summarise(zoo.build("resnet18")).to_json()
    assert json.loads(json.dumps(table)) == table
    assert table["layers"][0] == {
        "id": "stem.conv",
        "kind": "conv2d",
        "shape": [64, 112, 112],
        "params": 9408,
        "statistics": 0,
        "macs": 118_013_952,
        "activation_bytes": 3_211_264,
        "receptive_field": [7, 7],
        "jump": [2, 2],
        "chance_loss": None,
    }
    assert table["layers"][-1]["chance_loss"] == pytest.approx(np.log(1000))


def test_a_graph_with_problems_is_refused() -> None:
    with pytest.raises(SpecError):
        summarise(stack({**CONV3, "stride": 2, "pad": 0, "kernel": 5}))


@pytest.mark.parametrize(
    ("sizes", "neurons", "weights", "biases"), [((3, 4, 2), 6, 20, 6), ((3, 4, 4, 1), 9, 32, 9)]
)
def test_E13_neurons_and_parameters_are_counted(
    sizes: tuple[int, ...], neurons: int, weights: int, biases: int
) -> None:
    layers = [{"kind": "linear", "units": units} for units in sizes[1:]]
    counted = summarise(stack(*layers, shape=sizes[:1]))
    assert sum(row.output.size for row in counted.rows) == neurons
    assert counted.params == weights + biases
    without = [{**layer, "bias": False} for layer in layers]
    assert summarise(stack(*without, shape=sizes[:1])).params == weights
