from __future__ import annotations

import pytest

from graphspec import edit
from graphspec.check import analyse
from graphspec.errors import SpecError
from graphspec.graph import GraphSpec
from graphspec.layers.input import Input
from tests.edit.graphs import make


def chain() -> GraphSpec:
    """image → conv1 → relu1 → scores → loss, with the label."""
    return GraphSpec(
        inputs=(Input(id="image", shape=(3, 8, 8)), Input(id="label", classes=10)),
        layers=(
            make("conv2d", "conv1", ("image",)),
            make("relu", "relu1", ("conv1",)),
            make("linear", "scores", ("relu1",)),
            make("softmax_loss", "loss", ("scores", "label")),
        ),
        outputs=("scores",),
        layout=(("conv1", (0.0, 0.0)), ("relu1", (10.0, 20.0))),
    )


def code_of(error: pytest.ExceptionInfo[SpecError]) -> str:
    (problem,) = error.value.problems
    return problem.code


def test_a_new_layer_reads_the_one_it_is_added_below() -> None:
    spec = edit.add_layer(chain(), make("relu", "extra"), after="conv1")
    assert [layer.id for layer in spec.layers] == ["conv1", "extra", "relu1", "scores", "loss"]
    assert spec.by_id["extra"].inputs == ("conv1",)
    assert spec.by_id["relu1"].inputs == ("conv1",)


def test_below_an_input_is_the_top() -> None:
    spec = edit.add_layer(chain(), make("relu", "first"), after="image")
    assert spec.layers[0].id == "first"


def test_a_taken_name_is_refused_with_a_free_one() -> None:
    with pytest.raises(SpecError, match="already a layer 'relu1'; 'relu2' is free") as error:
        edit.add_layer(chain(), make("relu", "relu1"))
    assert code_of(error) == "duplicate-id"


def test_a_misspelt_layer_is_named() -> None:
    with pytest.raises(SpecError, match="Did you mean 'conv1'") as error:
        edit.disconnect(chain(), "conv_1")
    assert code_of(error) == "no-such-layer"


def test_an_inserted_layer_stands_between_its_neighbours() -> None:
    spec = edit.insert_on_edge(chain(), "conv1", "relu1", "x", make("max_pool2d", "pool"))
    assert spec.by_id["pool"].inputs == ("conv1",)
    assert spec.by_id["relu1"].inputs == ("pool",)
    assert dict(spec.layout)["pool"] == (5.0, 10.0)
    assert analyse(spec).problems == ()


def test_there_must_be_an_edge_to_insert_on() -> None:
    with pytest.raises(SpecError, match="does not read 'conv1'") as error:
        edit.insert_on_edge(chain(), "conv1", "scores", 0, make("relu", "r"))
    assert code_of(error) == "no-such-edge"


def test_removing_reconnects_through_what_was_removed() -> None:
    spec = edit.remove_layers(chain(), ["conv1", "relu1"])
    assert spec.by_id["scores"].inputs == ("image",)
    assert spec.layout == ()


def test_removing_does_not_reconnect_where_the_shapes_forbid_it() -> None:
    spec = edit.add_layer(chain(), make("conv2d", "conv0"), after="image")
    spec = edit.connect(spec, "conv0", "conv1")
    # Without its flat input the convolution below cannot be computed.
    flat = edit.insert_on_edge(
        edit.set_field(chain(), "image", "shape", [192]),
        "image",
        "conv1",
        0,
        make("relu", "r").model_copy(),
    )
    assert edit.remove_layers(flat, ["r"]).by_id["conv1"].inputs == ()
    assert edit.remove_layers(spec, ["conv0"]).by_id["conv1"].inputs == ("image",)


def test_a_removed_output_gives_its_place_to_what_it_read() -> None:
    assert edit.remove_layers(chain(), ["scores"]).outputs == ("relu1",)
    assert edit.remove_layers(chain(), ["scores"], reconnect=False).outputs == ()


def test_a_removed_input_leaves_its_port_empty() -> None:
    spec = edit.remove_layers(chain(), ["image"])
    assert [item.id for item in spec.inputs] == ["label"]
    assert spec.by_id["conv1"].inputs == ()


def test_an_empty_port_keeps_those_behind_it_in_place() -> None:
    spec = edit.disconnect(chain(), "loss", "scores")
    assert spec.by_id["loss"].inputs == ("_", "label")
    (problem,) = (p for p in analyse(spec).problems if p.is_error)
    assert (problem.code, problem.layer, problem.port) == ("missing-input", "loss", "scores")
    assert edit.connect(spec, "scores", "loss", "scores") == chain()
    assert edit.disconnect(spec, "loss", "label").by_id["loss"].inputs == ()


def test_the_second_port_may_be_connected_first() -> None:
    spec = edit.add_layer(chain(), make("softmax_loss", "loss2"))
    spec = edit.connect(spec, "label", "loss2", "label")
    assert spec.by_id["loss2"].inputs == ("_", "label")


def test_a_port_for_many_takes_the_next() -> None:
    spec = edit.add_layer(chain(), make("add", "sum"))
    spec = edit.connect(spec, "conv1", "sum", "xs")
    spec = edit.connect(spec, "relu1", "sum", "xs")
    assert spec.by_id["sum"].inputs == ("conv1", "relu1")
    assert edit.disconnect(spec, "sum", "xs[0]").by_id["sum"].inputs == ("relu1",)


def test_an_edge_that_would_close_a_cycle_is_refused() -> None:
    with pytest.raises(SpecError, match="would close a cycle") as error:
        edit.connect(chain(), "scores", "conv1")
    assert code_of(error) == "cycle"


def test_a_port_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SpecError, match="its ports are scores, label") as error:
        edit.connect(chain(), "scores", "loss", "y")
    assert code_of(error) == "no-such-port"


@pytest.mark.parametrize(
    ("stem", "free"),
    [("relu", "relu"), ("relu1", "relu2"), ("scores", "scores2"), ("conv1", "conv2")],
)
def test_free_names_go_on_counting(stem: str, free: str) -> None:
    assert edit.free_id(chain(), stem) == free


def test_the_name_of_a_kind_with_a_digit_is_counted_apart() -> None:
    spec = edit.add_layer(chain(), make("conv2d", "conv2d"))
    assert edit.free_id(spec, "conv2d") == "conv2d_2"
