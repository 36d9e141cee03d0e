"""The grammar of patterns, by recursive descent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphspec.document.scanner import line_and_column
from graphspec.errors import Problem, SpecError
from graphspec.pattern.words import POOLS, UNITS
from graphspec.spelling import did_you_mean

MAX_LENGTH = 10_000
MAX_DEPTH = 64
MAX_LAYERS = 9_998  # the loss comes on top, and a document holds 10,000
_TOKEN = re.compile(
    r"\s*+(?:(?P<sign>->|→|[\[\]()*?=,])|(?P<name>[A-Za-z_][A-Za-z0-9_]*+)"
    r'|(?P<number>-?[0-9]++(?:\.[0-9]++)?+(?:[eE]-?[0-9]{1,3})?+)|"(?P<text>[^"\n]{0,100}+)")'
)


class Token(NamedTuple):
    """A sign, name, number or text; ``kind`` "end" closes the pattern."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Unit:
    """One layer of a pattern, before its defaults are known."""

    kind: str
    options: tuple[tuple[str, Any], ...]
    optional: bool
    at: int


def parse(text: str) -> list[Unit]:
    """The layers of a pattern in their order, with every repetition written out.

    Raises:
        SpecError: the pattern cannot be read (``pattern-syntax``).
    """
    return _Parser(text).parse()


def pattern_error(text: str, at: int, message: str, code: str = "pattern-syntax") -> SpecError:
    """An error with the line of the pattern and a caret under the place."""
    line, column = line_and_column(text, at)
    shown = text.splitlines()[line - 1] if text.strip() else ""
    start = max(0, column - 60)
    caret = " " * (column - 1 - start) + "^"
    shown = f"{message}\n  {shown[start : start + 90]}\n  {caret}"
    return SpecError([Problem(code, shown, line=line, column=column)])


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            message = f"a pattern has at most {MAX_LENGTH:,} characters"
            raise SpecError([Problem("pattern-syntax", message)])
        self.text = text
        self.tokens = list(_tokens(text))
        self.next = 0

    def parse(self) -> list[Unit]:
        first = self.take()
        if first.text.upper() != "INPUT":
            raise self.error(first, "a pattern starts with INPUT")
        if self.peek().kind == "end":
            return []
        self.expect("->")
        units = self.chain(0)
        if (rest := self.peek()).kind != "end":
            raise self.error(rest, "expected -> or the end")
        return units

    def chain(self, depth: int) -> list[Unit]:
        units = self.item(depth)
        while self.peek().text == "->":
            self.take()
            units += self.item(depth)
            if len(units) > MAX_LAYERS:
                raise self.error(self.peek(), f"this makes more than {MAX_LAYERS:,} layers")
        return units

    def item(self, depth: int) -> list[Unit]:
        token = self.take()
        if token.text == "[" and token.kind == "sign":
            if depth >= MAX_DEPTH:
                raise self.error(token, f"the brackets are nested more than {MAX_DEPTH} deep")
            units = self.chain(depth + 1)
            self.expect("]")
            if self.peek().text == "?":
                raise self.error(self.peek(), "only a pooling layer can be optional: POOL?")
        else:
            units = [self.unit(token)]
        if self.peek().text != "*":
            return units
        self.take()
        number = self.take()
        if not number.text.isdecimal() or number.kind != "number":
            raise self.error(number, "after * stands how often, as a number such as 2")
        # Two digits more than the limit has: int() of a long text takes long.
        times = int(number.text) if len(number.text) <= 6 else MAX_LAYERS + 1
        if times * len(units) > MAX_LAYERS:
            raise self.error(number, f"this makes more than {MAX_LAYERS:,} layers")
        return units * times

    def unit(self, token: Token) -> Unit:
        kind = UNITS.get(token.text.upper()) if token.kind == "name" else None
        if kind is None:
            hint = did_you_mean(token.text, UNITS) or f". There are {', '.join(UNITS)}"
            found = repr(token.text[:40]) if token.kind != "end" else "the end"
            raise self.error(token, f"expected a layer or [, found {found}{hint}")
        options = self.options() if self.peek().text == "(" else ()
        optional = self.peek().text == "?"
        if optional:
            mark = self.take()
            if kind not in POOLS:
                raise self.error(mark, "only a pooling layer can be optional: POOL?")
        return Unit(kind, options, optional, token.at)

    def options(self) -> tuple[tuple[str, Any], ...]:
        self.expect("(")
        found: dict[str, Any] = {}
        while self.peek().text != ")":
            if found:
                self.expect(",")
            key = self.take()
            if key.kind != "name":
                raise self.error(key, "expected the name of an option, such as filters")
            if key.text in found:
                raise self.error(key, f"{key.text} stands here twice")
            self.expect("=")
            found[key.text] = self.value(self.take())
        self.expect(")")
        return tuple(found.items())

    def value(self, token: Token) -> bool | int | float | str:
        if token.kind == "number":
            if token.text.lstrip("-").isdecimal():
                if len(token.text) > 18:
                    raise self.error(token, "this number is too large")
                return int(token.text)
            return float(token.text)
        if token.kind == "text":
            return token.text
        if token.text in ("true", "false"):
            return token.text == "true"
        if token.kind == "name":
            return token.text
        raise self.error(token, "expected a value, such as 3, 0.5, true or same")

    def peek(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.tokens[self.next]
        self.next = min(self.next + 1, len(self.tokens) - 1)
        return token

    def expect(self, sign: str) -> None:
        token = self.take()
        if token.kind != "sign" or token.text != sign:
            raise self.error(token, f"expected {sign}")

    def error(self, token: Token, message: str) -> SpecError:
        return pattern_error(self.text, token.at, message)


def _tokens(text: str) -> list[Token]:
    tokens = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match or not match.lastgroup:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise pattern_error(text, start, f"a pattern cannot hold {text[start]!r} here")
        kind = match.lastgroup
        word = "->" if match[kind] == "→" else match[kind]
        tokens.append(Token(kind, word, match.start(kind)))
        at = match.end()
    return [*tokens, Token("end", "", end)]
