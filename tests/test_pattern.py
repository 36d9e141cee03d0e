from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec import zoo
from graphspec.check import find_problems
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.pattern import UNITS, contract, expand

NOTES = "INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*1 -> FC"
IMAGE = (3, 32, 32)


def kinds(spec: GraphSpec) -> list[str]:
    return [layer.model_dump()["kind"] for layer in spec.layers]


def body(spec: GraphSpec) -> list[dict[str, object]]:
    """The layers without their names."""
    return [layer.model_dump(exclude={"id", "inputs"}) for layer in spec.layers]


def refused(text: str) -> Problem:
    with pytest.raises(SpecError) as caught:
        expand(text, IMAGE, 10)
    (problem,) = caught.value.problems
    return problem


def test_Q10_the_pattern_of_the_notes() -> None:
    spec = expand(NOTES, IMAGE, 10, name="convnet")
    block = ["conv2d", "relu", "conv2d", "relu", "max_pool2d"]
    assert kinds(spec) == [*block * 3, "linear", "relu", "linear", "softmax_loss"]
    assert spec.name == "convnet"
    assert spec.outputs == ("scores",)
    assert spec.by_id["scores"].model_dump()["units"] == 10
    assert spec.input_by_id["input"].shape == IMAGE
    assert find_problems(spec) == ()


def test_filters_double_after_each_pooling() -> None:
    spec = expand(NOTES, IMAGE, 10)
    filters = [layer["filters"] for layer in body(spec) if layer["kind"] == "conv2d"]
    assert filters == [32, 32, 64, 64, 128, 128]


def test_vgg16_in_a_line() -> None:
    pattern = (
        "INPUT -> [CONV(filters=64) -> RELU]*2 -> POOL -> [CONV(filters=128) -> RELU]*2 -> POOL"
        " -> [CONV(filters=256) -> RELU]*3 -> POOL -> [[CONV(filters=512) -> RELU]*3 -> POOL]*2"
        " -> [FC(units=4096) -> RELU -> DROPOUT(drop=0.5)]*2 -> FC"
    )
    assert body(expand(pattern, (3, 224, 224), 1000)) == body(zoo.build("vgg16"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INPUT -> FC", ["linear"]),
        ("INPUT->FC", ["linear"]),
        (" input → fc ", ["linear"]),
        ("INPUT -> RELU*3 -> FC", ["relu"] * 3 + ["linear"]),
        ("INPUT -> [RELU]*0 -> FC", ["linear"]),
        ("INPUT -> [[FC]*2 -> RELU]*2 -> FC", ["linear", "linear", "relu"] * 2 + ["linear"]),
        ("INPUT ->\n [FC -> TANH]*1\n -> FC", ["linear", "tanh", "linear"]),
    ],
)
def test_the_grammar(text: str, expected: list[str]) -> None:
    assert kinds(expand(text, IMAGE, 10)) == [*expected, "softmax_loss"]


def test_options() -> None:
    text = "INPUT -> CONV(filters=8, kernel=5, stride=2, bias=false, pad=same) -> POOL() -> FC"
    conv = body(expand(text, IMAGE, 10))[0]
    wanted = {"filters": 8, "kernel": 5, "stride": 2, "bias": False, "pad": "same"}
    assert {key: conv[key] for key in wanted} == wanted


def test_a_kernel_keeps_the_size_unless_told_otherwise() -> None:
    for kernel in (1, 2, 3, 4, 7):
        spec = expand(f"INPUT -> CONV(kernel={kernel}) -> FC", (1, 9, 9), 2)
        assert spec.layers[0].infer(spec.inputs[0].tensor()).shape == (32, 9, 9)
    halved = expand("INPUT -> CONV(stride=2) -> FC", (1, 9, 9), 2)
    assert halved.layers[0].infer(halved.inputs[0].tensor()).shape == (32, 5, 5)


def test_optional_pooling_halves_even_images_only() -> None:
    spec = expand("INPUT -> [CONV -> RELU -> POOL?]*3 -> FC", (1, 12, 20), 2)
    assert kinds(spec).count("max_pool2d") == 2
    assert find_problems(spec) == ()
    assert kinds(expand("INPUT -> POOL? -> FC", (1, 9, 8), 2)) == ["linear", "softmax_loss"]


