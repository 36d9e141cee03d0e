"""Tables: headers, answers by name or index, and errors that say where."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graphspec.data import Budget, Dataset, load_data
from graphspec.errors import DataError


def load(tmp_path: Path, text: str, **options: Any) -> Dataset:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    return load_data(path, **options)


def test_header_and_class_names(tmp_path: Path) -> None:
    data = load(tmp_path, "length,width,kind\n1,2.5,rose\n\n3,-4e1, lily\n5,6,rose\n")
    assert data.x.dtype == np.float32
    assert data.x.tolist() == [[1, 2.5], [3, -40], [5, 6]]
    assert data.classes == ("lily", "rose")
    assert data.y.tolist() == [1, 0, 1]


def test_answers_by_name_or_index(tmp_path: Path) -> None:
    text = "kind,a,b\n10,1,2\n9,3,4\n"
    for label in ("kind", 0, -3):
        data = load(tmp_path, text, label=label)
        assert data.x.tolist() == [[1, 2], [3, 4]]
        assert data.classes == ("9", "10")
        assert data.y.tolist() == [1, 0]
    assert load(tmp_path, "7,1,2\n8,3,4\n", label=0).y.tolist() == [0, 1]


def test_numbers_as_targets(tmp_path: Path) -> None:
    assert load(tmp_path, "1,0.5\n2,3\n").y.tolist() == [[0.5], [3]]
    assert load(tmp_path, "1,4\n2,3\n", target="number").y.tolist() == [[4], [3]]
    assert load(tmp_path, "1,0.5\n2,3\n", target="class").classes == ("0.5", "3")
    with pytest.raises(DataError, match="'x' is not a finite number"):
        load(tmp_path, "1,4\n2,x\n", target="number")


def test_gzip_tabs_quotes_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf"a, b",y\r\n"1",no\r\n2,"yes, ""so"""\r\n'))
    assert load_data(path).classes == ("no", 'yes, "so"')
    path = tmp_path / "t.tsv"
    path.write_text("1\t2\n3\t4\n")
    assert load_data(path).x.tolist() == [[1], [3]]


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("", {}, "no rows"),
        ("a,b\n", {}, "0 examples"),
        ("1\n2\n", {}, "0 features"),
        ("1,2,0\n3,x,1\n", {}, r"line 2, column 2: 'x' is not a finite number"),
        ("y,a\n0,1\n1,nan\n", {"label": "y"}, r"line 3, column 2 \('a'\): 'nan'"),
        ("1,2,0\n3,4,1\n1e39,6,1\n", {}, "line 3, column 1: '1e39'"),
        ("1,2,0\n1_0,4,1\n", {}, "'1_0'"),
        ("1,2,0\n,4,1\n", {}, "column 1: ''"),
        ("1,2,0\n3,1\n", {}, "line 2: it has 2 columns and the first line has 3"),
        ("a,b\n1,2\n", {"label": "c"}, "0 columns named 'c'; its first line is 'a', 'b'"),
        ("a,a\n1,2\n", {"label": "a"}, "2 columns named 'a'"),
        ("1,2\n", {"label": 2}, "no column 2"),
        ("a,b\n1,2\n", {"label": "b", "header": False}, "leaves no names"),
        ('1,"2\n', {}, "Check the quotes"),
        ("1,2\n", {"target": "any"}, "not a possible choice"),
        ("1,2\n", {"delimiter": ";;"}, "not a possible choice"),
        ("1,2\n", {"delimeter": ";"}, "no option 'delimeter'; its options are label, target"),
    ],
)
def test_errors_say_where(tmp_path: Path, text: str, options: dict[str, Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        load(tmp_path, text, **options)


def test_rows_and_tables_have_limits(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a row is longer"):
        load(tmp_path, '"a\n",' * 1_000_000)
    rows = "1,2,3,4,0\n" * 10_000
    with pytest.raises(DataError, match="the table would need"):
        load(tmp_path, rows, budget=Budget(total_bytes=1_000_000))
    many = "".join(f"1,n{i}\n" for i in range(100_001))
    with pytest.raises(DataError, match="100,001 different values"):
        load(tmp_path, many)


finite = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)


@given(hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2), elements=finite))
def test_numbers_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, x: np.ndarray) -> None:
    path = tmp_path_factory.getbasetemp() / "exact.csv"
    path.write_text("".join(",".join(map(repr, row.tolist())) + ",0\n" for row in x))
    np.testing.assert_array_equal(load_data(path).x, x)
