"""The options of ``graphspec train`` that stand for the fields of a training block."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from cyclopts import Group, Parameter

from graphspec.cli.files import json_or_text
from graphspec.edit import set_value
from graphspec.graph import GraphSpec
from graphspec.recipe.config import TrainConfig

Command = TypeVar("Command", bound=Callable[..., Any])

_GROUP = Group("Training settings (default: what the file says)", sort_key=10)

# An update rule or a schedule may be named by its kind alone.
_BY_KIND = ("update", "schedule")


def takes_settings(command: Command) -> Command:
    """Give a command an option for every field of ``TrainConfig``, named after it.

    The command's ``**settings`` then receive those that were given, as text. What the fields'
    docstrings say becomes the help.
    """
    signature = inspect.signature(command)
    docs = TrainConfig.field_docs()
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    options = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None,
                Parameter(
                    name="--" + name.replace("_", "-"),
                    help=docs[name].replace("\n", " "),
                    group=_GROUP,
                    show_default=False,
                ),
            ],
        )
        for name in TrainConfig.model_fields
    ]
    parameters = [*own, *options]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters} | {
        "return": signature.return_annotation
    }
    return command


def apply_settings(spec: GraphSpec, settings: Mapping[str, str | None]) -> GraphSpec:
    """Set the given fields in the spec's training block.

    Values are JSON (``5``, ``{"kind": "adam", "rate": 0.001}``), or else text; an update rule or a
    schedule may be named by its kind.

    Raises:
        SpecError: a value does not fit its field.
    """
    for name, text in settings.items():
        if text is None:
            continue
        value = json_or_text(text)
        path = f"training.{name}"
        if name in _BY_KIND and isinstance(value, str):
            path += ".kind"
        spec = set_value(spec, path, value)
    return spec
