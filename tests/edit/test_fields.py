from __future__ import annotations

from typing import Any

import pytest

from graphspec import edit
from graphspec.errors import SpecError
from tests.edit.test_wiring import chain


def refused(path: str, value: Any) -> str:
    with pytest.raises(SpecError) as error:
        edit.set_value(chain(), path, value)
    return str(error.value)


def test_a_field_is_set() -> None:
    spec = edit.set_field(chain(), "conv1", "filters", 32)
    assert spec.by_id["conv1"].filters == 32  # type: ignore[attr-defined]
    assert spec.by_id["relu1"] == chain().by_id["relu1"]


def test_several_take_a_value_as_each_of_them_would() -> None:
    before, names = chain(), ("image", "conv1", "relu1", "scores")
    each = edit.set_field(
        edit.set_field(before, "conv1", "inputs", ["a"]), "relu1", "inputs", ["a"]
    )
    assert edit.set_fields(before, ("conv1", "relu1"), "inputs", ["a"]) == each
    taken = edit.set_fields(before, ("image", "label"), "shape", [1, 2])
    assert [item.shape for item in taken.inputs] == [(1, 2), (1, 2)]
    with pytest.raises(SpecError, match="filters"):
        edit.set_fields(before, names, "filters", 3)


@pytest.mark.parametrize("path", ["conv1.filters", "layers[0].filters"])
def test_a_layer_is_reached_by_its_id_or_place(path: str) -> None:
    assert edit.set_value(chain(), path, 32) == edit.set_field(chain(), "conv1", "filters", 32)


def test_an_id_with_dots_is_the_longest_that_fits() -> None:
    spec = edit.rename(chain(), "conv1", "stage1.conv")
    assert edit.set_value(spec, "stage1.conv.pad", 0).by_id["stage1.conv"].pad == 0  # type: ignore[attr-defined]


def test_a_training_block_is_begun_when_it_is_missing() -> None:
    spec = edit.set_value(chain(), "training.update.rate", 0.5)
    assert spec.training is not None
    assert spec.training.update.rate == 0.5
    assert edit.set_value(spec, "training", None) == chain()


def test_another_rule_keeps_what_it_has_in_common() -> None:
    spec = edit.set_value(chain(), "training", {"update": {"kind": "momentum", "rate": 0.5}})
    spec = edit.set_value(spec, "training.update.kind", "adam")
    assert spec.training is not None
    assert (spec.training.update.kind, spec.training.update.rate) == ("adam", 0.5)


def test_a_value_inside_a_list_is_set() -> None:
    spec = edit.set_field(chain(), "conv1", "pad", [1, 2])
    assert edit.set_value(spec, "conv1.pad[1]", 0).by_id["conv1"].pad == (1, 0)  # type: ignore[attr-defined]


def test_the_id_is_set_with_all_that_refers_to_it() -> None:
    assert edit.set_value(chain(), "layers[0].id", "c").by_id["relu1"].inputs == ("c",)
    assert edit.set_field(chain(), "label", "id", "y").by_id["loss"].inputs == ("scores", "y")


def test_an_input_is_changed() -> None:
    assert edit.set_value(chain(), "image.shape", [1, 8, 8]).input_by_id["image"].shape == (1, 8, 8)


def test_refusals_say_what_is_there() -> None:
    assert "Did you mean" in refused("conv1.filtres", 3)
    assert "Did you mean 'conv1'" in refused("convl.filters", 3)
    assert "layers[0].filters" in refused("conv1.filters", 0)
    assert "a whole number above 0" in refused("conv1.filters", "32")
    assert "training.batch" in refused("training.batch", True)
    assert "leads nowhere" in refused("filters", 3)
    assert "not a path" in refused("conv1..x", 3)
    assert "no 9" in refused("conv1.pad[9]", 3) or "pad" in refused("conv1.pad[9]", 3)
    assert "layers[9]" in refused("layers[9].pad", 3)
    assert "bad-name" in refused("conv1.id", "1 2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv1.filters=32", ("conv1.filters", 32)),
        ("training.update.rate = 1e-3", ("training.update.rate", 0.001)),
        ("name=my net", ("name", "my net")),
        ('name="3"', ("name", "3")),
        ("conv1.pad=[1,2]", ("conv1.pad", [1, 2])),
        ("training.monitor=null", ("training.monitor", None)),
        ("x.y=NaN", ("x.y", "NaN")),
    ],
)
def test_assignments_of_the_command_line(text: str, expected: tuple[str, Any]) -> None:
    assert edit.parse_assignment(text) == expected


def test_what_is_no_assignment_is_refused() -> None:
    with pytest.raises(SpecError, match="PATH=VALUE"):
        edit.parse_assignment("conv1.filters")
