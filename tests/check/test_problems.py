from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings

from graphspec import document
from graphspec.check import analyse, find_problems
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from graphspec.layers.relu import Relu
from graphspec.plan import compile_graph
from graphspec.tensor import TensorSpec
from tests.edit.graphs import tidy_specs, wild_specs


def graph(*layers: dict[str, Any], outputs: tuple[str, ...] = (), **inputs: Any) -> GraphSpec:
    """Layers from their JSON objects, in a graph that may be wrong."""
    given_inputs = inputs or {"image": {"shape": (3, 8, 8)}, "label": {"classes": 10}}
    return GraphSpec(
        inputs=tuple(Input(id=name, **value) for name, value in given_inputs.items()),
        layers=tuple(BY_KIND[layer["kind"]].model_validate(layer) for layer in layers),
        outputs=outputs,
    )


def relu(name: str, *inputs: str) -> dict[str, Any]:
    return {"id": name, "kind": "relu", "inputs": inputs}


def conv(name: str, source: str, **fields: Any) -> dict[str, Any]:
    return {"id": name, "kind": "conv2d", "filters": 4, "kernel": 3, "inputs": (source,), **fields}


def places(problems: tuple[Problem, ...]) -> list[tuple[str, tuple[str | int, ...], str | None]]:
    return [(problem.code, problem.path, problem.port) for problem in problems]


def test_all_problems_are_found_at_once_in_the_order_of_the_document() -> None:
    spec = graph(
        conv("conv1", "imag", kernel=3),
        conv("conv2", "image", kernel=3, stride=2),
        relu("conv2", "conv2"),
        {"id": "sum", "kind": "add", "inputs": ("image",)},
        relu("a", "b"),
        relu("b", "a"),
        {"id": "fc", "kind": "linear", "units": 7, "inputs": ("image",)},
        {"id": "loss", "kind": "softmax_loss", "inputs": ("fc", "label", "image")},
        outputs=("fd",),
    )
    assert places(analyse(spec).problems) == [
        ("unknown-input", ("layers", 0, "inputs", 0), "x"),
        ("window-remainder", ("layers", 1), "x"),
        ("duplicate-id", ("layers", 2, "id"), None),
        ("missing-input", ("layers", 3, "inputs"), "xs[1]"),
        ("cycle", ("layers", 4, "inputs", 0), "x"),
        ("extra-input", ("layers", 7, "inputs", 2), None),
        ("unknown-output", ("outputs", 0), None),
    ]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"kernel": 3, "stride": 2}, "layers[0].kernel, stride, pad"),
        ({"kernel": 99}, "layers[0].kernel, pad"),
        ({"kernel": 3, "dilation": 50}, "layers[0].kernel, pad, dilation"),
    ],
)
def test_the_place_of_a_window_that_does_not_fit_is_the_fields_of_its_sum(
    fields: dict[str, int], place: str
) -> None:
    found = analyse(graph(conv("conv1", "image", **fields), outputs=("conv1",))).problems
    (problem,) = (item for item in found if item.code.startswith("window"))
    assert problem.place == place
    assert str(problem).startswith(f"{place}: ")
    assert problem.to_json()["fields"] == place.removeprefix("layers[0].").split(", ")


def test_what_stands_behind_a_problem_is_not_told_again() -> None:
    spec = graph(
        conv("conv1", "image", kernel=9), relu("r1", "conv1"), conv("c2", "r1"), outputs=("c2",),
        image={"shape": (3, 8, 8)},
    )  # fmt: skip
    assert [problem.code for problem in analyse(spec).problems] == ["window-too-large"]


def test_E11_a_cycle_is_told_with_its_names_in_order() -> None:
    spec = graph(
        {"id": "a", "kind": "add", "inputs": ("image", "c")}, relu("b", "a"), relu("c", "b"),
        relu("after", "c"), outputs=("after",), image={"shape": (3,)},
    )  # fmt: skip
    (problem,) = analyse(spec).problems
    assert "a → b → c → a" in problem.message
    assert (problem.layer, problem.port) == ("a", "xs[1]")
    assert analyse(spec).order == ()


def test_a_layer_that_reads_itself_is_a_cycle() -> None:
    (problem,) = analyse(graph(relu("a", "a"), outputs=("a",))).errors
    assert problem.code == "cycle"
    assert "a → a" in problem.message


def test_every_cycle_is_told_once() -> None:
    spec = graph(relu("a", "b"), relu("b", "a"), relu("c", "d"), relu("d", "c"), outputs=("a", "c"))
    cycles = [problem for problem in analyse(spec).problems if problem.code == "cycle"]
    assert [problem.layer for problem in cycles] == ["a", "c"]


def test_the_order_is_that_of_the_document_where_it_can_be() -> None:
    spec = graph(relu("c", "b"), relu("x", "image"), relu("b", "a"), relu("a", "image"))
    assert analyse(spec).order == ("x", "a", "b", "c")


def test_a_long_cycle_is_told_in_short() -> None:
    layers = [relu(f"r{i}", f"r{(i - 1) % 500}") for i in range(500)]
    (problem,) = analyse(graph(*layers, outputs=("r1",), image={"shape": (3,)})).errors
    assert len(problem.message) < 300
    assert "488 more" in problem.message


