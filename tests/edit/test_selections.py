"""Settings of some layers only follow their layers to new names."""

from __future__ import annotations

import pytest

from graphspec import edit
from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.constraints.max_norm import MaxNorm
from graphspec.recipe.penalties.l1 import L1
from graphspec.recipe.penalties.l2 import L2


def spec(*only: str) -> GraphSpec:
    layers = [
        {"kind": "linear", "id": name, "units": 2, "inputs": ["x"]}
        for name in ("stem", "stage.a", "stage.b", "stages.c")
    ]
    value = {"inputs": {"x": {"shape": [3]}}, "layers": layers, "outputs": ["stem"]}
    training = TrainConfig(
        penalties=(L2(strength=0.1), L1(strength=0.1, only=only)),
        constraints=(MaxNorm(only=only),),
    )
    return GraphSpec.model_validate({**value, "training": training})


def selected(spec: GraphSpec) -> tuple[str, ...] | None:
    assert spec.training is not None
    everything, some = spec.training.penalties
    (constraint,) = spec.training.constraints
    assert everything.only is None
    assert some.only == constraint.only
    return some.only


@pytest.mark.parametrize(
    ("only", "old", "new", "expected"),
    [
        (("stem",), "stem", "trunk", ("trunk",)),
        (("stem", "stage"), "stage.a", "stage.z", ("stem", "stage")),
        (("stage",), "stage", "block", ("block",)),
        (("stage.b",), "stage", "block", ("block.b",)),
        (("stage",), "stage.a", "alone", ("alone", "stage.b")),
        (("stages",), "stage", "block", ("stages",)),
    ],
)
def test_a_selection_means_the_same_layers_after_renaming(
    only: tuple[str, ...], old: str, new: str, expected: tuple[str, ...]
) -> None:
    before = spec(*only)
    after = edit.rename(before, old, new)
    assert selected(after) == expected
    assert selected(edit.rename(after, new, old)) is not None
    assert before.training is not None
    assert after.training is not None
    covered = [
        [layer.covers(node.id) for node in graph.layers]
        for graph, layer in (
            (before, before.training.penalties[1]),
            (after, after.training.penalties[1]),
        )
    ]
    assert covered[0] == covered[1]
