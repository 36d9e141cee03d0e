"""Every rule fires on its counter-example, and none on the networks that the notes praise."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from graphspec import document, zoo
from graphspec.check import find_problems
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.lint import CODES, depth, find_advice

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {path.stem: path for path in sorted((ROOT / "tests/corpus/lint").glob("*.json"))}
SIZES = ("sizes-do-not-halve", "even-kernel", "large-kernel", "strided-convolution")
SIZES += ("padding-lost", "padding-grows", "lossy-pool")
NO_FIX = {"no-activation", "prefer-bins", "layer-count", "sizes-do-not-halve", "large-kernel"}
NO_FIX |= {"strided-convolution"}


def codes(spec: GraphSpec) -> list[str]:
    return [problem.code for problem in find_advice(spec)]


def example(code: str) -> GraphSpec:
    return document.load(EXAMPLES[code])


def with_layer(name: str, **fields: object) -> GraphSpec:
    """An example whose layer has other fields."""
    spec = json.loads(EXAMPLES[name].read_text())
    for layer in spec["layers"]:
        if layer["id"] in fields:
            layer.update(fields[layer["id"]])
    return document.loads(json.dumps(spec))


def fires_alone(code: str) -> None:
    spec = example(code)
    assert find_problems(spec) == ()
    assert set(codes(spec)) == {code}


def test_every_code_has_an_example():
    assert sorted(CODES) == sorted(EXAMPLES)
    assert len(set(CODES)) == len(CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_example_gets_that_advice_alone_and_its_fix_ends_it(code):
    fires_alone(code)
    spec = example(code)
    for problem in find_advice(spec):
        assert problem.severity == "advice"
        assert not problem.is_error
        assert bool(problem.fixes) == (code not in NO_FIX)
        for fix in problem.fixes:
            mended = fix.apply(spec)
            assert find_problems(mended) == ()
            left = [(other.code, other.layer) for other in find_advice(mended)]
            assert (code, problem.layer) not in left


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "vgg19", "resnet18", "resnet50"])
def test_the_networks_of_the_notes_get_none(name):
    assert find_advice(zoo.load(name)) == ()


@pytest.mark.parametrize("code", CODES)
def test_each_code_can_be_silenced(code):
    assert find_advice(example(code), silence=[code]) == ()


def test_a_code_that_is_unknown_is_refused():
    with pytest.raises(SpecError, match="hidden-sigmoid"):
        find_advice(example("margin"), silence=["hidden-sigmoids"])


def test_errors_come_before_advice():
    spec = with_layer("hidden-sigmoid", scores={"inputs": ["nowhere"]})
    with pytest.raises(SpecError, match="nowhere"):
        find_advice(spec)


def test_E10_a_sigmoid_in_a_hidden_layer():
    fires_alone("hidden-sigmoid")
    fires_alone("hidden-tanh")
    assert codes(with_layer("hidden-sigmoid", act={"kind": "relu"})) == []


def test_E10_a_sigmoid_that_gates_is_none_in_a_hidden_layer():
    spec = document.loads(
        json.dumps(
            {
                "format": "graphspec/1",
                "inputs": {"x": {"shape": [8]}, "label": {"classes": 3}},
                "layers": [
                    {"id": "gate", "kind": "linear", "units": 8, "inputs": ["x"]},
                    {"id": "open", "kind": "sigmoid", "inputs": ["gate"]},
                    {"id": "gated", "kind": "multiply", "inputs": ["x", "open"]},
                    {"id": "scores", "kind": "linear", "units": 3, "inputs": ["gated"]},
                    {"id": "loss", "kind": "softmax_loss", "inputs": ["scores", "label"]},
                ],
                "outputs": ["scores"],
            }
        )
    )
    assert codes(spec) == []


def test_E10_a_rate_that_kills_rectifiers():
    fires_alone("high-rate")


def test_E12_a_network_of_3_4_2_has_two_layers():
    spec = example("layer-count")
    assert depth(spec) == 2
    (problem,) = find_advice(spec)
    assert "2-layer" in problem.message
    assert problem.arithmetic == "3 ≠ 2"


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("linear_softmax", 1),
        ("two_layer_net", 2),
        ("vgg16", 16),
        ("resnet50", 50),
        ("googlenet", 22),
    ],
)
def test_E12_published_names_count_as_we_do(name, layers):
    assert depth(zoo.load(name)) == layers


@pytest.mark.parametrize("loss", ["softmax_loss", "hinge_loss"])
def test_E12_an_activation_behind_the_last_fully_connected_layer(loss):
    fires_alone("activation-before-loss")
    assert codes(with_layer("activation-before-loss", loss={"kind": loss})) == [
        "activation-before-loss"
    ]
    assert (
        codes(
            with_layer("activation-before-loss", loss={"kind": loss, "inputs": ["scores", "label"]})
        )
        == []
    )


def test_G01_hidden_weights_that_all_start_at_zero():
    fires_alone("same-start")
    # The last layer may: its units get different gradients from the loss.
    assert codes(with_layer("same-start", hidden={"init": None}, scores={"init": "zeros"})) == []


def test_G01_a_start_for_all_layers_counts_too():
    text = json.loads(EXAMPLES["same-start"].read_text())
    text["layers"][0]["init"] = None
    text["training"] = {"data": "spiral", "init": {"kind": "constant", "value": 0.1}}
    (problem,) = find_advice(document.loads(json.dumps(text)))
    assert problem.code == "same-start"
    assert [fix.label for fix in problem.fixes] == ["set training.init to null"]


def test_I07_bins_and_no_dropout_in_front_of_a_squared_loss():
    fires_alone("prefer-bins")
    fires_alone("dropout-before-l2")
    absolute = EXAMPLES["prefer-bins"].read_text().replace("l2_loss", "l1_loss")
    assert codes(document.loads(absolute)) == ["prefer-bins"]


@pytest.mark.parametrize("code", SIZES)
def test_Q11_each_rule_of_sizes_fires_on_its_counter_example(code):
    fires_alone(code)


def test_Q11_an_image_that_is_padded_first_halves_as_what_it_is_padded_to():
    text = json.loads(EXAMPLES["sizes-do-not-halve"].read_text())
    third = next(layer for layer in text["layers"] if layer["id"] == "pool3")
    third["kernel"] = 2
    del third["stride"]
    text["layers"].insert(0, {"id": "frame", "kind": "pad2d", "pad": 2})
    assert codes(document.loads(json.dumps(text))) == []


def test_Q11_none_fires_on_vgg():
    assert not set(codes(zoo.load("vgg16"))) & set(SIZES)


def test_only_the_first_pieces_of_advice_carry_fixes():
    layers = [{"id": "l0", "kind": "linear", "units": 4}]
    for i in range(1, 1000):
        layers.append({"id": f"s{i}", "kind": "sigmoid"})
        layers.append({"id": f"l{i}", "kind": "linear", "units": 4, "init": "zeros"})
    layers.append({"id": "loss", "kind": "softmax_loss", "inputs": ["l999", "label"]})
    text = {
        "format": "graphspec/1",
        "inputs": {"x": {"shape": [4]}, "label": {"classes": 4}},
        "layers": layers,
        "outputs": ["l999"],
    }
    spec = document.loads(json.dumps(text))
    found = find_advice(spec)
    assert found[0].fixes
    assert not found[-1].fixes


def test_the_reference_says_what_the_lint_says():
    path = ROOT / "scripts" / "make_lint_reference.py"
    module = importlib.util.module_from_spec(
        found := importlib.util.spec_from_file_location("make_lint_reference", path)
    )
    found.loader.exec_module(module)
    assert sorted(code for group in module.SECTIONS.values() for code in group) == sorted(CODES)
    assert module.page() == (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
