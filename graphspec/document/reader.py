"""From JSON text to a spec, or to every problem that stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from graphspec.document import left_out, scanner, upgrades
from graphspec.document.explain import explain
from graphspec.errors import Problem, SpecError
from graphspec.graph import FORMAT, GraphSpec

MAX_LAYERS = 10_000


def read(data: str | bytes) -> GraphSpec:
    """Scan, bring up to date, fill what was left out, and validate.

    Raises:
        SpecError: with all the problems that were found.
    """
    scan = scanner.scan(scanner.decode(data))
    if not isinstance(scan.value, dict):
        problem = Problem("wrong-type", 'a document is an object: {"format": "graphspec/1", …}')
        raise SpecError([_placed(problem, scan)])
    problems = list(scan.problems)
    document = upgrades.upgrade(scan.value)
    if "$schema" in document:
        address = document["$schema"]
        document = {key: value for key, value in document.items() if key != "$schema"}
        if not isinstance(address, str):
            message = '"$schema" is the address of a schema, a text'
            problems.append(Problem("wrong-type", message, ("$schema",)))
    fatal = _format_problem(document) or _size_problem(document)
    if fatal:
        raise SpecError([*problems, _placed(fatal, scan)])
    document, guesses = left_out.fill(document)
    problems += guesses
    try:
        spec = GraphSpec.model_validate(document)
    except ValidationError as error:
        # A value that the scanner complained about was replaced: say nothing more of it.
        known = [problem.path for problem in problems]
        problems += [
            problem
            for problem in explain(error, document, scanner.MAX_PROBLEMS)
            if not any(problem.path[: len(path)] == path for path in known)
        ]
    else:
        if not problems:
            return spec
    raise SpecError([_placed(problem, scan) for problem in problems])


def _format_problem(document: dict[str, Any]) -> Problem | None:
    """Say what is wrong with the format, after upgrades; nothing else makes sense before."""
    if "format" not in document:
        return Problem(
            "format-missing", f'"format" is missing. A document starts with "format": "{FORMAT}"'
        )
    value = document["format"]
    if value == FORMAT:
        return None
    if is_newer(value):
        return Problem(
            "format-newer",
            f"this document is {value}, and this version of graphspec reads up to {FORMAT}. "
            "Update graphspec: pip install -U graphspec-studio",
            ("format",),
        )
    return Problem("format-unknown", f'"format" must be "{FORMAT}"', ("format",))


def is_newer(value: object) -> bool:
    """Whether a format is one to come; those of the past have been brought up to date before."""
    family, _, version = value.partition("/") if isinstance(value, str) else ("", "", "")
    if family != "graphspec" or not version.isdecimal() or len(version) > 9:
        return False
    return int(version) > int(FORMAT.partition("/")[2])


def _size_problem(document: dict[str, Any]) -> Problem | None:
    layers = document.get("layers")
    if isinstance(layers, list) and len(layers) > MAX_LAYERS:
        message = f"{len(layers):,} layers are more than the {MAX_LAYERS:,} that a document holds"
        return Problem("too-many-layers", message, ("layers",))
    return None


def place(problems: Iterable[Problem], data: str | bytes) -> tuple[Problem, ...]:
    """Add the line and column in a text to problems that were found in what it describes.

    Raises:
        SpecError: the text is no JSON.
    """
    scan = scanner.scan(scanner.decode(data))
    return tuple(_placed(problem, scan) for problem in problems)


def _placed(problem: Problem, scan: scanner.Scan) -> Problem:
    """Add line and column; a key of today is also sought under its names in older formats."""
    if problem.line is not None:
        return problem
    path: list[str | int] = []
    value = scan.value
    for step in problem.path:
        if isinstance(step, str) and isinstance(value, dict) and step not in value:
            step = next((old for old in upgrades.FIRST_NAMES.get(step, ()) if old in value), step)
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        path.append(step)
    line, column = scan.place(tuple(path), at_key=problem.code in ("unknown-key", "bad-name"))
    return replace(problem, line=line, column=column)
