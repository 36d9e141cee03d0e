from __future__ import annotations

import json
from typing import Any

import pytest

from graphspec.document import loads
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec

IMAGE = {"image": {"shape": [4]}, "label": {"classes": 3}}


def read(layers: list[dict[str, Any]], inputs: dict[str, Any] = IMAGE) -> GraphSpec:
    return loads(json.dumps({"format": "graphspec/1", "inputs": inputs, "layers": layers}))


def ambiguity(layers: list[dict[str, Any]], inputs: dict[str, Any] = IMAGE) -> str:
    with pytest.raises(SpecError) as caught:
        read(layers, inputs)
    (problem,) = caught.value.problems
    assert problem.code == "inputs-ambiguous"
    assert problem.path == ("layers", len(layers) - 1, "inputs")
    return problem.message


FC = {"id": "fc", "kind": "linear", "units": 3}
RELU = {"id": "relu", "kind": "relu"}
LOSS = {"id": "loss", "kind": "softmax_loss"}


def test_the_layer_above_the_first_input_and_the_label() -> None:
    spec = read([RELU, FC, LOSS])
    assert [layer.inputs for layer in spec.layers] == [("image",), ("relu",), ("fc", "label")]


def test_the_output_is_the_last_layer_that_is_no_loss() -> None:
    assert read([RELU, FC, LOSS]).outputs == ("fc",)
    assert read([]).outputs == ()


def test_what_is_written_stays() -> None:
    spec = read([FC, {**RELU, "inputs": ["image"]}, {**LOSS, "inputs": []}])
    assert [layer.inputs for layer in spec.layers] == [("image",), ("image",), ()]


def test_a_layer_below_an_unknown_one_still_reads_it() -> None:
    with pytest.raises(SpecError) as caught:
        read([{"id": "a", "kind": "rellu"}, FC])
    assert [problem.code for problem in caught.value.problems] == ["unknown-kind"]


def test_a_label_that_could_be_either_is_not_guessed() -> None:
    two = {**IMAGE, "other": {"classes": 2}}
    assert "label, other" in ambiguity([FC, LOSS], two)
    assert "none" in ambiguity([FC, LOSS], {"image": {"shape": [4]}})


def test_nothing_is_read_from_a_loss() -> None:
    assert "loss" in ambiguity([FC, LOSS, RELU])


def test_nothing_above() -> None:
    assert "nothing above" in ambiguity([FC], {})


def test_a_regression_reads_the_only_other_array_as_its_target() -> None:
    inputs = {"x": {"shape": [4]}, "target": {"shape": [3]}}
    spec = read([FC, {"id": "loss", "kind": "l2_loss"}], inputs)
    assert spec.by_id["loss"].inputs == ("fc", "target")
    assert "none" in ambiguity([FC, {"id": "loss", "kind": "l2_loss"}], {"x": {"shape": [4]}})


def test_layers_that_join_are_not_guessed() -> None:
    assert "which" in ambiguity([RELU, FC, {"id": "join", "kind": "add"}])
