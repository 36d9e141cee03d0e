"""Tables of numbers as text, one example a line, with a column that holds the answer."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.data.budget import DEFAULT_BUDGET, Budget, FilePath
from graphspec.data.dataset import Dataset
from graphspec.data.readers.labels import MOST_CLASSES
from graphspec.data.safe_io import read_lines
from graphspec.errors import DataError

_LONGEST_ROW = 4 << 20
# What Python needs for a string and its place in a list, besides its characters.
_BYTES_PER_STRING = 64


def load_csv(
    path: FilePath,
    *,
    label: str | int = -1,
    target: Literal["auto", "class", "number"] = "auto",
    header: bool | None = None,
    delimiter: str = ",",
    budget: Budget = DEFAULT_BUDGET,
) -> Dataset:
    """The data set of a table: features (N, D) as float32, and one column of answers.

    Args:
        path: A UTF-8 text file, plain or gzip.
        label: The column of answers, by name or by index (from 0; negative ones count from the
            right). The last one by default.
        target: "class" for names or numbers of classes, "number" for real targets (N, 1) as
            float32. "auto" takes real targets when every answer is a number and not all are
            whole.
        header: Whether the first line names the columns. None finds out: it does when none of
            its features is a number.
        delimiter: The character between columns.
        budget: What the load may use.

    Raises:
        DataError: a cell is not a finite number, a line has too few or too many columns (both
            with the line and the column), or there is no such column of answers.
    """
    if target not in ("auto", "class", "number") or len(delimiter) != 1 or delimiter in '"\r\n':
        raise DataError(f"target {target!r} or delimiter {delimiter!r} is not a possible choice.")
    rows = _rows(path, delimiter, budget)
    first = next(rows, None)
    if first is None:
        raise DataError(f"{str(path)!r} has no rows. A table needs one line for each example.")
    names = first[1]
    position = _label_position(path, names, label)
    if header is None:
        features = [cell for i, cell in enumerate(names) if i != position]
        header = isinstance(label, str) or not any(_is_number(cell) for cell in features)
    if isinstance(label, str) and not header:
        raise DataError(f"column {label!r} is given by name, and header=False leaves no names.")
    values, answers, text = array("f"), list[str](), 0
    for line, row in rows if header else _again(first, rows):
        if len(row) != len(names):
            raise DataError(
                f"{str(path)!r}, line {line}: it has {len(row)} columns and the first line has "
                f"{len(names)}. Repair the line, or pass the right delimiter (now {delimiter!r})."
            )
        answers.append(row.pop(position))
        text += _BYTES_PER_STRING + 4 * len(answers[-1])
        numbers = _numbers(row)
        if numbers is None:
            column = next(i for i, cell in enumerate(row) if not _is_number(cell))
            cell = row[column]
            column += column >= position
            called = f" ({names[column][:60]!r})" if header else ""
            raise DataError(
                f"{str(path)!r}, line {line}, column {column + 1}{called}: {cell[:60]!r} is not a "
                "finite number that float32 can hold. Repair or remove the row; features must be "
                "numbers."
            )
        values.extend(numbers)
        budget.require(8 * len(values) + 2 * text, path, "the table")
    if not answers or len(names) < 2:
        raise DataError(
            f"{str(path)!r} has {len(answers)} examples of {len(names) - 1} features. A table "
            "needs at least one of both, and a column of answers."
        )
    x = np.frombuffer(values, np.float32).reshape(len(answers), len(names) - 1)
    y, classes = _answers(path, answers, target)
    return Dataset(name=Path(path).stem, x=x, y=y, classes=classes, source=str(path))


def _rows(path: FilePath, delimiter: str, budget: Budget) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the number of its last line."""
    length = 0

    def lines() -> Iterator[str]:
        nonlocal length
        for line in read_lines(path, budget):
            # An open quote joins lines, so that the limit on lines is none on rows.
            length += len(line)
            if length > _LONGEST_ROW:
                raise DataError(
                    f"{str(path)!r}, line {reader.line_num}: a row is longer than "
                    f"{_LONGEST_ROW:,} characters. Is a quote left open?"
                )
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            length = 0
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(
            f"{str(path)!r}, line {reader.line_num}: {error}. Check the quotes and the delimiter."
        ) from error


def _again(
    first: tuple[int, list[str]], rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield first[0], list(first[1])
    yield from rows


def _label_position(path: FilePath, names: list[str], label: str | int) -> int:
    if isinstance(label, str):
        if names.count(label) != 1:
            shown = ", ".join(repr(name[:40]) for name in names[:20])
            raise DataError(
                f"{str(path)!r} has {names.count(label)} columns named {label!r}; its first line "
                f"is {shown}. Name another column, or give its index."
            )
        return names.index(label)
    if not -len(names) <= label < len(names):
        raise DataError(f"{str(path)!r} has {len(names)} columns, so there is no column {label}.")
    return label % len(names)


def _numbers(cells: list[str]) -> array[float] | None:
    """The cells as float32, or None when one is no finite number.

    ``float`` alone would take ``1_0``, and float32 makes infinity of 1e39.
    """
    try:
        numbers = array("f", map(float, cells))
    except (ValueError, OverflowError):
        return None
    whole = bool(np.isfinite(np.frombuffer(numbers, np.float32)).all()) if cells else True
    return numbers if whole and "_" not in "".join(cells) else None


def _is_number(cell: str) -> bool:
    return _numbers([cell]) is not None


def _answers(
    path: FilePath, answers: list[str], target: str
) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    answers = [answer.strip() for answer in answers]
    distinct = sorted(set(answers))
    numeric = all(_is_number(answer) for answer in distinct)
    whole = numeric and all(math.floor(float(answer)) == float(answer) for answer in distinct)
    if target == "number" and not numeric:
        bad = next(answer for answer in distinct if not _is_number(answer))
        raise DataError(
            f"{str(path)!r}: the answer {bad[:60]!r} is not a finite number. Use "
            "target='class', or name another column as label."
        )
    if target == "number" or (target == "auto" and numeric and not whole):
        return np.array([float(answer) for answer in answers], np.float32)[:, None], ()
    if len(distinct) > MOST_CLASSES:
        raise DataError(
            f"{str(path)!r}: the column of answers has {len(distinct):,} different values, and "
            f"there may be {MOST_CLASSES:,} classes. Name another column as label, or use "
            "target='number'."
        )
    if whole:
        distinct.sort(key=float)
    index = {name: i for i, name in enumerate(distinct)}
    return np.array([index[answer] for answer in answers], np.int64), tuple(distinct)
