"""Training as a person watches it: a bar, the losses as a small curve, and a table of epochs."""

from __future__ import annotations

import time
from collections import deque
from itertools import pairwise
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from graphspec.cli.output import ACCENT, out
from graphspec.quantities import duration, si
from graphspec.train.events import Changed, Evaluated, Event, Finished, Refused, Started, Step

_BARS = "▁▂▃▄▅▆▇█"
_SHOWN_ROWS = 8
# The bar, the counts, the loss and the time left take so many columns beside the curve.
_BESIDE_CURVE = 72


class TrainingView:
    """Shows the events of one training: live on a terminal, a line an evaluation elsewhere.

    Use it as a context manager and give each event to :meth:`show`. ``of`` is what examples are
    called in its speed.
    """

    def __init__(self, batch: int, console: Console = out, *, of: str = "examples") -> None:
        self.console = console
        self.batch, self._of = batch, of
        self._started: Started | None = None
        self._step: Step | None = None
        self._rows: deque[tuple[str, ...]] = deque(maxlen=_SHOWN_ROWS)
        self._losses: list[float] = []
        self._smooth: float | None = None
        self._begin, self._first_step = time.monotonic(), 0
        self._notes: list[str] = []
        self._live = Live(
            get_renderable=self._render, console=console, refresh_per_second=8, transient=False
        )

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.console.is_terminal:
            self._live.stop()

    def show(self, event: Event) -> None:
        """Take one event in; the screen follows at its own pace."""
        match event:
            case Started():
                self._started = event
                self._begin, self._first_step = time.monotonic(), event.step
                self._say(self._headline())
                if event.resumed:
                    self._say(f"resumed at step {event.step} {_exactness(event)}")
            case Step():
                self._step = event
                # Without the penalties, so that it stands beside the validation loss.
                self._add_loss(sum(event.losses.values()))
            case Evaluated():
                self._add_row(event)
            case Changed(field="paused", value=True, reason=reason) if reason:
                self._say(f"! paused: {reason}")
                self._say(
                    "It tries again every few seconds by itself. Ctrl+C ends; nothing that was "
                    "saved is lost"
                )
            case Changed(field="paused", value=False):
                self._say("it could write again, and goes on")
            case Changed(field="rate" | "penalty" | "drop", replayed=replayed):
                again = " (replayed)" if replayed else ""
                self._say(f"{event.what} set to {event.value:g}{again}")
            case Refused():
                self._say(f"refused {event.command!r}: {event.reason}")
            case Finished(reason="early-stopping"):
                self._say(f"stopped early: no better {event.monitor} since step {event.best_step}")
            case _:
                pass

    def _say(self, line: str) -> None:
        if self.console.is_terminal:
            self._notes.append(line)
        else:
            self.console.print(line, soft_wrap=True)

    def _headline(self) -> str:
        started = self._started
        if started is None:
            return ""
        parts = ", ".join(f"{count:,} {split}" for split, count in started.examples.items())
        return (
            f"{started.model}: {started.params:,} parameters, {parts}, "
            f"engine {started.engine}, {started.total_steps:,} steps"
        )

    def _add_loss(self, loss: float) -> None:
        # A running mean as TensorBoard draws it; single batches are too noisy to read.
        self._smooth = loss if self._smooth is None else 0.9 * self._smooth + 0.1 * loss
        self._losses.append(self._smooth)

    def _add_row(self, event: Evaluated) -> None:
        accuracy = "" if event.accuracy is None else f"{event.accuracy:.2%}"
        train = "" if self._smooth is None else f"{self._smooth:.4f}"
        star = "best" if event.best else ""
        averaged = _averaged(event)
        loss = f"{event.loss:.4f}"
        self._rows.append(
            (f"{event.epoch:.3g}", train, loss, accuracy, averaged, self._speed(), star)
        )
        if not self.console.is_terminal:
            accuracy = f"  accuracy {accuracy}" if accuracy else ""
            averaged = f"  averaged {averaged}" if averaged else ""
            self.console.print(
                f"epoch {event.epoch:.3g}  train loss {train}  {event.split} loss "
                f"{loss}{accuracy}{averaged}  {self._speed()}",
                soft_wrap=True,
            )

    def _speed(self) -> str:
        steps = (self._step.step if self._step else 0) - self._first_step
        elapsed = time.monotonic() - self._begin
        return f"{si(steps * self.batch / elapsed)} {self._of}/s" if steps and elapsed > 0 else ""

    def _render(self) -> RenderableType:
        parts: list[RenderableType] = [Text(note, style="dim") for note in self._notes]
        if self._rows:
            parts.append(self._table())
        if self._started is not None:
            parts.append(self._bar(self._started))
        return Group(*parts)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        titles = ("epoch", "train loss", "validation loss", "accuracy", "averaged", "speed", "")
        # Most trainings keep no average of the weights.
        shown = [i for i, name in enumerate(titles) if name != "averaged" or self._rows[-1][i]]
        for i in shown:
            table.add_column(titles[i], justify="right", no_wrap=True)
        for row in self._rows:
            table.add_row(*(row[i] for i in shown))
        return table

    def _bar(self, started: Started) -> Table:
        done = self._step.step if self._step else started.step
        grid = Table.grid(padding=(0, 1))
        loss = "" if self._smooth is None else f"loss {self._smooth:.4f}"
        width = max(8, min(48, self.console.width - _BESIDE_CURVE))
        curve = Text(sparkline(self._losses, width), style=ACCENT)
        grid.add_row(
            ProgressBar(total=max(started.total_steps, 1), completed=done, width=24),
            Text(f"{done:,}/{started.total_steps:,}"),
            curve,
            Text(loss),
            Text(self._left(started, done), style="dim"),
        )
        return grid

    def _left(self, started: Started, done: int) -> str:
        made = done - self._first_step
        elapsed = time.monotonic() - self._begin
        if made < 2:
            return ""
        left = (started.total_steps - done) * elapsed / made
        return f"{duration(left)} left" if done < started.total_steps else duration(elapsed)


def sparkline(values: list[float], width: int) -> str:
    """Draw a curve in one line of text: the mean of each of ``width`` stretches, scaled to fit."""
    if not values:
        return ""
    width = min(width, len(values))
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges) if b > a]
    low, high = min(means), max(means)
    span = (high - low) or 1.0
    return "".join(_BARS[round((mean - low) / span * (len(_BARS) - 1))] for mean in means)


def _averaged(event: Evaluated) -> str:
    """The accuracy of the averaged weights, or their loss where there is none."""
    found = event.averaged
    if found is None:
        return ""
    return f"{found.loss:.4f}" if found.accuracy is None else f"{found.accuracy:.2%}"


def _exactness(event: Started) -> str:
    if event.exact:
        return "(exactly)"
    return "(not exact: " + "; ".join(event.reasons) + ")"
