"""Finding the network that a command line names: a file, or a model that ships."""

from __future__ import annotations

from pathlib import Path

from graphspec import document, zoo
from graphspec.edit import set_value
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


def read_spec(name: str, changes: tuple[str, ...] = ()) -> GraphSpec:
    """Load a network by path or model name, and apply ``--set path=value`` changes in order.

    Raises:
        SpecError: the document cannot be read, or a change does not fit.
    """
    spec = document.load(find_document(name))
    for change in changes:
        spec = apply_change(spec, change)
    return spec


def apply_change(spec: GraphSpec, change: str) -> GraphSpec:
    """Apply one ``path=value``; the value is JSON, or else plain text.

    Raises:
        SpecError: there is no ``=``, no such field, or the value does not fit.
    """
    path, sign, text = change.partition("=")
    if not sign or not path:
        raise SpecError(
            [
                Problem(
                    "bad-change",
                    f"--set takes layer.field=value, such as conv1.filters=32 or "
                    f"training.update.rate=0.01; got {change!r}",
                )
            ]
        )
    return set_value(spec, path, json_or_text(text))


def json_or_text(text: str) -> object:
    """Read ``3``, ``0.5``, ``true``, ``[1, 2]`` or ``{"kind": "he"}``; anything else is text."""
    try:
        return document.parse_value(text)
    except SpecError:
        return text
