from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.document import dumps, load, loads, save
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.catalog import BY_KIND
from graphspec.recipe.config import TrainConfig
from tests.document.specs import EXAMPLES, specs

SAMPLE = """{
  "format": "graphspec/1",
  "name": "sample",
  "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
  "layers": [
    {"id": "relu1", "kind": "relu", "inputs": ["image"]},
    {"id": "fc", "kind": "linear", "units": 10, "bias": true, "init": null, "bias_init": null, "inputs": ["relu1"]},
    {"id": "loss", "kind": "logistic_loss", "inputs": ["fc", "label"]}
  ],
  "outputs": ["fc"],
  "training": null,
  "layout": {"relu1": [120.0, 80.0]}
}
"""  # noqa: E501 - a layer is one line


@given(specs())
def test_what_is_written_reads_back_the_same(spec: GraphSpec) -> None:
    text = dumps(spec)
    again = loads(text)
    assert again == spec
    assert dumps(again) == text
    assert again.content_hash == spec.content_hash


@pytest.mark.parametrize("layer", EXAMPLES, ids=lambda layer: type(layer).__name__)
def test_every_field_of_every_layer_is_written(layer: Any) -> None:
    spec = GraphSpec(inputs=(), layers=(layer,))
    (written,) = json.loads(dumps(spec))["layers"]
    assert set(written) == set(type(layer).model_fields)
    assert list(written)[:2] == ["id", "kind"]
    assert list(written)[-1] == "inputs"
    assert loads(dumps(spec)).layers == (layer,)


def test_the_canonical_text() -> None:
    assert dumps(loads(SAMPLE)) == SAMPLE


def test_a_layer_is_one_line_however_long() -> None:
    spec = GraphSpec(inputs=(), layers=tuple(EXAMPLES[:1]) * 2)
    long = spec.model_copy(
        update={
            "layers": tuple(x.model_copy(update={"inputs": ("i" * 199,) * 9}) for x in spec.layers)
        }
    )
    lines = dumps(long).splitlines()
    assert len(lines) == len(dumps(spec).splitlines())
    assert loads(dumps(long)) == long


def test_a_long_training_block_is_spread_over_lines() -> None:
    training = {"format": "graphspec/1", "inputs": {}, "layers": [], "training": {}}
    text = dumps(loads(json.dumps(training)))
    assert '\n    "batch": 64,\n' in text
    assert '\n    "update": {"kind": "sgd", ' in text


def test_saving_goes_through_a_file_and_back(tmp_path: Path) -> None:
    spec = loads(SAMPLE)
    save(spec, tmp_path / "sample.json")
    assert (tmp_path / "sample.json").read_bytes() == SAMPLE.encode()
    assert load(tmp_path / "sample.json") == spec
    assert [path.name for path in tmp_path.iterdir()] == ["sample.json"]


def test_the_hash_is_stable() -> None:
    spec = loads(
        '{"format": "graphspec/1", "name": "golden", "inputs": {"x": {"shape": [2]}},'
        ' "layers": [{"id": "r", "kind": "relu"}]}'
    )
    assert spec.content_hash == "7ee4da54809561d43d266ad1a61a1dde5e19b281e1786b30a5d8e2fc770cb6e6"


@given(specs(), st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)))
def test_the_hash_is_blind_to_the_layout(spec: GraphSpec, position: tuple[float, float]) -> None:
    moved = spec.model_copy(update={"layout": (("somewhere", position),)})
    assert loads(dumps(moved)).content_hash == spec.content_hash


@given(specs(), st.data())
def test_the_hash_sees_everything_else(spec: GraphSpec, data: st.DataObject) -> None:
    document = json.loads(dumps(spec))
    before = json.dumps(document)
    key = data.draw(st.sampled_from(["name", "inputs", "layers", "outputs", "training"]))
    if key == "layers" and document["layers"]:
        at = data.draw(st.integers(0, len(document["layers"]) - 1))
        field = data.draw(st.sampled_from(["id", "inputs", "units"]))
        layer = document["layers"][at]
        if field == "units" and "units" in layer:
            layer["units"] += 1
        elif field == "inputs":
            layer["inputs"] = [*layer["inputs"], "more"]
        else:
            layer["id"] += "x"
    elif key == "layers":
        document["layers"] = [{"id": "new", "kind": "relu", "inputs": []}]
    elif key == "name":
        document["name"] += "x"
    elif key == "inputs":
        document["inputs"]["another"] = {"classes": 5}
    elif key == "outputs":
        document["outputs"].append("more")
    elif document["training"]:
        document["training"]["seed"] += 1
    else:
        document["training"] = {}
    assert json.dumps(document) != before
    assert loads(json.dumps(document)).content_hash != spec.content_hash


def test_the_examples_cover_the_catalog() -> None:
    assert {type(layer) for layer in EXAMPLES} == set(BY_KIND.values())


@pytest.mark.parametrize("training", [{"data": "a\nb"}, {"data": "\ud800"}, {"seed": 2**70}])
def test_what_could_not_be_read_again_is_not_written(
    training: dict[str, Any], tmp_path: Path
) -> None:
    config = TrainConfig.model_construct(**{**dict(TrainConfig()), **training})
    spec = GraphSpec(inputs=(), layers=()).model_copy(update={"training": config})
    with pytest.raises(SpecError):
        save(spec, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_saving_over_a_file_keeps_its_schema_line(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    spec = loads(SAMPLE)
    path.write_text(SAMPLE.replace("{", '{\n  "$schema": "./schema.json",', 1), encoding="utf-8")
    save(load(path), path)
    assert path.read_text(encoding="utf-8") == dumps(spec, schema_address="./schema.json")
    assert '"$schema": "./schema.json"' in path.read_text(encoding="utf-8")
    assert load(path) == spec
    save(spec, tmp_path / "other.json")
    assert "$schema" not in (tmp_path / "other.json").read_text(encoding="utf-8")
