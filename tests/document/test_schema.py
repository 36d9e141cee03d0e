from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphspec.document import schema
from graphspec.layers.catalog import BY_KIND

GOLDEN = Path(__file__).parents[2] / "docs" / "schema" / "graphspec-1.json"


@pytest.fixture(scope="module")
def root() -> dict[str, Any]:
    return schema()


@pytest.fixture(scope="module")
def validator() -> Any:
    """Somebody else's reading of the schema, which says itself whether it is one."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_the_schema_in_the_docs_is_current() -> None:
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    assert GOLDEN.read_text("utf-8") == text, "run scripts/write_generated.py"


def test_it_names_its_dialect_and_what_must_be_there(root: dict[str, Any]) -> None:
    assert root["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert root["required"] == ["format", "inputs", "layers"]
    assert root["additionalProperties"] is False
    assert root["properties"]["$schema"]["type"] == "string"
    assert root["properties"]["format"]["const"] == "graphspec/1"


@pytest.mark.parametrize("kind", BY_KIND)
def test_every_kind_is_completed_with_its_docstrings(root: dict[str, Any], kind: str) -> None:
    layers = root["properties"]["layers"]["items"]
    definition = root["$defs"][layers["discriminator"]["mapping"][kind].rsplit("/", 1)[-1]]
    assert {"$ref": layers["discriminator"]["mapping"][kind]} in layers["oneOf"]
    assert definition["properties"]["kind"]["const"] == kind
    assert definition["additionalProperties"] is False
    assert {"id", "kind"} <= set(definition["required"])
    assert "inputs" not in definition["required"]
    assert definition["description"]
    assert all(field.get("description") for field in definition["properties"].values())


def test_references_lead_somewhere(root: dict[str, Any]) -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    assert {f"#/$defs/{name}" for name in root["$defs"]} == references(root)


@pytest.mark.parametrize(
    ("change", "valid"),
    [
        ({}, True),
        ({"$schema": "x"}, True),
        ({"$schema": 1}, False),
        ({"format": "graphspec/0"}, False),
        ({"nme": "x"}, False),
        ({"inputs": {"x": {"shape": [4]}, "label": {"classes": 3}}}, True),
        ({"inputs": {"x": {"id": "x", "shape": [4]}}}, False),
        ({"inputs": {"a b": {"shape": [4]}}}, False),
        ({"layers": [{"id": "a", "kind": "relu"}]}, True),
        ({"layers": [{"id": "a", "kind": "rellu"}]}, False),
        ({"layers": [{"id": "a"}]}, False),
        ({"layers": [{"id": "a", "kind": "linear", "units": 0}]}, False),
        ({"layout": {"a": [1, 2.5]}}, True),
        ({"layout": {"a": [1]}}, False),
        ({"training": {"update": {"kind": "sgd", "rate": 0.1}}}, True),
        ({"training": {"update": {"rate": 0.1}}}, False),
    ],
)
def test_an_independent_validator_agrees(
    validator: Any, change: dict[str, Any], valid: bool
) -> None:
    document = {"format": "graphspec/1", "inputs": {}, "layers": [], **change}
    assert validator.is_valid(document) == valid
