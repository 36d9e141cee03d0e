"""Strict JSON that knows where every value stands.

Python's own reader takes duplicate keys, ``NaN`` and ``1e999``, recurses, and forgets the places
of what it read. This one does none of that: it keeps its own stack, goes over the text once, and
reports what it can go on after (a duplicate key, a number out of range) together with the rest.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from graphspec.errors import JsonPath, Problem, SpecError

MAX_BYTES = 10_000_000
MAX_DEPTH = 64
MAX_VALUES = 300_000
MAX_STRING = 10_000
MAX_INTEGER = 2**63 - 1
MAX_PROBLEMS = 100

_SPACE = re.compile(r"[ \t\n\r]*+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][-+]?[0-9]++)?")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"')
_STRING_BODY = re.compile(
    r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+'
)
# A key with a short plain value that another key follows: most of a document, in one match.
_MEMBER = re.compile(
    r'"([^"\\\x00-\x1f]{0,200}+)"[ \t\n\r]*+:[ \t\n\r]*+'
    r'(?:"([^"\\\x00-\x1f]{0,200}+)"|(-?(?:0|[1-9][0-9]{0,17}+))(\.[0-9]{1,20}+)?+'
    r'|(true|false|null))[ \t\n\r]*+,[ \t\n\r]*+(?=")'
)
_COLON = re.compile(r"[ \t\n\r]*+:[ \t\n\r]*+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"[-+]?[A-Za-z_][A-Za-z0-9_]{0,30}|[-+.0-9][-+.0-9A-Za-z]{0,30}")
# C0, DEL and C1 controls, and the marks that make text read in another order than it is stored.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LITERALS = {"true": True, "false": False, "null": None}
_CLOSERS: dict[type, str] = {dict: "}", list: "]"}
_NOT_NUMBERS = {"NaN", "Infinity", "-Infinity", "+Infinity", "nan", "inf", "-inf", "-NaN"}


@dataclass
class Scan:
    """What was read: the value, the problems that did not stop the reading, and the places."""

    text: str
    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    offsets: dict[int, Any] = field(default_factory=dict)
    """By the identity of a container: the offset of each key, or of each item."""

    def place(self, path: JsonPath, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column (from 1) of the value at ``path``, or of the nearest value around it."""
        value, offset = self.value, _skip_space(self.text, 0)
        for i, step in enumerate(path):
            marks = self.offsets.get(id(value))
            known = isinstance(value, dict if isinstance(step, str) else list)
            if marks is None or not known:
                break
            if isinstance(step, str):
                if step not in marks:
                    break
                offset = marks[step]
                if not (at_key and i == len(path) - 1):
                    offset = self._after_key(offset)
            else:
                if not 0 <= step < len(marks):
                    break
                offset = marks[step]
            value = value[step]
        return line_and_column(self.text, offset)

    def _after_key(self, offset: int) -> int:
        key = _STRING.match(self.text, offset)
        colon = _COLON.match(self.text, key.end()) if key else None
        return colon.end() if colon else offset


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1, counted in characters."""
    line, start = 1, 0
    for end in _LINE_END.finditer(text, 0, offset):
        line, start = line + 1, end.end()
    return line, offset - start + 1


def decode(data: str | bytes) -> str:
    """Take the bytes of a document as UTF-8 text.

    A byte-order mark of UTF-8 is skipped.

    Raises:
        SpecError: more than ``MAX_BYTES`` (``too-large``), or not UTF-8 (``encoding``).
    """
    if len(data) > MAX_BYTES:
        raise _too_large()
    if isinstance(data, str):
        try:
            size = len(data.encode())
        except UnicodeEncodeError as error:
            raise _fatal(
                "encoding", "the text holds half of a surrogate pair", data, error.start
            ) from None
        if size > MAX_BYTES:
            raise _too_large()
        return data.removeprefix("\ufeff")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problem = "the file is UTF-16; JSON is UTF-8. Save it again with the encoding UTF-8"
        raise SpecError([Problem("encoding", problem, line=1, column=1)])
    try:
        return bytes(data).decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise _fatal(
            "encoding",
            f"the byte 0x{data[error.start]:02x} is not UTF-8. Save the file with that encoding",
            before,
            len(before),
        ) from None


def scan(text: str) -> Scan:
    """Read one JSON value, with nothing but space around it.

    Raises:
        SpecError: the text is not JSON, or too deep or too long to be a document; reading cannot
            go on after that. The problems found until then come with it.
    """
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.scan = Scan(text)
        self.stack: list[Any] = []
        self.marks: list[Any] = []
        self.steps: list[str | int] = []  # where in each open container we are
        self.count = 0

    def run(self) -> Scan:
        i = _skip_space(self.text, 0)
        while True:
            # An item of the container on top starts at i, or the document itself.
            if self.stack:
                i = self.read_item_start(self.read_members(i))
            self.count += 1
            if self.count > MAX_VALUES:
                raise self.fatal("too-large", f"the document has over {MAX_VALUES:,} values", i)
            value, i = self.read_value(i)
            if self.stack:
                holder, step = self.stack[-1], self.steps[-1]
                if isinstance(step, str):
                    holder[step] = value
                else:
                    holder.append(value)
            else:
                self.scan.value = value
            if isinstance(value, dict | list):
                self.open(value)
                i = _skip_space(self.text, i)
                if self.text[i : i + 1] != _CLOSERS[type(value)]:
                    continue
            i = self.read_value_end(i)
            if not self.stack:
                return self.scan

    def read_members(self, i: int) -> int:
        """Read the members of an object for as long as nothing about them is special."""
        holder, mark, text = self.stack[-1], self.marks[-1], self.text
        if type(holder) is list:
            return i
        before = len(holder)
        while match := _MEMBER.match(text, i):
            key, string, whole, fraction, word = match.groups()
            if key in holder or not key.isprintable():
                break
            if string is not None:
                if not string.isprintable():
                    break
                holder[key] = string
            elif word is not None:
                holder[key] = _LITERALS[word]
            else:
                holder[key] = float(whole + fraction) if fraction else int(whole)
            mark[key] = i
            i = match.end()
        self.count += len(holder) - before
        return i

    def open(self, value: dict[str, Any] | list[Any]) -> None:
        """Go into a container."""
        mark: Any = type(value)()
        self.scan.offsets[id(value)] = mark
        self.stack.append(value)
        self.marks.append(mark)
        self.steps.append("" if isinstance(value, dict) else -1)

    def read_value(self, i: int) -> tuple[Any, int]:
        """Read a text, number or word, or the opening bracket of an empty container."""
        c = self.text[i : i + 1]
        if c == '"':
            return self.read_string(i)
        if c in ("{", "["):
            if len(self.stack) >= MAX_DEPTH:
                message = f"the document is nested more than {MAX_DEPTH} levels deep"
                raise self.fatal("too-deep", message, i)
            return ({} if c == "{" else []), i + 1
        if match := _NUMBER.match(self.text, i):
            return self.read_number(match)
        return self.read_word(i)

    def read_item_start(self, i: int) -> int:
        """Note where the next item of the container on top stands; return where its value does."""
        if isinstance(self.stack[-1], dict):
            return self.read_key(i)
        self.steps[-1] = len(self.stack[-1])
        self.marks[-1].append(i)
        return i

    def read_value_end(self, i: int) -> int:
        """Close what closes at i; return where the next item starts."""
        while self.stack:
            i = _skip_space(self.text, i)
            c = self.text[i : i + 1]
            closer = _CLOSERS[type(self.stack[-1])]
            if c == ",":
                i = _skip_space(self.text, i + 1)
                if self.text[i : i + 1] == closer:
                    raise self.fatal(
                        "json-syntax",
                        "a comma must be followed by another value. "
                        "Remove the comma before this bracket",
                        i,
                    )
                return i
            if c != closer:
                raise self.expected(f"a comma or {closer}", i)
            i += 1
            self.stack.pop()
            self.marks.pop()
            self.steps.pop()
        i = _skip_space(self.text, i)
        if i == len(self.text):
            return i
        if self.text[i] in "/#":
            raise self.comment(i)
        message = "the document ends before this, but more text follows"
        raise self.fatal("json-trailing-text", message, i)

    def read_key(self, i: int) -> int:
        """Read a key and its colon into the object on top; return where its value starts."""
        if self.text[i : i + 1] != '"':
            raise self.expected('a key in double quotes, such as "id"', i)
        start = i
        key, i = self.read_string(i, is_key=True)
        holder, mark = self.stack[-1], self.marks[-1]
        self.steps[-1] = key
        if key in holder:
            self.note("duplicate-key", f"the key {_show(key)} stands in this object twice", start)
        mark[key] = start
        colon = _COLON.match(self.text, i)
        if not colon:
            raise self.expected("a colon after the key", _skip_space(self.text, i))
        return colon.end()

    def read_string(self, i: int, *, is_key: bool = False) -> tuple[str, int]:
        match = _STRING.match(self.text, i)
        if not match:
            raise self.bad_string(i)
        raw = match.group()
        if len(raw) > 6 * MAX_STRING:
            raise self.fatal("too-long", f"a text has more than {MAX_STRING:,} characters", i)
        value = json.loads(raw) if "\\" in raw else raw[1:-1]
        if len(value) > MAX_STRING:
            raise self.fatal("too-long", f"a text has more than {MAX_STRING:,} characters", i)
        if not value.isprintable() and (unseen := _UNSEEN.search(value)):
            if is_key:
                self.steps[-1] = value
            point = ord(unseen.group())
            self.note(
                "control-character",
                f"this text holds the character U+{point:04X}, which cannot be shown. Remove it",
                i,
            )
        return value, match.end()

    def read_number(self, match: re.Match[str]) -> tuple[int | float, int]:
        i, end = match.span()
        if self.text[end : end + 1].isalnum() or self.text[end : end + 1] in ("_", "."):
            raise self.bad_word(i)
        raw = match.group()
        if match.lastindex is None:
            value = int(raw) if len(raw) < 25 else MAX_INTEGER + 1
            if abs(value) > MAX_INTEGER:
                self.note("number-too-large", f"{_shorten(raw)} is beyond ±(2⁶³ − 1)", i)
                value = 0
            return value, end
        real = float(raw)
        if math.isinf(real):
            self.note("number-too-large", f"{_shorten(raw)} is more than a number can hold", i)
            real = 0.0
        return real, end

    def read_word(self, i: int) -> tuple[Any, int]:
        match = _WORD.match(self.text, i)
        if not match:
            raise self.expected("a value", i)
        word = match.group()
        if word in _LITERALS:
            return _LITERALS[word], match.end()
        if word in _NOT_NUMBERS:
            self.note("not-a-number", f"{word} is not JSON, and no field here can hold it", i)
            return 0.0, match.end()
        raise self.bad_word(i)

    def note(self, code: str, message: str, i: int) -> None:
        """Keep a problem that reading can go on after."""
        if len(self.scan.problems) < MAX_PROBLEMS:
            self.scan.problems.append(self.problem(code, message, i))

    def problem(self, code: str, message: str, i: int) -> Problem:
        line, column = line_and_column(self.text, i)
        return Problem(code, message, tuple(self.steps), line=line, column=column)

    def fatal(self, code: str, message: str, i: int) -> SpecError:
        return SpecError([*self.scan.problems, self.problem(code, message, i)])

    def comment(self, i: int) -> SpecError:
        return self.fatal("json-comment", "JSON has no comments. Remove this one", i)

    def expected(self, what: str, i: int) -> SpecError:
        """The error for a character that fits nothing; the usual slips are named."""
        c = self.text[i : i + 1]
        if not c:
            if not self.stack:
                return self.fatal("json-empty", "the file is empty", 0)
            opened = self.scan.place(tuple(self.steps[:-1]))
            return self.fatal(
                "json-truncated",
                "the text ends in the middle of the document: the bracket of "
                f"line {opened[0]}, column {opened[1]} is never closed",
                i,
            )
        if c == "#" or self.text.startswith(("//", "/*"), i):
            return self.comment(i)
        if c == "'":
            return self.fatal("json-syntax", 'JSON writes text in double quotes: "…"', i)
        return self.fatal("json-syntax", f"expected {what}, found {_show(c)}", i)

    def bad_word(self, i: int) -> SpecError:
        match = _WORD.match(self.text, i)
        word = match.group() if match else self.text[i]
        if word.lower() in ("true", "false", "none", "null", "nil", "yes", "no"):
            hint = {"true": "true", "yes": "true", "false": "false", "no": "false"}
            message = f"JSON writes {hint.get(word.lower(), 'null')} for {word}"
        elif word[0] in "+-.0123456789":
            message = f"{word} is not a JSON number, such as 3, 0.5 or 1e-3"
        else:
            message = f'{word} is not JSON. Text stands in double quotes: "{word}"'
        return self.fatal("json-syntax", message, i)

    def bad_string(self, i: int) -> SpecError:
        body = _STRING_BODY.match(self.text, i)
        end = body.end() if body else i
        c = self.text[end : end + 1]
        if not c:
            return self.fatal("json-truncated", "this text is never closed with a double quote", i)
        if c == "\\":
            escape = _show(self.text[end : end + 2])
            return self.fatal("json-syntax", f"JSON has no escape {escape} in a text", end)
        if c in "\r\n":
            message = "this text is not closed with a double quote at the end of its line"
            return self.fatal("json-syntax", message, i)
        return self.fatal(
            "control-character", f"a text holds the character U+{ord(c):04X}. Remove it", end
        )


def _skip_space(text: str, i: int) -> int:
    match = _SPACE.match(text, i)
    return match.end() if match else i


def _show(text: str) -> str:
    return json.dumps(_shorten(text), ensure_ascii=not text.isprintable())


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:36]}…"


def _too_large() -> SpecError:
    return SpecError(
        [Problem("too-large", f"a document holds at most {MAX_BYTES // 10**6} MB of text")]
    )


def _fatal(code: str, message: str, text: str, offset: int) -> SpecError:
    line, column = line_and_column(text, offset)
    return SpecError([Problem(code, message, line=line, column=column)])
