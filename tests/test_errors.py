"""The error tree and the record of a problem."""

from __future__ import annotations

import json

import pytest

from graphspec import errors
from graphspec.errors import (
    Fix,
    GraphspecError,
    NonFiniteError,
    Problem,
    ShapeError,
    SpecError,
    render_path,
)


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if "Error" in line]
    drawn = {word for line in lines for word in line.split() if word.endswith("Error")}
    real = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, GraphspecError)
    }
    assert drawn == real


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("layers", 2, "pad"), "layers[2].pad"),
        ((), "(whole document)"),
        (("inputs", "image", "shape", 0), "inputs.image.shape[0]"),
    ],
)
def test_paths_are_written_as_people_read_them(path: errors.JsonPath, text: str) -> None:
    assert render_path(path) == text


def test_a_problem_is_one_line_with_place_sum_and_code() -> None:
    problem = Problem(
        "window-remainder",
        "the windows do not tile",
        ("layers", 0, "pad"),
        arithmetic="(5 − 3)/3 + 1 = 1.667",
        line=4,
        column=9,
    )
    assert str(problem) == (
        "layers[0].pad (line 4, column 9): the windows do not tile"
        "  [(5 − 3)/3 + 1 = 1.667] (window-remainder)"
    )


def test_a_problem_as_json_lists_its_fixes_by_label() -> None:
    fix = Fix("set pad to 1", lambda spec: spec)
    written = json.loads(json.dumps(Problem("c", "m", ("layers", 0), fixes=(fix,)).to_json()))
    assert written["path"] == ["layers", 0]
    assert written["fixes"] == ["set pad to 1"]


def test_a_spec_error_carries_all_its_problems() -> None:
    problems = [Problem("a", "first"), Problem("b", "second")]
    error = SpecError(problems)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == [str(problem) for problem in problems]
    assert SpecError("alone").problems[0].message == "alone"


def test_a_shape_error_is_a_spec_error_that_knows_field_port_and_sum() -> None:
    error = ShapeError("too wide", code="wide", port="x", field="kernel", arithmetic="1 ≠ 2")
    (problem,) = error.problems
    assert isinstance(error, SpecError)
    assert (problem.path, problem.port, problem.arithmetic) == (("kernel",), "x", "1 ≠ 2")


def test_a_non_finite_error_names_layer_and_step() -> None:
    assert "the gradient of layer 'fc' is not finite at step 7" in str(
        NonFiniteError("fc", "gradient", 7)
    )
    assert "step" not in str(NonFiniteError("fc", "value")).split(".")[0]
