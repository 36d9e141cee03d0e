"""From an expression, as people write it, to a graph of gates.

The text goes through Python's parser and nothing else of Python: the tree it gives is read node by
node against a closed list, and never compiled or evaluated.
"""

from __future__ import annotations

import ast
import math
import re

from graphspec.circuit.gates import Gates, Term
from graphspec.errors import Problem, SpecError
from graphspec.graph import UNCONNECTED, GraphSpec
from graphspec.layers.input import Input
from graphspec.spelling import Speller

LONGEST = 2_000
"""Characters in an expression."""
DEEPEST = 150
"""Operations inside each other."""

ONE_INPUT = (
    "exp", "gelu", "log", "reciprocal", "relu", "sigmoid", "silu", "softplus", "square", "tanh",
)  # fmt: skip
"""Functions that are one gate of the same name."""
FUNCTIONS = (*ONE_INPUT, "max", "sqrt")

_ALLOWED = re.compile(r"[A-Za-z0-9_.+\-*/(), ]")
_MEANT = {"^": "**", "−": "-", "×": "*", "·": "*", "÷": "/", "²": "**2", "[": "(", "{": "("}
_NUMBER_THEN_NAME = re.compile(r"(?<![A-Za-z0-9_.])(?>[0-9.]+(?:[eE][+-]?[0-9]+)?)(?=[A-Za-z_])")
_WINDOW = 60


def read_expression(text: str, *, name: str = "circuit") -> GraphSpec:
    """Read ``(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)`` as a graph of gates.

    Numbers, names, ``+ - * / **``, brackets and the functions in ``FUNCTIONS``; every other name
    is a variable and becomes an input of shape (), in the order in which they appear. An operation
    with a constant is a gate of its own (``c + x``, ``a·x``); those on constants alone are done at
    once, in float64. Equal sub-expressions share one gate.

    Raises:
        SpecError: the text is no such expression; the problem has the column, from 1.
    """
    expression = _Expression(re.sub(r"\s", " ", text))
    tree = expression.parse()
    gates = Gates(expression.variables(tree))
    result = expression.lay(tree, gates)
    variables = expression.variables(tree)
    if not isinstance(result, str) or not gates.layers or result in variables:
        raise expression.error(
            "expression-constant",
            "there is nothing to compute: write at least one operation on a variable, as in x + 1",
            0,
        )
    return GraphSpec(
        name=name,
        inputs=tuple(Input(id=variable, shape=()) for variable in variables),
        layers=tuple(gates.layers),
        outputs=(result,),
    )


