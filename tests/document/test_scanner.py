from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphspec.document import scanner
from graphspec.errors import SpecError

texts = st.text(max_size=12).filter(str.isprintable)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=30,
)


def read(text: str | bytes) -> scanner.Scan:
    return scanner.scan(scanner.decode(text))


def only_problem(text: str | bytes) -> tuple[str, int | None, int | None]:
    try:
        problems = tuple(read(text).problems)
    except SpecError as error:
        problems = error.problems
    (problem,) = problems
    assert problem.message
    return problem.code, problem.line, problem.column


@given(values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_values_are_those_of_the_standard_reader(value: object, ascii_only: bool, indent) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    scan = read(text)
    assert repr(scan.value) == repr(json.loads(text))
    assert not scan.problems


@given(values)
def test_every_value_is_found_at_its_place(value: object) -> None:
    scan = read(json.dumps(value, indent=1))
    lines = scan.text.split("\n")

    def walk(item: object, path: tuple[str | int, ...]) -> None:
        line, column = scan.place(path)
        found, _ = json.JSONDecoder().raw_decode("\n".join(lines[line - 1 :])[column - 1 :])
        assert repr(found) == repr(item)
        if isinstance(item, dict | list):
            children = item.items() if isinstance(item, dict) else enumerate(item)
            for step, child in children:
                walk(child, (*path, step))

    walk(value, ())


@given(values, st.data())
def test_a_text_that_is_cut_is_never_taken_for_whole(value: object, data: st.DataObject) -> None:
    text = json.dumps([value])
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(SpecError):
        read(text[:cut])


@given(st.text(max_size=40) | st.text('{}[]",:0123456789.eE+-truefalsn\\ \n', max_size=40))
def test_accepts_no_more_than_the_standard_reader(text: str) -> None:
    try:
        scan = read(text)
    except SpecError:
        return
    if not scan.problems:
        assert repr(scan.value) == repr(json.loads(text.removeprefix("\ufeff")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("json-empty", 1, 1)),
        (" \n", ("json-empty", 1, 1)),
        ('{"a": 1, "a": 2}', ("duplicate-key", 1, 10)),
        ('{"b": [1,\n {"a": 1,\n  "a": 2}]}', ("duplicate-key", 3, 3)),
        ('{"a": NaN}', ("not-a-number", 1, 7)),
        ("[-Infinity]", ("not-a-number", 1, 2)),
        ("[1e999]", ("number-too-large", 1, 2)),
        ("[-1E+400]", ("number-too-large", 1, 2)),
        ("[9223372036854775808]", ("number-too-large", 1, 2)),
        (f"[{'9' * 5000}]", ("number-too-large", 1, 2)),
        ("[01]", ("json-syntax", 1, 2)),
        ("[+1]", ("json-syntax", 1, 2)),
        ("[.5]", ("json-syntax", 1, 2)),
        ("[1.]", ("json-syntax", 1, 2)),
        ("[1_000]", ("json-syntax", 1, 2)),
        ("[0x10]", ("json-syntax", 1, 2)),
        ("[١]", ("json-syntax", 1, 2)),
        ("[True]", ("json-syntax", 1, 2)),
        ("[relu]", ("json-syntax", 1, 2)),
        ("['a']", ("json-syntax", 1, 2)),
        ("[1,]", ("json-syntax", 1, 4)),
        ('{"a": 1,}', ("json-syntax", 1, 9)),
        ("[1 2]", ("json-syntax", 1, 4)),
        ('{"a" 1}', ("json-syntax", 1, 6)),
        ("{1: 2}", ("json-syntax", 1, 2)),
        ("[1}", ("json-syntax", 1, 3)),
        ("[1]\n x", ("json-trailing-text", 2, 2)),
        ("[1][2]", ("json-trailing-text", 1, 4)),
        ("// no\n[1]", ("json-comment", 1, 1)),
        ("[1, /* no */ 2]", ("json-comment", 1, 5)),
        ("[1] # no", ("json-comment", 1, 5)),
        ('{"a": [1, {"b": 2}', ("json-truncated", 1, 19)),
        ('["abc', ("json-truncated", 1, 2)),
        ('["a\nb"]', ("json-syntax", 1, 2)),
        ('["a\tb"]', ("control-character", 1, 4)),
        ('["a\\u0007b"]', ("control-character", 1, 2)),
        ('["a\\u202eb"]', ("control-character", 1, 2)),
        ('["\\ud83d"]', ("control-character", 1, 2)),
        ('{"\\u0000": 1}', ("control-character", 1, 2)),
        ('["\\x41"]', ("json-syntax", 1, 3)),
        ('["\\u12"]', ("json-syntax", 1, 3)),
        ("[" * 65 + "]" * 65, ("too-deep", 1, 65)),
        ('{"a":' * 65, ("too-deep", 1, 321)),
        (f'["{"a" * 10_001}"]', ("too-long", 1, 2)),
        ("\r\n\r\n\r[1,\r\n,]", ("json-syntax", 5, 1)),
        (b'["\xff"]', ("encoding", 1, 3)),
        (b'[1,\n"ab\xc3"]', ("encoding", 2, 4)),
        ("[1]".encode("utf-16"), ("encoding", 1, 1)),
        ('["\ud800"]', ("encoding", 1, 3)),
    ],
)
def test_what_is_wrong_is_named_and_placed(
    text: str | bytes, expected: tuple[str, int, int]
) -> None:
    assert only_problem(text) == expected


def test_a_document_of_more_than_ten_megabytes_is_refused_unread() -> None:
    assert only_problem(b" " * 10_000_001)[0] == "too-large"
    assert only_problem("é" * 5_000_001)[0] == "too-large"
    assert only_problem("[" + "1," * 300_000 + "1]")[0] == "too-large"


def test_the_deepest_document_that_is_allowed() -> None:
    assert read("[" * 64 + "]" * 64).value


def test_a_byte_order_mark_is_skipped() -> None:
    assert read(b'\xef\xbb\xbf{"a": 1}').value == {"a": 1}
    assert read("\ufeff[1]").value == [1]


def test_escaped_pairs_make_one_character() -> None:
    assert read('["\\ud83d\\ude00 \\"\\\\\\/"]').value == ['\U0001f600 "\\/']


def test_what_can_be_read_on_after_is_reported_together() -> None:
    scan = read('{"a": NaN,\n "b": 1e999,\n "a": 1, "c": ["\\u0001"]}')
    found = [(problem.code, problem.path, problem.line) for problem in scan.problems]
    assert found == [
        ("not-a-number", ("a",), 1),
        ("number-too-large", ("b",), 2),
        ("duplicate-key", ("a",), 3),
        ("control-character", ("c", 0), 3),
    ]
    assert all(math.isfinite(value) for value in (scan.value["a"], scan.value["b"]))


def test_problems_are_limited() -> None:
    assert len(read("[" + ",".join(["1e999"] * 5000) + "]").problems) == 100
