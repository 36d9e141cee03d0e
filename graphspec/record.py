"""The base of everything that a document holds: frozen, strict, and closed to unknown keys."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Record(BaseModel):
    """An immutable value with declared fields.

    Unknown keys, booleans or strings in place of numbers, NaN and infinity are errors. Sequences
    are tuples, so that freezing is deep; lists are taken on the way in, as JSON has no tuples.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _take_lists_as_tuples(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: _as_tuple(value) for key, value in data.items()}
        return data


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value