@pytest.mark.parametrize(
    ("width", "kernel", "pad", "stride", "expected"),
    [
        (7, 3, 0, 1, 5), (7, 3, 0, 2, 3), (5, 3, 0, 3, None),
        (10, 3, 0, 2, None), (227, 11, 0, 4, 55), (224, 11, 0, 4, None), (7, 3, 1, 1, 7),
    ],
)  # fmt: skip
def test_windows_of_the_notes(
    width: int, kernel: int, pad: int, stride: int, expected: int | None
) -> None:
    spec = graph(
        conv("conv", "image", kernel=kernel, pad=pad, stride=stride), outputs=("conv",),
        image={"shape": (1, width, width)},
    )  # fmt: skip
    analysis = analyse(spec)
    if expected is None:
        (problem,) = analysis.problems
        assert problem.code == "window-remainder"
        value = (width - kernel + 2 * pad) / stride + 1
        assert problem.arithmetic is not None
        assert problem.arithmetic == f"({width} − {kernel} + 2·{pad})/{stride} + 1 = {value:.4g}"
    else:
        assert analysis.shapes["conv"] == TensorSpec((4, expected, expected))


def test_warnings_keep_nothing_from_being_compiled() -> None:
    spec = graph(relu("a", "image"), relu("b", "image"), outputs=("a",))
    assert {problem.code for problem in find_problems(spec)} == {"unused-layer", "unused-input"}
    assert not any(problem.is_error for problem in find_problems(spec))
    assert [node.id for node in compile_graph(spec).nodes] == ["a"]


def test_errors_do() -> None:
    with pytest.raises(SpecError, match=r"no input or layer 'imag'\. Did you mean 'image'"):
        compile_graph(graph(relu("a", "imag"), outputs=("a",)))


def test_a_defect_of_a_layer_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def infer(self: Relu, *inputs: TensorSpec) -> TensorSpec:
        raise ZeroDivisionError("defect")

    monkeypatch.setattr(Relu, "infer", infer)
    with pytest.raises(ZeroDivisionError):
        analyse(graph(relu("a", "image"), outputs=("a",)))


def test_a_suggestion_does_not_close_a_cycle() -> None:
    spec = graph(relu("relu1", "relu_2"), relu("relu2", "relu1"), outputs=("relu2",))
    (problem,) = analyse(spec).errors
    assert [fix.label for fix in problem.fixes] == ["connect image to relu1"]


def test_problems_are_told_as_json() -> None:
    (problem, *_) = analyse(graph(relu("a", "imag"), outputs=("a",))).problems
    told = problem.to_json()
    assert told["severity"] == "error"
    assert told["path"] == ["layers", 0, "inputs", 0]
    assert told["fixes"] == ["connect image to a"]


@given(wild_specs())
@settings(max_examples=100)
def test_every_fix_of_a_wild_graph_removes_its_problem(spec: GraphSpec) -> None:
    problems = analyse(spec).problems
    for problem in problems:
        for fix in problem.fixes:
            after = analyse(fix.apply(spec)).problems
            # Layers of the same id may have the same problem: one of them less, then.
            assert told(after).count(told([problem])[0]) < told(problems).count(
                told([problem])[0]
            ), (fix.label, document.dumps(spec))


def told(problems: Iterable[Problem]) -> list[tuple[str, str | None, str]]:
    """Without the port: the second input of an add becomes the first when that is cut."""
    return [(item.code, item.layer, item.message) for item in problems]


@given(tidy_specs())
def test_a_graph_that_is_right_has_all_its_shapes(spec: GraphSpec) -> None:
    analysis = analyse(spec)
    assert analysis.errors == ()
    assert len(analysis.order) == len(spec.layers)
    assert {str(analysis.shapes[name]) for name in analysis.order} == {"3×8×8"}
    seen = {"image"}
    for name in analysis.order:
        assert seen.issuperset(spec.by_id[name].inputs)
        seen.add(name)


HOSTILE = {
    "every name unknown": lambda i: relu(f"layer_of_long_name_{i}", f"layer_f_long_nam_{i}"),
    "every name in another case": lambda i: relu(f"layer{i}", f"LAYER{i + 1}"),
    "one long cycle": lambda i: relu(f"r{i}", f"r{(i - 1) % 10_000}"),
    "every layer reads the next": lambda i: relu(f"r{i}", f"r{i + 1}"),
    "every id the same": lambda i: relu("r", "image"),
    "every layer unused": lambda i: relu(f"r{i}", "image"),
    "every window wrong": lambda i: conv(f"c{i}", "image", kernel=3, stride=4),
    "all read all": lambda i: {
        "id": f"a{i}", "kind": "add", "inputs": tuple(f"a{j}" for j in range(i % 7 * 10))
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_thousand_problems_take_no_minutes(name: str) -> None:
    layers = [HOSTILE[name](i) for i in range(10_000)]
    spec = graph(*layers, outputs=("r9",))
    # Quadratic time would run into the suite's time limit.
    problems = find_problems(spec)
    assert any(problem.fixes for problem in problems)
