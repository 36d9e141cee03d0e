from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from graphspec import zoo
from graphspec.layers.base import Layer
from graphspec.layers.catalog import BY_KIND, KINDS, LayerSpec
from graphspec.layers.relu import Relu

ADAPTER: TypeAdapter[Layer] = TypeAdapter(LayerSpec)


def test_opening_a_model_imports_the_layers_that_it_uses():
    code = (
        "import json, sys, graphspec\n"
        "graphspec.zoo.load('mlp')\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('graphspec.layers.')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.rpartition(".")[2] for name in json.loads(done.stdout)} & set(KINDS)
    assert imported == {layer.kind for layer in zoo.load("mlp").layers}


def test_a_layer_stands_for_itself():
    relu = Relu(id="a", inputs=("x",))
    assert ADAPTER.validate_python(relu) is relu


def test_a_layer_that_is_not_in_the_catalog_is_refused():
    class Strange(Relu):
        pass

    with pytest.raises(ValidationError):
        ADAPTER.validate_python(Strange(id="a", inputs=("x",)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"id": "a", "inputs": []}, "union_tag_not_found"),
        ({"id": "a", "kind": "rleu"}, "union_tag_invalid"),
        ({"id": "a", "kind": ["relu"]}, "union_tag_invalid"),
        (3, "model_attributes_type"),
    ],
)
def test_errors_are_those_of_a_union(value, expected):
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python(value)
    assert [item["type"] for item in caught.value.errors()] == [expected]


def test_the_error_of_a_field_has_its_place():
    with pytest.raises(ValidationError) as caught:
        ADAPTER.validate_python({"id": "a", "kind": "scale", "inputs": ("x",), "factor": "two"})
    assert [item["loc"] for item in caught.value.errors()] == [("factor",)]


def test_the_catalog_is_a_mapping_of_all_kinds():
    assert tuple(BY_KIND) == KINDS
    assert "rleu" not in BY_KIND
    with pytest.raises(KeyError):
        BY_KIND["rleu"]
