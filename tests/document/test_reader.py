from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphspec.document import load, loads
from graphspec.errors import Problem, SpecError

GOOD: dict[str, Any] = {
    "format": "graphspec/1",
    "name": "two_layer",
    "inputs": {"image": {"shape": [1, 8, 8]}, "label": {"classes": 10}},
    "layers": [
        {"id": "fc1", "kind": "linear", "units": 32, "inputs": ["image"]},
        {"id": "relu1", "kind": "relu", "inputs": ["fc1"]},
        {"id": "scores", "kind": "linear", "units": 10, "inputs": ["relu1"]},
        {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]},
    ],
    "outputs": ["scores"],
    "training": {"data": "digits", "update": {"kind": "sgd", "rate": 0.1}},
    "layout": {"fc1": [10, 20.5]},
}


def changed(path: str, value: Any) -> str:
    """GOOD as text, with the value at a path replaced, added, or (given ``...``) removed."""
    document = json.loads(json.dumps(GOOD))
    *way, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    holder = document
    for step in way:
        holder = holder[step]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return json.dumps(document, indent=1)


def problems(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        loads(text)
    return caught.value.problems


def test_a_good_document() -> None:
    spec = loads(json.dumps(GOOD))
    assert [layer.id for layer in spec.layers] == ["fc1", "relu1", "scores", "loss"]
    assert spec.input_by_id["image"].shape == (1, 8, 8)
    assert spec.layout == (("fc1", (10.0, 20.5)),)


@pytest.mark.parametrize(
    ("path", "value", "code", "place", "words"),
    [
        ("format", ..., "format-missing", "", "graphspec/1"),
        ("format", "graphspec/2", "format-newer", "format", "Update graphspec"),
        ("format", "graphspec/01", "format-unknown", "format", "graphspec/1"),
        ("format", "graphspec/x", "format-unknown", "format", "graphspec/1"),
        ("format", "other/1", "format-unknown", "format", "graphspec/1"),
        ("format", 1, "format-unknown", "format", "graphspec/1"),
        ("inputs", ..., "missing-key", "inputs", "What comes in"),
        ("layers", ..., "missing-key", "layers", "nodes"),
        ("layer", [], "unknown-key", "layer", 'Did you mean "layers"?'),
        ("$schema", 3, "wrong-type", "$schema", "text"),
        ("inputs", 3, "wrong-type", "inputs", "an object"),
        ("layers", {}, "wrong-type", "layers", "a list"),
        ("layers/1", [], "wrong-type", "layers/1", "an object"),
        ("layers/1", 3, "wrong-type", "layers/1", "an object"),
        ("inputs/image/shape", "8", "wrong-type", "inputs/image/shape", "a list"),
        ("inputs/image/shape/1", 0, "out-of-range", "inputs/image/shape/1", "above 0"),
        ("inputs/image/shape/1", 2.0, "wrong-type", "inputs/image/shape/1", "whole number"),
        ("inputs/image/shape/1", "1_0", "wrong-type", "inputs/image/shape/1", "whole number"),
        ("inputs/image/shape", [1] * 9, "wrong-length", "inputs/image/shape", "at most 8"),
        ("inputs/image/shap", [1], "unknown-key", "inputs/image/shap", 'Did you mean "shape"?'),
        ("inputs/x", {}, "invalid-value", "inputs/x", '"shape"'),
        ("inputs/a b", {"classes": 2}, "bad-name", "inputs/a b", "starts with a letter"),
        ("inputs/image/id", "x", "invalid-value", "inputs", 'remove "id"'),
        ("layers/0/unit", 5, "unknown-key", "layers/0/unit", 'Did you mean "units"?'),
        ("layers/0/zebra", 5, "unknown-key", "layers/0/zebra", "It takes id, inputs, kind, units"),
        ("layers/0/units", ..., "missing-key", "layers/0/units", "number of outputs"),
        ("layers/0/units", True, "wrong-type", "layers/0/units", "whole number above 0"),
        ("layers/0/units", "32", "wrong-type", "layers/0/units", 'not "32"'),
        ("layers/0/units", 32.0, "wrong-type", "layers/0/units", "whole number"),
        ("layers/0/units", -1, "out-of-range", "layers/0/units", "above 0"),
        ("layers/0/units", 2**40, "out-of-range", "layers/0/units", "at most 2,147,483,647"),
        ("layers/0/bias", 1, "wrong-type", "layers/0/bias", "true or false"),
        ("layers/0/kind", ..., "missing-key", "layers/0/kind", '"softmax_loss"'),
        ("layers/0/kind", "liner", "unknown-kind", "layers/0/kind", 'Did you mean "linear"?'),
        ("layers/0/kind", "Linear", "unknown-kind", "layers/0/kind", 'Did you mean "linear"?'),
        ("layers/0/kind", 3, "unknown-kind", "layers/0/kind", "There are "),
        ("layers/0/kind", "os.system", "unknown-kind", "layers/0/kind", "There are "),
        ("layers/0/id", ..., "missing-key", "layers/0/id", "name of this layer"),
        ("layers/0/id", "a b", "bad-name", "layers/0/id", "starts with a letter"),
        ("layers/0/id", "a" * 201, "too-long", "layers/0/id", "200"),
        ("layers/0/id", "../x", "bad-name", "layers/0/id", "starts with a letter"),
        ("layers/0/inputs", "image", "wrong-type", "layers/0/inputs", "a list"),
        ("layers/0/inputs/0", 1, "wrong-type", "layers/0/inputs/0", "a text"),
        ("layers/0/init", {"kind": "norml"}, "unknown-kind", "layers/0/init/kind", '"normal"?'),
        ("layers/0/init", {}, "missing-key", "layers/0/init/kind", '"zeros"'),
        ("layers/0/init", 3, "wrong-type", "layers/0/init", "object"),
        ("training/batch", 0, "out-of-range", "training/batch", "above 0"),
        ("training/batsh", 1, "unknown-key", "training/batsh", 'Did you mean "batch"?'),
        ("training/dtype", "float23", "unknown-value", "training/dtype", '"float32"?'),
        (
            "training/split",
            {"validation": "x"},
            "wrong-type",
            "training/split/validation",
            "number",
        ),
        ("training/update/kind", "sdg", "unknown-kind", "training/update/kind", '"sgd"?'),
        ("training/update/rate", "x", "wrong-type", "training/update/rate", "a number"),
        ("training/update/rte", 1, "unknown-key", "training/update/rte", 'Did you mean "rate"?'),
        ("layout/fc1", [1], "wrong-length", "layout/fc1", "a list of 2"),
        ("layout/fc1", [1, 2, 3], "wrong-length", "layout/fc1", "a list of 2"),
        ("layout/fc1", ["1", 2], "wrong-type", "layout/fc1/0", "a number"),
        ("layout/a b", [1, 2], "bad-name", "layout/a b", "starts with a letter"),
        ("name", "x" * 201, "too-long", "name", "200"),
        ("outputs", ["a", None], "wrong-type", "outputs/1", "a text"),
    ],
)
def test_each_fault_has_a_code_a_place_and_advice(
    path: str, value: Any, code: str, place: str, words: str
) -> None:
    text = changed(path, value)
    (problem,) = problems(text)
    way = tuple(int(step) if step.isdecimal() else step for step in place.split("/") if step)
    assert (problem.code, problem.path) == (code, way)
    assert words in problem.message
    assert problem.line is not None
    if way and code not in ("missing-key",) and isinstance(way[-1], str):
        assert f'"{way[-1]}"' in text.split("\n")[problem.line - 1]
    if way[:1] == ("layers",) and way[1:2] == (0,) and way[2:] not in (("id",), ()):
        assert problem.layer == "fc1"


@pytest.mark.parametrize(
    ("change", "code", "place", "words"),
    [
        ({"pad": "smae"}, "invalid-value", ("pad",), 'Did you mean "same"?'),
        ({"pad": [1, 2, 3]}, "invalid-value", ("pad",), "[1, 2, 3]"),
        ({"kernel": 0}, "invalid-value", ("kernel",), "above 0"),
        ({"groups": 3}, "invalid-value", (), "4 filters"),
        ({"filters": 0, "groups": 1}, "out-of-range", ("filters",), "above 0"),
        ({"conv2d": 1}, "unknown-key", ("conv2d",), "It takes"),
        ({"rounding": "flor"}, "unknown-value", ("rounding",), 'Did you mean "floor"?'),
    ],
)
def test_fields_of_a_convolution(
    change: dict[str, Any], code: str, place: tuple[str, ...], words: str
) -> None:
    layer = {"id": "conv", "kind": "conv2d", "filters": 4, "kernel": 3, **change}
    (problem,) = problems(changed("layers/0", layer))
    assert (problem.code, problem.path) == (code, ("layers", 0, *place))
    assert words in problem.message
    assert problem.layer == "conv"


def test_settings_that_contradict_each_other() -> None:
    training = {"split": {"validation": 0}, "early_stopping": {}}
    (problem,) = problems(changed("training", training))
    assert (problem.code, problem.path) == ("invalid-value", ("training",))
    assert "split.validation" in problem.message


def test_all_problems_come_at_once_and_in_place() -> None:
    text = changed("layers/0/units", "32").replace('"softmax_loss"', '"softmaxloss"')
    text = text.replace('"rate": 0.1', '"rate": NaN, "momentun": 0.9').replace("20.5", '"20.5"')
    found = [(problem.code, problem.path) for problem in problems(text)]
    assert found == [
        ("not-a-number", ("training", "update", "rate")),
        ("wrong-type", ("layers", 0, "units")),
        ("unknown-kind", ("layers", 3, "kind")),
        ("unknown-key", ("training", "update", "momentun")),
        ("wrong-type", ("layout", "fc1", 1)),
    ]


def test_the_column_is_that_of_the_value_and_of_an_unknown_key_that_of_the_key() -> None:
    line = '{"format": "graphspec/1", "inputs": {}, "layers": [], "name": 3, "nme": 4}'
    places = {problem.code: problem.column for problem in problems(line)}
    assert places == {"wrong-type": line.index("3,") + 1, "unknown-key": line.index('"nme"') + 1}


def test_a_thousand_faults_are_cut_to_a_hundred() -> None:
    document = {**GOOD, "layers": [{"id": "a b", "kind": "relu", "inputs": []}] * 1000}
    found = problems(json.dumps(document))
    assert len(found) == 101
    assert found[-1].code == "more-problems"


def test_too_many_layers() -> None:
    layer = {"id": "a", "kind": "relu"}
    (problem,) = problems(json.dumps({**GOOD, "layers": [layer] * 10_001}))
    assert problem.code == "too-many-layers"


def test_a_document_that_is_not_an_object() -> None:
    assert problems("[]")[0].code == "wrong-type"


def test_the_address_of_a_schema_is_ignored() -> None:
    assert loads(changed("$schema", "docs/schema/graphspec-1.json")) == loads(json.dumps(GOOD))


def test_the_source_is_named_with_the_error(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text("{", "utf-8")
    with pytest.raises(SpecError) as caught:
        load(file)
    assert caught.value.__notes__ == [f"in {file}"]


@pytest.mark.parametrize("name", ["missing.json", ".", "nul\0byte"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path / name)
    assert caught.value.problems[0].code == "unreadable"