class _Expression:
    """One text, and where in it things are."""

    def __init__(self, text: str) -> None:
        self.text = text

    def parse(self) -> ast.expr:
        """The tree of the text."""
        text = self.text
        if len(text) > LONGEST:
            raise self.error(
                "expression-size", f"an expression has at most {LONGEST:,} characters", 0
            )
        if not text.strip():
            raise self.error("expression-syntax", "it is empty: write something like x*y + 1", 0)
        for i, character in enumerate(text):
            if not _ALLOWED.match(character):
                meant = _MEANT.get(character)
                hint = f". Did you mean {meant!r}?" if meant else ""
                raise self.error("expression-syntax", f"{character!r} means nothing here{hint}", i)
        if glued := _NUMBER_THEN_NAME.search(text):
            raise self.error(
                "expression-syntax",
                f"there is no operator between {glued.group()} and what follows; "
                f"did you mean {glued.group()}*{text[glued.end()]}…?",
                glued.end(),
            )
        # A leading blank would be an indentation.
        start = len(text) - len(text.lstrip())
        try:
            tree = ast.parse(text[start:], mode="eval").body
        except SyntaxError as error:
            if not error.offset:
                end = len(text.rstrip())
                raise self.error("expression-syntax", "it ends too early", end) from None
            place = min(start + error.offset - 1, len(text) - 1)
            vague = error.msg == "invalid syntax"
            message = "this cannot follow what stands before it" if vague else error.msg
            raise self.error("expression-syntax", message, place) from None
        except (RecursionError, MemoryError):
            raise self.error("expression-size", "it is nested too deeply", 0) from None
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                node.col_offset += start
        return tree

    def variables(self, tree: ast.expr) -> list[str]:
        """The names of the variables, in the order of the text."""
        functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        names = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and id(node) not in functions
        ]
        for node in names:
            if node.id in FUNCTIONS:
                message = f"{node.id} is a function: write {node.id}(…)"
                raise self.error("expression-name", message, node.col_offset)
            if node.id == UNCONNECTED:
                message = f"{node.id!r} means a port that nothing is connected to: use a letter"
                raise self.error("expression-name", message, node.col_offset)
            if len(node.id) > 100:
                raise self.error("expression-size", "this name is too long", node.col_offset)
        names.sort(key=lambda node: node.col_offset)
        return list(dict.fromkeys(node.id for node in names))

    def lay(self, node: ast.expr, gates: Gates, depth: int = 0) -> Term:
        """Lay the gates of a sub-expression, and give the wire or constant that it ends in."""
        if depth > DEEPEST:
            message = f"more than {DEEPEST} operations are inside each other"
            raise self.error("expression-size", message, node.col_offset)
        try:
            term = self._laid(node, gates, depth)
        except ZeroDivisionError:
            raise self.error("expression-number", "this divides by zero", node.col_offset) from None
        except (OverflowError, ValueError):
            raise self.error(
                "expression-number", "this is no finite number", node.col_offset
            ) from None
        if isinstance(term, float) and not math.isfinite(term):
            raise self.error("expression-number", "this is no finite number", node.col_offset)
        return term

    def _laid(self, node: ast.expr, gates: Gates, depth: int) -> Term:
        match node:
            case ast.Constant(value=bool()):
                pass
            case ast.Constant(value=int() | float() as value):
                return float(value)
            case ast.Name(id=name) if name not in ("True", "False", "None"):
                return name
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return gates.scaled(self.lay(operand, gates, depth + 1), -1.0)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.lay(operand, gates, depth + 1)
            case ast.BinOp(left=left, op=op, right=right):
                a = self.lay(left, gates, depth + 1)
                b = self.lay(right, gates, depth + 1)
                match op:
                    case ast.Add():
                        return gates.add(a, b)
                    case ast.Sub():
                        return gates.subtract(a, b)
                    case ast.Mult():
                        return gates.multiply(a, b)
                    case ast.Div():
                        return gates.divide(a, b)
                    case ast.Pow():
                        return gates.power(a, b)
                    case _:
                        pass
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._called(node, function, arguments, gates, depth)
            case _:
                pass
        raise self.error(
            "expression-syntax",
            "this is not part of the language of circuits: numbers, variables, + - * / **, "
            f"brackets and the functions {', '.join(FUNCTIONS)}",
            node.col_offset,
        )

    def _called(
        self, node: ast.expr, function: str, arguments: list[ast.expr], gates: Gates, depth: int
    ) -> Term:
        if function not in FUNCTIONS:
            near = Speller(FUNCTIONS).nearest(function)
            hint = f"Did you mean {near!r}?" if near else f"There are {', '.join(FUNCTIONS)}"
            message = f"there is no function {function!r}. {hint}"
            raise self.error("expression-name", message, node.col_offset)
        terms = [self.lay(argument, gates, depth + 1) for argument in arguments]
        if function == "max":
            if len(terms) < 2:
                raise self.error(
                    "expression-syntax", "max takes two terms or more", node.col_offset
                )
            return gates.maximum(terms)
        if len(terms) != 1:
            message = f"{function} takes one term, and here are {len(terms)}"
            raise self.error("expression-syntax", message, node.col_offset)
        if function == "sqrt":
            return gates.power(terms[0], 0.5)
        return gates.apply(function, terms[0])

    def error(self, code: str, message: str, at: int) -> SpecError:
        """The problem with the text around the place, and a caret under it."""
        start = max(0, at - _WINDOW // 2)
        shown = self.text[start : start + _WINDOW]
        # Whatever else the text holds must not move the caret or the cursor.
        shown = "".join(character if character.isprintable() else "?" for character in shown)
        caret = " " * (at - start) + "^"
        return SpecError(
            [
                Problem(
                    code,
                    f"{message}\n    {shown}\n    {caret}",
                    ("expression",),
                    line=1,
                    column=at + 1,
                )
            ]
        )
