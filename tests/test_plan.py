from __future__ import annotations

import pytest

from graphspec.errors import SpecError
from graphspec.initialisers.glorot import Glorot
from graphspec.initialisers.he import He
from graphspec.initialisers.lecun import Lecun
from graphspec.initialisers.zeros import Zeros
from graphspec.plan import compile_graph
from tests.engines.nets import network, node, two_layers


def test_each_layer_comes_after_what_it_reads_whatever_the_documents_order() -> None:
    spec = two_layers()
    shuffled = spec.model_copy(update={"layers": spec.layers[::-1]})
    plan = compile_graph(shuffled)
    assert [n.id for n in plan.nodes] == ["fc1", "relu", "fc2", "loss"]
    assert [n.output.shape for n in plan.nodes] == [(4,), (4,), (3,), ()]
    assert list(plan.params) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]


def test_a_plan_of_the_whole_graph_returns_its_outputs_and_keeps_its_losses() -> None:
    plan = compile_graph(two_layers())
    assert plan.outputs == ("fc2",)
    assert plan.losses == ("loss",)
    assert set(plan.inputs) == {"x", "label"}


def test_a_graph_without_outputs_returns_its_losses() -> None:
    spec = two_layers().model_copy(update={"outputs": ()})
    assert compile_graph(spec).outputs == ("loss",)


def test_asked_outputs_prune_layers_inputs_and_parameters() -> None:
    plan = compile_graph(two_layers(), outputs=["relu"])
    assert [n.id for n in plan.nodes] == ["fc1", "relu"]
    assert list(plan.inputs) == ["x"]
    assert list(plan.params) == ["fc1.weight", "fc1.bias"]
    assert plan.losses == ()


def test_last_use_is_the_last_reader() -> None:
    spec = network(
        [
            node("linear", "a", "x", units=2),
            node("relu", "b", "a"),
            node("linear", "c", "a", units=2),
            node("relu", "d", "c"),
        ],
        ("b", "d"),
        x={"shape": [2]},
    )
    plan = compile_graph(spec)
    order = {n.id: i for i, n in enumerate(plan.nodes)}
    assert plan.last_use == {
        "x": order["a"],
        "a": max(order["b"], order["c"]),
        "b": -1,
        "c": order["d"],
        "d": -1,
    }


def test_restricting_is_remembered() -> None:
    plan = compile_graph(two_layers())
    part = plan.restrict(["relu"])
    assert [n.id for n in part.nodes] == ["fc1", "relu"]
    assert plan.restrict(("relu",)) is part
    assert plan.restrict(["fc2"]) is not part


def test_an_unknown_output_names_the_nearest() -> None:
    with pytest.raises(SpecError, match=r"no layer 'relu1'.*Did you mean 'relu'") as caught:
        compile_graph(two_layers(), outputs=["relu1"])
    assert [problem.code for problem in caught.value.problems] == ["unknown-output"]


def test_a_pruned_output_is_told_from_an_unknown_one() -> None:
    with pytest.raises(SpecError, match="'fc2' was pruned"):
        compile_graph(two_layers(), outputs=["relu"]).restrict(["fc2"])


def test_a_graph_with_errors_is_refused() -> None:
    spec = network(
        [node("softmax_loss", "loss", "x", "label")], x={"shape": [2]}, label={"classes": 3}
    )
    with pytest.raises(SpecError, match="2 ≠ 3"):
        compile_graph(spec)


def test_weights_start_as_suits_the_activation_that_follows() -> None:
    plan = compile_graph(two_layers())
    assert plan.params["fc1.weight"].init == He()
    assert plan.params["fc1.bias"].init == Zeros()
    assert plan.params["fc2.weight"].init == Lecun()  # only a loss follows


def test_one_initialiser_for_all_that_name_none() -> None:
    plan = compile_graph(two_layers(), init=Glorot(distribution="normal"))
    assert plan.params["fc1.weight"].init == Glorot(distribution="normal")
    assert plan.params["fc2.weight"].init == Glorot(distribution="normal")
    assert plan.params["fc1.bias"].init == Zeros()
    assert compile_graph(two_layers(hidden_init="zeros"), init=He()).params["fc1.weight"].init == (
        Zeros()
    )


def test_a_given_initialiser_stays() -> None:
    plan = compile_graph(two_layers(hidden_init="zeros"))
    assert plan.params["fc1.weight"].init == Zeros()


def test_the_activation_is_found_through_layers_without_weights() -> None:
    spec = network(
        [
            node("conv2d", "conv", "x", filters=2, kernel=3, pad=1),
            node("batch_norm", "bn", "conv"),
            node("add", "sum", "bn", "shortcut"),
            node("conv2d", "shortcut", "x", filters=2, kernel=1),
            node("tanh", "tanh", "sum"),
            node("linear", "fc", "tanh", units=3),
            node("linear", "scores", "fc", units=3),
            node("relu", "relu", "scores"),
        ],
        ("relu",),
        x={"shape": [1, 4, 4]},
    )
    params = compile_graph(spec).params
    assert params["conv.weight"].init == Glorot()
    assert params["shortcut.weight"].init == Glorot()
    assert params["fc.weight"].init == Lecun()  # other weights come before the relu
    assert params["scores.weight"].init == He()
    assert all(param.init is not None for param in params.values())


def test_the_nearest_activation_counts_and_then_the_first() -> None:
    def start(*layers: dict[str, object]) -> object:
        outputs = tuple(str(layer["id"]) for layer in layers)
        fc = node("linear", "fc", "x", units=4)
        return (
            compile_graph(network([fc, *layers], outputs, x={"shape": [4]}))
            .params["fc.weight"]
            .init
        )

    far = (node("dropout", "drop", "fc"), node("relu", "relu", "drop"))
    assert start(*far) == He()
    assert start(*far, node("tanh", "tanh", "fc")) == Glorot()
    assert start(node("relu", "relu", "fc"), node("tanh", "tanh", "fc")) == He()
    assert start(node("tanh", "tanh", "fc"), node("relu", "relu", "fc")) == Glorot()


def test_pruning_changes_no_initialiser() -> None:
    whole = compile_graph(two_layers())
    pruned = compile_graph(two_layers(), outputs=["fc1"])
    assert pruned.params["fc1.weight"] == whole.params["fc1.weight"]
