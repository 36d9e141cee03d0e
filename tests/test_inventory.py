"""The inventory of the notes' techniques: what it names exists, and tests name its rows."""

from __future__ import annotations

import importlib.util
import json
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from graphspec.cli import COMMANDS, GROUPS, build_app
from graphspec.initialisers.catalog import INITIALISERS
from graphspec.layers.catalog import BY_KIND
from graphspec.recipe.config import TrainConfig
from graphspec.recipe.constraints.catalog import CONSTRAINTS
from graphspec.recipe.penalties.catalog import PENALTIES
from graphspec.recipe.preprocess.catalog import PREPROCESS_STEPS
from graphspec.recipe.rules.catalog import RULES, WHOLE_RULES
from graphspec.record import kind_of

ROOT = Path(__file__).resolve().parents[1]


def script() -> ModuleType:
    path = ROOT / "scripts" / "make_coverage.py"
    found = importlib.util.spec_from_file_location("make_coverage", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


COVERAGE = script()
ROWS = COVERAGE.rows()
CATALOGS = (*INITIALISERS, *PENALTIES, *CONSTRAINTS, *PREPROCESS_STEPS, *RULES, *WHOLE_RULES)
BY_NAME = {kind_of(model): model for model in CATALOGS}
APP = build_app()


def check(place: str) -> None:
    """Refuse what a row names if it is no file, no valid JSON of a catalog, or no command."""
    if place.startswith("{"):
        value = json.loads(place)
        if "kind" not in value:
            TrainConfig.model_validate(value)
        elif value["kind"] in BY_KIND:
            layer = BY_KIND[value["kind"]]
            layer.model_validate({"id": "it", "inputs": layer.ports, **value})
        else:
            BY_NAME[value["kind"]].model_validate(value)
    elif place.startswith("graphspec "):
        words = shlex.split(place)[1:]
        assert words[0] in {*COMMANDS, *GROUPS}
        APP.parse_args(words, exit_on_error=False, print_error=False)
    else:
        assert (ROOT / "graphspec" / place).is_file()


def test_every_row_is_there_once():
    ids = [row.id for row in ROWS]
    assert len(set(ids)) == len(ids) > 100
    assert ids == sorted(ids)


@pytest.mark.parametrize("row", [row for row in ROWS if row.where], ids=lambda row: row.id)
def test_what_a_row_names_exists(row):
    for place in row.where:
        check(place)


def test_tests_name_rows_that_are_there():
    assert sorted(COVERAGE.tests().keys() - {row.id for row in ROWS}) == []


def test_results_survive_the_page():
    test = COVERAGE.Test("tests/layers/test_relu.py", "test_E07_the_assignments_linspace")
    text = COVERAGE.page({test: "passed"})
    assert COVERAGE.known(text)[test] == "passed"
    assert set(COVERAGE.known(text).values()) == {"passed", "not run"}
    assert COVERAGE.page(COVERAGE.known(text)) == text
    assert f"`{test}` passed" in text
