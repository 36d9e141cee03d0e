"""Finding the network that a command line names: a file, or a model that ships."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graphspec import document, zoo
from graphspec.edit import parse_assignment, set_value
from graphspec.errors import Problem, SpecError
from graphspec.graph import GraphSpec
from graphspec.spelling import did_you_mean


def find_document(name: str) -> Path:
    """The path of a network file, or of a shipped model of that name.

    Raises:
        SpecError: there is neither (code ``unreadable``).
    """
    path = Path(name)
    if path.exists():
        return path
    if name in zoo.names():
        return zoo.models_dir() / f"{name}.json"
    hint = did_you_mean(name, zoo.names())
    message = f"there is no file {name!r} and no shipped model of that name{hint}"
    raise SpecError([Problem("unreadable", message)])


def read_spec(name: str, changes: Iterable[str] = ()) -> GraphSpec:
    """Load a network by path or model name, and apply ``path=value`` changes in order.

    Raises:
        SpecError: the document cannot be read, or a change does not fit.
    """
    spec = document.load(find_document(name))
    for change in changes:
        spec = set_value(spec, *parse_assignment(change))
    return spec


def json_or_text(text: str) -> Any:
    """Read ``3``, ``0.5``, ``true``, ``[1, 2]`` or ``{"kind": "he"}``; anything else is text."""
    return parse_assignment(f"value={text}")[1]
