from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.document import loads
from graphspec.document.upgrades import STEPS, upgrade, upgrade_0_to_1
from graphspec.errors import SpecError
from graphspec.graph import FORMAT

CORPUS = Path(__file__).parents[1] / "corpus" / "documents"
OLD = sorted((CORPUS / "v0").glob("*.json"))

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["nodes", "layers", "type", "kind", "keep", "from", "padding", "id"]),
            inner,
            max_size=4,
        )
    ),
)


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_an_old_document_becomes_what_it_always_became(path: Path) -> None:
    old = json.loads(path.read_text("utf-8"))
    expected = json.loads((CORPUS / "v1" / path.name).read_text("utf-8"))
    assert upgrade(old) == expected


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_an_old_document_loads_as_its_new_form(path: Path) -> None:
    new = (CORPUS / "v1" / path.name).read_text("utf-8")
    assert loads(path.read_text("utf-8")) == loads(new)


def test_the_chain_ends_at_the_format_of_today() -> None:
    for start in STEPS:
        assert upgrade({"format": start})["format"] == FORMAT


def test_a_document_of_today_and_an_unknown_one_stay() -> None:
    for document in ({"format": FORMAT, "nodes": 1}, {"format": "x"}, {"format": 3}, {}):
        assert upgrade(document) == document


def test_keep_becomes_its_complement_to_the_digit() -> None:
    (layer,) = upgrade_0_to_1({"nodes": [{"keep": 0.9}]})["layers"]
    assert layer == {"drop": 0.1}


@given(st.dictionaries(st.sampled_from(["nodes", "inputs", "layers"]), junk, max_size=3))
def test_a_step_is_pure_and_takes_anything(document: dict[str, Any]) -> None:
    document["format"] = "graphspec/0"
    before = copy.deepcopy(document)
    upgraded = upgrade(document)
    assert upgraded["format"] == FORMAT
    assert repr(document) == repr(before)


def test_problems_of_an_old_document_are_placed_in_its_own_text() -> None:
    text = (CORPUS / "v0" / "two_layer.json").read_text("utf-8")
    with pytest.raises(SpecError) as caught:
        loads(text.replace('"units": 10', '"units": "10"').replace('"relu"', '"rellu"'))
    found = {problem.code: (problem.path, problem.line) for problem in caught.value.problems}
    assert found == {
        "unknown-kind": (("layers", 1, "kind"), 7),
        "wrong-type": (("layers", 2, "units"), 8),
    }
