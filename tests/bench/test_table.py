"""The table of figures is made in pieces: a row takes the place of the one of the same key."""

from __future__ import annotations

import pytest

from tests.bench import table
from tests.bench.table import Row, merged

OLD = [
    "| what | threads | best peer / ours (spread) | goal | ours | peers | of the peak | day |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    "| train W1 | 1 | 2.00 |  | 9 ms | eager 18 ms |  | 2026-01-01 |",
    "| train W1 | 2 | 2.10 | ≥ 3.5 | 5 ms | eager 10 ms | 41% | 2026-01-01 |",
    "",
]


def test_a_row_takes_the_place_of_the_same_thing_with_as_many_threads() -> None:
    row = Row("train W1", 2, "3.00", "≥ 3.5", "3 ms", "eager 9 ms", "60%")
    assert merged(OLD, row) == [OLD[2], row.line]


def test_what_was_not_there_comes_last() -> None:
    row = Row("train W2", 1)
    assert merged(OLD, row) == [*OLD[2:4], row.line]


def test_only_the_table_is_written(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    pytest.importorskip("llvmlite")
    file = tmp_path / "figures.md"
    file.write_text(f"before\n\n{table.BEGIN}\n{table.END}\n\nafter\n", encoding="utf-8")
    monkeypatch.setattr(table, "FIGURES", file)
    for row in (Row("a", 1, "1"), Row("b", 1, "2"), Row("a", 1, "3")):
        table.write(row)
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"before\n\n{table.BEGIN}\n\n")
    assert text.endswith(f"\n\n{table.END}\n\nafter\n")
    assert [line[:9] for line in text.splitlines() if line[:4] in ("| a ", "| b ")] == [
        "| a | 1 |",
        "| b | 1 |",
    ]
    assert "| a | 1 | 3 |" in text
