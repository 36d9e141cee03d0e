"""Reading a log as columns gives what reading its events one by one gives, whatever is in it."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from graphspec.train import reading
from graphspec.train.events import Changed, Evaluated, Finished, Started, Step
from graphspec.train.history import History
from graphspec.train.log import read_log
from graphspec.train.reading import read_history


def step(number: int, **values) -> Step:
    fields = {
        "loss": 1.5 / number,
        "losses": {"loss": 1 / 3},
        "penalties": {},
        "rate": 0.1,
        "grad_norm": 2.0,
        "accuracy": 0.25,
    }
    return Step(step=number, epoch=number / 10, time=100.0 + number, **(fields | values))


EVENTS = [
    Started(
        step=0, epoch=0.0, model="a", engine="numpy", params=3, steps_per_epoch=10,
        total_steps=20, examples={"train": 5},
    ),
    *(step(i) for i in range(1, 6)),
    Evaluated(
        step=5, epoch=0.5, split="validation", loss=0.7, losses={"loss": 0.7}, accuracy=None,
        examples=9, update_ratios={"fc.w": 0.1},
    ),
    # Every kind of step: with penalties, without accuracy, with momentum, with two losses.
    *(step(i, penalties={"l2": 0.5, "l1": i}) for i in range(6, 9)),
    Changed(step=8, epoch=0.8, field="rate", value=0.5),
    *(step(i, accuracy=None if i % 2 else 0.5) for i in range(9, 12)),
    *(step(i, momentum=0.9, losses={"a": 1.0, "b": float(i)}) for i in range(12, 15)),
    *(step(i, losses={"b": 1.0, "a": float(i)}) for i in range(15, 17)),
    Finished(step=16, epoch=1.6, reason="complete"),
]  # fmt: skip
LINES = [event.to_line() for event in EVENTS]


def assert_same(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    tail, read = read_log(path), read_history(path)
    expected = History(tail.events)
    assert read.cursor == tail.cursor
    found = read.history
    assert (found.last, found.changes, found.started, found.ended) == (
        expected.last, expected.changes, expected.started, expected.ended,
    )  # fmt: skip
    assert list(found.series) == list(expected.series)
    for tag, series in expected.series.items():
        for name in ("steps", "epochs", "times", "values"):
            np.testing.assert_array_equal(getattr(found.series[tag], name), getattr(series, name))


def test_all_kinds_of_steps_are_read_as_they_are_one_by_one(tmp_path):
    assert_same(b"".join(LINES), tmp_path / "log")


def test_steps_are_read_as_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "parse_line", lambda line: step(1))
    path = tmp_path / "log"
    path.write_bytes(b"".join(step(i).to_line() for i in range(1, 100)))
    assert read_history(path).history.series["train/loss"].steps.tolist() == list(range(1, 100))


def test_a_log_that_is_cut_at_any_byte(tmp_path):
    data = b"".join(LINES[:8])
    for size in range(len(data)):
        assert_same(data[:size], tmp_path / "log")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"loss":0.5', b'"loss":NaN'),
        (b'"loss":0.5', b'"loss":1e999'),
        (b'"loss":0.5', b'"loss":true'),
        (b'"loss":0.5', b'"loss":"0.5"'),
        (b'"loss":0.5', b'"loss":null'),
        (b'"loss":0.5', b'"loss":1'),
        (b'"loss":0.5', b'"loss":0.5,"loss":0.25'),
        (b'"loss":0.5', b'"loss":0.5,"more":1'),
        (b'"step":3,', b'"step":3.0,'),
        (b'"step":3,', b'"step":true,'),
        (b'"step":3,', b""),
        (b'{"loss":0.3', b'{"less":0.3'),
        (b'{"loss":0.3', b'{"loss":{},"x":0.3'),
        (b'"penalties":{}', b'"penalties":[]'),
        (b'"type":"step"', b'"type":"step","type":"finished"'),
        (b"}\n", b"},{}\n"),
        (b"}\n", b"\n"),
        (b"}\n", b" }\r\n"),
    ],
)
def test_a_line_that_is_no_step(tmp_path, old, new):
    lines = [step(i).to_line() for i in range(1, 6)]
    assert old in lines[2]
    lines[2] = lines[2].replace(old, new)
    assert_same(b"".join(lines), tmp_path / "log")


def test_lines_that_are_whole_only_together(tmp_path):
    first, second = step(1).to_line(), step(2).to_line()
    middle = first[:-1] + b"," + first[:40] + b"\n" + first[40:]
    assert_same(first + middle + second, tmp_path / "log")


@pytest.mark.parametrize("seed", range(20))
def test_damage_at_random(tmp_path, seed):
    rng = random.Random(seed)
    for _ in range(30):
        data = bytearray(b"".join(LINES))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice(
                [b"", b"0", b"-", b"e", b'"', b",", b"}", b"{", b"\n", b"\xff", b"1.5", b"null"]
            )
        assert_same(bytes(data), tmp_path / "log")


def test_it_goes_on_from_a_cursor_and_tells_of_a_log_that_was_cut(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"".join(LINES[:5]) + LINES[5][:30])
    first = read_history(path)
    assert first.history.last == EVENTS[4]
    path.write_bytes(b"".join(LINES))
    parts = [first]
    while (part := read_history(path, parts[-1].cursor, most=400)).history.last is not None:
        parts.append(part)
    assert len(parts) > 5
    whole = History()
    seen = []
    for part in parts:
        whole.extend(part.history)
        seen.append((whole.as_of_now(), len(whole.series.get("train/loss", ())), whole.last))
    assert whole.series["train/loss"].steps.tolist() == list(range(1, 17))
    for now, size, last in seen:
        assert now.series["train/loss"].steps.tolist() == list(range(1, size + 1))
        assert now.last == last
    path.write_bytes(LINES[0])
    again = read_history(path, parts[-1].cursor)
    assert again.restarted
    assert again.history.last == EVENTS[0]
    path.unlink()
    assert read_history(path, again.cursor).restarted