def test_every_word_makes_a_layer() -> None:
    for word, kind in UNITS.items():
        assert kinds(expand(f"INPUT -> {word} -> FC", IMAGE, 10))[0] == kind


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "starts with INPUT"),
        ("CONV -> FC", 1, "starts with INPUT"),
        ("INPUT", 6, "ends with FC"),
        ("INPUT -> CONV", 10, "ends with FC"),
        ("INPUT CONV", 7, "expected ->"),
        ("INPUT -> CNV -> FC", 10, "Did you mean 'CONV'?"),
        ("INPUT -> ZEBRA -> FC", 10, "There are CONV"),
        ("INPUT -> ", 9, "found the end"),
        ("INPUT -> [CONV -> FC", 21, "expected ]"),
        ("INPUT -> CONV] -> FC", 14, "expected -> or the end"),
        ("INPUT -> [] -> FC", 11, "expected a layer"),
        ("INPUT -> [FC]*N -> FC", 15, "as a number"),
        ("INPUT -> [FC]*1.5 -> FC", 15, "as a number"),
        ("INPUT -> [FC]*-1 -> FC", 15, "as a number"),
        ("INPUT -> FC? -> FC", 12, "POOL?"),
        ("INPUT -> [POOL]? -> FC", 16, "POOL?"),
        ("INPUT -> CONV(3) -> FC", 15, "name of an option"),
        ("INPUT -> CONV(kernel 3) -> FC", 22, "expected ="),
        ("INPUT -> CONV(kernel=) -> FC", 22, "expected a value"),
        ("INPUT -> CONV(kernel=3, kernel=3) -> FC", 25, "twice"),
        ("INPUT -> CONV(kernel=3 stride=1) -> FC", 24, "expected ,"),
        ("INPUT -> CONV(filters=" + "9" * 30 + ") -> FC", 23, "too large"),
        ("INPUT -> $ -> FC", 10, "cannot hold '$'"),
        ("INPUT -> [[FC]*9000]*9000 -> FC", 22, "more than 9,998"),
        ("INPUT -> FC*" + "9" * 5000, 13, "more than 9,998"),
        ("INPUT -> " + "[" * 65, 74, "nested more than 64"),
    ],
)
def test_what_is_wrong_is_shown_with_a_caret(text: str, column: int, words: str) -> None:
    problem = refused(text)
    assert (problem.code, problem.line, problem.column) == ("pattern-syntax", 1, column)
    message, shown, caret = problem.message.split("\n")
    assert words in message
    position = caret.index("^")
    assert shown[position : position + 5] == text[column - 1 : column + 4][: len(shown) - position]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("INPUT -> CONV(filter=8) -> FC", "Did you mean 'filters'?"),
        ("INPUT -> RELU(kernel=8) -> FC", "no option kernel"),
        ("INPUT -> CONV(filters=0) -> FC", "above 0"),
        ("INPUT -> CONV(filters=many) -> FC", "whole number"),
        ("INPUT -> DROPOUT(drop=2) -> FC", "drop"),
        ("INPUT -> CONV(id=x) -> FC", "no option id"),
    ],
)
def test_options_that_do_not_suit_their_layer(text: str, words: str) -> None:
    problem = refused(text)
    assert (problem.code, problem.column) == ("pattern-option", 10)
    assert words in problem.message


def test_a_line_and_column_in_a_pattern_of_several_lines() -> None:
    problem = refused("INPUT ->\n  CNV ->\n  FC")
    assert (problem.line, problem.column) == (2, 3)
    assert problem.message.split("\n")[1:] == ["    CNV ->", "    ^"]


def test_Q10_folding_finds_the_pattern_of_the_notes_again() -> None:
    text = "INPUT -> [[CONV -> RELU]*2 -> POOL]*3 -> [FC -> RELU]*2 -> FC"
    assert contract(expand(text, IMAGE, 10)) == text


def test_folding_names_what_differs_from_the_rules() -> None:
    text = "INPUT -> CONV(kernel=5, filters=6) -> POOL(kernel=3, stride=2) -> FC(bias=false) -> FC"
    assert contract(expand(text, (1, 33, 33), 10)) == text


@pytest.mark.parametrize(
    "name", ["linear_softmax", "lenet5", "mlp", "cifar_convnet", "alexnet", "zfnet", "vgg19"]
)
def test_Q10_models_that_are_chains_fold_and_unfold(name: str) -> None:
    spec = zoo.build(name)
    shape = spec.inputs[0].tensor().shape
    again = expand(contract(spec), shape, spec.inputs[1].classes or 0)
    assert body(again) == body(spec)


words = st.sampled_from(
    [
        *("CONV", "RELU", "POOL", "FC", "TANH", "NORM", "DROPOUT", "AVGPOOL", "LEAKYRELU"),
        *("CONV(filters=8)", "CONV(kernel=5, pad=0)", "CONV(stride=2)", "POOL(kernel=3)"),
        *("DROPOUT(drop=0.25)", "FC(units=7)", "FC(bias=false)", "POOL(rounding=floor)"),
    ]
)
chains = st.recursive(
    words,
    lambda inner: st.tuples(st.lists(inner, min_size=1, max_size=3), st.integers(0, 3)).map(
        lambda block: f"[{' -> '.join(block[0])}]*{block[1]}"
    ),
    max_leaves=8,
)


@given(st.lists(chains, max_size=4))
def test_unfolding_what_was_folded_gives_the_same_layers(parts: list[str]) -> None:
    spec = expand(" -> ".join(["INPUT", *parts, "FC"]), IMAGE, 10)
    assert body(expand(contract(spec), IMAGE, 10)) == body(spec)


@given(st.text("INPUTCOVRELFC[]()*?->=,0123456789 \n", max_size=60))
def test_any_text_gives_a_spec_or_a_spec_error(text: str) -> None:
    for prefix in ("", "INPUT -> "):
        try:
            expand(prefix + text, IMAGE, 10)
        except SpecError:
            continue


@pytest.mark.parametrize("name", ["resnet18", "squeezenet", "linear_svm"])
def test_what_is_no_chain_to_scores_with_softmax_is_refused(name: str) -> None:
    with pytest.raises(SpecError) as caught:
        contract(zoo.build(name))
    assert caught.value.problems[0].code == "not-a-pattern"


def test_a_field_that_patterns_cannot_say_is_refused() -> None:
    with pytest.raises(SpecError, match="init"):
        contract(zoo.build("spiral_net"))


@pytest.mark.parametrize(("shape", "classes"), [((0, 8, 8), 3), ((3, 8, 8), 0), ((3, "8"), 2)])
def test_inputs_that_cannot_be_are_refused(shape: tuple[int, ...], classes: int) -> None:
    with pytest.raises(SpecError, match=r"inputs\.(input|label)"):
        expand("INPUT -> CONV -> FC", shape, classes)
