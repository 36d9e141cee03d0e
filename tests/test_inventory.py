"""The inventory of the notes' techniques: what it names exists, and tests name its rows."""

from __future__ import annotations

import importlib.util
import json
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from graphspec.cli import COMMANDS, GROUPS
from graphspec.initialisers.catalog import INITIALISERS
from graphspec.layers.catalog import BY_KIND
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.penalties.catalog import PENALTIES
from graphspec.recipe.preprocess.catalog import PREPROCESS_STEPS
from graphspec.recipe.rules.catalog import RULES, WHOLE_RULES

ROOT = Path(__file__).resolve().parents[1]


def script() -> ModuleType:
    path = ROOT / "scripts" / "make_coverage.py"
    found = importlib.util.spec_from_file_location("make_coverage", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


COVERAGE = script()
ROWS = COVERAGE.rows()
CATALOGS = (*BY_KIND.values(), *INITIALISERS, *PENALTIES, *PREPROCESS_STEPS, *RULES, *WHOLE_RULES)


def exists(place: str) -> bool:
    if place.startswith("{"):
        value = json.loads(place)
        for model in CATALOGS:
            if value.get("kind") == model.model_fields["kind"].default:
                return value.keys() <= model.model_fields.keys()
        return "kind" not in value and bool(TrainConfig.model_validate(value))
    if place.startswith("graphspec "):
        return shlex.split(place)[1] in {*COMMANDS, *GROUPS}
    return (ROOT / "graphspec" / place).is_file()


def test_every_row_is_there_once():
    ids = [row.id for row in ROWS]
    assert len(set(ids)) == len(ids) > 100
    assert ids == sorted(ids)


@pytest.mark.parametrize("row", [row for row in ROWS if row.where], ids=lambda row: row.id)
def test_what_a_row_names_exists(row):
    assert [place for place in row.where if not exists(place)] == []


def test_tests_name_rows_that_are_there():
    assert sorted(COVERAGE.tests().keys() - {row.id for row in ROWS}) == []


def test_results_survive_the_page():
    test = COVERAGE.Test("tests/layers/test_relu.py", "test_E07_the_assignments_linspace")
    text = COVERAGE.page({test: "passed"})
    assert COVERAGE.known(text)[test] == "passed"
    assert set(COVERAGE.known(text).values()) == {"passed", "not run"}
    assert COVERAGE.page(COVERAGE.known(text)) == text
    assert f"`{test}` passed" in text
