"""The log: a valid beginning is always read, however it ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphspec.train.events import Changed, Evaluated, Step
from graphspec.train.log import LogWriter, cut, events_backwards, first_event, read_log
from graphspec.train.rundir import EVENTS
from graphspec.train.session import train_run
from tests.train.nets import fresh, new_run, points


def step(number: int) -> Step:
    return Step(
        step=number, epoch=0.0, time=1.5, loss=1.0, losses={"loss": 1.0}, penalties={}, rate=0.1,
        grad_norm=1.0,
    )  # fmt: skip


def write(path: Path, numbers: list[int]) -> None:
    writer = LogWriter(path)
    for number in numbers:
        writer.write(step(number))
    writer.close()


def numbers(path: Path) -> list[int]:
    return [event.step for event in read_log(path).events]


def test_a_log_cut_anywhere_reads_as_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, [1, 2, 3, 4])
    data = path.read_bytes()
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        expected = list(range(1, data[:size].count(b"\n") + 1))
        assert numbers(path) == expected
        assert [event.step for event in events_backwards(path)] == expected[::-1]


def test_a_run_goes_on_from_a_log_cut_anywhere(tmp_path: Path) -> None:
    whole = new_run(tmp_path / "whole", steps=6, checkpoint_every=3, log_every=2)
    list(train_run(whole.path, data=points()))
    log = whole.path / EVENTS
    data, history = log.read_bytes(), fresh(whole.events)
    for size in range(0, len(data), 97):
        log.write_bytes(data[:size])
        before = read_log(log).events
        list(train_run(whole.path, data=points()))
        after = whole.events
        assert fresh(after)[: len(fresh(before))] == fresh(before)
        assert after[-1].type == "finished"
    assert history[0]["step"] == 2


@pytest.mark.parametrize("damage", [b"\x00" * 50 + b"\n", b"{}\n", b'{"type":"step"}\n', b"\xff\n"])
def test_nothing_beyond_a_damaged_line_is_read(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "log"
    write(path, [1, 2])
    with path.open("ab") as file:
        file.write(damage)
    write(path, [3])
    assert numbers(path) == [1, 2]


def test_reading_on_from_a_cursor(tmp_path: Path) -> None:
    path = tmp_path / "log"
    missing = read_log(path)
    assert missing.events == ()
    write(path, [1, 2])
    tail = read_log(path, missing.cursor)
    assert [event.step for event in tail.events] == [1, 2]
    assert not tail.restarted
    with path.open("ab") as file:
        line = step(3).to_line()
        file.write(line[:20])
        file.flush()
        assert read_log(path, tail.cursor).events == ()
        file.write(line[20:])
    tail = read_log(path, tail.cursor)
    assert [event.step for event in tail.events] == [3]
    assert read_log(path, tail.cursor).events == ()


def test_a_reader_notices_that_the_log_was_cut(tmp_path: Path) -> None:
    path, lost = tmp_path / "log", tmp_path / "lost"
    write(path, [1, 2])
    offset = path.stat().st_size
    write(path, [3, 4])
    cursor = read_log(path).cursor
    assert cut(path, lost, step=2, offset=offset) == [step(1), step(2)]
    write(path, [3, 4, 5, 6])
    tail = read_log(path, cursor)
    assert tail.restarted
    assert [event.step for event in tail.events] == [1, 2, 3, 4, 5, 6]
    assert numbers(lost) == [3, 4]


def test_cutting_keeps_what_belongs_to_the_checkpoints_step(tmp_path: Path) -> None:
    path, lost = tmp_path / "log", tmp_path / "lost"
    write(path, [1, 2])
    offset = path.stat().st_size
    writer = LogWriter(path)
    change = Changed(step=2, epoch=0.0, time=1.0, field="rate", value=0.5)
    for event in (change, step(3)):
        writer.write(event)
    writer.close()
    assert cut(path, lost, step=2, offset=offset) == [step(1), step(2), change]
    assert numbers(path) == [1, 2, 2]
    assert numbers(lost) == [3]


def test_cutting_a_whole_log_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, [1, 2])
    before = path.stat()
    cut(path, tmp_path / "lost", step=2, offset=before.st_size)
    assert os.path.samestat(path.stat(), before)
    assert not (tmp_path / "lost").exists()


def test_a_failed_write_leaves_no_torn_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    writer = LogWriter(path)
    writer.write(step(1))
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: _fill_the_disk(real, handle, data))
    with pytest.raises(OSError, match="No space"):
        writer.write(step(2))
    monkeypatch.undo()
    assert path.read_bytes() == step(1).to_line()
    writer.write(step(2))
    writer.close()
    assert numbers(path) == [1, 2]


def _fill_the_disk(real, handle: int, data: bytes) -> int:  # type: ignore[no-untyped-def]
    if len(data) > 100:
        return real(handle, data[:30])
    raise OSError(28, "No space left on device")


def test_head_and_tail_of_a_long_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writer = LogWriter(path)
    event = Evaluated(
        step=0, epoch=0.0, split="validation", loss=1.0, losses={}, accuracy=None, examples=1
    )
    writer.write(event)
    for number in range(1, 2001):
        writer.write(step(number))
    writer.close()
    assert first_event(path) == event
    assert [event.step for event in events_backwards(path)] == list(range(2000, -1, -1))


def test_a_long_log_can_be_read_in_parts(tmp_path: Path) -> None:
    path = tmp_path / EVENTS
    write(path, list(range(200)))
    found, parts, cursor = [], 0, None
    while (tail := read_log(path, cursor, most=1000)).events:
        found += [event.step for event in tail.events]
        cursor = tail.cursor
        parts += 1
    assert found == list(range(200))
    assert parts > 10
