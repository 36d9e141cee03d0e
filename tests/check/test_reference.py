"""Every code has an example document; its fixes are applied, and the problem is gone."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from graphspec import document
from graphspec.check import find_problems
from graphspec.errors import Problem
from graphspec.graph import GraphSpec

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {path.stem: path for path in sorted((ROOT / "tests/corpus/checks").glob("*.json"))}
BUDGET = 8 * 10**9

# No edit can guess what was meant; each says in its message what to do.
WITHOUT_FIX = {"no-layers", "one-label-expected", "no-example-input", "too-many-answers"}
WITHOUT_FIX |= {"nothing-to-train", "one-value", "out-of-range"}


def found(spec: GraphSpec, code: str) -> list[Problem]:
    return [problem for problem in find_problems(spec, budget=BUDGET) if problem.code == code]


def same_place(problem: Problem) -> tuple[str, str | None, str | None]:
    return problem.code, problem.layer, problem.port


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_has_the_problem_and_every_fix_removes_it(code: str) -> None:
    spec = document.load(EXAMPLES[code])
    before = {same_place(problem) for problem in find_problems(spec, budget=BUDGET)}
    problems = found(spec, code)
    assert problems
    for problem in problems:
        assert bool(problem.fixes) != (code in WITHOUT_FIX)
        labels = [fix.label for fix in problem.fixes]
        assert len(set(labels)) == len(labels)
        for fix in problem.fixes:
            mended = fix.apply(spec)
            assert mended != spec
            after = {same_place(other) for other in find_problems(mended, budget=BUDGET)}
            assert same_place(problem) not in after, fix.label
            # A fix may bring to light what stood behind the problem, but at another place.
            assert fix.apply(spec) == mended
            new = {other for other in after - before if other[0] == code}
            assert not new, fix.label


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_first_fixes_in_turn_lead_to_a_graph_without_errors(code: str) -> None:
    if code in WITHOUT_FIX:
        return
    spec = document.load(EXAMPLES[code])
    for _ in range(6):
        problems = [problem for problem in find_problems(spec, budget=BUDGET) if problem.fixes]
        if not problems:
            break
        problems.sort(key=lambda problem: not problem.is_error)
        spec = problems[0].fixes[0].apply(spec)
    assert find_problems(spec, budget=BUDGET) == ()


def test_every_code_has_an_example() -> None:
    codes: set[str] = set()
    for path in (ROOT / "graphspec" / "check").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        codes.update(re.findall(r'(?:Problem|_data_mismatch)\(\s*"([a-z-]+)"', text))
    for path in [*(ROOT / "graphspec" / "layers").glob("*.py"), ROOT / "graphspec" / "tensor.py"]:
        codes.update(re.findall(r'code="([a-z-]+)"', path.read_text(encoding="utf-8")))
    # A label where numbers belong is found before the layer sees it.
    codes.discard("number-expected")
    assert codes == EXAMPLES.keys()


def test_the_reference_says_what_the_check_says() -> None:
    path = ROOT / "scripts" / "make_checks_reference.py"
    module = importlib.util.module_from_spec(
        found_spec := importlib.util.spec_from_file_location("make_checks_reference", path)
    )
    found_spec.loader.exec_module(module)
    assert sorted(code for codes in module.SECTIONS.values() for code in codes) == [*EXAMPLES]
    assert module.page() == (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
