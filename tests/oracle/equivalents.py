"""What PyTorch has for each kind of layer; the files torch_*.py fill the table in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tensors = tuple[Any, ...]
Equivalent = Callable[[Any, Tensors, dict[str, Any], bool], Any]
EQUIVALENTS: dict[str, Equivalent] = {}


def equivalent(kind: str) -> Callable[[Equivalent], Equivalent]:
    def register(function: Equivalent) -> Equivalent:
        EQUIVALENTS[kind] = function
        return function

    return register
