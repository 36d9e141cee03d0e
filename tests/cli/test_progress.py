"""The live view, drawn on a recorded terminal."""

from __future__ import annotations

import io
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
from rich.console import Console

from graphspec.cli import progress
from graphspec.cli.progress import TrainingView, sparkline
from graphspec.train.events import Changed, Evaluated, Event, Started, Step


def started() -> Started:
    return Started(
        step=0, epoch=0, model="net", engine="numpy", params=42, steps_per_epoch=10,
        total_steps=40, examples={"train": 640, "validation": 64},
    )  # fmt: skip


def step(number: int, loss: float) -> Step:
    return Step(
        step=number, epoch=number / 10, loss=loss + 5, losses={"loss": loss},
        penalties={"l2": 5.0}, rate=0.1, grad_norm=1.0,
    )  # fmt: skip


def evaluated(number: int) -> Evaluated:
    return Evaluated(
        step=number, epoch=number / 10, split="validation", loss=0.5, losses={"loss": 0.5},
        accuracy=0.75, examples=64, best=True,
    )  # fmt: skip


def drawn(*events: Event, width: int = 100, terminal: bool = True, of: str = "examples") -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    view = TrainingView(64, console, of=of)
    with view:
        for event in events:
            view.show(event)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_it_tells_what_trains_and_how_it_goes(terminal: bool) -> None:
    text = drawn(started(), *(step(i, 1.5) for i in range(1, 11)), evaluated(10), terminal=terminal)
    assert "net: 42 parameters, 640 train, 64 validation, engine numpy, 40 steps" in text
    assert "75.00%" in text
    # The data loss, which the validation loss is compared with; not the penalty's 5.
    assert "1.5000" in text
    assert "6.5" not in text


@pytest.mark.parametrize("terminal", [True, False])
def test_it_tells_how_many_images_a_second_are_trained(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seconds since some moment: made, started, and drawn, however often, ten later.
    times = chain([0.0, 0.0], repeat(10.0))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(times)))
    events = [started(), *(step(i, 1.5) for i in range(1, 11)), evaluated(10)]
    text = drawn(*events, terminal=terminal, of="images")
    assert "64 images/s" in text


@pytest.mark.parametrize("width", [80, 100, 200])
def test_nothing_is_cut_on_terminals_of_80_columns_and_more(width: int) -> None:
    text = drawn(started(), *(step(i, 2.0 / i) for i in range(1, 31)), evaluated(30), width=width)
    assert "30/40" in text
    assert "…" not in text


def test_changes_are_told() -> None:
    text = drawn(started(), Changed(step=3, epoch=0.3, field="rate", value=0.01))
    assert "rate set to 0.01" in text


def test_a_sparkline_falls_as_its_values_do() -> None:
    assert sparkline([], 10) == ""
    assert sparkline([1.0], 10) == "▁"
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert len(sparkline(list(range(1000)), 40)) == 40
