"""``graphspec check``."""

from __future__ import annotations

from collections.abc import Iterator

from graphspec import document
from graphspec.cli.failure import PROBLEMS, UNREADABLE, unreadable
from graphspec.cli.files import find_document
from graphspec.cli.output import out, print_json, problem_text
from graphspec.engines.checking import find_problems
from graphspec.errors import Fix, Problem, SpecError
from graphspec.graph import GraphSpec

# A fix may uncover another problem; a document that needs more rounds than this is left alone.
_ROUNDS = 100


def check(file: str, *, json: bool = False, fix: bool = False) -> int:
    """List every problem of a network file: wiring, shapes, sizes, training block.

    Exits with 0 when it is clean, 1 when there are problems, 2 when it cannot be read.

    Parameters
    ----------
    file
        A network file, or the name of a shipped model.
    json
        Print the problems as JSON.
    fix
        Apply the first fix of each problem that has one, and save the file.
    """
    path = find_document(file)
    applied: list[str] = []
    try:
        spec = document.load(path)
    except SpecError as error:
        problems = error.problems
    else:
        problems = find_problems(spec)
        if fix:
            fixed, problems, applied = _fix_all(spec)
            if applied:
                document.save(fixed, path)
        problems = document.locate(problems, path)
    errors = sum(problem.is_error for problem in problems)
    if json:
        print_json(
            {
                "file": str(path),
                "ok": errors == 0,
                "problems": [problem.to_json() for problem in problems],
                "fixed": applied,
            }
        )
    else:
        _show(path.name, problems, applied)
    if unreadable(problems):
        return UNREADABLE
    return PROBLEMS if errors else 0


def _fix_all(spec: GraphSpec) -> tuple[GraphSpec, tuple[Problem, ...], list[str]]:
    """Apply first fixes, one at a time, while they lead to networks not seen before."""
    applied: list[str] = []
    seen = {spec.content_hash}
    problems = find_problems(spec)
    for _ in range(_ROUNDS):
        new = (pair for pair in _fixed(spec, problems) if pair[1].content_hash not in seen)
        step = next(new, None)
        if step is None:
            break
        fix, spec = step
        seen.add(spec.content_hash)
        problems = find_problems(spec)
        applied.append(fix.label)
    return spec, problems, applied


def _fixed(spec: GraphSpec, problems: tuple[Problem, ...]) -> Iterator[tuple[Fix, GraphSpec]]:
    """What each fix makes of the network, the graver problems first."""
    for problem in sorted(problems, key=lambda problem: not problem.is_error):
        for fix in problem.fixes:
            yield fix, fix.apply(spec)


def _show(name: str, problems: tuple[Problem, ...], applied: list[str]) -> None:
    for label in applied:
        out.print(f"fixed: {label}", style="green")
    for problem in problems:
        out.print(problem_text(problem))
    errors = sum(problem.is_error for problem in problems)
    warnings = len(problems) - errors
    if not problems:
        out.print(f"{name}: no problems", style="green")
        return
    fixable = sum(bool(problem.fixes) for problem in problems)
    hint = f"; {fixable} can be fixed with --fix" if fixable else ""
    out.print(f"\n{name}: {_count(errors, 'problem')}, {_count(warnings, 'warning')}{hint}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
