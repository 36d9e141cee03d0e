"""Laying gates: each operation of an expression becomes one, or is done at once on constants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graphspec.edit.revise import free_among
from graphspec.layers.base import Layer, Mode
from graphspec.layers.catalog import BY_KIND

Term = float | str
"""A constant, or the name of a wire."""
LARGEST_POWER = 16
"""Whole powers up to this one become a product; others go through the logarithm."""


class Gates:
    """The gates of one expression.

    A gate that would do the same to the same wires as an earlier one is that earlier one: equal
    sub-expressions are computed once, and their wire forks. Values and gradients are those of the
    tree, for gradients add at forks.
    """

    def __init__(self, variables: Iterable[str]) -> None:
        self.layers: list[Layer] = []
        self._taken = set(variables)
        self._known: dict[tuple[Any, ...], str] = {}

    def apply(self, kind: str, *terms: Term, **fields: float) -> Term:
        """One gate; of constants alone, their result."""
        if not any(isinstance(term, str) for term in terms):
            return _computed(kind, [float(term) for term in terms], fields)
        wires = [str(term) for term in terms]
        key = (kind, *fields.items(), *wires)
        if key not in self._known:
            name = free_among(self._taken, f"{kind}1")
            self._taken.add(name)
            layer = BY_KIND[kind].model_validate({"id": name, "inputs": wires, **fields})
            self.layers.append(layer)
            self._known[key] = name
        return self._known[key]

    def add(self, a: Term, b: Term) -> Term:
        """a + b; with a constant, the c + x gate."""
        if isinstance(a, str) and isinstance(b, str):
            return self.apply("add", a, b)
        if isinstance(a, str):
            return self.shifted(a, float(b))
        return self.shifted(b, a)

    def subtract(self, a: Term, b: Term) -> Term:
        """a − b."""
        if isinstance(a, str) and isinstance(b, str):
            return self.apply("subtract", a, b)
        if isinstance(a, str):
            return self.shifted(a, -float(b))
        return self.shifted(self.scaled(b, -1.0), a)

    def multiply(self, a: Term, b: Term) -> Term:
        """a·b; with a constant, the a·x gate."""
        if isinstance(a, str) and isinstance(b, str):
            return self.apply("multiply", a, b)
        if isinstance(a, str):
            return self.scaled(a, float(b))
        return self.scaled(b, a)

    def divide(self, a: Term, b: Term) -> Term:
        """a/b; of a constant the 1/x gate, by a constant the a·x gate.

        Raises:
            ZeroDivisionError: b is the constant 0.
        """
        if isinstance(b, str):
            if isinstance(a, str):
                return self.apply("divide", a, b)
            return self.scaled(self.apply("reciprocal", b), a)
        return a / b if isinstance(a, float) else self.scaled(a, 1 / b)

    def scaled(self, x: Term, factor: float) -> Term:
        """factor·x; a factor of 1 needs no gate."""
        if isinstance(x, str):
            return x if factor == 1 else self.apply("scale", x, factor=factor)
        return factor * x

    def shifted(self, x: Term, constant: float) -> Term:
        """X + constant; a constant of 0 needs no gate."""
        if isinstance(x, str):
            return x if constant == 0 else self.apply("add_constant", x, constant=constant)
        return x + constant

    def power(self, x: Term, p: Term) -> Term:
        """x to the power p: products for whole powers, else exp(p·log x), which needs x > 0.

        Raises:
            ValueError, OverflowError, ZeroDivisionError: of constants, as for Python's floats.
        """
        if isinstance(x, float) and isinstance(p, float):
            return math.pow(x, p)
        if isinstance(p, str) or not p.is_integer() or abs(p) > LARGEST_POWER:
            return self.apply("exp", self.multiply(self.apply("log", x), p))
        if p < 0:
            return self.apply("reciprocal", self.power(x, -p))
        if p <= 1:
            return x if p else 1.0
        return self.apply("square", x) if p == 2 else self.apply("multiply", *[x] * int(p))

    def maximum(self, terms: Sequence[Term]) -> Term:
        """The largest; max(x, c) is relu(x − c) + c."""
        wires = [term for term in terms if isinstance(term, str)]
        constants = [term for term in terms if isinstance(term, float)]
        if not wires:
            return max(constants)
        wire: Term = wires[0] if len(wires) == 1 else self.apply("maximum", *wires)
        if not constants:
            return wire
        floor = max(constants)
        return self.shifted(self.apply("relu", self.shifted(wire, -floor)), floor)


def _computed(kind: str, constants: Sequence[float], fields: dict[str, float]) -> float:
    names = [f"x{i}" for i in range(len(constants))]
    layer = BY_KIND[kind].model_validate({"id": "constant", "inputs": names, **fields})
    with np.errstate(all="ignore"):
        y = layer.forward(tuple(np.array([value]) for value in constants), {}, Mode()).y
    return float(y[0])
