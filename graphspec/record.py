"""The base of everything that a document holds: frozen, strict, and closed to unknown keys."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema


class Record(BaseModel):
    """An immutable value with declared fields.

    Unknown keys, booleans or strings in place of numbers, NaN and infinity are errors. Sequences
    are tuples, so that freezing is deep; lists are taken on the way in, as JSON has no tuples.
    """

    # What most classes of the catalogs would build at their import nobody uses: their unions hold
    # their schemas. Threads may both be the first to use a class from pydantic 2.14 on.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _take_lists_as_tuples(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: _as_tuple(value) for key, value in data.items()}
        return data

    @classmethod
    def field_docs(cls) -> Mapping[str, str]:
        """What the docstring below each field says; a class's own come before its bases'.

        Read from the source when somebody asks: reading all of it at the import (as pydantic's
        ``use_attribute_docstrings`` does) was a third of the time that graphspec took to load.
        """
        docs: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            if issubclass(base, Record):
                docs |= _attribute_docs(base)
        return {name: docs[name] for name in cls.model_fields if name in docs}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in cls.field_docs().items():
            if name in properties:
                properties[name].setdefault("description", text)
        return schema


def kind_of(record: Record | type[Record]) -> str:
    """What tells the members of a catalog apart: the ``kind`` of a record, or of its class."""
    found = record if isinstance(record, type) else type(record)
    return str(found.model_fields["kind"].default)


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value


@cache
def _attribute_docs(kind: type) -> dict[str, str]:
    """The strings that stand below the annotated names of one class."""
    names = [part for part in kind.__qualname__.split(".") if part != "<locals>"]
    body: list[ast.stmt] = _module_body(kind.__module__)
    for name in names:
        body = next((node.body for node in _scopes(body) if node.name == name), [])
    docs = {}
    for node, below in pairwise(body):
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            docs[node.target.id] = inspect.cleandoc(below.value.value)
    return docs


@cache
def _module_body(module: str) -> list[ast.stmt]:
    return ast.parse(inspect.getsource(sys.modules[module])).body


def _scopes(body: list[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    return (node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef))
